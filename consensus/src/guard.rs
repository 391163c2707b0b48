//! Never sign two different things for one subject, across crashes.
//!
//! Every signature goes through [`SignGuard::sign`], which answers with a record that must be
//! durable before the signature leaves the process. After a restart the records are loaded
//! again; asking to sign the same thing gives the same bytes, asking for another is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::block::{ConsensusVote, Proposal, VoteKind};
use crate::envelope::{NetworkId, Signed, Verified};
use crate::keys::{Hotkey, Keypair};
use crate::submission::{Approval, Rejection, Slot, SubmissionId};
use crate::votes::{LogVote, WeightsVote};
use crate::wire::Message;

/// What a validator signs at most one thing for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// The proposal of a round.
    Proposal {
        /// Ledger height.
        height: u64,
        /// Round within the height.
        round: u32,
    },
    /// A vote of a round.
    Vote {
        /// Ledger height.
        height: u64,
        /// Round within the height.
        round: u32,
        /// Prevote or precommit.
        kind: VoteKind,
    },
    /// The approval of a slot.
    Slot(Slot),
    /// The verdict on a submission that is rejected.
    Rejection {
        /// Epoch of the validator set.
        set_epoch: u64,
        /// The submission.
        submission: SubmissionId,
    },
    /// The log vote of a submission.
    LogVote {
        /// Ledger height of the block that admitted it.
        height: u64,
        /// The submission.
        submission: SubmissionId,
    },
    /// The weights vote of an epoch.
    WeightsVote {
        /// The epoch.
        epoch: u64,
    },
}

/// A signature that must be durable before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignRecord {
    /// What it was signed for.
    pub subject: Subject,
    /// The signed message, as it is sent.
    pub message: Message,
}

/// Something that the guard can sign.
pub trait Guarded: Sized {
    /// Signs it and wraps it for sending.
    fn sign(self, network: &NetworkId, keypair: &Keypair) -> Message;
    /// The same content as in a recorded message?
    fn is_same(&self, message: &Message) -> bool;
}

/// Refusal to sign a second, different thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("already signed something else for {subject:?}")]
pub struct Conflict {
    /// The subject that has a signature already.
    pub subject: Subject,
}

/// What came of a request to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOutcome {
    /// Newly signed: make the record durable, then send its message.
    Fresh(SignRecord),
    /// Signed before: send the same bytes again.
    Repeat(Message),
}

/// The key of this validator and all it has signed that could still conflict.
#[derive(Debug)]
pub struct SignGuard {
    network: NetworkId,
    keypair: Keypair,
    signed: BTreeMap<Subject, Message>,
}

impl SignGuard {
    /// A guard that remembers `records` from before a restart.
    pub fn new(
        network: NetworkId,
        keypair: Keypair,
        records: impl IntoIterator<Item = SignRecord>,
    ) -> SignGuard {
        let signed = records
            .into_iter()
            .map(|record| (record.subject, record.message))
            .collect();
        SignGuard {
            network,
            keypair,
            signed,
        }
    }

    /// The hotkey that signs.
    pub fn hotkey(&self) -> Hotkey {
        self.keypair.hotkey()
    }

    /// Signs `content` for `subject` unless something else has been signed for it.
    pub fn sign<G: Guarded>(
        &mut self,
        subject: Subject,
        content: G,
    ) -> Result<SignOutcome, Conflict> {
        match self.signed.get(&subject) {
            Some(message) if content.is_same(message) => Ok(SignOutcome::Repeat(message.clone())),
            Some(_) => Err(Conflict { subject }),
            None => {
                let message = content.sign(&self.network, &self.keypair);
                self.signed.insert(subject.clone(), message.clone());
                Ok(SignOutcome::Fresh(SignRecord { subject, message }))
            }
        }
    }

    /// What has been signed for a subject.
    pub fn get(&self, subject: &Subject) -> Option<&Message> {
        self.signed.get(subject)
    }

    /// All that has been signed for a height, in the order proposal, votes.
    pub fn consensus_messages(&self, at_height: u64) -> Vec<Message> {
        self.signed
            .iter()
            .filter(|(subject, _)| match subject {
                Subject::Proposal { height, .. } | Subject::Vote { height, .. } => {
                    *height == at_height
                }
                _ => false,
            })
            .map(|(_, message)| message.clone())
            .collect()
    }

    /// Forgets what can't conflict any more: decided heights and finished epochs. Returns what
    /// is still needed, for compacting the log.
    pub fn prune(&mut self, below_height: u64, below_epoch: u64) -> Vec<SignRecord> {
        self.signed.retain(|subject, _| match subject {
            Subject::Proposal { height, .. }
            | Subject::Vote { height, .. }
            | Subject::LogVote { height, .. } => *height >= below_height,
            Subject::Slot(slot) => slot.epoch >= below_epoch,
            Subject::Rejection { set_epoch, .. } => *set_epoch >= below_epoch,
            Subject::WeightsVote { epoch } => *epoch >= below_epoch,
        });
        self.signed
            .iter()
            .map(|(subject, message)| SignRecord {
                subject: subject.clone(),
                message: message.clone(),
            })
            .collect()
    }

    /// Number of remembered signatures.
    pub fn len(&self) -> usize {
        self.signed.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.signed.is_empty()
    }

    /// Signs a statement that can't conflict with anything, such as the link to a transport key.
    pub fn sign_statement<P: crate::envelope::Payload>(&self, payload: P) -> Verified<P> {
        Signed::sign(&self.network, payload, &self.keypair)
    }
}

macro_rules! guarded {
    ($payload:ty, $variant:ident, $signed:ident => $wrap:expr) => {
        impl Guarded for $payload {
            fn sign(self, network: &NetworkId, keypair: &Keypair) -> Message {
                let $signed = Signed::sign(network, self, keypair).into_signed();
                Message::$variant($wrap)
            }

            fn is_same(&self, message: &Message) -> bool {
                matches!(message, Message::$variant(signed) if signed.payload == *self)
            }
        }
    };
}

guarded!(Approval, Approval, signed => signed);
guarded!(Rejection, Rejection, signed => signed);
guarded!(Proposal, Proposal, signed => Box::new(signed));
guarded!(ConsensusVote, Vote, signed => signed);
guarded!(LogVote, LogVote, signed => signed);
guarded!(WeightsVote, WeightsVote, signed => signed);
