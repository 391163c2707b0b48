//! One engine under test, played to by the test in the name of all other validators.

use assay_consensus::block::{
    Block, BlockHeader, ChainRef, ConsensusVote, DecidedBlock, Evidence, Proposal, VoteKind,
};
use assay_consensus::engine::{Engine, EngineConfig, EngineEffect, EngineInput, Timeouts};
use assay_consensus::envelope::{NetworkId, Signed, Verified};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::validators::{Quorum, Validator, ValidatorSet};
use assay_consensus::wire::Message;

pub const HEIGHT: u64 = 7;
pub const NETWORK: NetworkId = NetworkId(Hash([9; 32]));

/// All validators of a test, in the order of their names.
pub struct Cast {
    pub keys: Vec<Keypair>,
    pub set: ValidatorSet,
    pub quorum: Quorum,
}

/// A distinct block of the test height.
pub fn block(proposer: Hotkey, salt: u64) -> Block {
    Block {
        header: BlockHeader {
            height: HEIGHT,
            parent: Hash::of(b"parent"),
            proposer,
            chain: ChainRef {
                number: 1,
                hash: Hash::ZERO,
                epoch: 0,
                next_epoch_start: 100,
                timestamp_ms: salt,
            },
            entries_root: Block::root_of(&[]),
            state_root: Hash::ZERO,
            results_root: Hash::ZERO,
        },
        entries: Vec::new(),
    }
}

impl Cast {
    pub fn new(stakes: &[u64], quorum: Quorum) -> Cast {
        let keys: Vec<Keypair> = (0..stakes.len())
            .map(|i| Keypair::insecure_from_name(&format!("validator-{i}")))
            .collect();
        let validators = keys.iter().zip(stakes).map(|(key, stake)| Validator {
            hotkey: key.hotkey(),
            stake: *stake,
        });
        Cast {
            set: ValidatorSet::new(3, validators).unwrap(),
            keys,
            quorum,
        }
    }

    pub fn engine(&self, local: Option<usize>) -> Engine {
        let config = EngineConfig {
            quorum: self.quorum,
            timeouts: Timeouts::default(),
            local: local.map(|i| self.keys[i].hotkey()),
            network: NETWORK,
        };
        Engine::new(config, HEIGHT, self.set.clone())
    }

    /// Index of the proposer of a round.
    pub fn proposer(&self, round: u32) -> usize {
        let hotkey = self.engine(None).proposer(round);
        self.index(&hotkey)
    }

    /// Somebody who proposes in none of the rounds.
    pub fn not_proposing(&self, rounds: &[u32]) -> usize {
        (0..self.keys.len())
            .find(|i| rounds.iter().all(|round| self.proposer(*round) != *i))
            .unwrap()
    }

    pub fn others(&self, than: usize) -> Vec<usize> {
        (0..self.keys.len()).filter(|i| *i != than).collect()
    }

    pub fn index(&self, hotkey: &Hotkey) -> usize {
        let is_it = |key: &Keypair| key.hotkey() == *hotkey;
        self.keys.iter().position(is_it).unwrap()
    }

    pub fn proposal(&self, round: u32, pol_round: Option<u32>, block: &Block) -> EngineInput {
        let proposal = Proposal {
            round,
            pol_round,
            block: block.clone(),
        };
        EngineInput::Proposal {
            proposal: Signed::sign(&NETWORK, proposal, &self.keys[self.proposer(round)]),
            valid: true,
        }
    }

    pub fn vote(&self, by: usize, round: u32, kind: VoteKind, block: Option<Hash>) -> EngineInput {
        EngineInput::Vote(self.signed_vote(by, round, kind, block))
    }

    pub fn signed_vote(
        &self,
        by: usize,
        round: u32,
        kind: VoteKind,
        block: Option<Hash>,
    ) -> Verified<ConsensusVote> {
        let vote = ConsensusVote {
            height: HEIGHT,
            round,
            kind,
            block,
        };
        Signed::sign(&NETWORK, vote, &self.keys[by])
    }

    /// Panics unless the block was really decided.
    pub fn check_decided(&self, decided: &DecidedBlock) {
        decided
            .certificate
            .verify(&NETWORK, &self.set, self.quorum, HEIGHT, decided.block.id())
            .unwrap();
    }
}

/// An engine with a validator that signs whatever it is asked to.
pub struct Actor<'a> {
    pub cast: &'a Cast,
    pub me: usize,
    pub engine: Engine,
    pub now_ms: u64,
    /// What it has signed and what it must remember with it, as on disk.
    pub own: Vec<Message>,
    pub justifications: Vec<Message>,
    pub decided: Option<DecidedBlock>,
    pub evidence: Vec<Evidence>,
}

impl<'a> Actor<'a> {
    pub fn new(cast: &'a Cast, me: usize) -> Actor<'a> {
        Actor {
            cast,
            me,
            engine: cast.engine(Some(me)),
            now_ms: 0,
            own: Vec::new(),
            justifications: Vec::new(),
            decided: None,
            evidence: Vec::new(),
        }
    }

    pub fn started(cast: &'a Cast, me: usize) -> Actor<'a> {
        let mut actor = Actor::new(cast, me);
        actor.start();
        actor
    }

    pub fn start(&mut self) {
        let effects = self.engine.start(self.now_ms);
        self.run(effects);
    }

    /// The same validator after a crash: with its disk, without its memory.
    pub fn restarted(self) -> Actor<'a> {
        let mut actor = Actor {
            engine: self.cast.engine(Some(self.me)),
            ..self
        };
        let (own, justifications) = (actor.own.clone(), actor.justifications.clone());
        let effects = actor.engine.restore(actor.now_ms, own, justifications);
        actor.run(effects);
        actor
    }

    pub fn step(&mut self, input: EngineInput) {
        let effects = self.engine.step(self.now_ms, input);
        self.run(effects);
    }

    /// Lets the next deadline pass.
    pub fn wait(&mut self) {
        self.now_ms = self.engine.next_deadline_ms().unwrap();
        self.step(EngineInput::Tick);
    }

    /// Waits until a round is reached.
    pub fn wait_for_round(&mut self, round: u32) {
        for _ in 0..100 {
            if self.engine.round() == Some(round) {
                return;
            }
            self.wait();
        }
        panic!("round {round} is never reached");
    }

    /// The block that it voted for in a step, or None for nil. Panics if it has not voted.
    pub fn voted(&self, round: u32, kind: VoteKind) -> Option<Hash> {
        self.vote_in(round, kind)
            .unwrap_or_else(|| panic!("no {kind:?} in round {round}"))
            .block
    }

    pub fn vote_in(&self, round: u32, kind: VoteKind) -> Option<ConsensusVote> {
        self.own.iter().find_map(|message| match message {
            Message::Vote(vote) if (vote.payload.round, vote.payload.kind) == (round, kind) => {
                Some(vote.payload)
            }
            _ => None,
        })
    }

    /// Own proposals of a round.
    pub fn proposals_in(&self, round: u32) -> Vec<Proposal> {
        let of_round = |message: &Message| match message {
            Message::Proposal(proposal) if proposal.payload.round == round => {
                Some(proposal.payload.clone())
            }
            _ => None,
        };
        self.own.iter().filter_map(of_round).collect()
    }

    fn run(&mut self, effects: Vec<EngineEffect>) {
        for effect in effects {
            match effect {
                EngineEffect::BuildBlock { height, round } => {
                    assert_eq!(height, HEIGHT);
                    let block = block(self.cast.keys[self.me].hotkey(), u64::from(round));
                    self.step(EngineInput::Propose { round, block });
                }
                EngineEffect::SignProposal(proposal) => {
                    let signed = Signed::sign(&NETWORK, proposal, &self.cast.keys[self.me]);
                    let message = Message::Proposal(Box::new(signed.as_signed().clone()));
                    self.own.push(message);
                    self.step(EngineInput::Proposal {
                        proposal: signed,
                        valid: true,
                    });
                }
                EngineEffect::SignVote {
                    vote,
                    justification,
                } => {
                    if let Some(before) = self.vote_in(vote.round, vote.kind) {
                        assert_eq!(before, vote, "asked to sign two different votes");
                        continue;
                    }
                    let signed = Signed::sign(&NETWORK, vote, &self.cast.keys[self.me]);
                    self.own.push(Message::Vote(signed.as_signed().clone()));
                    self.justifications.extend(justification);
                    self.step(EngineInput::Vote(signed));
                }
                EngineEffect::Decided(decided) => {
                    self.cast.check_decided(&decided);
                    assert_eq!(self.decided, None, "decided twice");
                    self.decided = Some(decided);
                }
                EngineEffect::Evidence(evidence) => self.evidence.push(evidence),
            }
        }
    }
}
