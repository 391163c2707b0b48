//! System calls by name: their numbers differ between architectures.

use std::fmt::Write;
use std::sync::LazyLock;

/// A Python dictionary of the numbers of this architecture; `None` where it hasn't got a call.
pub static NUMBERS: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::from("{");
    for (name, number) in CALLS {
        let name = name.trim_start_matches("SYS_");
        write!(text, "'{name}': {number}, ").unwrap();
    }
    for (name, number) in OLD_CALLS {
        let number = number.map_or("None".to_owned(), |number| number.to_string());
        write!(text, "'{name}': {number}, ").unwrap();
    }
    text + "}"
});

macro_rules! calls {
    [$($name:ident),* $(,)?] => {
        &[$((stringify!($name), libc::$name)),*]
    };
}

const CALLS: &[(&str, libc::c_long)] = calls![
    SYS_acct,
    SYS_add_key,
    SYS_adjtimex,
    SYS_bpf,
    SYS_capget,
    SYS_capset,
    SYS_clock_adjtime,
    SYS_clock_settime,
    SYS_clone,
    SYS_clone3,
    SYS_delete_module,
    SYS_exit,
    SYS_fanotify_init,
    SYS_finit_module,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_init_module,
    SYS_inotify_init1,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_uring_setup,
    SYS_ioctl,
    SYS_ioprio_set,
    SYS_kcmp,
    SYS_kexec_file_load,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_landlock_create_ruleset,
    SYS_landlock_restrict_self,
    SYS_memfd_secret,
    SYS_mmap,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_move_pages,
    SYS_mq_open,
    SYS_msgget,
    SYS_name_to_handle_at,
    SYS_nfsservctl,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_perf_event_open,
    SYS_personality,
    SYS_pidfd_getfd,
    SYS_pivot_root,
    SYS_prctl,
    SYS_process_madvise,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_quotactl,
    SYS_reboot,
    SYS_renameat2,
    SYS_request_key,
    SYS_sched_setattr,
    SYS_seccomp,
    SYS_semget,
    SYS_set_mempolicy,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setns,
    SYS_settimeofday,
    SYS_shmget,
    SYS_swapoff,
    SYS_swapon,
    SYS_sync,
    SYS_syncfs,
    SYS_syslog,
    SYS_timer_create,
    SYS_umount2,
    SYS_unshare,
    SYS_userfaultfd,
    SYS_vhangup,
];

/// Calls that newer architectures don't have.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: [(&str, Option<libc::c_long>); 6] = [
    ("chmod", Some(libc::SYS_chmod)),
    ("ioperm", Some(libc::SYS_ioperm)),
    ("iopl", Some(libc::SYS_iopl)),
    ("modify_ldt", Some(libc::SYS_modify_ldt)),
    ("uselib", Some(libc::SYS_uselib)),
    ("utime", Some(libc::SYS_utime)),
];

/// Calls that newer architectures don't have.
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: [(&str, Option<libc::c_long>); 6] = [
    ("chmod", None),
    ("ioperm", None),
    ("iopl", None),
    ("modify_ldt", None),
    ("uselib", None),
    ("utime", None),
];
