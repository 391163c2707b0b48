//! One process per box, outside of it: starts it, waits, ends it when told or left alone.
//!
//! With namespaces the helper of the slot does this itself, one box after the other; it has given
//! up its rights already. Without them, a fork of it does, because only the end of the process that
//! adopts all descendants is sure to leave none.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::{ForkResult, Pid};
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Gid, PidfdFlags, Signal, Uid};
use rustix::thread::UnshareFlags;

use super::super::channel;
use super::super::protocol::{Facts, Handles, Mode, PLAN_MAX_BYTES, Plan, Report};
use super::super::seccomp::Filter;
use super::{Failure, at, confine, end, inside, plain, tree};
use crate::environment::HOSTNAME;

/// The uid and gid that every program has in a box with a user namespace.
const INSIDE_ID: u32 = 1000;

/// Runs one box to its end, and reports. `control` is closed in the box.
pub fn run(
    mode: Mode,
    facts: Facts,
    filter: &Filter,
    handles: Handles,
    control: &mut Option<OwnedFd>,
) {
    let Ok(reports) = handles.reports.try_clone() else {
        return;
    };
    let done = read_plan(&handles.plan).and_then(|plan| match mode {
        Mode::Native => native(&plan, filter, handles, control),
        Mode::Landlock => plain::run(&plan, facts, filter, handles),
    });
    if let Err(failure) = done {
        report_failure(&reports, failure);
    }
}

/// Tells the node that there is no box.
pub fn report_failure(reports: &OwnedFd, failure: Failure) {
    let Failure {
        stage,
        reason,
        program,
    } = failure;
    let report = Report::Failed {
        stage,
        reason,
        program,
    };
    // If the node is gone, nobody wants to know.
    let _ = channel::send(reports, &report, &[]);
}

fn read_plan(plan: &OwnedFd) -> Result<Plan, Failure> {
    let read = || {
        let mut file = File::from(plan.try_clone()?);
        file.rewind()?;
        let mut bytes = Vec::new();
        file.take(PLAN_MAX_BYTES as u64).read_to_end(&mut bytes)?;
        channel::decode(&bytes, PLAN_MAX_BYTES)
    };
    read().map_err(at("reading the plan"))
}

/// The first process of the box maps its own uid; that this is the slot's, and unprivileged, was
/// seen to before.
fn native(
    plan: &Plan,
    filter: &Filter,
    handles: Handles,
    control: &mut Option<OwnedFd>,
) -> Result<(), Failure> {
    let outside = (rustix::process::geteuid(), rustix::process::getegid());
    let inside = (Uid::from_raw(INSIDE_ID), Gid::from_raw(INSIDE_ID));
    let of_the_run = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID;
    match fork_into(of_the_run).map_err(at("making namespaces"))? {
        ForkResult::Child => {
            drop(control.take());
            let code = match confine::map_ids(inside, outside) {
                Ok(()) => inside::run(plan, filter, handles),
                Err(failure) => {
                    report_failure(&handles.reports, failure);
                    1
                }
            };
            end(code);
        }
        ForkResult::Parent { child } => {
            let reports = handles.reports;
            drop((handles.streams, handles.input, handles.plan));
            watch(&reports, child, Orphans::OfTheBox)
        }
    }
}

/// A fork whose child is in new namespaces from the beginning.
fn fork_into(namespaces: libc::c_int) -> std::io::Result<ForkResult> {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    // SAFETY: without a stack and without shared memory this is fork; this process has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    match libc::pid_t::try_from(pid) {
        Ok(0) => Ok(ForkResult::Child),
        Ok(pid) if pid > 0 => Ok(ForkResult::Parent {
            child: Pid::from_raw(pid),
        }),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Enters the namespaces that are made once for a slot, because a network takes longest of all to
/// make and to remove. No program has rights over them, can make a socket or an object that would
/// stay in them, or is there at the same time as another. Then becomes the slot's user for good:
/// the namespaces of boxes must belong to an unprivileged one.
pub fn enter_slot(uid: Option<u32>) -> Result<(), Failure> {
    let of_the_slot = UnshareFlags::NEWNET
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    // SAFETY: one thread, and the table of descriptors stays shared with nobody.
    unsafe { rustix::thread::unshare_unsafe(of_the_slot) }.map_err(at("making namespaces"))?;
    rustix::system::sethostname(HOSTNAME.as_bytes()).map_err(at("naming the host"))?;
    if let Some(uid) = uid {
        confine::become_uid(uid)?;
    }
    confine::set_dumpable(true)
}

/// Puts this process, and all that follow from it, into control groups.
pub fn join_cgroups(cgroups: Vec<OwnedFd>) -> Result<(), Failure> {
    for procs in cgroups {
        rustix::io::write(&procs, b"0\n").map_err(at("joining a control group"))?;
    }
    Ok(())
}

/// Whose children processes become that lose their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// Of the box's first process, and they end with it.
    OfTheBox,
    /// Ours: we have to wait for them and to end them.
    Ours,
}

/// Waits for the end of `child`; kills it when the node says so or is gone.
pub fn watch(reports: &OwnedFd, child: Pid, orphans: Orphans) -> Result<(), Failure> {
    let waiting = "waiting for the box";
    let raw = rustix::process::Pid::from_raw(child.as_raw());
    let raw = raw.ok_or_else(|| at(waiting)("no process"))?;
    let pid = match orphans {
        Orphans::OfTheBox => child.as_raw(),
        Orphans::Ours => nix::unistd::getpid().as_raw(),
    };
    let _ = channel::send(reports, &Report::Placed { pid }, &[]);
    let pidfd = rustix::process::pidfd_open(raw, PidfdFlags::empty()).map_err(at(waiting))?;
    let ended_children = match orphans {
        Orphans::OfTheBox => None,
        Orphans::Ours => Some(tree::ended_children().map_err(at(waiting))?),
    };
    loop {
        if let Some(ended) = &ended_children {
            // They count against the limit of processes until then.
            tree::reap_all_but(child, ended);
        }
        let mut events = vec![
            PollFd::new(&pidfd, PollFlags::IN),
            PollFd::new(reports, PollFlags::IN),
        ];
        events.extend(
            ended_children
                .iter()
                .map(|ended| PollFd::new(ended, PollFlags::IN)),
        );
        match rustix::event::poll(&mut events, None) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled.map_err(at(waiting))?,
        };
        let happened = |index: usize| {
            let event = events.get(index);
            event.is_some_and(|event| !event.revents().is_empty())
        };
        if happened(0) {
            break;
        }
        if happened(1) {
            // Whatever it says, or that it hung up, means the same.
            let _ = rustix::process::pidfd_send_signal(&pidfd, Signal::KILL);
            break;
        }
    }
    let usage = tree::wait_with_usage(child).map_err(at(waiting))?;
    let at_ns = now_ns();
    let mut cpu_us = usage.cpu_us;
    if orphans == Orphans::Ours {
        tree::end_descendants();
        cpu_us = cpu_us.max(tree::cpu_of_children_us());
    }
    let report = Report::Finished {
        at_ns,
        status: usage.status,
        cpu_us,
        largest_bytes: usage.largest_bytes,
    };
    let _ = channel::send(reports.as_fd(), &report, &[]);
    Ok(())
}

/// Nanoseconds on the monotonic clock.
pub fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}
