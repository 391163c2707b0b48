//! What the benchmark found, as tables or as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use super::cpu::{MachineTime, NodeReading, ProcessTime, SignatureCosts};
use super::stats::{Percentiles, Stage};
use super::{BenchOptions, millis};

/// How a submission's time was measured; part of the report so that figures can't be misread.
const METHOD: &str = "from the client's send to the `agreed` step in the journey of the validator \
    it was sent to, by this machine's clock";

/// What the shares are of and what is in them.
const SHARES: &str = "wasm: processor time of the guest threads, host functions and the signatures \
    they check included. signatures: sr25519 checks and signings outside of guests × their cost in \
    this run. rest: everything else (network with its own encryption and gossip signatures, \
    storage, RPC). `wall` columns are elapsed time, waiting included.";

/// Everything the benchmark found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchReport {
    /// Number of validators.
    pub validators: usize,
    /// Submissions that were measured; all of them were agreed.
    pub submissions: usize,
    /// Submissions on their way at once, at most.
    pub concurrency: usize,
    /// Submissions sent per second, at most.
    pub rate_per_second: Option<u32>,
    /// First send to last agreement.
    pub elapsed_ms: u64,
    /// Submissions per second to agreement.
    pub submissions_per_second: f64,
    /// Time from submit to agreement.
    pub submit_to_agreement_ms: Percentiles,
    /// How that was measured.
    pub method: &'static str,
    /// Time until the validator acknowledged, at the client.
    pub acknowledgement_ms: Option<Percentiles>,
    /// The time by stages of the journey.
    pub stages: Vec<Stage>,
    /// Ledger blocks.
    pub blocks: BlockFigures,
    /// Cost of a signature.
    pub signature_costs: SignatureCosts,
    /// Processors that this machine gives.
    pub processors: usize,
    /// Share of the processors that validators used, of 1.
    pub validators_utilisation: f64,
    /// Share of the processors that chain and miners (this process) used, of 1.
    pub own_utilisation: f64,
    /// Share of the processors that other programs used, of 1: what the figures suffered from.
    pub other_utilisation: f64,
    /// Processor time of one validator for one submission, in milliseconds.
    pub cpu_ms_per_submission: f64,
    /// Submissions per second that the processors allow at that cost, if nothing else waits or runs.
    pub submissions_per_second_by_cpu: f64,
    /// Processor time by validator.
    pub cpu: Vec<CpuFigures>,
    /// Processor time of all validators.
    pub cpu_total: CpuFigures,
    /// What the shares mean.
    pub shares: &'static str,
}

/// Ledger blocks during the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockFigures {
    /// How many.
    pub count: u64,
    /// Per second.
    pub per_second: f64,
    /// Submissions in a block, on average.
    pub submissions_each: f64,
}

/// Processor time of a validator during the run, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CpuFigures {
    /// Its name.
    pub name: String,
    /// All of it.
    pub total_seconds: f64,
    /// The part in the kernel, of all that follow.
    pub kernel_seconds: f64,
    /// Guests: modules and the host functions they call.
    pub wasm_seconds: f64,
    /// Its share of the total, of 1.
    pub wasm_share: f64,
    /// Hotkey signatures outside of guests.
    pub signature_seconds: f64,
    /// Its share of the total, of 1.
    pub signature_share: f64,
    /// Everything else.
    pub rest_seconds: f64,
    /// Its share of the total, of 1.
    pub rest_share: f64,
    /// Signatures checked.
    pub verified: u64,
    /// Signatures made.
    pub signed: u64,
    /// Gossip messages received.
    pub gossip: u64,
    /// Elapsed time of reviews and block executions.
    pub wasm_wall_seconds: f64,
    /// Elapsed time of the core.
    pub core_wall_seconds: f64,
}

/// Everything that was measured.
pub(super) struct Measured<'a> {
    pub options: &'a BenchOptions,
    /// From the first send until all validators showed everything as agreed.
    pub wall: Duration,
    pub elapsed_ms: u64,
    pub submit_to_agreement: Percentiles,
    pub acknowledgement: Option<Percentiles>,
    pub stages: Vec<Stage>,
    pub blocks: BlockFigures,
    pub cpu: Vec<CpuFigures>,
    /// What this process used.
    pub own: ProcessTime,
    /// What the machine did.
    pub machine: MachineTime,
    pub costs: SignatureCosts,
}

/// Figures of every validator.
pub(super) fn cpu_figures(
    names: &[String],
    before: &[NodeReading],
    after: &[NodeReading],
    costs: SignatureCosts,
) -> Vec<CpuFigures> {
    let nodes = names.iter().zip(before.iter().zip(after));
    let figures = nodes.map(|(name, (before, after))| CpuFigures::new(name, before, after, costs));
    figures.collect()
}

impl BlockFigures {
    /// By the first validator's ledger.
    pub(super) fn new(
        before: &[NodeReading],
        after: &[NodeReading],
        submissions: usize,
        wall: Duration,
    ) -> BlockFigures {
        let height = |readings: &[NodeReading]| readings.first().map_or(0, |r| r.metrics.height);
        let count = height(after).saturating_sub(height(before));
        BlockFigures {
            count,
            per_second: share(count as f64, wall.as_secs_f64()),
            submissions_each: share(submissions as f64, count as f64),
        }
    }
}

impl CpuFigures {
    fn new(
        name: &str,
        before: &NodeReading,
        after: &NodeReading,
        costs: SignatureCosts,
    ) -> CpuFigures {
        let used = after.process - before.process;
        let verified = after
            .metrics
            .verified
            .saturating_sub(before.metrics.verified);
        let signed = after.metrics.signed.saturating_sub(before.metrics.signed);
        let signature_us = verified as f64 * costs.verify_us + signed as f64 * costs.sign_us;
        let figures = CpuFigures {
            name: name.to_owned(),
            total_seconds: used.total_ms as f64 / 1e3,
            kernel_seconds: used.kernel_ms as f64 / 1e3,
            wasm_seconds: used.guest_ms as f64 / 1e3,
            signature_seconds: signature_us / 1e6,
            wasm_share: 0.0,
            signature_share: 0.0,
            rest_seconds: 0.0,
            rest_share: 0.0,
            verified,
            signed,
            gossip: after.metrics.gossip.saturating_sub(before.metrics.gossip),
            wasm_wall_seconds: after.metrics.wasm_wall_seconds - before.metrics.wasm_wall_seconds,
            core_wall_seconds: after.metrics.core_wall_seconds - before.metrics.core_wall_seconds,
        };
        figures.with_shares()
    }

    /// The sum over validators.
    fn sum(all: &[CpuFigures]) -> CpuFigures {
        let add = |field: fn(&CpuFigures) -> f64| all.iter().map(field).sum::<f64>();
        let figures = CpuFigures {
            name: "all".to_owned(),
            total_seconds: add(|one| one.total_seconds),
            kernel_seconds: add(|one| one.kernel_seconds),
            wasm_seconds: add(|one| one.wasm_seconds),
            signature_seconds: add(|one| one.signature_seconds),
            wasm_share: 0.0,
            signature_share: 0.0,
            rest_seconds: 0.0,
            rest_share: 0.0,
            verified: all.iter().map(|one| one.verified).sum(),
            signed: all.iter().map(|one| one.signed).sum(),
            gossip: all.iter().map(|one| one.gossip).sum(),
            wasm_wall_seconds: add(|one| one.wasm_wall_seconds),
            core_wall_seconds: add(|one| one.core_wall_seconds),
        };
        figures.with_shares()
    }

    fn with_shares(mut self) -> CpuFigures {
        let rest = self.total_seconds - self.wasm_seconds - self.signature_seconds;
        // Signatures are an estimate and times come in steps of 10 ms: tiny runs could go below 0.
        self.rest_seconds = rest.max(0.0);
        self.wasm_share = share(self.wasm_seconds, self.total_seconds);
        self.signature_share = share(self.signature_seconds, self.total_seconds);
        self.rest_share = share(self.rest_seconds, self.total_seconds);
        self
    }
}

impl BenchReport {
    pub(super) fn new(measured: Measured<'_>) -> BenchReport {
        let cpu = measured.cpu;
        let cpu_total = CpuFigures::sum(&cpu);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let available_ms = millis(measured.wall) as f64 * processors as f64;
        let options = measured.options;
        let validators_utilisation = share(cpu_total.total_seconds * 1e3, available_ms);
        let own_utilisation = share(measured.own.total_ms as f64, available_ms);
        let machine = measured.machine;
        let utilisation = share(machine.busy_ms as f64, machine.all_ms as f64);
        let all_cpu_ms = share(cpu_total.total_seconds * 1e3, options.submissions as f64);
        BenchReport {
            validators: options.plan.validators,
            submissions: options.submissions,
            concurrency: options.concurrency,
            rate_per_second: options.rate_per_second,
            elapsed_ms: measured.elapsed_ms,
            submissions_per_second: share(
                options.submissions as f64 * 1e3,
                measured.elapsed_ms as f64,
            ),
            submit_to_agreement_ms: measured.submit_to_agreement,
            method: METHOD,
            acknowledgement_ms: measured.acknowledgement,
            stages: measured.stages,
            blocks: measured.blocks,
            signature_costs: measured.costs,
            processors,
            validators_utilisation,
            own_utilisation,
            other_utilisation: (utilisation - validators_utilisation - own_utilisation).max(0.0),
            cpu_ms_per_submission: share(all_cpu_ms, options.plan.validators as f64),
            submissions_per_second_by_cpu: share(processors as f64 * 1e3, all_cpu_ms),
            cpu,
            cpu_total,
            shares: SHARES,
        }
    }

    /// Tables for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let rate = self.rate_per_second.map_or(String::new(), |rate| {
            format!(", at most {rate} sent per second")
        });
        let blocks = &self.blocks;
        let lines = [
            format!(
                "{} validators, {} submissions, at most {} on their way at once{rate}",
                self.validators, self.submissions, self.concurrency
            ),
            format!(
                "throughput: {:.1} submissions per second to agreement ({:.2} s)",
                self.submissions_per_second,
                self.elapsed_ms as f64 / 1e3
            ),
            format!(
                "blocks: {} ({:.1} per second, {:.1} submissions each)",
                blocks.count, blocks.per_second, blocks.submissions_each
            ),
            format!(
                "processors: {}, used {:.0} % by validators, {:.0} % by chain and miners, {:.0} % by \
                 other programs",
                self.processors,
                self.validators_utilisation * 1e2,
                self.own_utilisation * 1e2,
                self.other_utilisation * 1e2
            ),
            format!(
                "a submission costs a validator {:.1} ms of CPU: at most {:.0} per second on these \
                 processors",
                self.cpu_ms_per_submission, self.submissions_per_second_by_cpu
            ),
            format!(
                "sr25519: {:.1} µs to check, {:.1} µs to sign",
                self.signature_costs.verify_us, self.signature_costs.sign_us
            ),
        ];
        // Writing to a String can't fail.
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(text, "{}\n{}", self.times_table(), self.cpu_table());
        let _ = writeln!(text, "submit to agreement: {}", self.method);
        let _ = write!(text, "{}", self.shares);
        text
    }

    fn times_table(&self) -> Table {
        let mut times = table(&["milliseconds", "seen", "p50", "p90", "p99", "max"]);
        let mut row = |name: String, seen: usize, ms: &Percentiles| {
            let values = [ms.p50, ms.p90, ms.p99, ms.max].map(|value| value.to_string());
            times.add_row([name, seen.to_string()].into_iter().chain(values));
        };
        row(
            "submit to agreement".to_owned(),
            self.submissions,
            &self.submit_to_agreement_ms,
        );
        for stage in &self.stages {
            row(
                format!("  until {}", stage.until),
                stage.submissions,
                &stage.ms,
            );
        }
        if let Some(ms) = &self.acknowledgement_ms {
            row("submit to acknowledgement".to_owned(), self.submissions, ms);
        }
        align_right(times)
    }

    fn cpu_table(&self) -> Table {
        let mut cpu = table(&[
            "CPU seconds",
            "total",
            "wasm",
            "signatures",
            "rest",
            "kernel",
            "checked",
            "signed",
            "gossip",
            "wasm wall",
            "core wall",
        ]);
        for one in self.cpu.iter().chain([&self.cpu_total]) {
            let part = |seconds: f64, share: f64| format!("{seconds:.2} ({:.0} %)", share * 1e2);
            cpu.add_row([
                one.name.clone(),
                format!("{:.2}", one.total_seconds),
                part(one.wasm_seconds, one.wasm_share),
                part(one.signature_seconds, one.signature_share),
                part(one.rest_seconds, one.rest_share),
                format!("{:.2}", one.kernel_seconds),
                one.verified.to_string(),
                one.signed.to_string(),
                one.gossip.to_string(),
                format!("{:.2}", one.wasm_wall_seconds),
                format!("{:.2}", one.core_wall_seconds),
            ]);
        }
        align_right(cpu)
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

fn align_right(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A part of a whole; of nothing, nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::cpu::NodeMetrics;
    use super::*;

    fn reading(total_ms: u64, guest_ms: u64, verified: u64, height: u64) -> NodeReading {
        NodeReading {
            process: ProcessTime {
                total_ms,
                kernel_ms: 0,
                guest_ms,
            },
            metrics: NodeMetrics {
                verified,
                height,
                ..NodeMetrics::default()
            },
        }
    }

    const COSTS: SignatureCosts = SignatureCosts {
        verify_us: 100.0,
        sign_us: 50.0,
    };

    #[test]
    fn only_what_was_used_during_the_run_counts() {
        let before = [reading(10_000, 1_000, 500, 3)];
        let after = [reading(12_000, 1_500, 5_500, 13)];
        let figures = cpu_figures(&["v".into()], &before, &after, COSTS);
        let one = figures.first().unwrap();
        assert_eq!((one.total_seconds, one.wasm_seconds), (2.0, 0.5));
        assert_eq!((one.verified, one.signature_seconds), (5_000, 0.5));
        assert_eq!((one.rest_seconds, one.rest_share), (1.0, 0.5));
        let blocks = BlockFigures::new(&before, &after, 40, Duration::from_secs(5));
        assert_eq!((blocks.count, blocks.per_second), (10, 2.0));
        assert_eq!(blocks.submissions_each, 4.0);
    }

    #[test]
    fn shares_of_the_sum_weigh_validators_by_their_time() {
        let one = |total, guest| {
            CpuFigures::new(
                "v",
                &reading(0, 0, 0, 0),
                &reading(total, guest, 0, 0),
                COSTS,
            )
        };
        let sum = CpuFigures::sum(&[one(1_000, 1_000), one(3_000, 0)]);
        assert_eq!((sum.total_seconds, sum.wasm_share), (4.0, 0.25));
    }

    #[test]
    fn a_run_too_short_to_measure_has_no_infinite_shares() {
        let idle = reading(5, 5, 5, 5);
        let one = CpuFigures::new("v", &idle, &idle, COSTS);
        assert_eq!((one.wasm_share, one.rest_share), (0.0, 0.0));
    }
}
