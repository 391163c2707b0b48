//! Benchmark: submissions per second to agreement, time from submit to agreement, and where the
//! processors' time went.
//!
//! Every submission comes from a miner of its own, since a miner may submit once per three epochs.
//! Packages are built and signed before the clock starts. A submission's time runs from the
//! client's send to the `agreed` step in the journey of the validator it was sent to; both clocks
//! are this machine's. Warm-up submissions, one per validator, are not measured.
//!
//! It deliberately does not judge: figures depend on the machine, so nothing passes or fails by
//! them. It fails only if a submission does not end as agreed and accepted.

mod cpu;
mod load;
mod report;
mod stats;

use std::time::Duration;

use anyhow::{Context, bail};
use assay_api::submission::{Journey, SubmissionStatus};
use assay_consensus::envelope::NetworkId;

use crate::network::{Plan, Testnet};

use cpu::{NodeReading, SignatureCosts};
use load::{Load, Sent};
pub use report::BenchReport;
use report::{BlockFigures, Measured, cpu_figures};
use stats::{Percentiles, Stages};

/// Length of an epoch in chain blocks: long enough that no submission expires while it runs.
pub const TEMPO_BLOCKS: u16 = 4_000;

/// Most submissions of a run: each has a miner in the metagraph, which holds 4,096 neurons.
pub const SUBMISSIONS_MAX: u16 = 4_000;

/// How the benchmark runs.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// The network; its miners are replaced.
    pub plan: Plan,
    /// Submissions that are measured.
    pub submissions: usize,
    /// Submissions that are on their way at once, at most.
    pub concurrency: usize,
    /// Submissions that are sent per second, at most; none: as fast as `concurrency` lets.
    pub rate_per_second: Option<u32>,
}

/// Runs the benchmark.
pub async fn run(
    mut options: BenchOptions,
    say: &mut dyn FnMut(String),
) -> anyhow::Result<BenchReport> {
    let warm_up = options.plan.validators;
    options.plan.miners = (0..warm_up + options.submissions)
        .map(load::miner_name)
        .collect();
    say("measuring the cost of signatures".to_owned());
    let costs = tokio::task::spawn_blocking(cpu::signature_costs).await??;
    let mut testnet = Testnet::start(options.plan.clone(), &mut *say).await?;
    let outcome = measure(&mut testnet, &options, costs, say).await;
    let stopped = testnet.stop().await;
    let report = outcome?;
    stopped?;
    Ok(report)
}

async fn measure(
    testnet: &mut Testnet,
    options: &BenchOptions,
    costs: SignatureCosts,
    say: &mut dyn FnMut(String),
) -> anyhow::Result<BenchReport> {
    let warm_up = testnet.nodes.len();
    say("packing and signing submissions".to_owned());
    let network = NetworkId(testnet.genesis.network_id().0);
    let epoch = testnet
        .nodes
        .first()
        .context("a validator")?
        .client()?
        .node_status()
        .await?
        .epoch;
    let mut prepared = load::prepare(&testnet.plan, network, epoch)?;
    let measured = prepared.split_off(warm_up);

    let load = Load {
        concurrency: warm_up,
        rate_per_second: None,
    };
    load::drive(testnet, prepared, load, &mut |_, _| {
        say("warming up".to_owned());
    })
    .await
    .context("warm-up")?;

    let before = read_nodes(testnet).await?;
    let machine_before = cpu::read_machine()?;
    let own_before = cpu::read_process(std::process::id())?;
    let load = Load {
        concurrency: options.concurrency,
        rate_per_second: options.rate_per_second,
    };
    let started = std::time::Instant::now();
    let sent = load::drive(testnet, measured, load, &mut |agreed, all| {
        let seconds = started.elapsed().as_secs_f64();
        say(format!(
            "{agreed} of {all} agreed by all validators, {:.1} per second",
            agreed as f64 / seconds.max(0.001)
        ));
    })
    .await?;
    let wall = started.elapsed();
    let own_after = cpu::read_process(std::process::id())?;
    let machine_after = cpu::read_machine()?;
    let after = read_nodes(testnet).await?;

    say("reading the journeys".to_owned());
    let journeys = read_journeys(testnet, &sent).await?;
    let names: Vec<String> = testnet.nodes.iter().map(|n| n.spec.name.clone()).collect();
    Ok(BenchReport::new(Measured {
        options,
        wall,
        elapsed_ms: elapsed_ms(&sent, &journeys)?,
        submit_to_agreement: submit_to_agreement(&sent, &journeys)?,
        acknowledgement: Percentiles::of(sent.iter().map(|one| one.answered_ms - one.sent_ms)),
        stages: Stages::of(
            sent.iter()
                .zip(&journeys)
                .map(|(one, journey)| (one.sent_ms, journey.steps.as_slice())),
        ),
        blocks: BlockFigures::new(&before, &after, sent.len(), wall),
        cpu: cpu_figures(&names, &before, &after, costs),
        own: own_after - own_before,
        machine: machine_after - machine_before,
        costs,
    }))
}

/// First send to last agreement at the validators that were sent to.
fn elapsed_ms(sent: &[Sent], journeys: &[Journey]) -> anyhow::Result<u64> {
    let first = sent.iter().map(|one| one.sent_ms).min();
    let last = journeys.iter().filter_map(agreed_ms).max();
    let (first, last) = (first.context("a submission")?, last.context("a journey")?);
    Ok(last.saturating_sub(first).max(1))
}

fn submit_to_agreement(sent: &[Sent], journeys: &[Journey]) -> anyhow::Result<Percentiles> {
    let mut times = Vec::with_capacity(sent.len());
    for (one, journey) in sent.iter().zip(journeys) {
        let agreed = agreed_ms(journey).context("an agreed step in the journey")?;
        times.push(agreed.saturating_sub(one.sent_ms));
    }
    Percentiles::of(times).context("at least one submission")
}

fn agreed_ms(journey: &Journey) -> Option<u64> {
    let mut steps = journey.steps.iter();
    steps
        .find(|step| step.status == SubmissionStatus::Agreed)
        .map(|step| step.time_ms)
}

async fn read_nodes(testnet: &Testnet) -> anyhow::Result<Vec<NodeReading>> {
    let http = cpu::http_client()?;
    let mut readings = Vec::new();
    for node in &testnet.nodes {
        let pid = node.pid().context("a running validator")?;
        readings.push(NodeReading {
            process: cpu::read_process(pid)?,
            metrics: cpu::read_metrics(&http, &node.url()).await?,
        });
    }
    Ok(readings)
}

/// The journey of every submission at the validator that it was sent to.
async fn read_journeys(testnet: &Testnet, sent: &[Sent]) -> anyhow::Result<Vec<Journey>> {
    let clients = load::clients(testnet)?;
    let mut journeys = Vec::with_capacity(sent.len());
    for one in sent {
        let client = clients.get(one.node).context("a client per validator")?;
        let journey = client.submission_get(&one.id).await?;
        let refused = journey.reason.as_ref();
        if journey.status != SubmissionStatus::Agreed || refused.is_some() {
            bail!(
                "submission {} ended as {}: {}",
                one.id,
                journey.status,
                refused.map_or("no reason given", |reason| reason.text.as_str())
            );
        }
        journeys.push(journey);
    }
    Ok(journeys)
}

/// Milliseconds of a duration.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
