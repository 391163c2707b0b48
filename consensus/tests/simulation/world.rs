//! The world: virtual time, validators, and the runner of their effects.

use std::collections::{BTreeMap, BTreeSet};

use assay_consensus::block::DecidedBlock;
use assay_consensus::core::{Core, CoreConfig, Input, Mode, Origin};
use assay_consensus::engine::Timeouts;
use assay_consensus::envelope::Signed;
use assay_consensus::genesis::{Genesis, GenesisChallenge};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::ledger::LedgerTip;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_consensus::validators::{Quorum, ValidatorSet};
use assay_consensus::wire::{Message, PullRequest};

use crate::chain::Chain;
use crate::checks::Checks;
use crate::disk::Disk;
use crate::faults::{Behaviour, Faults};
use crate::rng::Rng;
use crate::trace::{Trace, describe_input};

/// The challenge that miners submit to.
pub const CHALLENGE: &str = "simulated";

/// Registered miners.
pub const MINERS: usize = 8;

/// Pause between two regular ticks of a node.
const TICK_MS: u64 = 100;

/// Pause between two looks at acknowledged submissions that have not ended.
const RESUBMIT_MS: u64 = 1_000;

/// How often a node does not see a chain block by itself, in percent.
const HEAD_SKIPPED: u64 = 25;

/// Something that will happen.
pub enum Event {
    ChainBlock(u64),
    /// An input; of its own life only, if it answers an effect.
    Input {
        to: usize,
        life: Option<u32>,
        input: Box<Input>,
    },
    Wake {
        node: usize,
        life: u32,
    },
    Executed {
        node: usize,
        life: u32,
        decided: Box<DecidedBlock>,
    },
    PullAsked {
        from: usize,
        to: usize,
        request: PullRequest,
    },
    BlocksAsked {
        from: usize,
        to: usize,
        from_height: u64,
    },
    Boot(usize),
    Mischief(usize),
}

/// A validator with its disk, running or not.
pub struct Node {
    pub name: String,
    pub hotkey: Hotkey,
    pub behaviour: Behaviour,
    pub core: Option<Core>,
    /// Counts starts; answers to an earlier life are lost with it.
    pub life: u32,
    pub disk: Disk,
    /// Nodes of different groups do not hear each other.
    pub group: u8,
    pub has_diverged: bool,
    woken_at_ms: u64,
    resubmit_at_ms: u64,
}

pub struct World {
    pub seed: u64,
    pub now_ms: u64,
    pub nodes: Vec<Node>,
    pub faults: Faults,
    pub checks: Checks,
    pub trace: Trace,
    pub crashes: u64,
    /// Accused of double votes in anybody's view.
    pub accused: BTreeSet<Hotkey>,
    pub genesis: Genesis,
    pub chain: Chain,
    pub(crate) rng: Rng,
    pub(crate) pulls: BTreeMap<u64, (usize, PullRequest)>,
    pub(crate) next_token: u64,
    pub(crate) stakes: Vec<u64>,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    pub(crate) local: BTreeMap<u64, (usize, SubmissionId)>,
    pub(crate) refused: BTreeMap<SubmissionId, &'static str>,
}

impl World {
    pub fn new(stakes: &[u64], quorum: Quorum, seed: u64) -> World {
        let chain = Chain {
            block_ms: 500,
            epoch_blocks: 40,
        };
        let genesis = Genesis {
            name: "simulation".into(),
            netuid: 1,
            quorum,
            weights_margin_blocks: 10,
            min_stake_rao: 0,
            burn_hotkey: Keypair::insecure_from_name("burn").hotkey(),
            chain: chain.block(0),
            challenges: vec![GenesisChallenge {
                name: CHALLENGE.into(),
                module_hash: Hash::ZERO,
                emission_share: 1,
                params: Vec::new(),
            }],
        };
        let tip = LedgerTip::genesis(&genesis, Hash::of(b"state"), Hash::of(b"results"));
        let nodes = (0..stakes.len()).map(|i| {
            let name = format!("validator-{i}");
            Node {
                hotkey: Keypair::insecure_from_name(&name).hotkey(),
                name,
                behaviour: Behaviour::Honest,
                core: None,
                life: 0,
                disk: Disk::new(tip.clone()),
                group: 0,
                has_diverged: false,
                woken_at_ms: 0,
                resubmit_at_ms: 0,
            }
        });
        let mut world = World {
            seed,
            now_ms: 0,
            nodes: nodes.collect(),
            faults: Faults::NONE,
            checks: Checks::new(genesis.network_id(), quorum),
            trace: Trace::new(),
            crashes: 0,
            accused: BTreeSet::new(),
            genesis,
            chain,
            rng: Rng(seed),
            pulls: BTreeMap::new(),
            next_token: 0,
            stakes: stakes.to_vec(),
            events: BTreeMap::new(),
            next_event: 0,
            local: BTreeMap::new(),
            refused: BTreeMap::new(),
        };
        world.schedule(chain.block_ms, Event::ChainBlock(1));
        world
    }

    /// Boots all nodes at once.
    pub fn boot_all(&mut self) {
        for node in 0..self.nodes.len() {
            self.boot(node);
        }
    }

    pub fn boot(&mut self, node: usize) {
        if self.nodes[node].behaviour == Behaviour::Hostile {
            self.schedule(1, Event::Mischief(node));
            return;
        }
        let config = CoreConfig {
            timeouts: Timeouts::LOCAL,
            pull_busy_ms: 300,
            pull_idle_ms: 1_000,
            status_ms: 1_000,
            sync_retry_ms: 500,
        };
        let state = &mut self.nodes[node];
        let keypair = Keypair::insecure_from_name(&state.name);
        let resume = state.disk.resume();
        state.core = Some(Core::new(&self.genesis, config, Some(keypair), resume));
        state.life += 1;
        state.woken_at_ms = 0;
        // Only the newest: what was finalised meanwhile has to be looked up when it matters.
        let newest = self.chain.height_at(self.now_ms);
        self.step(node, Input::ChainHead(self.chain.block(newest)));
        self.step(node, Input::Tick);
    }

    /// Gives the core what it had acknowledged before a crash; it may not be ready for it at
    /// first. What was for an epoch that is over can't be ordered any more.
    fn resubmit(&mut self, node: usize) {
        if self.now_ms < self.nodes[node].resubmit_at_ms {
            return;
        }
        self.nodes[node].resubmit_at_ms = self.now_ms + RESUBMIT_MS;
        for signed in self.nodes[node].disk.end_expired() {
            let message = Box::new(Message::Submission(signed));
            let origin = Origin::Pull;
            self.step(node, Input::Message { message, origin });
        }
    }

    /// Takes a node down; all but its disk is gone.
    pub fn crash(&mut self, node: usize) {
        self.trace.note(self.now_ms, node, "crash");
        self.crashes += 1;
        self.nodes[node].core = None;
        self.nodes[node].life += 1;
    }

    pub fn partition(&mut self, groups: &[u8]) {
        for (node, group) in self.nodes.iter_mut().zip(groups) {
            node.group = *group;
        }
    }

    /// A miner sends a package to one node, for the epoch that this node is in.
    pub fn submit(&mut self, node: usize, miner: usize, name: &str) -> SubmissionId {
        let key = Keypair::insecure_from_name(&miner_name(miner));
        let state = &self.nodes[node];
        let header = SubmissionHeader {
            challenge: CHALLENGE.into(),
            hotkey: key.hotkey(),
            epoch: state.disk.tip.chain.epoch,
            name: name.into(),
            sequence: self.next_token,
            payload_hash: Hash::of(name.as_bytes()),
            payload_len: 100,
        };
        let id = header.id();
        let signed = Signed::sign(&self.genesis.network_id(), header, &key);
        self.next_token += 1;
        let tag = self.next_token;
        self.local.insert(tag, (node, id));
        let message = Box::new(Message::Submission(signed.into_signed()));
        let origin = Origin::Local(tag);
        self.step(node, Input::Message { message, origin });
        id
    }

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

    /// Runs until something is true; panics if it never is.
    pub fn run_until(&mut self, limit_ms: u64, what: &str, is_true: impl Fn(&World) -> bool) {
        let end_ms = self.now_ms + limit_ms;
        while !is_true(self) {
            assert!(self.now_ms < end_ms, "never: {what}\n{}", self.status());
            self.run_for(100);
        }
    }

    /// Every acknowledged submission has ended on every node that takes part.
    pub fn all_ended(&self) -> bool {
        let has_ended = |node: &Node, id: &SubmissionId| {
            node.disk.agreed.contains_key(id) || node.disk.failed.contains_key(id)
        };
        self.checks.acknowledged.iter().all(|(id, accepted_by)| {
            let was_agreed = self.checks.agreed_log(id).is_some();
            let everywhere = self.active().all(|node| has_ended(node, id));
            if was_agreed {
                everywhere
            } else {
                has_ended(&self.nodes[*accepted_by], id)
            }
        })
    }

    /// Nodes that run and agree with the rest.
    pub fn active(&self) -> impl Iterator<Item = &Node> {
        self.nodes
            .iter()
            .filter(|node| node.core.is_some() && !node.has_diverged)
    }

    /// All active nodes have the same tip, and nothing is left to do.
    pub fn is_quiet(&self) -> bool {
        let mut tips = self.active().map(|node| node.disk.tip.block);
        let first = tips.next();
        self.all_ended() && tips.all(|tip| Some(tip) == first)
    }

    /// Why a submission was refused where it was sent.
    pub fn refusal(&self, id: &SubmissionId) -> Option<&'static str> {
        self.refused.get(id).copied()
    }

    /// The set that counts in an epoch, as a node sees it.
    pub fn set_of(&self, node: usize, epoch: u64) -> ValidatorSet {
        let excluded = self.nodes[node].disk.tip.excluded_in(epoch);
        self.metagraph(epoch).without(&excluded)
    }

    pub fn status(&self) -> String {
        let line = |node: &Node| {
            let disk = &node.disk;
            let mode = node.core.as_ref().map(|core| {
                let pending = core.pending_submissions();
                format!("{:?}, {pending} pending", core.mode())
            });
            format!(
                "{}: height {}, {} results, {} agreed, {} failed, {mode:?}",
                node.name,
                disk.tip.height,
                disk.results.len(),
                disk.agreed.len(),
                disk.failed.len(),
            )
        };
        let lines: Vec<String> = self.nodes.iter().map(line).collect();
        format!(
            "seed {} at {} ms\n{}",
            self.seed,
            self.now_ms,
            lines.join("\n")
        )
    }

    pub(crate) fn schedule(&mut self, after_ms: u64, event: Event) {
        self.next_event += 1;
        let key = (self.now_ms + after_ms, self.next_event);
        self.events.insert(key, event);
    }

    /// Lets a node take an input and runs what it wants done.
    pub(crate) fn step(&mut self, node: usize, input: Input) {
        let now_ms = self.now_ms;
        let state = &mut self.nodes[node];
        let Some(core) = &mut state.core else { return };
        if !matches!(input, Input::Tick) {
            self.trace.note(now_ms, node, &describe_input(&input));
        }
        let effects = core.step(now_ms, input);
        let life = state.life;
        for effect in effects {
            if self.nodes[node].life != life {
                return;
            }
            self.run_effect(node, effect);
        }
        self.plan_wake(node);
    }

    fn plan_wake(&mut self, node: usize) {
        let now_ms = self.now_ms;
        let state = &self.nodes[node];
        let Some(core) = &state.core else { return };
        let regular_ms = now_ms + TICK_MS;
        let wanted_ms = core.next_deadline_ms().map_or(regular_ms, |deadline| {
            regular_ms.min(deadline.max(now_ms + 1))
        });
        let is_planned = state.woken_at_ms > now_ms && state.woken_at_ms <= wanted_ms;
        if !is_planned {
            let life = state.life;
            self.nodes[node].woken_at_ms = wanted_ms;
            self.schedule(wanted_ms - now_ms, Event::Wake { node, life });
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::ChainBlock(number) => {
                self.schedule(self.chain.block_ms, Event::ChainBlock(number + 1));
                for to in 0..self.nodes.len() {
                    // Finality may take several blocks at once: a node does not see every number.
                    if self.rng.chance(HEAD_SKIPPED) {
                        continue;
                    }
                    let input = Box::new(Input::ChainHead(self.chain.block(number)));
                    let after_ms = self.rng.below(200);
                    let life = None;
                    self.schedule(after_ms, Event::Input { to, life, input });
                }
            }
            Event::Input { to, life, input } => {
                if life.is_none_or(|life| life == self.nodes[to].life) {
                    self.step(to, *input);
                }
            }
            Event::Wake { node, life } => {
                if life == self.nodes[node].life {
                    self.step(node, Input::Tick);
                    self.resubmit(node);
                }
            }
            Event::Executed {
                node,
                life,
                decided,
            } => {
                if life == self.nodes[node].life {
                    self.finish_execution(node, *decided);
                }
            }
            Event::PullAsked { from, to, request } => self.deliver_pull(from, to, request),
            Event::BlocksAsked {
                from,
                to,
                from_height,
            } => self.deliver_blocks_request(from, to, from_height),
            Event::Mischief(node) => self.make_mischief(node),
            Event::Boot(node) => {
                if self.nodes[node].core.is_none() {
                    self.boot(node);
                }
            }
        }
    }

    /// Whether a node runs and takes part.
    pub fn is_active(&self, node: usize) -> bool {
        let core = self.nodes[node].core.as_ref();
        core.is_some_and(|core| *core.mode() == Mode::Active)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with SIMULATION_SEED={}", self.seed);
        }
    }
}

pub fn miner_name(miner: usize) -> String {
    format!("miner-{miner}")
}
