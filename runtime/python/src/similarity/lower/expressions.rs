//! Expressions, with the rewrites that cost a plagiarist nothing undone.

use rustpython_parser::ast::{
    self, BoolOp, CmpOp, Constant, Expr, ExprContext, Operator, Ranged, UnaryOp,
};
use rustpython_parser::text_size::TextRange;
use unicode_normalization::UnicodeNormalization;

use super::super::scope::{Binding, ScopeKind};
use super::super::tree::{Kind, Owner, symbol};
use super::Lowering;

impl Lowering<'_> {
    pub(super) fn expressions(&mut self, expressions: &[Expr]) -> usize {
        for expression in expressions {
            self.expression(expression);
        }
        expressions.len()
    }

    /// An expression that may be missing: then `None` stands for it.
    fn optional(&mut self, expression: Option<&Expr>, range: TextRange) {
        match expression {
            Some(expression) => self.expression(expression),
            None => self.leaf(Kind::None, range),
        }
    }

    pub(super) fn expression(&mut self, expression: &Expr) {
        let range = expression.range();
        match expression {
            Expr::BoolOp(ast::ExprBoolOp {
                range: _,
                op,
                values,
            }) => {
                let kind = match op {
                    BoolOp::And => Kind::And,
                    BoolOp::Or => Kind::Or,
                };
                self.node(kind, range, |this| this.expressions(values));
            }
            Expr::NamedExpr(ast::ExprNamedExpr {
                range: _,
                target,
                value,
            }) => {
                if let Expr::Name(name) = target.as_ref() {
                    self.scopes
                        .bind_outside_comprehensions(&name.id, self.program);
                }
                self.node(Kind::Assign, range, |this| {
                    this.expression(target);
                    this.expression(value);
                    2
                });
            }
            Expr::BinOp(ast::ExprBinOp {
                range: _,
                left,
                op,
                right,
            }) => self.binary(left, *op, right, range),
            Expr::UnaryOp(ast::ExprUnaryOp {
                range: _,
                op,
                operand,
            }) => self.unary(*op, operand, range),
            Expr::Lambda(ast::ExprLambda {
                range: _,
                args,
                body,
            }) => {
                self.node(Kind::Lambda, range, |this| {
                    let defaults = this.defaults(args);
                    this.scopes.enter(ScopeKind::Function);
                    let parameters = this.parameters(args);
                    this.expression(body);
                    this.scopes.leave();
                    defaults + parameters + 1
                });
            }
            Expr::IfExp(ast::ExprIfExp {
                range: _,
                test,
                body,
                orelse,
            }) => self.node(Kind::IfExp, range, |this| {
                let is_turned = this.condition(test, true);
                let (first, second) = if is_turned {
                    (orelse, body)
                } else {
                    (body, orelse)
                };
                this.expression(first);
                this.expression(second);
                3
            }),
            Expr::Dict(ast::ExprDict {
                range: _,
                keys,
                values,
            }) => {
                let is_data = keys.iter().flatten().chain(values).all(is_literal);
                if is_data && !values.is_empty() {
                    return self.leaf(Kind::Constants, range);
                }
                self.node(Kind::Dict, range, |this| {
                    for (key, value) in keys.iter().zip(values) {
                        if let Some(key) = key {
                            this.expression(key);
                        }
                        this.expression(value);
                    }
                    keys.iter().flatten().count() + values.len()
                });
            }
            Expr::Set(ast::ExprSet { range: _, elts }) => self.display(Kind::Set, elts, range),
            Expr::ListComp(ast::ExprListComp {
                range: _,
                elt,
                generators,
            }) => self.comprehension(Kind::ListComp, &[elt], generators, range),
            Expr::SetComp(ast::ExprSetComp {
                range: _,
                elt,
                generators,
            }) => self.comprehension(Kind::SetComp, &[elt], generators, range),
            Expr::DictComp(ast::ExprDictComp {
                range: _,
                key,
                value,
                generators,
            }) => self.comprehension(Kind::DictComp, &[key, value], generators, range),
            // `list(f(x) for x in y)` and `[f(x) for x in y]` are one inside the call.
            Expr::GeneratorExp(ast::ExprGeneratorExp {
                range: _,
                elt,
                generators,
            }) => self.comprehension(Kind::ListComp, &[elt], generators, range),
            // Wrapping in `async def` is free, so waiting is nothing.
            Expr::Await(ast::ExprAwait { range: _, value }) => self.expression(value),
            Expr::Yield(ast::ExprYield { range: _, value }) => {
                self.node(Kind::Yield, range, |this| {
                    this.expressions(value.as_deref().map_or(&[], std::slice::from_ref))
                });
            }
            Expr::YieldFrom(ast::ExprYieldFrom { range: _, value }) => {
                self.node(Kind::YieldFrom, range, |this| {
                    this.expression(value);
                    1
                });
            }
            Expr::Compare(comparison) => self.compare(comparison, false),
            Expr::Call(call) => self.call(call),
            Expr::FormattedValue(ast::ExprFormattedValue {
                range: _,
                value,
                conversion: _,
                format_spec: _,
            }) => self.expression(value),
            Expr::JoinedStr(ast::ExprJoinedStr { range: _, values }) => {
                self.node(Kind::Format, range, |this| this.formatted(values));
            }
            Expr::Constant(ast::ExprConstant {
                range: _,
                value,
                kind: _,
            }) => self.constant(value, range),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Subscript(ast::ExprSubscript {
                range: _,
                value,
                slice,
                ctx: _,
            }) => self.node(Kind::Subscript, range, |this| {
                this.expression(value);
                this.expression(slice);
                2
            }),
            Expr::Starred(ast::ExprStarred {
                range: _,
                value,
                ctx: _,
            }) => self.node(Kind::Starred, range, |this| {
                this.expression(value);
                1
            }),
            Expr::Name(ast::ExprName { range: _, id, ctx }) => {
                self.name(id, *ctx == ExprContext::Store, range);
            }
            Expr::List(ast::ExprList {
                range: _,
                elts,
                ctx: _,
            }) => self.display(Kind::List, elts, range),
            Expr::Tuple(ast::ExprTuple {
                range: _,
                elts,
                ctx: _,
            }) => self.display(Kind::Tuple, elts, range),
            Expr::Slice(ast::ExprSlice {
                range: _,
                lower,
                upper,
                step,
            }) => self.node(Kind::Slice, range, |this| {
                this.optional(lower.as_deref(), range);
                this.optional(upper.as_deref(), range);
                this.expressions(step.as_deref().map_or(&[], std::slice::from_ref)) + 2
            }),
        }
    }

    fn constant(&mut self, value: &Constant, range: TextRange) {
        let kind = match value {
            Constant::None => Kind::None,
            Constant::Str(_) | Constant::Bytes(_) => Kind::Text,
            Constant::Tuple(_) => Kind::Constants,
            Constant::Bool(_)
            | Constant::Int(_)
            | Constant::Float(_)
            | Constant::Complex { real: _, imag: _ }
            | Constant::Ellipsis => Kind::Literal,
        };
        self.leaf(kind, range);
    }

    /// A list, set or tuple. A table of literals is one literal, however long.
    fn display(&mut self, kind: Kind, elements: &[Expr], range: TextRange) {
        if !elements.is_empty() && elements.iter().all(is_literal) {
            return self.leaf(Kind::Constants, range);
        }
        self.node(kind, range, |this| this.expressions(elements));
    }

    /// The values of an f-string; its text is a literal like others.
    fn formatted(&mut self, values: &[Expr]) -> usize {
        let mut count = 0;
        for value in values {
            match value {
                Expr::Constant(_) => {}
                value => {
                    self.expression(value);
                    count += 1;
                }
            }
        }
        count
    }

    pub(super) fn binary(&mut self, left: &Expr, op: Operator, right: &Expr, range: TextRange) {
        if is_literal(left) && is_literal(right) {
            return self.expression(left);
        }
        if op == Operator::Mod && is_text(left) {
            return self.node(Kind::Format, range, |this| match right {
                Expr::Tuple(tuple) => this.expressions(&tuple.elts),
                right => {
                    this.expression(right);
                    1
                }
            });
        }
        self.node(operator_kind(op), range, |this| {
            this.expression(left);
            this.expression(right);
            2
        });
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr, range: TextRange) {
        let kind = match op {
            UnaryOp::Not => {
                self.condition(operand, false);
                return;
            }
            UnaryOp::USub | UnaryOp::UAdd if is_literal(operand) => {
                return self.leaf(Kind::Literal, range);
            }
            UnaryOp::UAdd => return self.expression(operand),
            UnaryOp::USub => Kind::Negative,
            UnaryOp::Invert => Kind::Invert,
        };
        self.node(kind, range, |this| {
            this.expression(operand);
            1
        });
    }

    /// A condition without a `not` at its outside where that can be had: by turning the comparison, or,
    /// where `may_turn`, the branches. Whether the branches must be turned is returned. With
    /// `may_turn` false it is the opposite of `test` that is added.
    pub(super) fn condition(&mut self, test: &Expr, may_turn: bool) -> bool {
        let (mut test, mut is_negated) = (test, !may_turn);
        while let Expr::UnaryOp(ast::ExprUnaryOp {
            range: _,
            op: UnaryOp::Not,
            operand,
        }) = test
        {
            test = operand;
            is_negated = !is_negated;
        }
        match test {
            Expr::Compare(comparison) if comparison.ops.len() == 1 => {
                let is_negative = super::logic::is_negative(test);
                let turn = may_turn && is_negative != is_negated;
                self.compare(comparison, is_negated != turn);
                turn
            }
            test if is_negated && !may_turn => {
                self.node(Kind::Not, test.range(), |this| {
                    this.expression(test);
                    1
                });
                false
            }
            test => {
                self.expression(test);
                is_negated && may_turn
            }
        }
    }

    fn compare(&mut self, comparison: &ast::ExprCompare, is_negated: bool) {
        let ast::ExprCompare {
            range,
            left,
            ops,
            comparators,
        } = comparison;
        if let ([op], [right]) = (ops.as_slice(), comparators.as_slice()) {
            return self.compare_two(left, *op, right, is_negated, *range);
        }
        // `a < b < c` is `a < b and b < c` where repeating `b` is cheap.
        let are_short = comparators.iter().rev().skip(1).all(is_short);
        let kind = if are_short { Kind::And } else { Kind::Chain };
        self.node(kind, *range, |this| {
            let mut previous: &Expr = left;
            for (op, right) in ops.iter().zip(comparators) {
                if are_short {
                    this.compare_two(previous, *op, right, false, *range);
                } else {
                    this.node(comparison_kind(*op, false).0, *range, |this| {
                        this.expression(right);
                        1
                    });
                }
                previous = right;
            }
            if !are_short {
                this.expression(left);
                return ops.len() + 1;
            }
            ops.len()
        });
    }

    fn compare_two(
        &mut self,
        left: &Expr,
        op: CmpOp,
        right: &Expr,
        is_negated: bool,
        range: TextRange,
    ) {
        let (kind, is_swapped) = comparison_kind(op, is_negated);
        let is_symmetric = matches!(kind, Kind::Equal | Kind::NotEqual);
        let swap = is_swapped || (is_symmetric && is_literal(left) && !is_literal(right));
        let (first, second) = if swap { (right, left) } else { (left, right) };
        self.node(kind, range, |this| {
            this.expression(first);
            this.expression(second);
            2
        });
    }

    /// A chain of attributes, taken apart once: looking for its base at each link would be quadratic.
    fn attribute(&mut self, attribute: &ast::ExprAttribute) {
        if let Expr::Attribute(next) = attribute.value.as_ref() {
            let mut links = vec![attribute, next];
            let mut base = next.value.as_ref();
            while let Expr::Attribute(link) = base {
                links.push(link);
                base = &link.value;
            }
            self.links(base, &links);
        } else {
            self.links(&attribute.value, &[attribute]);
        }
    }

    /// Attributes of `base`, the outermost link first.
    fn links(&mut self, base: &Expr, links: &[&ast::ExprAttribute]) {
        let Some(outermost) = links.first() else {
            return;
        };
        let open = |this: &mut Self| {
            for link in links {
                this.push(symbol(Kind::Member, 2), link.range);
            }
        };
        let owner = if let Expr::Name(name) = base {
            let (text, binding) = self.meaning(&name.id);
            if let Some(path) = self.scopes.path_of(text, binding, links, self.program) {
                return self.kept(path, outermost.range);
            }
            open(self);
            let is_store = name.ctx == ExprContext::Store;
            self.bound_name(text, binding, is_store, name.range);
            owner_by_binding(binding)
        } else {
            open(self);
            self.expression(base);
            self.owner_of_members(base)
        };
        for (inner, link) in links.iter().rev().enumerate() {
            let ast::ExprAttribute {
                range,
                value: _,
                attr,
                ctx,
            } = link;
            let is_store = *ctx == ExprContext::Store;
            let owner = if inner == 0 { owner } else { Owner::Any };
            let attr = self.program.text(attr);
            self.attribute_name(attr, owner, is_store, *range);
        }
    }

    /// Whether what is called comes from outside of the package.
    pub(super) fn is_outside(&mut self, called: &Expr) -> bool {
        let mut base = called;
        while let Expr::Attribute(link) = base {
            base = &link.value;
        }
        let Expr::Name(name) = base else {
            return false;
        };
        let (text, binding) = self.meaning(&name.id);
        match binding {
            None => called.is_name_expr() && self.program.is_builtin(text),
            Some(Binding::Path(_) | Binding::Alias(_)) => true,
            Some(Binding::Module(..)) => self.scopes.path(called, self.program).is_some(),
            Some(Binding::Own(_) | Binding::Receiver(_) | Binding::Options(_)) => false,
        }
    }

    pub(super) fn owner_of_members(&mut self, object: &Expr) -> Owner {
        let is_super = |call: &ast::ExprCall| matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "super");
        match object {
            Expr::Name(name) => owner_by_binding(self.meaning(&name.id).1),
            Expr::Call(call) if is_super(call) => Owner::Receiver,
            _ => Owner::Any,
        }
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let ast::ExprCall {
            range,
            func,
            args,
            keywords,
        } = call;
        if let Expr::Attribute(method) = func.as_ref()
            && method.attr.as_str() == "format"
            && is_text(&method.value)
        {
            return self.node(Kind::Format, *range, |this| {
                let positional = this.expressions(args);
                for keyword in keywords {
                    this.expression(&keyword.value);
                }
                positional + keywords.len()
            });
        }
        if let (Expr::Name(name), [object, Expr::Constant(attribute)]) =
            (func.as_ref(), args.as_slice())
            && name.id.as_str() == "getattr"
            && let Constant::Str(text) = &attribute.value
        {
            return self.node(Kind::Member, *range, |this| {
                this.expression(object);
                let owner = this.owner_of_members(object);
                let text: String = text.nfkc().collect();
                let name = this.program.text(&text);
                this.attribute_name(name, owner, false, *range);
                2
            });
        }
        // Who is called only matters to keywords.
        let is_outside = !keywords.is_empty() && self.is_outside(func);
        self.node(Kind::Call, *range, |this| {
            this.expression(func);
            let positional = this.expressions(args);
            this.keywords(keywords, is_outside);
            1 + positional + keywords.len()
        });
    }

    /// Keyword arguments. Those of outside functions are kept.
    pub(super) fn keywords(&mut self, keywords: &[ast::Keyword], is_outside: bool) {
        for keyword in keywords {
            let ast::Keyword { range, arg, value } = keyword;
            self.node(Kind::Keyword, *range, |this| {
                match arg {
                    Some(arg) => {
                        let name = this.program.keyword(arg);
                        if is_outside {
                            this.kept(name, *range);
                        } else {
                            this.attribute_name(name, Owner::Receiver, true, *range);
                        }
                    }
                    None => this.leaf(Kind::Starred, *range),
                }
                this.expression(value);
                2
            });
        }
    }

    fn comprehension(
        &mut self,
        kind: Kind,
        elements: &[&Expr],
        generators: &[ast::Comprehension],
        range: TextRange,
    ) {
        self.scopes.enter(ScopeKind::Comprehension);
        for generator in generators {
            self.scopes.bind_target(&generator.target, self.program);
        }
        self.node(kind, range, |this| {
            let mut children = 0;
            for generator in generators {
                let ast::Comprehension {
                    range: _,
                    target,
                    iter,
                    ifs,
                    is_async: _,
                } = generator;
                // The same trees as a loop's head and its conditions.
                this.node(Kind::For, target.range(), |this| {
                    this.expression(target);
                    this.expression(iter);
                    2
                });
                children += 1 + this.expressions(ifs);
            }
            for element in elements {
                this.expression(element);
            }
            children + elements.len()
        });
        self.scopes.leave();
    }
}

fn owner_by_binding(binding: Option<Binding>) -> Owner {
    match binding {
        Some(Binding::Receiver(_) | Binding::Module(..)) => Owner::Receiver,
        Some(Binding::Options(_)) => Owner::Package,
        _ => Owner::Any,
    }
}

/// Kind of a comparison or its opposite, and whether its sides change places.
fn comparison_kind(op: CmpOp, is_negated: bool) -> (Kind, bool) {
    match (op, is_negated) {
        (CmpOp::Eq, false) | (CmpOp::NotEq, true) => (Kind::Equal, false),
        (CmpOp::Eq, true) | (CmpOp::NotEq, false) => (Kind::NotEqual, false),
        (CmpOp::Is, false) | (CmpOp::IsNot, true) => (Kind::Is, false),
        (CmpOp::Is, true) | (CmpOp::IsNot, false) => (Kind::IsNot, false),
        (CmpOp::In, false) | (CmpOp::NotIn, true) => (Kind::In, false),
        (CmpOp::In, true) | (CmpOp::NotIn, false) => (Kind::NotIn, false),
        (CmpOp::Lt, false) => (Kind::Less, false),
        (CmpOp::GtE, true) => (Kind::Less, false),
        (CmpOp::Gt, false) => (Kind::Less, true),
        (CmpOp::LtE, true) => (Kind::Less, true),
        (CmpOp::LtE, false) => (Kind::LessEqual, false),
        (CmpOp::Gt, true) => (Kind::LessEqual, false),
        (CmpOp::GtE, false) => (Kind::LessEqual, true),
        (CmpOp::Lt, true) => (Kind::LessEqual, true),
    }
}

fn operator_kind(op: Operator) -> Kind {
    match op {
        Operator::Add => Kind::Add,
        Operator::Sub => Kind::Sub,
        Operator::Mult => Kind::Mul,
        Operator::MatMult => Kind::MatMul,
        Operator::Div => Kind::Div,
        Operator::Mod => Kind::Mod,
        Operator::Pow => Kind::Pow,
        Operator::LShift => Kind::LeftShift,
        Operator::RShift => Kind::RightShift,
        Operator::BitOr => Kind::BitOr,
        Operator::BitXor => Kind::BitXor,
        Operator::BitAnd => Kind::BitAnd,
        Operator::FloorDiv => Kind::FloorDiv,
    }
}

/// A literal, a sign before one, or a sum of some.
fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Constant(_) => true,
        Expr::UnaryOp(ast::ExprUnaryOp {
            op: UnaryOp::USub | UnaryOp::UAdd,
            operand,
            ..
        }) => matches!(operand.as_ref(), Expr::Constant(_)),
        Expr::BinOp(ast::ExprBinOp { left, right, .. }) => {
            matches!(right.as_ref(), Expr::Constant(_)) && is_literal(left)
        }
        _ => false,
    }
}

fn is_text(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Constant(ast::ExprConstant {
            value: Constant::Str(_),
            ..
        })
    )
}

/// Whether repeating an expression costs next to nothing.
fn is_short(expression: &Expr) -> bool {
    match expression {
        Expr::Name(_) | Expr::Constant(_) => true,
        Expr::Attribute(attribute) => attribute.value.is_name_expr(),
        Expr::Subscript(subscript) => {
            subscript.value.is_name_expr()
                && (subscript.slice.is_name_expr() || subscript.slice.is_constant_expr())
        }
        _ => false,
    }
}
