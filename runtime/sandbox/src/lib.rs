//! Runs strangers' programs in isolation, within limits, and says exactly what came of it.
//!
//! **Purpose.** Challenges execute miners' Python on validators. A program gets a read-only input,
//! a bounded output, standard streams and an environment; it sees no file, process, user or network
//! of the host; whatever it does, it ends in time and leaves nothing behind.
//!
//! **Decisions.** One trait, [`Backend`], with several implementations; [`Sandbox`] tests them at
//! start and takes the best one that works. What a program does, however bad, is an [`Outcome`];
//! a [`SandboxError`] always means the caller or the machine, so that infrastructure never
//! counts against a miner. Calls block, so that both async callers and guests' host functions can
//! use them.
//!
//! **Deliberately not here.** Which programs may run, what their output is worth, building images
//! from miners' files, network access of any kind.

mod backend;
mod config;
#[cfg(target_os = "linux")]
mod container;
pub mod environment;
mod error;
mod layer;
pub mod limits;
#[cfg(target_os = "linux")]
mod linux;
mod outcome;
mod request;
mod sandbox;
mod slots;
#[cfg(any(not(target_os = "linux"), test))]
mod unsupported;

pub use backend::{Backend, BackendKind, CancelGuard, CancelToken, Slot};
pub use config::SandboxConfig;
#[cfg(target_os = "linux")]
pub use container::ContainerConfig;
pub use error::SandboxError;
pub use layer::{BackendReport, Layer, LayerReport, LayerState, SelfTestReport};
pub use outcome::{Captured, EndReason, Exit, Outcome, OutputFile, SkipReason, SkippedFile};
pub use request::{Flood, Input, Limits, Request};
pub use sandbox::Sandbox;

/// Call this first thing in `main` of every binary that makes a [`Sandbox`]. If the process was
/// started to be a sandbox helper, it serves and exits; otherwise nothing happens.
pub fn helper_main() {
    #[cfg(target_os = "linux")]
    if linux::helper::is_helper() {
        linux::helper::serve();
    }
}
