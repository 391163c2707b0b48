//! Several engines in virtual time on a network with faults, driven by one seed.

use std::collections::BTreeMap;

use assay_consensus::block::{ConsensusVote, DecidedBlock, Proposal, VoteKind};
use assay_consensus::engine::{Engine, EngineConfig, EngineEffect, EngineInput, Timeouts};
use assay_consensus::envelope::Signed;
use assay_consensus::guard::{Floor, Guarded, SignGuard, SignOutcome, SignRecord, Subject};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::validators::Quorum;
use assay_consensus::wire::Message;

use crate::rng::Rng;
use crate::script::{Cast, HEIGHT, NETWORK, block};

/// Pause between two pulls of a validator.
const PULL_MS: u64 = 300;

/// What the network does to a message. Chances are in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    pub loss: u64,
    pub duplicate: u64,
    pub latency_max_ms: u64,
    /// Chance that a validator crashes right after it has made a signature durable.
    pub crash_on_sign: u64,
}

enum Event {
    Deliver { to: usize, message: Box<Message> },
    Tick(usize),
    Pull(usize),
    Restart(usize),
}

struct Node {
    name: String,
    hotkey: Hotkey,
    /// None while it is down.
    running: Option<Running>,
    disk: Disk,
    decided: Option<DecidedBlock>,
    evidence: usize,
    /// Dead validators never start.
    is_dead: bool,
    group: u8,
}

struct Running {
    engine: Engine,
    guard: SignGuard,
}

#[derive(Default)]
struct Disk {
    records: Vec<SignRecord>,
    justifications: Vec<Message>,
}

pub struct Network {
    pub cast: Cast,
    pub faults: Faults,
    pub now_ms: u64,
    pub crashes: usize,
    nodes: Vec<Node>,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    rng: Rng,
    /// Every vote that honest validators ever signed, for checking the rules.
    signed: BTreeMap<(u32, VoteKind, Hotkey), Option<Hash>>,
}

impl Network {
    pub fn new(stakes: &[u64], quorum: Quorum, seed: u64) -> Network {
        let cast = Cast::new(stakes, quorum);
        let nodes = cast.keys.iter().enumerate().map(|(i, key)| Node {
            name: format!("validator-{i}"),
            hotkey: key.hotkey(),
            running: None,
            disk: Disk::default(),
            decided: None,
            evidence: 0,
            is_dead: false,
            group: 0,
        });
        Network {
            nodes: nodes.collect(),
            cast,
            faults: Faults {
                latency_max_ms: 50,
                ..Faults::default()
            },
            now_ms: 0,
            crashes: 0,
            events: BTreeMap::new(),
            next_event: 0,
            rng: Rng(seed),
            signed: BTreeMap::new(),
        }
    }

    /// Never starts: it is down, or the test speaks for it.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].is_dead = true;
    }

    /// Nodes of different groups do not hear each other.
    pub fn partition(&mut self, groups: &[u8]) {
        for (node, group) in self.nodes.iter_mut().zip(groups) {
            node.group = *group;
        }
    }

    pub fn start(&mut self) {
        for node in 0..self.nodes.len() {
            if !self.nodes[node].is_dead {
                self.boot(node);
                let after_ms = self.rng.below(PULL_MS);
                self.schedule(after_ms, Event::Pull(node));
            }
        }
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, duration_ms: u64) {
        let end_ms = self.now_ms + duration_ms;
        while let Some(entry) = self.events.first_entry() {
            if entry.key().0 > end_ms {
                break;
            }
            self.now_ms = entry.key().0;
            let event = entry.remove();
            self.handle(event);
        }
        self.now_ms = end_ms;
    }

    /// Runs until all that are alive have decided; panics if they don't within the time.
    pub fn run_until_decided(&mut self, limit_ms: u64) {
        let end_ms = self.now_ms + limit_ms;
        while !self.all_decided() {
            assert!(self.now_ms < end_ms, "no decision: {:?}", self.rounds());
            self.run_for(50);
        }
    }

    pub fn all_decided(&self) -> bool {
        let is_done = |node: &Node| node.is_dead || node.decided.is_some();
        self.nodes.iter().all(is_done)
    }

    pub fn rounds(&self) -> Vec<Option<u32>> {
        let round = |node: &Node| node.running.as_ref().and_then(|r| r.engine.round());
        self.nodes.iter().map(round).collect()
    }

    pub fn decided_count(&self) -> usize {
        self.nodes.iter().filter(|n| n.decided.is_some()).count()
    }

    pub fn evidence(&self, node: usize) -> usize {
        self.nodes[node].evidence
    }

    pub fn decided_round(&self, node: usize) -> u32 {
        let decided = self.nodes[node].decided.as_ref().unwrap();
        decided.certificate.round
    }

    /// Sends a message from nowhere to one node.
    pub fn inject(&mut self, to: usize, message: Message) {
        self.schedule(
            1,
            Event::Deliver {
                to,
                message: Box::new(message),
            },
        );
    }

    /// Nobody decided differently, nobody voted against its lock.
    pub fn check_rules(&self) {
        let mut blocks = self.nodes.iter().filter_map(|n| n.decided.as_ref());
        if let Some(first) = blocks.next() {
            for other in blocks {
                assert_eq!(first.block.id(), other.block.id(), "two decisions");
            }
        }
        for (&(locked_round, kind, hotkey), &locked) in &self.signed {
            if kind != VoteKind::Precommit || locked.is_none() {
                continue;
            }
            for (&(round, kind, voter), &voted) in &self.signed {
                let is_against = kind == VoteKind::Prevote
                    && voter == hotkey
                    && round > locked_round
                    && voted.is_some()
                    && voted != locked;
                if is_against {
                    let freed = (locked_round..round).any(|r| self.has_polka(r, voted));
                    assert!(freed, "{hotkey:?} prevoted against its lock in {round}");
                }
            }
        }
    }

    fn has_polka(&self, round: u32, block: Option<Hash>) -> bool {
        let prevotes = self
            .signed
            .iter()
            .filter(|((r, k, _), b)| *r == round && *k == VoteKind::Prevote && **b == block);
        let stake = prevotes.map(|((_, _, v), _)| self.cast.set.stake_of(v));
        self.cast
            .quorum
            .is_met(stake.sum(), self.cast.set.total_stake())
    }

    fn schedule(&mut self, after_ms: u64, event: Event) {
        self.next_event += 1;
        let key = (self.now_ms + after_ms, self.next_event);
        self.events.insert(key, event);
    }

    fn boot(&mut self, node: usize) {
        let config = EngineConfig {
            quorum: self.cast.quorum,
            timeouts: Timeouts::LOCAL,
            local: Some(self.nodes[node].hotkey),
            network: NETWORK,
        };
        let mut engine = Engine::new(config, HEIGHT, self.cast.set.clone());
        let keypair = Keypair::insecure_from_name(&self.nodes[node].name);
        let disk = &self.nodes[node].disk;
        let guard = SignGuard::new(NETWORK, keypair, disk.records.clone(), Floor::default());
        let own = guard.consensus_messages(HEIGHT);
        let effects = engine.restore(self.now_ms, own, disk.justifications.clone());
        self.nodes[node].running = Some(Running { engine, guard });
        self.apply(node, effects);
        self.wake(node);
    }

    fn crash(&mut self, node: usize) {
        self.crashes += 1;
        self.nodes[node].running = None;
        let after_ms = 1 + self.rng.below(1_000);
        self.schedule(after_ms, Event::Restart(node));
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver { to, message } => {
                let input = match *message {
                    Message::Proposal(signed) => EngineInput::Proposal {
                        proposal: signed.verify(&NETWORK).unwrap(),
                        valid: true,
                    },
                    Message::Vote(signed) => EngineInput::Vote(signed.verify(&NETWORK).unwrap()),
                    other => panic!("unexpected {other:?}"),
                };
                self.step(to, input);
            }
            Event::Tick(node) => {
                let deadline = self.running(node).and_then(|r| r.engine.next_deadline_ms());
                if deadline.is_some_and(|deadline| deadline <= self.now_ms) {
                    self.step(node, EngineInput::Tick);
                }
            }
            Event::Pull(node) => {
                self.schedule(PULL_MS, Event::Pull(node));
                let from = self.rng.below(self.nodes.len() as u64) as usize;
                if self.nodes[node].decided.is_none() {
                    self.pull(node, from);
                }
            }
            Event::Restart(node) => {
                if self.nodes[node].running.is_none() {
                    self.boot(node);
                }
            }
        }
    }

    /// Missed messages, or the decided block from one who has it: who counted the other vote of
    /// a double voter may never see the quorum itself.
    fn pull(&mut self, node: usize, from: usize) {
        if self.nodes[from].group != self.nodes[node].group || self.running(node).is_none() {
            return;
        }
        let Some(running) = self.running(from) else {
            return;
        };
        if let Some(decided) = self.nodes[from].decided.clone() {
            self.cast.check_decided(&decided);
            self.nodes[node].decided = Some(decided);
            return;
        }
        for message in running.engine.messages() {
            self.send(from, node, message);
        }
    }

    fn running(&self, node: usize) -> Option<&Running> {
        self.nodes[node].running.as_ref()
    }

    fn step(&mut self, node: usize, input: EngineInput) {
        let now_ms = self.now_ms;
        if let Some(running) = &mut self.nodes[node].running {
            let effects = running.engine.step(now_ms, input);
            self.apply(node, effects);
            self.wake(node);
        }
    }

    fn wake(&mut self, node: usize) {
        let deadline = self.running(node).and_then(|r| r.engine.next_deadline_ms());
        if let Some(deadline) = deadline {
            let after_ms = deadline.saturating_sub(self.now_ms);
            self.schedule(after_ms, Event::Tick(node));
        }
    }

    fn apply(&mut self, node: usize, effects: Vec<EngineEffect>) {
        for effect in effects {
            match effect {
                EngineEffect::BuildBlock { round, .. } => {
                    let salt = self.rng.next();
                    let block = block(self.nodes[node].hotkey, salt);
                    self.step(node, EngineInput::Propose { round, block });
                }
                EngineEffect::SignProposal(proposal) => {
                    let subject = Subject::Proposal {
                        height: HEIGHT,
                        round: proposal.round,
                    };
                    self.sign(node, subject, proposal, Vec::new());
                }
                EngineEffect::SignVote {
                    vote,
                    justification,
                } => {
                    let subject = Subject::Vote {
                        height: HEIGHT,
                        round: vote.round,
                        kind: vote.kind,
                    };
                    self.sign(node, subject, vote, justification);
                }
                EngineEffect::Decided(decided) => {
                    self.cast.check_decided(&decided);
                    let before = self.nodes[node].decided.replace(decided.clone());
                    assert!(before.is_none_or(|before| before.block == decided.block));
                }
                EngineEffect::Evidence(evidence) => {
                    evidence.verify(&NETWORK).unwrap();
                    self.nodes[node].evidence += 1;
                }
            }
        }
    }

    fn sign<G: Guarded>(
        &mut self,
        node: usize,
        subject: Subject,
        content: G,
        justification: Vec<Message>,
    ) {
        let Some(running) = &mut self.nodes[node].running else {
            return;
        };
        let message = match running.guard.sign(subject, content) {
            Ok(SignOutcome::Fresh(record)) => {
                let message = record.message.clone();
                self.note_signed(&message);
                self.nodes[node].disk.records.push(record);
                self.nodes[node].disk.justifications.extend(justification);
                if self.rng.chance(self.faults.crash_on_sign) {
                    self.crash(node);
                    return;
                }
                message
            }
            Ok(SignOutcome::Repeat(message)) => message,
            Err(conflict) => panic!("the engine asked for a second signature: {conflict}"),
        };
        self.publish(node, message);
    }

    fn note_signed(&mut self, message: &Message) {
        if let Message::Vote(vote) = message {
            let ConsensusVote {
                round, kind, block, ..
            } = vote.payload;
            let before = self.signed.insert((round, kind, vote.signer), block);
            assert_eq!(before, None, "signed twice");
        }
    }

    fn publish(&mut self, node: usize, message: Message) {
        for to in 0..self.nodes.len() {
            if to != node {
                self.send(node, to, message.clone());
            }
        }
        let input = match message {
            Message::Proposal(signed) => EngineInput::Proposal {
                proposal: signed.verify(&NETWORK).unwrap(),
                valid: true,
            },
            Message::Vote(signed) => EngineInput::Vote(signed.verify(&NETWORK).unwrap()),
            other => panic!("unexpected {other:?}"),
        };
        self.step(node, input);
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        if self.nodes[from].group != self.nodes[to].group {
            return;
        }
        let copies = if self.rng.chance(self.faults.loss) {
            0
        } else {
            1 + usize::from(self.rng.chance(self.faults.duplicate))
        };
        for _ in 0..copies {
            let after_ms = 1 + self.rng.below(self.faults.latency_max_ms);
            let message = message.clone();
            self.schedule(
                after_ms,
                Event::Deliver {
                    to,
                    message: Box::new(message),
                },
            );
        }
    }
}

/// A signed proposal of a round by its proposer, for nodes that the test speaks for.
pub fn proposal_message(cast: &Cast, round: u32, block: &assay_consensus::block::Block) -> Message {
    let proposal = Proposal {
        round,
        pol_round: None,
        block: block.clone(),
    };
    let key = &cast.keys[cast.proposer(round)];
    Message::Proposal(Box::new(
        Signed::sign(&NETWORK, proposal, key).into_signed(),
    ))
}
