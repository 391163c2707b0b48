//! Statements, without those that do nothing.

use rustpython_parser::ast::{self, Expr, Ranged, Stmt};
use rustpython_parser::text_size::TextRange;

use super::super::known;
use super::super::scope::{Binding, ScopeKind};
use super::super::tree::{Kind, Owner, symbol};
use super::logic::{is_pure, truth};
use super::{Lowering, Shape, frames_shape};

/// A function, `async` or not.
struct Function<'a> {
    args: &'a ast::Arguments,
    body: &'a [Stmt],
    decorators: &'a [Expr],
    range: TextRange,
}

impl Lowering<'_> {
    /// The statements that can be reached.
    pub(super) fn block(&mut self, block: &[Stmt]) {
        for statement in block {
            self.statement(statement);
            if ends_block(statement) {
                return;
            }
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(ast::StmtFunctionDef {
                range,
                name: _,
                args,
                body,
                decorator_list,
                returns: _,
                type_comment: _,
                type_params: _,
            })
            | Stmt::AsyncFunctionDef(ast::StmtAsyncFunctionDef {
                range,
                name: _,
                args,
                body,
                decorator_list,
                returns: _,
                type_comment: _,
                type_params: _,
            }) => self.function(&Function {
                args,
                body,
                decorators: decorator_list,
                range: *range,
            }),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(ast::StmtReturn { range, value }) => {
                self.give_back(value.as_deref(), *range);
            }
            Stmt::Delete(ast::StmtDelete { range, targets }) => {
                self.plain(Kind::Delete, *range, targets.iter());
            }
            Stmt::Assign(ast::StmtAssign {
                range,
                targets,
                value,
                type_comment: _,
            }) => self.assign(targets, value, *range),
            Stmt::TypeAlias(ast::StmtTypeAlias {
                range: _,
                name: _,
                type_params: _,
                value: _,
            }) => {}
            // `x += 1` is `x = x + 1`.
            Stmt::AugAssign(ast::StmtAugAssign {
                range,
                target,
                op,
                value,
            }) => {
                let shape = self.stores_shape(std::slice::from_ref(target.as_ref()), value);
                self.head(shape, |this| {
                    this.node(Kind::Assign, *range, |this| {
                        this.expression(target);
                        this.binary(target, *op, value, *range);
                        2
                    });
                });
            }
            Stmt::AnnAssign(ast::StmtAnnAssign {
                range,
                target,
                annotation: _,
                value,
                simple: _,
            }) => {
                if let Some(value) = value {
                    self.assign(std::slice::from_ref(target), value, *range);
                }
            }
            Stmt::For(ast::StmtFor {
                range,
                target,
                iter,
                body,
                orelse,
                type_comment: _,
            })
            | Stmt::AsyncFor(ast::StmtAsyncFor {
                range,
                target,
                iter,
                body,
                orelse,
                type_comment: _,
            }) => {
                let at = self.head(frames_shape(is_pure(iter)), |this| {
                    this.node(Kind::For, *range, |this| {
                        this.expression(target);
                        this.expression(iter);
                        2
                    });
                });
                self.block(body);
                self.block(orelse);
                self.close(at);
            }
            Stmt::While(ast::StmtWhile {
                range,
                test,
                body,
                orelse,
            }) => match truth(test) {
                Some(false) => self.block(orelse),
                Some(true) => {
                    self.head(Shape::Acts, |this| this.leaf(Kind::Forever, *range));
                    self.block(body);
                }
                None => {
                    let at = self.head(frames_shape(is_pure(test)), |this| {
                        this.node(Kind::While, *range, |this| {
                            this.expression(test);
                            1
                        });
                    });
                    self.block(body);
                    self.block(orelse);
                    self.close(at);
                }
            },
            Stmt::If(ast::StmtIf {
                range,
                test,
                body,
                orelse,
            }) => self.branch(test, body, orelse, *range),
            Stmt::With(ast::StmtWith {
                range,
                items,
                body,
                type_comment: _,
            })
            | Stmt::AsyncWith(ast::StmtAsyncWith {
                range,
                items,
                body,
                type_comment: _,
            }) => self.with(items, body, *range),
            Stmt::Match(matching) => self.matching(matching),
            Stmt::Raise(ast::StmtRaise { range, exc, cause }) => {
                self.plain(
                    Kind::Raise,
                    *range,
                    exc.iter().chain(cause).map(Box::as_ref),
                );
            }
            Stmt::Try(ast::StmtTry {
                range,
                body,
                handlers,
                orelse,
                finalbody,
            }) => self.attempt(Kind::Except, *range, [body, orelse, finalbody], handlers),
            Stmt::TryStar(ast::StmtTryStar {
                range,
                body,
                handlers,
                orelse,
                finalbody,
            }) => self.attempt(
                Kind::ExceptStar,
                *range,
                [body, orelse, finalbody],
                handlers,
            ),
            Stmt::Assert(ast::StmtAssert {
                range,
                test,
                msg: _,
            }) => {
                if truth(test).is_none() {
                    self.plain(Kind::Assert, *range, std::iter::once(test.as_ref()));
                }
            }
            // Imported names are kept where they are used.
            Stmt::Import(ast::StmtImport { range: _, names: _ })
            | Stmt::ImportFrom(ast::StmtImportFrom {
                range: _,
                module: _,
                names: _,
                level: _,
            })
            | Stmt::Global(ast::StmtGlobal { range: _, names: _ })
            | Stmt::Nonlocal(ast::StmtNonlocal { range: _, names: _ })
            | Stmt::Pass(ast::StmtPass { range: _ }) => {}
            Stmt::Expr(ast::StmtExpr { range, value }) => {
                if !is_pure(value) && !self.is_chatter(value) {
                    self.plain(Kind::Statement, *range, std::iter::once(value.as_ref()));
                }
            }
            Stmt::Break(ast::StmtBreak { range }) => {
                self.head(Shape::Acts, |this| this.leaf(Kind::Break, *range));
            }
            Stmt::Continue(ast::StmtContinue { range }) => {
                self.head(Shape::Acts, |this| this.leaf(Kind::Continue, *range));
            }
        }
    }

    /// A statement that is nothing but its expressions.
    fn plain<'a>(&mut self, kind: Kind, range: TextRange, parts: impl Iterator<Item = &'a Expr>) {
        self.head(Shape::Acts, |this| {
            this.node(kind, range, |this| {
                let mut count = 0;
                for part in parts {
                    this.expression(part);
                    count += 1;
                }
                count
            });
        });
    }

    fn give_back(&mut self, value: Option<&Expr>, range: TextRange) {
        let Some(value) = value.filter(|value| !is_none(value)) else {
            self.head(Shape::Acts, |this| this.leaf(Kind::Return, range));
            return;
        };
        let made = self.program.fresh();
        if self.assign_comprehension(value, range, |this| this.own(made, true, range)) {
            self.head(Shape::Acts, |this| {
                this.node(Kind::Return, range, |this| {
                    this.own(made, false, range);
                    1
                });
            });
        } else {
            self.plain(Kind::Return, range, std::iter::once(value));
        }
    }

    fn assign(&mut self, targets: &[Expr], value: &Expr, range: TextRange) {
        // `a, b = 1, 2` is `a = 1` and `b = 2`.
        if let ([Expr::Tuple(left)], Expr::Tuple(right)) = (targets, value)
            && left.elts.len() == right.elts.len()
            && !left
                .elts
                .iter()
                .chain(&right.elts)
                .any(Expr::is_starred_expr)
        {
            for (target, value) in left.elts.iter().zip(&right.elts) {
                self.assign(std::slice::from_ref(target), value, range);
            }
            return;
        }
        if let [Expr::Name(target)] = targets {
            let (text, binding) = self.meaning(&target.id);
            match (binding, value) {
                (Some(Binding::Alias(path)), value)
                    if self.scopes.path(value, self.program) == Some(path) =>
                {
                    return;
                }
                (Some(Binding::Own(id)), Expr::Call(call)) if matches!(call.func.as_ref(), Expr::Attribute(method) if method.attr.as_str() == "parse_args") =>
                {
                    self.scopes.rebind(text, Binding::Options(id));
                }
                _ => {}
            }
        }
        if let [Expr::Name(target)] = targets
            && self.assign_comprehension(value, range, |this| this.name(&target.id, true, range))
        {
            return;
        }
        let shape = self.stores_shape(targets, value);
        self.head(shape, |this| {
            this.node(Kind::Assign, range, |this| {
                let count = this.expressions(targets);
                this.expression(value);
                count + 1
            });
        });
    }

    fn branch(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt], range: TextRange) {
        match truth(test) {
            Some(true) => return self.block(body),
            Some(false) => return self.block(orelse),
            None => {}
        }
        let mut is_turned = false;
        let at = self.head(frames_shape(is_pure(test)), |this| {
            this.node(Kind::Condition, range, |this| {
                if orelse.is_empty() {
                    this.expression(test);
                } else {
                    is_turned = this.condition(test, true);
                }
                1
            });
        });
        let (first, second) = if is_turned {
            (orelse, body)
        } else {
            (body, orelse)
        };
        self.block(first);
        self.block(second);
        self.close(at);
    }

    fn with(&mut self, items: &[ast::WithItem], body: &[Stmt], range: TextRange) {
        for item in items {
            let ast::WithItem {
                range: _,
                context_expr,
                optional_vars,
            } = item;
            let target = optional_vars.as_deref();
            self.plain(
                Kind::With,
                range,
                target.into_iter().chain(std::iter::once(context_expr)),
            );
        }
        self.block(body);
    }

    fn matching(&mut self, matching: &ast::StmtMatch) {
        let ast::StmtMatch {
            range,
            subject,
            cases,
        } = matching;
        self.plain(Kind::Match, *range, std::iter::once(subject.as_ref()));
        for case in cases {
            let ast::MatchCase {
                range: _,
                pattern,
                guard,
                body,
            } = case;
            self.head(Shape::Acts, |this| {
                this.node(Kind::Case, pattern.range(), |this| {
                    this.pattern(pattern);
                    if let Some(guard) = guard {
                        this.expression(guard);
                    }
                    1 + usize::from(guard.is_some())
                });
            });
            self.block(body);
        }
    }

    /// `try` itself is nothing: putting one around everything is free. Its handlers count.
    fn attempt(
        &mut self,
        kind: Kind,
        range: TextRange,
        [body, orelse, finalbody]: [&[Stmt]; 3],
        handlers: &[ast::ExceptHandler],
    ) {
        self.block(body);
        for ast::ExceptHandler::ExceptHandler(handler) in handlers {
            let ast::ExceptHandlerExceptHandler {
                range: _,
                type_,
                name: _,
                body,
            } = handler;
            if !matches!(
                body.as_slice(),
                [Stmt::Raise(ast::StmtRaise { exc: None, .. })]
            ) {
                self.plain(kind, range, type_.iter().map(Box::as_ref));
                self.block(body);
            }
        }
        self.block(orelse);
        self.block(finalbody);
    }

    fn function(&mut self, function: &Function<'_>) {
        self.decorators(function.decorators);
        let is_static = function
            .decorators
            .iter()
            .any(|decorator| is_named(decorator, &["staticmethod"]));
        let is_method = self.scopes.kind() == Some(ScopeKind::Class) && !is_static;
        // Defaults are evaluated where the function is defined, and stand in its head.
        let Function {
            args,
            body,
            decorators: _,
            range,
        } = *function;
        let start = self.program.len();
        let node = self.push(symbol(Kind::Function, 0), range);
        let defaults = self.defaults(args);
        self.in_function(ScopeKind::Function, |this| {
            if is_method && let Some(first) = args.posonlyargs.iter().chain(&args.args).next() {
                let id = this.program.fresh();
                let name = this.program.text(&first.def.arg);
                this.scopes.rebind(name, Binding::Receiver(id));
            }
            let parameters = this.parameters(args);
            this.finish(node, Kind::Function, defaults + parameters);
            this.push_unit(start, Shape::Acts);
            this.scopes.bind_block(body, this.program);
            this.block(body);
        });
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        let ast::StmtClassDef {
            range,
            name: _,
            bases,
            keywords,
            body,
            decorator_list,
            type_params: _,
        } = class;
        self.decorators(decorator_list);
        if !bases.is_empty() || !keywords.is_empty() {
            self.head(Shape::Acts, |this| {
                this.node(Kind::Class, *range, |this| {
                    let bases = this.expressions(bases);
                    this.keywords(keywords, true);
                    bases + keywords.len()
                });
            });
        }
        self.in_function(ScopeKind::Class, |this| {
            this.scopes.bind_block(body, this.program);
            this.block(body);
        });
    }

    fn decorators(&mut self, decorators: &[Expr]) {
        for decorator in decorators {
            if !is_named(decorator, &["staticmethod", "classmethod", "property"]) {
                self.plain(
                    Kind::Decorator,
                    decorator.range(),
                    std::iter::once(decorator),
                );
            }
        }
    }

    /// Whether an assignment does nothing but write names.
    fn stores_shape(&mut self, targets: &[Expr], value: &Expr) -> Shape {
        if is_pure(value) && targets.iter().all(|target| self.is_variable(target)) {
            Shape::OnlyStores
        } else {
            Shape::Acts
        }
    }

    fn is_variable(&mut self, target: &Expr) -> bool {
        match target {
            Expr::Name(_) => true,
            Expr::Attribute(attribute) => {
                self.owner_of_members(&attribute.value) == Owner::Receiver
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().all(Expr::is_name_expr)
            }
            _ => false,
        }
    }

    /// Printing or logging of what is there anyway.
    fn is_chatter(&mut self, value: &Expr) -> bool {
        let Expr::Call(call) = value else {
            return false;
        };
        let is_output = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str() == "print" && self.meaning(&name.id).1.is_none(),
            Expr::Attribute(method) => known::is_log_method(&method.attr) && is_pure(&method.value),
            _ => false,
        };
        is_output
            && call.args.iter().all(is_pure)
            && call.keywords.iter().all(|keyword| is_pure(&keyword.value))
    }
}

fn is_none(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Constant(ast::ExprConstant {
            value: ast::Constant::None,
            ..
        })
    )
}

fn is_named(expression: &Expr, names: &[&str]) -> bool {
    matches!(expression, Expr::Name(name) if names.contains(&name.id.as_str()))
}

/// Whether nothing after the statement is reached.
fn ends_block(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_) => true,
        Stmt::If(branch) => match truth(&branch.test) {
            Some(true) => branch.body.iter().any(ends_block),
            Some(false) => branch.orelse.iter().any(ends_block),
            None => branch.body.iter().any(ends_block) && branch.orelse.iter().any(ends_block),
        },
        _ => false,
    }
}
