//! A member with some stake that runs no validator at all: it sends whatever might hurt, signed
//! with its own key, with nobody's, or not even decodable.

use assay_consensus::block::{
    Block, BlockHeader, CommitCertificate, ConsensusVote, DecidedBlock, Proposal, VoteKind,
};
use assay_consensus::core::{Input, Origin};
use assay_consensus::envelope::{Payload, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair, Signature};
use assay_consensus::submission::{Approval, Rejection, SubmissionHeader, SubmissionId};
use assay_consensus::votes::{LogVote, WeightsVote};
use assay_consensus::wire::{Message, Status, Topic};

use crate::network::HOSTILE;
use crate::world::{CHALLENGE, Event, World};

/// Pause between two attacks.
const PAUSE_MAX_MS: u64 = 60;

impl World {
    /// One attack on one random node, and the next one planned.
    pub(crate) fn make_mischief(&mut self, by: usize) {
        let after_ms = 1 + self.rng.below(PAUSE_MAX_MS);
        self.schedule(after_ms, Event::Mischief(by));
        let to = self.rng.below(self.nodes.len() as u64) as usize;
        if to == by {
            return;
        }
        if self.rng.chance(10) {
            self.send_garbage();
            return;
        }
        let message = Box::new(self.hostile_message(by, to));
        let origin = Origin::Gossip(HOSTILE);
        self.send(to, Input::Message { message, origin });
    }

    /// An answer to a request for blocks that proves nothing.
    pub(crate) fn forged_blocks(&mut self, by: usize, to: usize) -> Vec<DecidedBlock> {
        let block = self.hostile_block(by, to);
        let certificate = CommitCertificate {
            height: block.header.height,
            round: 0,
            block: block.id(),
            signatures: (0..self.nodes.len() as u16)
                .map(|index| (index, Signature([7; 64])))
                .collect(),
        };
        vec![DecidedBlock { block, certificate }; 1 + self.rng.below(3) as usize]
    }

    /// Garbage never becomes an input: decoding names an error.
    fn send_garbage(&mut self) {
        let length = self.rng.below(200) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| self.rng.next() as u8).collect();
        for topic in [
            Topic::Submissions,
            Topic::Approvals,
            Topic::Consensus,
            Topic::LogVotes,
            Topic::WeightsVotes,
            Topic::Status,
        ] {
            // A random status is the only message that may decode: it is just two numbers.
            let decoded = Message::decode(topic, &bytes);
            assert!(decoded.is_err() || topic == Topic::Status);
        }
    }

    fn hostile_message(&mut self, by: usize, to: usize) -> Message {
        let set_epoch = self.nodes[to].disk.tip.chain.epoch;
        let height = self.hostile_height(to);
        let round = [0, 0, 1, 2, 7, 100, u32::MAX][self.rng.below(7) as usize];
        let submission = self.known_submission(to);
        match self.rng.below(9) {
            0 | 1 => {
                let kinds = [VoteKind::Prevote, VoteKind::Precommit];
                let vote = ConsensusVote {
                    height,
                    round,
                    kind: kinds[self.rng.below(2) as usize],
                    block: self.rng.chance(70).then(|| self.hostile_block(by, to).id()),
                };
                Message::Vote(self.sign(by, vote))
            }
            2 | 3 => {
                let proposal = Proposal {
                    round,
                    pol_round: self.rng.chance(30).then_some(round / 2),
                    block: self.hostile_block(by, to),
                };
                Message::Proposal(Box::new(self.sign(by, proposal)))
            }
            4 => {
                let approval = Approval {
                    submission,
                    set_epoch,
                };
                Message::Approval(self.sign(by, approval))
            }
            5 => {
                let text = format!("no {}", self.rng.below(3));
                let rejection = Rejection::new(submission, set_epoch, "no", &text);
                Message::Rejection(self.sign(by, rejection))
            }
            6 => {
                let vote = LogVote {
                    submission,
                    height,
                    set_epoch,
                    log_hash: Hash::of(&[self.rng.below(3) as u8]),
                    score: i64::MIN,
                };
                Message::LogVote(self.sign(by, vote))
            }
            7 => {
                let vote = WeightsVote {
                    epoch: set_epoch,
                    height,
                    weights_hash: Hash::of(&[self.rng.below(3) as u8]),
                };
                Message::WeightsVote(self.sign(by, vote))
            }
            _ if self.rng.chance(50) => Message::Status(Status {
                height: if self.rng.chance(50) {
                    u64::MAX
                } else {
                    height
                },
                block: Hash::ZERO,
            }),
            _ => {
                let header = SubmissionHeader {
                    challenge: CHALLENGE.into(),
                    hotkey: self.hostile_signer(by),
                    epoch: set_epoch,
                    name: "trojan".into(),
                    sequence: self.rng.below(5),
                    payload_hash: Hash::ZERO,
                    payload_len: 1,
                };
                Message::Submission(self.sign(by, header))
            }
        }
    }

    /// Signs; now and then in the name of somebody else.
    fn sign<P: Payload>(&mut self, by: usize, payload: P) -> Signed<P> {
        let key = Keypair::insecure_from_name(&self.nodes[by].name);
        let mut signed = Signed::sign(&self.genesis.network_id(), payload, &key).into_signed();
        if self.rng.chance(20) {
            signed.signer = self.hostile_signer(by);
        }
        signed
    }

    fn hostile_signer(&mut self, by: usize) -> Hotkey {
        let other = self.rng.below(self.nodes.len() as u64) as usize;
        if self.rng.chance(50) {
            self.nodes[by].hotkey
        } else {
            self.nodes[other].hotkey
        }
    }

    /// Mostly the height that the victim works on.
    fn hostile_height(&mut self, to: usize) -> u64 {
        let next = self.nodes[to].disk.tip.height + 1;
        [next, next, next, next, next + 1, next - 1, 0, u64::MAX][self.rng.below(8) as usize]
    }

    fn known_submission(&mut self, to: usize) -> SubmissionId {
        let known: Vec<SubmissionId> = self.nodes[to].disk.received.keys().copied().collect();
        let index = self.rng.below(known.len() as u64 + 1) as usize;
        let unknown = SubmissionId(Hash::of(b"unknown"));
        known.get(index).copied().unwrap_or(unknown)
    }

    /// A block that fits the victim's tip more or less.
    fn hostile_block(&mut self, by: usize, to: usize) -> Block {
        let newest = self.chain.height_at(self.now_ms);
        let number = [
            newest,
            newest.saturating_sub(1),
            newest + 1,
            u64::MAX / 1_024,
        ][self.rng.below(4) as usize];
        let flaw = self.rng.below(4);
        let tip = &self.nodes[to].disk.tip;
        let header = BlockHeader {
            height: tip.height + 1,
            parent: if flaw == 0 { Hash::ZERO } else { tip.block },
            proposer: self.nodes[by].hotkey,
            chain: self.chain.block(number),
            entries_root: if flaw == 1 {
                Hash::ZERO
            } else {
                Block::root_of(&[])
            },
            state_root: if flaw == 2 {
                Hash::ZERO
            } else {
                tip.state_root
            },
            results_root: tip.results_root,
        };
        Block {
            header,
            entries: Vec::new(),
        }
    }
}
