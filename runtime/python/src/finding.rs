//! What the screen finds in a file, before it becomes a violation of a response.

use rustpython_parser::text_size::TextRange;

/// Something wrong in one file, at a range of bytes or with the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// First byte and end; `None` when the whole file is meant.
    pub range: Option<(usize, usize)>,
    /// Stable id of the rule.
    pub rule: &'static str,
    /// What a person reads.
    pub message: String,
}

impl Finding {
    pub(crate) fn whole_file(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            range: None,
            rule,
            message: message.into(),
        }
    }

    pub(crate) fn at_offset(offset: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            range: Some((offset, offset)),
            rule,
            message: message.into(),
        }
    }

    pub(crate) fn at(range: TextRange, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            range: Some((range.start().to_usize(), range.end().to_usize())),
            rule,
            message: message.into(),
        }
    }
}
