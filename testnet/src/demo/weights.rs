//! Waiting for the weights of one epoch after the other, and saying who is late.

use anyhow::{Context, bail};
use assay_api::weights::{ChainSubmission, SubmissionStage, WeightsReport};
use assay_consensus::keys::Hotkey;

use super::{client_of, first_client, within};
use crate::network::{POLL, Testnet};

/// Epochs that may be lost because a validator's weights came too late, as they do on a machine that
/// takes longer to start a validator again than an epoch lasts.
const LATE_EPOCHS_MAX: u64 = 3;

/// How the weights of an epoch ended.
enum Outcome {
    /// The chain holds them for every honest validator, and these know it.
    Stored(Box<WeightsReport>),
    /// Somebody's will never get there; says whose and why.
    Late(String),
}

/// How far the weights of a validator are.
struct Progress {
    validator: String,
    submission: Option<ChainSubmission>,
}

/// Waits until the weights of so many epochs in a row, the first of them not before `epoch`, are on
/// the chain for every honest validator.
pub(super) async fn in_a_row(
    testnet: &mut Testnet,
    honest: &[usize],
    epoch: u64,
    count: u64,
    say: &mut dyn FnMut(String),
) -> anyhow::Result<Vec<WeightsReport>> {
    let mut reports: Vec<WeightsReport> = Vec::new();
    let (mut next, mut late_epochs) = (epoch, 0);
    while reports.is_empty() || (reports.len() as u64) < count {
        say(format!("epoch {next}: waiting for weights on the chain"));
        match wait(testnet, honest, next).await? {
            Outcome::Stored(report) => reports.push(*report),
            Outcome::Late(who) if late_epochs == LATE_EPOCHS_MAX => bail!("epoch {next}: {who}"),
            Outcome::Late(who) => {
                say(format!("epoch {next}: {who}; counting from the next one"));
                late_epochs += 1;
                reports.clear();
            }
        }
        next += 1;
    }
    Ok(reports)
}

async fn wait(testnet: &mut Testnet, honest: &[usize], epoch: u64) -> anyhow::Result<Outcome> {
    let mut seen = String::from("nobody was asked");
    let outcome = within("weights on the chain", async {
        loop {
            testnet.check_alive()?;
            let progress = progress(testnet, honest, epoch).await?;
            seen = describe(&progress, |_| true);
            let late = describe(&progress, Progress::is_late);
            if !late.is_empty() {
                return Ok(Outcome::Late(late));
            }
            if progress.iter().all(Progress::is_stored)
                && let Ok(report) = first_client(testnet)?.weights_get(Some(epoch)).await
                && holds_all(testnet, honest, &report)
            {
                return Ok(Outcome::Stored(Box::new(report)));
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await;
    outcome.with_context(|| format!("epoch {epoch} ({seen})"))
}

async fn progress(
    testnet: &Testnet,
    honest: &[usize],
    epoch: u64,
) -> anyhow::Result<Vec<Progress>> {
    let mut all = Vec::new();
    for index in honest {
        let node = testnet.nodes.get(*index).context("a validator")?;
        let report = client_of(testnet, *index)?.weights_get(Some(epoch)).await;
        all.push(Progress {
            validator: node.spec.name.clone(),
            submission: report.ok().and_then(|report| report.submission),
        });
    }
    Ok(all)
}

/// Whether the chain holds the agreed weights, which all honest validators have voted for.
fn holds_all(testnet: &Testnet, honest: &[usize], report: &WeightsReport) -> bool {
    let hotkeys = honest
        .iter()
        .filter_map(|index| testnet.hotkeys.get(*index));
    hotkeys.map(Hotkey::to_ss58).all(|hotkey| {
        let mut rows = report.chain.iter();
        let mut votes = report.votes.iter();
        rows.any(|row| row.hotkey == hotkey && row.matches)
            && votes.any(|vote| vote.hotkey == hotkey && vote.agrees == Some(true))
    })
}

fn describe(progress: &[Progress], is_meant: impl Fn(&Progress) -> bool) -> String {
    let meant = progress.iter().filter(|one| is_meant(one));
    let texts: Vec<String> = meant.map(Progress::describe).collect();
    texts.join(", ")
}

impl Progress {
    fn stage(&self) -> Option<SubmissionStage> {
        self.submission.as_ref().map(|submission| submission.stage)
    }

    fn is_stored(&self) -> bool {
        self.stage() == Some(SubmissionStage::Stored)
    }

    fn is_late(&self) -> bool {
        matches!(
            self.stage(),
            Some(SubmissionStage::Missed | SubmissionStage::Failed | SubmissionStage::Skipped)
        )
    }

    fn describe(&self) -> String {
        let validator = &self.validator;
        match &self.submission {
            None => format!("{validator} has no weights yet"),
            Some(submission) => {
                let reason = submission.reason.as_ref();
                let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                let stage = format!("{:?}", submission.stage).to_lowercase();
                format!("weights of {validator} {stage}{reason}")
            }
        }
    }
}
