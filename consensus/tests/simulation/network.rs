//! Who hears what and when: gossip, pulls and block sync between the nodes.

use assay_consensus::block::{ConsensusVote, DecidedBlock};
use assay_consensus::core::{Input, Origin};
use assay_consensus::envelope::Signed;
use assay_consensus::keys::Keypair;
use assay_consensus::wire::{Message, PullRequest, SyncReply};

use crate::faults::Behaviour;
use crate::trace::describe;
use crate::world::{Event, World};

/// Tag of gossip that nobody may be blamed for.
pub const HONEST: u64 = 0;

/// Tag of gossip that a cheat sends.
pub const HOSTILE: u64 = 1;

impl World {
    /// Gossips a message to everybody.
    pub(crate) fn publish(&mut self, from: usize, message: Message) {
        self.checks.on_publish(self.nodes[from].hotkey, &message);
        self.trace.note(self.now_ms, from, &describe(&message));
        for to in 0..self.nodes.len() {
            if to != from {
                self.gossip(from, to, &message, HONEST);
            }
        }
        if let (Behaviour::Equivocates, Message::Vote(vote)) =
            (self.nodes[from].behaviour, &message)
        {
            self.vote_twice(from, vote.payload);
        }
    }

    /// The cheat signs another vote for the same step and shows it to half of the others.
    fn vote_twice(&mut self, cheat: usize, vote: ConsensusVote) {
        if vote.block.is_none() {
            return;
        }
        let second = ConsensusVote {
            block: None,
            ..vote
        };
        let key = Keypair::insecure_from_name(&self.nodes[cheat].name);
        let signed = Signed::sign(&self.genesis.network_id(), second, &key);
        let message = Message::Vote(signed.into_signed());
        for to in (0..self.nodes.len()).filter(|to| to % 2 == 0 && *to != cheat) {
            self.gossip(cheat, to, &message, HOSTILE);
        }
    }

    fn gossip(&mut self, from: usize, to: usize, message: &Message, tag: u64) {
        if !self.hears(from, to) || self.is_lost() {
            return;
        }
        let copies = 1 + u64::from(self.rng.chance(self.faults.duplicate));
        for _ in 0..copies {
            let bytes = message.encode();
            let message = Message::decode(message.topic(), &bytes).unwrap();
            let origin = Origin::Gossip(tag);
            let message = Box::new(message);
            self.send(to, Input::Message { message, origin });
        }
    }

    /// Asks a random other node for missed messages.
    pub(crate) fn request_pull(&mut self, from: usize, request: PullRequest) {
        if let Some(to) = self.pick_peer(from) {
            let after_ms = self.latency_ms();
            self.schedule(after_ms, Event::PullAsked { from, to, request });
        }
    }

    pub(crate) fn deliver_pull(&mut self, from: usize, to: usize, request: PullRequest) {
        self.next_token += 1;
        let token = self.next_token;
        self.pulls.insert(token, (from, request.clone()));
        self.step(to, Input::Pull { token, request });
    }

    pub(crate) fn answer_pull(&mut self, by: usize, token: u64, mut messages: Vec<Message>) {
        let Some((asker, request)) = self.pulls.remove(&token) else {
            panic!("an answer to a pull that nobody asked for");
        };
        messages.extend(self.nodes[by].disk.votes_for(&request));
        if !self.hears(by, asker) || self.is_lost() {
            return;
        }
        let bytes = assay_consensus::codec::encode(&SyncReply::Messages(messages));
        let SyncReply::Messages(messages) = SyncReply::decode(&bytes).unwrap() else {
            panic!("a reply changed its kind");
        };
        for message in messages {
            let message = Box::new(message);
            let origin = Origin::Pull;
            self.send(asker, Input::Message { message, origin });
        }
    }

    /// Asks a random other node for decided blocks.
    pub(crate) fn request_blocks(&mut self, from: usize, from_height: u64) {
        if let Some(to) = self.pick_peer(from) {
            let after_ms = self.latency_ms();
            let event = Event::BlocksAsked {
                from,
                to,
                from_height,
            };
            self.schedule(after_ms, event);
        }
    }

    pub(crate) fn deliver_blocks_request(&mut self, from: usize, to: usize, from_height: u64) {
        let is_hostile = self.nodes[to].behaviour == Behaviour::Hostile;
        let blocks: Vec<DecidedBlock> = if is_hostile {
            self.forged_blocks(to, from)
        } else {
            self.nodes[to].disk.blocks_from(from_height)
        };
        let answers = is_hostile || self.nodes[to].core.is_some();
        if answers && self.hears(to, from) && !self.is_lost() {
            self.send(from, Input::Blocks(blocks));
        }
    }

    pub(crate) fn send(&mut self, to: usize, input: Input) {
        let after_ms = self.latency_ms();
        let input = Box::new(input);
        let life = None;
        self.schedule(after_ms, Event::Input { to, life, input });
    }

    /// Another node, if it can be reached.
    fn pick_peer(&mut self, from: usize) -> Option<usize> {
        let others = self.nodes.len() as u64 - 1;
        let step = 1 + self.rng.below(others) as usize;
        let to = (from + step) % self.nodes.len();
        (others > 0 && self.hears(from, to) && !self.is_lost()).then_some(to)
    }

    fn hears(&self, from: usize, to: usize) -> bool {
        self.nodes[from].group == self.nodes[to].group
    }

    fn is_lost(&mut self) -> bool {
        self.rng.chance(self.faults.loss)
    }

    fn latency_ms(&mut self) -> u64 {
        1 + self.rng.below(self.faults.latency_max_ms)
    }
}
