//! Hostile and ordinary programs, each run as root and as an ordinary user on each back end of this
//! crate. What the machine can't do is said loudly, never passed over.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use assay_sandbox::{BackendKind, ContainerConfig};

mod accounting;
mod crash;
mod evasion;
mod kernel;
mod leavings;
mod numbers;
mod ordinary;
mod output;
mod reach;
mod resources;
mod support;
mod system;

const BACKENDS: &[BackendKind] = &[BackendKind::Native, BackendKind::Landlock];
const USERS: &[u32] = &[0, ORDINARY_UID];
/// Somebody without rights.
const ORDINARY_UID: u32 = 65534;

/// Another suite has it.
fn container() -> Option<ContainerConfig> {
    None
}
