//! The container back end against a Podman daemon that is started for it: the hostile and the
//! ordinary programs of the other back ends, and what only containers have.
//!
//! Needs root and the packages podman, conmon, catatonit, runc (or crun), netavark, tar and python3.
//! What can't be tested is said loudly; with `ASSAY_REQUIRE_CONTAINER` set it fails.
//!
//! With `ASSAY_CONTAINER_RUNTIME=runsc` containers have gVisor's kernel. Then only `ordinary::` says
//! something: the other programs are about errors, limits and processes as Linux has them.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use assay_sandbox::{BackendKind, ContainerConfig};

#[path = "../hostile/accounting.rs"]
mod accounting;
mod daemon;
mod image;
#[path = "../hostile/kernel.rs"]
mod kernel;
#[path = "../hostile/leavings.rs"]
mod leavings;
mod lifecycle;
#[path = "../hostile/numbers.rs"]
mod numbers;
#[path = "../hostile/ordinary.rs"]
mod ordinary;
#[path = "../hostile/output.rs"]
mod output;
#[path = "../hostile/reach.rs"]
mod reach;
#[path = "../hostile/resources.rs"]
mod resources;
#[path = "../hostile/support.rs"]
mod support;
#[path = "../hostile/system.rs"]
mod system;

const BACKENDS: &[BackendKind] = &[BackendKind::Container];
/// Root, and somebody who may only use the daemon.
const USERS: &[u32] = &[0, 65534];

fn container() -> Option<ContainerConfig> {
    daemon::daemon().map(daemon::Daemon::config)
}
