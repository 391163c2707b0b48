//! Which SDK a module was built with, told by its exports. It decides what can't be negotiated: the
//! sizes of buffers that the guest reserves, and the layout of LLM messages.

use assay_challenge_sdk::abi::{buffers, names};
use serde::Serialize;

/// Markers of the SDK's history among a module's exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SdkGeneration {
    /// Exports `sync`: since 23 February 2026.
    pub has_sync: bool,
    /// Exports `get_dedup_flags`: since 26 February 2026, list buffers of 4 MiB.
    pub has_dedup_flags: bool,
    /// Exports `background_tick`: since 2 March 2026, value buffers of 5 MiB.
    pub has_background_tick: bool,
    /// Exports `assay_validate`: our own SDK.
    pub has_assay_validate: bool,
}

/// How a module encodes LLM requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LlmLayout {
    A,
    Bc,
    /// Built in the days when the layout changed.
    Ambiguous,
}

impl SdkGeneration {
    pub(crate) fn of_exports<'a>(exports: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for name in exports {
            match name {
                "sync" => found.has_sync = true,
                "get_dedup_flags" => found.has_dedup_flags = true,
                "background_tick" => found.has_background_tick = true,
                names::EXPORT_ASSAY_VALIDATE => found.has_assay_validate = true,
                _ => {}
            }
        }
        found
    }

    /// The name people use: A, B/C, or what lies in between.
    pub fn label(&self) -> &'static str {
        match self {
            Self {
                has_assay_validate: true,
                ..
            } => "assay",
            Self {
                has_background_tick: true,
                ..
            } => "B/C",
            Self {
                has_sync: false,
                has_dedup_flags: false,
                ..
            } => "A",
            _ => "A/B",
        }
    }

    /// Bytes of the buffer behind `storage_get`. Only `background_tick` proves the large one.
    pub(crate) fn value_buffer_bytes(&self) -> usize {
        if self.has_background_tick {
            buffers::STORAGE_GET_BYTES
        } else {
            buffers::STORAGE_GET_LEGACY_BYTES
        }
    }

    /// Bytes of the buffer behind `storage_list_prefix`.
    pub(crate) fn list_buffer_bytes(&self) -> usize {
        if self.has_dedup_flags {
            buffers::STORAGE_LIST_BYTES
        } else {
            buffers::STORAGE_LIST_LEGACY_BYTES
        }
    }

    pub(crate) fn llm_layout(&self) -> LlmLayout {
        match (self.has_sync, self.has_dedup_flags) {
            (_, true) => LlmLayout::Bc,
            (false, false) => LlmLayout::A,
            (true, false) => LlmLayout::Ambiguous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_or_dedup_flags_alone_do_not_prove_the_large_value_buffer() {
        let between = SdkGeneration::of_exports(["sync", "get_dedup_flags"].into_iter());
        assert_eq!(
            between.value_buffer_bytes(),
            buffers::STORAGE_GET_LEGACY_BYTES
        );
        assert_eq!(between.list_buffer_bytes(), buffers::STORAGE_LIST_BYTES);
        let late = SdkGeneration::of_exports(["background_tick"].into_iter());
        assert_eq!(late.value_buffer_bytes(), buffers::STORAGE_GET_BYTES);
    }

    #[test]
    fn llm_layout_follows_the_export_history() {
        let layout =
            |exports: &[&str]| SdkGeneration::of_exports(exports.iter().copied()).llm_layout();
        assert_eq!(layout(&["evaluate"]), LlmLayout::A);
        assert_eq!(layout(&["sync"]), LlmLayout::Ambiguous);
        assert_eq!(layout(&["sync", "get_dedup_flags"]), LlmLayout::Bc);
    }
}
