//! Character properties as CPython 3.11 has them (Unicode 14), for the characters where later versions of
//! Unicode agree. Others are not known, so that a newer compiler cannot make an answer wrong; the tests
//! compare every known character with an interpreter.

use unicode_normalization::UnicodeNormalization;

/// Scripts and symbols that look like Latin letters or fold to them, whose properties are settled.
const KNOWN: [(char, char); 14] = [
    ('\0', '\u{17f}'),
    ('\u{370}', '\u{3ff}'),
    ('\u{400}', '\u{52f}'),
    ('\u{1e00}', '\u{1eff}'),
    ('\u{2000}', '\u{209c}'),
    ('\u{20a0}', '\u{218b}'),
    ('\u{24b6}', '\u{24e9}'),
    ('\u{3000}', '\u{9fff}'),
    ('\u{fb00}', '\u{fb06}'),
    ('\u{ff00}', '\u{ffef}'),
    ('\u{1d400}', '\u{1d6a5}'),
    ('\u{1d6a8}', '\u{1d7cb}'),
    ('\u{1d7ce}', '\u{1d7ff}'),
    ('\u{1f300}', '\u{1f64f}'),
];

pub(super) fn known(c: char) -> bool {
    KNOWN
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&c))
}

/// Whether `repr` is known to show the character as it is.
pub(super) fn known_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{17f}' | '\u{400}'..='\u{52f}' | '\u{4e00}'..='\u{9fef}')
}

/// `str.upper`.
pub(super) fn upper(text: &str) -> Option<String> {
    mapped(text, known, |c, out| out.extend(c.to_uppercase()))
}

/// `str.lower`.
pub(super) fn lower(text: &str) -> Option<String> {
    mapped(text, lowers, |c, out| out.extend(c.to_lowercase()))
}

/// `str.casefold`.
pub(super) fn casefold(text: &str) -> Option<String> {
    let foldable = |c| known(c) && c != 'ı';
    mapped(text, foldable, |c, out| {
        out.extend(
            c.to_lowercase()
                .flat_map(char::to_uppercase)
                .flat_map(char::to_lowercase),
        );
    })
}

/// `str.swapcase`.
pub(super) fn swapcase(text: &str) -> Option<String> {
    mapped(text, lowers, |c, out| {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else if c.is_lowercase() {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    })
}

/// `str.title`.
pub(super) fn title(text: &str) -> Option<String> {
    let mut after_cased = false;
    mapped(text, titles, |c, out| {
        if after_cased {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        after_cased = c.is_lowercase() || c.is_uppercase();
    })
}

/// `str.capitalize`.
pub(super) fn capitalize(text: &str) -> Option<String> {
    let mut first = true;
    mapped(text, titles, |c, out| {
        if first {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        first = false;
    })
}

/// `unicodedata.normalize`.
pub(super) fn normalize(form: &str, text: &str) -> Option<String> {
    let settled = |c| known(c) || matches!(c, '\u{300}'..='\u{36f}');
    if !text.chars().all(settled) {
        return None;
    }
    match form {
        "NFC" => Some(text.nfc().collect()),
        "NFD" => Some(text.nfd().collect()),
        "NFKC" => Some(text.nfkc().collect()),
        "NFKD" => Some(text.nfkd().collect()),
        _ => None,
    }
}

fn mapped(
    text: &str,
    known: impl Fn(char) -> bool,
    mut map: impl FnMut(char, &mut String),
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        known(c).then(|| map(c, &mut out))?;
    }
    Some(out)
}

/// Capital sigma in lower case depends on its neighbours.
fn lowers(c: char) -> bool {
    known(c) && c != 'Σ'
}

/// Title case is upper case where that is one character.
fn titles(c: char) -> bool {
    lowers(c) && c.to_uppercase().count() == 1
}

/// `str.isspace` of one character.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{1c}'..=' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Whitespace of `bytes`.
pub(super) fn is_byte_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

/// Where `str.splitlines` splits.
pub(super) fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
