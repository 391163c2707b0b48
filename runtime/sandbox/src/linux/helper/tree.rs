//! Waiting for processes, and ending all that descend from this one.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::{Resource, Rlimit};

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
    let mut status = 0;
    // SAFETY: the pointer is to a local of the right type.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, options) };
    if pid > 0 {
        return Ok(Some((Pid::from_raw(pid), status)));
    }
    let error = io::Error::last_os_error();
    if pid == 0 || error.kind() == io::ErrorKind::Interrupted {
        return Ok(None);
    }
    Err(error)
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
    loop {
        let mut seen = Vec::new();
        loop {
            let found = descendants();
            let new: Vec<_> = found.iter().filter(|pid| !seen.contains(*pid)).collect();
            if new.is_empty() {
                break;
            }
            for pid in new {
                hold(*pid);
            }
            seen = found;
        }
        for pid in seen {
            let _ = kill(pid, Signal::SIGKILL);
        }
        loop {
            match wait_options(0) {
                Ok(_) => {}
                // No children: nothing is left.
                Err(_) => return,
            }
            if !descendants().is_empty() {
                break;
            }
        }
    }
}

fn hold(pid: Pid) {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Some(raw) = rustix::process::Pid::from_raw(pid.as_raw()) {
        // It may have ended meanwhile.
        let _ = rustix::process::prlimit(Some(raw), Resource::Nproc, none);
    }
    let _ = kill(pid, Signal::SIGSTOP);
}

fn descendants() -> Vec<Pid> {
    let all = processes::descendants(nix::unistd::getpid().as_raw());
    all.into_iter()
        .map(|process| Pid::from_raw(process.pid))
        .collect()
}
