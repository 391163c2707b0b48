//! Boxes without namespaces, for containers that refuse them: an uid, Landlock and seccomp hold the
//! program, and the supervisor ends everything that descends from it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::unistd::{ForkResult, fork};

use super::super::channel;
use super::super::landlock::Rules;
use super::super::protocol::{Facts, Handles, Plan, Report, Task};
use super::super::seccomp::Filter;
use super::scratch::Scratch;
use super::supervisor::{self, Orphans};
use super::{Failure, at, confine, end, probe, program, scratch};

/// Readable in every box: what programs and libraries need to start.
const READABLE: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/lib32",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
    "/dev/urandom",
];
/// Existing devices without state or power.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random"];

/// Finds out what can be done here.
pub fn prepare() -> Facts {
    let slot_uids = rustix::process::geteuid().is_root() && confine::may_change_uid();
    Facts {
        slot_uids,
        mounts: scratch::enter_namespace(),
    }
}

/// Runs one box to its end.
pub fn run(plan: &Plan, facts: Facts, filter: &Filter, handles: Handles) -> Result<(), Failure> {
    nix::sys::prctl::set_child_subreaper(true).map_err(at("adopting descendants"))?;
    let Handles {
        reports,
        streams,
        input,
        ..
    } = handles;
    let scratch = Scratch::prepare(plan, facts, input)?;
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(at("starting the first process of the box"))? {
        ForkResult::Child => {
            let code = match become_program(plan, filter, &scratch, &reports, streams) {
                Ok(()) => 0,
                Err(failure) => {
                    supervisor::report_failure(&reports, failure);
                    1
                }
            };
            end(code);
        }
        ForkResult::Parent { child } => {
            drop((streams, scratch));
            supervisor::watch(&reports, child, Orphans::Ours)
        }
    }
}

fn become_program(
    plan: &Plan,
    filter: &Filter,
    scratch: &Scratch,
    reports: &OwnedFd,
    streams: [OwnedFd; 3],
) -> Result<(), Failure> {
    confine::end_first();
    if let Some(uid) = plan.uid {
        confine::become_uid(uid)?;
    }
    confine::die_with_parent()?;
    let _ = nix::unistd::setsid();
    std::env::set_current_dir(&plan.working_dir).map_err(|error| Failure {
        program: true,
        ..at("entering working_dir")(error)
    })?;
    let readable = READABLE.iter().map(Path::new);
    let trees = plan.trees.iter().map(PathBuf::as_path);
    let rules = Rules {
        readable: readable
            .chain(trees)
            .chain([scratch.work.as_path()])
            .collect(),
        writable: scratch.writable.iter().map(PathBuf::as_path).collect(),
        devices: DEVICES.iter().map(Path::new).collect(),
    };
    confine::confine(plan, plan.processes, &rules, filter)?;
    let at_ns = supervisor::now_ns();
    channel::send(
        reports,
        &Report::Started { at_ns },
        &[scratch.output_fd.as_fd()],
    )
    .map_err(at("reporting the start"))?;
    match &plan.task {
        Task::Run { program, args } => Err(program::exec(program, args, plan, streams)),
        Task::Probe => {
            let [_, stdout, _] = streams;
            probe::run(stdout, &scratch.output).map_err(at("reporting the probe"))
        }
    }
}
