//! The functions a module can import. Every name of the ABI is here with its exact signature; those
//! without a grant answer with their own "disabled" status.
//!
//! Host functions are deterministic: what they return depends on the call's context, the storage view
//! and, for live calls, on [`crate::LiveCalls`]. A bad pointer is the guest's problem and gets a status
//! code; a fault of this machine ends the call as a host fault.

mod crypto;
mod exec;
mod guest;
mod llm;
mod network;
mod python;
mod storage;
mod system;

use assay_challenge_sdk::abi::{names, status};
use serde::Serialize;
use wasmer::{Function, FunctionEnv, Store};

pub(crate) use guest::{Env, HostTrap, InstanceHandles};

/// Creates the host function of one import in an instance's store.
pub(crate) type Linker = fn(&mut Store, &FunctionEnv<Env>) -> Function;

/// What an import does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Answered from the call's context and storage.
    Granted,
    /// Answered by [`crate::LiveCalls`]: denied unless the caller grants it.
    Live,
    /// Answers with its "disabled" status.
    Denied,
}

/// Variant 0 ("disabled") of an error inside a bincode `Err`: what the network, exec, sandbox and
/// container functions write when they are denied.
const ERR_DISABLED: [u8; 8] = [1, 0, 0, 0, 0, 0, 0, 0];

/// The host function behind an import, if the name is known.
pub(crate) fn resolve(module: &str, name: &str) -> Option<(Linker, Access)> {
    macro_rules! with_env {
        ($function:expr) => {
            |store, env| Function::new_typed_with_env(store, env, $function)
        };
    }
    macro_rules! constant {
        ($value:expr; $($param:ident)*) => {
            |store, _env| {
                Function::new_typed(store, |$($param: i32),*| {
                    $(let _ = $param;)*
                    $value
                })
            }
        };
    }
    use Access::{Denied, Granted, Live};
    let found: (Linker, Access) = match (module, name) {
        (names::PLATFORM_NETWORK, "http_get") => (with_env!(network::http_get), Live),
        (names::PLATFORM_NETWORK, "http_request") => (with_env!(network::refuse4), Denied),
        (names::PLATFORM_NETWORK, "http_post") => (with_env!(network::refuse5), Denied),
        (names::PLATFORM_NETWORK, "dns_resolve") => (with_env!(network::refuse_dns), Denied),
        (names::PLATFORM_NETWORK | names::PLATFORM_SANDBOX, "log_message") => {
            (with_env!(system::log_message), Granted)
        }
        (
            names::PLATFORM_NETWORK | names::PLATFORM_SANDBOX | names::PLATFORM_TIME,
            "get_timestamp",
        )
        | (names::PLATFORM_TERMINAL, "terminal_get_time") => {
            (with_env!(system::timestamp_ms), Granted)
        }
        (names::PLATFORM_STORAGE, "storage_get") => (with_env!(storage::get), Granted),
        (names::PLATFORM_STORAGE, "storage_set") => (with_env!(storage::set), Granted),
        (names::PLATFORM_STORAGE, "storage_delete") => (with_env!(storage::delete), Granted),
        (names::PLATFORM_STORAGE, "storage_get_cross") => (with_env!(storage::get_cross), Granted),
        (names::PLATFORM_STORAGE, "storage_list_prefix") => {
            (with_env!(storage::list_prefix), Granted)
        }
        (names::PLATFORM_STORAGE, "storage_count_prefix") => {
            (with_env!(storage::count_prefix), Granted)
        }
        (names::PLATFORM_STORAGE, "storage_propose_write") => (
            constant!(i64::from(status::storage::PERMISSION_DENIED) << 32; a b c d),
            Denied,
        ),
        (names::PLATFORM_TERMINAL, "terminal_random_seed") => {
            (with_env!(system::random_seed), Granted)
        }
        (
            names::PLATFORM_TERMINAL,
            "terminal_exec" | "terminal_read_file" | "terminal_write_file" | "terminal_list_dir",
        ) => (constant!(status::terminal::DISABLED; a b c d), Denied),
        (names::PLATFORM_SANDBOX, "sandbox_status") => (with_env!(exec::sandbox_status), Live),
        (names::PLATFORM_SANDBOX, "sandbox_exec") => (with_env!(exec::sandbox_exec), Live),
        (names::PLATFORM_CONTAINER, "container_run") => (with_env!(exec::container_run), Live),
        // No variable is set: 0 means "missing".
        (names::PLATFORM_SANDBOX, "env_get") => (constant!(0i32; a b c d), Denied),
        (names::PLATFORM_EXEC, "exec_command") => (with_env!(network::refuse4), Denied),
        (names::PLATFORM_CONSENSUS, "consensus_get_epoch") => (with_env!(system::epoch), Granted),
        (names::PLATFORM_CONSENSUS, "consensus_get_block_height") => {
            (with_env!(system::block_height), Granted)
        }
        (names::PLATFORM_CONSENSUS, "consensus_get_submission_count") => {
            (with_env!(system::submission_count), Granted)
        }
        (
            names::PLATFORM_CONSENSUS,
            "consensus_get_validators"
            | "consensus_get_votes"
            | "consensus_get_subnet_challenges"
            | "consensus_get_llm_validators"
            | "consensus_get_registered_hotkeys"
            | "consensus_propose_weight",
        ) => (constant!(status::consensus::DISABLED; a b), Denied),
        (names::PLATFORM_CONSENSUS, "consensus_get_state_hash") => {
            (constant!(status::consensus::DISABLED; a), Denied)
        }
        (names::PLATFORM_LLM, "llm_chat_completion") => (with_env!(llm::chat_completion), Live),
        (names::PLATFORM_LLM, "llm_is_available") => (with_env!(llm::is_available), Live),
        (names::PLATFORM_DATA, "data_get" | "data_list") => {
            (constant!(status::data::DISABLED; a b c d), Denied)
        }
        (names::ASSAY_PYTHON, "python_check") => (with_env!(python::check), Granted),
        (names::ASSAY_PYTHON, "python_fingerprint") => (with_env!(python::fingerprint), Granted),
        (names::ASSAY_PYTHON, "python_similarity") => (with_env!(python::similarity), Granted),
        (names::ASSAY_CRYPTO, "sr25519_verify") => (with_env!(crypto::sr25519_verify), Granted),
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use wasmer::{FunctionType, Type};

    use super::*;
    use crate::CallContext;

    fn wasm_type(ty: &names::WasmType) -> Type {
        match ty {
            names::WasmType::I32 => Type::I32,
            names::WasmType::I64 => Type::I64,
        }
    }

    #[test]
    fn every_import_of_the_abi_is_linked_with_its_exact_signature() {
        let mut store = Store::default();
        let env = FunctionEnv::new(&mut store, Env::for_tests(CallContext::new("c")));
        for import in names::IMPORTS {
            let (linker, _) = resolve(import.module, import.name)
                .unwrap_or_else(|| panic!("{}.{} is missing", import.module, import.name));
            let params: Vec<Type> = import.params.iter().map(wasm_type).collect();
            let results: Vec<Type> = import.result.iter().map(wasm_type).collect();
            assert_eq!(
                linker(&mut store, &env).ty(&store),
                FunctionType::new(params, results),
                "{}.{}",
                import.module,
                import.name
            );
        }
    }

    #[test]
    fn unknown_names_and_swapped_namespaces_resolve_to_nothing() {
        assert!(resolve("env", "abort").is_none());
        assert!(resolve("platform_storage", "http_get").is_none());
        assert!(resolve("platform_storage", "storage_alloc").is_none());
    }
}
