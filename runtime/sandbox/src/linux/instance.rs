//! The state directory: what has to be cleaned up if the node dies.
//!
//! Each running node has a numbered directory that it holds a lock on. A journal lists the control
//! groups that it made, another file its range of uids. A directory whose lock is free belongs to a
//! dead node: the next one to start ends what is left of it.
//!
//! Ranges of uids belong to the whole machine, whatever state directories its nodes have. The node
//! that has one holds a socket of that name, which the kernel takes back when it dies.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::FlockOperation;
use rustix::process::{Pid, Signal};

use super::{cgroup, mounts, processes, remove};
use crate::error::SandboxError;
use crate::limits::UIDS_PER_NODE;

/// Nodes that share a state directory at the same time.
const INSTANCES_MAX: u32 = 64;
/// Longest journal that is believed, in bytes.
const JOURNAL_MAX_BYTES: u64 = 4 * 1024 * 1024;
const LOCK: &str = "lock";
const JOURNAL: &str = "cgroups";
const UIDS: &str = "uids";

/// This node's place in the state directory. Dropping cleans it up.
#[derive(Debug)]
pub struct Instance {
    directory: PathBuf,
    uids: Uids,
    journal: Mutex<File>,
    _lock: File,
}

/// A range of uids that no other node has.
#[derive(Debug)]
struct Uids {
    first: u32,
    _claim: UnixDatagram,
}

impl Instance {
    /// Cleans up after dead nodes and takes the first free place.
    pub fn open(state_dir: &Path, uid_base: u32) -> Result<Self, SandboxError> {
        let doing = format!("preparing the state directory {}", state_dir.display());
        Self::try_open(state_dir, uid_base).map_err(SandboxError::system(doing))
    }

    fn try_open(state_dir: &Path, uid_base: u32) -> io::Result<Self> {
        // Programs of other uids have to pass through to their own scratch directories.
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(state_dir)?;
        // The names of places are told to others.
        let state_dir = &state_dir.canonicalize()?;
        let metadata = fs::symlink_metadata(state_dir)?;
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        if !metadata.is_dir() || !ours || metadata.mode() & 0o022 != 0 {
            let reason = "expected a directory that only its owner, this user, can write to";
            return Err(io::Error::other(reason));
        }
        // Held while looking around: nobody takes a place that is being cleaned.
        let _all = locked(&state_dir.join(LOCK), FlockOperation::LockExclusive)?;
        let mut free = None;
        for number in 0..INSTANCES_MAX {
            let directory = state_dir.join(number.to_string());
            let exists = directory.is_dir();
            if !exists && free.is_some() {
                continue;
            }
            if !exists {
                DirBuilder::new().mode(0o711).create(&directory)?;
            }
            let operation = FlockOperation::NonBlockingLockExclusive;
            let Ok(lock) = locked(&directory.join(LOCK), operation) else {
                continue;
            };
            clean(&directory);
            if free.is_none() {
                free = Some((directory, lock));
            } else {
                remove::tree(&directory)?;
            }
        }
        let many = || io::Error::other("too many nodes use it");
        let (directory, lock) = free.ok_or_else(many)?;
        let mut ranges = (0..INSTANCES_MAX).map(|range| range * UIDS_PER_NODE);
        let uids = ranges.find_map(|offset| Uids::claim(uid_base.checked_add(offset)?));
        let uids = uids.ok_or_else(|| io::Error::other("all ranges of uids are in use"))?;
        fs::write(directory.join(UIDS), uids.first.to_string())?;
        let journal = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(directory.join(JOURNAL))?;
        Ok(Self {
            directory,
            uids,
            journal: Mutex::new(journal),
            _lock: lock,
        })
    }

    /// The first uid of this node's slots.
    pub fn uid_base(&self) -> u32 {
        self.uids.first
    }

    /// Where all of this node is; no other running node has the same.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Does this place in the same state directory belong to no running node?
    pub fn is_dead(&self, place: &Path) -> bool {
        if place.parent() != self.directory.parent() || place == self.directory {
            return false;
        }
        let lock = place.join(LOCK);
        !lock.exists() || locked(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// An empty directory for a slot, made if needed.
    pub fn slot_directory(&self, slot: u32) -> io::Result<PathBuf> {
        let directory = self.directory.join(format!("slot-{slot}"));
        match DirBuilder::new().mode(0o711).create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                remove::contents(&directory)?;
            }
            made => made?,
        }
        Ok(directory)
    }

    /// Notes a control group before it is made.
    pub fn note_cgroup(&self, path: &Path) -> io::Result<()> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(journal, "{}", path.display())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Whoever owned groups and slots removed them; nothing is lost if the directory stays.
        let _ = remove::tree(&self.directory);
    }
}

impl Uids {
    /// `None` if another node has it.
    fn claim(first: u32) -> Option<Self> {
        first.checked_add(UIDS_PER_NODE)?;
        let name = SocketAddr::from_abstract_name(format!("assay-sandbox-uids-{first}"));
        let claim = UnixDatagram::bind_addr(&name.ok()?).ok()?;
        Some(Self {
            first,
            _claim: claim,
        })
    }

    /// Ends all processes of the range.
    fn end_all(&self) {
        let ours = |pid| {
            let uid = processes::uid(pid);
            uid.is_some_and(|uid| (self.first..self.first + UIDS_PER_NODE).contains(&uid))
        };
        for process in processes::all()
            .into_iter()
            .filter(|process| ours(process.pid))
        {
            if let Some(pid) = Pid::from_raw(process.pid) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }
}

fn locked(path: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    rustix::fs::flock(&file, operation)?;
    Ok(file)
}

/// Ends and removes what a dead node left.
fn clean(directory: &Path) {
    let journal = directory.join(JOURNAL);
    let believable = fs::metadata(&journal).is_ok_and(|file| file.len() <= JOURNAL_MAX_BYTES);
    if believable && let Ok(text) = fs::read_to_string(&journal) {
        for path in text.lines().filter(|path| cgroup::is_ours(Path::new(path))) {
            // Gone already if the node got that far.
            let _ = cgroup::end_and_remove(Path::new(path));
        }
    }
    let first = fs::read_to_string(directory.join(UIDS)).unwrap_or_default();
    if let Some(uids) = first.parse().ok().and_then(Uids::claim) {
        uids.end_all();
    }
    // What can't be taken away can't be removed either, and is found again by the next node.
    let _ = mounts::detach_below(directory);
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name() != LOCK) {
        let path = entry.path();
        let _ = if path.is_dir() {
            remove::tree(&path)
        } else {
            fs::remove_file(&path)
        };
    }
}
