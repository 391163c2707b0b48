//! `format()`, f-string parts and `str.format`.

use rustpython_parser::ast::ConversionFlag;

use super::{Args, Const, MAX_LENGTH, integers, ops, order, repr};

/// An f-string's part: the value converted and formatted.
#[must_use]
pub(crate) fn format_value(value: &Const, conversion: ConversionFlag, spec: &str) -> Option<Const> {
    if !value.fits() || spec.len() > MAX_LENGTH {
        return None;
    }
    Const::text(converted(value, conversion, spec)?)
}

/// The string that an f-string's parts make.
#[must_use]
pub(crate) fn concat_parts(parts: &[Const]) -> Option<Const> {
    let mut out = String::new();
    for part in parts {
        out.push_str(part.as_str()?);
        if out.len() > MAX_LENGTH {
            return None;
        }
    }
    Const::text(out)
}

fn converted(value: &Const, conversion: ConversionFlag, spec: &str) -> Option<String> {
    match conversion {
        ConversionFlag::None => formatted(value, spec),
        ConversionFlag::Str => formatted_str(&repr::display(value)?, spec),
        ConversionFlag::Repr => formatted_str(&repr::repr(value)?, spec),
        ConversionFlag::Ascii => formatted_str(&repr::ascii(value)?, spec),
    }
}

/// `format(value, spec)`.
pub(super) fn formatted(value: &Const, spec: &str) -> Option<String> {
    match value {
        Const::Str(text) => formatted_str(text, spec),
        _ if spec.is_empty() => repr::display(value),
        Const::Int(value) => formatted_int(*value, spec),
        Const::Bool(value) => formatted_int((*value).into(), spec),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Center,
    AfterSign,
}

/// A format specification: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
struct Spec {
    fill: char,
    align: Option<Align>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(spec: &str) -> Option<Self> {
        let align_of = |c| match c {
            '<' => Some(Align::Left),
            '>' => Some(Align::Right),
            '^' => Some(Align::Center),
            '=' => Some(Align::AfterSign),
            _ => None,
        };
        let mut chars = spec.chars();
        let (first, second) = (chars.next(), chars.next());
        let (fill, align, rest) = match (first, second.and_then(align_of), first.and_then(align_of))
        {
            (Some(fill), Some(align), _) => (Some(fill), Some(align), chars.as_str()),
            (_, None, Some(align)) => (None, Some(align), spec.get(1..)?),
            _ => (None, None, spec),
        };
        let (sign, rest) = match rest.strip_prefix(['+', '-', ' ']) {
            Some(after) => (rest.chars().next(), after),
            None => (None, rest),
        };
        let (alternate, rest) = strip_flag(rest, '#');
        let (zero, rest) = strip_flag(rest, '0');
        let (width, rest) = number(rest)?;
        let (grouping, rest) = match rest.strip_prefix([',', '_']) {
            Some(after) => (rest.chars().next(), after),
            None => (None, rest),
        };
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(after) => {
                let (precision, rest) = number(after)?;
                (Some(precision?), rest)
            }
            None => (None, rest),
        };
        let mut kind = rest.chars();
        let spec = Self {
            fill: fill.unwrap_or(if zero { '0' } else { ' ' }),
            align,
            sign,
            alternate,
            zero,
            width: width.unwrap_or(0),
            grouping,
            precision,
            kind: kind.next(),
        };
        (kind.next().is_none() && spec.width <= MAX_LENGTH).then_some(spec)
    }

    /// Pads to the width.
    fn padded(&self, sign: &str, body: &str, default: Align) -> String {
        let length = sign.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        let fill = |count: usize| std::iter::repeat_n(self.fill, count).collect::<String>();
        match self.align.unwrap_or(default) {
            Align::Left => format!("{sign}{body}{}", fill(missing)),
            Align::Right => format!("{}{sign}{body}", fill(missing)),
            Align::Center => {
                format!(
                    "{}{sign}{body}{}",
                    fill(missing / 2),
                    fill(missing - missing / 2)
                )
            }
            Align::AfterSign => format!("{sign}{}{body}", fill(missing)),
        }
    }
}

fn strip_flag(text: &str, flag: char) -> (bool, &str) {
    match text.strip_prefix(flag) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// A leading number, if there is one; `None` outside when it is too large.
fn number(text: &str) -> Option<(Option<usize>, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.is_empty() {
        return Some((None, rest));
    }
    Some((Some(digits.parse().ok()?), rest))
}

fn formatted_str(text: &str, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return Some(text.to_owned());
    }
    let spec = Spec::parse(spec)?;
    let known = matches!(spec.kind, None | Some('s'))
        && spec.sign.is_none()
        && !spec.alternate
        && spec.grouping.is_none()
        && spec.align != Some(Align::AfterSign);
    known.then_some(())?;
    let shown: String = text
        .chars()
        .take(spec.precision.unwrap_or(usize::MAX))
        .collect();
    Some(spec.padded("", &shown, Align::Left))
}

fn formatted_int(value: i128, spec: &str) -> Option<String> {
    let spec = Spec::parse(spec)?;
    if spec.precision.is_some() {
        return None;
    }
    if spec.kind == Some('c') {
        if spec.sign.is_some() || spec.alternate || spec.grouping.is_some() || spec.zero {
            return None;
        }
        let c = char::from_u32(u32::try_from(value).ok()?)?;
        return Some(spec.padded("", c.encode_utf8(&mut [0; 4]), Align::Right));
    }
    let (base, prefix) = match spec.kind {
        None | Some('d') => (10, ""),
        Some('b') => (2, "0b"),
        Some('o') => (8, "0o"),
        Some('x') => (16, "0x"),
        Some('X') => (16, "0X"),
        _ => return None,
    };
    let mut digits = integers::digits(value.unsigned_abs(), base)?;
    if spec.kind == Some('X') {
        digits.make_ascii_uppercase();
    }
    let sign = match (value < 0, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let sign = format!("{sign}{}", if spec.alternate { prefix } else { "" });
    let default = if spec.zero {
        Align::AfterSign
    } else {
        Align::Right
    };
    if let Some(separator) = spec.grouping {
        // Zeros that fill up to the width would be grouped as well.
        let fills = spec.fill == '0' && spec.align.unwrap_or(default) == Align::AfterSign;
        if fills || (separator == ',' && base != 10) {
            return None;
        }
        digits = grouped(&digits, separator, if base == 10 { 3 } else { 4 });
    }
    Some(spec.padded(&sign, &digits, default))
}

fn grouped(digits: &str, separator: char, size: usize) -> String {
    let length = digits.len();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (length - index).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// `text.format(...)`.
pub(super) fn str_format(text: &str, args: Args<'_>) -> Option<Const> {
    let keyword = |name: &str| {
        let found = args.keywords.iter().find(|(keyword, _)| *keyword == name);
        found.map(|(_, value)| value.clone())
    };
    let mut expansion = Expansion {
        positional: args.positional,
        keyword: &keyword,
        numbering: Numbering::Unused,
        rendered: 0,
    };
    Const::text(expansion.expand(text, 2)?)
}

/// `text.format_map(values)`.
pub(super) fn str_format_map(text: &str, values: &Const) -> Option<Const> {
    let Const::Dict(pairs) = values else {
        return None;
    };
    let keyword = |name: &str| order::lookup(pairs, &Const::text(name)?)?.cloned();
    let mut expansion = Expansion {
        positional: &[],
        keyword: &keyword,
        numbering: Numbering::Unused,
        rendered: 0,
    };
    Const::text(expansion.expand(text, 2)?)
}

enum Numbering {
    Unused,
    Automatic(usize),
    Manual,
}

struct Expansion<'a> {
    positional: &'a [Const],
    keyword: &'a dyn Fn(&str) -> Option<Const>,
    numbering: Numbering,
    /// Bytes rendered so far, also those that a precision cut off.
    rendered: usize,
}

impl Expansion<'_> {
    fn expand(&mut self, template: &str, levels: u8) -> Option<String> {
        let levels = levels.checked_sub(1)?;
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            let (literal, tail) = rest.split_at_checked(at)?;
            out.push_str(literal);
            if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                out.push_str(tail.get(..1)?);
                rest = after;
                continue;
            }
            let (field, after) = split_field(tail.strip_prefix('{')?)?;
            out.push_str(&self.field(field, levels)?);
            rest = after;
            if out.len() > MAX_LENGTH {
                return None;
            }
        }
        out.push_str(rest);
        Some(out)
    }

    /// A replacement field: `name[!conversion][:spec]`.
    fn field(&mut self, field: &str, levels: u8) -> Option<String> {
        let name_end = name_end(field)?;
        let (name, mut rest) = field.split_at_checked(name_end)?;
        let value = self.value(name)?;
        let mut conversion = ConversionFlag::None;
        if let Some(after) = rest.strip_prefix('!') {
            conversion = match after.get(..1)? {
                "s" => ConversionFlag::Str,
                "r" => ConversionFlag::Repr,
                "a" => ConversionFlag::Ascii,
                _ => return None,
            };
            rest = after.get(1..)?;
        }
        let spec = match rest.strip_prefix(':') {
            Some(spec) if spec.contains("{{") => return None,
            Some(spec) => self.expand(spec, levels)?,
            None if rest.is_empty() => String::new(),
            None => return None,
        };
        // A string is shown whole before it is cut to the precision.
        let cost = repr::display(&value)?.len();
        self.rendered = self.rendered.checked_add(cost)?;
        if self.rendered > 2 * MAX_LENGTH {
            return None;
        }
        converted(&value, conversion, &spec)
    }

    /// The value of `name[index][index]`. Attributes are not known.
    fn value(&mut self, name: &str) -> Option<Const> {
        let (first, mut rest) = name.split_at_checked(name.find('[').unwrap_or(name.len()))?;
        if first.contains('.') {
            return None;
        }
        let mut value = if first.is_empty() {
            self.positional.get(self.next_number()?)?.clone()
        } else if first.bytes().all(|byte| byte.is_ascii_digit()) {
            if matches!(self.numbering, Numbering::Automatic(_)) {
                return None;
            }
            self.numbering = Numbering::Manual;
            self.positional.get(first.parse::<usize>().ok()?)?.clone()
        } else {
            (self.keyword)(first)?
        };
        while !rest.is_empty() {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            let index = match index {
                "" => return None,
                _ if index.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Const::Int(index.parse().ok()?)
                }
                _ => Const::text(index)?,
            };
            value = ops::subscript(&value, &index)?;
            rest = after;
        }
        Some(value)
    }

    fn next_number(&mut self) -> Option<usize> {
        let next = match self.numbering {
            Numbering::Unused => 0,
            Numbering::Automatic(next) => next,
            Numbering::Manual => return None,
        };
        self.numbering = Numbering::Automatic(next + 1);
        Some(next)
    }
}

/// Splits what follows an opening brace at its closing one.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let mut open = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
    }
    None
}

/// Where a field's name ends: at a conversion or specification outside of brackets.
fn name_end(field: &str) -> Option<usize> {
    let mut in_brackets = false;
    for (at, c) in field.char_indices() {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '{' | '}' => return None,
            '!' | ':' if !in_brackets => return Some(at),
            _ => {}
        }
    }
    (!in_brackets).then_some(field.len())
}
