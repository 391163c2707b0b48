//! The layers of isolation and the self-test's report about them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::backend::BackendKind;

/// One thing that holds a program, in the order reports list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// An uid of its own for each concurrent run.
    SlotUid,
    /// No privilege outside of the box, whatever happens inside.
    UserNamespace,
    /// Only its own file systems are there.
    MountNamespace,
    /// Only its own processes are there, and all end with the first one.
    PidNamespace,
    /// No network.
    NetworkNamespace,
    /// No shared memory and queues of others.
    IpcNamespace,
    /// Host name of its own.
    UtsNamespace,
    /// Control groups of others are hidden.
    CgroupNamespace,
    /// Its root is read-only and holds only what is needed.
    ReadOnlyRoot,
    /// `/proc` with its own processes and nothing about the host.
    PrivateProc,
    /// Writable directories have a size and a number of files.
    DiskQuota,
    /// The same, by looking now and then.
    DiskWatch,
    /// Files outside of the box can't be opened.
    LandlockFiles,
    /// TCP can't be connected or bound.
    LandlockNetwork,
    /// No signals and abstract sockets out of the box.
    LandlockScope,
    /// System calls are limited to a list.
    Seccomp,
    /// No capabilities, and none to be had.
    NoCapabilities,
    /// Set-uid programs give nothing.
    NoNewPrivileges,
    /// Limits of each process.
    ResourceLimits,
    /// Memory of all processes together, enforced by the kernel.
    MemoryCgroup,
    /// Number of processes, enforced by the kernel for all.
    PidsCgroup,
    /// CPU time of all processes, counted by the kernel.
    CpuCgroup,
    /// Memory, processes and CPU time, by looking now and then.
    UsageWatch,
    /// Every descendant is found and ended.
    TreeKill,
    /// Directory listings of a copied input come in order.
    SortedInput,
    /// A container with its own root, of a daemon.
    Container,
    /// A container on a kernel of its own (gVisor, Kata).
    ContainerRuntime,
}

/// Does a layer work here?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LayerState {
    /// It was tried and works.
    Works,
    /// It was tried and doesn't.
    Missing {
        /// What the system said.
        why: String,
        /// What the operator can do.
        advice: String,
    },
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The layer.
    pub layer: Layer,
    /// The back end is refused without it.
    pub required: bool,
    /// Does it work?
    #[serde(flatten)]
    pub state: LayerState,
}

/// What the self-test of one back end found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendReport {
    /// The back end.
    pub backend: BackendKind,
    /// All required layers work and a trial run did as expected.
    pub usable: bool,
    /// Why it is not usable; empty if it is.
    pub reason: String,
    /// Each layer, sorted.
    pub layers: Vec<LayerReport>,
}

/// The whole self-test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTestReport {
    /// The back end that runs programs, `None`: untrusted programs are refused.
    pub chosen: Option<BackendKind>,
    /// Each back end, best first.
    pub backends: Vec<BackendReport>,
}

impl BackendReport {
    /// A report of a back end that can't even be tried.
    pub fn unusable(backend: BackendKind, reason: impl Into<String>) -> Self {
        Self {
            backend,
            usable: false,
            reason: reason.into(),
            layers: Vec::new(),
        }
    }

    /// The layers that work.
    pub fn working(&self) -> Vec<Layer> {
        let works = |report: &&LayerReport| report.state == LayerState::Works;
        let working = self.layers.iter().filter(works);
        working.map(|report| report.layer).collect()
    }

    /// Does this layer work?
    pub fn has(&self, layer: Layer) -> bool {
        let found = self.layers.iter().find(|report| report.layer == layer);
        found.is_some_and(|report| report.state == LayerState::Works)
    }
}

impl Layer {
    /// A few words for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::SlotUid => "separate uid per run",
            Self::UserNamespace => "user namespace",
            Self::MountNamespace => "mount namespace",
            Self::PidNamespace => "pid namespace",
            Self::NetworkNamespace => "network namespace",
            Self::IpcNamespace => "ipc namespace",
            Self::UtsNamespace => "uts namespace",
            Self::CgroupNamespace => "cgroup namespace",
            Self::ReadOnlyRoot => "read-only root",
            Self::PrivateProc => "private /proc",
            Self::DiskQuota => "disk quota",
            Self::DiskWatch => "disk watch",
            Self::LandlockFiles => "Landlock for files",
            Self::LandlockNetwork => "Landlock for TCP",
            Self::LandlockScope => "Landlock scope of signals",
            Self::Seccomp => "seccomp filter",
            Self::NoCapabilities => "no capabilities",
            Self::NoNewPrivileges => "no new privileges",
            Self::ResourceLimits => "resource limits",
            Self::MemoryCgroup => "memory cgroup",
            Self::PidsCgroup => "pids cgroup",
            Self::CpuCgroup => "cpu cgroup",
            Self::UsageWatch => "usage watch",
            Self::TreeKill => "end of all descendants",
            Self::SortedInput => "sorted input listing",
            Self::Container => "container",
            Self::ContainerRuntime => "container runtime with a kernel of its own",
        }
    }
}

impl fmt::Display for BackendReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.usable {
            writeln!(f, "{}: usable", self.backend)?;
        } else {
            writeln!(f, "{}: not usable: {}", self.backend, self.reason)?;
        }
        for report in &self.layers {
            let name = report.layer.describe();
            match &report.state {
                LayerState::Works => writeln!(f, "  works    {name}")?,
                LayerState::Missing { why, advice } => {
                    let need = if report.required { " (required)" } else { "" };
                    writeln!(f, "  missing  {name}{need}: {why}")?;
                    writeln!(f, "           {advice}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for SelfTestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for backend in &self.backends {
            backend.fmt(f)?;
        }
        match self.chosen {
            Some(backend) => writeln!(f, "untrusted programs run on: {backend}"),
            None => writeln!(f, "untrusted programs are refused: no back end is usable"),
        }
    }
}
