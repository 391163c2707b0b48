//! What `/proc` says about processes.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Longest time for processes to end after they were killed.
const END_MAX: Duration = Duration::from_secs(2);

/// One living process.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its own time and that of children it waited for, in clock ticks.
    pub ticks: u64,
    /// Its threads.
    pub threads: u64,
}

/// All that descend from `root`, without itself and without zombies.
pub fn descendants(root: i32) -> Vec<Process> {
    let all = all();
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        let children = all.iter().filter(|process| process.parent == parent);
        for child in children {
            found.push(*child);
            parents.push(child.pid);
        }
    }
    found
}

/// All living processes.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read)
        .collect()
}

/// One process, unless it is gone or a zombie. One whose first thread has ended looks like a zombie
/// but goes on as long as it has others.
pub fn read(pid: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may have anything in it.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let threads = number(17)?;
    if matches!(*fields.first()?, "Z" | "X") && threads <= 1 {
        return None;
    }
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        threads,
    })
}

/// The tables by which the processor finds a process' memory; there may be more of them than of that.
const TABLES: &str = "VmPTE:";

/// Memory of a process that no file keeps, in bytes: its own, what it shares with others, what was
/// swapped out, and the tables that lead to all that.
pub fn memory_bytes(pid: i32) -> Option<u64> {
    status_fields(pid, &["RssAnon:", "RssShmem:", "VmSwap:", TABLES])
}

/// The first thread may have ended, and tells of no memory then.
fn status_fields(pid: i32, names: &[&str]) -> Option<u64> {
    let own = format!("/proc/{pid}");
    fields(&format!("{own}/status"), names).or_else(|| {
        let threads = fs::read_dir(format!("{own}/task")).ok()?.flatten();
        let mut statuses = threads.map(|thread| thread.path().join("status"));
        statuses.find_map(|status| fields(status.to_str()?, names))
    })
}

/// The same, but what is shared by several processes is divided among them; `None` also for a
/// process that lets nobody look.
pub fn proportional_bytes(pid: i32) -> Option<u64> {
    let pages = fields(
        &format!("/proc/{pid}/smaps_rollup"),
        &["Pss_Anon:", "Pss_Shmem:", "SwapPss:"],
    );
    Some(pages? + status_fields(pid, &[TABLES]).unwrap_or(0))
}

/// Adds what a process has open on a file system but has no name any more, by inode, in bytes.
/// False if it lets nobody look.
pub fn add_nameless_files(pid: i32, device: u64, found: &mut BTreeMap<u64, u64>) -> bool {
    // Of the first thread, unless it has ended.
    let first = fs::read_dir(format!("/proc/{pid}/fd"));
    let listed = first.or_else(|error| {
        let threads = fs::read_dir(format!("/proc/{pid}/task"))?.flatten();
        let mut others = threads.map(|thread| fs::read_dir(thread.path().join("fd")));
        others.find_map(Result::ok).ok_or(error)
    });
    let Ok(entries) = listed else {
        // One that is about to end has no memory, and can't be looked into either.
        return memory_bytes(pid).is_none();
    };
    let files = entries
        .flatten()
        .filter_map(|entry| fs::metadata(entry.path()).ok());
    let nameless = files.filter(|file| file.is_file() && file.nlink() == 0);
    found.extend(
        nameless
            .filter(|file| file.dev() == device)
            .map(|file| (file.ino(), file.blocks() * 512)),
    );
    true
}

/// Adds the inodes of what a process has in its memory of files below some directories that have no
/// name any more.
pub fn add_nameless_mappings(pid: i32, below: &[PathBuf], found: &mut BTreeSet<u64>) {
    let mut maps = fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    if maps.is_empty() {
        // The first thread has ended.
        let threads = fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        let mut others = threads.flatten().map(|thread| thread.path().join("maps"));
        let maps_of_other =
            others.find_map(|path| fs::read(path).ok().filter(|maps| !maps.is_empty()));
        maps = maps_of_other.unwrap_or_default();
    }
    for line in maps.split(|byte| *byte == b'\n') {
        // Range, rights, offset, device, inode, path.
        let mut fields = line
            .splitn(6, |byte| *byte == b' ')
            .skip(4)
            .map(<[u8]>::trim_ascii_start);
        let (Some(inode), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let path = path.strip_suffix(b" (deleted)");
        let path = path.map(|path| Path::new(OsStr::from_bytes(path)));
        let ours = path.is_some_and(|path| below.iter().any(|below| path.starts_with(below)));
        let inode = std::str::from_utf8(inode).ok();
        if ours && let Some(inode) = inode.and_then(|inode| inode.parse().ok()) {
            found.insert(inode);
        }
    }
}

/// Sum of the named fields of a file, in bytes; `None` if the first is not there.
fn fields(path: &str, names: &[&str]) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let kilobytes = |name: &&str| -> Option<u64> {
        let value = text.lines().find_map(|line| line.strip_prefix(*name))?;
        value.trim().strip_suffix(" kB")?.parse().ok()
    };
    kilobytes(names.first()?)?;
    Some(names.iter().filter_map(kilobytes).sum::<u64>() * 1024)
}

/// Ends all processes of these uids. Another look finds what they forked meanwhile; their limit of
/// processes is smaller than what is ended at once.
pub fn end_all_of(uids: Range<u32>) {
    let begun = Instant::now();
    loop {
        let all = all().into_iter();
        let theirs: Vec<i32> = all
            .map(|process| process.pid)
            .filter(|pid| uid(*pid).is_some_and(|uid| uids.contains(&uid)))
            .collect();
        if theirs.is_empty() || begun.elapsed() > END_MAX {
            return;
        }
        for pid in theirs {
            signal_if(pid, Signal::KILL, || {
                uid(pid).is_some_and(|uid| uids.contains(&uid))
            });
        }
        std::thread::yield_now();
    }
}

/// Sends a signal to a process if it is what it is taken for. It is held before that is asked, so
/// that the signal never goes to another one that got its number meanwhile: programs can use up
/// numbers quickly. False if it was another one or is gone.
pub fn signal_if(pid: i32, signal: Signal, is_it: impl FnOnce() -> bool) -> bool {
    let process = Pid::from_raw(pid);
    let held = process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    held.is_some_and(|held| is_it() && pidfd_send_signal(&held, signal).is_ok())
}

/// Does a process descend from `ancestor`?
pub fn descends(pid: i32, ancestor: i32) -> bool {
    let mut next = read(pid);
    while let Some(process) = next {
        if process.parent == ancestor {
            return true;
        }
        next = read(process.parent);
    }
    false
}

/// The real uid of a process.
pub fn uid(pid: i32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}
