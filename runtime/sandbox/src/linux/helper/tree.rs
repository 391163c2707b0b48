//! Waiting for processes, and ending all that descend from this one.

use std::collections::BTreeSet;
use std::io;

use nix::sys::signal::{self, SigSet};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::process::{Resource, Rlimit, Signal};

use super::super::processes;

/// What `wait` says about an ended process and what it waited for itself.
pub struct Usage {
    /// As `wait` has it.
    pub status: i32,
    /// User and system time, in microseconds.
    pub cpu_us: u64,
    /// Largest resident set, in bytes.
    pub largest_bytes: u64,
}

/// Waits for one child.
pub fn wait_with_usage(child: Pid) -> io::Result<Usage> {
    loop {
        let mut status = 0;
        // SAFETY: all zeros is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to locals of the right types.
        let pid = unsafe { libc::wait4(child.as_raw(), &raw mut status, 0, &raw mut usage) };
        if pid == child.as_raw() {
            return Ok(Usage {
                status,
                cpu_us: micros(usage.ru_utime) + micros(usage.ru_stime),
                largest_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
            });
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Waits for any child; the raw status, because wrappers don't know real-time signals.
pub fn wait_any() -> io::Result<(Pid, i32)> {
    loop {
        if let Some(waited) = wait_options(0)? {
            return Ok(waited);
        }
    }
}

fn wait_options(options: i32) -> io::Result<Option<(Pid, i32)>> {
    wait_for(Pid::from_raw(-1), options)
}

fn wait_for(child: Pid, options: i32) -> io::Result<Option<(Pid, i32)>> {
    let mut status = 0;
    // SAFETY: the pointer is to a local of the right type.
    let pid = unsafe { libc::waitpid(child.as_raw(), &raw mut status, options) };
    if pid > 0 {
        return Ok(Some((Pid::from_raw(pid), status)));
    }
    let error = io::Error::last_os_error();
    if pid == 0 || error.kind() == io::ErrorKind::Interrupted {
        return Ok(None);
    }
    Err(error)
}

/// A descriptor that can be read when children have ended. Their signal is held back from now on;
/// children that are there already don't inherit that.
pub fn ended_children() -> nix::Result<SignalFd> {
    let mut signals = SigSet::empty();
    signals.add(signal::Signal::SIGCHLD);
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Reaps all children that ended, but `kept`.
pub fn reap_all_but(kept: Pid, ended: &SignalFd) {
    while let Ok(Some(_)) = ended.read_signal() {}
    // Looking first, because `kept` has to be waited for by who wants to know what it used. Once it
    // has ended, `end_descendants` finds the others.
    while let Some(pid) = ended_child() {
        if pid == kept || wait_for(pid, 0).is_err() {
            return;
        }
    }
}

/// A child that can be waited for, if there is one.
fn ended_child() -> Option<Pid> {
    let look = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: all zeros is a valid siginfo, and what it is if there is no such child.
    let mut child: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a local of the right type.
    let result = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut child, look) };
    // SAFETY: it is all zeros or about a child.
    let pid = unsafe { child.si_pid() };
    (result == 0 && pid != 0).then(|| Pid::from_raw(pid))
}

/// User and system time of all children that were waited for, and of those they waited for, in
/// microseconds.
pub fn cpu_of_children_us() -> u64 {
    // SAFETY: all zeros is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a local of the right type.
    let result = unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) };
    if result == -1 {
        return 0;
    }
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

fn micros(time: libc::timeval) -> u64 {
    let total = time
        .tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(time.tv_usec);
    u64::try_from(total).unwrap_or(0)
}

/// Ends every descendant. This process must be their subreaper, so that none gets away by losing
/// its parent.
///
/// A program may fork faster than it can be killed. So each pass first stops and forbids forking to
/// all that it finds; what they forked before is found by the next pass, and there is only so much
/// of it, because the stopped ones still count against the limit of processes.
pub fn end_descendants() {
    // Mostly the program has left nobody, and nobody has to be looked for.
    while !all_reaped() {
        let mut seen = BTreeSet::new();
        loop {
            let found = descendants();
            let new: Vec<_> = found.difference(&seen).copied().collect();
            if new.is_empty() {
                break;
            }
            for pid in new {
                hold(pid);
            }
            seen = found;
        }
        for pid in seen {
            signal_descendant(pid, Signal::KILL);
        }
        // Those that are ending now, and theirs that fall to us.
        while wait_options(libc::__WALL).is_ok() {
            if !descendants().is_empty() {
                break;
            }
        }
    }
}

/// Reaps all children that ended. True if no child is left, and so no descendant: whoever loses its
/// parent becomes ours before that parent can be waited for.
fn all_reaped() -> bool {
    loop {
        match wait_options(libc::WNOHANG | libc::__WALL) {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

fn hold(pid: Pid) {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Stopped first: it can't end by itself any more, so its number stays its own.
    if signal_descendant(pid, Signal::STOP)
        && let Some(raw) = rustix::process::Pid::from_raw(pid.as_raw())
    {
        let _ = rustix::process::prlimit(Some(raw), Resource::Nproc, none);
    }
}

fn signal_descendant(pid: Pid, signal: Signal) -> bool {
    let own = nix::unistd::getpid().as_raw();
    processes::signal_if(pid.as_raw(), signal, || {
        processes::descends(pid.as_raw(), own)
    })
}

fn descendants() -> BTreeSet<Pid> {
    let all = processes::descendants(nix::unistd::getpid().as_raw());
    all.into_iter()
        .map(|process| Pid::from_raw(process.pid))
        .collect()
}
