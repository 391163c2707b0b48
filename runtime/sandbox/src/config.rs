//! How a sandbox is set up.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::backend::BackendKind;
use crate::limits::SLOT_UID_BASE;

/// Settings of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxConfig {
    /// Concurrent runs, 1 to [`crate::limits::SLOTS_MAX`]. Default: 16.
    pub slots: u32,
    /// First of the uids and gids that boxes get when the node runs as root. Further
    /// nodes on the same machine take the next ranges of [`crate::limits::UIDS_PER_NODE`].
    pub uid_base: u32,
    /// Where the node notes what has to be cleaned up after a crash; only its user may write there.
    /// Default: `/run/assay-sandbox` for root, else in the user's runtime or temporary directory.
    pub state_dir: PathBuf,
    /// Back ends to try, in this order. Default: native, landlock.
    pub backends: Vec<BackendKind>,
    /// Settings of the container back end, which can't be used without. Default: none.
    #[cfg(target_os = "linux")]
    pub container: Option<crate::ContainerConfig>,
    /// Python interpreter that programs get by the name `python3`, as path or name. Default:
    /// `python3`.
    pub python: PathBuf,
    /// Further directories of the host that every program may read.
    pub trees: Vec<PathBuf>,
    /// The binary to execute as helper: one that calls [`crate::helper_main`] first of all. Default:
    /// the running one.
    pub helper: PathBuf,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            slots: 16,
            uid_base: SLOT_UID_BASE,
            state_dir: default_state_dir(),
            backends: vec![BackendKind::Native, BackendKind::Landlock],
            #[cfg(target_os = "linux")]
            container: None,
            python: "python3".into(),
            trees: Vec::new(),
            helper: "/proc/self/exe".into(),
        }
    }
}

#[cfg(target_os = "linux")]
fn default_state_dir() -> PathBuf {
    let uid = rustix::process::geteuid();
    if uid.is_root() {
        return "/run/assay-sandbox".into();
    }
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(directory) => PathBuf::from(directory).join("assay-sandbox"),
        None => std::env::temp_dir().join(format!("assay-sandbox-{}", uid.as_raw())),
    }
}

#[cfg(not(target_os = "linux"))]
fn default_state_dir() -> PathBuf {
    std::env::temp_dir().join("assay-sandbox")
}
