//! What a container uses: read from its control groups where this process sees them, else asked of
//! the daemon.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

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

/// Where daemons make groups, before and after the id.
const PLACES: [(&str, &str); 5] = [
    ("libpod_parent/libpod-", ""),
    ("machine.slice/libpod-", ".scope"),
    ("docker/", ""),
    ("system.slice/docker-", ".scope"),
    ("user.slice/libpod-", ".scope"),
];
/// The controllers of interest; version 2 has the empty name.
const CONTROLLERS: [&str; 4] = ["", "cpuacct", "memory", "pids"];

/// The topmost control groups of this machine.
#[derive(Debug)]
pub struct Roots(BTreeMap<&'static str, PathBuf>);

/// Control groups of one container. They are gone soon after it; what was read before counts.
#[derive(Debug)]
pub struct Groups {
    cpu: Cpu,
    memory_peak: File,
    memory_events: File,
    pids_events: File,
}

#[derive(Debug)]
enum Cpu {
    Nanoseconds(File),
    Fields(File),
}

impl Roots {
    /// Looks for them.
    pub fn look() -> Self {
        Self(cgroup::roots(&CONTROLLERS))
    }
}

impl Groups {
    /// The groups of a container where daemons make them, as soon as they are there.
    pub fn find(roots: &Roots, container: &str) -> Option<Self> {
        PLACES.iter().find_map(|(before, after)| {
            let place = format!("{before}{container}{after}");
            Self::open(|controller| Some(roots.0.get(controller)?.join(&place)))
        })
    }

    /// The groups of a container by its first process, if that is a process of ours to see.
    pub fn of_process(pid: i64, container: &str) -> Option<Self> {
        let pid = u32::try_from(pid).ok().filter(|pid| *pid != 0)?.to_string();
        // Another daemon's number may be somebody else's here; the name of the group is not.
        let groups = cgroup::groups_of(&pid).ok()?;
        // The first process may be in one further down.
        let whole = |directory: &Path| {
            let name = directory.file_name();
            name.is_some_and(|name| name.to_string_lossy().contains(container))
        };
        Self::open(|controller| {
            let mut above = groups.get(controller)?.ancestors();
            above.find(|directory| whole(directory)).map(Path::to_owned)
        })
    }

    fn open(directory: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        let open = |controller: &str, file: &str| {
            let path = directory(controller)?.join(file);
            File::open(path).ok()
        };
        let either = |controller, one, two| open(controller, one).or_else(|| open("", two));
        let cpu = match open("cpuacct", "cpuacct.usage") {
            Some(file) => Cpu::Nanoseconds(file),
            None => Cpu::Fields(open("", "cpu.stat")?),
        };
        Some(Self {
            cpu,
            memory_peak: either("memory", "memory.max_usage_in_bytes", "memory.peak")?,
            memory_events: either("memory", "memory.oom_control", "memory.events")?,
            pids_events: either("pids", "pids.events", "pids.events")?,
        })
    }

    /// Adds what is known now.
    pub fn look(&self, used: &mut Used) {
        let cpu_us = match &self.cpu {
            Cpu::Nanoseconds(file) => read_number(file).map(|cpu_ns| cpu_ns / 1000),
            Cpu::Fields(file) => read_field(file, "usage_usec"),
        };
        used.cpu_us = used.cpu_us.max(cpu_us.unwrap_or(0));
        used.peak_bytes = used.peak_bytes.max(read_number(&self.memory_peak));
        let counts = |file, field| read_field(file, field).is_some_and(|count| count > 0);
        used.out_of_memory |= counts(&self.memory_events, "oom_kill");
        used.too_many_processes |= counts(&self.pids_events, "max");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_daemon_never_take_back_what_was_counted() {
        let answer = |cpu_ns: u64, bytes: u64, processes: u64| {
            let text = format!(
                r#"{{"cpu_stats":{{"cpu_usage":{{"total_usage":{cpu_ns}}}}},
                "memory_stats":{{"usage":{bytes}}},"pids_stats":{{"current":{processes}}}}}"#
            );
            serde_json::from_str::<ContainerStatsResponse>(&text).unwrap()
        };
        let mut used = Used::default();
        used.add(&answer(5_000_000, 7000, 3), 4);
        used.add(&answer(0, 10, 4), 4);
        assert_eq!((used.cpu_us, used.peak_bytes), (5000, Some(7000)));
        assert_eq!(used.exceeded(&Limits::default()), None);
        used.add(&answer(0, 0, 5), 4);
        let ended = used.exceeded(&Limits::default());
        assert_eq!(ended, Some(EndReason::Processes));
        used.add(&ContainerStatsResponse::default(), 4);
        assert_eq!(used.cpu_us, 5000);
    }
}
