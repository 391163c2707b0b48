//! What the self-test does in a box: tries what must not work, with all rights given up.
//!
//! It reports about every layer; which of them a back end promises is the node's business.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, StatVfsMountFlags};
use rustix::process::Resource;

use super::super::channel;
use super::super::landlock;
use super::super::protocol::Finding;
use crate::environment::{HOSTNAME, INPUT_DIR};
use crate::layer::Layer;
use crate::limits::OUTPUT_RANGE_BYTES;

/// Landlock's interface that knows TCP, and the one that knows scopes.
const LANDLOCK_WITH_NETWORK: i64 = 4;
const LANDLOCK_WITH_SCOPE: i64 = 6;

/// Writes an encoded list of findings to `out`. Works from the work directory.
pub fn run(out: OwnedFd, output: &Path) -> io::Result<()> {
    let findings: Vec<Finding> = vec![
        (Layer::UserNamespace, user_namespace()),
        (
            Layer::MountNamespace,
            expect(!Path::new("/etc/shadow").exists(), "/etc/shadow is there"),
        ),
        (
            Layer::PidNamespace,
            expect(std::process::id() == 1, "not the first process"),
        ),
        (Layer::NetworkNamespace, network_namespace()),
        (Layer::IpcNamespace, Ok(())),
        (Layer::UtsNamespace, host_name()),
        (Layer::CgroupNamespace, cgroup_namespace()),
        (Layer::ReadOnlyRoot, read_only_root()),
        (Layer::PrivateProc, private_proc()),
        (Layer::DiskQuota, disk_quota(output)),
        (Layer::LandlockFiles, landlock_files(output)),
        (
            Layer::LandlockNetwork,
            landlock_since(LANDLOCK_WITH_NETWORK),
        ),
        (Layer::LandlockScope, landlock_since(LANDLOCK_WITH_SCOPE)),
        (Layer::Seccomp, seccomp()),
        (Layer::NoCapabilities, no_capabilities()),
        (Layer::NoNewPrivileges, no_new_privileges()),
        (Layer::ResourceLimits, resource_limits()),
        (Layer::SortedInput, sorted_input()),
    ];
    File::from(out).write_all(&channel::encode(&findings)?)
}

fn expect(holds: bool, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.to_owned()) }
}

fn text<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> String {
    move |error| format!("{doing}: {error}")
}

fn user_namespace() -> Result<(), String> {
    let map = fs::read_to_string("/proc/self/uid_map").map_err(text("reading the map of uids"))?;
    let root = rustix::process::getuid().is_root();
    expect(
        !root && map.lines().count() == 1,
        "more than one uid is mapped",
    )
}

fn network_namespace() -> Result<(), String> {
    let devices = fs::read_to_string("/proc/self/net/dev").map_err(text("listing networks"))?;
    let mut names = devices
        .lines()
        .skip(2)
        .filter_map(|line| line.split(':').next());
    expect(
        names.all(|name| name.trim() == "lo"),
        "there is more than the loopback",
    )
}

fn host_name() -> Result<(), String> {
    let name = rustix::system::uname().nodename().to_owned();
    expect(
        name.to_bytes() == HOSTNAME.as_bytes(),
        "the host's name is seen",
    )
}

fn cgroup_namespace() -> Result<(), String> {
    let groups = fs::read_to_string("/proc/self/cgroup").map_err(text("reading cgroups"))?;
    let hidden = groups
        .lines()
        .all(|line| line.ends_with(":/") || line.contains(":/../"));
    expect(hidden, "paths of control groups are seen")
}

fn read_only_root() -> Result<(), String> {
    let root = rustix::fs::statvfs("/").map_err(text("looking at the root"))?;
    expect(
        root.f_flag.contains(StatVfsMountFlags::RDONLY),
        "the root is writable",
    )
}

fn private_proc() -> Result<(), String> {
    expect(
        Path::new("/proc/self/status").exists(),
        "/proc could not be mounted",
    )?;
    expect(!Path::new("/proc/sys").exists(), "/proc shows the host")
}

fn disk_quota(output: &Path) -> Result<(), String> {
    let disk = rustix::fs::statvfs(output).map_err(text("looking at the output directory"))?;
    let bytes = disk.f_blocks.saturating_mul(disk.f_frsize);
    expect(
        bytes <= OUTPUT_RANGE_BYTES.1,
        "the output directory has no size of its own",
    )
}

/// Landlock answers before the check of capabilities, and differently.
fn landlock_files(output: &Path) -> Result<(), String> {
    expect(landlock::version() > 0, "the kernel has no Landlock")?;
    let device = output.join("device");
    let made = rustix::fs::mknodat(CWD, device, FileType::CharacterDevice, Mode::RUSR, 0x103);
    expect(
        made == Err(rustix::io::Errno::ACCESS),
        "a device file was not refused by Landlock",
    )
}

fn landlock_since(needed: i64) -> Result<(), String> {
    let version = landlock::version();
    if version >= needed {
        return Ok(());
    }
    Err(format!(
        "the kernel has version {version} of Landlock, this needs {needed}"
    ))
}

fn seccomp() -> Result<(), String> {
    let refused = |call: libc::c_long, first: libc::c_long, errno: i32| {
        // SAFETY: none of the calls that are tried takes a pointer in the arguments given.
        let result = unsafe { libc::syscall(call, first, 0_u64, 0_u64, 0_u64, 0_u64) };
        result == -1 && io::Error::last_os_error().raw_os_error() == Some(errno)
    };
    let inet = libc::c_long::from(libc::AF_INET);
    let user = libc::c_long::from(libc::CLONE_NEWUSER);
    expect(
        refused(libc::SYS_unshare, user, libc::EPERM),
        "unshare works",
    )?;
    expect(
        refused(libc::SYS_clone3, 0, libc::ENOSYS),
        "clone3 is there",
    )?;
    expect(
        refused(libc::SYS_socket, inet, libc::EPERM),
        "network sockets can be made",
    )?;
    expect(refused(libc::SYS_keyctl, 0, libc::EPERM), "keyctl works")
}

fn no_capabilities() -> Result<(), String> {
    let sets = rustix::thread::capabilities(None).map_err(text("reading capabilities"))?;
    let none =
        sets.effective.is_empty() && sets.permitted.is_empty() && sets.inheritable.is_empty();
    expect(none, "some capabilities are left")
}

fn no_new_privileges() -> Result<(), String> {
    let set = rustix::thread::no_new_privs().map_err(text("asking for no_new_privs"))?;
    expect(set, "not set")
}

fn resource_limits() -> Result<(), String> {
    let unlimited = [
        Resource::Core,
        Resource::Nproc,
        Resource::Fsize,
        Resource::Cpu,
    ]
    .into_iter()
    .any(|resource| rustix::process::getrlimit(resource).maximum.is_none());
    expect(!unlimited, "some limits are not set")
}

fn sorted_input() -> Result<(), String> {
    let listing = fs::read_dir(INPUT_DIR).map_err(text("listing the input"))?;
    let names: Result<Vec<_>, _> = listing
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect();
    let names = names.map_err(text("listing the input"))?;
    expect(
        names.len() > 1 && names.is_sorted(),
        "the file system lists in another order",
    )
}
