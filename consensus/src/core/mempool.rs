//! Submissions on their way to an approval certificate.

use std::collections::{BTreeMap, BTreeSet};

use super::{Core, Effect, FailureReason, Fault, Mode, Refusal, Report, Review};
use crate::block::{Admit, Entry};
use crate::codec;
use crate::envelope::Signed;
use crate::guard::Subject;
use crate::keys::Hotkey;
use crate::limits::{
    BLOCK_MAX_BYTES, BLOCK_MAX_ENTRIES, MEMPOOL_MAX, MEMPOOL_PER_HOTKEY_MAX,
    PULL_REQUEST_MAX_SUBJECTS,
};
use crate::submission::{
    Approval, ApprovalCertificate, Rejection, SubmissionHeader, SubmissionId, verify_submission,
};
use crate::tally::{Tally, TallyOutcome};
use crate::validators::{Quorum, ValidatorSet};
use crate::wire::Message;

/// Approvals and rejections that came before their submission.
const ORPHANS_MAX: usize = 1_024;

/// Ended submissions of an epoch that are remembered.
const FINISHED_MAX: usize = 16_384;

/// Submissions that one answer to a pull moves on by.
const PULL_STEP: usize = 128;

/// Pause before a review that failed for a local reason is tried again.
const REVIEW_RETRY_MS: u64 = 5_000;

/// Bytes of a block that are not entries.
const BLOCK_OVERHEAD_BYTES: usize = 512;

/// How far this node's own review has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReviewState {
    /// For an epoch the ledger has not reached, or the members are not known yet.
    Waiting,
    /// The node is at it.
    Running,
    /// Said yes or no.
    Done,
    /// Failed for a local reason; tried again later.
    Abstained {
        /// When to try again.
        retry_at_ms: u64,
    },
}

/// A submission that is not ordered yet.
#[derive(Debug)]
struct Pending {
    signed: Signed<SubmissionHeader>,
    arrival: u64,
    review: ReviewState,
    approvals: Option<Tally<Approval>>,
    rejections: Option<Tally<Rejection>>,
    certificate: Option<ApprovalCertificate>,
}

/// Submissions that are not ordered yet, and those that ended in this epoch.
#[derive(Debug, Default)]
pub(super) struct Mempool {
    pending: BTreeMap<SubmissionId, Pending>,
    per_hotkey: BTreeMap<Hotkey, usize>,
    arrivals: u64,
    /// Ended in this epoch, with what shows why to a node that missed it.
    finished: BTreeMap<SubmissionId, Vec<Message>>,
    next_served: SubmissionId,
    orphans: Vec<Message>,
}

impl Core {
    pub(super) fn on_submission(
        &mut self,
        signed: Signed<SubmissionHeader>,
    ) -> Result<(), Refusal> {
        let id = signed.payload.id();
        if self.mempool.pending.contains_key(&id) {
            return Err(Refusal::ignore("known", "this submission is known already"));
        }
        if self.mempool.finished.contains_key(&id)
            || self.ledger.is_admitted(&signed.payload.slot())
        {
            return Err(Refusal::ignore(
                "slot_taken",
                "this slot of the epoch has been used already",
            ));
        }
        let verified = verify_submission(signed, &self.params.network)
            .map_err(|error| Refusal::blame("bad_submission", error.to_string()))?;
        self.check_submission_fits(&verified.payload)?;
        let signed = verified.into_signed();
        self.mempool.insert(id, signed.clone())?;
        self.report(Report::Received(signed));
        self.start_review(id);
        self.adopt_orphans(id);
        Ok(())
    }

    pub(super) fn on_approval(&mut self, signed: Signed<Approval>) -> Result<(), Refusal> {
        let id = signed.payload.submission;
        let tally = self
            .mempool
            .pending
            .get(&id)
            .and_then(|pending| pending.approvals.as_ref());
        if tally.is_some_and(|tally| tally.contains(&signed)) {
            return Err(Refusal::ignore("known", "this approval is known already"));
        }
        let Some(signed) =
            self.place_vote(id, signed.payload.set_epoch, signed, Message::Approval)?
        else {
            return Ok(());
        };
        let Some(tally) = self
            .mempool
            .pending
            .get_mut(&id)
            .and_then(|pending| pending.approvals.as_mut())
        else {
            return Ok(());
        };
        let hotkey = signed.signer;
        match tally.record(signed) {
            TallyOutcome::Counted => {
                self.report(Report::Reviewed {
                    submission: id,
                    hotkey,
                    rejection: None,
                });
                self.certify(id);
            }
            TallyOutcome::Equivocation { .. } => self.report(Report::Equivocation {
                hotkey,
                kind: "approval",
            }),
            TallyOutcome::Duplicate | TallyOutcome::UnknownVoter => {}
        }
        Ok(())
    }

    pub(super) fn on_rejection(&mut self, signed: Signed<Rejection>) -> Result<(), Refusal> {
        if !signed.payload.is_bounded() {
            return Err(Refusal::blame(
                "bad_rejection",
                "rejection code or text is over its limit",
            ));
        }
        let id = signed.payload.submission;
        let tally = self
            .mempool
            .pending
            .get(&id)
            .and_then(|pending| pending.rejections.as_ref());
        if tally.is_some_and(|tally| tally.contains(&signed)) {
            return Err(Refusal::ignore("known", "this rejection is known already"));
        }
        let Some(signed) =
            self.place_vote(id, signed.payload.set_epoch, signed, Message::Rejection)?
        else {
            return Ok(());
        };
        let Some(tally) = self
            .mempool
            .pending
            .get_mut(&id)
            .and_then(|pending| pending.rejections.as_mut())
        else {
            return Ok(());
        };
        let (hotkey, payload) = (signed.signer, signed.payload.clone());
        match tally.record(signed) {
            TallyOutcome::Counted => {
                let rejection = Some((payload.code, payload.text));
                self.report(Report::Reviewed {
                    submission: id,
                    hotkey,
                    rejection,
                });
                self.fail_if_hopeless(id);
            }
            TallyOutcome::Equivocation { .. } => self.report(Report::Equivocation {
                hotkey,
                kind: "rejection",
            }),
            TallyOutcome::Duplicate | TallyOutcome::UnknownVoter => {}
        }
        Ok(())
    }

    pub(super) fn on_reviewed(&mut self, id: SubmissionId, review: Review) {
        let set_epoch = self.ledger.epoch();
        let retry_at_ms = self.now_ms + REVIEW_RETRY_MS;
        let Some(pending) = self.mempool.pending.get_mut(&id) else {
            return;
        };
        if pending.signed.payload.epoch != set_epoch || pending.review == ReviewState::Done {
            return;
        }
        let slot = pending.signed.payload.slot();
        pending.review = ReviewState::Done;
        let rejection = match review {
            Review::Approve => {
                let approval = Approval {
                    submission: id,
                    set_epoch,
                };
                match self.sign_and_publish(Subject::Slot(slot), approval, Vec::new()) {
                    Some(Message::Approval(signed)) => {
                        // Our own vote: nobody is waiting for a verdict.
                        let _own = self.on_approval(signed);
                        return;
                    }
                    _ if self.guard.is_some() => Rejection::new(
                        id,
                        set_epoch,
                        "slot_taken",
                        "another package was approved for this slot",
                    ),
                    _ => return,
                }
            }
            Review::Reject { code, text } => Rejection::new(id, set_epoch, &code, &text),
            Review::Abstain { reason } => {
                pending.review = ReviewState::Abstained { retry_at_ms };
                self.report(Report::Abstained {
                    submission: id,
                    reason,
                });
                return;
            }
        };
        let subject = Subject::Rejection {
            set_epoch,
            submission: id,
        };
        if let Some(Message::Rejection(signed)) =
            self.sign_and_publish(subject, rejection, Vec::new())
        {
            let _own = self.on_rejection(signed);
        }
    }

    pub(super) fn tick_mempool(&mut self) {
        let now_ms = self.now_ms;
        let due = self.mempool.ids_where(
            |pending| matches!(pending.review, ReviewState::Abstained { retry_at_ms } if retry_at_ms <= now_ms),
        );
        for id in due {
            self.start_review(id);
        }
    }

    /// Reviews what was waiting for the ledger's epoch or its members.
    pub(super) fn review_waiting(&mut self) {
        for id in self
            .mempool
            .ids_where(|pending| pending.review == ReviewState::Waiting)
        {
            self.start_review(id);
            self.adopt_orphans(id);
        }
    }

    /// Ends what was for an earlier epoch: it can't be ordered any more.
    pub(super) fn expire_submissions(&mut self) {
        let epoch = self.ledger.epoch();
        self.mempool.finished.clear();
        self.mempool.orphans.clear();
        for id in self
            .mempool
            .ids_where(|pending| pending.signed.payload.epoch < epoch)
        {
            let reason = FailureReason {
                code: "expired".into(),
                text: format!(
                    "the epoch ended before the submission was ordered; send it again for epoch {epoch}"
                ),
                fault: Fault::Platform,
            };
            self.end_submission(id, reason);
        }
    }

    /// Takes out what a block has ordered, and what lost its slot by that.
    pub(super) fn remove_ordered(&mut self, ordered: &[SubmissionId]) {
        for id in ordered {
            self.mempool.remove(id);
            self.mempool.finished.insert(*id, Vec::new());
        }
        let ledger = &self.ledger;
        let beaten = self
            .mempool
            .ids_where(|pending| ledger.is_admitted(&pending.signed.payload.slot()));
        for id in beaten {
            let reason = FailureReason {
                code: "slot_taken".into(),
                text: "another submission was ordered for this slot".into(),
                fault: Fault::Miner,
            };
            self.end_submission(id, reason);
        }
    }

    /// Entries for a block, oldest first, within the limits that `taken` entries of `taken_bytes`
    /// leave.
    pub(super) fn ready_entries(&self, taken: usize, taken_bytes: usize) -> Vec<Entry> {
        let mut ready: Vec<&Pending> = self
            .mempool
            .pending
            .values()
            .filter(|p| p.certificate.is_some())
            .collect();
        ready.sort_by_key(|pending| pending.arrival);
        let mut bytes = BLOCK_OVERHEAD_BYTES + taken_bytes;
        let mut slots = BTreeSet::new();
        let mut entries = Vec::new();
        for pending in ready {
            let Some(certificate) = pending.certificate.clone() else {
                continue;
            };
            let slot = pending.signed.payload.slot();
            if self.ledger.is_admitted(&slot) || !slots.insert(slot) {
                continue;
            }
            let entry = Entry::Admit(Box::new(Admit {
                submission: pending.signed.clone(),
                certificate,
            }));
            bytes += codec::encode(&entry).len();
            if bytes > BLOCK_MAX_BYTES || entries.len() + taken >= BLOCK_MAX_ENTRIES {
                break;
            }
            entries.push(entry);
        }
        entries
    }

    /// Checks of a submission against what the ledger and the chain say now.
    fn check_submission_fits(&self, header: &SubmissionHeader) -> Result<(), Refusal> {
        if self.mode != Mode::Active {
            return Err(Refusal::ignore(
                "not_active",
                "this node does not take part at the moment",
            ));
        }
        if !self.ledger.has_challenge(&header.challenge) {
            return Err(Refusal::blame(
                "unknown_challenge",
                format!("unknown challenge {:?}", header.challenge),
            ));
        }
        let epoch = self.ledger.epoch();
        let chain_epoch = self.heads.latest().map_or(epoch, |head| head.epoch);
        if header.epoch != epoch && header.epoch != chain_epoch {
            let text = format!(
                "expected a submission for epoch {epoch}, got epoch {}",
                header.epoch
            );
            // Nobody's fault: this node or the sender may lag behind the chain.
            return Err(Refusal::ignore("wrong_epoch", text));
        }
        let Some(members) = self
            .members
            .get(header.epoch)
            .or_else(|| self.members.get(epoch))
        else {
            return Err(Refusal::ignore(
                "not_ready",
                "the metagraph is not loaded yet; try again in a moment",
            ));
        };
        if !members.registered.contains(&header.hotkey) {
            let text = format!("hotkey {} is not registered on the subnet", header.hotkey);
            return Err(Refusal::ignore("not_registered", text));
        }
        Ok(())
    }

    fn start_review(&mut self, id: SubmissionId) {
        let epoch = self.ledger.epoch();
        let Some(members) = self.members.get(epoch) else {
            return;
        };
        let set = members.set.clone();
        let quorum = self.params.quorum;
        let can_vote = self
            .guard
            .as_ref()
            .is_some_and(|guard| set.index_of(&guard.hotkey()).is_some());
        let Some(pending) = self.mempool.pending.get_mut(&id) else {
            return;
        };
        if pending.signed.payload.epoch != epoch {
            return;
        }
        pending.open(&set, quorum);
        if !can_vote {
            pending.review = ReviewState::Done;
        } else if pending.review != ReviewState::Done {
            pending.review = ReviewState::Running;
            let signed = pending.signed.clone();
            self.effects.push(Effect::Review(signed));
        }
    }

    /// Sorts out where an approval or rejection belongs: to a pending submission (returned with its
    /// signature checked), to the orphans (nothing returned), or nowhere.
    fn place_vote<P: crate::envelope::Payload>(
        &mut self,
        id: SubmissionId,
        set_epoch: u64,
        signed: Signed<P>,
        wrap: fn(Signed<P>) -> Message,
    ) -> Result<Option<Signed<P>>, Refusal> {
        if self.mempool.finished.contains_key(&id) {
            return Err(Refusal::ignore(
                "finished",
                "the submission has ended or is ordered",
            ));
        }
        let epoch = self.ledger.epoch();
        if set_epoch != epoch {
            return Err(Refusal::ignore(
                "wrong_epoch",
                format!("expected a vote of epoch {epoch}, got {set_epoch}"),
            ));
        }
        let set = self.current_set()?;
        if set.index_of(&signed.signer).is_none() {
            return Err(Refusal::ignore(
                "not_a_validator",
                format!("{} is no validator now", signed.signer),
            ));
        }
        let verified = signed
            .verify(&self.params.network)
            .map_err(|error| Refusal::blame("bad_signature", error.to_string()))?;
        let known = self
            .mempool
            .pending
            .get(&id)
            .is_some_and(|pending| pending.approvals.is_some());
        if known {
            return Ok(Some(verified.into_signed()));
        }
        if self.mempool.orphans.len() < ORPHANS_MAX {
            self.mempool.orphans.push(wrap(verified.into_signed()));
        }
        Ok(None)
    }

    fn adopt_orphans(&mut self, id: SubmissionId) {
        let (mine, others) = std::mem::take(&mut self.mempool.orphans)
            .into_iter()
            .partition(|message| match message {
                Message::Approval(signed) => signed.payload.submission == id,
                Message::Rejection(signed) => signed.payload.submission == id,
                _ => false,
            });
        self.mempool.orphans = others;
        let mine: Vec<Message> = mine;
        for message in mine {
            // Checked when they came; a refusal now only means that they are of no use any more.
            let _verdict = match message {
                Message::Approval(signed) => self.on_approval(signed),
                Message::Rejection(signed) => self.on_rejection(signed),
                _ => Ok(()),
            };
        }
    }

    fn certify(&mut self, id: SubmissionId) {
        let Some(pending) = self.mempool.pending.get_mut(&id) else {
            return;
        };
        if pending.certificate.is_some() {
            return;
        }
        let Some(tally) = &pending.approvals else {
            return;
        };
        let Some(agreed) = tally.agreed() else { return };
        let (set_epoch, signatures) = (agreed.set_epoch, tally.signatures_for(agreed));
        pending.certificate = Some(ApprovalCertificate {
            set_epoch,
            signatures,
        });
        self.report(Report::Approved(id));
    }

    fn fail_if_hopeless(&mut self, id: SubmissionId) {
        let quorum = self.params.quorum;
        let Some(tally) = self
            .mempool
            .pending
            .get(&id)
            .and_then(|pending| pending.rejections.as_ref())
        else {
            return;
        };
        let stakes = tally.stakes();
        let lost: u64 = stakes.values().sum();
        if quorum.is_reachable(lost, tally.set().total_stake()) {
            return;
        }
        let Some((rejection, _)) = stakes.into_iter().max_by_key(|(_, stake)| *stake) else {
            return;
        };
        let reason = FailureReason {
            code: rejection.code.clone(),
            text: rejection.text.clone(),
            fault: Fault::Miner,
        };
        self.end_submission(id, reason);
    }

    fn end_submission(&mut self, id: SubmissionId, reason: FailureReason) {
        let proof = self
            .mempool
            .pending
            .get(&id)
            .map(Pending::rejection_messages);
        self.mempool.remove(&id);
        if self.mempool.finished.len() < FINISHED_MAX {
            self.mempool.finished.insert(id, proof.unwrap_or_default());
        }
        self.report(Report::Failed {
            submission: id,
            reason,
        });
    }
}

impl Mempool {
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn contains(&self, id: &SubmissionId) -> bool {
        self.pending.contains_key(id)
    }

    /// Whether some submission is waiting for approvals or for a block.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Every submission, approval and rejection that is held, for a peer that missed some. Begins
    /// after what the last call served last, so that cutting the list off starves nobody.
    pub(super) fn messages(&self, start: SubmissionId) -> impl Iterator<Item = Message> {
        let turned = self
            .pending
            .range(start..)
            .chain(self.pending.range(..start));
        turned.flat_map(|(_, pending)| {
            let approvals = pending.approvals.iter().flat_map(|tally| tally.votes());
            std::iter::once(Message::Submission(pending.signed.clone()))
                .chain(approvals.map(|signed| Message::Approval(signed.clone())))
                .chain(pending.rejection_messages())
        })
    }

    /// Where the next answer to a pull begins.
    pub(super) fn next_start(&mut self) -> SubmissionId {
        let start = self.next_served;
        let after = self
            .pending
            .range(start..)
            .nth(PULL_STEP)
            .map(|(id, _)| *id);
        self.next_served = after.unwrap_or_default();
        start
    }

    /// Submissions that have no certificate yet.
    pub(super) fn stuck(&self) -> Vec<SubmissionId> {
        let open = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.certificate.is_none());
        open.map(|(id, _)| *id)
            .take(PULL_REQUEST_MAX_SUBJECTS)
            .collect()
    }

    /// Why submissions ended here that a peer still has open.
    pub(super) fn endings(&self, stuck: &[SubmissionId]) -> Vec<Message> {
        stuck
            .iter()
            .filter_map(|id| self.finished.get(id))
            .flatten()
            .cloned()
            .collect()
    }

    /// Whether something is ready for a block.
    pub(super) fn has_certified(&self) -> bool {
        self.pending
            .values()
            .any(|pending| pending.certificate.is_some())
    }

    fn insert(
        &mut self,
        id: SubmissionId,
        signed: Signed<SubmissionHeader>,
    ) -> Result<(), Refusal> {
        let held = self.per_hotkey.entry(signed.payload.hotkey).or_default();
        if *held >= MEMPOOL_PER_HOTKEY_MAX {
            let text = format!(
                "at most {MEMPOOL_PER_HOTKEY_MAX} submissions of one hotkey are held; wait for them to end"
            );
            return Err(Refusal::ignore("too_many_pending", text));
        }
        if self.pending.len() >= MEMPOOL_MAX {
            return Err(Refusal::ignore(
                "mempool_full",
                "the mempool is full; try again in a moment",
            ));
        }
        *held += 1;
        self.arrivals += 1;
        let pending = Pending {
            signed,
            arrival: self.arrivals,
            review: ReviewState::Waiting,
            approvals: None,
            rejections: None,
            certificate: None,
        };
        self.pending.insert(id, pending);
        Ok(())
    }

    fn remove(&mut self, id: &SubmissionId) {
        let Some(pending) = self.pending.remove(id) else {
            return;
        };
        let hotkey = pending.signed.payload.hotkey;
        if let Some(held) = self.per_hotkey.get_mut(&hotkey) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.per_hotkey.remove(&hotkey);
            }
        }
    }

    fn ids_where(&self, wanted: impl Fn(&Pending) -> bool) -> Vec<SubmissionId> {
        self.pending
            .iter()
            .filter(|(_, pending)| wanted(pending))
            .map(|(id, _)| *id)
            .collect()
    }
}

impl Pending {
    fn rejection_messages(&self) -> Vec<Message> {
        let votes = self.rejections.iter().flat_map(|tally| tally.votes());
        votes
            .map(|signed| Message::Rejection(signed.clone()))
            .collect()
    }

    fn open(&mut self, set: &ValidatorSet, quorum: Quorum) {
        self.approvals
            .get_or_insert_with(|| Tally::new(set.clone(), quorum));
        self.rejections
            .get_or_insert_with(|| Tally::new(set.clone(), quorum));
    }
}
