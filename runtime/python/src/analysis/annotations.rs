//! Annotations in quotes. Libraries evaluate them, so they are code like the rest.

use std::collections::HashMap;

use rustpython_parser::ast::{Constant, Expr, Stmt};

use super::scopes::place;
use super::visit::{Part, parts};
use crate::source;

/// Quotes within quotes that are followed.
const MAX_QUOTES: usize = 3;

/// The expressions that strings in annotations hold, by the place of the string. What doesn't parse can't
/// be evaluated either.
pub(super) fn quoted(annotations: &[&Expr]) -> HashMap<usize, Box<Expr>> {
    let mut found = HashMap::new();
    for annotation in annotations {
        collect(annotation, MAX_QUOTES, &mut found);
    }
    found
}

fn collect(annotation: &Expr, quotes: usize, found: &mut HashMap<usize, Box<Expr>>) {
    match annotation {
        Expr::Constant(constant) => {
            if let Constant::Str(text) = &constant.value
                && quotes > 0
                && let Some(expression) = parse_expression(text)
            {
                let expression = Box::new(expression);
                collect(&expression, quotes - 1, found);
                found.insert(place(constant), expression);
            }
        }
        // The arguments of `Literal` are never evaluated.
        Expr::Subscript(subscript) if is_named(&subscript.value, "Literal") => {}
        // Of `Annotated` only the first argument is a type.
        Expr::Subscript(subscript) if is_named(&subscript.value, "Annotated") => {
            let first = match &*subscript.slice {
                Expr::Tuple(arguments) => arguments.elts.first(),
                other => Some(other),
            };
            first
                .into_iter()
                .for_each(|first| collect(first, quotes, found));
        }
        other => collect_parts(other, quotes, found),
    }
}

fn collect_parts(annotation: &Expr, quotes: usize, found: &mut HashMap<usize, Box<Expr>>) {
    parts(annotation, &mut |part| {
        if let Part::Expr(part) = part {
            collect(part, quotes, found);
        }
    });
}

/// The expression that a text is, if it is one.
pub(super) fn parse_expression(text: &str) -> Option<Expr> {
    let mut body = source::parse(&format!("({text}\n)")).ok()?;
    match (body.pop(), body.is_empty()) {
        (Some(Stmt::Expr(statement)), true) => Some(*statement.value),
        _ => None,
    }
}

/// Whether an annotation calls something. `Annotated[int, Field(gt=0)]` may.
pub(super) fn has_call(annotation: &Expr) -> bool {
    match annotation {
        Expr::Call(_) => true,
        Expr::Subscript(subscript) if is_named(&subscript.value, "Annotated") => false,
        other => {
            let mut found = false;
            parts(other, &mut |part| {
                found |= match part {
                    Part::Expr(part) => has_call(part),
                    Part::Lambda(_) | Part::Comprehension(..) => true,
                };
            });
            found
        }
    }
}

fn is_named(callee: &Expr, name: &str) -> bool {
    match callee {
        Expr::Name(callee) => callee.id.as_str() == name,
        Expr::Attribute(callee) => callee.attr.as_str() == name,
        _ => false,
    }
}
