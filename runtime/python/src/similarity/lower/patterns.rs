//! Patterns of `match`, and parameters.

use rustpython_parser::ast::{self, Constant, Expr, Pattern};
use rustpython_parser::text_size::TextRange;

use super::super::tree::{Kind, Owner};
use super::Lowering;

impl Lowering<'_> {
    fn patterns(&mut self, patterns: &[Pattern]) -> usize {
        for pattern in patterns {
            self.pattern(pattern);
        }
        patterns.len()
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::MatchValue(ast::PatternMatchValue { range, value }) => {
                self.node(Kind::PatternValue, *range, |this| {
                    this.expression(value);
                    1
                });
            }
            Pattern::MatchSingleton(ast::PatternMatchSingleton { range, value }) => {
                let kind = if *value == Constant::None {
                    Kind::None
                } else {
                    Kind::Literal
                };
                self.leaf(kind, *range);
            }
            Pattern::MatchSequence(ast::PatternMatchSequence { range, patterns }) => {
                self.node(Kind::PatternSequence, *range, |this| {
                    this.patterns(patterns)
                });
            }
            Pattern::MatchMapping(ast::PatternMatchMapping {
                range,
                keys,
                patterns,
                rest,
            }) => self.node(Kind::PatternMapping, *range, |this| {
                let keys = this.expressions(keys);
                let patterns = this.patterns(patterns);
                if let Some(rest) = rest {
                    this.name(rest, true, *range);
                }
                keys + patterns + usize::from(rest.is_some())
            }),
            Pattern::MatchClass(ast::PatternMatchClass {
                range,
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            }) => self.node(Kind::PatternClass, *range, |this| {
                this.expression(cls);
                let positional = this.patterns(patterns);
                for (name, pattern) in kwd_attrs.iter().zip(kwd_patterns) {
                    let name = this.program.text(name);
                    this.attribute_name(name, Owner::Any, false, *range);
                    this.pattern(pattern);
                }
                1 + positional + 2 * kwd_patterns.len()
            }),
            Pattern::MatchStar(ast::PatternMatchStar { range, name }) => {
                self.node(Kind::Starred, *range, |this| {
                    this.capture(name.as_ref(), *range);
                    1
                });
            }
            Pattern::MatchAs(ast::PatternMatchAs {
                range,
                pattern,
                name,
            }) => match pattern {
                Some(pattern) => self.node(Kind::Assign, *range, |this| {
                    this.capture(name.as_ref(), *range);
                    this.pattern(pattern);
                    2
                }),
                None => self.capture(name.as_ref(), *range),
            },
            Pattern::MatchOr(ast::PatternMatchOr { range, patterns }) => {
                self.node(Kind::PatternOr, *range, |this| this.patterns(patterns));
            }
        }
    }

    fn capture(&mut self, name: Option<&ast::Identifier>, range: TextRange) {
        match name {
            Some(name) => self.name(name, true, range),
            None => self.leaf(Kind::PatternAny, range),
        }
    }

    /// Binds the parameters. Only what collects the rest is added: how many there are changes when a
    /// function becomes a method. Default values are evaluated outside: see [`Lowering::defaults`].
    pub(super) fn parameters(&mut self, args: &ast::Arguments) -> usize {
        let ast::Arguments {
            range: _,
            posonlyargs,
            args,
            vararg,
            kwonlyargs,
            kwarg,
        } = args;
        for parameter in posonlyargs.iter().chain(args).chain(kwonlyargs) {
            self.parameter(&parameter.def);
        }
        for (kind, rest) in [(Kind::Rest, vararg), (Kind::KeywordRest, kwarg)] {
            if let Some(rest) = rest {
                self.leaf(kind, rest.range);
                self.parameter(rest);
            }
        }
        usize::from(vararg.is_some()) + usize::from(kwarg.is_some())
    }

    fn parameter(&mut self, parameter: &ast::Arg) {
        let ast::Arg {
            range: _,
            arg,
            annotation: _,
            type_comment: _,
        } = parameter;
        let keyword = self.program.keyword(arg);
        self.program.define(keyword);
        self.scopes.bind(arg, self.program);
    }

    /// Default values of all parameters.
    pub(super) fn defaults(&mut self, args: &ast::Arguments) -> usize {
        let all = args
            .posonlyargs
            .iter()
            .chain(&args.args)
            .chain(&args.kwonlyargs);
        let mut count = 0;
        for parameter in all {
            let ast::ArgWithDefault {
                range: _,
                def: _,
                default,
            } = parameter;
            if let Some(default) = default {
                let default: &Expr = default;
                self.expression(default);
                count += 1;
            }
        }
        count
    }
}
