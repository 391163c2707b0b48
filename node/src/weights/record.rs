//! What this validator did to bring the weights of one epoch to the chain.

use serde::{Deserialize, Serialize};

use assay_chain::{
    Advice, ChainError, PreparedWeights, Settlement, SignedCall, WeightsMethod, WeightsStanding,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

/// Attempts that are kept; of more, the first half and the newest stay.
const ATTEMPTS_MAX: usize = 32;

/// Blocks after the end of a call's time for which it is searched though blocks can't be read.
const FORGOTTEN_BLOCKS: u64 = 50;

/// Epochs after the last one that matters in which the chain is asked though it doesn't answer.
const PATIENCE_EPOCHS: u64 = 2;

/// The way of one epoch's weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsRecord {
    /// Chain epoch.
    pub epoch: u64,
    /// Hash of the agreed weights.
    pub weights_hash: Hash,
    /// How far they are.
    pub stage: Stage,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// How far weights are on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// No call is on its way.
    Open,
    /// A call may be on its way; nobody knows until the chain shows it or its time is over.
    Sent {
        /// The weights in their call.
        prepared: PreparedWeights,
    },
    /// The call is in a finalised block.
    Taken {
        /// The weights.
        prepared: PreparedWeights,
        /// Number of the block.
        block: u64,
        /// Epoch in which the chain said that it reveals the commit.
        reveal_epoch: Option<u64>,
    },
    /// The reveal of a salted commit may be on its way.
    Revealing {
        /// The weights.
        prepared: PreparedWeights,
        /// The call that reveals them.
        reveal: SignedCall,
        /// Number of the commit's block.
        block: u64,
    },
    /// Nothing more is done.
    Ended {
        /// What came of it.
        outcome: Outcome,
        /// How the weights got to the chain, if they did.
        method: Option<WeightsMethod>,
    },
}

/// What came of an epoch's weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The chain holds them.
    Stored {
        /// Number of the block that carries them, or their commit.
        block: u64,
    },
    /// This validator has none to set.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The epoch ended first.
    Missed {
        /// What kept them.
        reason: String,
    },
    /// Trying again can't help.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Number of the finalised head at that time.
    pub head: u64,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// Hash of the signed call, if it came to one.
    pub call: Option<Hash>,
    /// Name of the call.
    pub name: Option<String>,
    /// What came of it.
    pub result: AttemptResult,
    /// How often the same was found in a row.
    pub times: u32,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptResult {
    /// Sent, and not seen in a finalised block yet.
    Sent,
    /// In a finalised block.
    Taken {
        /// Number of the block.
        block: u64,
    },
    /// Not sent, or refused.
    Refused {
        /// Why.
        reason: String,
    },
    /// In no block, and its time is over.
    Lost,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Sign the weights. Only while no other call of this hotkey is on its way.
    Prepare,
    /// Look for this call in finalised blocks; send it if it isn't there.
    Settle(SignedCall),
    /// Ask what the chain holds of weights that were taken in this block.
    LookUp(PreparedWeights, u64),
    /// Nothing now: the chain has to move on first, or all is done.
    Nothing,
}

/// What was found out by an [`Action`].
#[derive(Debug)]
pub enum Event {
    /// The weights are signed.
    Prepared(PreparedWeights),
    /// There is nothing to set.
    Skipped(String),
    /// The weights, or a reveal, can't be signed.
    NotPrepared(ChainError),
    /// The pool did not take the call when it was handed over for the first time. What it says of
    /// a call that it may have seen before means nothing.
    NotSent(ChainError),
    /// What finalised blocks show of the call.
    Settled(Settlement),
    /// Blocks can't be searched for the call.
    NotSettled,
    /// What the chain holds.
    LookedUp(WeightsStanding),
    /// What the chain holds can't be read.
    NotLookedUp(ChainError),
    /// The reveal is signed.
    RevealPrepared(SignedCall),
}

/// When something was found out.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The finalised head.
    pub head: ChainRef,
    /// Milliseconds since 1970.
    pub time_ms: u64,
}

impl WeightsRecord {
    /// Weights that were just agreed on.
    pub fn new(epoch: u64, weights_hash: Hash) -> WeightsRecord {
        WeightsRecord {
            epoch,
            weights_hash,
            stage: Stage::Open,
            attempts: Vec::new(),
        }
    }

    /// Whether nothing more is done.
    pub fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }

    /// Whether a call with a nonce may be on its way.
    pub fn is_under_way(&self) -> bool {
        self.call().is_some()
    }

    /// Whether that call can still get into a block.
    pub fn is_under_way_at(&self, head: &ChainRef) -> bool {
        self.call()
            .is_some_and(|call| call.valid_until >= head.number)
    }

    fn call(&self) -> Option<&SignedCall> {
        match &self.stage {
            Stage::Sent { prepared } => Some(&prepared.call),
            Stage::Revealing { reveal, .. } => Some(reveal),
            Stage::Open | Stage::Taken { .. } | Stage::Ended { .. } => None,
        }
    }

    /// How the weights get to the chain, once that is known.
    pub fn method(&self) -> Option<&WeightsMethod> {
        match &self.stage {
            Stage::Open => None,
            Stage::Sent { prepared }
            | Stage::Taken { prepared, .. }
            | Stage::Revealing { prepared, .. } => Some(&prepared.method),
            Stage::Ended { method, .. } => method.as_ref(),
        }
    }

    /// What to do next.
    pub fn next_action(&self, head: &ChainRef) -> Action {
        match &self.stage {
            Stage::Open => Action::Prepare,
            Stage::Sent { prepared } => Action::Settle(prepared.call.clone()),
            // The chain needs nobody to reveal these.
            Stage::Taken {
                prepared:
                    PreparedWeights {
                        method: WeightsMethod::Timelocked { .. },
                        ..
                    },
                reveal_epoch: Some(reveal_epoch),
                ..
            } if head.epoch < *reveal_epoch => Action::Nothing,
            Stage::Taken {
                prepared, block, ..
            } => Action::LookUp(prepared.clone(), *block),
            Stage::Revealing { reveal, .. } => Action::Settle(reveal.clone()),
            Stage::Ended { .. } => Action::Nothing,
        }
    }

    /// Takes note that the epoch is over; weights that are not on their way count for nothing then.
    pub fn note_head(&mut self, head: &ChainRef) {
        if self.stage == Stage::Open && head.epoch > self.epoch {
            let last = self.attempts.last();
            let reason = last.map_or_else(
                || "the epoch was over when this node saw them agreed".to_owned(),
                |attempt| attempt.result.to_string(),
            );
            self.end(Outcome::Missed { reason });
        }
    }

    /// Takes note of what was found out.
    pub fn note(&mut self, event: Event, now: Moment) {
        let stage = core::mem::replace(&mut self.stage, Stage::Open);
        self.stage = match stage {
            Stage::Open => self.note_open(event, now),
            Stage::Sent { prepared } => self.note_sent(prepared, event, now),
            Stage::Taken {
                prepared,
                block,
                reveal_epoch,
            } => self.note_taken(prepared, block, reveal_epoch, event, now),
            Stage::Revealing {
                prepared,
                reveal,
                block,
            } => self.note_revealing(prepared, reveal, block, event, now),
            ended @ Stage::Ended { .. } => ended,
        };
    }

    fn note_open(&mut self, event: Event, now: Moment) -> Stage {
        match event {
            Event::Prepared(prepared) => {
                self.begin(&prepared.call, now);
                Stage::Sent { prepared }
            }
            Event::Skipped(reason) => ended(Outcome::Skipped { reason }, None),
            Event::NotPrepared(error @ ChainError::AlreadySet { .. }) => {
                let reason = error.to_string();
                ended(Outcome::Skipped { reason }, None)
            }
            Event::NotPrepared(error) => {
                self.refused(&error.to_string(), now);
                after(error.advice(), error.to_string())
            }
            _ => Stage::Open,
        }
    }

    fn note_sent(&mut self, prepared: PreparedWeights, event: Event, now: Moment) -> Stage {
        match event {
            Event::NotSent(ChainError::Refused { call, failure }) => {
                let (advice, reason) = (failure.advice(), format!("{call}: {failure}"));
                self.finish(AttemptResult::Refused {
                    reason: reason.clone(),
                });
                after(advice, reason)
            }
            Event::Settled(settlement) => {
                self.finish(result_of(&settlement));
                match settlement {
                    Settlement::Waiting => Stage::Sent { prepared },
                    Settlement::Done { block } => taken(prepared, block),
                    Settlement::Failed { failure, .. } => {
                        after(failure.advice(), failure.to_string())
                    }
                    Settlement::Lost => Stage::Open,
                }
            }
            // What the chain holds tells as well whether it took the call.
            Event::NotSettled if is_forgotten(&prepared.call, &now.head) => {
                let block = prepared.call.valid_until;
                taken(prepared, block)
            }
            _ => Stage::Sent { prepared },
        }
    }

    fn note_taken(
        &mut self,
        prepared: PreparedWeights,
        block: u64,
        reveal_epoch: Option<u64>,
        event: Event,
        now: Moment,
    ) -> Stage {
        let until = reveal_epoch.unwrap_or(self.epoch).max(self.epoch);
        match event {
            Event::LookedUp(WeightsStanding::Stored) => {
                ended(Outcome::Stored { block }, Some(prepared.method))
            }
            Event::LookedUp(WeightsStanding::Gone { reason }) => {
                ended(Outcome::Failed { reason }, Some(prepared.method))
            }
            Event::LookedUp(WeightsStanding::Committed { reveal_epoch }) => Stage::Taken {
                prepared,
                block,
                reveal_epoch: Some(reveal_epoch),
            },
            Event::RevealPrepared(reveal) => {
                self.begin(&reveal, now);
                Stage::Revealing {
                    prepared,
                    reveal,
                    block,
                }
            }
            Event::NotLookedUp(error) if now.head.epoch > until.saturating_add(PATIENCE_EPOCHS) => {
                let reason = format!("the chain does not tell what it holds: {error}");
                ended(Outcome::Failed { reason }, Some(prepared.method))
            }
            event => {
                if let Event::NotPrepared(error) = event {
                    self.refused(&error.to_string(), now);
                }
                Stage::Taken {
                    prepared,
                    block,
                    reveal_epoch,
                }
            }
        }
    }

    fn note_revealing(
        &mut self,
        prepared: PreparedWeights,
        reveal: SignedCall,
        block: u64,
        event: Event,
        now: Moment,
    ) -> Stage {
        match event {
            Event::NotSent(ChainError::Refused { call, failure }) => {
                let reason = format!("{call}: {failure}");
                self.finish(AttemptResult::Refused { reason });
                taken(prepared, block)
            }
            Event::Settled(settlement) if settlement != Settlement::Waiting => {
                self.finish(result_of(&settlement));
                taken(prepared, block)
            }
            Event::NotSettled if is_forgotten(&reveal, &now.head) => taken(prepared, block),
            _ => Stage::Revealing {
                prepared,
                reveal,
                block,
            },
        }
    }

    fn begin(&mut self, call: &SignedCall, now: Moment) {
        self.push(Attempt {
            head: now.head.number,
            time_ms: now.time_ms,
            call: Some(call.hash),
            name: Some(call.name.clone()),
            result: AttemptResult::Sent,
            times: 1,
        });
    }

    fn refused(&mut self, reason: &str, now: Moment) {
        let result = AttemptResult::Refused {
            reason: reason.to_owned(),
        };
        match self.attempts.last_mut() {
            Some(last) if last.call.is_none() && last.result == result => {
                last.times = last.times.saturating_add(1);
            }
            _ => self.push(Attempt {
                head: now.head.number,
                time_ms: now.time_ms,
                call: None,
                name: None,
                result,
                times: 1,
            }),
        }
    }

    fn finish(&mut self, result: AttemptResult) {
        if let Some(last) = self.attempts.last_mut() {
            last.result = result;
        }
    }

    fn push(&mut self, attempt: Attempt) {
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.remove(ATTEMPTS_MAX / 2);
        }
        self.attempts.push(attempt);
    }

    fn end(&mut self, outcome: Outcome) {
        self.stage = ended(outcome, self.method().cloned());
    }
}

fn taken(prepared: PreparedWeights, block: u64) -> Stage {
    Stage::Taken {
        prepared,
        block,
        reveal_epoch: None,
    }
}

/// Whether the blocks that can hold a call are so old that the chain need not tell any more.
fn is_forgotten(call: &SignedCall, head: &ChainRef) -> bool {
    head.number > call.valid_until.saturating_add(FORGOTTEN_BLOCKS)
}

fn ended(outcome: Outcome, method: Option<WeightsMethod>) -> Stage {
    Stage::Ended { outcome, method }
}

/// What follows on a refusal. What an operator can mend is tried again until the epoch is over.
fn after(advice: Advice, reason: String) -> Stage {
    match advice {
        Advice::GiveUp => ended(Outcome::Failed { reason }, None),
        Advice::RetryLater | Advice::WaitForChain | Advice::TellOperator => Stage::Open,
    }
}

fn result_of(settlement: &Settlement) -> AttemptResult {
    match settlement {
        Settlement::Waiting => AttemptResult::Sent,
        Settlement::Done { block, .. } => AttemptResult::Taken { block: *block },
        Settlement::Failed { failure, .. } => AttemptResult::Refused {
            reason: failure.to_string(),
        },
        Settlement::Lost => AttemptResult::Lost,
    }
}

impl core::fmt::Display for AttemptResult {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            AttemptResult::Sent => f.write_str("sent, not in a finalised block yet"),
            AttemptResult::Taken { block } => write!(f, "in block {block}"),
            AttemptResult::Refused { reason } => f.write_str(reason),
            AttemptResult::Lost => f.write_str("no block took the call before its time was over"),
        }
    }
}

#[cfg(test)]
mod tests;
