//! The text of a file as CPython reads it, if there is no trick in its encoding.

use std::borrow::Cow;

use super::limits::MAX_SOURCE_BYTES;
use crate::finding::Finding;

/// White space that may stand before a comment.
const BLANKS: [char; 3] = [' ', '\t', '\x0c'];

/// The text of a file, with every line end as `\n`.
pub(crate) fn read(source: &[u8]) -> Result<Cow<'_, str>, Finding> {
    let refuse = |message: String| Err(Finding::whole_file("py.encoding", message));
    if source.len() > MAX_SOURCE_BYTES {
        let size = source.len();
        return Err(Finding::whole_file(
            "py.size",
            format!("file has {size} bytes, at most {MAX_SOURCE_BYTES} are checked"),
        ));
    }
    if source.contains(&0) {
        return refuse("file contains a NUL byte".to_owned());
    }
    let Ok(text) = std::str::from_utf8(source) else {
        return refuse("file is not UTF-8".to_owned());
    };
    let (text, has_mark) = match text.strip_prefix('\u{feff}') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    match encoding_cookie(&text) {
        Some(cookie) if !is_utf8(cookie, has_mark) => {
            refuse(format!("encoding `{cookie}` is not UTF-8"))
        }
        _ => Ok(text),
    }
}

/// The encoding that a comment in the first two lines declares, found as CPython's tokenizer does
/// (`check_coding_spec` and `get_coding_spec` in Parser/tokenizer.c): the second line counts only if there
/// is no code in the first.
fn encoding_cookie(text: &str) -> Option<&str> {
    let mut lines = text.split('\n');
    let first = lines.next()?;
    if let Some(cookie) = cookie_in(first) {
        return Some(cookie);
    }
    let rest = first.trim_start_matches(BLANKS);
    if rest.is_empty() || rest.starts_with('#') {
        cookie_in(lines.next()?)
    } else {
        None
    }
}

fn cookie_in(line: &str) -> Option<&str> {
    let comment = line.trim_start_matches(BLANKS).strip_prefix('#')?;
    comment.match_indices("coding").find_map(|(at, word)| {
        let rest = comment.get(at + word.len()..)?.strip_prefix([':', '='])?;
        let rest = rest.trim_start_matches([' ', '\t']);
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

/// Whether CPython takes the name for UTF-8. Beside a byte order mark it knows fewer names.
fn is_utf8(cookie: &str, has_mark: bool) -> bool {
    let name = cookie.to_ascii_lowercase().replace('_', "-");
    name == "utf-8" || name.starts_with("utf-8-") || (name == "utf8" && !has_mark)
}
