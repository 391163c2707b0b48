//! The part of a box's file system that is the same in every run, made once.
//!
//! The helper moves into a mount namespace that has nothing but this: a read-only tmpfs with
//! read-only views of the interpreter's trees and a few devices. A box begins as a copy of that
//! namespace, which costs a fraction of building it each time, or of copying the host's.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
};
use rustix::thread::UnshareFlags;

use super::super::mounts::{self, Attributes};
use super::super::protocol::{Facts, Setup};
use super::{Failure, at, confine};

/// Directories of the base system; those that are links on the host are links in the box.
const SYSTEM: [&str; 7] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32",
];
/// Devices without state or power.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Copied as they are: the loader's cache of libraries.
const COPIED: [&str; 1] = ["/etc/ld.so.cache"];
/// Seen as they are: where Debian's names of alternatives lead.
const VIEWED: [&str; 1] = ["/etc/alternatives"];
/// Empty directories, to mount on or for programs that expect them.
const EMPTY: [&str; 9] = [
    "/proc",
    "/tmp",
    "/work/input",
    "/work/output",
    "/run",
    "/var",
    "/etc",
    "/dev",
    "/sys",
];
/// Links: shared memory and temporary files have one bound together.
const LINKS: [(&str, &str); 6] = [
    ("/tmp", "/dev/shm"),
    ("/tmp", "/var/tmp"),
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];
/// Account names for the only uid of a box.
const FILES: [(&str, &str); 3] = [
    (
        "/etc/passwd",
        "sandbox:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    ),
    ("/etc/group", "sandbox:x:1000:\nnogroup:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
];
/// Size and number of files of the template: names and links only.
const TEMPLATE_OPTIONS: &std::ffi::CStr = c"size=4m,nr_inodes=4096,mode=755";
/// Where the template is put together; anything beneath is hidden from the helper only.
const ASSEMBLY: [&str; 4] = ["/tmp", "/run", "/mnt", "/usr"];

/// Leaves the host's file systems for the template.
pub fn enter(setup: &Setup) -> Result<Facts, Failure> {
    let slot_uids = enter_namespace(setup.fallback_uid)?;
    let everything = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", everything).map_err(at("making mounts private"))?;
    let views = views(&setup.trees)?;
    let etc: Vec<_> = COPIED
        .iter()
        .filter_map(|path| Some((path, fs::read(path).ok()?)))
        .collect();

    let assembly = ASSEMBLY.iter().find(|path| Path::new(path).is_dir());
    let assembly = assembly.ok_or_else(|| at("finding a directory")("none is there"))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount("tmpfs", *assembly, "tmpfs", flags, TEMPLATE_OPTIONS)
        .map_err(at("mounting the template"))?;
    std::env::set_current_dir(assembly).map_err(at("entering the template"))?;
    fill(&views, &etc)?;
    rustix::process::pivot_root(".", ".").map_err(at("changing the root"))?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).map_err(at("leaving the host's files"))?;
    std::env::set_current_dir("/").map_err(at("entering the root"))?;
    let root = Attributes::READ_ONLY | Attributes::NO_DEVICES | Attributes::NO_SET_UID;
    mounts::set_attributes(CWD, "/", root, false).map_err(at("making the root read-only"))?;
    Ok(Facts {
        slot_uids,
        mounts: true,
    })
}

/// A mount namespace of our own, as root or in a user namespace. Says whether uids can be changed.
fn enter_namespace(fallback_uid: u32) -> Result<bool, Failure> {
    let root = rustix::process::geteuid().is_root();
    if root && confine::may_change_uid() && unshare(UnshareFlags::NEWNS).is_ok() {
        return Ok(true);
    }
    if root {
        // The host's root must not be the root of a user namespace.
        confine::become_uid(fallback_uid)?;
    }
    confine::set_dumpable(true)?;
    let ids = (rustix::process::geteuid(), rustix::process::getegid());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)
        .map_err(at("making a user and a mount namespace"))?;
    confine::map_ids(ids, ids)?;
    Ok(false)
}

fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: one thread, and the table of descriptors stays shared with nobody.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// What a path of the template shows.
enum View {
    Tree(OwnedFd),
    Device(OwnedFd),
    Link(PathBuf),
}

fn views(trees: &[PathBuf]) -> Result<Vec<(PathBuf, View)>, Failure> {
    let mut views = Vec::new();
    for path in SYSTEM.map(PathBuf::from) {
        match fs::read_link(&path) {
            Ok(target) => views.push((path, View::Link(target))),
            Err(_) if path.is_dir() => {
                let tree = clone_tree(&path, TREE_ATTRIBUTES)?;
                views.push((path, View::Tree(tree)));
            }
            Err(_) => {}
        }
    }
    let viewed = VIEWED.iter().map(PathBuf::from);
    for path in viewed.chain(trees.iter().cloned()) {
        let system = SYSTEM.iter().any(|system| path.starts_with(system));
        if path.is_dir() && !system {
            let tree = clone_tree(&path, TREE_ATTRIBUTES)?;
            views.push((path, View::Tree(tree)));
        }
    }
    for name in DEVICES {
        let path = Path::new("/dev").join(name);
        let attributes = Attributes::NO_SET_UID | Attributes::NO_EXEC;
        let device = clone_tree(&path, attributes)?;
        views.push((path, View::Device(device)));
    }
    // Needed to set up user namespaces; each box covers it by its own.
    let proc = clone_tree(Path::new("/proc"), Attributes::NO_SET_UID)?;
    views.push(("/proc".into(), View::Tree(proc)));
    Ok(views)
}

const TREE_ATTRIBUTES: Attributes = Attributes::READ_ONLY
    .union(Attributes::NO_DEVICES)
    .union(Attributes::NO_SET_UID);

fn clone_tree(path: &Path, attributes: Attributes) -> Result<OwnedFd, Failure> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE;
    let stage = format!("making a view of {}", path.display());
    let tree = rustix::mount::open_tree(CWD, path, flags).map_err(at(stage.clone()))?;
    mounts::set_attributes(tree.as_fd(), "", attributes, true).map_err(at(stage))?;
    Ok(tree)
}

/// Relative to the current directory.
fn fill(views: &[(PathBuf, View)], copies: &[(&&str, Vec<u8>)]) -> Result<(), Failure> {
    let here = |path: &Path| PathBuf::from(".").join(path.strip_prefix("/").unwrap_or(path));
    for path in EMPTY {
        make_directory(&here(Path::new(path)))?;
    }
    for (path, view) in views {
        let stage = || format!("placing {}", path.display());
        let target = here(path);
        match view {
            View::Link(link) => symlink(link, &target).map_err(at(stage()))?,
            View::Tree(tree) => {
                make_directory(&target)?;
                attach(tree, &target).map_err(at(stage()))?;
            }
            View::Device(device) => {
                fs::write(&target, "").map_err(at(stage()))?;
                attach(device, &target).map_err(at(stage()))?;
            }
        }
    }
    for (link, path) in LINKS {
        symlink(link, here(Path::new(path))).map_err(at(format!("placing {path}")))?;
    }
    let files = FILES.iter().map(|(path, text)| (path, text.as_bytes()));
    let copies = copies.iter().map(|(path, data)| (*path, data.as_slice()));
    for (path, data) in files.chain(copies) {
        fs::write(here(Path::new(path)), data).map_err(at(format!("placing {path}")))?;
    }
    Ok(())
}

fn attach(tree: &OwnedFd, target: &Path) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(tree, "", CWD, target, flags)
}

fn make_directory(path: &Path) -> Result<(), Failure> {
    let stage = || format!("making {}", path.display());
    fs::create_dir_all(path).map_err(at(stage()))?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, mode).map_err(at(stage()))
}
