//! Which names mean what, where: the scopes of Python.

use rustc_hash::FxHashMap;
use rustpython_parser::ast::{self, Expr, Pattern, Stmt};

use super::package::{Member, ModuleId, Names, Package, named_module};
use super::tree::{Program, Text};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// Something of the package: which name.
    Own(u32),
    /// `self`, `cls`, a class of the package or what is imported from its modules: its attributes are
    /// the package's.
    Receiver(u32),
    /// A module of the package: its attributes are what it says.
    Module(u32, ModuleId),
    /// The options of a command line: their names are the package's.
    Options(u32),
    /// Imported: the dotted path, whatever it is called here.
    Path(Text),
    /// A variable that is only another name for something imported or built in.
    Alias(Text),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    /// Module or class body: names in it are attributes.
    Module,
    Class,
    Function,
    /// Comprehension: a named expression binds outside of it.
    Comprehension,
}

#[derive(Debug)]
struct Entry {
    depth: usize,
    binding: Binding,
}

/// The scopes open at a place of one file.
#[derive(Debug)]
pub(super) struct Scopes<'p> {
    names: FxHashMap<Text, Vec<Entry>>,
    open: Vec<(ScopeKind, Vec<Text>)>,
    package: &'p Package<'p>,
    file: u32,
}

impl<'p> Scopes<'p> {
    pub(super) fn new(package: &'p Package<'p>, file: u32) -> Self {
        Self {
            names: FxHashMap::default(),
            open: Vec::new(),
            package,
            file,
        }
    }

    /// What the names of the module stand for.
    pub(super) fn into_names(self) -> Names {
        let names = self.names.into_iter();
        names
            .filter_map(|(name, entries)| Some((name, entries.first()?.binding)))
            .collect()
    }

    pub(super) fn kind(&self) -> Option<ScopeKind> {
        self.open.last().map(|(kind, _)| *kind)
    }

    /// Opens a scope. [`Scopes::bind_block`] and [`Scopes::bind`] say what it binds.
    pub(super) fn enter(&mut self, kind: ScopeKind) {
        self.open.push((kind, Vec::new()));
    }

    pub(super) fn leave(&mut self) {
        let depth = self.open.len();
        let Some((_, bound)) = self.open.pop() else {
            return;
        };
        for name in bound {
            if let Some(entries) = self.names.get_mut(&name) {
                entries.retain(|entry| entry.depth < depth);
            }
        }
    }

    /// What `name` means here; `None` for a built-in or unknown one.
    pub(super) fn look_up(&self, name: Text) -> Option<Binding> {
        let Some(entries) = self.names.get(&name).filter(|entries| !entries.is_empty()) else {
            return self.package.by_star_import(self.file, name);
        };
        let innermost = self.open.len();
        let is_visible = |entry: &&Entry| {
            entry.depth == innermost
                || self
                    .open
                    .get(entry.depth.saturating_sub(1))
                    .is_some_and(|(kind, _)| *kind != ScopeKind::Class)
        };
        // Python doesn't look into the class around a function. Whoever wraps a program in a class
        // doesn't care.
        let found = entries.iter().rev().find(is_visible);
        found.or(entries.last()).map(|entry| entry.binding)
    }

    /// The dotted path of something from outside: an import, a member of one, a built-in function. A
    /// variable that is given one is another name for it: see [`Scopes::bind_block`].
    pub(super) fn path(&self, expression: &Expr, program: &mut Program) -> Option<Text> {
        let mut links = Vec::new();
        let mut base = expression;
        while let Expr::Attribute(link) = base {
            links.push(link);
            base = &link.value;
        }
        let Expr::Name(name) = base else {
            return None;
        };
        let name = program.text(&name.id);
        self.path_of(name, self.look_up(name), &links, program)
    }

    /// Like [`Scopes::path`], of a chain of attributes that is taken apart, the outermost first, and the
    /// name at its base.
    pub(super) fn path_of(
        &self,
        name: Text,
        binding: Option<Binding>,
        links: &[&ast::ExprAttribute],
        program: &mut Program,
    ) -> Option<Text> {
        let mut links = links.iter().rev();
        let path = match binding {
            Some(Binding::Path(path) | Binding::Alias(path)) => path,
            Some(Binding::Module(_, module)) => {
                let mut module = module;
                loop {
                    let member = &links.next()?.attr;
                    match self.package.member(module, member, program)? {
                        Member::Outside(path) => break path,
                        Member::Module(inner) => module = inner,
                        Member::Own(_) => return None,
                    }
                }
            }
            None if program.is_builtin(name) => name,
            _ => return None,
        };
        if links.len() == 0 {
            return Some(path);
        }
        let mut dotted = program.written(path).to_string();
        for link in links {
            dotted.push('.');
            dotted.push_str(&link.attr);
        }
        Some(program.text(&dotted))
    }

    /// Binds a variable to what is only another name for something from outside, if it is that and the
    /// variable is nothing else.
    fn bind_alias(&mut self, name: &str, value: &Expr, program: &mut Program) -> bool {
        let Some(path) = self.path(value, program) else {
            return false;
        };
        let depth = self.open.len();
        let name = program.text(name);
        let entries = self.names.get(&name);
        let mut here = entries.into_iter().flatten();
        match here.find(|entry| entry.depth == depth) {
            None => {
                self.rebind(name, Binding::Alias(path));
                true
            }
            Some(entry) => entry.binding == Binding::Alias(path),
        }
    }

    /// Binds a variable, function or parameter in the innermost scope.
    pub(super) fn bind(&mut self, name: &str, program: &mut Program) {
        let depth = self.open.len();
        self.bind_at(depth, name, program);
    }

    /// Binds the target of a named expression: in the function around comprehensions.
    pub(super) fn bind_outside_comprehensions(&mut self, name: &str, program: &mut Program) {
        let inner = self
            .open
            .iter()
            .rev()
            .take_while(|(kind, _)| *kind == ScopeKind::Comprehension)
            .count();
        self.bind_at(self.open.len() - inner, name, program);
    }

    fn bind_at(&mut self, depth: usize, written: &str, program: &mut Program) {
        let name = program.text(written);
        // A variable that is given something else as well is no alias.
        let is_bound =
            |entry: &Entry| entry.depth == depth && !matches!(entry.binding, Binding::Alias(_));
        let entries = self.names.get(&name);
        if entries.is_some_and(|entries| entries.iter().any(is_bound)) {
            return;
        }
        let kind = self
            .open
            .get(depth.saturating_sub(1))
            .map(|(kind, _)| *kind);
        let id = match kind {
            Some(ScopeKind::Module) => program.define(name),
            Some(ScopeKind::Class) => {
                let keyword = program.keyword(written);
                program.define(keyword);
                program.define(name)
            }
            _ => program.fresh(),
        };
        self.insert(depth, name, Binding::Own(id));
    }

    /// Binds a name to what is given, instead of what it may be bound to.
    pub(super) fn rebind(&mut self, name: Text, binding: Binding) {
        let depth = self.open.len();
        self.insert(depth, name, binding);
    }

    fn insert(&mut self, depth: usize, name: Text, binding: Binding) {
        let entries = self.names.entry(name).or_default();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.depth == depth) {
            entry.binding = binding;
            return;
        }
        let at = entries.partition_point(|entry| entry.depth < depth);
        entries.insert(at, Entry { depth, binding });
        if let Some((_, bound)) = self.open.get_mut(depth.saturating_sub(1)) {
            bound.push(name);
        }
    }

    /// Binds all that a block's statements bind, without entering functions and classes.
    pub(super) fn bind_block(&mut self, block: &[Stmt], program: &mut Program) {
        for statement in block {
            self.bind_statement(statement, program);
        }
    }

    fn bind_statement(&mut self, statement: &Stmt, program: &mut Program) {
        match statement {
            Stmt::FunctionDef(def) => self.bind(&def.name, program),
            Stmt::AsyncFunctionDef(def) => self.bind(&def.name, program),
            Stmt::ClassDef(def) => {
                self.bind(&def.name, program);
                let name = program.text(&def.name);
                if let Some(Binding::Own(id)) = self.look_up(name) {
                    self.rebind(name, Binding::Receiver(id));
                }
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(target)] = assign.targets.as_slice()
                    && self.bind_alias(&target.id, &assign.value, program)
                {
                    return;
                }
                for target in &assign.targets {
                    self.bind_target(target, program);
                }
            }
            Stmt::AugAssign(assign) => self.bind_target(&assign.target, program),
            Stmt::AnnAssign(assign) => {
                if let (Expr::Name(target), Some(value)) = (assign.target.as_ref(), &assign.value)
                    && self.bind_alias(&target.id, value, program)
                {
                    return;
                }
                self.bind_target(&assign.target, program);
            }
            Stmt::TypeAlias(alias) => self.bind_target(&alias.name, program),
            Stmt::For(ast::StmtFor {
                target,
                body,
                orelse,
                ..
            })
            | Stmt::AsyncFor(ast::StmtAsyncFor {
                target,
                body,
                orelse,
                ..
            }) => {
                self.bind_target(target, program);
                self.bind_block(body, program);
                self.bind_block(orelse, program);
            }
            Stmt::While(ast::StmtWhile { body, orelse, .. })
            | Stmt::If(ast::StmtIf { body, orelse, .. }) => {
                self.bind_block(body, program);
                self.bind_block(orelse, program);
            }
            Stmt::With(ast::StmtWith { items, body, .. })
            | Stmt::AsyncWith(ast::StmtAsyncWith { items, body, .. }) => {
                for target in items.iter().filter_map(|item| item.optional_vars.as_ref()) {
                    self.bind_target(target, program);
                }
                self.bind_block(body, program);
            }
            Stmt::Match(matching) => {
                for case in &matching.cases {
                    self.bind_pattern(&case.pattern, program);
                    self.bind_block(&case.body, program);
                }
            }
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
                self.bind_block(body, program);
                for ast::ExceptHandler::ExceptHandler(handler) in handlers {
                    if let Some(name) = &handler.name {
                        self.bind(name, program);
                    }
                    self.bind_block(&handler.body, program);
                }
                self.bind_block(orelse, program);
                self.bind_block(finalbody, program);
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.bind_import(alias, program);
                }
            }
            Stmt::ImportFrom(import) => self.bind_import_from(import, program),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.bind_at(1, name, program);
                    let name = program.text(name);
                    let outer = self.names.get(&name).and_then(|entries| entries.first());
                    if let Some(binding) = outer.map(|entry| entry.binding) {
                        self.rebind(name, binding);
                    }
                }
            }
            Stmt::Nonlocal(_)
            | Stmt::Return(_)
            | Stmt::Delete(_)
            | Stmt::Raise(_)
            | Stmt::Assert(_)
            | Stmt::Expr(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_) => {}
        }
    }

    pub(super) fn bind_target(&mut self, target: &Expr, program: &mut Program) {
        match target {
            Expr::Name(name) => self.bind(&name.id, program),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for element in elts {
                    self.bind_target(element, program);
                }
            }
            Expr::Starred(starred) => self.bind_target(&starred.value, program),
            Expr::Attribute(attribute) => {
                let name = program.text(&attribute.attr);
                program.define(name);
            }
            _ => {}
        }
    }

    fn bind_pattern(&mut self, pattern: &Pattern, program: &mut Program) {
        match pattern {
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(ast::PatternMatchSequence { patterns, .. })
            | Pattern::MatchOr(ast::PatternMatchOr { patterns, .. }) => {
                for pattern in patterns {
                    self.bind_pattern(pattern, program);
                }
            }
            Pattern::MatchMapping(mapping) => {
                for pattern in &mapping.patterns {
                    self.bind_pattern(pattern, program);
                }
                if let Some(name) = &mapping.rest {
                    self.bind(name, program);
                }
            }
            Pattern::MatchClass(class) => {
                for pattern in class.patterns.iter().chain(&class.kwd_patterns) {
                    self.bind_pattern(pattern, program);
                }
            }
            Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.bind(name, program);
                }
            }
            Pattern::MatchAs(matched) => {
                if let Some(pattern) = &matched.pattern {
                    self.bind_pattern(pattern, program);
                }
                if let Some(name) = &matched.name {
                    self.bind(name, program);
                }
            }
        }
    }

    fn bind_import(&mut self, alias: &ast::Alias, program: &mut Program) {
        let first = alias.name.split('.').next().unwrap_or_default();
        // `import a.b` binds `a`, `import a.b as c` what is meant.
        let (name, path) = match &alias.asname {
            Some(name) => (name.as_str(), alias.name.as_str()),
            None => (first, first),
        };
        let name = program.text(name);
        let binding = if self.package.has(first) {
            let id = program.define(name);
            match self.package.module(self.file, 0, path) {
                Some(module) => Binding::Module(id, module),
                None => Binding::Receiver(id),
            }
        } else {
            Binding::Path(program.text(path))
        };
        self.rebind(name, binding);
    }

    fn bind_import_from(&mut self, import: &ast::StmtImportFrom, program: &mut Program) {
        let dotted = import.module.as_ref().map_or("", |name| name.as_str());
        let first = dotted.split('.').next().unwrap_or_default();
        let is_relative = import.level.is_some_and(|level| level.to_u32() > 0);
        let is_own = is_relative || self.package.has(first);
        let module = named_module(self.package, self.file, import).filter(|_| is_own);
        for alias in &import.names {
            let member =
                module.and_then(|module| self.package.member(module, &alias.name, program));
            let name = program.text(&alias.name);
            let binding = match member {
                Some(Member::Outside(path)) => Binding::Path(path),
                Some(Member::Own(id)) => Binding::Receiver(id),
                Some(Member::Module(module)) => Binding::Module(program.define(name), module),
                None if is_own => Binding::Receiver(program.define(name)),
                None => Binding::Path(program.text(&format!("{dotted}.{}", alias.name))),
            };
            let bound = alias.asname.as_ref().map(|bound| program.text(bound));
            self.rebind(bound.unwrap_or(name), binding);
        }
    }
}
