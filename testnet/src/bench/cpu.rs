//! What validator processes used: processor time from `/proc`, counters from `/metrics`.

use std::ops::Sub;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use assay_consensus::keys::Keypair;
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// Unit of processor times in `/proc`: Linux shows 100 ticks a second to programs.
const TICK_MS: u64 = 10;

/// Names of the threads that run guests start with this; the runtime names them.
const GUEST_THREADS: &str = "guest-";

/// Longest answer of `/metrics` that is read, in bytes.
const METRICS_MAX_BYTES: usize = 1024 * 1024;

/// Time limit of one read of `/metrics`.
const METRICS_DEADLINE: Duration = Duration::from_secs(5);

/// Signatures that are made and checked to find their cost.
const COST_ROUNDS: u32 = 2_000;

/// Bytes of the message that is signed for that: a vote with its domain and network.
const COST_MESSAGE_BYTES: usize = 160;

/// Processor time of a process so far, in milliseconds, exact to 10 ms per thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessTime {
    /// In user and kernel mode, threads that have ended included.
    pub total_ms: u64,
    /// The part in kernel mode.
    pub kernel_ms: u64,
    /// The part of threads that run guests: modules and the host functions they call.
    pub guest_ms: u64,
}

/// Time of all processors so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineTime {
    /// At work for anyone.
    pub busy_ms: u64,
    /// At work or idle.
    pub all_ms: u64,
}

/// Counters of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NodeMetrics {
    /// Submissions agreed.
    pub agreed: u64,
    /// Ledger height.
    pub height: u64,
    /// Hotkey signatures checked outside of guests.
    pub verified: u64,
    /// Hotkey signatures made.
    pub signed: u64,
    /// Gossip messages received.
    pub gossip: u64,
    /// Wall time of reviews and executions.
    pub wasm_wall_seconds: f64,
    /// Wall time of the core.
    pub core_wall_seconds: f64,
}

/// What a node had used at a moment.
#[derive(Debug, Clone, Copy)]
pub struct NodeReading {
    /// Processor time.
    pub process: ProcessTime,
    /// Counters.
    pub metrics: NodeMetrics,
}

/// Processor time of one operation with an sr25519 key, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureCosts {
    /// Checking a signature.
    pub verify_us: f64,
    /// Making one.
    pub sign_us: f64,
}

impl Sub for MachineTime {
    type Output = MachineTime;

    fn sub(self, earlier: MachineTime) -> MachineTime {
        MachineTime {
            busy_ms: self.busy_ms.saturating_sub(earlier.busy_ms),
            all_ms: self.all_ms.saturating_sub(earlier.all_ms),
        }
    }
}

impl Sub for ProcessTime {
    type Output = ProcessTime;

    fn sub(self, earlier: ProcessTime) -> ProcessTime {
        ProcessTime {
            total_ms: self.total_ms.saturating_sub(earlier.total_ms),
            kernel_ms: self.kernel_ms.saturating_sub(earlier.kernel_ms),
            guest_ms: self.guest_ms.saturating_sub(earlier.guest_ms),
        }
    }
}

/// Reads the processor time of a process and of its guest threads.
pub fn read_process(pid: u32) -> anyhow::Result<ProcessTime> {
    let dir = Path::new("/proc").join(pid.to_string());
    let stat = read_stat(&dir)?;
    let mut guest_ms = 0;
    let tasks = dir.join("task");
    for task in std::fs::read_dir(&tasks).with_context(|| tasks.display().to_string())? {
        // A thread may end between being listed and being read; guest threads don't.
        if let Ok(thread) = read_stat(&task?.path())
            && thread.name.starts_with(GUEST_THREADS)
        {
            guest_ms += thread.user_ms + thread.kernel_ms;
        }
    }
    Ok(ProcessTime {
        total_ms: stat.user_ms + stat.kernel_ms,
        kernel_ms: stat.kernel_ms,
        guest_ms,
    })
}

/// What `stat` says of a process or thread.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    user_ms: u64,
    kernel_ms: u64,
}

fn read_stat(dir: &Path) -> anyhow::Result<Stat> {
    let path = dir.join("stat");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    parse_stat(&text).with_context(|| format!("{}: not a line of stat", path.display()))
}

/// `pid (name) state …`; the name may hold anything, so fields count from its last parenthesis.
fn parse_stat(text: &str) -> Option<Stat> {
    let (head, fields) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    // Fields 14 and 15 of the line: 12th and 13th after the name.
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut next_ms = || times.next()?.parse::<u64>().ok()?.checked_mul(TICK_MS);
    Some(Stat {
        name: name.to_owned(),
        user_ms: next_ms()?,
        kernel_ms: next_ms()?,
    })
}

/// Reads the time of all processors.
pub fn read_machine() -> anyhow::Result<MachineTime> {
    let text = std::fs::read_to_string("/proc/stat").context("/proc/stat")?;
    parse_machine(&text).context("/proc/stat: no line of all processors")
}

/// `cpu user nice system idle iowait irq softirq steal …`; guests are counted in `user` already.
fn parse_machine(text: &str) -> Option<MachineTime> {
    let fields = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let mut time = MachineTime::default();
    for (index, field) in fields.split_ascii_whitespace().take(8).enumerate() {
        let spent_ms = field.parse::<u64>().ok()?.checked_mul(TICK_MS)?;
        time.all_ms += spent_ms;
        let is_idle = index == 3 || index == 4;
        time.busy_ms += if is_idle { 0 } else { spent_ms };
    }
    Some(time)
}

/// A client for [`read_metrics`].
pub fn http_client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(METRICS_DEADLINE);
    Ok(client.build()?)
}

/// Reads the counters of a node.
pub async fn read_metrics(http: &reqwest::Client, url: &str) -> anyhow::Result<NodeMetrics> {
    let url = format!("{url}/metrics");
    let answer = http.get(&url).send().await?.error_for_status()?;
    let bytes = answer.bytes().await?;
    if bytes.len() > METRICS_MAX_BYTES {
        bail!(
            "{url}: expected at most {METRICS_MAX_BYTES} bytes, got {}",
            bytes.len()
        );
    }
    parse_metrics(&String::from_utf8_lossy(&bytes)).with_context(|| url)
}

fn parse_metrics(text: &str) -> anyhow::Result<NodeMetrics> {
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = lines
            .find(|(key, _)| *key == name)
            .with_context(|| format!("there is no {name}"))?;
        value
            .parse::<f64>()
            .with_context(|| format!("{name} {value}"))
    };
    // Counts stay far below 2^53, so they are exact as floats.
    let count = |name: &str| value(name).map(|value| value as u64);
    Ok(NodeMetrics {
        agreed: count("assay_submissions_agreed_total")?,
        height: count("assay_ledger_height")?,
        verified: count("assay_signatures_verified_total")?,
        signed: count("assay_signatures_made_total")?,
        gossip: count("assay_gossip_received_total")?,
        wasm_wall_seconds: value("assay_wasm_seconds_total")?,
        core_wall_seconds: value("assay_core_seconds_total")?,
    })
}

/// Measures what signatures cost this machine, on this thread's processor time.
pub fn signature_costs() -> anyhow::Result<SignatureCosts> {
    let keypair = Keypair::insecure_from_name("assay-testnet/bench");
    let hotkey = keypair.hotkey();
    let message = [0x5a; COST_MESSAGE_BYTES];
    let started = thread_time()?;
    let mut signature = keypair.sign(&message);
    for _ in 1..COST_ROUNDS {
        signature = keypair.sign(&message);
    }
    let signed = thread_time()?;
    for _ in 0..COST_ROUNDS {
        hotkey.verify(&message, &signature)?;
    }
    let verified = thread_time()?;
    let each_us = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(COST_ROUNDS);
    Ok(SignatureCosts {
        verify_us: each_us(verified.saturating_sub(signed)),
        sign_us: each_us(signed.saturating_sub(started)),
    })
}

fn thread_time() -> anyhow::Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("thread's clock")?;
    Ok(Duration::from(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let parsed = parse_stat("7 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 250 30 0 0 20 0 9 0 1 2");
        let expected = Stat {
            name: "a) (b c".to_owned(),
            user_ms: 2_500,
            kernel_ms: 300,
        };
        assert_eq!(parsed, Some(expected));
        assert_eq!(parse_stat("7 (short) S 1 2"), None);
    }

    #[test]
    fn this_process_has_used_the_time_that_its_threads_burn() {
        let before = read_process(std::process::id()).unwrap();
        std::thread::Builder::new()
            .name("guest-x".into())
            .spawn(|| {
                while thread_time().unwrap() < Duration::from_millis(60) {
                    std::hint::spin_loop();
                }
                let used = read_process(std::process::id()).unwrap();
                assert!(used.guest_ms >= 40, "{used:?}");
            })
            .unwrap()
            .join()
            .unwrap();
        let used = read_process(std::process::id()).unwrap() - before;
        assert!(used.total_ms >= 40, "{used:?}");
    }

    #[test]
    fn waiting_for_a_disk_is_not_work() {
        let text = "cpu  10 0 5 70 14 0 1 0 3 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        let expected = MachineTime {
            busy_ms: 160,
            all_ms: 1_000,
        };
        assert_eq!(parse_machine(text), Some(expected));
        assert_eq!(parse_machine("cpu0 1 2 3 4 5 6 7 8"), None);
    }

    #[test]
    fn counters_are_found_by_their_whole_name() {
        let text = "\
# HELP assay_core_seconds Wall time.
assay_core_seconds_total 0.25
assay_wasm_seconds_total 1.5
assay_ledger_height 12
assay_submissions_agreed_total 34
assay_submissions_agreed_total_other 99
assay_signatures_verified_total 56
assay_signatures_made_total 7
assay_gossip_received_total 8
# EOF
";
        let metrics = parse_metrics(text).unwrap();
        assert_eq!((metrics.agreed, metrics.height), (34, 12));
        assert_eq!((metrics.verified, metrics.signed), (56, 7));
        assert_eq!(metrics.core_wall_seconds, 0.25);
        let missing = parse_metrics(&text.replace("assay_ledger_height", "x")).unwrap_err();
        assert!(missing.to_string().contains("assay_ledger_height"));
    }

    #[test]
    fn checking_a_signature_costs_something() {
        let costs = signature_costs().unwrap();
        assert!(costs.verify_us > 0.0 && costs.sign_us > 0.0, "{costs:?}");
    }
}
