//! The binary contract between a host and a challenge module.
//!
//! All structures are encoded with bincode 1.3.3 in its fixed-width little-endian layout (see
//! [`codec`]): fields in order, `u64` length prefixes, one tag byte for `Option`, `u32` variant
//! indexes. Field order and types here are the wire format; reordering a field breaks every module.
//!
//! The names under `platform_*` belong to the contract that existing modules were built against. Our
//! own additions live in namespaces of their own: [`names::ASSAY_PYTHON`] and [`names::ASSAY_CRYPTO`],
//! and the export [`names::EXPORT_ASSAY_VALIDATE`].

pub mod codec;
pub mod exec;
pub mod llm;
pub mod names;
pub mod network;
pub mod own;
pub mod status;
mod types;

pub use own::{
    PLATFORM_FAULT_PREFIX, PYTHON_REQUEST_MAX_BYTES, PYTHON_SIMILARITY_MAX_OTHERS,
    PythonCheckRequest, PythonCheckResponse, PythonFile, PythonFingerprint,
    PythonFingerprintRequest, PythonFingerprintResponse, PythonScores, PythonSimilarityRequest,
    PythonSimilarityResponse, PythonVerdict, PythonViolation, SubmissionContext, ValidateOutcome,
};
pub use types::{
    AggregationInput, AggregationOutput, EvaluationInput, EvaluationOutput, SCORE_SCALE,
    TaskDefinition, TaskResult, ValidatorEvaluationData, WasmRouteDefinition, WasmRouteRequest,
    WasmRouteResponse, WasmSyncResult, WeightAssignment, WeightEntry, Weights, WeightsError,
};

/// Packs a guest pointer and a length into the ABI's `i64`: length in the high half, pointer in the
/// low half.
#[must_use]
pub const fn pack(pointer: u32, len_bytes: u32) -> i64 {
    (((len_bytes as u64) << 32) | pointer as u64).cast_signed()
}

/// Splits a packed `i64` into `(pointer, length)`. `(0, 0)` means empty, null or failed: a guest
/// never distinguishes the three.
#[must_use]
pub const fn unpack(packed: i64) -> (u32, u32) {
    let bits = packed.cast_unsigned();
    ((bits & 0xffff_ffff) as u32, (bits >> 32) as u32)
}

/// Bits of the `get_dedup_flags` export: while such a call of a challenge is in flight, a concurrent
/// one of the same kind is dropped.
pub mod dedup {
    /// Nothing is dropped.
    pub const NONE: i32 = 0;
    /// Concurrent `sync` calls are dropped.
    pub const SYNC: i32 = 1;
    /// Concurrent `get_weights` calls are dropped.
    pub const GET_WEIGHTS: i32 = 2;
    /// Concurrent `evaluate` calls are dropped.
    pub const EVALUATE: i32 = 4;
}

/// How many bytes a guest reserves for a host's answer, for the calls that pass no buffer length.
pub mod buffers {
    /// `storage_get` and `storage_get_cross` of a module without the `background_tick` export.
    pub const STORAGE_GET_LEGACY_BYTES: usize = 64 * 1024;
    /// `storage_get` and `storage_get_cross` of a module with the `background_tick` export.
    pub const STORAGE_GET_BYTES: usize = 5 * 1024 * 1024;
    /// `storage_list_prefix` of a module without the `get_dedup_flags` export.
    pub const STORAGE_LIST_LEGACY_BYTES: usize = 256 * 1024;
    /// `storage_list_prefix` of a module with the `get_dedup_flags` export.
    pub const STORAGE_LIST_BYTES: usize = 4 * 1024 * 1024;
    /// `dns_resolve`, all generations.
    pub const DNS_BYTES: usize = 4_096;
    /// Entries that `storage_list_prefix` returns when its limit is zero or negative.
    pub const STORAGE_LIST_DEFAULT_ENTRIES: u32 = 1_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_pointer_and_length_apart_at_the_extremes() {
        for (pointer, len) in [(0, 0), (1, 0), (0, 1), (u32::MAX, 7), (7, u32::MAX)] {
            assert_eq!(unpack(pack(pointer, len)), (pointer, len));
        }
        assert_eq!(pack(8, 16), (16 << 32) | 8);
    }
}
