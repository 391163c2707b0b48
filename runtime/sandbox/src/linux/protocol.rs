//! What the node and its helper tell each other.
//!
//! The helper is a process without threads, re-executed from the node's binary once per back end.
//! The node hands it a socket and descriptors for each run; the helper forks a supervisor for it,
//! which sets up the box and reports over that socket. The end of a socket means that the other
//! side is gone, whatever it died of: a supervisor then ends its box, the helper itself.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::request::Limits;

/// Name under which the helper is executed; nothing else of the binary runs then.
pub const HELPER_NAME: &str = "assay-sandbox-helper";

/// Longest plan, in bytes: arguments, environment and paths, all bounded by the request's checks.
pub const PLAN_MAX_BYTES: usize = 4 * 1024 * 1024;

/// How boxes are isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// With namespaces.
    Native,
    /// Without.
    Landlock,
}

/// First message to a helper.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    /// How boxes are isolated.
    pub mode: Mode,
    /// What of the host's files is readable in every box.
    pub trees: Vec<PathBuf>,
    /// Who to become if root may not make namespaces.
    pub fallback_uid: u32,
}

/// Answer to [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Ready {
    /// Boxes can be made.
    Yes(Facts),
    /// They can't.
    No {
        /// What was being done.
        stage: String,
        /// The system's words.
        reason: String,
    },
}

/// What a helper found out about the machine.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Facts {
    /// Runs can have uids of their own.
    pub slot_uids: bool,
    /// It can mount file systems.
    pub mounts: bool,
}

/// To a helper. It forks one more of itself for each slot, which joins the control groups of that
/// slot once: to join them in each run would take longer than all the rest.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// Fork for a slot. Comes with the socket to serve, which is answered with [`Ready`], and the
    /// `cgroup.procs` files to write to.
    Slot {
        /// The uid and gid to run as, `None`: the node's own.
        uid: Option<u32>,
    },
    /// Run something. Comes with [`Handles`].
    Launch {
        /// Is there a handle for the input?
        input: bool,
    },
}

/// The descriptors of a run, in the order they are sent.
#[derive(Debug)]
pub struct Handles {
    /// Reports go out here, and [`Stop`] comes in.
    pub reports: OwnedFd,
    /// A memory file with the encoded [`Plan`].
    pub plan: OwnedFd,
    /// Standard input, output and error of the program.
    pub streams: [OwnedFd; 3],
    /// What [`InputKind`] says.
    pub input: Option<OwnedFd>,
}

/// All about one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// What to do in the box.
    pub task: Task,
    /// Starts in here, absolute.
    pub working_dir: PathBuf,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The uid and gid to run as, `None`: the node's own.
    pub uid: Option<u32>,
    /// Bounds.
    pub limits: Limits,
    /// Limit of private memory per process, in bytes.
    pub data_bytes: u64,
    /// Whether and how the input comes.
    pub input: InputKind,
    /// Directory for this run alone; only without a mount namespace.
    pub scratch: PathBuf,
    /// What is readable besides the base system, a linked input last; only without a mount
    /// namespace.
    pub trees: Vec<PathBuf>,
    /// Processes of its uid that may be there, the box's own included.
    pub processes: u64,
}

/// What to do in a box.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Task {
    /// Run a program.
    Run {
        /// Absolute, or a bare name.
        program: PathBuf,
        /// Without the program's name.
        args: Vec<OsString>,
    },
    /// Try what must not work, and print an encoded list of [`Finding`].
    Probe,
}

/// What a probe found about a layer: `Err` says why it does not hold.
pub type Finding = (crate::Layer, Result<(), String>);

/// Form of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputKind {
    /// There is none.
    None,
    /// An archive in a memory file.
    Archive,
    /// A detached mount.
    Mount,
    /// A directory that is linked to; without a mount namespace.
    Directory,
}

/// From a supervisor, or the first process of a box, to the node.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// The first process of the box, as the supervisor sees it.
    Placed {
        /// Its number.
        pid: i32,
    },
    /// The box stands, its program runs from now on. Comes with the output directory.
    Started {
        /// On the monotonic clock, in nanoseconds.
        at_ns: u64,
    },
    /// The program ended.
    Exited {
        /// On the monotonic clock, in nanoseconds.
        at_ns: u64,
        /// As `wait` has it.
        status: i32,
    },
    /// Nothing of the box is left.
    Finished {
        /// When the first process ended, on the monotonic clock, in nanoseconds.
        at_ns: u64,
        /// As `wait` has it, of the first process.
        status: i32,
        /// User and system time of all that was waited for, in microseconds.
        cpu_us: u64,
        /// Largest resident set of a process, in bytes.
        largest_bytes: u64,
    },
    /// The box could not be set up.
    Failed {
        /// What was being done.
        stage: String,
        /// The system's words.
        reason: String,
        /// The program itself could not be executed: not our fault.
        program: bool,
    },
}

/// From the node to a supervisor: end the box now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stop;

impl Handles {
    /// For sending.
    pub fn borrow(&self) -> Vec<BorrowedFd<'_>> {
        let [stdin, stdout, stderr] = &self.streams;
        let fixed = [&self.reports, &self.plan, stdin, stdout, stderr];
        let mut all: Vec<_> = fixed.into_iter().map(AsFd::as_fd).collect();
        all.extend(self.input.iter().map(AsFd::as_fd));
        all
    }

    /// After receiving; `None` if some are missing.
    pub fn from_received(input: bool, received: Vec<OwnedFd>) -> Option<Self> {
        let mut received = received.into_iter();
        Some(Self {
            reports: received.next()?,
            plan: received.next()?,
            streams: [received.next()?, received.next()?, received.next()?],
            input: if input { Some(received.next()?) } else { None },
        })
    }
}
