//! Loading modules: check, resolve imports, compile or take from a cache.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use assay_challenge_sdk::abi::names;
use sha2::{Digest, Sha256};

use crate::cache::DiskCache;
use crate::compile::code_of;
use crate::error::{HostFault, LoadError};
use crate::generation::SdkGeneration;
use crate::host::{self, Access, Linker};
use crate::limits;
use crate::module::{Compiled, FunctionInfo, ImportInfo, LoadedModule, ModuleInfo};
use crate::static_check::{self, ModuleShape, signature_text};
use crate::worker::{JobLimits, Workers};

/// Settings of this machine. None of them changes a result.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Where compiled modules are kept; created with mode 0700. None: only in memory.
    pub cache_directory: Option<PathBuf>,
    /// Guests that run at once.
    pub workers: usize,
    /// CPU time in milliseconds after which a call is given up as a host fault.
    pub cpu_limit_ms: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache_directory: None,
            workers: std::thread::available_parallelism().map_or(2, |count| count.get().max(2)),
            cpu_limit_ms: limits::DEFAULT_CPU_LIMIT_MS,
        }
    }
}

/// Loads modules and owns the threads they run on. All methods block: call them off async threads.
/// Dropping the engine and its modules waits for guests that still run; their fuel bounds that.
pub struct Engine {
    workers: Arc<Workers>,
    cache: Option<Arc<DiskCache>>,
    call_limits: JobLimits,
    loaded: Mutex<Loaded>,
    /// Held while a module is compiled: two callers that want the same one don't both compile it.
    compiling: Mutex<()>,
}

/// Modules in memory by hash, with the time of last use in loads.
#[derive(Default)]
struct Loaded {
    modules: BTreeMap<[u8; 32], (u64, Arc<LoadedModule>)>,
    loads: u64,
}

impl Engine {
    /// Opens the cache and starts the threads.
    ///
    /// # Errors
    /// [`HostFault::Io`] when the cache directory can't be used, [`HostFault::Resource`] when threads
    /// can't be started.
    pub fn new(config: EngineConfig) -> Result<Self, HostFault> {
        let cache = match &config.cache_directory {
            Some(directory) => Some(Arc::new(
                DiskCache::open(directory).map_err(|error| HostFault::Io(error.to_string()))?,
            )),
            None => None,
        };
        let workers =
            Workers::new(config.workers).map_err(|error| HostFault::Resource(error.to_string()))?;
        let cpu = Duration::from_millis(config.cpu_limit_ms);
        Ok(Self {
            workers: Arc::new(workers),
            cache,
            call_limits: JobLimits {
                cpu,
                wall: cpu * limits::WALL_TO_CPU_FACTOR,
            },
            loaded: Mutex::new(Loaded::default()),
            compiling: Mutex::new(()),
        })
    }

    /// Checks and compiles a module, or finds it in a cache.
    ///
    /// # Errors
    /// A [`LoadError`] that names what is wrong with the module; [`LoadError::Host`] when this machine
    /// is at fault.
    pub fn load(&self, bytes: &[u8]) -> Result<Arc<LoadedModule>, LoadError> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        if let Some(module) = self.find(&hash) {
            return Ok(module);
        }
        let started = Instant::now();
        let shape = static_check::check(bytes)?;
        let (linkers, imports) = resolve_imports(&shape)?;
        check_exports(&shape)?;
        let _compiling = self
            .compiling
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = self.find(&hash) {
            return Ok(module);
        }
        let (owned, measured, cache) = (bytes.to_vec(), shape.clone(), self.cache.clone());
        let deadline = Duration::from_millis(limits::COMPILE_DEADLINE_MS);
        let compile_limits = JobLimits {
            cpu: deadline,
            wall: deadline,
        };
        let code = self
            .workers
            .run(compile_limits, move || {
                code_of(&owned, &hash, &measured, cache.as_deref())
            })
            .map_err(|fault| match fault {
                HostFault::Watchdog(_) => HostFault::CompileDeadline(limits::COMPILE_DEADLINE_MS),
                other => other,
            })??;
        let generation =
            SdkGeneration::of_exports(shape.exports.iter().map(|(name, _)| name.as_str()));
        let info = ModuleInfo {
            code_hash: hex::encode(hash),
            size_bytes: bytes.len(),
            code_bytes: shape.code_bytes,
            data_bytes: shape.data_bytes,
            functions: shape.frame_units.len(),
            memory_min_pages: shape.memory_min_pages,
            memory_max_pages: shape.memory_max_pages,
            sdk_generation: generation.label(),
            generation,
            imports,
            exports: function_exports(&shape),
            custom_sections: shape.custom_sections.clone(),
            load_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            from_disk_cache: code.from_cache,
        };
        let compiled = Compiled::new(code, linkers, shape, generation);
        let module = Arc::new(LoadedModule::new(
            compiled,
            hash,
            info,
            Arc::clone(&self.workers),
            self.call_limits,
        ));
        self.keep(hash, &module);
        Ok(module)
    }

    fn find(&self, hash: &[u8; 32]) -> Option<Arc<LoadedModule>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.loads += 1;
        let now = loaded.loads;
        let (used, module) = loaded.modules.get_mut(hash)?;
        *used = now;
        Some(Arc::clone(module))
    }

    fn keep(&self, hash: [u8; 32], module: &Arc<LoadedModule>) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = loaded.loads;
        loaded.modules.insert(hash, (now, Arc::clone(module)));
        if loaded.modules.len() > limits::MAX_MODULES_IN_MEMORY {
            let oldest = loaded
                .modules
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(hash, _)| *hash);
            if let Some(oldest) = oldest {
                loaded.modules.remove(&oldest);
            }
        }
    }
}

fn resolve_imports(shape: &ModuleShape) -> Result<(Vec<Linker>, Vec<ImportInfo>), LoadError> {
    let mut linkers = Vec::with_capacity(shape.imports.len());
    let mut infos = Vec::with_capacity(shape.imports.len());
    for (namespace, name, signature) in &shape.imports {
        let unknown = || LoadError::UnknownImport {
            namespace: namespace.clone(),
            name: name.clone(),
        };
        let known = names::IMPORTS
            .iter()
            .find(|import| import.module == namespace && import.name == name)
            .ok_or_else(unknown)?;
        let (linker, access): (Linker, Access) =
            host::resolve(namespace, name).ok_or_else(unknown)?;
        if !signature.is(known.params, known.result) {
            return Err(LoadError::Signature {
                item: format!("{namespace}.{name}"),
                expected: signature_text(known.params, known.result),
                found: signature.to_string(),
            });
        }
        linkers.push(linker);
        infos.push(ImportInfo {
            namespace: namespace.clone(),
            name: name.clone(),
            signature: signature.to_string(),
            access,
        });
    }
    Ok((linkers, infos))
}

fn check_exports(shape: &ModuleShape) -> Result<(), LoadError> {
    for (name, signature) in &shape.exports {
        let known = names::EXPORTS.iter().find(|export| export.name == name);
        if let Some(known) = known
            && !signature.is(known.params, known.result)
        {
            return Err(LoadError::Signature {
                item: format!("export `{name}`"),
                expected: signature_text(known.params, known.result),
                found: signature.to_string(),
            });
        }
    }
    Ok(())
}

fn function_exports(shape: &ModuleShape) -> Vec<FunctionInfo> {
    shape
        .exports
        .iter()
        .map(|(name, signature)| FunctionInfo {
            name: name.clone(),
            signature: signature.to_string(),
        })
        .collect()
}
