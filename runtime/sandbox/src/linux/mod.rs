//! The back ends that this crate makes of the kernel's own means.

pub(crate) mod archive;
pub(crate) mod bpf;
pub(crate) mod cgroup;
mod channel;
pub(crate) mod collect;
mod engine;
pub mod helper;
pub(crate) mod instance;
mod interpreter;
mod landlock;
mod launcher;
pub(crate) mod mounts;
mod processes;
mod protocol;
pub(crate) mod remove;
pub(crate) mod seccomp;
mod selftest;
pub(crate) mod usage;
mod watch;

pub use engine::{KernelBackend, Shared, own_processes};
