//! The runtime's version: what clients check, and what an upgrade moves.

use parity_scale_codec::{Decode, Encode};

/// Name of the runtime, as the real chain's.
pub const SPEC_NAME: &str = "node-subtensor";

/// Version of the runtime that the first block has: the real one whose types, numbers of calls,
/// errors and events, and runtime APIs this chain has.
pub const FIRST_SPEC_VERSION: u32 = 461;

/// Version of a first runtime whose epochs follow from block numbers alone.
pub const LEGACY_SPEC_VERSION: u32 = 398;

/// The version of a runtime, and by how much its calls and errors are off their usual numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct RuntimeVersion {
    /// Version of the runtime; every upgrade raises it.
    pub spec_version: u32,
    /// Version of the transactions; an upgrade that moves calls raises it.
    pub transaction_version: u32,
    /// Added to the number of every call of pallet SubtensorModule.
    pub call_shift: u8,
    /// Added to the number of every error of pallet SubtensorModule.
    pub error_shift: u8,
    /// Whether epochs follow from block numbers alone, as on the real chain before version 423;
    /// then nothing in storage and no runtime API says when one begins.
    pub legacy_epochs: bool,
}

impl Default for RuntimeVersion {
    fn default() -> RuntimeVersion {
        RuntimeVersion {
            spec_version: FIRST_SPEC_VERSION,
            transaction_version: 1,
            call_shift: 0,
            error_shift: 0,
            legacy_epochs: false,
        }
    }
}

impl RuntimeVersion {
    /// The runtime of a first block with legacy epochs.
    pub fn legacy() -> RuntimeVersion {
        RuntimeVersion {
            spec_version: LEGACY_SPEC_VERSION,
            legacy_epochs: true,
            ..RuntimeVersion::default()
        }
    }

    /// The runtime after an upgrade that moves calls and errors by so much, and that ends legacy
    /// epochs.
    pub fn upgraded(self, call_shift: u8, error_shift: u8) -> RuntimeVersion {
        let calls_moved = call_shift != self.call_shift;
        RuntimeVersion {
            spec_version: self.spec_version.saturating_add(1),
            transaction_version: self
                .transaction_version
                .saturating_add(u32::from(calls_moved)),
            call_shift,
            error_shift,
            legacy_epochs: false,
        }
    }
}
