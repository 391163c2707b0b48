//! What a validator finds again after a crash: the write-ahead log and the store.

use std::collections::BTreeMap;

use assay_consensus::block::{DecidedBlock, Entry};
use assay_consensus::core::{
    Executed, FailureReason, Fault, OpenResult, OpenWeights, Resume, WalRecord,
};
use assay_consensus::envelope::Signed;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::limits::SYNC_REPLY_MAX_BLOCKS;
use assay_consensus::submission::{Slot, SubmissionHeader, SubmissionId};
use assay_consensus::votes::{LogVote, VoteCertificate, WeightsVote};
use assay_consensus::wire::{Message, PullRequest};

pub struct Disk {
    pub wal: Vec<WalRecord>,
    pub tip: LedgerTip,
    pub blocks: Vec<DecidedBlock>,
    admitted: Vec<Slot>,
    pub received: BTreeMap<SubmissionId, Signed<SubmissionHeader>>,
    pub failed: BTreeMap<SubmissionId, FailureReason>,
    pub results: BTreeMap<SubmissionId, LogVote>,
    pub agreed: BTreeMap<SubmissionId, VoteCertificate<LogVote>>,
    log_votes: BTreeMap<SubmissionId, Vec<Signed<LogVote>>>,
    weights: BTreeMap<u64, WeightsVote>,
    weights_votes: BTreeMap<u64, Vec<Signed<WeightsVote>>>,
    pub weights_agreed: BTreeMap<u64, VoteCertificate<WeightsVote>>,
}

impl Disk {
    pub fn new(tip: LedgerTip) -> Disk {
        Disk {
            tip,
            wal: Vec::new(),
            blocks: Vec::new(),
            admitted: Vec::new(),
            received: BTreeMap::new(),
            failed: BTreeMap::new(),
            results: BTreeMap::new(),
            agreed: BTreeMap::new(),
            log_votes: BTreeMap::new(),
            weights: BTreeMap::new(),
            weights_votes: BTreeMap::new(),
            weights_agreed: BTreeMap::new(),
        }
    }

    /// Stores a block and all that executing it gave, in one write.
    pub fn apply(&mut self, decided: DecidedBlock, executed: &Executed, margin_blocks: u64) {
        let block = &decided.block;
        let chain = block.header.chain;
        if chain.epoch != self.tip.chain.epoch {
            self.admitted.clear();
        }
        for entry in &block.entries {
            if let Entry::Admit(admit) = entry {
                self.admitted.push(admit.submission.payload.slot());
            }
        }
        for (submission, log_hash, score) in &executed.results {
            let vote = LogVote {
                submission: *submission,
                height: executed.height,
                set_epoch: chain.epoch,
                log_hash: *log_hash,
                score: *score,
            };
            self.results.insert(*submission, vote);
        }
        if let Some(weights_hash) = executed.weights_hash {
            let vote = WeightsVote {
                epoch: chain.epoch,
                height: executed.height,
                weights_hash,
            };
            self.weights.insert(chain.epoch, vote);
        }
        let (state_root, results_root) = (executed.state_root, executed.results_root);
        self.tip = self
            .tip
            .after(block, margin_blocks, state_root, results_root);
        self.blocks.push(decided);
    }

    pub fn resume(&self) -> Resume {
        let open_results = self
            .results
            .iter()
            .filter(|(id, _)| !self.agreed.contains_key(id))
            .map(|(id, vote)| OpenResult {
                vote: *vote,
                votes: self.log_votes.get(id).cloned().unwrap_or_default(),
            });
        let open_weights = self
            .weights
            .iter()
            .filter(|(epoch, _)| !self.weights_agreed.contains_key(epoch))
            .map(|(epoch, vote)| OpenWeights {
                vote: *vote,
                votes: self.weights_votes.get(epoch).cloned().unwrap_or_default(),
            });
        Resume {
            tip: self.tip.clone(),
            admitted: self.admitted.clone(),
            wal: self.wal.clone(),
            open_results: open_results.collect(),
            open_weights: open_weights.collect(),
        }
    }

    /// Submissions whose end is not known; those of past epochs end here.
    pub fn end_expired(&mut self) -> Vec<Signed<SubmissionHeader>> {
        let epoch = self.tip.chain.epoch;
        let mut open = Vec::new();
        for (id, signed) in &self.received {
            if self.failed.contains_key(id) || self.results.contains_key(id) {
                continue;
            }
            if signed.payload.epoch >= epoch {
                open.push(signed.clone());
                continue;
            }
            let reason = FailureReason {
                code: "expired".into(),
                text: "the node was down when its epoch ended".into(),
                fault: Fault::Platform,
            };
            self.failed.insert(*id, reason);
        }
        open
    }

    pub fn add_log_vote(&mut self, signed: Signed<LogVote>) {
        let votes = self.log_votes.entry(signed.payload.submission);
        votes.or_default().push(signed);
    }

    pub fn add_weights_vote(&mut self, signed: Signed<WeightsVote>) {
        let votes = self.weights_votes.entry(signed.payload.epoch);
        votes.or_default().push(signed);
    }

    /// Votes from the store for a peer that missed them.
    pub fn votes_for(&self, request: &PullRequest) -> Vec<Message> {
        let logs = request
            .submissions
            .iter()
            .filter_map(|id| self.log_votes.get(id))
            .flatten()
            .map(|signed| Message::LogVote(signed.clone()));
        let weights = request
            .weights_epochs
            .iter()
            .filter_map(|epoch| self.weights_votes.get(epoch))
            .flatten()
            .map(|signed| Message::WeightsVote(signed.clone()));
        logs.chain(weights).collect()
    }

    /// Decided blocks from a height on, as many as fit a reply.
    pub fn blocks_from(&self, height: u64) -> Vec<DecidedBlock> {
        let skipped = height.saturating_sub(1) as usize;
        let blocks = self.blocks.iter().skip(skipped);
        blocks.take(SYNC_REPLY_MAX_BLOCKS).cloned().collect()
    }
}
