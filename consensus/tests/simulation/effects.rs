//! Runs what a core wants done as a node would, and shows it to the checks.

use assay_consensus::block::DecidedBlock;
use assay_consensus::core::{Effect, Input, Origin, Report, Verdict, WalRecord};
use assay_consensus::keys::Keypair;
use assay_consensus::validators::{Validator, ValidatorSet};

use crate::executor;
use crate::faults::Behaviour;
use crate::network::HONEST;
use crate::world::{Event, MINERS, World, miner_name};

impl World {
    pub(crate) fn run_effect(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Persist(records) => self.persist(node, records),
            Effect::Compact(records) => self.nodes[node].disk.wal = records,
            Effect::Publish(message) => self.publish(node, message),
            Effect::Verdict { origin, verdict } => self.take_verdict(node, origin, verdict),
            Effect::Review(signed) => {
                let input = Input::Reviewed {
                    submission: signed.payload.id(),
                    review: executor::review(&signed.payload),
                };
                self.answer(node, 80, input);
            }
            Effect::Execute(decided) => {
                let epoch = self.nodes[node].disk.tip.chain.epoch;
                let set = self.set_of(node, epoch);
                self.checks.on_execute(&decided, &set);
                let after_ms = 1 + self.rng.below(80);
                let life = self.nodes[node].life;
                self.schedule(
                    after_ms,
                    Event::Executed {
                        node,
                        life,
                        decided,
                    },
                );
            }
            Effect::LoadChainBlock { number } => {
                if number <= self.chain.height_at(self.now_ms) {
                    let block = self.chain.block(number);
                    self.answer(node, 50, Input::ChainHead(block));
                }
            }
            Effect::LoadMetagraph { epoch } => {
                let set = self.metagraph(epoch);
                let registered = (0..MINERS)
                    .map(|miner| Keypair::insecure_from_name(&miner_name(miner)).hotkey())
                    .collect();
                self.answer(node, 50, Input::Metagraph { set, registered });
            }
            Effect::RequestBlocks { from_height } => self.request_blocks(node, from_height),
            Effect::Pull(request) => self.request_pull(node, request),
            Effect::PullReply { token, messages } => self.answer_pull(node, token, messages),
            Effect::Report(report) => self.take_report(node, report),
        }
    }

    fn persist(&mut self, node: usize, records: Vec<WalRecord>) {
        let state = &mut self.nodes[node];
        for record in &records {
            if let WalRecord::Signed(record) = record {
                self.checks.on_persist(state.hotkey, record);
            }
        }
        state.disk.wal.extend(records);
        if self.rng.chance(self.faults.crash_on_persist) {
            self.crash(node);
            let after_ms = 1 + self.rng.below(self.faults.downtime_max_ms);
            self.schedule(after_ms, Event::Boot(node));
        }
    }

    pub(crate) fn finish_execution(&mut self, node: usize, decided: DecidedBlock) {
        let margin_blocks = self.genesis.weights_margin_blocks;
        let state = &mut self.nodes[node];
        let is_tampered = state.behaviour == Behaviour::Tampered;
        let tip = &state.disk.tip;
        let executed = executor::execute(tip, &decided.block, margin_blocks, is_tampered);
        state.disk.apply(decided, &executed, margin_blocks);
        self.step(node, Input::Executed(executed));
        if let Some(core) = &self.nodes[node].core {
            assert_eq!(
                core.tip(),
                &self.nodes[node].disk.tip,
                "core and store differ"
            );
        }
    }

    fn take_verdict(&mut self, node: usize, origin: Origin, verdict: Verdict) {
        let local = match origin {
            Origin::Local(tag) => self.local.remove(&tag),
            Origin::Gossip(tag) => {
                if let Verdict::Refuse(refusal) = verdict {
                    let is_unfair = refusal.sender_at_fault && tag == HONEST;
                    assert!(
                        !is_unfair,
                        "node {node} blames an honest sender: {refusal:?}"
                    );
                }
                return;
            }
            Origin::Pull => None,
        };
        let Some((accepted_by, id)) = local else {
            return;
        };
        match verdict {
            Verdict::Accept => {
                self.checks.acknowledged.insert(id, accepted_by);
            }
            Verdict::Refuse(refusal) => {
                self.refused.insert(id, refusal.code);
            }
        }
    }

    fn take_report(&mut self, node: usize, report: Report) {
        match report {
            Report::Received(signed) => {
                let received = &mut self.nodes[node].disk.received;
                received.insert(signed.payload.id(), signed);
            }
            Report::Failed { submission, reason } => {
                self.nodes[node].disk.failed.insert(submission, reason);
            }
            Report::LogVote(signed) => self.nodes[node].disk.add_log_vote(signed),
            Report::WeightsVote(signed) => self.nodes[node].disk.add_weights_vote(signed),
            Report::Agreed(certificate) => {
                let set = self.set_of(node, certificate.payload.set_epoch);
                self.checks.on_agreed_log(&certificate, &set);
                let id = certificate.payload.submission;
                self.nodes[node].disk.agreed.insert(id, certificate);
            }
            Report::WeightsAgreed(certificate) => {
                let epoch = certificate.payload.epoch;
                let set = self.set_of(node, epoch);
                self.checks.on_agreed_weights(&certificate, &set);
                self.nodes[node]
                    .disk
                    .weights_agreed
                    .insert(epoch, certificate);
            }
            Report::Diverged { .. } => {
                assert_eq!(self.nodes[node].behaviour, Behaviour::Tampered);
                self.nodes[node].has_diverged = true;
            }
            Report::Equivocation { hotkey, kind } => {
                let accused = self.nodes.iter().find(|node| node.hotkey == hotkey);
                let behaviour = accused.map(|node| node.behaviour);
                let is_cheat =
                    matches!(behaviour, Some(Behaviour::Equivocates | Behaviour::Hostile));
                assert!(is_cheat, "an honest node is accused of a double {kind}");
                self.accused.insert(hotkey);
            }
            Report::NotAgreed(id) => panic!("node {node}: {id} can't be agreed any more"),
            Report::Reviewed { .. }
            | Report::Abstained { .. }
            | Report::Approved(_)
            | Report::Refused(_) => {}
        }
    }

    /// The answer to an effect, lost if the node crashes before it comes.
    fn answer(&mut self, to: usize, within_ms: u64, input: Input) {
        let after_ms = 1 + self.rng.below(within_ms);
        let life = Some(self.nodes[to].life);
        let input = Box::new(input);
        self.schedule(after_ms, Event::Input { to, life, input });
    }

    pub(crate) fn metagraph(&self, epoch: u64) -> ValidatorSet {
        let validators = self.nodes.iter().zip(&self.stakes);
        let validators = validators.map(|(node, stake)| Validator {
            hotkey: node.hotkey,
            stake: *stake,
        });
        ValidatorSet::new(epoch, validators).unwrap()
    }
}
