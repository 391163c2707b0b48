//! What is known about an expression without running it.

use rustpython_parser::ast::{self, BoolOp, CmpOp, Constant, Expr, UnaryOp};

use super::super::known;

/// Whether a condition is always true or always false.
pub(super) fn truth(expression: &Expr) -> Option<bool> {
    match expression {
        Expr::Constant(constant) => match &constant.value {
            Constant::None => Some(false),
            Constant::Bool(value) => Some(*value),
            Constant::Str(text) => Some(!text.is_empty()),
            Constant::Bytes(bytes) => Some(!bytes.is_empty()),
            Constant::Int(value) => Some(*value != ast::bigint::BigInt::default()),
            Constant::Float(value) => Some(*value != 0.0),
            Constant::Tuple(values) => Some(!values.is_empty()),
            Constant::Ellipsis => Some(true),
            Constant::Complex { .. } => None,
        },
        Expr::UnaryOp(ast::ExprUnaryOp {
            op: UnaryOp::Not,
            operand,
            ..
        }) => truth(operand).map(|value| !value),
        Expr::BoolOp(ast::ExprBoolOp { op, values, .. }) => {
            let decides = *op == BoolOp::Or;
            let mut all_known = true;
            for value in values {
                match truth(value) {
                    Some(value) if value == decides && all_known => return Some(decides),
                    Some(_) => {}
                    None => all_known = false,
                }
            }
            all_known.then_some(!decides)
        }
        Expr::Compare(ast::ExprCompare {
            left,
            ops,
            comparators,
            ..
        }) => match (left.as_ref(), ops.as_slice(), comparators.as_slice()) {
            (Expr::Constant(left), [op], [Expr::Constant(right)]) => {
                compare(&left.value, *op, &right.value)
            }
            _ => None,
        },
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })
            if elts.is_empty() =>
        {
            Some(false)
        }
        Expr::Dict(ast::ExprDict { keys, .. }) if keys.is_empty() => Some(false),
        _ => None,
    }
}

fn compare(left: &Constant, op: CmpOp, right: &Constant) -> Option<bool> {
    let order = match (left, right) {
        (Constant::Int(left), Constant::Int(right)) => left.cmp(right),
        (Constant::Str(left), Constant::Str(right)) => left.cmp(right),
        _ => return None,
    };
    match op {
        CmpOp::Eq => Some(order.is_eq()),
        CmpOp::NotEq => Some(order.is_ne()),
        CmpOp::Lt => Some(order.is_lt()),
        CmpOp::LtE => Some(order.is_le()),
        CmpOp::Gt => Some(order.is_gt()),
        CmpOp::GtE => Some(order.is_ge()),
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => None,
    }
}

/// Whether evaluating does nothing but give a value. Properties and overloaded operators could do more:
/// here it only decides what counts as dead.
pub(super) fn is_pure(expression: &Expr) -> bool {
    match expression {
        Expr::Constant(_) | Expr::Name(_) | Expr::Lambda(_) => true,
        Expr::Attribute(attribute) => is_pure(&attribute.value),
        Expr::BoolOp(operation) => operation.values.iter().all(is_pure),
        Expr::BinOp(operation) => is_pure(&operation.left) && is_pure(&operation.right),
        Expr::UnaryOp(operation) => is_pure(&operation.operand),
        Expr::Compare(comparison) => {
            is_pure(&comparison.left) && comparison.comparators.iter().all(is_pure)
        }
        Expr::IfExp(choice) => {
            is_pure(&choice.test) && is_pure(&choice.body) && is_pure(&choice.orelse)
        }
        Expr::Dict(dict) => {
            dict.keys.iter().flatten().all(is_pure) && dict.values.iter().all(is_pure)
        }
        Expr::Set(set) => set.elts.iter().all(is_pure),
        Expr::List(list) => list.elts.iter().all(is_pure),
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_pure),
        Expr::Starred(starred) => is_pure(&starred.value),
        Expr::Subscript(subscript) => is_pure(&subscript.value) && is_pure(&subscript.slice),
        Expr::Slice(slice) => [&slice.lower, &slice.upper, &slice.step]
            .into_iter()
            .flatten()
            .all(|part| is_pure(part)),
        Expr::JoinedStr(joined) => joined.values.iter().all(is_pure),
        Expr::FormattedValue(value) => is_pure(&value.value),
        Expr::ListComp(ast::ExprListComp {
            elt, generators, ..
        })
        | Expr::SetComp(ast::ExprSetComp {
            elt, generators, ..
        })
        | Expr::GeneratorExp(ast::ExprGeneratorExp {
            elt, generators, ..
        }) => is_pure(elt) && are_pure(generators),
        Expr::DictComp(comp) => {
            is_pure(&comp.key) && is_pure(&comp.value) && are_pure(&comp.generators)
        }
        Expr::Call(call) => {
            let is_known = match call.func.as_ref() {
                Expr::Name(name) => known::is_pure_builtin(&name.id),
                Expr::Attribute(method) => matches!(method.value.as_ref(), Expr::Constant(_)),
                _ => false,
            };
            is_known
                && call.args.iter().all(is_pure)
                && call.keywords.iter().all(|keyword| is_pure(&keyword.value))
        }
        Expr::NamedExpr(_) | Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) => false,
    }
}

fn are_pure(generators: &[ast::Comprehension]) -> bool {
    generators
        .iter()
        .all(|generator| is_pure(&generator.iter) && generator.ifs.iter().all(is_pure))
}

/// Whether an expression says `not` at its outside, in a form that [`Lowering::condition`] can turn.
///
/// [`Lowering::condition`]: super::Lowering::condition
pub(super) fn is_negative(expression: &Expr) -> bool {
    match expression {
        Expr::UnaryOp(ast::ExprUnaryOp {
            op: UnaryOp::Not,
            operand,
            ..
        }) => !is_negative(operand),
        Expr::Compare(ast::ExprCompare { ops, .. }) => {
            matches!(
                ops.as_slice(),
                [CmpOp::NotEq | CmpOp::NotIn | CmpOp::IsNot | CmpOp::LtE | CmpOp::GtE]
            )
        }
        _ => false,
    }
}
