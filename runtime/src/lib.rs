//! Runs challenge modules: wasmer engine, guest ABI, host functions, limits, Python analysis as a host function.
//!
//! [`Engine::load`] checks a module against static limits, compiles it (or takes the code from a
//! private cache) and gives a [`LoadedModule`]. Each of its calls runs on a fresh instance with a bound
//! on fuel, memory and stack that is the same on every machine, reads storage through a [`StorageView`]
//! and hands back output, writes, logs and fuel.
//!
//! Decisions:
//! * Fuel decides when a guest stops. The CPU-time watchdog only protects the machine: what it, or any
//!   other fault of this machine, ends is a [`CallError::Host`], on which a validator abstains.
//! * Processor features of compiled code are pinned, NaNs are canonical, SIMD and threads are off, and
//!   the call depth is counted, so that two machines never disagree about a trap.
//! * Writes are handed back, never applied here, and dropped when the call fails.
//!
//! What it deliberately does not do: no network and no clock (see [`LiveCalls`] and [`CallContext`]), no
//! decision about what a result means, no knowledge of blocks and votes.

mod cache;
mod compile;
mod context;
mod engine;
mod error;
mod generation;
mod host;
mod instance;
pub mod limits;
mod middleware;
mod module;
mod programs;
mod static_check;
mod storage;
pub mod tooling;
mod tunables;
mod worker;

pub use context::{CallContext, DeniedLiveCalls, Grants, GuestLog, LiveCalls, LlmError, LogLevel};
pub use engine::{Engine, EngineConfig};
pub use error::{CallError, GuestFailure, GuestFault, HostFault, LoadError};
pub use generation::SdkGeneration;
pub use host::Access;
pub use module::{
    CallOutcome, CallResult, FunctionInfo, ImportInfo, LoadedModule, ModuleInfo, RawOutput,
};
pub use programs::{GrantedPrograms, SandboxedPrograms};
pub use storage::{MemoryStorage, StorageEntry, StorageFault, StorageView, Writes};
