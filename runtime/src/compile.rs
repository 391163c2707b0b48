//! From bytes to executable code: compiler settings that make a module behave the same everywhere, and
//! the key under which its code is cached.

use std::num::NonZero;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmer::sys::{CompilerConfig, CpuFeature, Cranelift, EngineBuilder, Features, Target, Triple};
use wasmer::{Engine, Module};
use wasmer_middlewares::Metering;

use crate::cache::DiskCache;
use crate::error::{HostFault, LoadError};
use crate::limits;
use crate::middleware::{Guard, INSTRUMENTATION_VERSION, operator_cost};
use crate::static_check::ModuleShape;

/// Executable code with the engine that owns its memory. Field order is drop order: the module first.
pub(crate) struct Code {
    pub(crate) module: Module,
    pub(crate) engine: Engine,
    /// Whether it came from the disk cache.
    pub(crate) from_cache: bool,
}

/// Code for a checked module, from the cache if possible.
pub(crate) fn code_of(
    bytes: &[u8],
    hash: &[u8; 32],
    shape: &ModuleShape,
    cache: Option<&DiskCache>,
) -> Result<Code, LoadError> {
    let target = target()?;
    let key = cache_key(hash, &target);
    if let Some(code) = cache.and_then(|cache| load(cache.load(&key)?)) {
        return Ok(code);
    }
    let code = compile(bytes, shape, target)?;
    if let Some(cache) = cache {
        match code.module.serialize() {
            Ok(artefact) => cache.store(&key, &artefact),
            Err(error) => tracing::warn!(%error, "compiled module can't be serialised"),
        }
    }
    Ok(code)
}

fn load(artefact: Vec<u8>) -> Option<Code> {
    let engine = Engine::from(EngineBuilder::headless().engine());
    // SAFETY: the artefact was serialised by this very compiler version for this target (both are in
    // its key), the cache verified its checksum, and only this user can write the directory.
    match unsafe { Module::deserialize(&engine, artefact) } {
        Ok(module) => Some(Code {
            module,
            engine,
            from_cache: true,
        }),
        Err(error) => {
            tracing::warn!(%error, "cached module does not load: compiling again");
            None
        }
    }
}

fn compile(bytes: &[u8], shape: &ModuleShape, target: Target) -> Result<Code, LoadError> {
    let mut compiler = Cranelift::new();
    compiler.canonicalize_nans(true);
    if let Some(threads) = NonZero::new(limits::COMPILE_THREADS) {
        compiler.num_threads(threads);
    }
    // Fuel is set before each call; an instance that was given none can't run.
    compiler.push_middleware(Arc::new(Metering::new(0, operator_cost)));
    compiler.push_middleware(Arc::new(Guard::new(Arc::clone(&shape.frame_units))));
    let engine = Engine::from(
        EngineBuilder::new(compiler)
            .set_features(Some(features()))
            .set_target(Some(target))
            .engine(),
    );
    let module =
        Module::new(&engine, bytes).map_err(|error| LoadError::Compile(error.to_string()))?;
    Ok(Code {
        module,
        engine,
        from_cache: false,
    })
}

/// The features of `static_check::wasm_features` in wasmer's terms; the others of that set are always
/// on there.
fn features() -> Features {
    let mut features = Features::none();
    features
        .bulk_memory(true)
        .reference_types(true)
        .multi_value(true);
    features
}

/// This machine's target with a fixed set of processor features, so that all machines of an
/// architecture run the same code.
fn target() -> Result<Target, LoadError> {
    let required = if cfg!(target_arch = "x86_64") {
        CpuFeature::SSE2
            | CpuFeature::SSE3
            | CpuFeature::SSSE3
            | CpuFeature::SSE41
            | CpuFeature::SSE42
            | CpuFeature::POPCNT
    } else if cfg!(target_arch = "aarch64") {
        CpuFeature::NEON.into()
    } else {
        CpuFeature::set()
    };
    let missing = required - CpuFeature::for_host();
    if !missing.is_empty() {
        return Err(HostFault::CpuFeatures(format!("{missing:?}")).into());
    }
    Ok(Target::new(Triple::host(), required))
}

fn cache_key(hash: &[u8; 32], target: &Target) -> [u8; 32] {
    let settings = format!(
        "wasmer {} cranelift; instrumentation {}; stack {}; {} {:?}",
        wasmer_types::VERSION,
        INSTRUMENTATION_VERSION,
        limits::MAX_STACK_UNITS,
        target.triple(),
        target.cpu_features(),
    );
    Sha256::new()
        .chain_update(hash)
        .chain_update(settings.as_bytes())
        .finalize()
        .into()
}
