//! Control groups: one per slot and controller, below the node's own, kept from run to run because
//! making them costs more than a run.
//!
//! Version 2 is used where it has the controllers, else version 1; a machine may have both, and
//! either may be read-only. What is missing is found once, at start, with the reason.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::instance::Instance;

/// Begins the name of every group that we make.
const PREFIX: &str = "assay-sandbox-";
/// Where version 2 puts the node itself, as groups with controllers must not have processes.
const NODE_GROUP: &str = "assay-node";
/// How long processes may take to leave a group after they were killed.
const REMOVE_WAIT: Duration = Duration::from_secs(2);
/// Pause between attempts at that.
const REMOVE_PAUSE: Duration = Duration::from_millis(2);
/// A group that keeps more than this after a run is not used again, in bytes.
const LEFT_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Limits are rounded up to this, in bytes, so that they rarely have to be written.
const LEFT_STEP_BYTES: u64 = 1024 * 1024;

/// What is controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// Memory of all processes.
    Memory,
    /// Number of processes.
    Pids,
    /// CPU time, counted only.
    Cpu,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The controllers of this machine that we can use.
#[derive(Debug)]
pub struct Cgroups {
    usable: BTreeMap<Controller, (Version, PathBuf)>,
    missing: BTreeMap<Controller, String>,
}

/// The groups of one slot. Files are kept open: they are read before, during and after each run.
#[derive(Debug)]
pub struct SlotGroups {
    memory: Option<Memory>,
    pids: Option<Pids>,
    cpu: Option<(Version, File)>,
    /// Each group once.
    directories: Vec<PathBuf>,
    before: Counters,
}

#[derive(Debug)]
struct Memory {
    version: Version,
    directory: PathBuf,
    events: File,
    peak: File,
    current: File,
    limit_bytes: Option<u64>,
    /// In the group before the run: files that earlier ones read first.
    left_bytes: u64,
    /// The peak can be set back.
    resets: bool,
}

#[derive(Debug)]
struct Pids {
    directory: PathBuf,
    events: File,
    limit: Option<u64>,
}

/// What the groups of a slot count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// User and system time, in microseconds.
    pub cpu_us: Option<u64>,
    /// Times that the kernel killed for lack of memory.
    pub out_of_memory: u64,
    /// Times that a process was refused.
    pub forks_refused: u64,
}

impl Cgroups {
    /// Looks for the node's own groups and tries what can be done there.
    pub fn discover() -> Self {
        let own = groups_of("self").unwrap_or_default();
        let mut cgroups = Self {
            usable: BTreeMap::new(),
            missing: BTreeMap::new(),
        };
        for controller in [Controller::Memory, Controller::Pids, Controller::Cpu] {
            match usable(controller, &own) {
                Ok(found) => {
                    cgroups.usable.insert(controller, found);
                }
                Err(reason) => {
                    cgroups.missing.insert(controller, reason);
                }
            }
        }
        cgroups
    }

    /// Why a controller can't be used, `None` if it can.
    pub fn missing(&self, controller: Controller) -> Option<&str> {
        self.missing.get(&controller).map(String::as_str)
    }

    /// Makes groups with that name as a part of theirs.
    pub fn make(&self, name: &str, instance: &Instance) -> io::Result<SlotGroups> {
        let name = new_name(name);
        let mut groups = SlotGroups {
            memory: None,
            pids: None,
            cpu: None,
            directories: Vec::new(),
            before: Counters::default(),
        };
        for (controller, (version, base)) in &self.usable {
            let directory = base.join(&name);
            if !groups.directories.contains(&directory) {
                instance.note_cgroup(&directory)?;
                make_directory(&directory)?;
                groups.directories.push(directory.clone());
            }
            match controller {
                Controller::Memory => groups.memory = Some(Memory::open(*version, directory)?),
                Controller::Pids => groups.pids = Some(Pids::open(directory)?),
                Controller::Cpu => {
                    let name = match version {
                        Version::One => "cpuacct.usage",
                        Version::Two => "cpu.stat",
                    };
                    groups.cpu = Some((*version, File::open(directory.join(name))?));
                }
            }
        }
        Ok(groups)
    }
}

impl Memory {
    fn open(version: Version, directory: PathBuf) -> io::Result<Self> {
        let (events, peak, current) = match version {
            Version::One => (
                "memory.oom_control",
                "memory.max_usage_in_bytes",
                "memory.usage_in_bytes",
            ),
            Version::Two => ("memory.events", "memory.peak", "memory.current"),
        };
        let peak = directory.join(peak);
        let writable = OpenOptions::new().read(true).write(true).open(&peak);
        let swap = directory.join("memory.swap.max");
        if swap.exists() {
            fs::write(swap, "0")?;
        }
        Ok(Self {
            version,
            events: File::open(directory.join(events))?,
            peak: writable.or_else(|_| File::open(&peak))?,
            current: File::open(directory.join(current))?,
            directory,
            limit_bytes: None,
            left_bytes: 0,
            resets: true,
        })
    }

    /// Leaves room for what earlier runs left: the kernel can drop it, but counts it.
    fn prepare(&mut self, limit_bytes: u64) -> io::Result<()> {
        self.left_bytes = read_number(&self.current).unwrap_or(0);
        self.resets = self.peak.write_at(b"0\n", 0).is_ok();
        let page = rustix::param::page_size() as u64;
        let limit_bytes =
            (limit_bytes + self.left_bytes).next_multiple_of(LEFT_STEP_BYTES.max(page));
        if self.limit_bytes == Some(limit_bytes) {
            return Ok(());
        }
        let limit = limit_bytes.to_string();
        match self.version {
            Version::One => {
                let with_swap = self.directory.join("memory.memsw.limit_in_bytes");
                // The sum with swap must never be below the limit without.
                if with_swap.exists() {
                    fs::write(&with_swap, "-1")?;
                }
                fs::write(self.directory.join("memory.limit_in_bytes"), &limit)?;
                if with_swap.exists() {
                    fs::write(&with_swap, &limit)?;
                }
            }
            Version::Two => fs::write(self.directory.join("memory.max"), &limit)?,
        }
        self.limit_bytes = Some(limit_bytes);
        Ok(())
    }
}

impl Pids {
    fn open(directory: PathBuf) -> io::Result<Self> {
        Ok(Self {
            events: File::open(directory.join("pids.events"))?,
            directory,
            limit: None,
        })
    }

    fn prepare(&mut self, limit: u64) -> io::Result<()> {
        if self.limit != Some(limit) {
            fs::write(self.directory.join("pids.max"), limit.to_string())?;
            self.limit = Some(limit);
        }
        Ok(())
    }
}

impl SlotGroups {
    /// Opens what a process has to write to in order to join.
    pub fn procs(&self) -> io::Result<Vec<OwnedFd>> {
        let open = |directory: &PathBuf| {
            let file = OpenOptions::new()
                .write(true)
                .open(directory.join("cgroup.procs"))?;
            Ok(file.into())
        };
        self.directories.iter().map(open).collect()
    }

    /// Sets the limits of the next run.
    pub fn prepare(&mut self, memory_bytes: u64, processes: u64) -> io::Result<()> {
        if let Some(memory) = &mut self.memory {
            memory.prepare(memory_bytes)?;
        }
        if let Some(pids) = &mut self.pids {
            pids.prepare(processes)?;
        }
        self.before = self.read();
        Ok(())
    }

    /// What the run used so far.
    pub fn used(&self) -> Counters {
        let now = self.read();
        let before = self.before;
        Counters {
            cpu_us: now
                .cpu_us
                .map(|cpu_us| cpu_us.saturating_sub(before.cpu_us.unwrap_or(0))),
            out_of_memory: now.out_of_memory.saturating_sub(before.out_of_memory),
            forks_refused: now.forks_refused.saturating_sub(before.forks_refused),
        }
    }

    /// Highest use of memory in the run, in bytes, without what was there before.
    pub fn peak_memory(&self) -> Option<u64> {
        let memory = self.memory.as_ref()?;
        Some(read_number(&memory.peak)?.saturating_sub(memory.left_bytes))
    }

    /// Would the next run be measured wrong for what was left?
    pub fn worn_out(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| {
            let left = read_number(&memory.current);
            !memory.resets || left.is_none_or(|left| left > LEFT_MAX_BYTES)
        })
    }

    /// Removes the groups.
    pub fn remove(&self) -> io::Result<()> {
        let mut first = Ok(());
        for directory in &self.directories {
            first = first.and(end_and_remove(directory));
        }
        first
    }

    fn read(&self) -> Counters {
        let cpu_us = self.cpu.as_ref().and_then(|(version, file)| match version {
            Version::One => Some(read_number(file)? / 1000),
            Version::Two => read_field(file, "usage_usec"),
        });
        let out_of_memory = self.memory.as_ref();
        let out_of_memory = out_of_memory.and_then(|memory| read_field(&memory.events, "oom_kill"));
        let forks_refused = self.pids.as_ref();
        let forks_refused = forks_refused.and_then(|pids| read_field(&pids.events, "max"));
        Counters {
            cpu_us,
            out_of_memory: out_of_memory.unwrap_or(0),
            forks_refused: forks_refused.unwrap_or(0),
        }
    }
}

impl Drop for SlotGroups {
    fn drop(&mut self) {
        // The next start finds what could not be removed.
        let _ = self.remove();
    }
}

/// Is this the path of a group that a node of ours made? Journals are only believed so far.
pub fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let ours = name.is_some_and(|name| name.starts_with(PREFIX));
    ours && path.join("cgroup.procs").exists()
}

/// Ends all processes of a group and removes it. Nothing to do if it isn't there.
pub fn end_and_remove(directory: &Path) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match fs::remove_dir(directory) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if begun.elapsed() > REMOVE_WAIT => return Err(error),
            Err(_) => {}
        }
        kill_all(directory);
        std::thread::sleep(REMOVE_PAUSE);
    }
}

fn kill_all(directory: &Path) {
    if fs::write(directory.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let procs = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    let pids = procs
        .lines()
        .filter_map(|line| Pid::from_raw(line.parse().ok()?));
    for pid in pids {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// That no other group has, of whatever sandbox in this process.
fn new_name(purpose: &str) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{number}-{purpose}", std::process::id())
}

fn make_directory(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        // Left by a node that had our process number.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            end_and_remove(directory)?;
            fs::create_dir(directory)
        }
        made => made,
    }
}

/// The groups of a process, as directories, by controller; version 2 has the empty name.
pub fn groups_of(process: &str) -> io::Result<BTreeMap<String, PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup"))?;
    let mut own = BTreeMap::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        for controller in controllers.split(',') {
            if let Some(directory) = mounted(&mounts, controller, Path::new(path)) {
                own.insert(controller.to_owned(), directory);
            }
        }
    }
    Ok(own)
}

/// Where the topmost groups are seen that a process of ours can see, by controller as above.
pub fn roots(controllers: &[&'static str]) -> BTreeMap<&'static str, PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let root = |name: &&'static str| Some((*name, mounted(&mounts, name, Path::new("/"))?));
    controllers.iter().filter_map(root).collect()
}

/// Where a group is seen, if it is.
fn mounted(mounts: &str, controller: &str, path: &Path) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let kind = system.next()?;
        let options = system.nth(1)?;
        let fits = if controller.is_empty() {
            kind == "cgroup2"
        } else {
            kind == "cgroup" && options.split(',').any(|option| option == controller)
        };
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let below = path.strip_prefix(root).ok()?;
        fits.then(|| Path::new(point).join(below))
    })
}

fn usable(
    controller: Controller,
    own: &BTreeMap<String, PathBuf>,
) -> Result<(Version, PathBuf), String> {
    let (name_one, name_two, file_one, file_two) = match controller {
        Controller::Memory => ("memory", "memory", "memory.limit_in_bytes", "memory.max"),
        Controller::Pids => ("pids", "pids", "pids.max", "pids.max"),
        Controller::Cpu => ("cpuacct", "cpu", "cpuacct.usage", "cpu.stat"),
    };
    let mut reason = "no control group with this controller is mounted".to_owned();
    if let Some(base) = own.get("") {
        match delegate(base, name_two).and_then(|base| try_out(&base, file_two).map(|()| base)) {
            Ok(base) => return Ok((Version::Two, base)),
            Err(error) => reason = format!("{}: {error}", base.display()),
        }
    }
    if let Some(base) = own.get(name_one) {
        match try_out(base, file_one) {
            Ok(()) => return Ok((Version::One, base.clone())),
            Err(error) => reason = format!("{}: {error}", base.display()),
        }
    }
    Err(reason)
}

/// Makes sure that groups below `base`, or below where the node was before, have a controller of
/// version 2.
fn delegate(base: &Path, controller: &str) -> io::Result<PathBuf> {
    let base = if base.ends_with(NODE_GROUP) {
        base.parent().unwrap_or(base)
    } else {
        base
    };
    let has = |file: &str| -> io::Result<bool> {
        let listed = fs::read_to_string(base.join(file))?;
        Ok(listed
            .split_ascii_whitespace()
            .any(|name| name == controller))
    };
    if has("cgroup.subtree_control")? {
        return Ok(base.to_owned());
    }
    if !has("cgroup.controllers")? {
        return Err(io::Error::other("the controller is not available there"));
    }
    let enable = || {
        fs::write(
            base.join("cgroup.subtree_control"),
            format!("+{controller}"),
        )
    };
    if enable().is_err() {
        let node = base.join(NODE_GROUP);
        if !node.is_dir() {
            fs::create_dir(&node)?;
        }
        fs::write(node.join("cgroup.procs"), std::process::id().to_string())?;
        enable()?;
    }
    Ok(base.to_owned())
}

fn try_out(base: &Path, file: &str) -> io::Result<()> {
    let directory = base.join(new_name("trial"));
    make_directory(&directory)?;
    let opened = File::open(directory.join(file)).and_then(|_| {
        OpenOptions::new()
            .write(true)
            .open(directory.join("cgroup.procs"))
    });
    end_and_remove(&directory)?;
    opened.map(|_| ())
}

/// Longest file that is read, in bytes.
const FILE_MAX_BYTES: usize = 4096;

fn read_text(file: &File) -> Option<String> {
    let mut bytes = vec![0; FILE_MAX_BYTES];
    let read = file.read_at(&mut bytes, 0).ok()?;
    bytes.truncate(read);
    String::from_utf8(bytes).ok()
}

/// The only number in a file of a group.
pub fn read_number(file: &File) -> Option<u64> {
    read_text(file)?.trim().parse().ok()
}

/// A number by its name.
pub fn read_field(file: &File, field: &str) -> Option<u64> {
    let text = read_text(file)?;
    let mut fields = text.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = fields.find(|(name, _)| *name == field)?;
    value.trim().parse().ok()
}
