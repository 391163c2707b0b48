//! The `%` operator of strings and bytes.

use super::strings::{from_latin1, latin1};
use super::{Const, MAX_LENGTH, integers, order, repr};

/// `template % values`.
pub(super) fn format(template: &Const, values: &Const) -> Option<Const> {
    match template {
        Const::Str(text) => Const::text(Formatter::new(values, false).run(text)?),
        Const::Bytes(bytes) => {
            let text = Formatter::new(values, true).run(&latin1(bytes))?;
            Const::bytes(from_latin1(&text)?)
        }
        Const::ByteArray(bytes) => {
            let text = Formatter::new(values, true).run(&latin1(bytes))?;
            Const::bytearray(from_latin1(&text)?)
        }
        _ => None,
    }
}

struct Formatter<'a> {
    /// A tuple's elements, or the one value there is.
    values: &'a [Const],
    next: usize,
    mapping: Option<&'a Const>,
    /// Whether values may stay unused: anything that can be indexed might be a mapping.
    lenient: bool,
    bytes: bool,
    /// Bytes rendered so far, also those that a precision cut off.
    rendered: usize,
}

#[derive(Default)]
struct Flags {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
}

impl<'a> Formatter<'a> {
    fn new(values: &'a Const, bytes: bool) -> Self {
        let lenient = match values {
            Const::List(_) | Const::Dict(_) => true,
            // A range can be indexed, an iterator cannot.
            Const::Bytes(_) | Const::ByteArray(_) => !bytes,
            _ => false,
        };
        Self {
            values: match values {
                Const::Tuple(items) => items,
                _ => std::slice::from_ref(values),
            },
            next: 0,
            mapping: matches!(values, Const::Dict(_)).then_some(values),
            lenient,
            bytes,
            rendered: 0,
        }
    }

    fn run(mut self, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((literal, tail)) = rest.split_once('%') {
            out.push_str(literal);
            if let Some(after) = tail.strip_prefix('%') {
                out.push('%');
                rest = after;
                continue;
            }
            let (text, after) = self.conversion(tail)?;
            out.push_str(&text);
            rest = after;
            if out.len() > 2 * MAX_LENGTH {
                return None;
            }
        }
        out.push_str(rest);
        (self.lenient || self.next >= self.values.len()).then_some(out)
    }

    /// One conversion and what follows it: `[(key)][flags][width][.precision]type`.
    fn conversion<'t>(&mut self, text: &'t str) -> Option<(String, &'t str)> {
        let mut rest = text;
        let mut keyed = None;
        if let Some(after) = rest.strip_prefix('(') {
            let (key, after) = after.split_once(')')?;
            if key.contains('(') {
                return None;
            }
            keyed = Some(self.entry(key)?);
            rest = after;
        }
        let mut flags = Flags::default();
        while let Some(after) = rest.strip_prefix(['-', '+', ' ', '#', '0']) {
            match rest.chars().next()? {
                '-' => flags.left = true,
                '+' => flags.plus = true,
                ' ' => flags.space = true,
                '#' => flags.alternate = true,
                _ => flags.zero = true,
            }
            rest = after;
        }
        let (width, rest) = self.number(rest)?;
        if width.is_some_and(|width| width < 0) {
            flags.left = true;
        }
        let width = usize::try_from(width.unwrap_or(0).unsigned_abs()).ok()?;
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(after) => {
                let (precision, rest) = self.number(after)?;
                // A negative one counts as zero.
                (
                    Some(usize::try_from(precision.unwrap_or(0).max(0)).ok()?),
                    rest,
                )
            }
            None => (None, rest),
        };
        if width > MAX_LENGTH || precision.is_some_and(|precision| precision > MAX_LENGTH) {
            return None;
        }
        let rest = rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest);
        let kind = rest.chars().next()?;
        let value = match keyed {
            Some(value) => value,
            None => self.positional()?,
        };
        let shown = self.shown(&value, kind, &flags, width, precision)?;
        self.rendered = self.rendered.checked_add(shown.len())?;
        let missing = width.saturating_sub(shown.chars().count());
        let spaces = " ".repeat(missing);
        let padded = if flags.left {
            format!("{shown}{spaces}")
        } else {
            format!("{spaces}{shown}")
        };
        Some((padded, rest.get(kind.len_utf8()..)?))
    }

    fn entry(&mut self, key: &str) -> Option<Const> {
        let Const::Dict(pairs) = self.mapping? else {
            return None;
        };
        let key = if self.bytes {
            Const::bytes(from_latin1(key)?)?
        } else {
            Const::text(key)?
        };
        let found = order::lookup(pairs, &key)??.clone();
        // The mapping itself is no longer there to be formatted.
        self.next = 1;
        Some(found)
    }

    fn positional(&mut self) -> Option<Const> {
        let value = self.values.get(self.next)?.clone();
        self.next += 1;
        Some(value)
    }

    /// A width or precision, in digits or as `*` from the values.
    fn number<'t>(&mut self, text: &'t str) -> Option<(Option<i128>, &'t str)> {
        if let Some(rest) = text.strip_prefix('*') {
            let value = self.positional()?.as_c_int()?;
            return Some((Some(value), rest));
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, rest) = text.split_at_checked(end)?;
        let value = if digits.is_empty() {
            None
        } else {
            Some(digits.parse().ok()?)
        };
        Some((value, rest))
    }

    fn shown(
        &mut self,
        value: &Const,
        kind: char,
        flags: &Flags,
        width: usize,
        precision: Option<usize>,
    ) -> Option<String> {
        match kind {
            's' | 'b' if self.bytes => self.cut(latin1(value.as_bytes()?), precision),
            'r' | 'a' if self.bytes => self.cut(repr::ascii(value)?, precision),
            's' => self.cut(repr::display(value)?, precision),
            'r' => self.cut(repr::repr(value)?, precision),
            'a' => self.cut(repr::ascii(value)?, precision),
            'c' if precision.is_none() => self.character(value).map(String::from),
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                integer(value.as_int()?, kind, flags, width, precision)
            }
            _ => None,
        }
    }

    fn cut(&mut self, text: String, precision: Option<usize>) -> Option<String> {
        self.rendered = self.rendered.checked_add(text.len())?;
        if self.rendered > 4 * MAX_LENGTH {
            return None;
        }
        Some(match precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        })
    }

    fn character(&self, value: &Const) -> Option<char> {
        if let Some(value) = value.as_int() {
            let value = u32::try_from(value).ok()?;
            return char::from_u32(value).filter(|_| !self.bytes || value < 256);
        }
        let text = match value {
            Const::Str(text) if !self.bytes => text.to_string(),
            _ if self.bytes => latin1(value.as_bytes()?),
            _ => return None,
        };
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    }
}

fn integer(
    value: i128,
    kind: char,
    flags: &Flags,
    width: usize,
    precision: Option<usize>,
) -> Option<String> {
    let (base, prefix) = match kind {
        'o' => (8, "0o"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let mut digits = integers::digits(value.unsigned_abs(), base)?;
    if kind == 'X' {
        digits.make_ascii_uppercase();
    }
    let sign = match (value < 0, flags.plus, flags.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let prefix = if flags.alternate { prefix } else { "" };
    let zeros = precision.unwrap_or(0).saturating_sub(digits.len());
    digits.insert_str(0, &"0".repeat(zeros));
    let length = sign.len() + prefix.len() + digits.len();
    if flags.zero && !flags.left {
        digits.insert_str(0, &"0".repeat(width.saturating_sub(length)));
    }
    Some(format!("{sign}{prefix}{digits}"))
}
