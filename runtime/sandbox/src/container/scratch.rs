//! The directories of a run on the host, which the daemon binds into the container: the work
//! directory, read-only, and in it the input and the output.
//!
//! The output is a file system of its own where the node may mount; it goes with the run, or with
//! the next start of a node after a crash.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Gid, Mode, OFlags, Uid};
use rustix::mount::MountFlags;

use crate::environment::{INPUT_DIR, OUTPUT_DIR, SCRATCH_WORK_DIR};
use crate::error::SandboxError;
use crate::limits::{INPUT_MAX_BYTES, INPUT_MAX_ENTRIES};
use crate::linux::instance::Instance;
use crate::linux::{archive, mounts, remove};
use crate::request::{Input, Limits, Request};

/// Directories that a file system needs besides a program's files.
const OWN_FILES: u64 = 8;

/// The directories of one run. Dropping removes them.
#[derive(Debug)]
pub struct Scratch {
    base: PathBuf,
    /// Seen as the work directory.
    pub work: PathBuf,
    /// Seen as the output, in the work directory.
    pub output: PathBuf,
    /// A directory of the host that is seen as the input, in the work directory.
    pub bound_input: Option<PathBuf>,
    mounted: bool,
}

impl Scratch {
    /// Makes the directories of a run, owned by `uid` where it may write. Also the output, opened
    /// before a program could close it.
    pub fn prepare(
        instance: &Instance,
        slot: u32,
        uid: Option<u32>,
        request: &Request,
        mount: bool,
    ) -> Result<(Self, OwnedFd), SandboxError> {
        let system = |doing: &str| SandboxError::system::<io::Error>(doing.to_owned());
        let base = instance.slot_directory(slot);
        let base = base.and_then(fs::canonicalize);
        let base = base.map_err(system("making a scratch directory"))?;
        let work = base.join(SCRATCH_WORK_DIR);
        let scratch = Self {
            output: work.join(OUTPUT_DIR),
            bound_input: match &request.input {
                Some(Input::Bind(path)) => {
                    let doing = format!("finding the input directory {}", path.display());
                    Some(fs::canonicalize(path).map_err(SandboxError::system(doing))?)
                }
                _ => None,
            },
            work,
            base,
            mounted: mount,
        };
        let made = scratch.make(uid, &request.limits);
        made.map_err(system("making a scratch directory"))?;
        let output = open_directory(&scratch.output);
        let output = output.map_err(system("opening the output directory"))?;
        let input = match &request.input {
            Some(Input::Files(files)) => {
                let files = files.iter();
                let files = files.map(|(path, data)| (path.as_path(), data.as_slice()));
                archive::pack_files(files)?
            }
            Some(Input::Copy(path)) => archive::pack_directory(path)?,
            Some(Input::Bind(_)) | None => return Ok((scratch, output)),
        };
        let unpacked = open_directory(&scratch.work.join(INPUT_DIR))
            .and_then(|directory| archive::unpack(input, directory.as_fd()));
        unpacked.map_err(system("unpacking the input"))?;
        Ok((scratch, output))
    }

    fn make(&self, uid: Option<u32>, limits: &Limits) -> io::Result<()> {
        if self.mounted {
            let files = INPUT_MAX_ENTRIES as u64 + OWN_FILES;
            mount_tmpfs(&self.base, INPUT_MAX_BYTES * 2, files)?;
        }
        // Reached by its own path in the container, whoever the program is.
        fs::set_permissions(&self.base, fs::Permissions::from_mode(0o711))?;
        make_directory(&self.work, 0o755)?;
        make_directory(&self.work.join(INPUT_DIR), 0o755)?;
        make_directory(&self.output, 0o700)?;
        if self.mounted {
            // The directory itself is the first file.
            mount_tmpfs(&self.output, limits.output_bytes, limits.output_files + 1)?;
            fs::set_permissions(&self.output, fs::Permissions::from_mode(0o700))?;
        }
        if let Some(id) = uid {
            let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
            rustix::fs::chown(&self.output, Some(uid), Some(gid))?;
        }
        Ok(())
    }

    /// Where the output has no size of its own.
    pub fn watched(&self) -> Option<&Path> {
        (!self.mounted).then_some(self.output.as_path())
    }

    /// Removes everything.
    ///
    /// # Errors
    ///
    /// The next start of a node tries again.
    pub fn remove(self) -> io::Result<()> {
        self.clear()
    }

    fn clear(&self) -> io::Result<()> {
        if !self.base.exists() {
            return Ok(());
        }
        if self.mounted {
            mounts::detach_below(&self.base)?;
        }
        remove::tree(&self.base)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whoever has to know called `remove` before.
        let _ = self.clear();
    }
}

/// May the node mount at all?
pub fn can_mount(instance: &Instance, slot: u32) -> Result<(), String> {
    let attempt = || {
        let directory = instance.slot_directory(slot)?;
        let mounted = mount_tmpfs(&directory, 4096, OWN_FILES);
        mounted.and_then(|()| mounts::detach_below(&directory))?;
        remove::tree(&directory)
    };
    attempt().map_err(|error: io::Error| error.to_string())
}

fn mount_tmpfs(path: &Path, bytes: u64, files: u64) -> io::Result<()> {
    let options = format!("size={bytes},nr_inodes={files},mode=0711");
    let options = std::ffi::CString::new(options)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    Ok(rustix::mount::mount(
        "assay-sandbox",
        path,
        "tmpfs",
        flags,
        options.as_c_str(),
    )?)
}

fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    // Whatever the node's umask is.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?)
}
