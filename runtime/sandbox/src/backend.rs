//! The trait of back ends, and what a run gets from the sandbox besides its request.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::layer::BackendReport;
use crate::outcome::Outcome;
use crate::request::Request;

/// The back ends, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendKind {
    /// Namespaces, cgroups, Landlock and seccomp, set up by ourselves.
    Native,
    /// The same without namespaces.
    Landlock,
    /// A Docker-compatible daemon.
    Container,
}

/// A way to run programs in isolation. Calls block; [`crate::Sandbox`] says how async callers use
/// them. Implementors hold no lock over a run: any number run at the same time, one per slot.
pub trait Backend: Send + Sync + fmt::Debug {
    /// Which one it is.
    fn kind(&self) -> BackendKind;

    /// Tries each layer and a whole run. Called once at start.
    fn self_test(&self) -> BackendReport;

    /// Runs a request that passed [`Request::validate`], and returns when nothing of it is left.
    ///
    /// # Errors
    ///
    /// Only for what is not the program's doing: the box could not be set up or watched, or the
    /// caller cancelled.
    fn run(
        &self,
        slot: Slot,
        request: &Request,
        cancel: &CancelToken,
    ) -> Result<Outcome, SandboxError>;
}

/// One of the places for concurrent runs; no two runs have the same at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// From 0, below the number of slots.
    pub index: u32,
    /// The uid and gid of the slot; only used by a back end that is allowed to change uids.
    pub uid: u32,
}

/// Stops a run from another thread. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the runs that have this token; they see it within [`crate::limits::CANCEL_POLL`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Cancels once what this returns is dropped: for callers that may be dropped themselves while
    /// a thread of theirs waits for a run. To be dropped after a run as well, where it does nothing.
    pub fn cancel_on_drop(&self) -> CancelGuard {
        CancelGuard {
            token: self.clone(),
        }
    }

    /// Was it cancelled?
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

/// Cancels when it is dropped; see [`CancelToken::cancel_on_drop`].
#[derive(Debug)]
#[must_use = "dropping it cancels"]
pub struct CancelGuard {
    token: CancelToken,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Landlock => "landlock",
            Self::Container => "container",
        })
    }
}

impl FromStr for BackendKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "native" => Ok(Self::Native),
            "landlock" => Ok(Self::Landlock),
            "container" => Ok(Self::Container),
            _ => Err(format!(
                "expected native, landlock or container, got {text:?}"
            )),
        }
    }
}
