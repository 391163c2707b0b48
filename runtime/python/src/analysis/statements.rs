//! What statements do: bind, store, hand out.

use rustpython_parser::ast::{
    Arguments, ExceptHandler, ExceptHandlerExceptHandler, Expr, Keyword, MatchCase, Ranged, Stmt,
    StmtAnnAssign, StmtAssert, StmtAssign, StmtAsyncFor, StmtAsyncFunctionDef, StmtAsyncWith,
    StmtAugAssign, StmtClassDef, StmtDelete, StmtExpr, StmtFor, StmtFunctionDef, StmtIf, StmtMatch,
    StmtRaise, StmtReturn, StmtTry, StmtTryStar, StmtTypeAlias, StmtWhile, StmtWith, TypeParam,
    WithItem,
};

use rustpython_parser::text_size::TextRange;

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::Symbol;
use super::scopes::{ScopeKind, place};
use super::value::{Atom, Value};
use super::visit::parameters;
use crate::policy::id;

impl<'a> Engine<'a, '_> {
    pub(super) fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(StmtFunctionDef {
                range,
                name,
                args,
                body: _,
                decorator_list,
                returns,
                type_comment: _,
                type_params,
            })
            | Stmt::AsyncFunctionDef(StmtAsyncFunctionDef {
                range,
                name,
                args,
                body: _,
                decorator_list,
                returns,
                type_comment: _,
                type_params,
            }) => {
                self.type_parameters(type_params);
                let parts = (args.as_ref(), decorator_list.as_slice());
                self.function(name, parts, returns.as_deref(), *range);
            }
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(StmtReturn { range: _, value }) => {
                if let Some(value) = value {
                    let value = self.expression(value);
                    self.returned(&value);
                }
            }
            Stmt::Delete(StmtDelete { range: _, targets }) => {
                for target in targets {
                    self.expression(target);
                    self.delete(target);
                }
            }
            Stmt::Assign(StmtAssign {
                range: _,
                targets,
                value,
                type_comment: _,
            }) => {
                let assigned = self.expression(value);
                for target in targets {
                    self.assign(target, &assigned, Some(value));
                }
            }
            Stmt::TypeAlias(StmtTypeAlias {
                range: _,
                name,
                type_params,
                value,
            }) => {
                self.type_parameters(type_params);
                let value = self.expression(value);
                self.assign(name, &value, None);
            }
            Stmt::AugAssign(assignment) => self.augmented(assignment),
            Stmt::AnnAssign(StmtAnnAssign {
                range: _,
                target,
                annotation,
                value,
                simple: _,
            }) => {
                self.annotation(annotation);
                match value {
                    Some(value) => {
                        let assigned = self.expression(value);
                        self.assign(target, &assigned, Some(value));
                    }
                    None => self.assign(target, &Value::default(), None),
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
                let iterated = self.expression(iter);
                let item = self.iterated(&iterated);
                self.assign(target, &item, None);
                self.statements(body);
                self.statements(orelse);
            }
            Stmt::If(StmtIf {
                range: _,
                test,
                body,
                orelse,
            }) => {
                self.expression(test);
                self.branches(test, body, orelse);
            }
            Stmt::While(StmtWhile {
                range: _,
                test,
                body,
                orelse,
            }) => {
                self.expression(test);
                self.statements(body);
                self.statements(orelse);
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
                    let entered = self.expression(context_expr);
                    if let Some(target) = optional_vars {
                        let entered = entered.or_unknown();
                        self.assign(target, &entered, None);
                    }
                }
                self.statements(body);
            }
            Stmt::Match(StmtMatch {
                range: _,
                subject,
                cases,
            }) => {
                let subject = self.expression(subject);
                for MatchCase {
                    range: _,
                    pattern,
                    guard,
                    body,
                } in cases
                {
                    self.pattern(pattern, &subject);
                    if let Some(guard) = guard {
                        self.expression(guard);
                    }
                    self.statements(body);
                }
            }
            Stmt::Raise(StmtRaise {
                range: _,
                exc,
                cause,
            }) => {
                for raised in exc.iter().chain(cause) {
                    let raised = self.expression(raised);
                    let carried = self.carried(&raised);
                    self.escape(&carried);
                }
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
                self.statements(body);
                for ExceptHandler::ExceptHandler(handler) in handlers {
                    self.handler(handler);
                }
                self.statements(orelse);
                self.statements(finalbody);
            }
            Stmt::Assert(StmtAssert {
                range: _,
                test,
                msg,
            }) => {
                self.expression(test);
                if let Some(message) = msg {
                    self.expression(message);
                }
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Expr(StmtExpr { range: _, value }) => {
                self.expression(value);
            }
            Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_) => {}
        }
    }

    /// `del module.name` brings back what the name hid.
    fn delete(&mut self, target: &Expr) {
        match target {
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value);
                self.change(&object);
            }
            Expr::Tuple(targets) => targets.elts.iter().for_each(|target| self.delete(target)),
            Expr::List(targets) => targets.elts.iter().for_each(|target| self.delete(target)),
            _ => {}
        }
        let Expr::Attribute(attribute) = target else {
            return;
        };
        let object = self.expression(&attribute.value);
        let name = self.names.written(&attribute.attr);
        for atom in object.atoms() {
            if let Atom::Local(file) = atom
                && let Some(scope) = self.scopes.modules.get(file.index()).copied()
                && self.scopes.delete(scope, name)
            {
                self.dependencies.all_changed();
            }
        }
    }

    fn handler(&mut self, handler: &'a ExceptHandlerExceptHandler) {
        let ExceptHandlerExceptHandler {
            range: _,
            type_,
            name,
            body,
        } = handler;
        if let Some(type_) = type_ {
            self.expression(type_);
        }
        if let Some(name) = name {
            let name = self.names.symbol(name);
            let caught = Value::unknown();
            self.bind(name, &caught);
        }
        self.statements(body);
    }

    /// An annotation: whoever reads the annotations gets what it gives.
    fn annotation(&mut self, annotation: &Expr) {
        let value = self.expression(annotation);
        let modules = self.modules_of(&self.carried(&value));
        self.escape(&modules);
    }

    /// A default: it can be read from the function's signature.
    pub(super) fn note_default(&mut self, value: &Value) {
        let modules = self.modules_of(&self.carried(value));
        if !modules.has_no_atoms() {
            let name = self.names.exact("default");
            self.store_attribute(name, &modules);
        }
    }

    fn type_parameters(&mut self, parameters: &[TypeParam]) {
        for parameter in parameters {
            if let TypeParam::TypeVar(variable) = parameter
                && let Some(bound) = &variable.bound
            {
                self.expression(bound);
            }
        }
    }

    fn function(
        &mut self,
        name: &str,
        (args, decorators): (&Arguments, &[Expr]),
        returns: Option<&Expr>,
        range: TextRange,
    ) {
        let decorators: Vec<Value> = decorators
            .iter()
            .map(|decorator| self.expression(decorator))
            .collect();
        let scope = self.scopes.opened_by(args);
        for (_, parameter, default) in parameters(args) {
            if let Some(annotation) = &parameter.annotation {
                self.annotation(annotation);
            }
            if let Some(default) = default {
                let value = self.expression(default);
                self.note_default(&value);
                if let Some(scope) = scope {
                    let name = self.names.written(&parameter.arg);
                    self.bind_in(scope, name, &value);
                }
            }
        }
        if let Some(returns) = returns {
            self.annotation(returns);
        }
        let function = scope
            .and_then(|scope| self.scopes.get(scope))
            .and_then(|scope| scope.function);
        let plain = function.map_or_else(Value::unknown, |function| {
            Value::of(Atom::Function(function))
        });
        let value = self.decorated(&decorators, plain, place(args));
        let name = self.names.symbol(name);
        self.check_bound_name(range, name);
        self.bind(name, &value);
    }

    /// A function or class after its decorators, which are calls that nobody wrote.
    fn decorated(&mut self, decorators: &[Value], plain: Value, place: usize) -> Value {
        let mut value = plain;
        for (index, decorator) in decorators.iter().rev().enumerate() {
            let part = u8::try_from(index).unwrap_or(u8::MAX);
            let result = self.decorate(decorator, &value, (place, part));
            value.join(&result);
        }
        value
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        let StmtClassDef {
            range: _,
            name,
            bases,
            keywords,
            body,
            decorator_list,
            type_params,
        } = class;
        let decorators: Vec<Value> = decorator_list
            .iter()
            .map(|decorator| self.expression(decorator))
            .collect();
        self.type_parameters(type_params);
        let mut has_outside_base = false;
        let mut all_bases = Value::default();
        for base in bases {
            let range = base.range();
            let base = self.expression(base);
            has_outside_base |= base.is_unknown()
                || base
                    .atoms()
                    .iter()
                    .any(|atom| !matches!(atom, Atom::Class(_)));
            self.check_base(&base, range);
            all_bases.join(&base);
        }
        if !keywords.is_empty() || !bases.is_empty() {
            self.note_first_call_at(class.range.start().to_usize());
        }
        for Keyword {
            range: _,
            arg: _,
            value,
        } in keywords
        {
            let value = self.expression(value);
            // Class keywords arrive in `__init_subclass__` and metaclasses.
            self.hand_to_protocols(&value);
        }
        let Some(scope) = self.scopes.opened_by(class) else {
            return;
        };
        if has_outside_base
            && let Some(inside) = self.scopes.get_mut(scope)
            && !std::mem::replace(&mut inside.has_outside_base, true)
        {
            self.dependencies.changed(Kept::Class(scope));
        }
        let outer = std::mem::replace(&mut self.scope, scope);
        self.statements(body);
        self.scope = outer;
        self.inherit(scope, &all_bases);
        let value = self.decorated(&decorators, Value::of(Atom::Class(scope)), place(class));
        let name = self.names.symbol(name);
        self.bind(name, &value);
    }

    fn augmented(&mut self, assignment: &StmtAugAssign) {
        let StmtAugAssign {
            range,
            target,
            op,
            value,
        } = assignment;
        let right = self.expression(value);
        let left = self.expression(target);
        self.change(&left);
        let joined = self.binary(*op, &left, &right);
        // A list extended in place holds the new things as well.
        let elements = self.elements(&right);
        for atom in left.atoms().to_vec() {
            if let Atom::Holder(holder) = atom {
                self.put(holder, &elements);
            }
        }
        self.check_search_path(&left, &right, *range);
        if let Some(beside) = self.beside_binary(*op, &left, &right, *range) {
            self.assign(target, &beside, None);
            return;
        }
        self.assign(target, &joined, None);
    }

    /// Binds a target to a value; `written` is the expression that gave it, whose parts may be known one
    /// by one.
    pub(super) fn assign(&mut self, target: &Expr, value: &Value, written: Option<&Expr>) {
        match target {
            Expr::Name(name) => {
                let symbol = self.names.written(&name.id);
                self.bind(symbol, value);
                // Python calls what has such a name without a call being written.
                let text = self.names.text(symbol);
                if text.starts_with("__") && text.ends_with("__") {
                    let carried = self.carried(value);
                    self.check_handed_over(&carried, name.range);
                    self.escape(&carried);
                }
                self.check_bound_name(target.range(), symbol);
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                let name = self.names.written(&attribute.attr);
                // Writing where reading is forbidden is no better.
                self.check_attribute(&object, name, attribute.range);
                self.store_on(&object, name, value);
                // `__set__` and `__setattr__` are given what is stored.
                let carried = self.carried(value);
                let modules = self.modules_of(&carried);
                if !modules.has_no_atoms() {
                    self.give_to_crowd(&modules, &Value::default());
                }
                self.check_stored(&object, name, value, attribute.range);
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value);
                let key = self.expression(&subscript.slice);
                self.change(&object);
                let mut is_held = false;
                for atom in object.atoms().to_vec() {
                    if let Atom::Holder(holder) = atom {
                        self.put(holder, value);
                        self.put_key_if_mapping(holder, &key);
                        is_held = true;
                    }
                }
                self.check_search_path(&object, value, subscript.range);
                self.check_stored_key(&key, subscript.range);
                self.hand_modules(&key);
                self.check_environment(&object, &key, subscript.range);
                if is_annotations(&subscript.value) {
                    let subject = "annotations that are not written as such";
                    self.report_path(id::GADGET, subscript.range, subject);
                }
                if !is_held || object.is_unknown() {
                    let carried = self.carried(value);
                    self.escape(&carried);
                    self.hand_to_protocols(value);
                    self.hand_to_protocols(&key);
                }
            }
            Expr::Tuple(tuple) => self.unpack(&tuple.elts, value, written),
            Expr::List(list) => self.unpack(&list.elts, value, written),
            Expr::Starred(starred) => {
                let holder = self.holder(place(starred), 3);
                self.put(holder, value);
                self.change(&Value::of(Atom::Holder(holder)));
                self.assign(
                    &starred.value,
                    &Value::of(Atom::Holder(holder)).or_unknown(),
                    None,
                );
            }
            other => {
                self.expression(other);
            }
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value, written: Option<&Expr>) {
        let parts: Option<&[Expr]> = match written {
            Some(Expr::Tuple(tuple)) => Some(&tuple.elts),
            Some(Expr::List(list)) => Some(&list.elts),
            _ => None,
        };
        let is_plain =
            |expressions: &[Expr]| !expressions.iter().any(|part| part.is_starred_expr());
        if let Some(parts) = parts
            && parts.len() == targets.len()
            && is_plain(parts)
            && is_plain(targets)
        {
            for (target, part) in targets.iter().zip(parts) {
                let value = self.expression(part);
                self.assign(target, &value, Some(part));
            }
            return;
        }
        let element = self.iterated(value);
        for target in targets {
            self.assign(target, &element, None);
        }
    }

    /// Names that mean something to Python when they are bound.
    fn check_bound_name(&mut self, range: TextRange, name: Symbol) {
        if self.is_in_class() && self.names.text(name).contains('_') {
            self.check_class_name(range, name);
        }
        if matches!(
            self.names.text(name),
            "__annotations__" | "__dataclass_fields__" | "__dataclass_params__"
        ) {
            self.report_path(
                id::GADGET,
                range,
                "annotations that are not written as such",
            );
        }
        if matches!(
            self.names.text(name),
            "__builtins__" | "__loader__" | "__spec__"
        ) {
            self.report_path(id::NAMESPACE, range, "a name of the interpreter");
        }
    }

    fn is_in_class(&self) -> bool {
        let scope = self.scopes.get(self.scope);
        scope.is_some_and(|scope| scope.kind == ScopeKind::Class)
    }

    /// Names in a class reach `__set_name__` and whoever goes through the class' attributes. Methods that
    /// Python calls are another matter.
    fn check_class_name(&mut self, range: TextRange, name: Symbol) {
        let text = self.names.text(name);
        let is_hook = matches!(text, "__reduce__" | "__reduce_ex__" | "__getattribute__");
        let is_internal = ["__", "f_", "tb_", "gi_", "cr_", "ag_", "co_", "func_"]
            .iter()
            .any(|begin| text.starts_with(begin));
        if is_internal
            && !is_hook
            && let Some(rule) = self.policy.attribute(text)
        {
            let subject = format!("`{text}` in a class");
            self.report(Some(range), rule, &subject);
        }
    }
}

/// Whether an expression is the annotations of something.
fn is_annotations(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "__annotations__",
        Expr::Name(name) => name.id.as_str() == "__annotations__",
        _ => false,
    }
}
