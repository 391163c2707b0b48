//! Status codes that host functions return.

/// `platform_storage`.
pub mod storage {
    /// Done.
    pub const SUCCESS: i32 = 0;
    /// Declared by the contract, returned by nobody: `storage_get` says 0 for a missing key.
    pub const NOT_FOUND: i32 = 1;
    /// Key too long.
    pub const KEY_TOO_LARGE: i32 = -1;
    /// Value too long, or longer than the guest's buffer.
    pub const VALUE_TOO_LARGE: i32 = -2;
    /// Empty or malformed key.
    pub const INVALID_KEY: i32 = -3;
    /// Malformed value.
    pub const INVALID_VALUE: i32 = -4;
    /// The store failed.
    pub const STORAGE_ERROR: i32 = -5;
    /// The write must go through consensus.
    pub const CONSENSUS_REQUIRED: i32 = -6;
    /// Not allowed here.
    pub const PERMISSION_DENIED: i32 = -7;
    /// Quota used up.
    pub const QUOTA_EXCEEDED: i32 = -8;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_terminal`.
pub mod terminal {
    /// Done.
    pub const SUCCESS: i32 = 0;
    /// Not available. Positive: older guests read it as one byte of output.
    pub const DISABLED: i32 = 1;
    /// Command not allowed.
    pub const COMMAND_NOT_ALLOWED: i32 = -1;
    /// Path not allowed.
    pub const PATH_NOT_ALLOWED: i32 = -2;
    /// File too large.
    pub const FILE_TOO_LARGE: i32 = -3;
    /// The guest's buffer is too small.
    pub const BUFFER_TOO_SMALL: i32 = -4;
    /// Input or output failed.
    pub const IO_ERROR: i32 = -5;
    /// Too many calls.
    pub const LIMIT_EXCEEDED: i32 = -6;
    /// The time budget ran out.
    pub const TIMEOUT: i32 = -7;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_sandbox`.
pub mod sandbox {
    /// Done.
    pub const SUCCESS: i32 = 0;
    /// Not available.
    pub const DISABLED: i32 = 1;
    /// Command not allowed.
    pub const COMMAND_NOT_ALLOWED: i32 = -1;
    /// The time budget ran out.
    pub const EXECUTION_TIMEOUT: i32 = -2;
    /// The program couldn't be run.
    pub const EXECUTION_FAILED: i32 = -3;
    /// The sandbox is misconfigured.
    pub const INVALID_CONFIG: i32 = -4;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_consensus`.
pub mod consensus {
    /// Done.
    pub const SUCCESS: i32 = 0;
    /// Not available.
    pub const DISABLED: i32 = 1;
    /// The guest's buffer is too small.
    pub const BUFFER_TOO_SMALL: i32 = -1;
    /// Too many proposals.
    pub const PROPOSAL_LIMIT_EXCEEDED: i32 = -2;
    /// Negative UID or weight.
    pub const INVALID_ARGUMENT: i32 = -3;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_llm`.
pub mod llm {
    /// Not available.
    pub const DISABLED: i32 = -1;
    /// The request doesn't decode or is out of bounds.
    pub const INVALID_REQUEST: i32 = -2;
    /// The service failed.
    pub const API_ERROR: i32 = -3;
    /// The guest's buffer is too small.
    pub const BUFFER_TOO_SMALL: i32 = -4;
    /// Too many calls.
    pub const RATE_LIMITED: i32 = -5;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_data`.
pub mod data {
    /// Done.
    pub const SUCCESS: i32 = 0;
    /// Not available.
    pub const DISABLED: i32 = 1;
    /// No such key.
    pub const NOT_FOUND: i32 = -1;
    /// Key too long.
    pub const KEY_TOO_LARGE: i32 = -2;
    /// The guest's buffer is too small.
    pub const BUFFER_TOO_SMALL: i32 = -3;
    /// Path not allowed.
    pub const PATH_NOT_ALLOWED: i32 = -4;
    /// Input or output failed.
    pub const IO_ERROR: i32 = -5;
    /// Bad pointers and the like.
    pub const INTERNAL_ERROR: i32 = -100;
}

/// `platform_network`, `platform_exec` and `platform_container`: bytes written, minus the needed length
/// when the buffer is too small, or this for any other failure.
pub const CALL_FAILED: i32 = -1;

/// `assay_python`. Bytes written when not negative; minus the needed length when the buffer is too
/// small (never near these values); else one of these.
pub mod python {
    /// The module has no grant for Python analysis.
    pub const DISABLED: i32 = i32::MIN;
    /// A pointer or length is outside of the guest's memory.
    pub const BAD_POINTER: i32 = i32::MIN + 1;
    /// The request doesn't decode, is over a limit, names an unknown policy, or holds bytes that are no
    /// fingerprint.
    pub const INVALID_REQUEST: i32 = i32::MIN + 2;
    /// The analysis failed for a reason of the host's own.
    pub const INTERNAL_ERROR: i32 = i32::MIN + 3;
    /// Results at or below this are status codes, not lengths.
    pub const HIGHEST_STATUS: i32 = i32::MIN + 15;
}

/// `assay_crypto`.
pub mod crypto {
    /// The signature verifies.
    pub const VALID: i32 = 1;
    /// It doesn't, or the key or signature is malformed.
    pub const INVALID: i32 = 0;
    /// A pointer or length is outside of the guest's memory.
    pub const BAD_POINTER: i32 = -1;
    /// The module has no grant for it.
    pub const DISABLED: i32 = -2;
}
