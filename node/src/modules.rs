//! The challenges of the genesis with their loaded modules.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_api::challenge::challenge_uuid;
use assay_challenge_sdk::abi::WasmRouteDefinition;
use assay_consensus::genesis::GenesisChallenge;
use assay_consensus::hash::Hash;
use assay_runtime::{CallContext, CallError, Engine, LoadError, LoadedModule, MemoryStorage};

/// A challenge that can be run.
#[derive(Clone)]
pub struct Challenge {
    /// Name under which clients and miners address it.
    pub name: String,
    /// UUID derived from the name.
    pub id: String,
    /// Version that the module says it has.
    pub version: String,
    /// SHA-256 of the module.
    pub module_hash: Hash,
    /// Size of the module in bytes.
    pub module_bytes: u64,
    /// Share of the emission.
    pub emission_share: u32,
    /// Parameters that are passed to it.
    pub params: Vec<u8>,
    /// Routes in the module's own order; the first match wins.
    pub routes: Vec<WasmRouteDefinition>,
    /// The compiled module.
    pub module: Arc<LoadedModule>,
}

/// Why a module can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The bytes are not those that the genesis names.
    #[error("module of challenge {challenge:?}: expected hash {expected}, got {got}")]
    WrongHash {
        /// Challenge name.
        challenge: String,
        /// Hash in the genesis.
        expected: Hash,
        /// Hash of the bytes.
        got: Hash,
    },
    /// The module is refused or can't be compiled here.
    #[error("module of challenge {challenge:?}: {error}")]
    Load {
        /// Challenge name.
        challenge: String,
        /// What the runtime says.
        error: LoadError,
    },
    /// It has no `evaluate` export.
    #[error("module of challenge {0:?} exports no `evaluate`")]
    NoChallenge(String),
    /// Asking it for routes or version failed.
    #[error("module of challenge {challenge:?}: {error}")]
    Call {
        /// Challenge name.
        challenge: String,
        /// What the runtime says.
        error: CallError,
    },
}

/// Challenges by name.
#[derive(Default)]
pub struct ModuleRegistry {
    challenges: BTreeMap<String, Arc<Challenge>>,
}

impl ModuleRegistry {
    /// The challenge with a name or UUID.
    pub fn get(&self, name_or_id: &str) -> Option<Arc<Challenge>> {
        let by_name = self.challenges.get(name_or_id);
        by_name
            .or_else(|| {
                self.challenges
                    .values()
                    .find(|c| c.id.eq_ignore_ascii_case(name_or_id))
            })
            .cloned()
    }

    /// All challenges, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Challenge>> {
        self.challenges.values()
    }

    /// Checks, compiles and asks a module what it is. Blocks for up to seconds.
    pub fn load(
        &mut self,
        engine: &Engine,
        genesis: &GenesisChallenge,
        bytes: &[u8],
    ) -> Result<(), ModuleError> {
        let name = genesis.name.clone();
        let got = Hash::of(bytes);
        if got != genesis.module_hash {
            return Err(ModuleError::WrongHash {
                challenge: name,
                expected: genesis.module_hash,
                got,
            });
        }
        let module = engine.load(bytes).map_err(|error| ModuleError::Load {
            challenge: name.clone(),
            error,
        })?;
        if !module.is_challenge() {
            return Err(ModuleError::NoChallenge(name));
        }
        let id = challenge_uuid(&name);
        let context = CallContext::new(id.clone());
        let storage = Arc::new(MemoryStorage::default());
        let failed = |error| ModuleError::Call {
            challenge: name.clone(),
            error,
        };
        let routes = module
            .routes(&context, storage.clone())
            .map_err(failed)?
            .output;
        let version = match module.exports("get_version") {
            true => module.version(&context, storage).map_err(failed)?.output,
            false => "unknown".to_owned(),
        };
        let challenge = Challenge {
            id,
            version,
            module_hash: got,
            module_bytes: bytes.len() as u64,
            emission_share: genesis.emission_share,
            params: genesis.params.clone(),
            routes,
            module,
            name: name.clone(),
        };
        self.challenges.insert(name, Arc::new(challenge));
        Ok(())
    }
}
