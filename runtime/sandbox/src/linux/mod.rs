//! The back ends that this crate makes of the kernel's own means.

mod archive;
mod bpf;
mod cgroup;
mod channel;
mod collect;
mod engine;
pub mod helper;
mod instance;
mod interpreter;
mod landlock;
mod launcher;
mod mounts;
mod processes;
mod protocol;
mod remove;
mod seccomp;
mod selftest;
mod usage;
mod watch;

pub use engine::{KernelBackend, Shared};
