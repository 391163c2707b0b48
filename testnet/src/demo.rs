//! The main job: miners submit, validators agree, weights get to the chain, an auditor recomputes
//! all of it.

mod weights;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use assay_api::submission::{Journey, SubmissionStatus};
use assay_api::weights::WeightsReport;
use assay_api::{RpcClient, node::NodeMode};
use assay_chain::{Chain as _, weights as chain_weights};
use assay_cli::submission::{Label, Target, build_term_submission};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::Weight;

use crate::agents::{self, SAMPLES, SampleAgent};
use crate::network::{CHALLENGE, POLL, Plan, Testnet};
use crate::process::NodeProcess;
use crate::summary::{AuditView, MinerView, Summary, ValidatorView, VoteView, WeightView};

/// How the demo runs.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The network.
    pub plan: Plan,
    /// Epochs whose weights must get to the chain.
    pub epochs: u64,
    /// Kill one validator in the middle and start it again.
    pub crash: bool,
}

/// Longest wait for a single step.
const PATIENCE: Duration = Duration::from_secs(90);

/// Chain blocks that must be left in an epoch for submissions to be ordered in it.
const BLOCKS_NEEDED: u64 = 12;

/// A submission that was sent, or refused at once.
struct Sent {
    agent: SampleAgent,
    hotkey: Hotkey,
    outcome: Result<String, String>,
}

/// Runs the demo to its end. The summary says whether all agreed.
pub async fn run(options: DemoOptions, say: &mut dyn FnMut(String)) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let tamper = options.plan.tamper;
    let mut testnet = Testnet::start(options.plan.clone(), &mut *say).await?;
    let outcome = story(&mut testnet, &options, say).await;
    let stopped = testnet.stop().await;
    let mut summary = outcome?;
    stopped?;
    summary.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    summary.judge(tamper.map(Plan::validator_name));
    Ok(summary)
}

async fn story(
    testnet: &mut Testnet,
    options: &DemoOptions,
    say: &mut dyn FnMut(String),
) -> anyhow::Result<Summary> {
    let epoch = wait_for_room(testnet, say).await?;
    say(format!(
        "epoch {epoch}: miners submit {} agents",
        SAMPLES.len()
    ));
    let sent = submit_all(testnet, epoch).await?;

    if options.crash {
        crash_and_restart(testnet, say).await?;
    }
    let honest = honest_nodes(testnet);
    say("waiting for agreement on every log and score".to_owned());
    let journeys = follow_all(testnet, &sent, &honest).await?;

    let reports = weights::in_a_row(testnet, &honest, epoch, options.epochs, say).await?;
    say("an auditor joins, replays the ledger and recomputes everything".to_owned());
    let last = reports.last().context("at least one epoch")?;
    let audit = audit(testnet, last.epoch).await?;
    summarise(testnet, options, &sent, journeys, &reports, audit).await
}

/// The epoch to submit in: one with enough blocks left before its weights are computed.
async fn wait_for_room(testnet: &mut Testnet, say: &mut dyn FnMut(String)) -> anyhow::Result<u64> {
    let margin = testnet.genesis.weights_margin_blocks;
    let mut told = false;
    within("an epoch with room for submissions", async {
        loop {
            testnet.check_alive()?;
            let head = testnet.chain.finalized_head().await?;
            let ledger_epoch = first_client(testnet)?.node_status().await?.epoch;
            if ledger_epoch == head.epoch
                && head.number + margin + BLOCKS_NEEDED < head.next_epoch_start
            {
                return Ok(head.epoch);
            }
            if !told {
                say("waiting for the next epoch to begin".to_owned());
                told = true;
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await
}

/// Every miner sends its agent to another validator.
async fn submit_all(testnet: &Testnet, epoch: u64) -> anyhow::Result<Vec<Sent>> {
    let network = NetworkId(testnet.genesis.network_id().0);
    let packages = testnet.plan.dir.join("miners");
    let mut sent = Vec::new();
    for (index, agent) in SAMPLES.iter().enumerate() {
        let keypair = Plan::key(agent.name);
        let (package, reported) = agents::pack(agent, &packages)?;
        let label = Label {
            challenge: CHALLENGE.to_owned(),
            name: agent.name.to_owned(),
            sequence: 0,
        };
        let target = Target { network, epoch };
        let submission = build_term_submission(&target, &label, &package.zip, &reported, &keypair)?;
        let node = testnet
            .nodes
            .get(index % testnet.nodes.len())
            .context("a validator")?;
        let outcome = match node
            .client()?
            .submission_send(&submission.send_params())
            .await
        {
            Ok(receipt) => Ok(receipt.submission_id),
            Err(error) => Err(error.to_string()),
        };
        sent.push(Sent {
            agent: agent.clone(),
            hotkey: keypair.hotkey(),
            outcome,
        });
    }
    Ok(sent)
}

/// Kills the last honest validator without warning and starts it again when the others went on.
async fn crash_and_restart(
    testnet: &mut Testnet,
    say: &mut dyn FnMut(String),
) -> anyhow::Result<()> {
    let victim = testnet
        .nodes
        .iter()
        .rposition(|node| !node.spec.tampers)
        .context("an honest validator")?;
    let height = first_client(testnet)?.node_status().await?.ledger_height;
    let node = testnet.nodes.get_mut(victim).context("the victim")?;
    say(format!("killing {} with SIGKILL", node.spec.name));
    node.kill().await?;
    within("progress without the killed validator", async {
        while first_client(testnet)?.node_status().await?.ledger_height <= height {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    })
    .await?;
    let node = testnet.nodes.get_mut(victim).context("the victim")?;
    say(format!("starting {} again", node.spec.name));
    node.spawn()?;
    let client = node.client()?;
    within("the restarted validator to catch up", async {
        loop {
            let ahead = first_client(testnet)?.node_status().await?.ledger_height;
            if let Ok(status) = client.node_status().await
                && status.ledger_height >= ahead
                && status.mode == NodeMode::Active
            {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await
}

/// Waits until every honest validator shows the end of every submission and all of their votes. A
/// submission that fails never gets into the ledger, so only the validators that heard of it know
/// it: there the first one, which nobody kills, speaks for all.
async fn follow_all(
    testnet: &mut Testnet,
    sent: &[Sent],
    honest: &[usize],
) -> anyhow::Result<Vec<Option<Journey>>> {
    let mut journeys = Vec::new();
    for one in sent {
        let Ok(id) = &one.outcome else {
            journeys.push(None);
            continue;
        };
        let mut shown: Option<Journey> = None;
        for index in honest {
            if shown
                .as_ref()
                .is_some_and(|journey| journey.status == SubmissionStatus::Failed)
            {
                break;
            }
            let journey = wait_for_end(testnet, *index, id, honest.len())
                .await
                .with_context(|| format!("submission {id} of {}", one.agent.name))?;
            shown = Some(journey);
        }
        journeys.push(shown);
    }
    Ok(journeys)
}

async fn wait_for_end(
    testnet: &mut Testnet,
    index: usize,
    id: &str,
    honest: usize,
) -> anyhow::Result<Journey> {
    within("agreement on a submission", async {
        loop {
            testnet.check_alive()?;
            let answer = client_of(testnet, index)?.submission_get(id).await;
            if let Some(journey) = answer.ok().filter(|journey| has_ended(journey, honest)) {
                return Ok(journey);
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await
}

/// Agreed with a vote of every honest validator, or failed.
fn has_ended(journey: &Journey, honest: usize) -> bool {
    let agreeing = journey
        .votes
        .iter()
        .filter(|vote| vote.agrees == Some(true))
        .count();
    match journey.status {
        SubmissionStatus::Agreed => agreeing >= honest,
        status => status.is_terminal(),
    }
}

/// Starts a node without a key, lets it replay the ledger, and takes the weights it computed.
async fn audit(testnet: &mut Testnet, epoch: u64) -> anyhow::Result<AuditView> {
    let height = first_client(testnet)?.node_status().await?.ledger_height;
    let mut auditor = testnet.start_auditor()?;
    let outcome = within("the auditor to replay the ledger", async {
        loop {
            auditor.check_alive()?;
            let client = auditor.client()?;
            if let Ok(status) = client.node_status().await
                && status.ledger_height >= height
                && let Ok(report) = client.weights_get(Some(epoch)).await
                && !report.entries.is_empty()
            {
                return Ok(AuditView {
                    height: status.ledger_height,
                    state_root: status.state_root,
                    weights: report.entries.iter().map(WeightView::from).collect(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await;
    auditor.stop().await?;
    outcome
}

async fn summarise(
    testnet: &Testnet,
    options: &DemoOptions,
    sent: &[Sent],
    journeys: Vec<Option<Journey>>,
    reports: &[WeightsReport],
    audit: AuditView,
) -> anyhow::Result<Summary> {
    let last = reports.last().context("at least one epoch")?;
    let mut validators = Vec::new();
    for (node, hotkey) in testnet.nodes.iter().zip(&testnet.hotkeys) {
        validators.push(validator_view(node, hotkey, &journeys, last).await?);
    }
    let miners = sent
        .iter()
        .zip(&journeys)
        .map(|(one, journey)| miner_view(one, journey.as_ref()))
        .collect();
    let expected = expected_on_chain(testnet, last, &audit).await?;
    Ok(Summary {
        agreement: false,
        problems: Vec::new(),
        epochs: reports.iter().map(|report| report.epoch).collect(),
        crashed: options.crash,
        validators,
        miners,
        agreed_weights: last.entries.iter().map(WeightView::from).collect(),
        expected_chain_weights: expected,
        audit,
        elapsed_ms: 0,
    })
}

async fn validator_view(
    node: &NodeProcess,
    hotkey: &Hotkey,
    journeys: &[Option<Journey>],
    weights: &WeightsReport,
) -> anyhow::Result<ValidatorView> {
    let status = node.client()?.node_status().await?;
    let hotkey = hotkey.to_ss58();
    let votes = journeys.iter().flatten().filter_map(|journey| {
        let vote = journey.votes.iter().find(|vote| vote.hotkey == hotkey)?;
        Some(VoteView {
            submission_id: journey.submission_id.clone(),
            name: journey.name.clone(),
            log_hash: vote.log_hash.clone(),
            score: vote.score,
            agrees: vote.agrees == Some(true),
        })
    });
    let votes: Vec<VoteView> = votes.collect();
    let chain_row = weights.chain.iter().find(|row| row.hotkey == hotkey);
    Ok(ValidatorView {
        name: node.spec.name.clone(),
        mode: status.mode.to_string(),
        ledger_height: status.ledger_height,
        divergent: votes.iter().any(|vote| !vote.agrees) || status.mode == NodeMode::Diverged,
        weights_vote: weights
            .votes
            .iter()
            .find(|vote| vote.hotkey == hotkey)
            .map(|vote| vote.weights_hash.clone()),
        chain_weights: chain_row.map(|row| {
            row.entries
                .iter()
                .filter_map(|entry| Some((entry.uid?, entry.weight)))
                .collect()
        }),
        hotkey,
        votes,
    })
}

fn miner_view(sent: &Sent, journey: Option<&Journey>) -> MinerView {
    let reason = match (&sent.outcome, journey) {
        (Err(refusal), _) => Some(refusal.clone()),
        (Ok(_), Some(journey)) => journey
            .reason
            .as_ref()
            .map(|reason| format!("{}: {}", reason.code, reason.text)),
        (Ok(_), None) => None,
    };
    MinerView {
        name: sent.agent.name.to_owned(),
        hotkey: sent.hotkey.to_ss58(),
        submission_id: sent.outcome.clone().ok(),
        status: journey.map_or("refused".to_owned(), |journey| journey.status.to_string()),
        score: journey.and_then(|journey| journey.score),
        log_hash: journey.and_then(|journey| journey.log_hash.clone()),
        reason,
        expectation: sent.agent.expectation,
    }
}

/// What the chain must hold, from the auditor's recomputed weights and the metagraph of the block
/// that the ledger pinned.
async fn expected_on_chain(
    testnet: &Testnet,
    report: &WeightsReport,
    audit: &AuditView,
) -> anyhow::Result<Vec<(u16, u16)>> {
    let number = report.chain_block.context("the weights' chain block")?;
    let pinned: Hash = testnet
        .chain
        .block(number)
        .await?
        .context("the weights' chain block")?
        .hash;
    let metagraph = testnet.chain.metagraph(pinned).await?;
    let mut weights = Vec::new();
    for weight in &audit.weights {
        weights.push(Weight {
            hotkey: Hotkey::parse(&weight.hotkey)?,
            value: weight.weight,
        });
    }
    let resolved = chain_weights::resolve(&weights, &metagraph, &testnet.genesis.burn_hotkey);
    Ok(chain_weights::without_zeros(&resolved.entries))
}

fn honest_nodes(testnet: &Testnet) -> Vec<usize> {
    (0..testnet.nodes.len())
        .filter(|index| testnet.plan.tamper != Some(*index))
        .collect()
}

fn first_client(testnet: &Testnet) -> anyhow::Result<RpcClient> {
    client_of(
        testnet,
        *honest_nodes(testnet)
            .first()
            .context("an honest validator")?,
    )
}

fn client_of(testnet: &Testnet, index: usize) -> anyhow::Result<RpcClient> {
    testnet.nodes.get(index).context("a validator")?.client()
}

async fn within<T>(what: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(outcome) => outcome,
        Err(_) => bail!("gave up after {PATIENCE:?} of waiting for {what}"),
    }
}
