//! Which scopes a package has and which names each binds, found before anything is evaluated: Python
//! decides by the whole body of a function whether a name in it is local.

use rustc_hash::{FxHashMap, FxHashSet};

use rustpython_parser::ast::{Expr, Stmt};

use super::names::Symbol;
use super::value::{FileId, FunctionId, ScopeId, Value};
use super::visit::Parameter;

/// What a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function,
    Comprehension,
}

/// One scope and what its variables may be.
pub(crate) struct Scope {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    pub file: FileId,
    /// The function whose body it is.
    pub function: Option<FunctionId>,
    /// Names that the scope binds somewhere.
    pub(super) bound: FxHashSet<Symbol>,
    /// Where a name is surely bound from: the end of a statement that always runs.
    pub(super) certain: FxHashMap<Symbol, usize>,
    /// Names that are bound otherwise than as the variable of a loop.
    pub(super) rebound: FxHashSet<Symbol>,
    pub(super) deleted: FxHashSet<Symbol>,
    pub(super) globals: FxHashSet<Symbol>,
    pub(super) nonlocals: FxHashSet<Symbol>,
    /// Annotated names of a class in order: fields of a data class.
    pub fields: Vec<Symbol>,
    /// Whether a class has a base that is not known to be of the package.
    pub has_outside_base: bool,
    /// Classes from outside that a class is made from, as far as their objects' attributes mean something.
    pub outside_bases: Value,
    /// Values of the names so far.
    pub variables: FxHashMap<Symbol, Value>,
}

/// The body of a function.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Statements(&'a [Stmt]),
    Expression(&'a Expr),
}

/// A function, method or lambda.
pub(crate) struct Function<'a> {
    pub name: Symbol,
    pub scope: ScopeId,
    pub parameters: Vec<(Parameter, Symbol)>,
    pub body: Body<'a>,
    pub is_method: bool,
    /// Named `__like_this__`: Python calls it where no call is written.
    pub is_protocol: bool,
    /// `__init__` and the like: called with what the class is called with.
    pub is_constructor: bool,
    /// The position of the parameter that Python gives the name of an attribute.
    pub gets_name: Option<usize>,
    pub is_decorated: bool,
    /// Decorated with `@name.setter`.
    pub is_setter: bool,
    pub is_generator: bool,
    /// What it may return or yield.
    pub results: Value,
    /// What that leads to, at any depth.
    pub reach: Value,
    /// Whether a call of it was seen.
    pub is_called: bool,
}

/// The scopes of a package, by the place of the node that opens them.
#[derive(Default)]
pub(crate) struct Scopes<'a> {
    pub scopes: Vec<Scope>,
    pub functions: Vec<Function<'a>>,
    pub modules: Vec<ScopeId>,
    /// Annotations, which may hold code in strings.
    pub annotations: Vec<&'a Expr>,
    /// How many expressions there are.
    pub expressions: usize,
    /// Names by which something is called.
    pub called: FxHashSet<Symbol>,
    pub(super) opened: FxHashMap<usize, ScopeId>,
}

/// What names a node in maps; nodes stay where they are while a package is analysed.
pub(crate) fn place<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

/// How a name is found from a scope.
pub(crate) enum Binding {
    /// In this scope, and nowhere else.
    Here(ScopeId),
    /// In this scope, as the module's first call stands now.
    HereBeforeCalls(ScopeId),
    /// In this scope or, before it is bound there, further out.
    HereOrOutside(ScopeId),
    /// In none: a built-in name.
    Builtin,
}

impl<'a> Scopes<'a> {
    /// The scope that a function's parameters, a class or a comprehension opened.
    pub(crate) fn opened_by<T>(&self, node: &T) -> Option<ScopeId> {
        self.opened.get(&place(node)).copied()
    }

    pub(crate) fn get(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.get(id.index())
    }

    pub(crate) fn get_mut(&mut self, id: ScopeId) -> Option<&mut Scope> {
        self.scopes.get_mut(id.index())
    }

    pub(crate) fn module_of(&self, id: ScopeId) -> Option<ScopeId> {
        let file = self.get(id)?.file;
        self.modules.get(file.index()).copied()
    }

    /// The scope in which a name bound in `scope` lands.
    pub(crate) fn target(&self, scope: ScopeId, name: Symbol) -> ScopeId {
        let mut at = scope;
        while let Some(inner) = self.get(at) {
            if inner.globals.contains(&name) {
                return self.module_of(at).unwrap_or(at);
            }
            if inner.nonlocals.contains(&name) {
                return self.enclosing(inner.parent, name).unwrap_or(scope);
            }
            // A walrus in a comprehension binds around it; its own targets are bound in it.
            if inner.kind == ScopeKind::Comprehension && !inner.bound.contains(&name) {
                match inner.parent {
                    Some(parent) => at = parent,
                    None => return at,
                }
            } else {
                return at;
            }
        }
        scope
    }

    /// The class whose body a scope lies in.
    pub(crate) fn class_around(&self, scope: ScopeId) -> Option<ScopeId> {
        let mut current = Some(scope);
        while let Some(id) = current {
            let inner = self.get(id)?;
            if inner.kind == ScopeKind::Class {
                return Some(id);
            }
            current = inner.parent;
        }
        None
    }

    /// Whether some function declares a name as belonging to a scope further out.
    pub(crate) fn is_declared(&self, name: Symbol) -> bool {
        self.scopes
            .iter()
            .any(|scope| scope.globals.contains(&name) || scope.nonlocals.contains(&name))
    }

    /// Whether some class of the package has an attribute of this name in its body.
    pub(crate) fn has_attribute(&self, name: Symbol) -> bool {
        let has = |scope: &Scope| scope.kind == ScopeKind::Class && scope.bound.contains(&name);
        self.scopes.iter().any(has)
    }

    /// Notes a name that is deleted from outside. Whether that is new.
    pub(crate) fn delete(&mut self, scope: ScopeId, name: Symbol) -> bool {
        self.get_mut(scope)
            .is_some_and(|scope| scope.deleted.insert(name))
    }

    /// Notes a name that is bound without being written. Whether that is new.
    pub(crate) fn add_binding(&mut self, scope: ScopeId, name: Symbol) -> bool {
        self.get_mut(scope).is_some_and(|scope| {
            scope.rebound.insert(name);
            scope.bound.insert(name)
        })
    }

    /// Where a name that is read in `scope` at byte `at` comes from. `first_call` is where the module's
    /// own code first calls something that may lead into the package's functions.
    pub(crate) fn resolve(
        &self,
        scope: ScopeId,
        name: Symbol,
        at: usize,
        first_call: usize,
    ) -> Binding {
        let Some(start) = self.get(scope) else {
            return Binding::Builtin;
        };
        let mut is_inside_function = start.kind == ScopeKind::Function;
        let mut current = Some(scope);
        let mut is_first = true;
        while let Some(id) = current {
            let Some(inner) = self.get(id) else { break };
            if inner.globals.contains(&name) {
                let module = self.module_of(id).unwrap_or(id);
                return self.in_module(module, name, at, is_inside_function, first_call);
            }
            if inner.nonlocals.contains(&name)
                && let Some(outer) = self.enclosing(inner.parent, name)
            {
                return Binding::Here(outer);
            }
            let is_bound = inner.bound.contains(&name);
            match inner.kind {
                ScopeKind::Module => {
                    return self.in_module(id, name, at, is_inside_function, first_call);
                }
                ScopeKind::Class if is_bound && is_first => return Binding::HereOrOutside(id),
                ScopeKind::Class => {}
                ScopeKind::Function | ScopeKind::Comprehension if is_bound => {
                    return Binding::Here(id);
                }
                ScopeKind::Function => is_inside_function = true,
                ScopeKind::Comprehension => {}
            }
            is_first &= inner.kind == ScopeKind::Comprehension;
            current = inner.parent;
        }
        Binding::Builtin
    }

    fn in_module(
        &self,
        module: ScopeId,
        name: Symbol,
        at: usize,
        is_inside_function: bool,
        first_call: usize,
    ) -> Binding {
        let Some(scope) = self.get(module).filter(|scope| scope.bound.contains(&name)) else {
            return Binding::Builtin;
        };
        // Code in a function runs after what stands before the function, and not before the first call.
        match scope.certain.get(&name) {
            _ if scope.deleted.contains(&name) => Binding::HereOrOutside(module),
            Some(bound_at) if *bound_at <= at => Binding::Here(module),
            Some(bound_at) if is_inside_function && *bound_at <= first_call => {
                Binding::HereBeforeCalls(module)
            }
            _ => Binding::HereOrOutside(module),
        }
    }

    /// The scope outside of a class' body in which a name read after the class' own is looked up.
    pub(crate) fn outside(&self, scope: ScopeId) -> Option<ScopeId> {
        self.get(scope)?.parent
    }

    fn enclosing(&self, from: Option<ScopeId>, name: Symbol) -> Option<ScopeId> {
        let mut current = from;
        while let Some(id) = current {
            let scope = self.get(id)?;
            let is_function = matches!(scope.kind, ScopeKind::Function | ScopeKind::Comprehension);
            if is_function && scope.bound.contains(&name) {
                return Some(id);
            }
            current = scope.parent;
        }
        None
    }

    pub(super) fn open(
        &mut self,
        kind: ScopeKind,
        parent: Option<ScopeId>,
        file: FileId,
    ) -> ScopeId {
        let id = ScopeId::of(self.scopes.len());
        self.scopes.push(Scope {
            kind,
            parent,
            file,
            function: None,
            bound: FxHashSet::default(),
            certain: FxHashMap::default(),
            rebound: FxHashSet::default(),
            deleted: FxHashSet::default(),
            globals: FxHashSet::default(),
            nonlocals: FxHashSet::default(),
            fields: Vec::new(),
            has_outside_base: false,
            outside_bases: Value::default(),
            variables: FxHashMap::default(),
        });
        id
    }
}
