//! Agreement after execution: log votes per submission, weights votes per epoch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Core, Executed, OpenResult, OpenWeights, Refusal, Report};
use crate::block::{Block, Entry};
use crate::envelope::{Payload, Signed};
use crate::guard::Subject;
use crate::keys::Hotkey;
use crate::limits::OPEN_AGREEMENTS_MAX;
use crate::submission::SubmissionId;
use crate::tally::{Tally, TallyOutcome};
use crate::votes::{LogVote, VoteCertificate, WeightsVote};
use crate::wire::Message;

/// Votes on blocks that this node has not executed yet.
const ORPHANS_MAX: usize = 4_096;

/// Epochs that are asked for at once after a restart.
const WAITING_EPOCHS_ASKED: usize = 2;

/// Votes of one validator on blocks that this node has not executed yet.
const ORPHANS_PER_VOTER_MAX: usize = 256;

/// Blocks ahead of the tip whose votes are kept.
const ORPHANS_AHEAD_MAX: u64 = 2;

/// Newest submissions whose missing votes are asked for.
const INCOMPLETE_LOOKED_AT: usize = 64;

/// Epochs of weights whose votes are still taken.
const WEIGHTS_KEPT: usize = 8;

/// The votes on one subject.
#[derive(Debug)]
struct Agreement<P> {
    tally: Tally<P>,
    height: u64,
    settled: bool,
}

/// What was computed here but whose set is not known yet, as after a restart.
#[derive(Debug)]
struct Waiting<P> {
    vote: P,
    set_epoch: u64,
    votes: Vec<Signed<P>>,
}

/// All agreements that votes still come in for.
#[derive(Debug, Default)]
pub(super) struct Agreements {
    logs: BTreeMap<SubmissionId, Agreement<LogVote>>,
    log_order: VecDeque<SubmissionId>,
    weights: BTreeMap<u64, Agreement<WeightsVote>>,
    waiting_logs: Vec<Waiting<LogVote>>,
    waiting_weights: Vec<Waiting<WeightsVote>>,
    /// Early votes with their authors.
    orphans: VecDeque<(Hotkey, Message)>,
}

impl Core {
    pub(super) fn on_log_vote(&mut self, signed: Signed<LogVote>) -> Result<(), Refusal> {
        let vote = signed.payload;
        let Some(agreement) = self.agreements.logs.get(&vote.submission) else {
            return self.keep_orphan_vote(vote.height, signed, Message::LogVote);
        };
        if agreement.tally.contains(&signed) {
            return Err(Refusal::ignore("known", "this log vote is known already"));
        }
        if agreement.tally.set().index_of(&signed.signer).is_none() {
            return Err(not_a_validator(&signed.signer));
        }
        let signed = self.verify_vote(signed)?;
        self.count_log_vote(signed);
        Ok(())
    }

    pub(super) fn on_weights_vote(&mut self, signed: Signed<WeightsVote>) -> Result<(), Refusal> {
        let vote = signed.payload;
        let Some(agreement) = self.agreements.weights.get(&vote.epoch) else {
            return self.keep_orphan_vote(vote.height, signed, Message::WeightsVote);
        };
        if agreement.tally.contains(&signed) {
            return Err(Refusal::ignore(
                "known",
                "this weights vote is known already",
            ));
        }
        if agreement.tally.set().index_of(&signed.signer).is_none() {
            return Err(not_a_validator(&signed.signer));
        }
        let signed = self.verify_vote(signed)?;
        self.count_weights_vote(signed);
        Ok(())
    }

    /// Opens the agreements of an executed block and votes.
    pub(super) fn open_agreements(&mut self, block: &Block, executed: &Executed) {
        let (height, set_epoch) = (block.header.height, block.header.chain.epoch);
        for (submission, log_hash, score) in &executed.results {
            let vote = LogVote {
                submission: *submission,
                height,
                set_epoch,
                log_hash: *log_hash,
                score: *score,
            };
            self.agreements.waiting_logs.push(Waiting {
                vote,
                set_epoch,
                votes: Vec::new(),
            });
        }
        if let Some(weights_hash) = executed.weights_hash {
            let vote = WeightsVote {
                epoch: set_epoch,
                height,
                weights_hash,
            };
            self.agreements.waiting_weights.push(Waiting {
                vote,
                set_epoch,
                votes: Vec::new(),
            });
        }
        debug_assert!(
            executed.results.len()
                <= block
                    .entries
                    .iter()
                    .filter(|e| matches!(e, Entry::Admit(_)))
                    .count()
        );
        self.open_waiting_agreements();
    }

    /// Opens whatever has its validator set by now.
    pub(super) fn open_waiting_agreements(&mut self) {
        for waiting in std::mem::take(&mut self.agreements.waiting_logs) {
            match self
                .members
                .get(waiting.set_epoch)
                .map(|members| members.set.clone())
            {
                Some(set) => self.open_log(waiting, Tally::new(set, self.params.quorum)),
                None => self.agreements.waiting_logs.push(waiting),
            }
        }
        for waiting in std::mem::take(&mut self.agreements.waiting_weights) {
            match self
                .members
                .get(waiting.set_epoch)
                .map(|members| members.set.clone())
            {
                Some(set) => self.open_weights(waiting, Tally::new(set, self.params.quorum)),
                None => self.agreements.waiting_weights.push(waiting),
            }
        }
        self.adopt_orphan_votes();
    }

    fn open_log(&mut self, waiting: Waiting<LogVote>, tally: Tally<LogVote>) {
        let vote = waiting.vote;
        let agreement = Agreement {
            tally,
            height: vote.height,
            settled: false,
        };
        self.agreements.logs.insert(vote.submission, agreement);
        self.agreements.log_order.push_back(vote.submission);
        while self.agreements.log_order.len() > OPEN_AGREEMENTS_MAX {
            self.agreements.drop_one_log();
        }
        for stored in waiting.votes {
            if let Ok(signed) = self.verify_vote(stored) {
                self.count_log_vote(signed);
            }
        }
        if self.has_stake_in(waiting.set_epoch) {
            let subject = Subject::LogVote {
                height: vote.height,
                submission: vote.submission,
            };
            if let Some(Message::LogVote(signed)) = self.sign_and_publish(subject, vote, Vec::new())
            {
                self.count_log_vote(signed);
            }
        }
    }

    fn open_weights(&mut self, waiting: Waiting<WeightsVote>, tally: Tally<WeightsVote>) {
        let vote = waiting.vote;
        self.agreements.weights.insert(
            vote.epoch,
            Agreement {
                tally,
                height: vote.height,
                settled: false,
            },
        );
        while self.agreements.weights.len() > WEIGHTS_KEPT {
            self.agreements.weights.pop_first();
        }
        for stored in waiting.votes {
            if let Ok(signed) = self.verify_vote(stored) {
                self.count_weights_vote(signed);
            }
        }
        if self.has_stake_in(waiting.set_epoch) {
            let subject = Subject::WeightsVote { epoch: vote.epoch };
            if let Some(Message::WeightsVote(signed)) =
                self.sign_and_publish(subject, vote, Vec::new())
            {
                self.count_weights_vote(signed);
            }
        }
    }

    fn count_log_vote(&mut self, signed: Signed<LogVote>) {
        let submission = signed.payload.submission;
        let Some(agreement) = self.agreements.logs.get_mut(&submission) else {
            return;
        };
        let outcome = agreement.record(signed.clone());
        let certificate = agreement.settle();
        let hopeless = !agreement.settled && !agreement.tally.is_open();
        agreement.settled |= hopeless;
        self.report_vote(outcome, signed, "log vote", Report::LogVote);
        if let Some(certificate) = certificate {
            self.report(Report::Agreed(certificate));
        } else if hopeless {
            self.report(Report::NotAgreed(submission));
        }
    }

    fn count_weights_vote(&mut self, signed: Signed<WeightsVote>) {
        let Some(agreement) = self.agreements.weights.get_mut(&signed.payload.epoch) else {
            return;
        };
        let outcome = agreement.record(signed.clone());
        let certificate = agreement.settle();
        self.report_vote(outcome, signed, "weights vote", Report::WeightsVote);
        if let Some(certificate) = certificate {
            self.report(Report::WeightsAgreed(certificate));
        }
    }

    fn report_vote<P>(
        &mut self,
        outcome: TallyOutcome<P>,
        signed: Signed<P>,
        kind: &'static str,
        counted: fn(Signed<P>) -> Report,
    ) {
        let hotkey = signed.signer;
        match outcome {
            TallyOutcome::Counted => self.report(counted(signed)),
            TallyOutcome::Equivocation { .. } => {
                self.report(counted(signed));
                self.report(Report::Equivocation { hotkey, kind });
            }
            TallyOutcome::Duplicate | TallyOutcome::UnknownVoter => {}
        }
    }

    fn has_stake_in(&self, epoch: u64) -> bool {
        let members = self.members.get(epoch);
        let hotkey = self.hotkey();
        hotkey.is_some_and(|hotkey| {
            members.is_some_and(|members| members.set.index_of(&hotkey).is_some())
        })
    }

    fn verify_vote<P: Payload>(&self, signed: Signed<P>) -> Result<Signed<P>, Refusal> {
        let verified = signed.verify(&self.params.network);
        verified
            .map(|verified| verified.into_signed())
            .map_err(|error| Refusal::blame("bad_signature", error.to_string()))
    }

    fn keep_orphan_vote<P: Payload>(
        &mut self,
        height: u64,
        signed: Signed<P>,
        wrap: fn(Signed<P>) -> Message,
    ) -> Result<(), Refusal> {
        if height <= self.tip().height && !self.agreements.is_waiting() {
            return Err(Refusal::ignore(
                "closed",
                "votes on this subject are no longer collected",
            ));
        }
        if height > self.tip().height + ORPHANS_AHEAD_MAX {
            return Err(Refusal::ignore("too_early", "a vote on a block far ahead"));
        }
        let signer = signed.signer;
        if self.current_set()?.index_of(&signer).is_none() {
            return Err(not_a_validator(&signer));
        }
        let held = self.agreements.orphans.iter();
        if held.filter(|(voter, _)| *voter == signer).count() >= ORPHANS_PER_VOTER_MAX {
            return Err(Refusal::ignore(
                "too_many_votes",
                "too many early votes of one validator",
            ));
        }
        let message = wrap(self.verify_vote(signed)?);
        if !self
            .agreements
            .orphans
            .iter()
            .any(|(_, known)| *known == message)
        {
            self.agreements.orphans.push_back((signer, message));
        }
        while self.agreements.orphans.len() > ORPHANS_MAX {
            self.agreements.orphans.pop_front();
        }
        Ok(())
    }

    fn adopt_orphan_votes(&mut self) {
        let agreements = &mut self.agreements;
        let mut known = Vec::new();
        agreements.orphans.retain(|(_, message)| {
            let is_known = match message {
                Message::LogVote(signed) => {
                    agreements.logs.contains_key(&signed.payload.submission)
                }
                Message::WeightsVote(signed) => {
                    agreements.weights.contains_key(&signed.payload.epoch)
                }
                _ => true,
            };
            if is_known {
                known.push(message.clone());
            }
            !is_known
        });
        for message in known {
            // Their signatures were checked when they came.
            match message {
                Message::LogVote(signed) => self.count_log_vote(signed),
                Message::WeightsVote(signed) => self.count_weights_vote(signed),
                _ => {}
            }
        }
    }
}

fn not_a_validator(hotkey: &Hotkey) -> Refusal {
    Refusal::ignore("not_a_validator", format!("{hotkey} is no validator now"))
}

impl Agreements {
    /// Makes room: the oldest settled one goes, or the oldest of all.
    fn drop_one_log(&mut self) {
        let settled =
            |id: &SubmissionId| self.logs.get(id).is_none_or(|agreement| agreement.settled);
        let position = self.log_order.iter().position(settled).unwrap_or(0);
        let dropped = self.log_order.remove(position);
        dropped.and_then(|submission| self.logs.remove(&submission));
    }

    /// Takes back what was open at the last stop.
    pub(super) fn resume(&mut self, results: Vec<OpenResult>, weights: Vec<OpenWeights>) {
        self.waiting_logs = results
            .into_iter()
            .map(|open| Waiting {
                vote: open.vote,
                set_epoch: open.vote.set_epoch,
                votes: open.votes,
            })
            .collect();
        self.waiting_weights = weights
            .into_iter()
            .map(|open| Waiting {
                vote: open.vote,
                set_epoch: open.vote.epoch,
                votes: open.votes,
            })
            .collect();
    }

    /// Epochs whose validator sets something is waiting for, the latest few.
    pub(super) fn waiting_epochs(&self) -> BTreeSet<u64> {
        let logs = self.waiting_logs.iter().map(|waiting| waiting.set_epoch);
        let weights = self.waiting_weights.iter().map(|waiting| waiting.set_epoch);
        let mut epochs: BTreeSet<u64> = logs.chain(weights).collect();
        while epochs.len() > WAITING_EPOCHS_ASKED {
            epochs.pop_first();
        }
        epochs
    }

    /// Newest submissions that lack votes of some validators, agreed or not: all votes are to be
    /// known everywhere, also by those that were away when they came.
    pub(super) fn incomplete_submissions(&self) -> impl Iterator<Item = SubmissionId> {
        let incomplete = |id: &&SubmissionId| self.logs.get(id).is_some_and(Agreement::lacks_votes);
        let newest = self.log_order.iter().rev().take(INCOMPLETE_LOOKED_AT);
        newest.filter(incomplete).copied()
    }

    /// Newest epochs whose weights lack votes of some validators.
    pub(super) fn incomplete_epochs(&self) -> impl Iterator<Item = u64> {
        let newest = self.weights.iter().rev().take(2);
        newest
            .filter(|(_, agreement)| agreement.lacks_votes())
            .map(|(epoch, _)| *epoch)
    }

    /// Submissions without agreement, oldest first.
    pub(super) fn open_submissions(&self) -> impl Iterator<Item = SubmissionId> {
        self.log_order
            .iter()
            .filter(|id| {
                self.logs
                    .get(id)
                    .is_some_and(|agreement| !agreement.settled)
            })
            .copied()
    }

    /// Epochs whose weights are not agreed.
    pub(super) fn open_epochs(&self) -> impl Iterator<Item = u64> {
        self.weights
            .iter()
            .filter(|(_, agreement)| !agreement.settled)
            .map(|(epoch, _)| *epoch)
    }

    /// Height of the oldest open agreement: votes from there on may still be asked for again.
    pub(super) fn oldest_open_height(&self) -> Option<u64> {
        let open = self.logs.values().filter(|agreement| !agreement.settled);
        let waiting = self.waiting_logs.iter().map(|waiting| waiting.vote.height);
        open.map(|agreement| agreement.height).chain(waiting).min()
    }

    /// Votes on some subjects, for a peer that missed them.
    pub(super) fn messages(&self, submissions: &[SubmissionId], epochs: &[u64]) -> Vec<Message> {
        let logs = submissions
            .iter()
            .filter_map(|id| self.logs.get(id))
            .flat_map(|agreement| agreement.tally.votes());
        let weights = epochs
            .iter()
            .filter_map(|e| self.weights.get(e))
            .flat_map(|agreement| agreement.tally.votes());
        logs.cloned()
            .map(Message::LogVote)
            .chain(weights.cloned().map(Message::WeightsVote))
            .collect()
    }

    fn is_waiting(&self) -> bool {
        !self.waiting_logs.is_empty() || !self.waiting_weights.is_empty()
    }
}

impl<P: Clone + Ord> Agreement<P> {
    fn lacks_votes(&self) -> bool {
        self.tally.voters() < self.tally.set().validators().len()
    }

    fn record(&mut self, signed: Signed<P>) -> TallyOutcome<P> {
        self.tally.record(signed)
    }

    /// The certificate, the first time there is one.
    fn settle(&mut self) -> Option<VoteCertificate<P>> {
        if self.settled {
            return None;
        }
        let payload = self.tally.agreed()?.clone();
        self.settled = true;
        let signatures = self.tally.signatures_for(&payload);
        Some(VoteCertificate {
            payload,
            signatures,
        })
    }
}
