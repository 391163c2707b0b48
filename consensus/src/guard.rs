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
    floor: Floor,
}

/// Below this nothing is signed any more: what was signed there has been forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Floor {
    /// Ledger height for proposals and consensus votes.
    pub consensus_height: u64,
    /// Ledger height for log votes.
    pub log_height: u64,
    /// Epoch for approvals, rejections and weights votes.
    pub epoch: u64,
}

impl SignGuard {
    /// A guard that remembers `records` from before a restart, and refuses what is below `floor`.
    pub fn new(
        network: NetworkId,
        keypair: Keypair,
        records: impl IntoIterator<Item = SignRecord>,
        floor: Floor,
    ) -> SignGuard {
        let signed = records
            .into_iter()
            .map(|record| (record.subject, record.message))
            .collect();
        SignGuard {
            network,
            keypair,
            signed,
            floor,
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
            // Something else may have been signed and forgotten, if the store lost its newest blocks.
            None if self.floor.covers(&subject) => Err(Conflict { subject }),
            None => {
                let message = content.sign(&self.network, &self.keypair);
                self.signed.insert(subject.clone(), message.clone());
                Ok(SignOutcome::Fresh(SignRecord { subject, message }))
            }
        }
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

    /// Forgets what is below `floor`, and never signs there again. Returns what is still needed,
    /// for compacting the log.
    pub fn prune(&mut self, floor: Floor) -> Vec<SignRecord> {
        self.floor = self.floor.max(floor);
        let floor = self.floor;
        self.signed.retain(|subject, _| !floor.covers(subject));
        self.signed
            .iter()
            .map(|(subject, message)| SignRecord {
                subject: subject.clone(),
                message: message.clone(),
            })
            .collect()
    }

    /// Below this nothing is signed any more.
    pub fn floor(&self) -> Floor {
        self.floor
    }

    /// Signs a statement that can't conflict with anything, such as the link to a transport key.
    pub fn sign_statement<P: crate::envelope::Payload>(&self, payload: P) -> Verified<P> {
        Signed::sign(&self.network, payload, &self.keypair)
    }
}

impl Floor {
    /// The higher of two floors, part by part.
    #[must_use]
    pub fn max(self, other: Floor) -> Floor {
        Floor {
            consensus_height: self.consensus_height.max(other.consensus_height),
            log_height: self.log_height.max(other.log_height),
            epoch: self.epoch.max(other.epoch),
        }
    }

    fn covers(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Proposal { height, .. } | Subject::Vote { height, .. } => {
                *height < self.consensus_height
            }
            Subject::LogVote { height, .. } => *height < self.log_height,
            Subject::Slot(slot) => slot.epoch < self.epoch,
            Subject::Rejection { set_epoch, .. } => *set_epoch < self.epoch,
            Subject::WeightsVote { epoch } => *epoch < self.epoch,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    const NETWORK: NetworkId = NetworkId(Hash::ZERO);

    fn vote(height: u64, block: Option<Hash>) -> (Subject, ConsensusVote) {
        let (round, kind) = (0, VoteKind::Prevote);
        let vote = ConsensusVote {
            height,
            round,
            kind,
            block,
        };
        (
            Subject::Vote {
                height,
                round,
                kind,
            },
            vote,
        )
    }

    fn guard(records: Vec<SignRecord>, floor: Floor) -> SignGuard {
        SignGuard::new(
            NETWORK,
            Keypair::insecure_from_name("guard"),
            records,
            floor,
        )
    }

    #[test]
    fn a_second_different_vote_is_refused_also_after_a_restart() {
        let mut first = guard(Vec::new(), Floor::default());
        let (subject, content) = vote(5, None);
        let Ok(SignOutcome::Fresh(record)) = first.sign(subject.clone(), content) else {
            panic!("the first vote is signed");
        };
        let mut second = guard(vec![record.clone()], Floor::default());
        let (_, other) = vote(5, Some(Hash::of(b"other")));
        assert_eq!(
            second.sign(subject.clone(), other),
            Err(Conflict {
                subject: subject.clone()
            })
        );
        assert_eq!(
            second.sign(subject, content),
            Ok(SignOutcome::Repeat(record.message))
        );
    }

    #[test]
    fn what_was_forgotten_is_never_signed_again_even_if_the_store_went_back() {
        let mut first = guard(Vec::new(), Floor::default());
        let (subject, content) = vote(5, None);
        first.sign(subject.clone(), content).unwrap();
        let floor = Floor {
            consensus_height: 6,
            log_height: 3,
            epoch: 1,
        };
        assert!(first.prune(floor).is_empty());
        let mut restarted = guard(Vec::new(), first.floor());
        assert_eq!(
            restarted.sign(subject.clone(), content),
            Err(Conflict { subject })
        );
        let (subject, content) = vote(6, None);
        assert!(restarted.sign(subject, content).is_ok());
    }
}
