//! A list, set or dictionary made by a comprehension is made by the loop it stands for.

use rustpython_parser::ast::{self, Expr};
use rustpython_parser::text_size::TextRange;

use super::super::scope::ScopeKind;
use super::super::tree::{Kind, symbol};
use super::logic::is_pure;
use super::{Lowering, Shape};

/// A comprehension, taken apart.
struct Comprehension<'a> {
    kind: Kind,
    elements: Vec<&'a Expr>,
    generators: &'a [ast::Comprehension],
}

impl Lowering<'_> {
    /// Adds `variable = [...]` as a loop, if it is one; `variable` adds the variable's token.
    pub(super) fn assign_comprehension(
        &mut self,
        value: &Expr,
        range: TextRange,
        variable: impl Fn(&mut Self),
    ) -> bool {
        let Some(comprehension) = take_apart(value) else {
            return false;
        };
        let Comprehension {
            kind,
            elements,
            generators,
        } = comprehension;
        self.head(Shape::OnlyStores, |this| {
            this.node(Kind::Assign, range, |this| {
                variable(this);
                match kind {
                    Kind::SetComp => this.node(Kind::Call, range, |this| {
                        this.kept_text("set", range);
                        1
                    }),
                    kind => this.leaf(kind, range),
                }
                2
            });
        });
        self.scopes.enter(ScopeKind::Comprehension);
        for generator in generators {
            self.scopes.bind_target(&generator.target, self.program);
        }
        let heads = self.loop_heads(generators);
        let shape = if elements.iter().all(|element| is_pure(element)) {
            Shape::OnlyStores
        } else {
            Shape::Acts
        };
        self.head(shape, |this| match elements.as_slice() {
            [key, value] => this.node(Kind::Assign, range, |this| {
                this.node(Kind::Subscript, range, |this| {
                    variable(this);
                    this.expression(key);
                    2
                });
                this.expression(value);
                2
            }),
            elements => this.node(Kind::Statement, range, |this| {
                this.node(Kind::Call, range, |this| {
                    this.push(symbol(Kind::Member, 2), range);
                    variable(this);
                    let method = if kind == Kind::List { "append" } else { "add" };
                    this.kept_text(method, range);
                    for element in elements {
                        this.expression(element);
                    }
                    1 + elements.len()
                });
                1
            }),
        });
        for at in heads {
            self.close(at);
        }
        self.scopes.leave();
        true
    }

    /// Heads of the loops and of their conditions.
    fn loop_heads(&mut self, generators: &[ast::Comprehension]) -> Vec<usize> {
        let mut heads = Vec::new();
        for generator in generators {
            let ast::Comprehension {
                range: _,
                target,
                iter,
                ifs,
                is_async: _,
            } = generator;
            let range = ast::Ranged::range(target);
            heads.push(self.head(super::frames_shape(is_pure(iter)), |this| {
                this.node(Kind::For, range, |this| {
                    this.expression(target);
                    this.expression(iter);
                    2
                });
            }));
            for test in ifs {
                heads.push(self.head(super::frames_shape(is_pure(test)), |this| {
                    this.node(Kind::Condition, ast::Ranged::range(test), |this| {
                        this.expression(test);
                        1
                    });
                }));
            }
        }
        heads
    }
}

/// The kind is that of the empty display that the loop begins with, or [`Kind::SetComp`].
fn take_apart(value: &Expr) -> Option<Comprehension<'_>> {
    match value {
        Expr::ListComp(ast::ExprListComp {
            range: _,
            elt,
            generators,
        }) => Some(Comprehension {
            kind: Kind::List,
            elements: vec![elt],
            generators,
        }),
        Expr::SetComp(ast::ExprSetComp {
            range: _,
            elt,
            generators,
        }) => Some(Comprehension {
            kind: Kind::SetComp,
            elements: vec![elt],
            generators,
        }),
        Expr::DictComp(ast::ExprDictComp {
            range: _,
            key,
            value,
            generators,
        }) => Some(Comprehension {
            kind: Kind::Dict,
            elements: vec![key, value],
            generators,
        }),
        _ => None,
    }
}
