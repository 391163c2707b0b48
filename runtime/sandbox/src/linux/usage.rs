//! What a run uses while it runs: counted by control groups where there are some, else by looking
//! at its processes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::cgroup::{Counters, SlotGroups};
use super::processes::{self, Process};
use crate::request::Limits;

/// Processes among those that are looked at that are ours: the box's first one or the supervisor.
const OVERHEAD: u64 = 1;

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// CPU time.
    Cpu,
    /// Memory.
    Memory,
    /// Processes.
    Processes,
    /// Temporary or output files.
    Disk,
}

/// Looks at one run.
pub struct Meter<'a> {
    limits: &'a Limits,
    groups: Option<&'a SlotGroups>,
    /// What the kernel counts and limits for us.
    counted: Counted,
    /// Directories without a size of their own, with their bounds in bytes and files.
    directories: Vec<(PathBuf, u64, u64)>,
    root: Option<i32>,
    cpu_us: u64,
    largest_bytes: u64,
}

/// Which limits control groups enforce.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Memory.
    pub memory: bool,
    /// Processes.
    pub processes: bool,
    /// CPU time.
    pub cpu: bool,
}

impl Counted {
    fn all(self) -> bool {
        self.memory && self.processes && self.cpu
    }
}

impl<'a> Meter<'a> {
    /// Counts from what the groups counted when they were prepared.
    pub fn new(
        limits: &'a Limits,
        groups: Option<&'a SlotGroups>,
        counted: Counted,
        directories: Vec<(PathBuf, u64, u64)>,
    ) -> Self {
        Self {
            limits,
            groups,
            counted,
            directories,
            root: None,
            cpu_us: 0,
            largest_bytes: 0,
        }
    }

    /// Tells the process that all of the box descend from.
    pub fn follow(&mut self, pid: i32) {
        self.root = Some(pid);
    }

    /// Is some limit passed?
    pub fn look(&mut self) -> Option<Exceeded> {
        let limits = self.limits;
        let used = self.used();
        if used.out_of_memory > 0 {
            return Some(Exceeded::Memory);
        }
        if used.forks_refused > 0 {
            return Some(Exceeded::Processes);
        }
        if !self.counted.all()
            && let Some(exceeded) = self.look_at_processes()
        {
            return Some(exceeded);
        }
        let cpu_us = used.cpu_us.unwrap_or(self.cpu_us);
        if cpu_us / 1000 >= limits.cpu_ms {
            return Some(Exceeded::Cpu);
        }
        self.look_at_directories().then_some(Exceeded::Disk)
    }

    /// What control groups counted.
    pub fn used(&self) -> Counters {
        self.groups.map(SlotGroups::used).unwrap_or_default()
    }

    /// User and system time that was seen or counted, in microseconds.
    pub fn cpu_us(&self) -> u64 {
        self.used().cpu_us.unwrap_or(0).max(self.cpu_us)
    }

    /// The largest process that was seen, in bytes.
    pub fn largest_bytes(&self) -> u64 {
        self.largest_bytes
    }

    fn look_at_processes(&mut self) -> Option<Exceeded> {
        let root = self.root?;
        let mut tree = processes::descendants(root);
        tree.extend(processes::read(root));
        let ticks: u64 = tree.iter().map(|process| process.ticks).sum();
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        self.cpu_us = self.cpu_us.max(ticks * 1_000_000 / per_second);
        let sizes = tree
            .iter()
            .filter_map(|process| processes::memory_bytes(process.pid));
        let sizes: Vec<u64> = sizes.collect();
        self.largest_bytes = sizes.iter().copied().fold(self.largest_bytes, u64::max);
        if !self.counted.memory && self.too_much_memory(&tree, &sizes) {
            return Some(Exceeded::Memory);
        }
        let threads: u64 = tree.iter().map(|process| process.threads).sum();
        if !self.counted.processes && threads > self.limits.processes + OVERHEAD {
            return Some(Exceeded::Processes);
        }
        None
    }

    /// Is more on disk than may be? What has no name any more may be as much as all that has.
    fn look_at_directories(&self) -> bool {
        let full = |(path, bytes, files): &(PathBuf, u64, u64)| holds_more(path, *bytes, *files);
        if self.directories.iter().any(full) {
            return true;
        }
        let (Some(root), Some((directory, _, _))) = (self.root, self.directories.first()) else {
            return false;
        };
        let Ok(directory) = std::fs::metadata(directory) else {
            return false;
        };
        let device = directory.dev();
        let tree = processes::descendants(root);
        let mapped = || {
            let below: Vec<PathBuf> = self
                .directories
                .iter()
                .map(|(path, ..)| path.clone())
                .collect();
            let mut inodes = BTreeSet::new();
            for process in &tree {
                processes::add_nameless_mappings(process.pid, &below, &mut inodes);
            }
            inodes
        };
        let mapped_before = mapped();
        let mut nameless = BTreeMap::new();
        let all_seen = tree
            .iter()
            .all(|process| processes::add_nameless_files(process.pid, device, &mut nameless));
        // Of what is only mapped nobody can tell how large it is.
        let hidden = |inode: &u64| !nameless.contains_key(inode);
        let all_seen = all_seen
            && (!mapped_before.iter().any(hidden)
                || !mapped_before.intersection(&mapped()).any(hidden));
        let most: u64 = self.directories.iter().map(|(_, bytes, _)| bytes).sum();
        !all_seen || nameless.values().sum::<u64>() > most
    }

    /// Looks twice: telling what is shared with whom takes longer.
    fn too_much_memory(&self, tree: &[Process], sizes: &[u64]) -> bool {
        let size =
            |pid| processes::proportional_bytes(pid).or_else(|| processes::memory_bytes(pid));
        let proportional = || -> u64 { tree.iter().filter_map(|process| size(process.pid)).sum() };
        let limit = self.limits.memory_bytes;
        sizes.iter().sum::<u64>() > limit && proportional() > limit
    }
}

/// Does a directory hold more bytes or files? Stops counting as soon as it knows.
pub fn holds_more(directory: &Path, bytes: u64, files: u64) -> bool {
    let mut waiting = vec![directory.to_owned()];
    let (mut bytes_left, mut files_left) = (bytes, files);
    while let Some(directory) = waiting.pop() {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            // Too deep, or closed: nobody can tell what is in it.
            Err(_) => return true,
        };
        for entry in entries.flatten() {
            let Some(left) = files_left.checked_sub(1) else {
                return true;
            };
            files_left = left;
            // Never follows links.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let used = metadata.blocks() * 512;
            let Some(left) = bytes_left.checked_sub(used) else {
                return true;
            };
            bytes_left = left;
            if metadata.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    false
}
