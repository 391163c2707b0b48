//! Giving up rights: uids, capabilities, limits.

use std::fs;
use std::io;

use rustix::process::{Gid, Resource, Rlimit, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::super::landlock::{self, Rules};
use super::super::protocol::Plan;
use super::super::seccomp::Filter;
use super::{Failure, at};

/// Highest number of a capability that a kernel may know.
const CAPABILITY_MAX: libc::c_ulong = 63;
/// Signals that may wait in queues.
const SIGNALS_PENDING: u64 = 1024;
/// Time for a program to die of SIGXCPU before the kernel kills it, in seconds.
const CPU_GRACE_S: u64 = 1;
/// No core files, and unlike with 0 no program of the host that is piped into, either.
const CORE_BYTES: u64 = 1;
/// Stack of a first thread, in bytes, unless the node's own is smaller.
const STACK_BYTES: u64 = 8 * 1024 * 1024;

/// Can this process take any uid?
pub fn may_change_uid() -> bool {
    let needed = CapabilitySet::SETUID | CapabilitySet::SETGID;
    let sets = rustix::thread::capabilities(None);
    sets.is_ok_and(|sets| sets.effective.contains(needed))
}

/// Becomes an unprivileged user without groups, for good.
pub fn become_uid(id: u32) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    rustix::thread::set_thread_groups(&[]).map_err(at("leaving groups"))?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(at("changing the gid"))?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(at("changing the uid"))
}

/// A process that changed its uid must be dumpable to set up its user namespace, and one that is
/// not can't be looked into by others of its uid.
pub fn set_dumpable(dumpable: bool) -> Result<(), Failure> {
    nix::sys::prctl::set_dumpable(dumpable).map_err(at("changing dumpability"))
}

/// Maps one uid and gid into the user namespace that was just entered.
pub fn map_ids(inside: (Uid, Gid), outside: (Uid, Gid)) -> Result<(), Failure> {
    let line = |inside: u32, outside: u32| format!("{inside} {outside} 1\n");
    let uids = line(inside.0.as_raw(), outside.0.as_raw());
    let gids = line(inside.1.as_raw(), outside.1.as_raw());
    fs::write("/proc/self/setgroups", "deny").map_err(at("refusing groups"))?;
    fs::write("/proc/self/uid_map", uids).map_err(at("mapping the uid"))?;
    fs::write("/proc/self/gid_map", gids).map_err(at("mapping the gid"))
}

/// Dies with its parent.
pub fn die_with_parent() -> Result<(), Failure> {
    let kill = nix::sys::signal::Signal::SIGKILL;
    nix::sys::prctl::set_pdeathsig(kill).map_err(at("following the supervisor"))
}

/// When the machine or the box is out of memory, the kernel ends what is in boxes first, and never
/// those that watch over them instead: programs can be made smaller than these.
pub fn end_first() {
    // Where `/proc` is not writable, it chooses by size.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
}

/// Gives up everything that a program does not get. `processes` is the limit for its uid.
pub fn confine(
    plan: &Plan,
    processes: u64,
    rules: &Rules<'_>,
    filter: &Filter,
) -> Result<(), Failure> {
    set_limits(plan, processes).map_err(at("setting resource limits"))?;
    drop_capabilities().map_err(at("dropping capabilities"))?;
    nix::sys::prctl::set_no_new_privs().map_err(at("refusing new privileges"))?;
    // A kernel without Landlock is found by the self-test, which knows whether that will do.
    if landlock::version() > 0 {
        landlock::restrict(rules).map_err(at("applying Landlock"))?;
    }
    filter.apply().map_err(at("applying the seccomp filter"))
}

fn set_limits(plan: &Plan, processes: u64) -> io::Result<()> {
    let limits = &plan.limits;
    let cpu_s = limits.cpu_ms.div_ceil(1000);
    let all = [
        (Resource::Cpu, cpu_s, cpu_s + CPU_GRACE_S),
        (Resource::Fsize, limits.file_bytes, limits.file_bytes),
        (Resource::Stack, STACK_BYTES, STACK_BYTES),
        (Resource::Core, CORE_BYTES, CORE_BYTES),
        (Resource::Nproc, processes, processes),
        (Resource::Sigpending, SIGNALS_PENDING, SIGNALS_PENDING),
        (Resource::Msgqueue, 0, 0),
        (Resource::Nice, 0, 0),
        (Resource::Rtprio, 0, 0),
    ];
    for (resource, soft, hard) in all {
        set_limit(resource, soft, hard)?;
    }
    Ok(())
}

/// Only for the program itself. This process may have more data than that already, as the binary it
/// was started from likes it; and who may have few descriptors may not send any either while others
/// of the same user have as many on their way. Neither allocates nor locks.
pub fn limit_program(data_bytes: u64, open_files: u64) -> io::Result<()> {
    set_limit(Resource::Data, data_bytes, data_bytes)?;
    set_limit(Resource::Nofile, open_files, open_files)
}

/// As many descriptors as this process may have anyway: programs have fewer, so that they can't keep
/// it from sending some.
pub fn raise_open_files() {
    let most = rustix::process::getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    // Without, a program's own limit may be as large.
    let _ = rustix::process::setrlimit(Resource::Nofile, raised);
}

/// Never above what is: raising takes a capability that root may lack in containers.
fn set_limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let hard = now.maximum.map_or(hard, |most| most.min(hard));
    let limit = Rlimit {
        current: Some(soft.min(hard)),
        maximum: Some(hard),
    };
    Ok(rustix::process::setrlimit(resource, limit)?)
}

fn drop_capabilities() -> io::Result<()> {
    for capability in 0..=CAPABILITY_MAX {
        // SAFETY: the call takes numbers only.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        if dropped == -1 {
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                // Past the last capability of this kernel.
                Some(libc::EINVAL) => break,
                // Nothing to drop for a user without capabilities: no_new_privs keeps it so.
                Some(libc::EPERM) => break,
                _ => return Err(error),
            }
        }
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::clear_ambient_capability_set()?;
    Ok(rustix::thread::set_capabilities(None, none)?)
}
