//! The walk that finds scopes and the names that they bind.

use rustc_hash::FxHashSet;
use rustpython_parser::ast::{
    Arguments, Comprehension, ExceptHandler, ExceptHandlerExceptHandler, Expr, ExprLambda,
    ExprNamedExpr, Identifier, Ranged, Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAsyncFor,
    StmtAsyncFunctionDef, StmtAsyncWith, StmtAugAssign, StmtClassDef, StmtDelete, StmtExpr,
    StmtFor, StmtFunctionDef, StmtGlobal, StmtIf, StmtImport, StmtImportFrom, StmtMatch,
    StmtNonlocal, StmtRaise, StmtReturn, StmtTry, StmtTryStar, StmtTypeAlias, StmtWhile, StmtWith,
    WithItem,
};

use super::names::{Names, Symbol};
use super::scopes::{Body, Function, Scope, ScopeKind, Scopes, place};
use super::value::{FileId, FunctionId, ScopeId, Value};
use super::visit::{Part, captures, elements, parameters, parts};

/// Names whose elements are types.
const GENERICS: [&str; 13] = [
    "list",
    "dict",
    "tuple",
    "set",
    "frozenset",
    "type",
    "List",
    "Dict",
    "Tuple",
    "Set",
    "Optional",
    "Union",
    "Sequence",
];

impl<'a> Scopes<'a> {
    /// Adds a file of the package.
    pub(crate) fn add_file(&mut self, body: &'a [Stmt], names: &mut Names<'_>) {
        let file = FileId::of(self.modules.len());
        let scope = self.open(ScopeKind::Module, None, file);
        self.modules.push(scope);
        let mut walk = Walk {
            scopes: self,
            names,
            scope,
            is_certain: true,
            is_loop: false,
        };
        walk.body(body);
    }
}

struct Walk<'w, 'a, 'p> {
    scopes: &'w mut Scopes<'a>,
    names: &'w mut Names<'p>,
    scope: ScopeId,
    /// Whether the statement always runs when its scope does.
    is_certain: bool,
    /// Whether the variables of a loop are being bound.
    is_loop: bool,
}

impl<'a> Walk<'_, 'a, '_> {
    fn body(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    /// A body that may run or not.
    fn branch(&mut self, body: &'a [Stmt]) {
        let before = std::mem::replace(&mut self.is_certain, false);
        self.body(body);
        self.is_certain = before;
    }

    fn statement(&mut self, statement: &'a Stmt) {
        let end = statement.end().to_usize();
        match statement {
            Stmt::FunctionDef(StmtFunctionDef {
                range: _,
                name,
                args,
                body,
                decorator_list,
                returns,
                type_comment: _,
                type_params: _,
            })
            | Stmt::AsyncFunctionDef(StmtAsyncFunctionDef {
                range: _,
                name,
                args,
                body,
                decorator_list,
                returns,
                type_comment: _,
                type_params: _,
            }) => {
                self.bind(name, end);
                self.expressions(decorator_list);
                if let Some(returns) = returns {
                    self.annotation(returns);
                }
                self.function(name, args, Body::Statements(body), decorator_list);
            }
            Stmt::ClassDef(class) => {
                let StmtClassDef {
                    range: _,
                    name,
                    bases,
                    keywords,
                    body,
                    decorator_list,
                    type_params: _,
                } = class;
                self.bind(name, end);
                self.expressions(decorator_list);
                self.expressions(bases);
                keywords
                    .iter()
                    .for_each(|keyword| self.expression(&keyword.value));
                let outer = self.enter(ScopeKind::Class, place(class));
                self.body(body);
                self.leave(outer);
            }
            Stmt::Return(StmtReturn { range: _, value }) => {
                value.iter().for_each(|value| self.expression(value));
            }
            Stmt::Delete(StmtDelete { range: _, targets }) => {
                for target in targets {
                    if let Expr::Name(name) = target {
                        let name = self.names.symbol(&name.id);
                        let target = self.scopes.target(self.scope, name);
                        if let Some(scope) = self.scopes.get_mut(target) {
                            scope.deleted.insert(name);
                        }
                    }
                    self.expression(target);
                }
            }
            Stmt::Assign(StmtAssign {
                range: _,
                targets,
                value,
                type_comment: _,
            }) => {
                self.expression(value);
                targets.iter().for_each(|target| self.target(target, end));
            }
            Stmt::TypeAlias(StmtTypeAlias {
                range: _,
                name,
                type_params: _,
                value,
            }) => {
                self.expression(value);
                self.target(name, end);
            }
            Stmt::AugAssign(StmtAugAssign {
                range: _,
                target,
                op: _,
                value,
            }) => {
                self.expression(value);
                self.target(target, end);
            }
            Stmt::AnnAssign(StmtAnnAssign {
                range: _,
                target,
                annotation,
                value,
                simple: _,
            }) => {
                self.annotation(annotation);
                if let Expr::Name(name) = &**target {
                    let name = self.names.symbol(&name.id);
                    if let Some(scope) = self.scopes.get_mut(self.scope) {
                        scope.fields.push(name);
                    }
                }
                match value {
                    Some(value) => {
                        self.expression(value);
                        self.target(target, end);
                    }
                    // A mere declaration binds nothing, but makes the name local.
                    None => self.target(target, usize::MAX),
                }
            }
            Stmt::For(StmtFor {
                range: _,
                target,
                iter,
                body,
                orelse,
                type_comment: _,
            })
            | Stmt::AsyncFor(StmtAsyncFor {
                range: _,
                target,
                iter,
                body,
                orelse,
                type_comment: _,
            }) => {
                self.expression(iter);
                self.is_loop = true;
                self.target(target, usize::MAX);
                self.is_loop = false;
                self.branch(body);
                self.branch(orelse);
            }
            Stmt::While(StmtWhile {
                range: _,
                test,
                body,
                orelse,
            })
            | Stmt::If(StmtIf {
                range: _,
                test,
                body,
                orelse,
            }) => {
                self.expression(test);
                self.branch(body);
                self.branch(orelse);
            }
            Stmt::With(StmtWith {
                range: _,
                items,
                body,
                type_comment: _,
            })
            | Stmt::AsyncWith(StmtAsyncWith {
                range: _,
                items,
                body,
                type_comment: _,
            }) => {
                for WithItem {
                    range: _,
                    context_expr,
                    optional_vars,
                } in items
                {
                    self.expression(context_expr);
                    optional_vars
                        .iter()
                        .for_each(|target| self.target(target, usize::MAX));
                }
                self.branch(body);
            }
            Stmt::Match(StmtMatch {
                range: _,
                subject,
                cases,
            }) => {
                self.expression(subject);
                for case in cases {
                    let mut captured = Vec::new();
                    captures(&case.pattern, &mut |name| captured.push(name));
                    captured
                        .into_iter()
                        .for_each(|name| self.bind(name, usize::MAX));
                    case.guard.iter().for_each(|guard| self.expression(guard));
                    self.branch(&case.body);
                }
            }
            Stmt::Raise(StmtRaise {
                range: _,
                exc,
                cause,
            }) => {
                exc.iter()
                    .chain(cause)
                    .for_each(|value| self.expression(value));
            }
            Stmt::Try(StmtTry {
                range: _,
                body,
                handlers,
                orelse,
                finalbody,
            })
            | Stmt::TryStar(StmtTryStar {
                range: _,
                body,
                handlers,
                orelse,
                finalbody,
            }) => {
                self.branch(body);
                for ExceptHandler::ExceptHandler(handler) in handlers {
                    let ExceptHandlerExceptHandler {
                        range: _,
                        type_,
                        name,
                        body,
                    } = handler;
                    type_.iter().for_each(|type_| self.expression(type_));
                    name.iter().for_each(|name| self.bind(name, usize::MAX));
                    self.branch(body);
                }
                self.branch(orelse);
                self.branch(finalbody);
            }
            Stmt::Assert(StmtAssert {
                range: _,
                test,
                msg,
            }) => {
                self.expression(test);
                msg.iter().for_each(|message| self.expression(message));
            }
            Stmt::Import(StmtImport { range: _, names }) => {
                for alias in names {
                    let first = alias.name.split('.').next().unwrap_or_default();
                    self.bind(
                        alias.asname.as_ref().map_or(first, |name| name.as_str()),
                        end,
                    );
                }
            }
            Stmt::ImportFrom(StmtImportFrom {
                range: _,
                module: _,
                names,
                level: _,
            }) => {
                for alias in names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name), end);
                }
            }
            Stmt::Global(StmtGlobal { range: _, names }) => {
                self.declare(names, |scope| &mut scope.globals);
            }
            Stmt::Nonlocal(StmtNonlocal { range: _, names }) => {
                self.declare(names, |scope| &mut scope.nonlocals);
            }
            Stmt::Expr(StmtExpr { range: _, value }) => self.expression(value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => {}
        }
    }

    fn declare(&mut self, declared: &[Identifier], set: fn(&mut Scope) -> &mut FxHashSet<Symbol>) {
        let module = self.scopes.module_of(self.scope);
        for name in declared {
            let name = self.names.symbol(name);
            if let Some(scope) = self.scopes.get_mut(self.scope) {
                set(scope).insert(name);
                scope.bound.remove(&name);
            }
            // `global x` in a function makes x a global even if the module never binds it itself.
            if self.is_global(name)
                && let Some(module) = module.and_then(|module| self.scopes.get_mut(module))
            {
                module.bound.insert(name);
            }
        }
    }

    fn is_global(&self, name: Symbol) -> bool {
        let scope = self.scopes.get(self.scope);
        scope.is_some_and(|scope| scope.globals.contains(&name))
    }

    /// Binds a name, surely from byte `from` on when the statement always runs.
    fn bind(&mut self, name: &str, from: usize) {
        let name = self.names.symbol(name);
        let target = self.scopes.target(self.scope, name);
        let is_here = target == self.scope;
        let is_certain = self.is_certain && from != usize::MAX && is_here;
        if let Some(scope) = self.scopes.get_mut(target) {
            scope.bound.insert(name);
            if !self.is_loop {
                scope.rebound.insert(name);
            }
            if is_certain {
                scope.certain.entry(name).or_insert(from);
            }
        }
    }

    fn target(&mut self, target: &'a Expr, from: usize) {
        match target {
            Expr::Name(name) => self.bind(&name.id, from),
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|target| self.target(target, from)),
            Expr::List(list) => list
                .elts
                .iter()
                .for_each(|target| self.target(target, from)),
            Expr::Starred(starred) => self.target(&starred.value, from),
            other => self.expression(other),
        }
    }

    fn annotation(&mut self, annotation: &'a Expr) {
        self.scopes.annotations.push(annotation);
        self.expression(annotation);
    }

    fn expressions(&mut self, expressions: &'a [Expr]) {
        expressions
            .iter()
            .for_each(|expression| self.expression(expression));
    }

    fn expression(&mut self, expression: &'a Expr) {
        self.scopes.expressions += 1;
        if let Expr::Call(call) = expression {
            let called = match &*call.func {
                Expr::Name(name) => Some(&name.id),
                Expr::Attribute(attribute) => Some(&attribute.attr),
                _ => None,
            };
            if let Some(called) = called {
                let called = self.names.symbol(called);
                self.scopes.called.insert(called);
            }
        }
        if let Expr::NamedExpr(ExprNamedExpr {
            range: _,
            target,
            value: _,
        }) = expression
            && let Expr::Name(name) = &**target
        {
            let before = std::mem::replace(&mut self.is_loop, false);
            self.bind(&name.id, usize::MAX);
            self.is_loop = before;
        }
        // `list["Thing"]` and `typing.Optional["Thing"]` are types wherever they stand.
        if let Expr::Subscript(subscript) = expression {
            let generic = match &*subscript.value {
                Expr::Name(generic) => Some(&generic.id),
                Expr::Attribute(generic) => Some(&generic.attr),
                _ => None,
            };
            if generic.is_some_and(|generic| GENERICS.contains(&generic.as_str())) {
                self.scopes.annotations.push(&subscript.slice);
            }
        }
        if matches!(expression, Expr::Yield(_) | Expr::YieldFrom(_)) {
            self.mark_generator();
        }
        parts(expression, &mut |part| match part {
            Part::Expr(expression) => self.expression(expression),
            Part::Lambda(lambda) => {
                let ExprLambda {
                    range: _,
                    args,
                    body,
                } = lambda;
                self.function("", args, Body::Expression(body), &[]);
            }
            Part::Comprehension(expression, generators) => {
                self.comprehension(expression, generators);
            }
        });
    }

    fn mark_generator(&mut self) {
        let function = self.scopes.get(self.scope).and_then(|scope| scope.function);
        if let Some(id) = function
            && let Some(function) = self.scopes.functions.get_mut(id.index())
        {
            function.is_generator = true;
        }
    }

    fn comprehension(&mut self, expression: &'a Expr, generators: &'a [Comprehension]) {
        let outer = self.enter(ScopeKind::Comprehension, place(expression));
        for (index, generator) in generators.iter().enumerate() {
            let Comprehension {
                range: _,
                target,
                iter,
                ifs,
                is_async: _,
            } = generator;
            self.comprehension_target(target);
            if index == 0 {
                // The first iterable is evaluated in the scope around.
                let inner = std::mem::replace(&mut self.scope, outer.0);
                self.expression(iter);
                self.scope = inner;
            } else {
                self.expression(iter);
            }
            self.expressions(ifs);
        }
        elements(expression)
            .into_iter()
            .flatten()
            .for_each(|element| self.expression(element));
        self.leave(outer);
    }

    fn comprehension_target(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => {
                let name = self.names.symbol(&name.id);
                if let Some(scope) = self.scopes.get_mut(self.scope) {
                    scope.bound.insert(name);
                }
            }
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|item| self.comprehension_target(item)),
            Expr::List(list) => list
                .elts
                .iter()
                .for_each(|item| self.comprehension_target(item)),
            Expr::Starred(starred) => self.comprehension_target(&starred.value),
            other => self.expression(other),
        }
    }

    fn function(&mut self, name: &str, args: &'a Arguments, body: Body<'a>, decorators: &[Expr]) {
        let all = parameters(args);
        for (_, parameter, default) in &all {
            default.iter().for_each(|default| self.expression(default));
            parameter
                .annotation
                .iter()
                .for_each(|annotation| self.annotation(annotation));
        }
        let is_method = self
            .scopes
            .get(self.scope)
            .is_some_and(|scope| scope.kind == ScopeKind::Class);
        let outer = self.enter(ScopeKind::Function, place(args));
        let id = FunctionId::of(self.scopes.functions.len());
        let mut bound = Vec::new();
        for (kind, parameter, _) in all {
            let name = self.names.symbol(&parameter.arg);
            bound.push((kind, name));
        }
        if let Some(scope) = self.scopes.get_mut(self.scope) {
            scope.function = Some(id);
            scope.bound.extend(bound.iter().map(|(_, name)| *name));
        }
        let symbol = self.names.symbol(name);
        self.scopes.functions.push(Function {
            name: symbol,
            scope: self.scope,
            parameters: bound,
            body,
            is_method,
            is_protocol: name.len() > 4 && name.starts_with("__") && name.ends_with("__"),
            is_constructor: matches!(name, "__init__" | "__new__" | "__post_init__"),
            gets_name: match name {
                "__getattr__" | "__getattribute__" | "__setattr__" | "__delattr__" => Some(1),
                "__set_name__" => Some(2),
                _ => None,
            },
            is_decorated: !decorators.is_empty(),
            is_setter: decorators.iter().any(|decorator| {
                matches!(decorator, Expr::Attribute(attribute) if attribute.attr.as_str() == "setter")
            }),
            is_generator: false,
            results: Value::default(),
            reach: Value::default(),
            is_called: false,
        });
        match body {
            Body::Statements(body) => self.body(body),
            Body::Expression(body) => self.expression(body),
        }
        self.leave(outer);
    }

    fn enter(&mut self, kind: ScopeKind, place: usize) -> (ScopeId, bool) {
        let file = self
            .scopes
            .get(self.scope)
            .map_or(FileId(0), |scope| scope.file);
        let id = self.scopes.open(kind, Some(self.scope), file);
        self.scopes.opened.insert(place, id);
        (
            std::mem::replace(&mut self.scope, id),
            std::mem::replace(&mut self.is_certain, true),
        )
    }

    fn leave(&mut self, (scope, is_certain): (ScopeId, bool)) {
        self.scope = scope;
        self.is_certain = is_certain;
    }
}
