//! Texts that are known in part: f-strings, templates, and what is joined to them.

use rustpython_parser::ast::{Expr, ExprFormattedValue, ExprJoinedStr};
use rustpython_parser::text_size::TextRange;

use super::engine::{ATTRIBUTE_NAME, Engine};
use super::value::{Atom, Value};
use crate::fold::{self, Const};

impl Engine<'_, '_> {
    /// What is known of the beginning of a text that goes on with something unknown, if it is a text.
    pub(super) fn prefixes(&mut self, left: &Value) -> Option<Value> {
        // With `__radd__` somewhere the other side may decide.
        let reflected = self.names.symbol("__radd__");
        if left.is_unknown() || left.has_no_atoms() || !self.stored(reflected).says_nothing() {
            return None;
        }
        let mut prefixes = Value::default();
        for atom in left.atoms().to_vec() {
            let prefix = match (atom, self.const_of(atom)) {
                (Atom::Prefix(_), _) => atom,
                (_, Some(Const::Str(text))) if !text.is_empty() => {
                    let text = text.clone();
                    Atom::Prefix(self.names.exact(&text))
                }
                _ => return None,
            };
            prefixes.add(prefix);
        }
        Some(prefixes)
    }

    /// The part of a template before its first placeholder, if there is one.
    pub(super) fn template_prefixes(&mut self, template: &Value, mark: char) -> Option<Value> {
        let mut prefixes = Value::default();
        for template in self.constants(template)? {
            let prefix = template
                .as_str()?
                .split(mark)
                .next()
                .filter(|prefix| !prefix.is_empty())?;
            let prefix = self.names.exact(prefix);
            prefixes.add(Atom::Prefix(prefix));
        }
        Some(prefixes)
    }

    pub(super) fn joined_string(&mut self, joined: &ExprJoinedStr) -> Value {
        match self.is_made_of_names(joined) {
            Some(true) => {
                self.check_completed(joined);
                return self.attribute_name();
            }
            Some(false) => {}
            None => return Value::default(),
        }
        let mut parts = Some(Vec::new());
        let mut begin = String::new();
        let mut is_begin = true;
        for part in &joined.values {
            match self.string_part(part) {
                Some(text) => {
                    if is_begin {
                        begin.push_str(&text);
                    }
                    parts = parts.and_then(|mut parts| {
                        parts.push(Const::text(text)?);
                        Some(parts)
                    });
                }
                None => {
                    parts = None;
                    is_begin = false;
                }
            }
        }
        if begin.is_empty() && self.is_beside_text(&joined.values) {
            return self.beside_text();
        }
        if let Some(text) = parts.and_then(|parts| fold::concat_parts(&parts)) {
            return Value::of(self.constant(text));
        }
        if begin.is_empty() {
            return Value::unknown();
        }
        let prefix = self.names.exact(&begin);
        Value::of(Atom::Prefix(prefix))
    }

    /// Whether the unknown parts of a text are names of attributes: `f"_{name}"` of `__set_name__`. `None`
    /// as long as nothing has reached one of them.
    fn is_made_of_names(&mut self, joined: &ExprJoinedStr) -> Option<bool> {
        let (mut has_name, mut has_other) = (false, false);
        for part in &joined.values {
            let Expr::FormattedValue(part) = part else {
                continue;
            };
            let value = self.expression(&part.value);
            if value.says_nothing() {
                return None;
            }
            let is_name = !value.is_unknown()
                && matches!(value.atoms(), [Atom::Path(path)] if self.names.last(*path) == ATTRIBUTE_NAME);
            has_name |= is_name;
            has_other |= !is_name;
        }
        Some(has_name && !has_other)
    }

    /// The text of one part of an f-string, if it is known.
    fn string_part(&mut self, part: &Expr) -> Option<String> {
        let Expr::FormattedValue(ExprFormattedValue {
            range: _,
            value,
            conversion,
            format_spec,
        }) = part
        else {
            let value = self.expression(part);
            let [constant] = self.constants(&value)?.try_into().ok()?;
            let constant: Const = constant;
            return constant.as_str().map(str::to_owned);
        };
        let value = self.expression(value);
        let spec = match format_spec {
            None => Some(String::new()),
            Some(spec) => {
                let spec = self.expression(spec);
                let constants = self.constants(&spec);
                constants
                    .and_then(|all| all.first().and_then(|one| one.as_str().map(str::to_owned)))
            }
        };
        let [constant] = self.constants(&value)?.try_into().ok()?;
        let constant: Const = constant;
        let formatted = fold::format_value(&constant, *conversion, &spec?)?;
        formatted.as_str().map(str::to_owned)
    }

    /// Names of the program that a text makes forbidden ones of: `f"_{name}"` with a name `_globals__`.
    fn check_completed(&mut self, joined: &ExprJoinedStr) {
        let is_part = |part: &Expr| part.is_formatted_value_expr();
        let Some(first) = joined.values.iter().position(is_part) else {
            return;
        };
        let written = |parts: &[Expr]| -> String {
            let texts = parts.iter().filter_map(|part| match part {
                Expr::Constant(constant) => constant.value.as_str().map(String::as_str),
                _ => None,
            });
            texts.collect()
        };
        let begin = written(joined.values.get(..first).unwrap_or_default());
        let last = joined
            .values
            .iter()
            .rposition(is_part)
            .map_or(first, |last| last + 1);
        let end = written(joined.values.get(last..).unwrap_or_default());
        self.check_around(&begin, &end, joined.range);
    }

    fn check_around(&mut self, begin: &str, end: &str, range: TextRange) {
        if begin.is_empty() && end.is_empty() {
            return;
        }
        let completed = self
            .policy
            .attributes_around(begin, end)
            .find(|(middle, _)| self.names.has(middle));
        if let Some((middle, rule)) = completed {
            let subject = format!("`{begin}{middle}{end}` put together");
            self.report(Some(range), rule, &subject);
        }
    }

    /// `"_" + name` of `__set_name__`: it begins and ends like names of the program.
    pub(super) fn joined_name(
        &mut self,
        left: &Value,
        right: &Value,
        range: TextRange,
    ) -> Option<Value> {
        let is_name = |value: &Value| {
            !value.is_unknown()
                && matches!(value.atoms(), [Atom::Path(path)] if self.names.last(*path) == ATTRIBUTE_NAME)
        };
        let (begins, ends) = match (is_name(left), is_name(right)) {
            (false, true) => (self.keys(left)?, vec![String::new()]),
            (true, false) => (vec![String::new()], self.keys(right)?),
            _ => return None,
        };
        for begin in &begins {
            for end in &ends {
                self.check_around(begin, end, range);
            }
        }
        Some(self.attribute_name())
    }
}
