//! What a node that missed something asks for, and what it answers others.

use std::collections::{BTreeSet, VecDeque};

use super::{Core, Effect, Refusal};
use crate::block::DecidedBlock;
use crate::codec;
use crate::limits::{
    PULL_REPLY_MAX_BYTES, PULL_REPLY_MAX_MESSAGES, PULL_REQUEST_MAX_SUBJECTS, SYNC_REPLY_MAX_BLOCKS,
};
use crate::wire::{Message, PullRequest, Status};

/// Blocks that wait for execution; more are asked for when these are done.
const QUEUE_MAX: usize = 2 * SYNC_REPLY_MAX_BLOCKS;

/// What is known of others' progress, and when they were asked last.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    /// Highest height that a peer claimed.
    pub(super) best_height: u64,
    queue: VecDeque<DecidedBlock>,
    blocks_asked_ms: Option<u64>,
    pulled_ms: Option<u64>,
    status_sent_ms: Option<u64>,
}

impl Core {
    /// A claim without proof: worth asking about, never worth forwarding.
    pub(super) fn on_status(&mut self, status: Status) -> Result<(), Refusal> {
        if status.height > self.catch_up.best_height {
            self.catch_up.best_height = status.height;
            self.ask_for_blocks();
        }
        Err(Refusal::ignore("status", "a status is for neighbours only"))
    }

    pub(super) fn on_blocks(&mut self, blocks: Vec<DecidedBlock>) {
        let mut progressed = false;
        for decided in blocks.into_iter().take(SYNC_REPLY_MAX_BLOCKS) {
            let last = self
                .catch_up
                .queue
                .back()
                .map(|queued| queued.block.header.height);
            let expected =
                last.unwrap_or(self.tip().height + u64::from(self.heights.is_executing())) + 1;
            if decided.block.header.height == expected && self.catch_up.queue.len() < QUEUE_MAX {
                self.catch_up.queue.push_back(decided);
                progressed = true;
            }
        }
        if progressed {
            // Only those who had something may be asked again at once.
            self.catch_up.blocks_asked_ms = None;
        } else if self.catch_up.queue.is_empty() {
            // Whoever claimed that height could not prove it.
            self.catch_up.best_height = self.tip().height;
        }
    }

    /// Executes the next queued block if its certificate proves that it was decided.
    pub(super) fn execute_queued_block(&mut self) {
        let next = self.tip().height + 1;
        while self
            .catch_up
            .queue
            .front()
            .is_some_and(|decided| decided.block.header.height < next)
        {
            self.catch_up.queue.pop_front();
        }
        if self.heights.is_executing() {
            return;
        }
        let Some(set) = self.validator_set() else {
            return;
        };
        let Some(decided) = self.catch_up.queue.front() else {
            self.ask_for_blocks();
            return;
        };
        let (block, certificate) = (&decided.block, &decided.certificate);
        let proven = self.ledger.check_link(block).is_ok()
            && certificate
                .verify(
                    &self.params.network,
                    set,
                    self.params.quorum,
                    next,
                    block.id(),
                )
                .is_ok();
        if !proven {
            self.catch_up.queue.clear();
            return;
        }
        if let Some(decided) = self.catch_up.queue.pop_front() {
            self.execute(decided);
        }
    }

    pub(super) fn tick_catch_up(&mut self) {
        self.ask_for_blocks();
        let config = self.params.config;
        let busy = self.heights.is_running()
            || !self.mempool.is_empty()
            || self.agreements.open_submissions().next().is_some()
            || self.agreements.open_epochs().next().is_some();
        let pause_ms = if busy {
            config.pull_busy_ms
        } else {
            config.pull_idle_ms
        };
        if is_due(self.catch_up.pulled_ms, pause_ms, self.now_ms) {
            self.catch_up.pulled_ms = Some(self.now_ms);
            let open = self.agreements.open_submissions();
            let open_epochs = self.agreements.open_epochs();
            let submissions: BTreeSet<_> = open
                .chain(self.agreements.incomplete_submissions())
                .take(PULL_REQUEST_MAX_SUBJECTS)
                .collect();
            let weights_epochs: BTreeSet<_> = open_epochs
                .chain(self.agreements.incomplete_epochs())
                .collect();
            let request = PullRequest {
                height: self.tip().height + 1,
                pending: true,
                stuck: self.mempool.stuck(),
                submissions: submissions.into_iter().collect(),
                weights_epochs: weights_epochs.into_iter().collect(),
            };
            self.effects.push(Effect::Pull(request));
        }
        if is_due(self.catch_up.status_sent_ms, config.status_ms, self.now_ms) {
            self.publish_status();
        }
    }

    pub(super) fn publish_status(&mut self) {
        self.catch_up.status_sent_ms = Some(self.now_ms);
        let status = self.status();
        self.effects.push(Effect::Publish(Message::Status(status)));
    }

    pub(super) fn on_pull(&mut self, token: u64, request: PullRequest) {
        let mut reply = Vec::new();
        let mut bytes = 0usize;
        let consensus = if request.height == self.tip().height + 1 {
            self.heights.messages()
        } else {
            Vec::new()
        };
        let start = self.mempool.next_start();
        let pending = request.pending.then(|| self.mempool.messages(start));
        let pending = pending.into_iter().flatten();
        let stuck = request
            .stuck
            .get(..PULL_REQUEST_MAX_SUBJECTS)
            .unwrap_or(&request.stuck);
        let endings = self.mempool.endings(stuck);
        let submissions = request
            .submissions
            .get(..PULL_REQUEST_MAX_SUBJECTS)
            .unwrap_or(&request.submissions);
        let epochs = request
            .weights_epochs
            .get(..PULL_REQUEST_MAX_SUBJECTS)
            .unwrap_or(&request.weights_epochs);
        let votes = self.agreements.messages(submissions, epochs);
        let all = std::iter::once(Message::Status(self.status()))
            .chain(consensus)
            .chain(votes)
            .chain(endings)
            .chain(pending);
        for message in all.take(PULL_REPLY_MAX_MESSAGES) {
            bytes += codec::encode(&message).len();
            if bytes > PULL_REPLY_MAX_BYTES {
                break;
            }
            reply.push(message);
        }
        self.effects.push(Effect::PullReply {
            token,
            messages: reply,
        });
    }

    fn status(&self) -> Status {
        Status {
            height: self.tip().height,
            block: self.tip().block,
        }
    }

    fn ask_for_blocks(&mut self) {
        let have = self.tip().height + u64::from(self.heights.is_executing());
        let behind = self.catch_up.best_height > have && self.catch_up.queue.is_empty();
        if behind
            && is_due(
                self.catch_up.blocks_asked_ms,
                self.params.config.sync_retry_ms,
                self.now_ms,
            )
        {
            self.catch_up.blocks_asked_ms = Some(self.now_ms);
            self.effects.push(Effect::RequestBlocks {
                from_height: have + 1,
            });
        }
    }
}

fn is_due(last_ms: Option<u64>, pause_ms: u64, now_ms: u64) -> bool {
    last_ms.is_none_or(|last_ms| now_ms >= last_ms + pause_ms)
}
