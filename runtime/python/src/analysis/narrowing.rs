//! What a condition on how a name begins says about it: `if name.startswith("test_"):` and
//! `if name.startswith("_"): continue`.
//!
//! Only variables of loops are looked at: they change where their loop is written and nowhere else.

use rustpython_parser::ast::{Constant, ExceptHandler, Expr, ExprConstant, ExprName, Stmt, StmtIf};

use super::engine::{Engine, Fixed, PUBLIC};
use super::names::Symbol;
use super::scopes::ScopeKind;
use super::value::{Atom, ScopeId, Value};

/// A condition on how a name begins.
pub(super) struct Beginning<'a> {
    pub name: &'a ExprName,
    text: &'a str,
    is_negated: bool,
}

impl<'a> Beginning<'a> {
    /// `name.startswith("run_")` and `not name.startswith("_")`
    pub(super) fn of(condition: &'a Expr) -> Option<Self> {
        let (call, is_negated) = match condition {
            Expr::UnaryOp(negation) if negation.op.is_not() => {
                (negation.operand.as_call_expr()?, true)
            }
            other => (other.as_call_expr()?, false),
        };
        let method = call.func.as_attribute_expr()?;
        let [
            Expr::Constant(ExprConstant {
                value: Constant::Str(text),
                ..
            }),
        ] = call.args.as_slice()
        else {
            return None;
        };
        let is_known = method.attr.as_str() == "startswith" && !text.is_empty();
        is_known.then_some(Self {
            name: method.value.as_name_expr()?,
            text,
            is_negated,
        })
    }

    fn negated(self) -> Self {
        Self {
            is_negated: !self.is_negated,
            ..self
        }
    }
}

impl<'a> Engine<'a, '_> {
    /// What is known of a name that begins like this.
    pub(super) fn beginning(&mut self, beginning: &Beginning<'_>) -> Option<Atom> {
        match (beginning.is_negated, beginning.text) {
            (false, text) => Some(Atom::Prefix(self.names.exact(text))),
            (true, "_") => {
                let public = self.names.exact(PUBLIC);
                Some(Atom::Path(self.names.root(public)))
            }
            (true, _) => None,
        }
    }

    /// Looks at the branches of a condition, each with what the condition says there.
    pub(super) fn branches(&mut self, test: &Expr, body: &'a [Stmt], orelse: &'a [Stmt]) {
        if conditions(test, true).any(|condition| Beginning::of(condition).is_some()) {
            let before = self.fixed.len();
            self.narrow_names(test, true, body);
            self.inline(body);
            self.fixed.truncate(before);
        } else {
            self.statements(body);
        }
        self.statements(orelse);
    }

    /// Looks at what follows a condition that leaves the block, if it says anything about names.
    pub(super) fn rest(&mut self, condition: &Expr, rest: &'a [Stmt]) {
        let before = self.fixed.len();
        self.narrow_names(condition, false, rest);
        self.inline(rest);
        self.fixed.truncate(before);
    }

    /// Looks at statements as parts of the current step: they are only true to what is known of names here.
    fn inline(&mut self, body: &'a [Stmt]) {
        let was_inline = std::mem::replace(&mut self.is_inline, true);
        self.statements(body);
        self.is_inline = was_inline;
    }

    /// Notes what a condition that holds, or fails, says about the names in a block.
    fn narrow_names(&mut self, test: &Expr, holds: bool, block: &[Stmt]) {
        for condition in conditions(test, holds) {
            let Some(beginning) = Beginning::of(condition) else {
                continue;
            };
            let beginning = if holds {
                beginning
            } else {
                beginning.negated()
            };
            let name = self.names.written(&beginning.name.id);
            if !self.is_only_looped(name) || is_looped_over(block, beginning.name.id.as_str()) {
                continue;
            }
            if let Some(known) = self.beginning(&beginning) {
                let at = beginning.name.range.start().to_usize();
                let value = self.lookup(name, at);
                let value = self.carried(&value).joined(&Value::of(known));
                self.fixed.push(Fixed {
                    name,
                    value,
                    scope: Some(self.scope),
                });
            }
        }
    }

    /// Whether a name is the variable of loops of this scope, and nobody else can change it.
    fn is_only_looped(&self, name: Symbol) -> bool {
        let Some(scope) = self.scopes.get(self.scope) else {
            return false;
        };
        let is_alone = match scope.kind {
            ScopeKind::Function => true,
            ScopeKind::Module => !self.imports_itself,
            ScopeKind::Class | ScopeKind::Comprehension => false,
        };
        is_alone
            && scope.bound.contains(&name)
            && !scope.rebound.contains(&name)
            && !self.scopes.is_declared(name)
            && self.stored(self.special.starts_with).says_nothing()
    }

    /// Whether a value that is fixed for the moment is meant by a name in the current scope.
    pub(super) fn is_fixed_here(&self, scope: Option<ScopeId>) -> bool {
        scope.is_none_or(|scope| scope == self.scope)
    }
}

/// The condition that a statement leaves its block by, if that says something about names.
pub(super) fn leaving_condition(statement: &Stmt) -> Option<&Expr> {
    let Stmt::If(StmtIf {
        range: _,
        test,
        body,
        orelse,
    }) = statement
    else {
        return None;
    };
    let leaves = matches!(
        body.last(),
        Some(Stmt::Continue(_) | Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_))
    );
    let is_told = || conditions(test, false).any(|condition| Beginning::of(condition).is_some());
    (leaves && orelse.is_empty() && is_told()).then_some(test)
}

/// The parts of a condition that each hold, or fail, when the whole does.
fn conditions(test: &Expr, holds: bool) -> impl Iterator<Item = &Expr> {
    let conditions = match test {
        Expr::BoolOp(both) if both.op.is_and() == holds => both.values.as_slice(),
        single => std::slice::from_ref(single),
    };
    conditions.iter()
}

/// Whether a loop in a block has a variable of this name.
fn is_looped_over(block: &[Stmt], name: &str) -> bool {
    block.iter().any(|statement| match statement {
        Stmt::For(inner) => {
            has_target(&inner.target, name)
                || is_looped_over(&inner.body, name)
                || is_looped_over(&inner.orelse, name)
        }
        Stmt::AsyncFor(inner) => {
            has_target(&inner.target, name)
                || is_looped_over(&inner.body, name)
                || is_looped_over(&inner.orelse, name)
        }
        Stmt::While(inner) => {
            is_looped_over(&inner.body, name) || is_looped_over(&inner.orelse, name)
        }
        Stmt::If(inner) => is_looped_over(&inner.body, name) || is_looped_over(&inner.orelse, name),
        Stmt::With(inner) => is_looped_over(&inner.body, name),
        Stmt::AsyncWith(inner) => is_looped_over(&inner.body, name),
        Stmt::Match(inner) => inner
            .cases
            .iter()
            .any(|case| is_looped_over(&case.body, name)),
        Stmt::Try(inner) => {
            is_looped_over(&inner.body, name)
                || handlers_loop(&inner.handlers, name)
                || is_looped_over(&inner.orelse, name)
                || is_looped_over(&inner.finalbody, name)
        }
        Stmt::TryStar(inner) => {
            is_looped_over(&inner.body, name)
                || handlers_loop(&inner.handlers, name)
                || is_looped_over(&inner.orelse, name)
                || is_looped_over(&inner.finalbody, name)
        }
        _ => false,
    })
}

fn handlers_loop(handlers: &[ExceptHandler], name: &str) -> bool {
    handlers
        .iter()
        .any(|ExceptHandler::ExceptHandler(handler)| is_looped_over(&handler.body, name))
}

fn has_target(target: &Expr, name: &str) -> bool {
    match target {
        Expr::Name(target) => target.id.as_str() == name,
        Expr::Tuple(targets) => targets.elts.iter().any(|target| has_target(target, name)),
        Expr::List(targets) => targets.elts.iter().any(|target| has_target(target, name)),
        Expr::Starred(target) => has_target(&target.value, name),
        _ => false,
    }
}
