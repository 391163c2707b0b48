//! Everything that validators send each other, and how it is decoded.

use serde::{Deserialize, Serialize};

use crate::block::{ConsensusVote, DecidedBlock, Proposal};
use crate::codec::{self, CodecError};
use crate::envelope::Signed;
use crate::hash::Hash;
use crate::limits::{GOSSIP_MAX_BYTES, PULL_REPLY_MAX_BYTES};
use crate::submission::{Approval, Rejection, SubmissionHeader, SubmissionId};
use crate::votes::{LogVote, WeightsVote};

/// Topic that a message is gossiped on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Signed submission headers.
    Submissions,
    /// Approvals and rejections.
    Approvals,
    /// Proposals and consensus votes.
    Consensus,
    /// Log votes.
    LogVotes,
    /// Weights votes.
    WeightsVotes,
    /// Where a node stands.
    Status,
}

/// A gossiped message, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A miner's submission.
    Submission(Signed<SubmissionHeader>),
    /// A validator approves.
    Approval(Signed<Approval>),
    /// A validator rejects.
    Rejection(Signed<Rejection>),
    /// A block is proposed.
    Proposal(Box<Signed<Proposal>>),
    /// A vote on a block.
    Vote(Signed<ConsensusVote>),
    /// A vote on a log and score.
    LogVote(Signed<LogVote>),
    /// A vote on weights.
    WeightsVote(Signed<WeightsVote>),
    /// Where a node stands.
    Status(Status),
}

/// Where a node stands. Unsigned: it only prompts others to ask, and answers carry proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Height of its last decided block.
    pub height: u64,
    /// Id of that block.
    pub block: Hash,
}

/// A question to one peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncRequest {
    /// Decided blocks from a height on.
    Blocks {
        /// First height wanted.
        from_height: u64,
    },
    /// Messages that the asker may have missed.
    Pull(PullRequest),
}

/// What a node lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Height it works on: wants its proposals and votes.
    pub height: u64,
    /// Wants pending submissions and their approvals.
    pub pending: bool,
    /// Pending submissions without a certificate: wants to know if they have ended elsewhere.
    pub stuck: Vec<SubmissionId>,
    /// Submissions whose log is not agreed yet.
    pub submissions: Vec<SubmissionId>,
    /// Epochs whose weights are not agreed yet.
    pub weights_epochs: Vec<u64>,
}

/// Answer to a [`SyncRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncReply {
    /// Consecutive decided blocks.
    Blocks(Vec<DecidedBlock>),
    /// Messages, to be treated as if gossiped.
    Messages(Vec<Message>),
}

impl Message {
    /// The topic it is gossiped on.
    pub fn topic(&self) -> Topic {
        match self {
            Message::Submission(_) => Topic::Submissions,
            Message::Approval(_) | Message::Rejection(_) => Topic::Approvals,
            Message::Proposal(_) | Message::Vote(_) => Topic::Consensus,
            Message::LogVote(_) => Topic::LogVotes,
            Message::WeightsVote(_) => Topic::WeightsVotes,
            Message::Status(_) => Topic::Status,
        }
    }

    /// Decodes a gossip message that came on a topic.
    pub fn decode(topic: Topic, bytes: &[u8]) -> Result<Message, CodecError> {
        let message: Message = codec::decode(bytes, GOSSIP_MAX_BYTES)?;
        if message.topic() != topic {
            return Err(CodecError::Malformed {
                expected: "message of its topic",
                reason: format!("a message of {:?} came on {topic:?}", message.topic()),
            });
        }
        Ok(message)
    }

    /// Encodes for gossip.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

impl SyncReply {
    /// Decodes a reply to a sync request.
    pub fn decode(bytes: &[u8]) -> Result<SyncReply, CodecError> {
        codec::decode(bytes, 2 * PULL_REPLY_MAX_BYTES)
    }
}
