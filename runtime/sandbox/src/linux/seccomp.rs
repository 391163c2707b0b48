//! The list of system calls that programs may make.
//!
//! An allow list: what a kernel adds later is refused until somebody looks at it. Left out are
//! mounts and namespaces, other processes' memory, kernel objects that outlive a run (System V
//! shared memory, message queues), the large attack surfaces (bpf, io_uring, perf, keyctl,
//! userfaultfd), modules, clocks, what acts on the whole machine (sync, reboot, quotas), and news
//! of files that others use (inotify and the like).
//!
//! Without a root of its own a box gets fewer: Landlock does not look at names of sockets, extended
//! attributes, permissions and times of files that can't be opened, nor, before Linux 6.2, at
//! truncation without writing.

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use seccompiler::BpfProgram;

use super::bpf::{self, Condition, Verdict};
use super::protocol::Mode;

/// The filter, ready to be applied.
#[derive(Debug)]
pub struct Filter(BpfProgram);

impl Filter {
    /// Compiles it. `own_uid`: programs have an uid that no file of the host belongs to.
    pub fn compile(mode: Mode, own_uid: bool) -> Self {
        Self(bpf::compile(&verdicts(mode, own_uid)))
    }

    /// Confines this thread and all its descendants for good. Also sets no_new_privs.
    pub fn apply(&self) -> io::Result<()> {
        seccompiler::apply_filter(&self.0).map_err(io::Error::other)
    }
}

/// The list for boxes with a root of their own by name, for those who make a filter themselves.
pub fn named_verdicts() -> Vec<(&'static str, Verdict)> {
    let mut names: Vec<(&str, c_long)> = ANYWAY.to_vec();
    #[cfg(target_arch = "x86_64")]
    names.extend(ANYWAY_X86_64);
    names.extend(WITH_A_ROOT);
    #[cfg(target_arch = "x86_64")]
    names.extend(WITH_A_ROOT_X86_64);
    names.extend(ON_OWN_FILES);
    #[cfg(target_arch = "x86_64")]
    names.extend(ON_OWN_FILES_X86_64);
    names.extend(CONDITIONALLY);
    let mut verdicts = verdicts(Mode::Native, true);
    let named = names.into_iter();
    named
        .filter_map(|(name, call)| Some((name.strip_prefix("SYS_")?, verdicts.remove(&call)?)))
        .collect()
}

fn verdicts(mode: Mode, own_uid: bool) -> BTreeMap<c_long, Verdict> {
    let mut verdicts = BTreeMap::new();
    let mut allow = |calls: &[(&str, c_long)]| {
        verdicts.extend(calls.iter().map(|(_, call)| (*call, Verdict::Allow)));
    };
    allow(ANYWAY);
    #[cfg(target_arch = "x86_64")]
    allow(ANYWAY_X86_64);
    if mode == Mode::Native {
        allow(WITH_A_ROOT);
        #[cfg(target_arch = "x86_64")]
        allow(WITH_A_ROOT_X86_64);
    }
    if mode == Mode::Native || own_uid {
        allow(ON_OWN_FILES);
        #[cfg(target_arch = "x86_64")]
        allow(ON_OWN_FILES_X86_64);
    }
    // Its flags are in memory, out of a filter's sight. Libraries take it for an older kernel and
    // fall back to clone.
    verdicts.insert(libc::SYS_clone3, Verdict::Errno(libc::ENOSYS as u32));
    // Threads and processes, but no namespaces.
    let no_namespaces = Condition::NoneOf(NAMESPACE_FLAGS);
    verdicts.insert(libc::SYS_clone, Verdict::If(vec![vec![(0, no_namespaces)]]));
    // Sockets between the processes of a box only. Without a root of its own, a box must not have
    // any that can be given a path or a name: Landlock does not look at sockets of the host.
    let unix = (0, Condition::Equal(libc::AF_UNIX as u32));
    if mode == Mode::Native {
        verdicts.insert(libc::SYS_socket, Verdict::If(vec![vec![unix]]));
    }
    // Neither datagrams nor raw: other kinds of this family the kernel doesn't know.
    let kinds = libc::SOCK_STREAM | libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    let connected = (1, Condition::NoneOf(!kinds as u32));
    verdicts.insert(
        libc::SYS_socketpair,
        Verdict::If(vec![vec![unix, connected]]),
    );
    // On oneself only: without a pid namespace, other processes of the same user can be named.
    let oneself = || Verdict::If(vec![vec![(0, Condition::Equal(0))]]);
    for call in ON_ONESELF {
        verdicts.insert(*call, oneself());
    }
    let own_priority = vec![
        (0, Condition::Equal(libc::PRIO_PROCESS)),
        (1, Condition::Equal(0)),
    ];
    verdicts.insert(libc::SYS_setpriority, Verdict::If(vec![own_priority]));
    verdicts.insert(libc::SYS_ioctl, Verdict::OneOf(1, IOCTLS.to_vec()));
    verdicts.insert(libc::SYS_prctl, Verdict::OneOf(0, PRCTLS.to_vec()));
    let without = |argument: u32, values: &[u32]| {
        let differs = values
            .iter()
            .map(|value| (argument, Condition::Differs(*value)));
        Verdict::If(vec![differs.collect()])
    };
    verdicts.insert(libc::SYS_fcntl, without(1, &FCNTLS_REFUSED));
    verdicts.insert(libc::SYS_setsockopt, without(2, &SOCKET_OPTIONS_REFUSED));
    // Huge pages are the host's own stock, which no limit of memory counts.
    let no_huge_pages =
        |argument: u32, flag: u32| Verdict::If(vec![vec![(argument, Condition::NoneOf(flag))]]);
    let mapping = no_huge_pages(3, libc::MAP_HUGETLB as u32);
    verdicts.insert(libc::SYS_mmap, mapping);
    let memory_file = no_huge_pages(1, libc::MFD_HUGETLB);
    verdicts.insert(libc::SYS_memfd_create, memory_file);
    if mode == Mode::Landlock {
        verdicts.extend(without_truncation());
    }
    // Asking for the execution domain, not changing it.
    let domains = [0, u32::MAX].map(|domain| vec![(0, Condition::Equal(domain))]);
    verdicts.insert(libc::SYS_personality, Verdict::If(domains.to_vec()));
    verdicts
}

/// Files are only cut by who has opened them for writing, which Landlock looks at on every kernel.
fn without_truncation() -> Vec<(c_long, Verdict)> {
    let truncation = libc::O_TRUNC as u32;
    let modes = libc::O_ACCMODE as u32;
    let cuts_what_it_writes = |argument: u32| {
        let mode = |mode: i32| vec![(argument, Condition::Masked(modes, mode as u32))];
        Verdict::If(vec![
            vec![(argument, Condition::NoneOf(truncation))],
            mode(libc::O_WRONLY),
            mode(libc::O_RDWR),
        ])
    };
    vec![
        (libc::SYS_truncate, Verdict::Errno(libc::EPERM as u32)),
        // Its flags are in memory; libraries fall back to the other.
        (libc::SYS_openat2, Verdict::Errno(libc::ENOSYS as u32)),
        (libc::SYS_openat, cuts_what_it_writes(2)),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, cuts_what_it_writes(1)),
    ]
}

const NAMESPACE_FLAGS: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;
/// What may be asked of any descriptor. Not the flags of files, not the host's network (any socket
/// tells its names and addresses), not typing into a terminal that was left open.
const IOCTLS: &[u32] = &[
    0x5401,      // TCGETS: is it a terminal?
    0x802c_542a, // TCGETS2: the same.
    0x540f,      // TIOCGPGRP
    0x5410,      // TIOCSPGRP: the first processes of containers try it, and there is no terminal
    0x5411,      // TIOCOUTQ
    0x5413,      // TIOCGWINSZ
    0x541b,      // FIONREAD
    0x5421,      // FIONBIO
    0x5450,      // FIONCLEX
    0x5451,      // FIOCLEX
    0x5452,      // FIOASYNC
    0x4004_9409, // FICLONE
];
/// Leases hold up others that open a file, notes tell what others do with it.
const FCNTLS_REFUSED: [u32; 2] = [libc::F_SETLEASE as u32, libc::F_NOTIFY as u32];
/// Filters that the kernel would translate to machine code.
const SOCKET_OPTIONS_REFUSED: [u32; 4] = [
    libc::SO_ATTACH_FILTER as u32,
    libc::SO_ATTACH_BPF as u32,
    libc::SO_ATTACH_REUSEPORT_CBPF as u32,
    libc::SO_ATTACH_REUSEPORT_EBPF as u32,
];
/// Of `linux/prctl.h`; libc knows them on some architectures only.
const PR_GET_SPECULATION_CTRL: u32 = 52;
const PR_SET_SPECULATION_CTRL: u32 = 53;
/// About the caller alone, asked or set by ordinary programs, and what containers' first processes
/// do. Not filters, layout of memory, cores kept from others, nor what newer kernels add.
const PRCTLS: &[u32] = &[
    libc::PR_SET_PDEATHSIG as u32,
    libc::PR_GET_PDEATHSIG as u32,
    libc::PR_GET_DUMPABLE as u32,
    libc::PR_SET_DUMPABLE as u32,
    libc::PR_GET_KEEPCAPS as u32,
    libc::PR_SET_KEEPCAPS as u32,
    libc::PR_SET_NAME as u32,
    libc::PR_GET_NAME as u32,
    libc::PR_GET_SECCOMP as u32,
    libc::PR_CAPBSET_READ as u32,
    libc::PR_CAPBSET_DROP as u32,
    libc::PR_GET_SECUREBITS as u32,
    libc::PR_SET_TIMERSLACK as u32,
    libc::PR_GET_TIMERSLACK as u32,
    libc::PR_SET_CHILD_SUBREAPER as u32,
    libc::PR_GET_CHILD_SUBREAPER as u32,
    libc::PR_SET_NO_NEW_PRIVS as u32,
    libc::PR_GET_NO_NEW_PRIVS as u32,
    libc::PR_GET_TID_ADDRESS as u32,
    libc::PR_SET_THP_DISABLE as u32,
    libc::PR_GET_THP_DISABLE as u32,
    libc::PR_CAP_AMBIENT as u32,
    PR_GET_SPECULATION_CTRL,
    PR_SET_SPECULATION_CTRL,
];

/// Numbers with their names.
macro_rules! calls {
    [$(libc::$name:ident),* $(,)?] => {
        &[$((stringify!($name), libc::$name)),*]
    };
}

/// Those with a verdict of their own above.
const CONDITIONALLY: &[(&str, c_long)] = calls![
    libc::SYS_clone3,
    libc::SYS_clone,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_ioctl,
    libc::SYS_personality,
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_setpriority,
    libc::SYS_fcntl,
    libc::SYS_prctl,
    libc::SYS_setsockopt,
    libc::SYS_mmap,
    libc::SYS_memfd_create,
];

/// Calls whose first argument is a process, 0 for the caller.
const ON_ONESELF: &[c_long] = &[
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
];

const ANYWAY: &[(&str, c_long)] = calls![
    // Files.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_flock,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_readahead,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_umask,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_munlock,
    libc::SYS_mlockall,
    libc::SYS_munlockall,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_get_mempolicy,
    libc::SYS_pkey_alloc,
    libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect,
    // Processes and threads.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getpgid,
    libc::SYS_setpgid,
    libc::SYS_getsid,
    libc::SYS_setsid,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_getrlimit,
    libc::SYS_setrlimit,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_getpriority,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_rr_get_interval,
    libc::SYS_sched_getattr,
    libc::SYS_getcpu,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    // Who it is: changing that fails without capabilities, but has to be allowed to fail.
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    // Signals and time.
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_signalfd4,
    libc::SYS_eventfd2,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_getoverrun,
    libc::SYS_timer_delete,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_getrandom,
    // Waiting.
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    // Sockets; which families exist is decided at their making.
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    // Confining itself further.
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
];

/// Names of sockets, attributes and times of files: of the box's own where it has a root. Elsewhere
/// whoever may write to a file may set its times to now, without opening it.
const WITH_A_ROOT: &[(&str, c_long)] = calls![
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
];

/// Older forms of these.
#[cfg(target_arch = "x86_64")]
const WITH_A_ROOT_X86_64: &[(&str, c_long)] =
    calls![libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat,];

/// What the owner of a file may do without opening it: where none but the box's own are owned, or
/// the others can't be written to.
const ON_OWN_FILES: &[(&str, c_long)] = calls![
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
];

/// Older forms of these.
#[cfg(target_arch = "x86_64")]
const ON_OWN_FILES_X86_64: &[(&str, c_long)] =
    calls![libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown,];

/// Older forms of the above that only this architecture has.
#[cfg(target_arch = "x86_64")]
const ANYWAY_X86_64: &[(&str, c_long)] = calls![
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_getdents,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_readlink,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_getpgrp,
    libc::SYS_arch_prctl,
    libc::SYS_alarm,
    libc::SYS_pause,
    libc::SYS_time,
    libc::SYS_signalfd,
    libc::SYS_eventfd,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_with_a_verdict_has_a_name() {
        assert_eq!(named_verdicts().len(), verdicts(Mode::Native, true).len());
    }
}
