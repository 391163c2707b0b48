//! Takes what a program left in its output directory, when nothing of it runs any more.
//!
//! Names are sorted; only regular files with one name are taken; sizes are as `stat` says, so that
//! a sparse file counts in full; nothing outside of the directory can be reached.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::limits::{DIRECTORY_MAX_DEPTH, PATH_MAX_BYTES};
use crate::outcome::{OutputFile, SkipReason, SkippedFile};
use crate::request::Limits;

/// What was taken and what was not.
#[derive(Debug, Default)]
pub struct Collected {
    /// Sorted by path.
    pub files: Vec<OutputFile>,
    /// Sorted by path.
    pub skipped: Vec<SkippedFile>,
}

impl Collected {
    /// Did the program leave more than allowed?
    pub fn exceeded(&self) -> bool {
        let mut reasons = self.skipped.iter().map(|skipped| skipped.reason);
        reasons.any(|reason| matches!(reason, SkipReason::TooLarge | SkipReason::TooMany))
    }
}

/// Collects everything under `directory`.
pub fn collect(directory: impl AsFd, limits: &Limits) -> Collected {
    let mut walk = Walk {
        collected: Collected::default(),
        entries_left: limits.output_files,
        bytes_left: limits.output_bytes,
        file_bytes: limits.file_bytes,
    };
    // The handle may be for passing on only.
    match open(directory.as_fd(), OsStr::new("."), OFlags::DIRECTORY) {
        Ok(top) => walk.directory(&top, Path::new(""), 1),
        Err(_) => walk.skip(PathBuf::new(), SkipReason::Unreadable),
    }
    walk.collected.files.sort_by(|a, b| a.path.cmp(&b.path));
    walk.collected.skipped.sort();
    walk.collected
}

struct Walk {
    collected: Collected,
    entries_left: u64,
    bytes_left: u64,
    file_bytes: u64,
}

impl Walk {
    fn directory(&mut self, directory: &File, path: &Path, depth: usize) {
        for name in self.names(directory, path) {
            let path = path.join(&name);
            if depth > DIRECTORY_MAX_DEPTH || path.as_os_str().len() > PATH_MAX_BYTES {
                self.skip(path, SkipReason::TooDeep);
                continue;
            }
            if let Err(reason) = self.entry(directory, &name, &path, depth) {
                self.skip(path, reason);
            }
        }
    }

    /// Sorted, and no more than may be there.
    fn names(&mut self, directory: &File, path: &Path) -> Vec<OsString> {
        let mut names = Vec::new();
        let Ok(listing) = Dir::read_from(directory) else {
            self.skip(path.to_owned(), SkipReason::Unreadable);
            return names;
        };
        for entry in listing {
            let Ok(entry) = entry else {
                self.skip(path.to_owned(), SkipReason::Unreadable);
                break;
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if self.entries_left == 0 {
                self.skip(path.to_owned(), SkipReason::TooMany);
                break;
            }
            self.entries_left -= 1;
            names.push(name.to_owned());
        }
        names.sort_unstable();
        names
    }

    fn entry(
        &mut self,
        directory: &File,
        name: &OsStr,
        path: &Path,
        depth: usize,
    ) -> Result<(), SkipReason> {
        let opened = open(directory.as_fd(), name, OFlags::empty());
        let mut file = opened.map_err(|errno| match errno {
            Errno::LOOP => SkipReason::SymbolicLink,
            // A socket can't be opened at all.
            Errno::NXIO | Errno::NODEV => SkipReason::SpecialFile,
            Errno::XDEV => SkipReason::HardLink,
            _ => SkipReason::Unreadable,
        })?;
        let metadata = file.metadata().map_err(|_| SkipReason::Unreadable)?;
        if metadata.is_dir() {
            self.directory(&file, path, depth + 1);
            return Ok(());
        }
        if !metadata.is_file() {
            return Err(SkipReason::SpecialFile);
        }
        if metadata.nlink() != 1 {
            return Err(SkipReason::HardLink);
        }
        let size = metadata.len();
        if size > self.file_bytes || size > self.bytes_left {
            return Err(SkipReason::TooLarge);
        }
        let mut data = Vec::new();
        let read = (&mut file).take(size).read_to_end(&mut data);
        if read.ok().is_none_or(|read| read as u64 != size) {
            return Err(SkipReason::Unreadable);
        }
        self.bytes_left -= size;
        let path = path.to_owned();
        self.collected.files.push(OutputFile { path, data });
        Ok(())
    }

    fn skip(&mut self, path: PathBuf, reason: SkipReason) {
        self.collected.skipped.push(SkippedFile { path, reason });
    }
}

/// Does not wait for the other end of a pipe and does not follow links.
fn open(directory: BorrowedFd<'_>, name: &OsStr, more: OFlags) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | more;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let opened = rustix::fs::openat2(directory, name, flags, Mode::empty(), resolve)?;
    Ok(opened.into())
}
