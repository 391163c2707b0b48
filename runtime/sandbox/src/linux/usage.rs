//! What a run uses while it runs: counted by control groups where there are some, else by looking
//! at its processes.

use std::path::{Path, PathBuf};

use super::cgroup::{Counters, SlotGroups};
use super::processes;
use crate::request::Limits;

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
    /// Processes of the box that are not the program's.
    overhead: u64,
    root: Option<i32>,
    cpu_us: u64,
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
        overhead: u64,
    ) -> Self {
        Self {
            limits,
            groups,
            counted,
            directories,
            overhead,
            root: None,
            cpu_us: 0,
        }
    }

    /// Tells the first process of the box.
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
        let full = |(path, bytes, files): &(PathBuf, u64, u64)| holds_more(path, *bytes, *files);
        self.directories.iter().any(full).then_some(Exceeded::Disk)
    }

    /// What control groups counted.
    pub fn used(&self) -> Counters {
        self.groups.map(SlotGroups::used).unwrap_or_default()
    }

    /// User and system time that was seen or counted, in microseconds.
    pub fn cpu_us(&self) -> u64 {
        self.used().cpu_us.unwrap_or(0).max(self.cpu_us)
    }

    fn look_at_processes(&mut self) -> Option<Exceeded> {
        let root = self.root?;
        let mut tree = processes::descendants(root);
        tree.extend(processes::read(root));
        let pages: u64 = tree
            .iter()
            .filter_map(|process| processes::private_pages(process.pid))
            .sum();
        let bytes = pages * rustix::param::page_size() as u64;
        let ticks: u64 = tree.iter().map(|process| process.ticks).sum();
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        self.cpu_us = self.cpu_us.max(ticks * 1_000_000 / per_second);
        if !self.counted.memory && bytes > self.limits.memory_bytes {
            return Some(Exceeded::Memory);
        }
        let threads: u64 = tree.iter().map(|process| process.threads).sum();
        if !self.counted.processes && threads > self.limits.processes + self.overhead {
            return Some(Exceeded::Processes);
        }
        None
    }
}

/// Does a directory hold more bytes or files? Stops counting as soon as it knows.
pub fn holds_more(directory: &Path, bytes: u64, files: u64) -> bool {
    let mut waiting = vec![directory.to_owned()];
    let (mut bytes_left, mut files_left) = (bytes, files);
    while let Some(directory) = waiting.pop() {
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        for entry in entries.flatten() {
            let Some(left) = files_left.checked_sub(1) else {
                return true;
            };
            files_left = left;
            // Never follows links.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let used = std::os::unix::fs::MetadataExt::blocks(&metadata) * 512;
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
