//! What a container uses: read from its control groups where this process sees them, else asked of
//! the daemon.

use std::fs::File;
use std::path::Path;

use bollard::models::ContainerStatsResponse;

use crate::linux::cgroup::{self, read_field, read_number};
use crate::outcome::EndReason;
use crate::request::Limits;

/// What was counted so far; never goes back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// User and system time, in microseconds.
    pub cpu_us: u64,
    /// Highest use of memory that was seen, in bytes.
    pub peak_bytes: Option<u64>,
    /// The kernel killed for lack of memory.
    pub out_of_memory: bool,
    /// A process was refused, or there were too many.
    pub too_many_processes: bool,
}

/// Control groups of one container. They are gone soon after it; what was read before counts.
#[derive(Debug)]
pub struct Groups {
    cpu: Option<(File, &'static str)>,
    memory_peak: Option<File>,
    memory_events: Option<File>,
    pids_events: Option<File>,
}

impl Groups {
    /// The groups of a container by its first process, if that is a process of ours to see.
    pub fn open(pid: i64, container: &str) -> Option<Self> {
        let pid = u32::try_from(pid).ok().filter(|pid| *pid != 0)?.to_string();
        // Another daemon's number may be somebody else's here; the name of the group is not.
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        if container.is_empty() || !groups.contains(container) {
            return None;
        }
        let groups = cgroup::groups_of(&pid).ok()?;
        let open = |controller: &str, file: &str| {
            let directory: &Path = groups.get(controller)?;
            let whole = controller_directory(directory, container)?;
            File::open(whole.join(file)).ok()
        };
        let cpu = open("cpuacct", "cpuacct.usage").map(|file| (file, ""));
        let opened = Self {
            cpu: cpu.or_else(|| Some((open("", "cpu.stat")?, "usage_usec"))),
            memory_peak: open("memory", "memory.max_usage_in_bytes")
                .or_else(|| open("", "memory.peak")),
            memory_events: open("memory", "memory.oom_control")
                .or_else(|| open("", "memory.events")),
            pids_events: open("pids", "pids.events").or_else(|| open("", "pids.events")),
        };
        let complete = opened.cpu.is_some()
            && opened.memory_peak.is_some()
            && opened.memory_events.is_some()
            && opened.pids_events.is_some();
        complete.then_some(opened)
    }

    /// Adds what is known now.
    pub fn look(&self, used: &mut Used) {
        let cpu_us = self.cpu.as_ref().and_then(|(file, field)| match *field {
            "" => Some(read_number(file)? / 1000),
            field => read_field(file, field),
        });
        used.cpu_us = used.cpu_us.max(cpu_us.unwrap_or(0));
        let peak = self.memory_peak.as_ref().and_then(read_number);
        used.peak_bytes = used.peak_bytes.max(peak);
        let counts = |file: &Option<File>, field: &str| {
            let count = file.as_ref().and_then(|file| read_field(file, field));
            count.is_some_and(|count| count > 0)
        };
        used.out_of_memory |= counts(&self.memory_events, "oom_kill");
        used.too_many_processes |= counts(&self.pids_events, "max");
    }
}

/// The group of the container as a whole: its first process may be in one further down.
fn controller_directory<'a>(directory: &'a Path, container: &str) -> Option<&'a Path> {
    let mut above = directory.ancestors();
    above.find(|directory| {
        let name = directory.file_name();
        name.is_some_and(|name| name.to_string_lossy().contains(container))
    })
}

impl Used {
    /// Adds an answer of the daemon. `processes` are those that may be there.
    pub fn add(&mut self, stats: &ContainerStatsResponse, processes: u64) {
        let cpu = stats.cpu_stats.as_ref();
        let cpu = cpu.and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage);
        self.cpu_us = self.cpu_us.max(cpu.unwrap_or(0) / 1000);
        if let Some(memory) = &stats.memory_stats {
            let seen = memory.max_usage.max(memory.usage);
            self.peak_bytes = self.peak_bytes.max(seen);
        }
        let current = stats.pids_stats.as_ref().and_then(|pids| pids.current);
        self.too_many_processes |= current.is_some_and(|current| current > processes);
    }

    /// Is some limit passed?
    pub fn exceeded(&self, limits: &Limits) -> Option<EndReason> {
        if self.out_of_memory {
            return Some(EndReason::Memory);
        }
        if self.too_many_processes {
            return Some(EndReason::Processes);
        }
        self.over_cpu(limits).then_some(EndReason::Cpu)
    }

    /// Is the CPU time used up?
    pub fn over_cpu(&self, limits: &Limits) -> bool {
        self.cpu_us / 1000 >= limits.cpu_ms
    }
}
