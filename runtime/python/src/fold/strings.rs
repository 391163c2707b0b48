//! Methods that `str`, `bytes` and `bytearray` share. Bytes are handled as the characters of the same
//! numbers.

use std::borrow::Cow;

use super::{Args, Const, MAX_LENGTH, given, iterate, unicode};

/// `bytes` as the characters of the same numbers.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The inverse of [`latin1`].
pub(super) fn from_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect()
}

/// `item in container` of bytes.
pub(super) fn holds_bytes(container: &Const, item: &Const) -> Option<bool> {
    let subject = Subject::new(container)?;
    let item = subject.needle(item)?;
    Some(subject.text.contains(item.as_ref()))
}

/// A method of a string or bytes; `None` also when there is no such shared method.
pub(super) fn method(receiver: &Const, name: &str, args: Args<'_>) -> Option<Const> {
    let subject = Subject::new(receiver)?;
    match name {
        "upper" | "lower" | "title" | "capitalize" | "swapcase" => subject.cased(name, args),
        "isalpha" | "isdigit" | "isalnum" | "isspace" | "islower" | "isupper" | "isascii"
        | "istitle" => subject.predicate(name, args),
        "strip" | "lstrip" | "rstrip" => subject.strip(name, args),
        "split" => subject.split(args, Direction::Forward),
        "rsplit" => subject.split(args, Direction::Backward),
        "splitlines" => subject.splitlines(args),
        "partition" | "rpartition" => subject.partition(name, args),
        "join" => subject.join(args),
        "replace" => subject.replace(args),
        "find" | "rfind" | "index" | "rindex" => subject.find(name, args),
        "count" => {
            let (_, within, [needle]) = subject.window(args)?;
            let needle = subject.needle(needle)?;
            let count = within.map_or(0, |within| within.matches(needle.as_ref()).count());
            Some(Const::Int(i128::try_from(count).ok()?))
        }
        "startswith" | "endswith" => subject.has_affix(name, args),
        "removeprefix" | "removesuffix" => {
            let [affix] = args.exactly()?;
            let affix = subject.operand(affix)?;
            let text = subject.text.as_ref();
            let stripped = match name {
                "removeprefix" => text.strip_prefix(affix.as_ref()),
                _ => text.strip_suffix(affix.as_ref()),
            };
            subject.value(stripped.unwrap_or(text))
        }
        "center" | "ljust" | "rjust" => subject.pad(name, args),
        "zfill" => subject.zfill(args),
        "expandtabs" => subject.expandtabs(args),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Backward,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Str,
    Bytes,
    ByteArray,
}

struct Subject<'a> {
    kind: Kind,
    text: Cow<'a, str>,
}

impl<'a> Subject<'a> {
    fn new(value: &'a Const) -> Option<Self> {
        let (kind, text) = match value {
            Const::Str(text) => (Kind::Str, Cow::Borrowed(text.as_ref())),
            Const::Bytes(bytes) => (Kind::Bytes, Cow::Owned(latin1(bytes))),
            Const::ByteArray(bytes) => (Kind::ByteArray, Cow::Owned(latin1(bytes))),
            _ => return None,
        };
        Some(Self { kind, text })
    }

    /// A result of the receiver's type.
    fn value(&self, text: &str) -> Option<Const> {
        match self.kind {
            Kind::Str => Const::text(text),
            Kind::Bytes => Const::bytes(from_latin1(text)?),
            Kind::ByteArray => Const::bytearray(from_latin1(text)?),
        }
    }

    fn values<'t>(&self, parts: impl IntoIterator<Item = &'t str>) -> Option<Vec<Const>> {
        parts.into_iter().map(|part| self.value(part)).collect()
    }

    /// An argument that has to be of the same sort of text.
    fn operand<'b>(&self, value: &'b Const) -> Option<Cow<'b, str>> {
        let operand = Subject::new(value)?;
        ((self.kind == Kind::Str) == (operand.kind == Kind::Str)).then_some(operand.text)
    }

    /// What is searched: also one byte as a number.
    fn needle<'b>(&self, value: &'b Const) -> Option<Cow<'b, str>> {
        match value.as_int() {
            Some(byte) if self.kind != Kind::Str => Some(Cow::Owned(String::from(char::from(
                u8::try_from(byte).ok()?,
            )))),
            _ => self.operand(value),
        }
    }

    fn is_space(&self, c: char) -> bool {
        match self.kind {
            Kind::Str => unicode::is_space(c),
            _ => unicode::is_byte_space(c),
        }
    }

    fn is_line_break(&self, c: char) -> bool {
        match self.kind {
            Kind::Str => unicode::is_line_break(c),
            _ => matches!(c, '\n' | '\r'),
        }
    }

    fn cased(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let [] = args.exactly()?;
        let map = match name {
            "upper" => unicode::upper,
            "lower" => unicode::lower,
            "title" => unicode::title,
            "capitalize" => unicode::capitalize,
            _ => unicode::swapcase,
        };
        if self.kind == Kind::Str {
            return self.value(&map(&self.text)?);
        }
        // Bytes beyond ASCII have no case: they separate words and stay.
        let mut out = String::with_capacity(self.text.len());
        for (index, part) in self
            .text
            .split_inclusive(|c: char| !c.is_ascii())
            .enumerate()
        {
            let (ascii, rest) = match part.char_indices().next_back() {
                Some((at, c)) if !c.is_ascii() => part.split_at_checked(at)?,
                _ => (part, ""),
            };
            // Only the very first letter is capitalised.
            let ascii = match name {
                "capitalize" if index > 0 => ascii.to_ascii_lowercase(),
                _ => map(ascii)?,
            };
            out.push_str(&ascii);
            out.push_str(rest);
        }
        self.value(&out)
    }

    /// Predicates are only known of ASCII.
    fn predicate(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let [] = args.exactly()?;
        let text = self.text.as_ref();
        if name == "isascii" {
            return Some(Const::Bool(text.is_ascii()));
        }
        if !text.is_ascii() {
            return None;
        }
        let all = |test: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| test(&c));
        let any = |test: fn(&char) -> bool| text.chars().any(|c| test(&c));
        Some(Const::Bool(match name {
            "isalpha" => all(char::is_ascii_alphabetic),
            "isdigit" => all(char::is_ascii_digit),
            "isalnum" => all(char::is_ascii_alphanumeric),
            "isspace" => !text.is_empty() && text.chars().all(|c| self.is_space(c)),
            "islower" => any(char::is_ascii_lowercase) && !any(char::is_ascii_uppercase),
            "isupper" => any(char::is_ascii_uppercase) && !any(char::is_ascii_lowercase),
            _ => any(char::is_ascii_alphabetic) && unicode::title(text).as_deref() == Some(text),
        }))
    }

    fn strip(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let [chars] = args.bind([""])?;
        let chars = match given(chars) {
            Some(chars) => Some(
                self.operand(chars)?
                    .chars()
                    .collect::<std::collections::BTreeSet<_>>(),
            ),
            None => None,
        };
        let drop = |c: char| match &chars {
            Some(chars) => chars.contains(&c),
            None => self.is_space(c),
        };
        let text = self.text.as_ref();
        self.value(match name {
            "strip" => text.trim_matches(drop),
            "lstrip" => text.trim_start_matches(drop),
            _ => text.trim_end_matches(drop),
        })
    }

    fn split(&self, args: Args<'_>, direction: Direction) -> Option<Const> {
        let [separator, limit] = args.bind(["sep", "maxsplit"])?;
        let limit = limit.map_or(Some(-1), Const::as_size)?;
        // A negative limit is none.
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let text = self.text.as_ref();
        let mut parts: Vec<&str> = match (given(separator), direction) {
            (None, _) => self.words(limit, direction),
            (Some(separator), _) if self.operand(separator)?.is_empty() => return None,
            (Some(separator), Direction::Forward) => {
                let separator = self.operand(separator)?;
                text.splitn(limit.saturating_add(1), separator.as_ref())
                    .collect()
            }
            (Some(separator), Direction::Backward) => {
                let separator = self.operand(separator)?;
                text.rsplitn(limit.saturating_add(1), separator.as_ref())
                    .collect()
            }
        };
        if matches!(direction, Direction::Backward) {
            parts.reverse();
        }
        Const::list(self.values(parts)?)
    }

    /// The words between whitespace, in the order in which they are found; after `limit` words the rest.
    fn words(&self, limit: usize, direction: Direction) -> Vec<&str> {
        let space = |c| self.is_space(c);
        let mut rest = self.text.as_ref();
        let mut words = Vec::new();
        loop {
            rest = match direction {
                Direction::Forward => rest.trim_start_matches(space),
                Direction::Backward => rest.trim_end_matches(space),
            };
            if rest.is_empty() {
                return words;
            }
            let cut = match direction {
                Direction::Forward => rest.split_once(space),
                Direction::Backward => rest.rsplit_once(space).map(|(rest, word)| (word, rest)),
            };
            match cut {
                Some((word, remainder)) if words.len() < limit => {
                    words.push(word);
                    rest = remainder;
                }
                _ => {
                    words.push(rest);
                    return words;
                }
            }
        }
    }

    fn splitlines(&self, args: Args<'_>) -> Option<Const> {
        let [keep] = args.bind(["keepends"])?;
        let keep = keep.map_or(Some(0), Const::as_c_int)? != 0;
        let mut lines = Vec::new();
        let mut rest = self.text.as_ref();
        while !rest.is_empty() {
            let end = rest.find(|c| self.is_line_break(c)).unwrap_or(rest.len());
            let (line, tail) = rest.split_at_checked(end)?;
            let length = if tail.starts_with("\r\n") {
                2
            } else {
                tail.chars().next().map_or(0, char::len_utf8)
            };
            let (whole, next) = rest.split_at_checked(end + length)?;
            lines.push(if keep { whole } else { line });
            rest = next;
        }
        Const::list(self.values(lines)?)
    }

    fn partition(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let [separator_value] = args.exactly()?;
        let separator = self.operand(separator_value)?;
        // Of bytes a separator that is a bytearray stays one.
        let stays = self.kind == Kind::Bytes && matches!(separator_value, Const::ByteArray(_));
        if separator.is_empty() || stays {
            return None;
        }
        let text = self.text.as_ref();
        let parts = match name {
            "partition" => match text.split_once(separator.as_ref()) {
                Some((before, after)) => [before, &separator, after],
                None => [text, "", ""],
            },
            _ => match text.rsplit_once(separator.as_ref()) {
                Some((before, after)) => [before, &separator, after],
                None => ["", "", text],
            },
        };
        Const::tuple(self.values(parts)?)
    }

    fn join(&self, args: Args<'_>) -> Option<Const> {
        let [parts] = args.exactly()?;
        let mut out = String::new();
        for (index, part) in iterate(parts)?.iter().enumerate() {
            if index > 0 {
                out.push_str(&self.text);
            }
            out.push_str(&self.operand(part)?);
            // Bytes beyond ASCII take two in a string.
            if out.len() > 2 * MAX_LENGTH {
                return None;
            }
        }
        self.value(&out)
    }

    fn replace(&self, args: Args<'_>) -> Option<Const> {
        let [old, new, limit] = args.bind(["", "", ""])?;
        let (old, new) = (self.operand(old?)?, self.operand(new?)?);
        let limit = limit.map_or(Some(-1), Const::as_size)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let replaced = self.text.matches(old.as_ref()).count().min(limit);
        if replaced.checked_mul(new.len())? > 2 * MAX_LENGTH {
            return None;
        }
        self.value(&self.text.replacen(old.as_ref(), &new, replaced))
    }

    fn find(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let (start, within, [needle]) = self.window(args)?;
        let needle = self.needle(needle)?;
        let found = within.and_then(|within| {
            let at = match name {
                "find" | "index" => within.find(needle.as_ref()),
                _ => within.rfind(needle.as_ref()),
            }?;
            Some(start + within.get(..at)?.chars().count())
        });
        match found {
            Some(at) => Some(Const::Int(i128::try_from(at).ok()?)),
            None if name.ends_with("find") => Some(Const::Int(-1)),
            None => None,
        }
    }

    fn has_affix(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let (_, within, [affixes]) = self.window(args)?;
        let has = |affix: &Const| {
            let affix = self.operand(affix)?;
            Some(within.is_some_and(|within| match name {
                "startswith" => within.starts_with(affix.as_ref()),
                _ => within.ends_with(affix.as_ref()),
            }))
        };
        let Const::Tuple(affixes) = affixes else {
            return has(affixes).map(Const::Bool);
        };
        for affix in affixes.iter() {
            if has(affix)? {
                return Some(Const::Bool(true));
            }
        }
        Some(Const::Bool(false))
    }

    /// The part that `method(what, start, end)` looks at and where it begins, in characters. Nothing is
    /// found in a part that ends before it begins, not even nothing.
    fn window<'b>(&self, args: Args<'b>) -> Option<(usize, Option<&str>, [&'b Const; 1])> {
        let [what, start, end] = args.bind(["", "", ""])?;
        let text = self.text.as_ref();
        let length = text.chars().count();
        let bound = |bound: Option<&Const>, otherwise: usize| {
            let Some(bound) = given(bound) else {
                return Some(otherwise);
            };
            let (bound, length) = (bound.as_int()?, i128::try_from(length).ok()?);
            let bound = if bound < 0 {
                bound.saturating_add(length).max(0)
            } else {
                bound
            };
            // A start beyond the end stays beyond it.
            usize::try_from(bound.min(length + 1)).ok()
        };
        let (start, end) = (bound(start, 0)?, bound(end, length)?.min(length));
        if start > end {
            return Some((start, None, [what?]));
        }
        let offset = |at| {
            text.char_indices()
                .nth(at)
                .map_or(text.len(), |(offset, _)| offset)
        };
        Some((start, Some(text.get(offset(start)..offset(end))?), [what?]))
    }

    fn pad(&self, name: &str, args: Args<'_>) -> Option<Const> {
        let [width, fill] = args.bind(["", ""])?;
        let width = width?.as_size()?;
        let fill = match fill {
            None => ' ',
            Some(fill) => {
                let fill = self.operand(fill)?;
                let mut chars = fill.chars();
                chars.next().filter(|_| chars.next().is_none())?
            }
        };
        let missing = self.missing(width)?;
        let left = match name {
            "center" => missing / 2 + (missing & usize::try_from(width.max(0)).ok()? & 1),
            "ljust" => 0,
            _ => missing,
        };
        let fill = |count| std::iter::repeat_n(fill, count);
        let padded: String = fill(left)
            .chain(self.text.chars())
            .chain(fill(missing - left))
            .collect();
        self.value(&padded)
    }

    /// Characters that are missing to a width.
    fn missing(&self, width: i128) -> Option<usize> {
        let width = usize::try_from(width.max(0)).ok()?;
        let missing = width.saturating_sub(self.text.chars().count());
        (missing <= MAX_LENGTH).then_some(missing)
    }

    fn zfill(&self, args: Args<'_>) -> Option<Const> {
        let [width] = args.exactly()?;
        let zeros = "0".repeat(self.missing(width.as_size()?)?);
        let (sign, digits) = match self.text.strip_prefix(['+', '-']) {
            Some(digits) if !zeros.is_empty() => {
                self.text.split_at_checked(self.text.len() - digits.len())?
            }
            _ => ("", self.text.as_ref()),
        };
        self.value(&format!("{sign}{zeros}{digits}"))
    }

    fn expandtabs(&self, args: Args<'_>) -> Option<Const> {
        let [size] = args.bind(["tabsize"])?;
        let size = usize::try_from(size.map_or(Some(8), Const::as_c_int)?.max(0)).ok()?;
        let mut out = String::new();
        let mut column = 0_usize;
        for c in self.text.chars() {
            match c {
                '\t' => {
                    let spaces = column.checked_rem(size).map_or(0, |past| size - past);
                    if out.len().checked_add(spaces)? > 2 * MAX_LENGTH {
                        return None;
                    }
                    out.extend(std::iter::repeat_n(' ', spaces));
                    column += spaces;
                }
                '\n' | '\r' => {
                    out.push(c);
                    column = 0;
                }
                _ => {
                    out.push(c);
                    column += 1;
                }
            }
        }
        self.value(&out)
    }
}
