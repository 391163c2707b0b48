//! The package's modules: which file an import means, and what the names of a module stand for, so that a
//! name from outside stays one however many modules hand it on.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use rustpython_parser::ast::{self, Constant, Expr, Stmt};

use super::scope::{Binding, ScopeKind, Scopes};
use super::tree::{Program, Text};

/// Folders around a file that are tried as the place where its imports begin: bounds the work for a
/// path that is a thousand folders deep.
const MAX_FOLDERS: usize = 16;
/// Times that modules which import each other are gone through: what is handed round in a circle more
/// often counts as the package's own.
const MAX_ROUNDS: usize = 8;

/// A file, or a folder with or without an `__init__.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModuleId(usize);

/// What a module's name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    /// Something of the package: which name.
    Own(u32),
    /// A module of the package.
    Module(ModuleId),
    /// Something from outside, by its dotted path.
    Outside(Text),
}

/// All modules of a package.
#[derive(Debug)]
pub(super) struct Package<'a> {
    /// The first is the root, of which all others are members.
    modules: Vec<Module<'a>>,
    /// The first module of each name.
    by_name: BTreeMap<&'a str, ModuleId>,
    files: Vec<File>,
    /// Files that give a name away when all of theirs are imported. Kept where some file imports so.
    starred: FxHashMap<Text, Files>,
}

#[derive(Debug, Default)]
struct Module<'a> {
    parent: Option<ModuleId>,
    file: Option<usize>,
    members: BTreeMap<&'a str, ModuleId>,
}

#[derive(Debug)]
struct File {
    /// Where its relative imports begin.
    folder: ModuleId,
    /// What the names in it stand for.
    names: Names,
    /// The names it gives away, if it says so.
    listed: Option<BTreeSet<String>>,
    /// Files all of whose names it has, itself or through others.
    stars: Files,
}

/// Names of a module, and what they are bound to.
pub(super) type Names = FxHashMap<Text, Binding>;

impl<'a> Package<'a> {
    /// The modules at these paths, one for each file.
    pub(super) fn new(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut package = Self {
            modules: vec![Module::default()],
            by_name: BTreeMap::new(),
            files: Vec::new(),
            starred: FxHashMap::default(),
        };
        for path in paths {
            package.add(path);
        }
        package
    }

    fn add(&mut self, path: &'a str) {
        let name = path.strip_suffix(".py").unwrap_or(path);
        let is_folder = name.rsplit('/').next() == Some("__init__");
        let parts = name
            .split('/')
            .filter(|part| !part.is_empty() && *part != "__init__" && *part != ".");
        let mut at = ModuleId(0);
        for part in parts {
            let next = ModuleId(self.modules.len());
            let Some(module) = self.modules.get_mut(at.0) else {
                break;
            };
            let parent = std::mem::replace(&mut at, *module.members.entry(part).or_insert(next));
            if at == next {
                self.modules.push(Module {
                    parent: Some(parent),
                    ..Module::default()
                });
            }
            self.by_name.entry(part).or_insert(at);
        }
        let file = self.files.len();
        let mut folder = at;
        if let Some(module) = self.modules.get_mut(at.0) {
            // Python prefers the folder `x` over `x.py`.
            if is_folder || module.file.is_none() {
                module.file = Some(file);
            }
            if !is_folder {
                folder = module.parent.unwrap_or(at);
            }
        }
        self.files.push(File {
            folder,
            names: Names::default(),
            listed: None,
            stars: Files::default(),
        });
    }

    /// Whether an absolute import that begins with this name means a module of the package.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The module that an import in a file means: `level` dots and a dotted name.
    pub(super) fn module(&self, file: u32, level: u32, dotted: &str) -> Option<ModuleId> {
        let folder = self.files.get(file as usize)?.folder;
        let parent = |at: &ModuleId| self.modules.get(at.0)?.parent;
        let mut folders = std::iter::successors(Some(folder), parent);
        let start = if level > 0 {
            folders.nth(level as usize - 1)?
        } else {
            let first = dotted.split('.').next()?;
            let any = self.by_name.get(first)?;
            folders
                .take(MAX_FOLDERS)
                .find(|at| self.child(*at, first).is_some())
                .or_else(|| parent(any))?
        };
        dotted
            .split('.')
            .filter(|part| !part.is_empty())
            .try_fold(start, |at, part| self.child(at, part))
    }

    /// What a name of a module stands for; `None` when nothing is known about it.
    pub(super) fn member(
        &self,
        module: ModuleId,
        name: &str,
        program: &mut Program,
    ) -> Option<Member> {
        let file = self.modules.get(module.0)?.file;
        let binding = file.and_then(|at| {
            let (file, name) = (self.files.get(at)?, program.text(name));
            let bound = file.names.get(&name).copied();
            bound.or_else(|| self.starred(file, name))
        });
        match binding {
            Some(Binding::Path(path) | Binding::Alias(path)) => Some(Member::Outside(path)),
            Some(Binding::Module(_, module)) => Some(Member::Module(module)),
            Some(Binding::Own(id) | Binding::Receiver(id) | Binding::Options(id)) => {
                Some(Member::Own(id))
            }
            None => self.child(module, name).map(Member::Module),
        }
    }

    /// What a name stands for that a file has from `from … import *`.
    pub(super) fn by_star_import(&self, file: u32, name: Text) -> Option<Binding> {
        self.starred(self.files.get(file as usize)?, name)
    }

    fn starred(&self, file: &File, name: Text) -> Option<Binding> {
        if file.stars.is_empty() {
            return None;
        }
        let giver = self.starred.get(&name)?.first_shared(&file.stars)?;
        self.files.get(giver)?.names.get(&name).copied()
    }

    fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        self.modules.get(module.0)?.members.get(name).copied()
    }

    /// Whether a package has more than one file.
    fn is_large(&self) -> bool {
        self.files.len() > 1
    }

    /// Remembers a file that imports nothing from the package: its names stand for what it says.
    pub(super) fn add_leaf(&mut self, file: u32, body: &[Stmt], program: &mut Program) {
        if self.is_large() {
            self.bind(file, body, program);
        }
    }

    /// Finds out what the names of the other modules stand for. A module comes after those it imports, as
    /// when Python runs them; modules that import each other are gone through until nothing changes.
    pub(super) fn link(
        &mut self,
        others: &[(u32, Vec<Stmt>)],
        imports: &[Imports],
        program: &mut Program,
    ) {
        self.link_stars(imports, program);
        let mut order = Order::new(imports);
        (0..imports.len()).for_each(|file| order.visit(file));
        let bodies: BTreeMap<usize, &[Stmt]> = others
            .iter()
            .map(|(file, body)| (*file as usize, body.as_slice()))
            .collect();
        for _ in 0..MAX_ROUNDS {
            let mut is_changed = false;
            for at in &order.files {
                if let (Some(body), Ok(file)) = (bodies.get(at), u32::try_from(*at)) {
                    is_changed |= self.bind(file, body, program);
                }
            }
            if !order.is_cyclic || !is_changed {
                break;
            }
        }
    }

    fn link_stars(&mut self, imports: &[Imports], program: &Program) {
        for (file, imports) in self.files.iter_mut().zip(imports) {
            file.listed.clone_from(&imports.listed);
            file.stars = imports.stars;
        }
        if imports.iter().all(|imports| imports.stars.is_empty()) {
            return;
        }
        // Warshall's transitive closure.
        for through in 0..self.files.len() {
            let more = self.files.get(through).map(|file| file.stars);
            for file in &mut self.files {
                if let Some(more) = more.filter(|_| file.stars.has(through)) {
                    file.stars.add_all(&more);
                }
            }
        }
        for at in 0..self.files.len() {
            self.give_away(at, program);
        }
    }

    /// Binds the names of a module; whether they are others than before is returned.
    fn bind(&mut self, file: u32, body: &[Stmt], program: &mut Program) -> bool {
        let mut scopes = Scopes::new(self, file);
        scopes.enter(ScopeKind::Module);
        scopes.bind_block(body, program);
        let names = scopes.into_names();
        let at = file as usize;
        let Some(file) = self.files.get_mut(at).filter(|file| file.names != names) else {
            return false;
        };
        file.names = names;
        if self.files.iter().any(|file| !file.stars.is_empty()) {
            self.give_away(at, program);
        }
        true
    }

    /// Puts the names of a file in the index of those that others import by a star.
    fn give_away(&mut self, at: usize, program: &Program) {
        let Some(file) = self.files.get(at) else {
            return;
        };
        for name in file.names.keys() {
            let is_public = match &file.listed {
                Some(listed) => listed.contains(program.written(*name).as_ref()),
                None => !program.written(*name).starts_with('_'),
            };
            if is_public {
                self.starred.entry(*name).or_default().add(at);
            }
        }
    }
}

/// A set of files of a package, by their numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Files([u64; crate::MAX_FILES.div_ceil(64)]);

impl Files {
    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn has(&self, file: usize) -> bool {
        let word = self.0.get(file / 64);
        word.is_some_and(|word| word >> (file % 64) & 1 == 1)
    }

    fn add(&mut self, file: usize) {
        if let Some(word) = self.0.get_mut(file / 64) {
            *word |= 1 << (file % 64);
        }
    }

    fn add_all(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    fn first_shared(&self, other: &Self) -> Option<usize> {
        let words = self.0.iter().zip(other.0).map(|(one, other)| one & other);
        let (at, word) = words.enumerate().find(|(_, word)| *word != 0)?;
        Some(at * 64 + word.trailing_zeros() as usize)
    }
}

/// What a file imports from the package.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// Whether there is anything, in functions and classes too.
    pub are_any: bool,
    /// Files that must be known before the module's own names are.
    files: BTreeSet<usize>,
    stars: Files,
    /// Content of `__all__`, where it is a literal.
    listed: Option<BTreeSet<String>>,
}

impl Imports {
    pub(super) fn of(package: &Package<'_>, file: u32, body: &[Stmt]) -> Self {
        let mut imports = Self::default();
        imports.block(package, file, body, true);
        imports
    }

    /// Names in functions and classes are known to nobody else.
    fn block(&mut self, package: &Package<'_>, file: u32, block: &[Stmt], is_top: bool) {
        for statement in block {
            match statement {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        self.import(package, file, &alias.name, is_top);
                    }
                }
                Stmt::ImportFrom(import) => self.import_from(package, file, import, is_top),
                Stmt::FunctionDef(ast::StmtFunctionDef { body, .. })
                | Stmt::AsyncFunctionDef(ast::StmtAsyncFunctionDef { body, .. })
                | Stmt::ClassDef(ast::StmtClassDef { body, .. }) => {
                    self.block(package, file, body, false);
                }
                Stmt::Assign(assign) if is_top => {
                    if matches!(assign.targets.as_slice(), [target] if is_list_of_names(target)) {
                        self.listed = texts(&assign.value);
                    }
                }
                Stmt::AugAssign(assign) if is_top && is_list_of_names(&assign.target) => {
                    let more = texts(&assign.value);
                    self.listed = self.listed.take().zip(more).map(|(mut listed, more)| {
                        listed.extend(more);
                        listed
                    });
                }
                statement => {
                    each_block(statement, |inner| self.block(package, file, inner, is_top));
                }
            }
        }
    }

    fn import(&mut self, package: &Package<'_>, file: u32, dotted: &str, is_top: bool) {
        let first = dotted.split('.').next().unwrap_or_default();
        if !package.has(first) {
            return;
        }
        self.are_any = true;
        let ends = dotted.match_indices('.').map(|(end, _)| end);
        for end in ends.chain([dotted.len()]).take(MAX_FOLDERS) {
            let part = dotted.get(..end).unwrap_or_default();
            self.add(package, package.module(file, 0, part), is_top);
        }
    }

    fn import_from(
        &mut self,
        package: &Package<'_>,
        file: u32,
        import: &ast::StmtImportFrom,
        is_top: bool,
    ) {
        let Some(module) = named_module(package, file, import) else {
            return;
        };
        self.are_any = true;
        self.add(package, Some(module), is_top);
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                let given = package.modules.get(module.0).and_then(|module| module.file);
                given.iter().for_each(|given| self.stars.add(*given));
            } else {
                self.add(package, package.child(module, &alias.name), is_top);
            }
        }
    }

    fn add(&mut self, package: &Package<'_>, module: Option<ModuleId>, is_top: bool) {
        let module = module.and_then(|module| package.modules.get(module.0));
        let file = module.and_then(|module| module.file);
        self.files.extend(file.filter(|_| is_top));
    }
}

fn is_list_of_names(target: &Expr) -> bool {
    matches!(target, Expr::Name(name) if name.id.as_str() == "__all__")
}

/// The module of the package that names are imported from.
pub(super) fn named_module(
    package: &Package<'_>,
    file: u32,
    import: &ast::StmtImportFrom,
) -> Option<ModuleId> {
    let level = import.level.map_or(0, |level| level.to_u32());
    let dotted = import.module.as_ref().map_or("", |name| name.as_str());
    package.module(file, level, dotted)
}

fn each_block<'a>(statement: &'a Stmt, mut visit: impl FnMut(&'a [Stmt])) {
    match statement {
        Stmt::If(ast::StmtIf { body, orelse, .. })
        | Stmt::While(ast::StmtWhile { body, orelse, .. })
        | Stmt::For(ast::StmtFor { body, orelse, .. })
        | Stmt::AsyncFor(ast::StmtAsyncFor { body, orelse, .. }) => {
            visit(body);
            visit(orelse);
        }
        Stmt::With(ast::StmtWith { body, .. })
        | Stmt::AsyncWith(ast::StmtAsyncWith { body, .. }) => visit(body),
        Stmt::Match(matching) => matching.cases.iter().for_each(|case| visit(&case.body)),
        Stmt::Try(ast::StmtTry {
            body,
            handlers,
            orelse,
            finalbody,
            ..
        })
        | Stmt::TryStar(ast::StmtTryStar {
            body,
            handlers,
            orelse,
            finalbody,
            ..
        }) => {
            visit(body);
            for ast::ExceptHandler::ExceptHandler(handler) in handlers {
                visit(&handler.body);
            }
            visit(orelse);
            visit(finalbody);
        }
        _ => {}
    }
}

/// The texts of a list or tuple that has nothing else.
fn texts(expression: &Expr) -> Option<BTreeSet<String>> {
    let (Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) =
        expression
    else {
        return None;
    };
    elts.iter()
        .map(|element| match element {
            Expr::Constant(ast::ExprConstant {
                value: Constant::Str(text),
                ..
            }) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// Files, those that are imported before those that import them.
struct Order<'i> {
    imports: &'i [Imports],
    visits: Vec<Visit>,
    files: Vec<usize>,
    is_cyclic: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    None,
    Begun,
    Done,
}

impl<'i> Order<'i> {
    fn new(imports: &'i [Imports]) -> Self {
        Self {
            imports,
            visits: vec![Visit::None; imports.len()],
            files: Vec::new(),
            is_cyclic: false,
        }
    }

    /// At most as deep as there are files.
    fn visit(&mut self, file: usize) {
        let (Some(imports), Some(visit)) = (self.imports.get(file), self.visits.get_mut(file))
        else {
            return;
        };
        match visit {
            Visit::None => *visit = Visit::Begun,
            Visit::Begun => {
                self.is_cyclic = true;
                return;
            }
            Visit::Done => return,
        }
        for imported in &imports.files {
            self.visit(*imported);
        }
        if let Some(visit) = self.visits.get_mut(file) {
            *visit = Visit::Done;
        }
        self.files.push(file);
    }
}
