//! What `w` opens: the newest weights, what became of them on the chain, and earlier epochs.

use std::collections::BTreeMap;

use assay_api::weights::{
    ChainAttempt, ChainSubmission, ChainWeights, SubmissionStage, WeightsReport, WeightsStatus,
    WeightsSummary, WeightsVoteView,
};
use ratatui::style::{Color, Style};

use super::{empty_reason, hotkey};
use crate::limits::PAID_SHOWN_MAX;
use crate::text::{clean, short, span, ss58, tao};
use crate::tui::app::App;
use crate::weights::{attempt_lines, history_line, left_out, method, share, standing, votes};

/// From this width on, the hotkeys of the paid fit whole beside their share.
const WHOLE_PAID_COLUMNS: u16 = 80;

/// A line and how it is drawn.
pub type Styled = (String, Style);

/// The whole story; narrower screens shorten hotkeys.
pub fn lines(app: &App, width: u16) -> Vec<Styled> {
    let feed = &app.feeds.weights;
    let Some(report) = feed.value() else {
        return vec![plain(empty_reason(feed, app, ""))];
    };
    let mut lines = head_lines(report);
    lines.extend(section("Paid", paid_lines(report, width)));
    lines.extend(section(
        "Validators: vote, stake, weights on the chain",
        validator_lines(report, width),
    ));
    lines.extend(attempts_section(app, report.submission.as_ref()));
    lines.extend(section(
        "Earlier epochs: status, way to the chain",
        report.history.iter().map(past_line).collect(),
    ));
    lines
}

fn head_lines(report: &WeightsReport) -> Vec<Styled> {
    let submission = report.submission.as_ref();
    let color = color(report.status, submission);
    let mut lines = vec![
        plain(format!("Epoch       {}", report.epoch)),
        (
            format!("Status      {}", standing(report.status, submission)),
            Style::new().fg(color),
        ),
    ];
    if report.status == WeightsStatus::Pending {
        lines.push(plain(
            "            The validators compute and vote on them at the end of an epoch.".into(),
        ));
        return lines;
    }
    lines.extend(votes(report).map(|votes| plain(format!("Votes       {votes}"))));
    if let Some(hash) = &report.weights_hash {
        lines.push(plain(format!("Hash        {}", clean(hash))));
    }
    if let (Some(height), Some(block)) = (report.height, report.chain_block) {
        lines.push(plain(format!(
            "Computed    at ledger height {height} from chain block {block}"
        )));
    }
    if let Some(submission) = submission {
        lines.push(plain(format!("Method      {}", method(submission))));
    }
    lines.push(plain(format!("Chain       {}", on_chain(report))));
    lines
}

/// Where the weights are on the chain: this node's block, and how many validators show them.
fn on_chain(report: &WeightsReport) -> String {
    let submission = report.submission.as_ref();
    let place = submission.and_then(|submission| {
        let what = match submission.reveal_epoch {
            Some(_) => "this node's commit",
            None => "this node's",
        };
        Some(format!("{what} in block {}, ", submission.block?))
    });
    let shown = report.chain.iter().filter(|one| one.matches).count();
    format!(
        "{}shown for {shown} of {} validators",
        place.unwrap_or_default(),
        validators(report).len()
    )
}

fn paid_lines(report: &WeightsReport, width: u16) -> Vec<Styled> {
    let mut by_weight: Vec<_> = report.entries.iter().collect();
    by_weight.sort_by_key(|entry| std::cmp::Reverse(entry.weight));
    let shown = by_weight.iter().take(PAID_SHOWN_MAX).map(|entry| {
        let name = if width >= WHOLE_PAID_COLUMNS {
            ss58(&entry.hotkey)
        } else {
            short(&ss58(&entry.hotkey))
        };
        let uid = entry.uid.map_or("gone".into(), |uid| format!("uid {uid}"));
        plain(format!("  {name}  {uid:<9}  {:>7}", share(entry.weight)))
    });
    shown
        .chain(left_out(by_weight.len(), PAID_SHOWN_MAX).map(plain))
        .collect()
}

type Standing<'a> = (Option<&'a WeightsVoteView>, Option<&'a ChainWeights>);

/// Everyone who voted or has weights of this epoch on the chain.
fn validators(report: &WeightsReport) -> BTreeMap<String, Standing<'_>> {
    let mut all: BTreeMap<String, Standing<'_>> = BTreeMap::new();
    for vote in &report.votes {
        all.entry(ss58(&vote.hotkey)).or_default().0 = Some(vote);
    }
    for shown in &report.chain {
        all.entry(ss58(&shown.hotkey)).or_default().1 = Some(shown);
    }
    all
}

fn validator_lines(report: &WeightsReport, width: u16) -> Vec<Styled> {
    let lines = validators(report).into_iter().map(|(name, (vote, shown))| {
        let (word, color) = match vote {
            Some(vote) if vote.double_vote => ("DOUBLE", Some(Color::Red)),
            Some(vote) => match vote.agrees {
                Some(true) => ("agrees", None),
                Some(false) => ("DIFFERS", Some(Color::Red)),
                None => ("voted", None),
            },
            None => ("no vote", Some(Color::Yellow)),
        };
        let stake = vote.map_or(String::new(), |vote| tao(vote.stake));
        let (chain, is_other) = match shown {
            Some(shown) => {
                let word = if shown.matches { "match" } else { "OTHER" };
                let at = shown
                    .block
                    .map_or(String::new(), |block| format!(", block {block}"));
                (format!("{word}{at}"), !shown.matches)
            }
            None => ("none".into(), false),
        };
        let mut line = format!(
            "  {}  {word:<7}  {stake:>14}  {chain}",
            hotkey(&name, width)
        );
        if let Some(vote) = vote.filter(|vote| vote.agrees == Some(false)) {
            line.push_str(&format!("  ({})", short(&vote.weights_hash)));
        }
        let color = color.or(is_other.then_some(Color::Red));
        (
            line,
            color.map_or(Style::new(), |color| Style::new().fg(color)),
        )
    });
    lines.collect()
}

fn attempts_section(app: &App, submission: Option<&ChainSubmission>) -> Vec<Styled> {
    let attempts = submission.map_or(&[][..], |submission| &submission.attempts);
    let attempt = |attempt: &ChainAttempt| {
        let age = span(app.now_ms.saturating_sub(attempt.time_ms));
        attempt_lines(attempt, &format!("{age} ago")).map(plain)
    };
    section(
        "Attempts of this node, oldest first",
        attempts.iter().flat_map(attempt).collect(),
    )
}

fn past_line(past: &WeightsSummary) -> Styled {
    let color = color(past.status, past.submission.as_ref());
    (history_line(past), Style::new().fg(color))
}

/// Green is on the chain, red will never be, yellow is on its way.
fn color(status: WeightsStatus, submission: Option<&ChainSubmission>) -> Color {
    match submission.map(|submission| submission.stage) {
        Some(SubmissionStage::Stored) => Color::Green,
        Some(SubmissionStage::Missed | SubmissionStage::Failed) => Color::Red,
        Some(SubmissionStage::Skipped) => Color::DarkGray,
        Some(_) => Color::Yellow,
        None if status == WeightsStatus::Onchain => Color::Green,
        None => Color::Reset,
    }
}

/// A title and its lines after an empty one, or nothing.
fn section(title: &str, lines: Vec<Styled>) -> Vec<Styled> {
    if lines.is_empty() {
        return lines;
    }
    [String::new(), title.to_owned()]
        .into_iter()
        .map(plain)
        .chain(lines)
        .collect()
}

fn plain(line: String) -> Styled {
    (line, Style::new())
}
