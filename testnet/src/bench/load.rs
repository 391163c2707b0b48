//! Miners that submit: packages made beforehand, then sent at a bounded pace.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use assay_api::RpcClient;
use assay_cli::package::pack_directory;
use assay_cli::results::Reported;
use assay_cli::submission::{Label, SignedSubmission, Target, build_term_submission};
use assay_consensus::envelope::NetworkId;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::network::{CHALLENGE, Plan, Testnet};

use super::cpu;

/// What every miner submits, with its own name in it.
const AGENT: &str = include_str!("../../agents/half/agent.py");

/// The results that go with it.
const RESULTS: &str = include_str!("../../agents/half/task_results.json");

/// Pause between looks at the validators' counters.
const WATCH: Duration = Duration::from_millis(25);

/// Pause between lines of progress.
const PROGRESS: Duration = Duration::from_millis(500);

/// Time without any agreement after which the run is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Requests that one validator answers at once at most; more would be refused as too many.
const SENDS_PER_VALIDATOR: usize = 32;

/// Pause before a validator that was too busy is asked again, and how often.
const RETRY: Duration = Duration::from_millis(50);
const RETRIES_MAX: u32 = 100;

/// How fast submissions are sent.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Submissions on their way at once, until all validators show them as agreed.
    pub concurrency: usize,
    /// Submissions per second at most.
    pub rate_per_second: Option<u32>,
}

/// A submission that a validator acknowledged.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Index of the validator.
    pub node: usize,
    /// When it was sent, Unix milliseconds.
    pub sent_ms: u64,
    /// When the acknowledgement came.
    pub answered_ms: u64,
}

/// Name of a miner and of its agent; its key derives from it.
pub fn miner_name(index: usize) -> String {
    format!("bench-{index:04}")
}

/// Clients of all validators.
pub fn clients(testnet: &Testnet) -> anyhow::Result<Vec<Arc<RpcClient>>> {
    let clients = testnet.nodes.iter().map(|node| node.client().map(Arc::new));
    clients.collect()
}

/// Packs and signs one submission per miner of the plan.
pub fn prepare(
    plan: &Plan,
    network: NetworkId,
    epoch: u64,
) -> anyhow::Result<Vec<SignedSubmission>> {
    let dir = plan.dir.join("package");
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let target = Target { network, epoch };
    let prepared = plan
        .miners
        .iter()
        .map(|name| prepare_one(name, &dir, &target));
    prepared.collect()
}

fn prepare_one(name: &str, dir: &Path, target: &Target) -> anyhow::Result<SignedSubmission> {
    std::fs::write(dir.join("agent.py"), format!("{AGENT}\n# {name}\n"))?;
    let results = RESULTS.replace("demo-half", name);
    std::fs::write(dir.join("task_results.json"), &results)?;
    let package = pack_directory(dir)?;
    let reported = Reported::from_json(results.as_bytes())?;
    let label = Label {
        challenge: CHALLENGE.to_owned(),
        name: name.to_owned(),
        sequence: 0,
    };
    let keypair = Plan::key(name);
    let built = build_term_submission(target, &label, &package.zip, &reported, &keypair);
    built.with_context(|| name.to_owned())
}

/// Sends all submissions, in turn to each validator, and returns when all validators show all of
/// them as agreed. `progress` gets the number agreed so far and the number of all.
pub async fn drive(
    testnet: &mut Testnet,
    submissions: Vec<SignedSubmission>,
    load: Load,
    progress: &mut dyn FnMut(u64, usize),
) -> anyhow::Result<Vec<Sent>> {
    let all = submissions.len();
    let clients = clients(testnet)?;
    let room = Arc::new(Semaphore::new(load.concurrency.max(1)));
    let sending = send_all(
        clients,
        submissions,
        load.rate_per_second,
        Arc::clone(&room),
    );
    let watching = watch(testnet, all, room, progress);
    let (sent, ()) = tokio::try_join!(sending, watching)?;
    Ok(sent)
}

async fn send_all(
    clients: Vec<Arc<RpcClient>>,
    submissions: Vec<SignedSubmission>,
    rate_per_second: Option<u32>,
    room: Arc<Semaphore>,
) -> anyhow::Result<Vec<Sent>> {
    let mut pace = rate_per_second.map(|rate| {
        let mut pace = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        pace
    });
    let sends = Arc::new(Semaphore::new(SENDS_PER_VALIDATOR * clients.len()));
    let mut tasks = JoinSet::new();
    let mut sent = Vec::with_capacity(submissions.len());
    for (index, submission) in submissions.into_iter().enumerate() {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        // Given back by the watcher, once the submission is agreed.
        room.acquire().await.context("room")?.forget();
        let slot = Arc::clone(&sends).acquire_owned().await.context("sends")?;
        let node = index % clients.len().max(1);
        let client = Arc::clone(clients.get(node).context("a validator")?);
        tasks.spawn(async move {
            let sent = send(&client, node, &submission).await;
            drop(slot);
            sent
        });
        while let Some(ended) = tasks.try_join_next() {
            sent.push(ended??);
        }
    }
    while let Some(ended) = tasks.join_next().await {
        sent.push(ended??);
    }
    Ok(sent)
}

/// Sends until the validator has time for it; a refusal ends the run.
async fn send(
    client: &RpcClient,
    node: usize,
    submission: &SignedSubmission,
) -> anyhow::Result<Sent> {
    let params = submission.send_params();
    let sent_ms = unix_ms()?;
    let mut tries = 0;
    let receipt = loop {
        match client.submission_send(&params).await {
            Ok(receipt) => break receipt,
            Err(error) if error.is_retryable() && tries < RETRIES_MAX => {
                tries += 1;
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => bail!("submission {} was not taken: {error}", submission.id()),
        }
    };
    Ok(Sent {
        id: receipt.submission_id,
        node,
        sent_ms,
        answered_ms: unix_ms()?.max(sent_ms),
    })
}

/// Watches the validators' counters until all show `all` more agreements than at first, and makes
/// room for as many submissions as were agreed.
async fn watch(
    testnet: &mut Testnet,
    all: usize,
    room: Arc<Semaphore>,
    progress: &mut dyn FnMut(u64, usize),
) -> anyhow::Result<()> {
    let http = cpu::http_client()?;
    let urls: Vec<String> = testnet.nodes.iter().map(|node| node.url()).collect();
    // The last run ended with all validators showing the same.
    let first = agreed_by_all(&http, &urls).await?;
    let (mut agreed, mut moved) = (0, Instant::now());
    let mut told: Option<Instant> = None;
    while (agreed as usize) < all {
        let now = agreed_by_all(&http, &urls).await?.saturating_sub(first);
        if now > agreed {
            room.add_permits(usize::try_from(now - agreed)?);
            (agreed, moved) = (now, Instant::now());
        }
        if told.is_none_or(|told| told.elapsed() >= PROGRESS) {
            progress(agreed, all);
            told = Some(Instant::now());
        }
        if moved.elapsed() > PATIENCE {
            bail!("{agreed} of {all} submissions were agreed, then none for {PATIENCE:?}");
        }
        testnet.check_alive()?;
        tokio::time::sleep(WATCH).await;
    }
    Ok(())
}

/// Agreements that every validator has seen.
async fn agreed_by_all(http: &reqwest::Client, urls: &[String]) -> anyhow::Result<u64> {
    let mut least = u64::MAX;
    for url in urls {
        least = least.min(cpu::read_metrics(http, url).await?.agreed);
    }
    Ok(least)
}

fn unix_ms() -> anyhow::Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(now.as_millis())?)
}
