//! The directories of a box without a mount namespace of its own: a place under the node's state
//! directory, on file systems of their own where the node may mount.

use std::ffi::CString;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Gid, Mode, OFlags, Uid};
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::thread::UnshareFlags;

use super::super::archive;
use super::super::protocol::{Facts, InputKind, Plan};
use super::{Failure, at};
use crate::environment::{INPUT_DIR, OUTPUT_DIR};

/// Where libraries put named semaphores; without a mount it is everybody's, and stays closed.
const SHARED_MEMORY: &str = "/dev/shm";
/// Files in the temporary directory.
const TMP_FILES: u64 = 16 * 1024;

/// Paths of one run.
pub struct Scratch {
    /// The work directory.
    pub work: PathBuf,
    /// The collected output, in the work directory.
    pub output: PathBuf,
    /// What may be written to.
    pub writable: Vec<PathBuf>,
    /// The output, for the node.
    pub output_fd: OwnedFd,
}

/// Leaves the host's mount namespace if that is possible, so that mounts end with the processes.
pub fn enter_namespace() -> bool {
    // SAFETY: one thread, and the table of descriptors stays shared with nobody.
    if unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.is_err() {
        return false;
    }
    let everything = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", everything).is_ok()
}

impl Scratch {
    /// Makes the directories of a run in the empty directory of its plan.
    pub fn prepare(plan: &Plan, facts: Facts, input: Option<OwnedFd>) -> Result<Self, Failure> {
        let base = &plan.scratch;
        if facts.mounts && !enter_namespace() {
            return Err(at("leaving the mount namespace")("refused"));
        }
        if facts.mounts {
            let bytes = crate::limits::INPUT_MAX_BYTES * 2;
            let files = crate::limits::INPUT_MAX_ENTRIES as u64 + 16;
            mount_tmpfs(base, bytes, files)?;
        }
        let work = base.join(crate::environment::SCRATCH_WORK_DIR);
        let tmp = base.join(crate::environment::SCRATCH_TMP_DIR);
        let output = work.join(OUTPUT_DIR);
        make_directory(base, 0o755)?;
        make_directory(&work, 0o755)?;
        match (plan.input, input) {
            (InputKind::Directory, _) => {
                let link = work.join(INPUT_DIR);
                let target = plan.trees.last().ok_or("no directory");
                let target = target.map_err(at("linking the input"))?;
                symlink(target, link).map_err(at("linking the input"))?;
            }
            (InputKind::Archive, Some(input)) => {
                let directory = work.join(INPUT_DIR);
                make_directory(&directory, 0o755)?;
                unpack(input, &directory)?;
            }
            _ => make_directory(&work.join(INPUT_DIR), 0o755)?,
        }
        for (path, bytes, files) in [
            (&tmp, plan.limits.tmp_bytes, TMP_FILES),
            (&output, plan.limits.output_bytes, plan.limits.output_files),
        ] {
            make_directory(path, 0o700)?;
            if facts.mounts {
                mount_tmpfs(path, bytes, files)?;
                make_directory(path, 0o700)?;
            }
            if let Some(id) = plan.uid {
                let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
                let stage = format!("giving away {}", path.display());
                rustix::fs::chown(path, Some(uid), Some(gid)).map_err(at(stage))?;
            }
        }
        let mut writable = vec![tmp.clone(), output.clone()];
        if facts.mounts && Path::new(SHARED_MEMORY).is_dir() {
            // In this mount namespace only.
            rustix::mount::mount_bind(&tmp, SHARED_MEMORY).map_err(at("placing shared memory"))?;
            writable.push(SHARED_MEMORY.into());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let output_fd = rustix::fs::openat(CWD, &output, flags, Mode::empty());
        Ok(Self {
            output_fd: output_fd.map_err(at("opening the output directory"))?,
            work,
            output,
            writable,
        })
    }
}

fn unpack(input: OwnedFd, directory: &Path) -> Result<(), Failure> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, directory, flags, Mode::empty());
    let opened = opened.map_err(at("placing the input"))?;
    archive::unpack(input, &opened).map_err(at("placing the input"))
}

/// One more for the root directory itself.
fn mount_tmpfs(path: &Path, bytes: u64, files: u64) -> Result<(), Failure> {
    let stage = format!("mounting {}", path.display());
    let options = format!(
        "size={bytes},nr_inodes={},mode=755",
        files.saturating_add(1)
    );
    let options = CString::new(options).map_err(at(stage.clone()))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount("tmpfs", path, "tmpfs", flags, options.as_c_str()).map_err(at(stage))
}

fn make_directory(path: &Path, mode: u32) -> Result<(), Failure> {
    let stage = || format!("making {}", path.display());
    if !path.is_dir() {
        fs::create_dir(path).map_err(at(stage()))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(at(stage()))
}
