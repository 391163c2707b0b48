//! Imports: what they bind, and whether they are allowed.

use rustpython_parser::ast::{Alias, StmtImport, StmtImportFrom};
use rustpython_parser::text_size::TextRange;

use super::engine::{ANY_NAME, Engine};
use super::names::PathId;
use super::search_path::Wanted;
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
            self.note_local_import(&value, *range);
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
                        self.named(first, *range)
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
        let (from, base) = match (level, module) {
            (0, Some(module)) => (self.source_of(module, names, *range), module.to_owned()),
            (level, module) => self.relative(level, module),
        };
        self.note_local_import(&from, *range);
        if level > 0 && from.has_no_atoms() && !self.has_module(&base) {
            self.report_missing(self.file, *range, &format!("`{base}`"));
        }
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
                self.module_below(&base, name, *range)
            } else {
                self.attribute(&from, member, *range)
            };
            for atom in from.atoms() {
                if let Atom::Local(module) = *atom {
                    self.wanted.insert(Wanted {
                        importer: self.file,
                        range: (*range).into(),
                        module,
                        name: member,
                    });
                }
            }
            let bound = self.names.symbol(asname.as_ref().unwrap_or(name));
            self.bind(bound, &value);
        }
    }

    /// The module that names are imported from. What is imported may be a module itself, with an entry of
    /// its own.
    fn source_of(&mut self, module: &str, names: &[Alias], range: TextRange) -> Value {
        let value = self.named(module, range);
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
        let value = self.named(name, range);
        for atom in value.atoms().to_vec() {
            if let Atom::Path(path) = atom {
                self.check_import(path, range);
            }
        }
        value
    }

    /// What a dotted module name stands for: a module of the package, or one from outside. A name that both
    /// could mean, and that the policy has something against, is taken for both.
    fn named(&mut self, name: &str, range: TextRange) -> Value {
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
            let name = segments.join(".");
            if !self.has_module(&name) {
                self.report_missing(self.file, range, &format!("`{name}`"));
            }
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

    /// The module that a relative import names, and its name.
    fn relative(&self, level: usize, module: Option<&str>) -> (Value, String) {
        let importer = self.module_names.get(self.file.index());
        let mut base: Vec<&str> = importer.map_or("", String::as_str).split('.').collect();
        // A file's own package is one level up, unless the file is the package.
        let ups = if self.is_package_file() {
            level.saturating_sub(1)
        } else {
            level
        };
        base.truncate(base.len().saturating_sub(ups));
        base.retain(|segment| !segment.is_empty());
        if let Some(module) = module {
            base.extend(module.split('.'));
        }
        let base = base.join(".");
        let file = self.files.get(&base);
        let value = file.map_or_else(Value::unknown, |file| Value::of(Atom::Local(*file)));
        (value, base)
    }

    /// A module in a folder that has no `__init__.py`.
    fn module_below(&mut self, base: &str, name: &str, range: TextRange) -> Value {
        let symbol = self.names.symbol(name);
        let name = self.names.text(symbol);
        let below = if base.is_empty() {
            name.to_owned()
        } else {
            format!("{base}.{name}")
        };
        if let Some(file) = self.files.get(&below) {
            return Value::of(Atom::Local(*file));
        }
        if !self.has_module(&below) && (base.is_empty() || self.has_module(base)) {
            self.report_missing(self.file, range, &format!("`{below}`"));
        }
        Value::unknown()
    }

    /// The code of another module may call functions of this one.
    fn note_local_import(&mut self, value: &Value, range: TextRange) {
        let is_local = |atom: &Atom| matches!(atom, Atom::Local(_));
        if value.is_unknown() || value.atoms().iter().any(is_local) {
            self.note_first_call_at(range.start().to_usize());
            if !std::mem::replace(&mut self.imports_itself, true) {
                self.dependencies.all_changed();
            }
        }
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
