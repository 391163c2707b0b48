//! What usual tools do: all identifiers are one symbol, literals are another, and the programs' runs of
//! tokens are compared as sets.

use std::collections::BTreeSet;

use assay_python::similarity::Scores;

/// Tokens of a run.
const RUN_TOKENS: usize = 8;

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Runs of a program.
pub type Runs = BTreeSet<Vec<String>>;

pub fn runs(sources: &[String]) -> Runs {
    let tokens: Vec<String> = sources.iter().flat_map(|source| tokens(source)).collect();
    tokens.windows(RUN_TOKENS).map(<[String]>::to_vec).collect()
}

/// Jaccard's index and both containments.
pub fn compare(a: &Runs, b: &Runs) -> Scores {
    let shared = a.intersection(b).count();
    let part = |whole: usize| u32::try_from(shared * 10_000 / whole.max(1)).unwrap();
    Scores {
        similarity: part(a.union(b).count()),
        contained: part(a.len()),
        containing: part(b.len()),
    }
}

/// Its tokens, without line ends.
pub fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if first.is_whitespace() {
            first.len_utf8()
        } else if first == '"' || first == '\'' {
            tokens.push("TEXT".to_owned());
            string_length(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let is_part =
                |c: char| c.is_alphanumeric() || c == '_' || (first.is_numeric() && c == '.');
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let word = &rest[..end];
            let is_prefix = rest[end..].starts_with(['"', '\'']) && word.len() <= 2;
            if KEYWORDS.contains(&word) {
                tokens.push(word.to_owned());
            } else if first.is_numeric() {
                tokens.push("NUMBER".to_owned());
            } else if !is_prefix {
                tokens.push("NAME".to_owned());
            }
            end
        } else {
            tokens.push(first.to_string());
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let end = if text.starts_with(&triple) {
        triple.as_str()
    } else {
        quote
    };
    let mut at = end.len();
    while at < text.len() && !text[at..].starts_with(end) {
        let step = text[at..].chars().next().unwrap().len_utf8();
        at += if text[at..].starts_with('\\') {
            1 + text[at + 1..].chars().next().map_or(0, char::len_utf8)
        } else {
            step
        };
    }
    (at + end.len()).min(text.len())
}
