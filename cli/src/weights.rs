//! The weights of an epoch in words, the same in the terminal interface and in `assay status`.
//!
//! What the chain or the node said goes through [`clean`]; nothing here asks a clock.

use std::collections::BTreeSet;

use assay_api::weights::{
    ChainAttempt, ChainSubmission, SubmissionMethod, SubmissionStage, WeightsReport, WeightsStatus,
    WeightsSummary,
};

use crate::text::{clean, count, percent, short};

/// Epoch and standing on one short line: `epoch 7: agreed, stored at block 790 (plain)`.
pub fn headline(report: &WeightsReport) -> String {
    format!(
        "epoch {}: {}",
        report.epoch,
        standing(report.status, report.submission.as_ref())
    )
}

/// How far weights are, with the reason why they got no further.
pub fn standing(status: WeightsStatus, submission: Option<&ChainSubmission>) -> String {
    let Some(submission) = submission else {
        return agreement(status).into();
    };
    let method = method_note(submission);
    match (submission.stage, submission.reveal_epoch) {
        (SubmissionStage::Taken, Some(epoch)) => {
            format!("committed, to be revealed in epoch {epoch}{method}")
        }
        (SubmissionStage::Stored, Some(epoch)) => {
            format!("agreed, revealed in epoch {epoch}{method}")
        }
        (SubmissionStage::Skipped | SubmissionStage::Missed | SubmissionStage::Failed, _) => {
            way(submission)
        }
        _ => format!("agreed, {}", way(submission)),
    }
}

/// How far the network got, whatever this node did.
pub fn agreement(status: WeightsStatus) -> &'static str {
    match status {
        WeightsStatus::Pending => "not computed yet",
        WeightsStatus::Voting => "being voted on",
        WeightsStatus::Agreed => "agreed",
        WeightsStatus::Committed => "agreed, committed to the chain",
        WeightsStatus::Onchain => "agreed, on the chain",
    }
}

/// How the votes stand; nothing before there are any.
pub fn votes(report: &WeightsReport) -> Option<String> {
    match report.status {
        WeightsStatus::Pending => None,
        WeightsStatus::Voting => {
            // A double vote is two.
            let voters: BTreeSet<&str> = report.votes.iter().map(|one| &*one.hotkey).collect();
            let voted = count(voters.len(), "validator");
            Some(format!("{voted} voted, no majority yet"))
        }
        WeightsStatus::Agreed | WeightsStatus::Committed | WeightsStatus::Onchain => {
            let agreed = percent(report.agreed_stake, report.total_stake);
            Some(format!("{agreed}% of the stake agrees"))
        }
    }
}

/// What this node did to bring weights to the chain, with block or reason.
pub fn way(submission: &ChainSubmission) -> String {
    let method = method_note(submission);
    let at = submission
        .block
        .map_or(String::new(), |block| format!(" at block {block}"));
    let words = match (submission.stage, submission.reveal_epoch) {
        (SubmissionStage::Open, _) => "not sent yet".into(),
        (SubmissionStage::Sent, _) => format!("sent, in no finalised block yet{method}"),
        (SubmissionStage::Taken, Some(epoch)) => {
            format!("committed{at}, to be revealed in epoch {epoch}{method}")
        }
        (SubmissionStage::Taken, None) => format!("taken{at}{method}"),
        (SubmissionStage::Stored, Some(epoch)) => {
            format!("committed{at}, revealed in epoch {epoch}{method}")
        }
        (SubmissionStage::Stored, None) => format!("stored{at}{method}"),
        (SubmissionStage::Skipped, _) => "not set".into(),
        (SubmissionStage::Missed, _) => "not set in time".into(),
        (SubmissionStage::Failed, _) => "failed".into(),
    };
    match &submission.reason {
        Some(reason) => format!("{words}: {}", clean(reason)),
        None => words,
    }
}

/// How weights are set, and in which epoch a commit is revealed.
pub fn method(submission: &ChainSubmission) -> String {
    let Some(method) = submission.method else {
        return "not signed".into();
    };
    match submission.reveal_epoch {
        Some(epoch) => format!("{}, revealed in epoch {epoch}", method_name(method)),
        None => method_name(method).into(),
    }
}

/// An attempt: where, when and what was sent on the first line, what came of it on the second.
pub fn attempt_lines(attempt: &ChainAttempt, when: &str) -> [String; 2] {
    let mut head = format!("  head {}  {when}", attempt.head);
    match (&attempt.call, &attempt.extrinsic) {
        (None, None) => head.push_str("  not signed"),
        (call, extrinsic) => {
            for part in [call.as_deref().map(clean), extrinsic.as_deref().map(short)] {
                head.extend(part.map(|part| format!("  {part}")));
            }
        }
    }
    let mut result = format!("    {}", clean(&attempt.result));
    if attempt.times > 1 {
        result.push_str(&format!(" ({} times)", attempt.times));
    }
    [head, result]
}

/// An earlier epoch: how far the network got, and how far this node.
pub fn history_line(past: &WeightsSummary) -> String {
    let status = match past.status {
        WeightsStatus::Pending => "pending",
        WeightsStatus::Voting => "voting",
        WeightsStatus::Agreed => "agreed",
        WeightsStatus::Committed => "committed",
        WeightsStatus::Onchain => "on chain",
    };
    let submission = past.submission.as_ref();
    let way = submission.map_or("nothing sent by this node".into(), way);
    format!("  {:<6} {status:<9}  {way}", past.epoch)
}

/// How many hotkeys are left out of a list of which `shown` are listed.
pub fn left_out(total: usize, shown: usize) -> Option<String> {
    let more = total.checked_sub(shown).filter(|more| *more > 0)?;
    Some(format!("  and {more} more: assay status --json shows all"))
}

/// How many attempts came before those that are listed.
pub fn attempts_before(before: usize) -> Option<String> {
    let text = format!("  {} before: --json shows all", count(before, "attempt"));
    (before > 0).then_some(text)
}

/// A share of 65,535 in percent.
pub fn share(weight: u16) -> String {
    format!("{:.2}%", f64::from(weight) * 100.0 / f64::from(u16::MAX))
}

fn method_note(submission: &ChainSubmission) -> String {
    submission.method.map_or(String::new(), |method| {
        format!(" ({})", method_name(method))
    })
}

fn method_name(method: SubmissionMethod) -> &'static str {
    match method {
        SubmissionMethod::Plain => "plain",
        SubmissionMethod::Timelocked => "timelocked",
        SubmissionMethod::Salted => "salted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    const EPOCH: u64 = 7;

    fn said(stage: SubmissionStage, method: SubmissionMethod) -> [String; 2] {
        let submission = fixtures::submission(EPOCH, stage, method);
        let standing = standing(WeightsStatus::Agreed, Some(&submission));
        [standing, way(&submission)]
    }

    #[test]
    fn a_commit_is_not_called_stored_before_its_reveal() {
        let [short, long] = said(SubmissionStage::Taken, SubmissionMethod::Timelocked);
        assert_eq!(short, "committed, to be revealed in epoch 9 (timelocked)");
        assert_eq!(
            long,
            "committed at block 790, to be revealed in epoch 9 (timelocked)"
        );
        let [short, long] = said(SubmissionStage::Stored, SubmissionMethod::Salted);
        assert_eq!(short, "agreed, revealed in epoch 9 (salted)");
        assert_eq!(long, "committed at block 790, revealed in epoch 9 (salted)");
    }

    #[test]
    fn each_stage_of_plain_weights_has_words_of_its_own() {
        let plain = |stage| said(stage, SubmissionMethod::Plain)[0].clone();
        assert_eq!(
            plain(SubmissionStage::Stored),
            "agreed, stored at block 790 (plain)"
        );
        assert_eq!(
            plain(SubmissionStage::Taken),
            "agreed, taken at block 790 (plain)"
        );
        assert_eq!(
            plain(SubmissionStage::Sent),
            "agreed, sent, in no finalised block yet (plain)"
        );
        assert_eq!(
            plain(SubmissionStage::Skipped),
            "not set: this hotkey has no validator permit in this epoch"
        );
        for (stage, start) in [
            (SubmissionStage::Open, "agreed, not sent yet: set_"),
            (SubmissionStage::Missed, "not set in time: set_"),
            (SubmissionStage::Failed, "failed: the chain refuses set_"),
        ] {
            let text = plain(stage);
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn weights_that_this_node_does_not_set_are_described_by_their_status() {
        let words = [
            WeightsStatus::Pending,
            WeightsStatus::Voting,
            WeightsStatus::Agreed,
            WeightsStatus::Committed,
            WeightsStatus::Onchain,
        ]
        .map(|status| standing(status, None));
        assert_eq!(
            words,
            [
                "not computed yet",
                "being voted on",
                "agreed",
                "agreed, committed to the chain",
                "agreed, on the chain",
            ]
        );
    }

    #[test]
    fn votes_without_a_majority_are_counted_by_validator_and_not_called_0_percent() {
        let mut report = fixtures::weights();
        assert_eq!(votes(&report).unwrap(), "75% of the stake agrees");
        report.status = WeightsStatus::Voting;
        report.votes.push(report.votes[0].clone());
        assert_eq!(
            votes(&report).unwrap(),
            "4 validators voted, no majority yet"
        );
        assert_eq!(votes(&fixtures::no_weights()), None);
    }

    #[test]
    fn a_stage_whose_block_or_method_is_missing_still_reads_well() {
        let bare = ChainSubmission {
            stage: SubmissionStage::Taken,
            reason: None,
            method: None,
            reveal_epoch: None,
            block: None,
            attempts: Vec::new(),
        };
        assert_eq!(way(&bare), "taken");
        assert_eq!(method(&bare), "not signed");
    }

    #[test]
    fn words_of_the_chain_cannot_steer_the_terminal() {
        let mut submission =
            fixtures::submission(EPOCH, SubmissionStage::Failed, SubmissionMethod::Plain);
        let evil = "a\x1b[2J\nb".to_owned();
        submission.reason = Some(evil.clone());
        assert_eq!(way(&submission), "failed: a [2J b");
        let attempt = ChainAttempt {
            head: 5,
            time_ms: 0,
            call: Some(evil.clone()),
            extrinsic: Some(evil.clone()),
            result: evil,
            times: 3,
        };
        assert_eq!(
            attempt_lines(&attempt, "now"),
            ["  head 5  now  a [2J b  a [2J b", "    a [2J b (3 times)"]
        );
    }

    #[test]
    fn a_share_is_of_65535() {
        assert_eq!(
            [0, 39_321, u16::MAX].map(share),
            ["0.00%", "60.00%", "100.00%"]
        );
    }
}
