//! Where modules come from: `sys.path`, the names of modules, files that are written to be imported.

use rustpython_parser::ast::{Expr, Operator};
use rustpython_parser::text_size::TextRange;

use super::calls::Call;
use super::engine::Engine;
use super::names::{PathId, Symbol};
use super::scopes::ScopeKind;
use super::sharing::is_changing;
use super::value::{Atom, FileId, ScopeId, Value};
use crate::fold::Const;
use crate::policy::id;

/// Functions that make a path of a path.
const PATH_FUNCTIONS: [&str; 12] = [
    "os.path.abspath",
    "os.path.dirname",
    "os.path.join",
    "os.path.normcase",
    "os.path.normpath",
    "os.path.realpath",
    "os.fspath",
    "builtins.str",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePath",
    "pathlib.PurePosixPath",
];
/// Methods that make a path of a path.
const PATH_METHODS: [&str; 8] = [
    "absolute",
    "as_posix",
    "expanduser",
    "joinpath",
    "resolve",
    "with_name",
    "__fspath__",
    "__str__",
];
/// Modules whose functions only look at `sys.path`.
const READERS: [&str; 6] = ["builtins", "json", "logging", "pprint", "rich", "structlog"];
/// Endings of files that Python imports.
const MODULE_ENDINGS: [&str; 4] = ["py", "pyc", "pyd", "so"];
/// Functions whose last argument names the file that they make.
const MOVERS: [&str; 13] = [
    "os.link",
    "os.rename",
    "os.renames",
    "os.replace",
    "os.symlink",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.move",
    "tarfile.TarInfo",
    "zipfile.ZipInfo",
    "pathlib.Path.rename",
];
/// Functions that open the file that their first argument names.
const OPENERS: [&str; 8] = [
    "aiofiles.open",
    "builtins.open",
    "codecs.open",
    "gzip.open",
    "io.FileIO",
    "io.open",
    "os.mkfifo",
    "os.open",
];
/// Methods that make the file that their argument names.
const MAKING_METHODS: [&str; 6] = [
    "hardlink_to",
    "rename",
    "replace",
    "symlink_to",
    "with_name",
    "writestr",
];
/// What a function from outside does with the names of files that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Makes a path.
    Path,
    /// Opens the file that its first argument names.
    Opens,
    /// Makes the file that its last argument names.
    Moves,
}

/// The name of a file that is made, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written {
    file: FileId,
    range: TextRangeKey,
    name: String,
    /// Whether it is surely made, and not only named.
    is_made: bool,
}

/// A name that is imported from a module of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub importer: FileId,
    pub range: TextRangeKey,
    pub module: FileId,
    pub name: Symbol,
}

/// A range that can be put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TextRangeKey(u32, u32);

impl From<TextRange> for TextRangeKey {
    fn from(range: TextRange) -> Self {
        Self(range.start().to_u32(), range.end().to_u32())
    }
}

impl From<TextRangeKey> for TextRange {
    fn from(TextRangeKey(start, end): TextRangeKey) -> Self {
        Self::new(start.into(), end.into())
    }
}

impl Engine<'_, '_> {
    // Paths beside the program

    /// Whether a path was made from `__file__`, and from nothing else that is not written down.
    pub(super) fn is_beside(&self, value: &Value) -> bool {
        !value.is_unknown()
            && !value.has_no_atoms()
            && value.atoms().iter().all(|atom| {
                matches!(atom, Atom::Path(path)
                    if *path == self.special.beside || *path == self.special.file)
            })
    }

    fn beside(&self) -> Value {
        Value::of(Atom::Path(self.special.beside))
    }

    /// A call that makes a path beside the program of such a path.
    pub(super) fn beside_call(&mut self, callee: &Value, call: &Call) -> Option<Value> {
        let arguments = call.arguments;
        if arguments.has_rest {
            return None;
        }
        let parts = match call.method {
            Some((object, name)) if self.is_beside(object) => {
                let is_known = PATH_METHODS.contains(&self.names.text(name));
                is_known.then_some(arguments.positional.as_slice())?
            }
            _ => {
                let (first, rest) = arguments.positional.split_first()?;
                let is_known = self.is_beside(first)
                    && matches!(callee.atoms(), [Atom::Path(path)] if !callee.is_unknown()
                        && self.role(*path) == Some(Role::Path));
                is_known.then_some(rest)?
            }
        };
        let are_names = parts
            .iter()
            .all(|part| self.is_name_below(part) || self.is_beside(part));
        if !are_names {
            return None;
        }
        for part in parts {
            self.note_written(part, call.range, false);
        }
        Some(self.beside())
    }

    /// `path / "name"`, `path + "/name"` and `[path] + sys.path`.
    pub(super) fn beside_binary(
        &mut self,
        op: Operator,
        left: &Value,
        right: &Value,
        range: TextRange,
    ) -> Option<Value> {
        match op {
            Operator::Div => {
                self.note_written(right, range, false);
                if !self.is_beside(left) && self.texts(right).iter().any(|name| name == "mem") {
                    let subject = "opens the memory of a process";
                    self.report_path(id::NATIVE_CODE, range, subject);
                }
                (self.is_beside(left) && self.is_name_below(right)).then(|| self.beside())
            }
            Operator::Add if self.is_beside(left) && self.is_text(right) => Some(self.beside()),
            Operator::Add if self.is_search_list(left) && self.is_search_list(right) => {
                Some(left.clone().joined(right))
            }
            _ => None,
        }
    }

    /// Attributes of a path beside the program that are such paths.
    pub(super) fn is_beside_attribute(&self, object: &Value, name: Symbol) -> bool {
        self.special.above.contains(&name) && self.is_beside(object)
    }

    fn is_text(&self, value: &Value) -> bool {
        self.are_names(value, |_| true, &["os.sep", "os.path.sep"])
    }

    /// Whether this is a written name that leads no way up to the root.
    fn is_name_below(&self, value: &Value) -> bool {
        let ups = ["os.pardir", "os.path.pardir", "os.curdir", "os.path.curdir"];
        self.are_names(value, |name| !name.starts_with(['/', '~']), &ups)
    }

    /// Whether a value is one of these texts or names for texts, and nothing else.
    fn are_names(&self, value: &Value, is_fine: impl Fn(&str) -> bool, paths: &[&str]) -> bool {
        !value.is_unknown()
            && !value.has_no_atoms()
            && value.atoms().iter().all(|atom| match atom {
                Atom::Path(path) => paths.contains(&&*self.names.path_text(*path)),
                atom => self
                    .const_of(*atom)
                    .and_then(Const::as_str)
                    .is_some_and(&is_fine),
            })
    }

    // The search path

    pub(super) fn is_search_path(&self, value: &Value) -> bool {
        self.has_search_path
            && value.atoms().iter().any(
                |atom| matches!(atom, Atom::Path(path) if Some(*path) == self.special.search_path),
            )
    }

    /// Whether what is put into the search path lies beside the program: a path, or a list of them.
    pub(super) fn is_search_entry(&self, value: &Value) -> bool {
        self.is_beside(value) || self.is_search_list(value)
    }

    fn is_search_list(&self, value: &Value) -> bool {
        let is_fine = |atom: &Atom| match atom {
            Atom::Path(path) => {
                let text = self.names.path_text(*path);
                matches!(&*text, "sys.path" | "sys.path[]")
            }
            Atom::Holder(holder) => {
                let held = self.held(*holder);
                held.has_no_atoms() && !held.is_unknown()
                    || self.is_beside(&held)
                    || self.is_old_entry(&held)
            }
            _ => false,
        };
        !value.is_unknown() && !value.has_no_atoms() && value.atoms().iter().all(is_fine)
    }

    /// Paths beside the program and elements of the search path.
    fn is_old_entry(&self, value: &Value) -> bool {
        let is_old = |atom: &Atom| match *atom {
            Atom::Path(path) => {
                path == self.special.beside
                    || path == self.special.file
                    || &*self.names.path_text(path) == "sys.path[]"
            }
            _ => false,
        };
        !value.is_unknown() && value.atoms().iter().all(is_old)
    }

    /// `sys.path += [...]`
    pub(super) fn check_search_path(&mut self, target: &Value, value: &Value, range: TextRange) {
        if self.is_search_path(target) && !self.is_search_entry(value) {
            self.report_path(id::SEARCH_PATH, range, "`sys.path`");
        }
    }

    /// `sys.path.append` that is not called where it is written.
    pub(super) fn check_search_method(&mut self, object: &Value, name: Symbol, range: TextRange) {
        if is_changing(self.names.text(name)) && self.is_search_path(object) {
            self.report_path(id::SEARCH_PATH, range, "a method of `sys.path`");
        }
    }

    /// Calls that may change the search path.
    pub(super) fn check_search_call(&mut self, callee: &Value, call: &Call) {
        if !self.has_search_path {
            return;
        }
        if let Some((object, method)) = call.method
            && self.is_search_path(object)
        {
            let arguments = call.arguments;
            let is_fine = match self.names.text(method) {
                "append" | "extend" | "insert" => {
                    !arguments.has_rest
                        && arguments.named.is_empty()
                        && arguments
                            .positional
                            .last()
                            .is_some_and(|last| self.is_search_entry(last))
                }
                "clear" | "pop" | "remove" | "reverse" | "sort" => true,
                other => !is_changing(other),
            };
            if !is_fine {
                self.report_path(id::SEARCH_PATH, call.range, "`sys.path`");
            }
            return;
        }
        let is_given = |value: &Value| {
            self.is_search_path(value)
                || value.atoms().iter().any(|atom| {
                    matches!(atom, Atom::Holder(holder) if self.is_search_path(&self.held(*holder)))
                })
        };
        let arguments = call.arguments;
        let mut given = arguments
            .positional
            .iter()
            .chain(arguments.named.iter().map(|(_, value)| value))
            .chain([&arguments.rest]);
        if call.method.is_none() && self.is_kept_method(callee) {
            self.report_path(id::SEARCH_PATH, call.range, "a method of `sys.path`");
        } else if given.any(is_given) && !self.only_reads(callee, call) {
            self.report_path(id::SEARCH_PATH, call.range, "`sys.path` is handed on");
        }
    }

    fn is_kept_method(&self, callee: &Value) -> bool {
        callee.atoms().iter().any(|atom| {
            matches!(atom, Atom::Path(path)
                if self.names.path_text(*path).strip_prefix("sys.path.").is_some_and(is_changing))
        })
    }

    fn only_reads(&self, callee: &Value, call: &Call) -> bool {
        let is_text = call.method.is_some_and(|(object, method)| {
            self.names.text(method) == "join" && self.is_text(object)
                || self.names.text(method) == "join" && self.is_pathsep(object)
        });
        let reads = |atom: &Atom| match *atom {
            Atom::Path(path) => {
                let text = self.names.path_text(path);
                READERS.contains(&self.names.root_of(path))
                    && !text.starts_with("builtins.list.")
                    && &*text != "builtins.setattr"
                    || &*text == "copy.copy"
            }
            Atom::Function(_) | Atom::Class(_) => true,
            _ => false,
        };
        is_text
            || !callee.is_unknown() && !callee.has_no_atoms() && callee.atoms().iter().all(reads)
    }

    fn is_pathsep(&self, value: &Value) -> bool {
        value.atoms().iter().any(|atom| {
            matches!(atom, Atom::Path(path) if &*self.names.path_text(*path) == "os.pathsep")
        })
    }

    // Names of modules

    /// A module's own names that say where its imports come from.
    pub(super) fn check_module_name(&mut self, scope: ScopeId, name: Symbol) {
        if !self.special.module_names.contains(&name) {
            return;
        }
        let is_module = self
            .scopes
            .get(scope)
            .is_some_and(|scope| scope.kind == ScopeKind::Module);
        if is_module {
            let rule = self.catalogue.rule(id::SEARCH_PATH);
            let subject = format!("`{}` of a module", self.names.text(name));
            self.report(None, rule, &subject);
        }
    }

    // Modules that the package lacks, or makes

    /// Judges the names that were imported from modules of the package.
    pub(super) fn judge_wanted(&mut self) {
        for wanted in std::mem::take(&mut self.wanted) {
            if self.has_name(wanted.module, wanted.name) {
                continue;
            }
            let module = self.module_names.get(wanted.module.index());
            let module = module.cloned().unwrap_or_default();
            let subject = format!("`{module}.{}`", self.names.text(wanted.name));
            self.report_missing(wanted.importer, wanted.range.into(), &subject);
        }
    }

    /// A module or name that the package lacks: it may be there when the import runs.
    pub(super) fn report_missing(&mut self, importer: FileId, range: TextRange, subject: &str) {
        self.file = importer;
        let subject = format!("{subject}, which the package lacks");
        self.report_path(id::IMPORT, range, &subject);
    }

    fn has_name(&mut self, file: FileId, name: Symbol) -> bool {
        let text = self.names.text(name).to_owned();
        let module_getattr = self.names.exact("__getattr__");
        let scope = self.scopes.modules.get(file.index()).copied();
        let scope = scope.and_then(|scope| self.scopes.get(scope));
        let is_bound = scope.is_some_and(|scope| {
            scope.bound.contains(&name)
                || scope.bound.contains(&module_getattr)
                || scope.variables.contains_key(&name)
        });
        let module = self.module_names.get(file.index());
        let below = match module.map(String::as_str) {
            None | Some("") => text.clone(),
            Some(module) => format!("{module}.{text}"),
        };
        is_bound || text.starts_with("__") || self.has_module(&below)
    }

    /// Whether a dotted name is a module of the package, or a folder with modules.
    pub(super) fn has_module(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.files.contains_key(name)
            || self
                .module_names
                .iter()
                .any(|module| module.starts_with(&below))
    }

    /// Calls that make files, and the names of files.
    pub(super) fn check_written(&mut self, callee: &Value, call: &Call) {
        let arguments = call.arguments;
        for atom in callee.atoms() {
            let Atom::Path(path) = *atom else { continue };
            match self.role(path) {
                Some(Role::Opens) if self.may_write(call) => {
                    if let Some(name) = arguments.positional.first() {
                        self.note_written(name, call.range, true);
                    }
                }
                Some(Role::Moves) => {
                    if let Some(name) = arguments.positional.last() {
                        self.note_written(name, call.range, true);
                    }
                }
                Some(Role::Path) => {
                    for name in &arguments.positional {
                        self.note_written(name, call.range, false);
                    }
                }
                Some(Role::Opens) | None => {}
            }
        }
        if let Some((_, method)) = call.method
            && MAKING_METHODS.contains(&self.names.text(method))
            && let Some(name) = arguments.positional.first()
            && arguments.positional.len() < 3
        {
            self.note_written(name, call.range, false);
        }
    }

    fn role(&mut self, path: PathId) -> Option<Role> {
        if let Some(known) = self.roles.get(&path) {
            return *known;
        }
        let text = self.names.path_text(path);
        let role = if OPENERS.contains(&&*text) {
            Some(Role::Opens)
        } else if MOVERS.contains(&&*text) {
            Some(Role::Moves)
        } else if PATH_FUNCTIONS.contains(&&*text) {
            Some(Role::Path)
        } else {
            None
        };
        self.roles.insert(path, role);
        role
    }

    /// Whether a file may be opened for writing.
    fn may_write(&mut self, call: &Call) -> bool {
        let name = self.names.exact("mode");
        let Some(mode) = call.arguments.get(1, Some(name)) else {
            return call.arguments.has_rest;
        };
        match self.keys(mode) {
            Some(modes) => modes.iter().any(|mode| mode.contains(['w', 'a', 'x', '+'])),
            None => true,
        }
    }

    /// Notes names of files that could be imported.
    fn note_written(&mut self, names: &Value, range: TextRange, is_made: bool) {
        for atom in names.atoms() {
            let Some(text) = self.const_of(*atom).and_then(Const::as_str) else {
                continue;
            };
            let mut segments = text.rsplit('/');
            let last = segments.next().unwrap_or_default();
            let Some((stem, ending)) = last.split_once('.') else {
                continue;
            };
            let is_module = MODULE_ENDINGS.contains(&ending.rsplit('.').next().unwrap_or(ending));
            let name = match (stem, segments.next()) {
                ("__init__", Some(folder)) => folder,
                (stem, _) => stem,
            };
            if is_module {
                self.written.insert(Written {
                    file: self.file,
                    range: range.into(),
                    name: name.to_owned(),
                    is_made,
                });
            }
        }
    }

    /// Judges the files that are made: a module that is imported must not be among them.
    pub(super) fn judge_written(&mut self) {
        let roots: Vec<PathId> = self.modules.iter().copied().collect();
        for written in std::mem::take(&mut self.written) {
            let name = &written.name;
            let is_outside = roots.iter().any(|path| {
                self.names.root_of(*path) == name || self.names.last(*path) == name.as_str()
            });
            let is_own = written.is_made
                && self
                    .module_names
                    .iter()
                    .any(|module| module.rsplit('.').next() == Some(name));
            if is_outside || is_own {
                let subject = format!("writes `{name}`, which is imported");
                self.file = written.file;
                self.report_path(id::DYNAMIC_IMPORT, written.range.into(), &subject);
            }
        }
    }

    /// An f-string that begins with a path beside the program and goes on with what is written down.
    pub(super) fn is_beside_text(&mut self, parts: &[Expr]) -> bool {
        let Some((Expr::FormattedValue(first), rest)) = parts.split_first() else {
            return false;
        };
        let first = self.expression(&first.value);
        self.is_beside(&first) && rest.iter().all(Expr::is_constant_expr)
    }

    /// The value of [`Self::is_beside_text`].
    pub(super) fn beside_text(&mut self) -> Value {
        self.beside()
    }
}
