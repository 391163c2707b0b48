//! The text of a file as CPython reads it, if there is no trick in its encoding.

use std::borrow::Cow;

use super::MAX_SOURCE_BYTES;
use crate::finding::Finding;

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
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    match encoding_cookie(&text) {
        Some(cookie) if !is_utf8(cookie) => refuse(format!("encoding `{cookie}` is not UTF-8")),
        _ => Ok(text),
    }
}

/// The encoding that a comment in the first two lines declares, found as CPython's tokenizer does
/// (`get_coding_spec` in Parser/tokenizer.c).
fn encoding_cookie(text: &str) -> Option<&str> {
    text.split('\n').take(2).find_map(|line| {
        let comment = line
            .trim_start_matches([' ', '\t', '\x0c'])
            .strip_prefix('#')?;
        comment.match_indices("coding").find_map(|(at, word)| {
            let rest = comment.get(at + word.len()..)?.strip_prefix([':', '='])?;
            let rest = rest.trim_start_matches([' ', '\t']);
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            rest.get(..end).filter(|name| !name.is_empty())
        })
    })
}

fn is_utf8(cookie: &str) -> bool {
    let name = cookie.to_ascii_lowercase().replace('_', "-");
    name == "utf8" || name == "utf-8" || name.starts_with("utf-8-")
}
