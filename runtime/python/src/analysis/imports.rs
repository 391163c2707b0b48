//! Imports: what they bind, and whether they are allowed.

use rustpython_parser::ast::{Alias, StmtImport, StmtImportFrom};
use rustpython_parser::text_size::TextRange;

use super::engine::{ANY_NAME, Engine};
use super::names::PathId;
use super::value::{Atom, FileId, Value};
use crate::policy::{Decision, id};

impl Engine<'_, '_> {
    pub(super) fn import(&mut self, import: &StmtImport) {
        let StmtImport { range: _, names } = import;
        for Alias {
            range,
            name,
            asname,
        } in names
        {
            let value = self.module(name, *range);
            match asname {
                Some(asname) => {
                    let bound = self.names.symbol(asname);
                    self.bind(bound, &value);
                }
                None => {
                    let first = name.split('.').next().unwrap_or_default();
                    let value = if first == name.as_str() {
                        value
                    } else {
                        self.named(first)
                    };
                    let bound = self.names.symbol(first);
                    self.bind(bound, &value);
                }
            }
        }
    }

    pub(super) fn import_from(&mut self, import: &StmtImportFrom) {
        let StmtImportFrom {
            range,
            module,
            names,
            level,
        } = import;
        let level = level.map_or(0, |level| level.to_usize());
        let module = module.as_ref().map(|module| module.as_str());
        if level == 0 && module == Some("__future__") {
            return;
        }
        let from = match (level, module) {
            (0, Some(module)) => self.source_of(module, names, *range),
            (level, module) => self.relative(level, module),
        };
        for Alias {
            range,
            name,
            asname,
        } in names
        {
            if name.as_str() == "*" {
                self.import_star(&from, *range);
                continue;
            }
            let member = self.names.symbol(name);
            let value = if from.has_no_atoms() {
                Value::unknown()
            } else {
                self.attribute(&from, member, *range)
            };
            let bound = self.names.symbol(asname.as_ref().unwrap_or(name));
            self.bind(bound, &value);
        }
    }

    /// The module that names are imported from. What is imported may be a module itself, with an entry of
    /// its own.
    fn source_of(&mut self, module: &str, names: &[Alias], range: TextRange) -> Value {
        let value = self.named(module);
        for atom in value.atoms().to_vec() {
            let Atom::Path(path) = atom else { continue };
            let is_entered = names.iter().all(|alias| {
                let name = self.names.symbol(&alias.name);
                let member = self.member(path, name);
                alias.name.as_str() != "*" && self.decide(member).is_some()
            });
            if !is_entered || self.decide(path).is_some() {
                self.check_import(path, range);
            }
        }
        value
    }

    fn import_star(&mut self, from: &Value, range: TextRange) {
        for atom in from.atoms().to_vec() {
            match atom {
                Atom::Local(file) => self.take_all(file),
                _ => self.report_path(id::STAR_IMPORT, range, "`*`"),
            }
        }
    }

    /// `from local import *`
    fn take_all(&mut self, file: FileId) {
        let Some(module) = self.scopes.modules.get(file.index()).copied() else {
            return;
        };
        let any = self.names.exact(ANY_NAME);
        self.variable(module, any);
        let Some(scope) = self.scopes.get(module) else {
            return;
        };
        let mut globals: Vec<_> = scope
            .variables
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        globals.sort_by_key(|(name, _)| *name);
        for (name, value) in globals {
            self.bind_unwritten(name, &value);
        }
    }

    /// Notes that a path is a module, which matters if it was taken for something else before.
    fn note_module(&mut self, path: PathId) {
        if self.modules.insert(path) && self.carriers.borrow().get(&path) == Some(&false) {
            self.kept.borrow_mut().remove(&path);
            self.dependencies.all_changed();
        }
    }

    /// A module that is imported by its dotted name. Reported if that is not allowed.
    pub(super) fn module(&mut self, name: &str, range: TextRange) -> Value {
        let value = self.named(name);
        for atom in value.atoms().to_vec() {
            if let Atom::Path(path) = atom {
                self.check_import(path, range);
            }
        }
        value
    }

    /// What a dotted module name stands for: a module of the package, or one from outside. A name that both
    /// could mean, and that the policy has something against, is taken for both.
    fn named(&mut self, name: &str) -> Value {
        let segments: Vec<String> = name
            .split('.')
            .map(|segment| {
                let symbol = self.names.symbol(segment);
                self.names.text(symbol).to_owned()
            })
            .collect();
        let mut value = Value::default();
        // Modules that are part of the interpreter itself come before any file.
        let is_built_in = segments
            .first()
            .is_some_and(|first| self.catalogue.built_in_modules.contains(first));
        if let Some(file) = self.local_file(&segments).filter(|_| !is_built_in) {
            value.add(Atom::Local(file));
        } else if !is_built_in && self.is_local_package(segments.first().map_or("", |first| first))
        {
            value = Value::unknown();
        }
        let is_local = !value.has_no_atoms() || value.is_unknown();
        if is_local {
            // Something the policy forbids by name stays forbidden, and a local file hides nothing.
            let Some(path) = self.names.dotted(name) else {
                return value;
            };
            if matches!(self.decide(path), Some(Decision::Forbidden(_))) {
                value.add(Atom::Path(path));
            }
            return value;
        }
        let Some(mut path) = self.path_of(&segments) else {
            return value;
        };
        if let Some(target) = self.catalogue.aliases.get(&*self.names.path_text(path)) {
            path = self.names.dotted(target).unwrap_or(path);
        }
        self.note_module(path);
        value.add(Atom::Path(path));
        value
    }

    /// The path of a module, segment by segment, since a segment may be another module's name.
    fn path_of(&mut self, segments: &[String]) -> Option<PathId> {
        let (first, rest) = segments.split_first()?;
        let first = self.names.symbol(first);
        let mut path = self.names.root(first);
        for segment in rest {
            let name = self.names.symbol(segment);
            path = self.member(path, name);
        }
        Some(path)
    }

    fn local_file(&self, segments: &[String]) -> Option<FileId> {
        let name = segments.join(".");
        if let Some(file) = self.files.get(&name) {
            return Some(*file);
        }
        // Beside the importing file, as for scripts in a directory of their own.
        let importer = self.module_names.get(self.file.index())?;
        let (package, _) = importer.rsplit_once('.')?;
        self.files.get(&format!("{package}.{name}")).copied()
    }

    fn is_local_package(&self, first: &str) -> bool {
        let below = format!("{first}.");
        self.module_names
            .iter()
            .any(|module| module == first || module.starts_with(&below))
    }

    fn relative(&mut self, level: usize, module: Option<&str>) -> Value {
        let importer = self
            .module_names
            .get(self.file.index())
            .cloned()
            .unwrap_or_default();
        let mut base: Vec<&str> = importer.split('.').collect();
        // A file's own package is one level up, unless the file is the package.
        let ups = if self.is_package_file() {
            level.saturating_sub(1)
        } else {
            level
        };
        base.truncate(base.len().saturating_sub(ups));
        if let Some(module) = module {
            base.extend(module.split('.'));
        }
        let base = base.join(".");
        self.files
            .get(&base)
            .map_or_else(Value::unknown, |file| Value::of(Atom::Local(*file)))
    }

    /// Whether the importing file is the `__init__.py` of its package.
    fn is_package_file(&self) -> bool {
        self.package_files.contains(&self.file)
    }

    pub(super) fn check_import(&mut self, path: PathId, range: TextRange) {
        match self.decide(path) {
            Some(Decision::Allowed) => {}
            Some(Decision::Forbidden(rule)) => {
                let subject = format!("import of `{}`", self.names.path_text(path));
                self.report(Some(range), rule, &subject);
            }
            None => {
                let subject = format!("`{}`", self.names.path_text(path));
                self.report_path(id::IMPORT, range, &subject);
            }
        }
    }
}
