//! A submission's journey as lines of text, and the live display while it is followed.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::time::Duration;

use assay_api::ClientError;
use assay_api::submission::{
    ApprovalView, Journey, JourneyStep, LogVoteView, Reason, SubmissionStatus, Verdict,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::follow::Progress;
use crate::text::{clean, percent, score, short, ss58, took};

/// Steps from received to agreed.
const STEPS: u64 = 5;

/// How often the spinner turns, in milliseconds.
const TICK_MS: u64 = 120;

/// A journey for people: what it is, every step, every validator's word.
pub fn describe(journey: &Journey) -> Vec<String> {
    let mut lines = head_lines(journey);
    lines.push(String::new());
    lines.extend(journey.steps.iter().map(|step| step_line(journey, step)));
    lines.extend(section(
        "Approvals",
        journey.approvals.iter().map(approval_line),
    ));
    lines.extend(vote_lines(journey));
    lines
}

/// The end of a journey for people who have watched it: what it is and how the votes stand.
pub fn describe_end(journey: &Journey) -> Vec<String> {
    let mut lines = head_lines(journey);
    lines.extend(vote_lines(journey));
    lines
}

fn head_lines(journey: &Journey) -> Vec<String> {
    let mut lines = vec![
        format!("Submission  {}", clean(&journey.submission_id)),
        format!("Challenge   {}", clean(&journey.challenge)),
        format!(
            "Agent       {} (slot {}, epoch {})",
            clean(&journey.name),
            journey.sequence,
            journey.epoch
        ),
        format!("Miner       {}", ss58(&journey.hotkey)),
        format!("Status      {}", verdict_line(journey)),
    ];
    if let Some(hash) = &journey.log_hash {
        lines.push(format!("Log hash    {}", clean(hash)));
    }
    lines
}

fn vote_lines(journey: &Journey) -> Vec<String> {
    section(
        "Votes: score, log, standing",
        journey.votes.iter().map(vote_line),
    )
}

/// A title and its lines after an empty one, or nothing.
fn section(title: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Vec::new();
    }
    [String::new(), title.to_owned()]
        .into_iter()
        .chain(lines)
        .collect()
}

/// Status, score and reason in one line.
pub fn verdict_line(journey: &Journey) -> String {
    let mut line = journey.status.to_string();
    if let Some(value) = journey.score {
        line.push_str(&format!(", score {}", score(value)));
    }
    if journey.total_stake > 0 && !journey.votes.is_empty() {
        line.push_str(&format!(
            ", {}% of the stake agrees",
            percent(journey.agreed_stake, journey.total_stake)
        ));
    }
    if let Some(reason) = &journey.reason {
        line.push_str(&format!(": {}", reason_text(reason)));
    }
    line
}

/// A reason with its code and whose fault it is.
pub fn reason_text(reason: &Reason) -> String {
    format!(
        "{} ({}, fault: {})",
        clean(&reason.text),
        clean(&reason.code),
        reason.fault
    )
}

fn step_line(journey: &Journey, step: &JourneyStep) -> String {
    let start_ms = journey.steps.first().map_or(step.time_ms, |s| s.time_ms);
    let mut line = format!(
        "  {:<9} +{}",
        step.status.as_str(),
        took(step.time_ms.saturating_sub(start_ms))
    );
    if let Some(height) = step.height {
        line.push_str(&format!("  ledger {height}"));
    }
    if let Some(block) = step.chain_block {
        line.push_str(&format!("  chain block {block}"));
    }
    if let Some(reason) = &step.reason {
        line.push_str(&format!("  {}", reason_text(reason)));
    }
    line
}

fn approval_line(approval: &ApprovalView) -> String {
    match approval.verdict {
        Verdict::Approve => format!("  {}  approved", ss58(&approval.hotkey)),
        Verdict::Reject => format!(
            "  {}  rejected: {} ({})",
            ss58(&approval.hotkey),
            clean(&approval.text),
            clean(&approval.code)
        ),
    }
}

fn vote_line(vote: &LogVoteView) -> String {
    let standing = match (vote.double_vote, vote.agrees) {
        (true, _) => "voted twice",
        (false, Some(true)) => "agrees",
        (false, Some(false)) => "DIFFERS",
        (false, None) => "counted",
    };
    format!(
        "  {} {} {} {standing}",
        ss58(&vote.hotkey),
        score(vote.score),
        short(&vote.log_hash)
    )
}

/// Shows a followed journey on standard error: a live bar on a terminal, a line per event
/// elsewhere, nothing when silent. Never says the same thing twice.
pub struct Display {
    bar: ProgressBar,
    is_live: bool,
    is_silent: bool,
    said: BTreeSet<String>,
}

impl Display {
    /// A display on standard error.
    pub fn new(is_silent: bool) -> Display {
        let is_live = !is_silent && std::io::stderr().is_terminal();
        let target = if is_live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(STEPS), target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:20} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        if is_live {
            bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        }
        Display {
            bar,
            is_live,
            is_silent,
            said: BTreeSet::new(),
        }
    }

    /// Whether a person watches the events as they come.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Takes in what following reports.
    pub fn update(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Journey(journey) => self.show(journey),
            Progress::NoAnswer(error) => self.no_answer(error),
        }
    }

    /// Says one line above the bar.
    pub fn say(&mut self, line: &str) {
        if self.is_silent || !self.said.insert(line.to_owned()) {
            return;
        }
        if self.is_live {
            self.bar.println(line);
        } else {
            eprintln!("{line}");
        }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&mut self, journey: &Journey) {
        for line in event_lines(journey) {
            self.say(&line);
        }
        self.bar.set_position(steps_done(journey.status));
        self.bar.set_message(waiting_for(journey));
    }

    fn no_answer(&mut self, error: &ClientError) {
        self.bar
            .set_message(format!("asking again: {}", clean(&error.to_string())));
        self.say(&format!(
            "  no answer, asking again: {}",
            clean(&error.to_string())
        ));
    }
}

/// Every event of a journey so far as a line that stays the same in later answers.
fn event_lines(journey: &Journey) -> Vec<String> {
    let steps = journey.steps.iter().map(|step| step_line(journey, step));
    let approvals = journey.approvals.iter().map(approval_line);
    // Whether a vote agrees is only known later; the line must not change when it is.
    let votes = journey.votes.iter().map(|vote| {
        format!(
            "  {}  voted: score {}, log {}",
            ss58(&vote.hotkey),
            score(vote.score),
            short(&vote.log_hash)
        )
    });
    let (early, late): (Vec<_>, Vec<_>) = journey
        .steps
        .iter()
        .zip(steps)
        .partition(|(step, _)| step.status < SubmissionStatus::Agreed);
    let (received, rest): (Vec<_>, Vec<_>) = early
        .into_iter()
        .partition(|(step, _)| step.status == SubmissionStatus::Received);
    let text = |(_, line): (&JourneyStep, String)| line;
    received
        .into_iter()
        .map(text)
        .chain(approvals)
        .chain(rest.into_iter().map(text))
        .chain(votes)
        .chain(late.into_iter().map(text))
        .collect()
}

fn steps_done(status: SubmissionStatus) -> u64 {
    match status {
        SubmissionStatus::Received => 1,
        SubmissionStatus::Approved => 2,
        SubmissionStatus::Ordered => 3,
        SubmissionStatus::Executed => 4,
        SubmissionStatus::Agreed | SubmissionStatus::Failed => STEPS,
    }
}

fn waiting_for(journey: &Journey) -> String {
    match journey.status {
        SubmissionStatus::Received => {
            let approved = journey
                .approvals
                .iter()
                .filter(|approval| approval.verdict == Verdict::Approve);
            let stake = approved.fold(0u64, |sum, one| sum.saturating_add(one.stake));
            format!(
                "received: {}% of the stake approved it so far",
                percent(stake, journey.total_stake)
            )
        }
        SubmissionStatus::Approved => "approved: waiting to be put in a block".into(),
        SubmissionStatus::Ordered => "ordered: being evaluated".into(),
        SubmissionStatus::Executed => format!(
            "executed: {}% of the stake has the same log",
            percent(journey.agreed_stake, journey.total_stake)
        ),
        SubmissionStatus::Agreed => "agreed".into(),
        SubmissionStatus::Failed => "failed".into(),
    }
}

#[cfg(test)]
mod tests {
    use assay_api::submission::Fault;

    use super::*;
    use crate::fixtures;

    fn journey(status: SubmissionStatus) -> Journey {
        fixtures::journey("ab", status, Fault::Miner)
    }

    #[test]
    fn a_line_that_was_said_stays_the_same_in_later_answers() {
        let mut said = Vec::new();
        for status in [
            SubmissionStatus::Received,
            SubmissionStatus::Approved,
            SubmissionStatus::Ordered,
            SubmissionStatus::Executed,
            SubmissionStatus::Agreed,
        ] {
            let lines = event_lines(&journey(status));
            assert!(said.iter().all(|line| lines.contains(line)), "{lines:?}");
            said = lines;
        }
    }
}
