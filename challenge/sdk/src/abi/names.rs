//! Names and signatures of all imports and exports.
//!
//! [`IMPORTS`] is every function that a host registers, in its exact signature; an unknown import makes
//! instantiation fail. Which of them do something is the host's policy. [`EXPORTS`] is what
//! `register_challenge!` emits.

/// HTTP, DNS, logging.
pub const PLATFORM_NETWORK: &str = "platform_network";
/// Keys and values of the challenge.
pub const PLATFORM_STORAGE: &str = "platform_storage";
/// Commands, files, time and randomness.
pub const PLATFORM_TERMINAL: &str = "platform_terminal";
/// Sandboxed programs, time, logging, environment.
pub const PLATFORM_SANDBOX: &str = "platform_sandbox";
/// Programs.
pub const PLATFORM_EXEC: &str = "platform_exec";
/// Time.
pub const PLATFORM_TIME: &str = "platform_time";
/// What the ledger and the chain say.
pub const PLATFORM_CONSENSUS: &str = "platform_consensus";
/// Language models.
pub const PLATFORM_LLM: &str = "platform_llm";
/// Containers.
pub const PLATFORM_CONTAINER: &str = "platform_container";
/// Files that come with the challenge.
pub const PLATFORM_DATA: &str = "platform_data";
/// Our own: Python analysis.
pub const ASSAY_PYTHON: &str = "assay_python";
/// Our own: signatures.
pub const ASSAY_CRYPTO: &str = "assay_crypto";

/// The memory that every module exports.
pub const EXPORT_MEMORY: &str = "memory";
/// Our own export: `validate` that says why, see [`super::ValidateOutcome`].
pub const EXPORT_ASSAY_VALIDATE: &str = "assay_validate";

/// A WebAssembly value type that the ABI uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WasmType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// Since when the export exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// February 2026.
    A,
    /// 2 March 2026 and after; the markers in between are `sync`, `get_dedup_flags`, `aggregate`.
    B,
    /// Our own SDK only.
    Own,
}

/// A host function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// Namespace.
    pub module: &'static str,
    /// Function name.
    pub name: &'static str,
    /// Parameters.
    pub params: &'static [WasmType],
    /// Result, if any.
    pub result: Option<WasmType>,
}

/// A function that a module exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Export {
    /// Function name.
    pub name: &'static str,
    /// Parameters.
    pub params: &'static [WasmType],
    /// Result, if any.
    pub result: Option<WasmType>,
    /// Since when it exists.
    pub since: Generation,
}

use WasmType::{I32, I64};

const fn import(
    module: &'static str,
    name: &'static str,
    params: &'static [WasmType],
    result: Option<WasmType>,
) -> Import {
    Import {
        module,
        name,
        params,
        result,
    }
}

const fn export(
    name: &'static str,
    params: &'static [WasmType],
    result: Option<WasmType>,
    since: Generation,
) -> Export {
    Export {
        name,
        params,
        result,
        since,
    }
}

/// Every host function, legacy and our own.
pub const IMPORTS: &[Import] = &[
    import(
        PLATFORM_NETWORK,
        "http_request",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_NETWORK,
        "http_get",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_NETWORK,
        "http_post",
        &[I32, I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_NETWORK, "dns_resolve", &[I32, I32, I32], Some(I32)),
    import(PLATFORM_NETWORK, "log_message", &[I32, I32, I32], None),
    import(PLATFORM_NETWORK, "get_timestamp", &[], Some(I64)),
    import(PLATFORM_STORAGE, "storage_get", &[I32, I32, I32], Some(I32)),
    import(
        PLATFORM_STORAGE,
        "storage_set",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_STORAGE, "storage_delete", &[I32, I32], Some(I32)),
    import(
        PLATFORM_STORAGE,
        "storage_get_cross",
        &[I32, I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_STORAGE,
        "storage_propose_write",
        &[I32, I32, I32, I32],
        Some(I64),
    ),
    import(
        PLATFORM_STORAGE,
        "storage_list_prefix",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_STORAGE,
        "storage_count_prefix",
        &[I32, I32],
        Some(I64),
    ),
    import(
        PLATFORM_TERMINAL,
        "terminal_exec",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_TERMINAL,
        "terminal_read_file",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_TERMINAL,
        "terminal_write_file",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_TERMINAL,
        "terminal_list_dir",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_TERMINAL, "terminal_get_time", &[], Some(I64)),
    import(
        PLATFORM_TERMINAL,
        "terminal_random_seed",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_SANDBOX,
        "sandbox_exec",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_SANDBOX, "sandbox_status", &[], Some(I32)),
    import(PLATFORM_SANDBOX, "get_timestamp", &[], Some(I64)),
    import(PLATFORM_SANDBOX, "log_message", &[I32, I32, I32], None),
    import(
        PLATFORM_SANDBOX,
        "env_get",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_EXEC,
        "exec_command",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_TIME, "get_timestamp", &[], Some(I64)),
    import(PLATFORM_CONSENSUS, "consensus_get_epoch", &[], Some(I64)),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_validators",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_propose_weight",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_votes",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_state_hash",
        &[I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_submission_count",
        &[],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_block_height",
        &[],
        Some(I64),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_subnet_challenges",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_llm_validators",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_CONSENSUS,
        "consensus_get_registered_hotkeys",
        &[I32, I32],
        Some(I32),
    ),
    import(
        PLATFORM_LLM,
        "llm_chat_completion",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_LLM, "llm_is_available", &[], Some(I32)),
    import(
        PLATFORM_CONTAINER,
        "container_run",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(PLATFORM_DATA, "data_get", &[I32, I32, I32, I32], Some(I32)),
    import(PLATFORM_DATA, "data_list", &[I32, I32, I32, I32], Some(I32)),
    import(
        ASSAY_PYTHON,
        "python_check",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        ASSAY_PYTHON,
        "python_fingerprint",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        ASSAY_PYTHON,
        "python_similarity",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
    import(
        ASSAY_CRYPTO,
        "sr25519_verify",
        &[I32, I32, I32, I32],
        Some(I32),
    ),
];

/// Every function that `register_challenge!` emits, beside [`EXPORT_MEMORY`].
pub const EXPORTS: &[Export] = &[
    export("evaluate", &[I32, I32], Some(I64), Generation::A),
    export("validate", &[I32, I32], Some(I32), Generation::A),
    export("get_name", &[], Some(I32), Generation::A),
    export("get_version", &[], Some(I32), Generation::A),
    export("generate_task", &[I32, I32], Some(I64), Generation::A),
    export("setup_environment", &[I32, I32], Some(I32), Generation::A),
    export("get_tasks", &[], Some(I64), Generation::A),
    export("configure", &[I32, I32], Some(I32), Generation::A),
    export("get_routes", &[], Some(I64), Generation::A),
    export("handle_route", &[I32, I32], Some(I64), Generation::A),
    export("get_weights", &[], Some(I64), Generation::A),
    export(
        "validate_storage_write",
        &[I32, I32, I32, I32],
        Some(I32),
        Generation::A,
    ),
    export("alloc", &[I32], Some(I32), Generation::A),
    export("allocate", &[I32, I32], Some(I32), Generation::A),
    export("sync", &[], Some(I64), Generation::B),
    export("aggregate", &[I32, I32], Some(I64), Generation::B),
    export("get_dedup_flags", &[], Some(I32), Generation::B),
    export("background_tick", &[], None, Generation::B),
    export(
        EXPORT_ASSAY_VALIDATE,
        &[I32, I32],
        Some(I64),
        Generation::Own,
    ),
];
