//! `match`: what patterns bind. Patterns read attributes without writing a dot.

use rustpython_parser::ast::{
    Pattern, PatternMatchAs, PatternMatchClass, PatternMatchMapping, PatternMatchOr,
    PatternMatchSequence, PatternMatchSingleton, PatternMatchStar, PatternMatchValue,
};

use rustpython_parser::text_size::TextRange;

use super::engine::Engine;
use super::scopes::place;
use super::value::{Atom, Value};
use crate::policy::id;

impl Engine<'_, '_> {
    pub(super) fn pattern(&mut self, pattern: &Pattern, subject: &Value) {
        match pattern {
            Pattern::MatchValue(PatternMatchValue { range: _, value }) => {
                self.expression(value);
            }
            Pattern::MatchSingleton(PatternMatchSingleton { range: _, value: _ }) => {}
            Pattern::MatchSequence(PatternMatchSequence { range: _, patterns }) => {
                let element = self.elements(subject);
                patterns
                    .iter()
                    .for_each(|pattern| self.pattern(pattern, &element));
            }
            Pattern::MatchMapping(PatternMatchMapping {
                range: _,
                keys,
                patterns,
                rest,
            }) => {
                for key in keys {
                    self.expression(key);
                }
                let element = self.elements(subject);
                patterns
                    .iter()
                    .for_each(|pattern| self.pattern(pattern, &element));
                if let Some(rest) = rest {
                    let rest = self.names.symbol(rest);
                    self.bind(rest, subject);
                }
            }
            Pattern::MatchClass(class) => self.class_pattern(class, subject),
            Pattern::MatchStar(PatternMatchStar { range: _, name }) => {
                if let Some(name) = name {
                    let rest = self.holder(place(name), 6);
                    self.put(rest, subject);
                    self.change(&Value::of(Atom::Holder(rest)));
                    let name = self.names.symbol(name);
                    self.bind(name, &Value::of(Atom::Holder(rest)).or_unknown());
                }
            }
            Pattern::MatchAs(PatternMatchAs {
                range: _,
                pattern,
                name,
            }) => {
                if let Some(pattern) = pattern {
                    self.pattern(pattern, subject);
                }
                if let Some(name) = name {
                    let name = self.names.symbol(name);
                    self.bind(name, subject);
                }
            }
            Pattern::MatchOr(PatternMatchOr { range: _, patterns }) => {
                patterns
                    .iter()
                    .for_each(|pattern| self.pattern(pattern, subject));
            }
        }
    }

    fn class_pattern(&mut self, pattern: &PatternMatchClass, subject: &Value) {
        let PatternMatchClass {
            range,
            cls,
            patterns,
            kwd_attrs,
            kwd_patterns,
        } = pattern;
        let class = self.expression(cls);
        // Positional patterns read the attributes that `__match_args__` names, whoever's class it is.
        let arguments = self.names.symbol("__match_args__");
        let named = self.stored(arguments);
        let named = self.elements(&named);
        let mut positional = self.elements(subject);
        positional.join(subject);
        if !patterns.is_empty() {
            self.check_positional(&class, subject, *range);
            if named.is_unknown() {
                self.lookup_attribute(subject, &Value::unknown(), *range);
            }
            for key in self.texts(&named) {
                let name = self.names.symbol(&key);
                let value = self.attribute(subject, name, *range);
                positional.join(&value);
            }
        }
        patterns
            .iter()
            .for_each(|pattern| self.pattern(pattern, &positional));
        for (attribute, pattern) in kwd_attrs.iter().zip(kwd_patterns) {
            let name = self.names.symbol(attribute);
            let value = self.attribute(subject, name, *range);
            self.pattern(pattern, &value);
        }
    }

    /// Positional patterns on modules: the class may name any attribute, in whatever way it was made.
    fn check_positional(&mut self, class: &Value, subject: &Value, range: TextRange) {
        let is_builtin = |atom: &Atom| matches!(atom, Atom::Path(path) if self.names.root_of(*path) == "builtins");
        if !class.is_unknown() && class.atoms().iter().all(is_builtin) {
            return;
        }
        let is_module = |atom: Atom| match atom {
            Atom::Path(path) => self.names.is_static(path) && self.is_module(path),
            Atom::Local(_) => true,
            _ => false,
        };
        if self.with_escaped(subject).any(is_module) {
            let subject = "the class names what is read";
            self.report_path(id::DYNAMIC_ATTRIBUTE, range, subject);
        }
    }

    /// The strings among the alternatives of a value.
    pub(super) fn texts(&self, value: &Value) -> Vec<String> {
        let constants = value.atoms().iter().filter_map(|atom| self.const_of(*atom));
        constants
            .filter_map(|constant| constant.as_str().map(str::to_owned))
            .collect()
    }
}
