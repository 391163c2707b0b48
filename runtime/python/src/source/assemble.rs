//! Completes a tree: makes the nodes of f-strings out of the marker calls that `f_string` had the parser
//! read, and a tuple of `*a` in `x[*a]`.

use rustpython_parser::ast::{self, Constant, ConversionFlag, Expr, Pattern, Stmt};
use rustpython_parser::text_size::TextRange;

use super::f_string::{F_STRING, FIELDS};

/// Completes the tree below these statements.
///
/// # Errors
/// The range of an f-string where Python wants a pattern.
pub(super) fn complete(body: &mut [Stmt]) -> Result<(), TextRange> {
    let mut assembly = Assembly { misplaced: None };
    assembly.block(body);
    assembly.misplaced.map_or(Ok(()), Err)
}

struct Assembly {
    misplaced: Option<TextRange>,
}

impl Assembly {
    fn block(&mut self, body: &mut [Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::FunctionDef(node) => {
                self.all(&mut node.decorator_list);
                self.arguments(&mut node.args);
                self.maybe(&mut node.returns);
                self.block(&mut node.body);
            }
            Stmt::AsyncFunctionDef(node) => {
                self.all(&mut node.decorator_list);
                self.arguments(&mut node.args);
                self.maybe(&mut node.returns);
                self.block(&mut node.body);
            }
            Stmt::ClassDef(node) => {
                self.all(&mut node.decorator_list);
                self.all(&mut node.bases);
                self.keywords(&mut node.keywords);
                self.block(&mut node.body);
            }
            Stmt::Return(node) => self.maybe(&mut node.value),
            Stmt::Delete(node) => self.all(&mut node.targets),
            Stmt::Assign(node) => {
                self.all(&mut node.targets);
                self.expression(&mut node.value);
            }
            Stmt::TypeAlias(node) => self.expression(&mut node.value),
            Stmt::AugAssign(node) => {
                self.expression(&mut node.target);
                self.expression(&mut node.value);
            }
            Stmt::AnnAssign(node) => {
                self.expression(&mut node.target);
                self.expression(&mut node.annotation);
                self.maybe(&mut node.value);
            }
            Stmt::For(node) => {
                self.expression(&mut node.target);
                self.expression(&mut node.iter);
                self.block(&mut node.body);
                self.block(&mut node.orelse);
            }
            Stmt::AsyncFor(node) => {
                self.expression(&mut node.target);
                self.expression(&mut node.iter);
                self.block(&mut node.body);
                self.block(&mut node.orelse);
            }
            Stmt::While(node) => {
                self.expression(&mut node.test);
                self.block(&mut node.body);
                self.block(&mut node.orelse);
            }
            Stmt::If(node) => {
                self.expression(&mut node.test);
                self.block(&mut node.body);
                self.block(&mut node.orelse);
            }
            Stmt::With(node) => {
                self.with_items(&mut node.items);
                self.block(&mut node.body);
            }
            Stmt::AsyncWith(node) => {
                self.with_items(&mut node.items);
                self.block(&mut node.body);
            }
            Stmt::Match(node) => {
                self.expression(&mut node.subject);
                for case in &mut node.cases {
                    self.pattern(&mut case.pattern);
                    self.maybe(&mut case.guard);
                    self.block(&mut case.body);
                }
            }
            Stmt::Raise(node) => {
                self.maybe(&mut node.exc);
                self.maybe(&mut node.cause);
            }
            Stmt::Try(node) => {
                self.block(&mut node.body);
                self.handlers(&mut node.handlers);
                self.block(&mut node.orelse);
                self.block(&mut node.finalbody);
            }
            Stmt::TryStar(node) => {
                self.block(&mut node.body);
                self.handlers(&mut node.handlers);
                self.block(&mut node.orelse);
                self.block(&mut node.finalbody);
            }
            Stmt::Assert(node) => {
                self.expression(&mut node.test);
                self.maybe(&mut node.msg);
            }
            Stmt::Expr(node) => self.expression(&mut node.value),
            Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_) => {}
        }
    }

    fn all(&mut self, expressions: &mut [Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn maybe(&mut self, expression: &mut Option<Box<Expr>>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn keywords(&mut self, keywords: &mut [ast::Keyword]) {
        for keyword in keywords {
            self.expression(&mut keyword.value);
        }
    }

    fn with_items(&mut self, items: &mut [ast::WithItem]) {
        for item in items {
            self.expression(&mut item.context_expr);
            self.maybe(&mut item.optional_vars);
        }
    }

    fn handlers(&mut self, handlers: &mut [ast::ExceptHandler]) {
        for ast::ExceptHandler::ExceptHandler(handler) in handlers {
            self.maybe(&mut handler.type_);
            self.block(&mut handler.body);
        }
    }

    fn arguments(&mut self, arguments: &mut ast::Arguments) {
        let lists = [
            &mut arguments.posonlyargs,
            &mut arguments.args,
            &mut arguments.kwonlyargs,
        ];
        for argument in lists.into_iter().flatten() {
            self.maybe(&mut argument.def.annotation);
            self.maybe(&mut argument.default);
        }
        for argument in [&mut arguments.vararg, &mut arguments.kwarg]
            .into_iter()
            .flatten()
        {
            self.maybe(&mut argument.annotation);
        }
    }

    fn generators(&mut self, generators: &mut [ast::Comprehension]) {
        for generator in generators {
            self.expression(&mut generator.target);
            self.expression(&mut generator.iter);
            self.all(&mut generator.ifs);
        }
    }

    fn expression(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Call(node) => match marker(&node.func) {
                Some(Marker::FString) => {
                    let (values, range) = (std::mem::take(&mut node.args), node.range);
                    *expression = ast::ExprJoinedStr { range, values }.into();
                    self.expression(expression);
                }
                Some(Marker::Field(conversion)) => {
                    let mut parts = std::mem::take(&mut node.args).into_iter();
                    let value = parts.next().unwrap_or_else(|| nothing(node.range));
                    *expression = ast::ExprFormattedValue {
                        range: node.range,
                        value: Box::new(value),
                        conversion,
                        format_spec: parts.next().map(Box::new),
                    }
                    .into();
                    self.expression(expression);
                }
                None => {
                    self.expression(&mut node.func);
                    self.all(&mut node.args);
                    self.keywords(&mut node.keywords);
                }
            },
            Expr::BoolOp(node) => self.all(&mut node.values),
            Expr::NamedExpr(node) => {
                self.expression(&mut node.target);
                self.expression(&mut node.value);
            }
            Expr::BinOp(node) => {
                self.expression(&mut node.left);
                self.expression(&mut node.right);
            }
            Expr::UnaryOp(node) => self.expression(&mut node.operand),
            Expr::Lambda(node) => {
                self.arguments(&mut node.args);
                self.expression(&mut node.body);
            }
            Expr::IfExp(node) => {
                self.expression(&mut node.test);
                self.expression(&mut node.body);
                self.expression(&mut node.orelse);
            }
            Expr::Dict(node) => {
                for key in node.keys.iter_mut().flatten() {
                    self.expression(key);
                }
                self.all(&mut node.values);
            }
            Expr::Set(node) => self.all(&mut node.elts),
            Expr::ListComp(node) => {
                self.expression(&mut node.elt);
                self.generators(&mut node.generators);
            }
            Expr::SetComp(node) => {
                self.expression(&mut node.elt);
                self.generators(&mut node.generators);
            }
            Expr::DictComp(node) => {
                self.expression(&mut node.key);
                self.expression(&mut node.value);
                self.generators(&mut node.generators);
            }
            Expr::GeneratorExp(node) => {
                self.expression(&mut node.elt);
                self.generators(&mut node.generators);
            }
            Expr::Await(node) => self.expression(&mut node.value),
            Expr::Yield(node) => self.maybe(&mut node.value),
            Expr::YieldFrom(node) => self.expression(&mut node.value),
            Expr::Compare(node) => {
                self.expression(&mut node.left);
                self.all(&mut node.comparators);
            }
            Expr::FormattedValue(node) => {
                self.expression(&mut node.value);
                self.maybe(&mut node.format_spec);
            }
            Expr::JoinedStr(node) => self.all(&mut node.values),
            Expr::Attribute(node) => self.expression(&mut node.value),
            Expr::Subscript(node) => {
                if let Expr::Starred(starred) = &*node.slice {
                    let range = starred.range;
                    let ctx = ast::ExprContext::Load;
                    let elts = vec![std::mem::replace(&mut *node.slice, nothing(range))];
                    *node.slice = ast::ExprTuple { range, elts, ctx }.into();
                }
                self.expression(&mut node.value);
                self.expression(&mut node.slice);
            }
            Expr::Starred(node) => self.expression(&mut node.value),
            Expr::List(node) => self.all(&mut node.elts),
            Expr::Tuple(node) => self.all(&mut node.elts),
            Expr::Slice(node) => {
                self.maybe(&mut node.lower);
                self.maybe(&mut node.upper);
                self.maybe(&mut node.step);
            }
            Expr::Constant(_) | Expr::Name(_) => {}
        }
    }

    fn pattern(&mut self, pattern: &mut Pattern) {
        match pattern {
            Pattern::MatchClass(node) => {
                if marker(&node.cls).is_some() {
                    self.misplaced = Some(node.range);
                }
                self.patterns(&mut node.patterns);
                self.patterns(&mut node.kwd_patterns);
            }
            Pattern::MatchSequence(node) => self.patterns(&mut node.patterns),
            Pattern::MatchMapping(node) => self.patterns(&mut node.patterns),
            Pattern::MatchOr(node) => self.patterns(&mut node.patterns),
            Pattern::MatchAs(node) => {
                if let Some(pattern) = &mut node.pattern {
                    self.pattern(pattern);
                }
            }
            // Literals and dotted names: an f-string is neither.
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) | Pattern::MatchStar(_) => {}
        }
    }

    fn patterns(&mut self, patterns: &mut [Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }
}

enum Marker {
    FString,
    Field(ConversionFlag),
}

fn marker(callee: &Expr) -> Option<Marker> {
    let Expr::Name(name) = callee else {
        return None;
    };
    let id = name.id.as_str();
    if id == F_STRING {
        return Some(Marker::FString);
    }
    let conversions = [
        ConversionFlag::None,
        ConversionFlag::Str,
        ConversionFlag::Repr,
        ConversionFlag::Ascii,
    ];
    FIELDS
        .iter()
        .zip(conversions)
        .find_map(|(field, conversion)| (*field == id).then_some(Marker::Field(conversion)))
}

fn nothing(range: TextRange) -> Expr {
    ast::ExprConstant {
        range,
        value: Constant::None,
        kind: None,
    }
    .into()
}
