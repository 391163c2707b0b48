//! The parts of a syntax tree's nodes. Structures are taken apart field by field, so that a part that
//! is forgotten does not compile.

use rustpython_parser::ast::{
    Arg, ArgWithDefault, Arguments, Comprehension, Expr, ExprAttribute, ExprAwait, ExprBinOp,
    ExprBoolOp, ExprCall, ExprCompare, ExprConstant, ExprDict, ExprDictComp, ExprFormattedValue,
    ExprGeneratorExp, ExprIfExp, ExprJoinedStr, ExprLambda, ExprList, ExprListComp, ExprName,
    ExprNamedExpr, ExprSet, ExprSetComp, ExprSlice, ExprStarred, ExprSubscript, ExprTuple,
    ExprUnaryOp, ExprYield, ExprYieldFrom, Keyword, Pattern, PatternMatchAs, PatternMatchClass,
    PatternMatchMapping, PatternMatchOr, PatternMatchSequence, PatternMatchSingleton,
    PatternMatchStar, PatternMatchValue,
};

/// A part of an expression.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    Expr(&'a Expr),
    /// A lambda: parameters, whose defaults belong to the scope around, and a body that doesn't.
    Lambda(&'a ExprLambda),
    /// A comprehension: a scope of its own but for its first iterable.
    Comprehension(&'a Expr, &'a [Comprehension]),
}

/// Calls `visit` with the direct parts of an expression, in the order of evaluation.
pub(crate) fn parts<'a>(expression: &'a Expr, visit: &mut dyn FnMut(Part<'a>)) {
    let mut each = |expressions: &[&'a Expr]| {
        for expression in expressions {
            visit(Part::Expr(expression));
        }
    };
    match expression {
        Expr::BoolOp(ExprBoolOp {
            range: _,
            op: _,
            values,
        })
        | Expr::JoinedStr(ExprJoinedStr { range: _, values }) => {
            values.iter().for_each(|value| each(&[value]));
        }
        Expr::NamedExpr(ExprNamedExpr {
            range: _,
            target,
            value,
        }) => each(&[value, target]),
        Expr::BinOp(ExprBinOp {
            range: _,
            left,
            op: _,
            right,
        }) => each(&[left, right]),
        Expr::UnaryOp(ExprUnaryOp {
            range: _,
            op: _,
            operand: value,
        })
        | Expr::Await(ExprAwait { range: _, value })
        | Expr::YieldFrom(ExprYieldFrom { range: _, value })
        | Expr::Attribute(ExprAttribute {
            range: _,
            value,
            attr: _,
            ctx: _,
        })
        | Expr::Starred(ExprStarred {
            range: _,
            value,
            ctx: _,
        }) => each(&[value]),
        Expr::Lambda(lambda) => visit(Part::Lambda(lambda)),
        Expr::IfExp(ExprIfExp {
            range: _,
            test,
            body,
            orelse,
        }) => each(&[test, body, orelse]),
        Expr::Dict(ExprDict {
            range: _,
            keys,
            values,
        }) => {
            for (index, value) in values.iter().enumerate() {
                if let Some(Some(key)) = keys.get(index) {
                    each(&[key]);
                }
                each(&[value]);
            }
        }
        Expr::Set(ExprSet { range: _, elts })
        | Expr::List(ExprList {
            range: _,
            elts,
            ctx: _,
        })
        | Expr::Tuple(ExprTuple {
            range: _,
            elts,
            ctx: _,
        }) => {
            elts.iter().for_each(|element| each(&[element]));
        }
        Expr::ListComp(ExprListComp {
            range: _,
            elt: _,
            generators,
        })
        | Expr::SetComp(ExprSetComp {
            range: _,
            elt: _,
            generators,
        })
        | Expr::DictComp(ExprDictComp {
            range: _,
            key: _,
            value: _,
            generators,
        })
        | Expr::GeneratorExp(ExprGeneratorExp {
            range: _,
            elt: _,
            generators,
        }) => {
            visit(Part::Comprehension(expression, generators));
        }
        Expr::Yield(ExprYield { range: _, value }) => {
            value.iter().for_each(|value| each(&[value]));
        }
        Expr::Compare(ExprCompare {
            range: _,
            left,
            ops: _,
            comparators,
        }) => {
            each(&[left]);
            comparators.iter().for_each(|right| each(&[right]));
        }
        Expr::Call(ExprCall {
            range: _,
            func,
            args,
            keywords,
        }) => {
            each(&[func]);
            args.iter().for_each(|argument| each(&[argument]));
            for Keyword {
                range: _,
                arg: _,
                value,
            } in keywords
            {
                each(&[value]);
            }
        }
        Expr::FormattedValue(ExprFormattedValue {
            range: _,
            value,
            conversion: _,
            format_spec,
        }) => {
            each(&[value]);
            format_spec.iter().for_each(|spec| each(&[spec]));
        }
        Expr::Constant(ExprConstant {
            range: _,
            value: _,
            kind: _,
        })
        | Expr::Name(ExprName {
            range: _,
            id: _,
            ctx: _,
        }) => {}
        Expr::Subscript(ExprSubscript {
            range: _,
            value,
            slice,
            ctx: _,
        }) => each(&[value, slice]),
        Expr::Slice(ExprSlice {
            range: _,
            lower,
            upper,
            step,
        }) => {
            for bound in [lower, upper, step].into_iter().flatten() {
                each(&[bound]);
            }
        }
    }
}

/// The results of a comprehension's element.
pub(crate) fn elements(comprehension: &Expr) -> [Option<&Expr>; 2] {
    match comprehension {
        Expr::ListComp(ExprListComp {
            range: _,
            elt,
            generators: _,
        })
        | Expr::SetComp(ExprSetComp {
            range: _,
            elt,
            generators: _,
        })
        | Expr::GeneratorExp(ExprGeneratorExp {
            range: _,
            elt,
            generators: _,
        }) => [Some(elt), None],
        Expr::DictComp(ExprDictComp {
            range: _,
            key,
            value,
            generators: _,
        }) => [Some(key), Some(value)],
        _ => [None, None],
    }
}

/// Parameters in order, with their defaults.
pub(crate) fn parameters(arguments: &Arguments) -> Vec<(Parameter, &Arg, Option<&Expr>)> {
    let Arguments {
        range: _,
        posonlyargs,
        args,
        vararg,
        kwonlyargs,
        kwarg,
    } = arguments;
    let mut all = Vec::new();
    for ArgWithDefault {
        range: _,
        def,
        default,
    } in posonlyargs.iter().chain(args)
    {
        all.push((Parameter::Positional, def, default.as_deref()));
    }
    if let Some(rest) = vararg {
        all.push((Parameter::Rest, &**rest, None));
    }
    for ArgWithDefault {
        range: _,
        def,
        default,
    } in kwonlyargs
    {
        all.push((Parameter::KeywordOnly, def, default.as_deref()));
    }
    if let Some(rest) = kwarg {
        all.push((Parameter::KeywordRest, &**rest, None));
    }
    all
}

/// How a parameter gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Positional,
    /// `*args`
    Rest,
    KeywordOnly,
    /// `**kwargs`
    KeywordRest,
}

/// Calls `visit` with the names that a pattern binds.
pub(crate) fn captures<'a>(pattern: &'a Pattern, visit: &mut dyn FnMut(&'a str)) {
    match pattern {
        Pattern::MatchValue(PatternMatchValue { range: _, value: _ })
        | Pattern::MatchSingleton(PatternMatchSingleton { range: _, value: _ }) => {}
        Pattern::MatchSequence(PatternMatchSequence { range: _, patterns })
        | Pattern::MatchOr(PatternMatchOr { range: _, patterns }) => {
            patterns.iter().for_each(|pattern| captures(pattern, visit));
        }
        Pattern::MatchMapping(PatternMatchMapping {
            range: _,
            keys: _,
            patterns,
            rest,
        }) => {
            patterns.iter().for_each(|pattern| captures(pattern, visit));
            rest.iter().for_each(|name| visit(name.as_str()));
        }
        Pattern::MatchClass(PatternMatchClass {
            range: _,
            cls: _,
            patterns,
            kwd_attrs: _,
            kwd_patterns,
        }) => {
            patterns
                .iter()
                .chain(kwd_patterns)
                .for_each(|pattern| captures(pattern, visit));
        }
        Pattern::MatchStar(PatternMatchStar { range: _, name }) => {
            name.iter().for_each(|name| visit(name.as_str()));
        }
        Pattern::MatchAs(PatternMatchAs {
            range: _,
            pattern,
            name,
        }) => {
            pattern.iter().for_each(|pattern| captures(pattern, visit));
            name.iter().for_each(|name| visit(name.as_str()));
        }
    }
}
