//! The input on its way into a box: a memory file, written by the node, unpacked inside.
//!
//! Reading the source happens with the node's rights and never follows links; unpacking happens
//! with the box's rights into an empty file system. Entries are in the order in which they have to
//! be created so that a listing comes sorted: tmpfs lists the newest first.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, MemfdFlags, Mode, OFlags, ResolveFlags, SealFlags, Timespec, Timestamps,
};

use crate::error::SandboxError;
use crate::limits;

/// Permissions in the box: readable, and executable where the source is.
const FILE_MODE: u32 = 0o444;
const EXECUTABLE_MODE: u32 = 0o555;
const DIRECTORY_MODE: u32 = 0o755;

enum Node<'a> {
    Directory(BTreeMap<OsString, Node<'a>>),
    File(&'a [u8]),
}

/// Packs files given by path.
pub fn pack_files<'a>(
    files: impl IntoIterator<Item = (&'a Path, &'a [u8])>,
) -> Result<OwnedFd, SandboxError> {
    let mut root = BTreeMap::new();
    for (path, data) in files {
        insert(&mut root, path, data)?;
    }
    let mut out = new_archive()?;
    write_nodes(&mut out, root).map_err(SandboxError::system(PACKING))?;
    seal(out)
}

/// Packs a directory of the host.
pub fn pack_directory(path: &Path) -> Result<OwnedFd, SandboxError> {
    let doing = format!("opening the input directory {}", path.display());
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
    let directory = rustix::fs::openat(CWD, path, flags, Mode::empty());
    let directory = directory.map_err(SandboxError::system(doing))?;
    let mut copy = Copy {
        out: new_archive()?,
        entries: 0,
        bytes: 0,
    };
    let names = copy.list(&directory, 1)?;
    copy.directory(&directory, names, 1)?;
    seal(copy.out)
}

/// A directory on its way into an archive, one open file at a time.
struct Copy {
    out: File,
    entries: usize,
    bytes: u64,
}

impl Copy {
    /// Names in a directory, last first.
    fn list(&mut self, directory: &OwnedFd, depth: usize) -> Result<Vec<OsString>, SandboxError> {
        if depth > limits::DIRECTORY_MAX_DEPTH {
            let expected = format!("directories at most {} deep", limits::DIRECTORY_MAX_DEPTH);
            return Err(invalid(expected, "deeper ones"));
        }
        let listing = rustix::fs::Dir::read_from(directory);
        let mut names = Vec::new();
        for entry in listing.map_err(SandboxError::system("listing the input"))? {
            let entry = entry.map_err(SandboxError::system("listing the input"))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            self.entries += 1;
            if self.entries > limits::INPUT_MAX_ENTRIES {
                let expected = format!("at most {} files", limits::INPUT_MAX_ENTRIES);
                return Err(invalid(expected, "more"));
            }
            names.push(name.to_owned());
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    fn directory(
        &mut self,
        directory: &OwnedFd,
        names: Vec<OsString>,
        depth: usize,
    ) -> Result<(), SandboxError> {
        for name in names {
            let opened = rustix::fs::openat2(
                directory,
                &name,
                OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK,
                Mode::empty(),
                ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV,
            );
            let doing = format!("reading {} of the input", name.display());
            let opened = opened.map_err(SandboxError::system(doing.clone()))?;
            let mut file = File::from(opened);
            let metadata = file
                .metadata()
                .map_err(SandboxError::system(doing.clone()))?;
            if metadata.is_dir() {
                let inner = OwnedFd::from(file);
                let names = self.list(&inner, depth + 1)?;
                write_header(&mut self.out, KIND_DIRECTORY, &name, names.len() as u64)
                    .map_err(SandboxError::system(PACKING))?;
                self.directory(&inner, names, depth + 1)?;
            } else if metadata.is_file() {
                let executable = metadata.permissions().mode() & 0o100 != 0;
                let kind = if executable {
                    KIND_EXECUTABLE
                } else {
                    KIND_FILE
                };
                self.file(&mut file, kind, &name, metadata.len())
                    .map_err(SandboxError::system(doing))?;
            } else {
                let got = format!("{} of another kind", name.display());
                return Err(invalid("regular files and directories", got));
            }
            if self.bytes > limits::INPUT_MAX_BYTES {
                let expected = format!("at most {} bytes", limits::INPUT_MAX_BYTES);
                return Err(invalid(expected, "more"));
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &mut File, kind: u8, name: &OsStr, size: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > limits::INPUT_MAX_BYTES {
            return Ok(());
        }
        write_header(&mut self.out, kind, name, size)?;
        if io::copy(&mut file.take(size), &mut self.out)? != size {
            return Err(io::Error::other("it changed while it was read"));
        }
        Ok(())
    }
}

fn insert<'a>(
    root: &mut BTreeMap<OsString, Node<'a>>,
    path: &Path,
    data: &'a [u8],
) -> Result<(), SandboxError> {
    let conflict = || {
        let got = format!("{} as both", path.display());
        invalid("each path a file or a directory", got)
    };
    let mut directory = root;
    let mut parts = path.iter().peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            let before = directory.insert(part.to_owned(), Node::File(data));
            return before.map_or(Ok(()), |_| Err(conflict()));
        }
        let next = directory
            .entry(part.to_owned())
            .or_insert_with(|| Node::Directory(BTreeMap::new()));
        let Node::Directory(next) = next else {
            return Err(conflict());
        };
        directory = next;
    }
    Ok(())
}

const PACKING: &str = "packing the input";

fn new_archive() -> Result<File, SandboxError> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = rustix::fs::memfd_create("assay-input", flags);
    Ok(memory.map_err(SandboxError::system(PACKING))?.into())
}

fn seal(mut archive: File) -> Result<OwnedFd, SandboxError> {
    io::Seek::rewind(&mut archive).map_err(SandboxError::system(PACKING))?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    let sealed = rustix::fs::fcntl_add_seals(&archive, seals);
    sealed.map_err(SandboxError::system(PACKING))?;
    Ok(archive.into())
}

/// Kind, length of the name, length of the content or number of entries.
const HEADER_BYTES: usize = 1 + 2 + 8;
const KIND_DIRECTORY: u8 = 0;
const KIND_FILE: u8 = 1;
const KIND_EXECUTABLE: u8 = 2;

fn write_header(out: &mut File, kind: u8, name: &OsStr, size: u64) -> io::Result<()> {
    let mut header = vec![kind];
    header.extend((name.len() as u16).to_le_bytes());
    header.extend(size.to_le_bytes());
    header.extend(name.as_bytes());
    out.write_all(&header)
}

fn write_nodes(out: &mut File, entries: BTreeMap<OsString, Node<'_>>) -> io::Result<()> {
    for (name, node) in entries.into_iter().rev() {
        match node {
            Node::Directory(entries) => {
                write_header(out, KIND_DIRECTORY, &name, entries.len() as u64)?;
                write_nodes(out, entries)?;
            }
            Node::File(data) => {
                write_header(out, KIND_FILE, &name, data.len() as u64)?;
                out.write_all(data)?;
            }
        }
    }
    Ok(())
}

/// Unpacks into an empty directory. Times are zero.
pub fn unpack(archive: OwnedFd, directory: impl AsFd) -> io::Result<()> {
    let mut archive = File::from(archive);
    while let Some(entry) = read_entry(&mut archive)? {
        unpack_entry(&mut archive, directory.as_fd(), &entry)?;
    }
    set_times(directory.as_fd(), OsStr::new("."))
}

struct Entry {
    kind: u8,
    size: u64,
    name: OsString,
}

fn read_entry(archive: &mut File) -> io::Result<Option<Entry>> {
    let mut header = [0; HEADER_BYTES];
    let mut filled = 0;
    while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match archive.read(rest)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    let [kind, low, high, size @ ..] = header;
    let mut name = vec![0; usize::from(u16::from_le_bytes([low, high]))];
    archive.read_exact(&mut name)?;
    Ok(Some(Entry {
        kind,
        size: u64::from_le_bytes(size),
        name: OsString::from_vec(name),
    }))
}

fn unpack_entry(
    archive: &mut File,
    directory: std::os::fd::BorrowedFd<'_>,
    entry: &Entry,
) -> io::Result<()> {
    let name = entry.name.as_os_str();
    if entry.kind == KIND_DIRECTORY {
        rustix::fs::mkdirat(directory, name, Mode::from_raw_mode(DIRECTORY_MODE))?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let inner = rustix::fs::openat(directory, name, flags, Mode::empty())?;
        for _ in 0..entry.size {
            let entry = read_entry(archive)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            unpack_entry(archive, inner.as_fd(), &entry)?;
        }
    } else {
        let mode = if entry.kind == KIND_EXECUTABLE {
            EXECUTABLE_MODE
        } else {
            FILE_MODE
        };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(mode))?;
        let mut left = entry.size;
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(usize::MAX);
            match rustix::fs::sendfile(&file, &mut *archive, None, step)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                sent => left -= sent as u64,
            }
        }
    }
    set_times(directory, name)
}

fn set_times(directory: std::os::fd::BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    let zero = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: zero,
        last_modification: zero,
    };
    Ok(rustix::fs::utimensat(
        directory,
        name,
        &times,
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

fn invalid(expected: impl Into<String>, got: impl Into<String>) -> SandboxError {
    SandboxError::Invalid {
        what: "input",
        expected: expected.into(),
        got: got.into(),
    }
}
