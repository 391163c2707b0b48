//! Networks of engines with faults: never two decisions, and a decision once the network heals.

use assay_consensus::block::VoteKind::{Precommit, Prevote};
use assay_consensus::validators::Quorum::{self, Majority, Supermajority};
use assay_consensus::wire::Message;
use proptest::prelude::*;

use crate::network::{Faults, Network, proposal_message};
use crate::rng::Rng;
use crate::script::block;

/// Long enough for several rounds after the network has healed.
const PATIENCE_MS: u64 = 120_000;

#[test]
fn any_number_of_validators_decides_in_round_0_when_nothing_fails() {
    for count in [1, 2, 3, 4, 7, 16] {
        for quorum in [Majority, Supermajority] {
            let mut network = Network::new(&vec![10; count], quorum, 1);
            network.start();
            network.run_until_decided(1_000);
            network.check_rules();
            assert!((0..count).all(|node| network.decided_round(node) == 0));
        }
    }
}

#[test]
fn very_unequal_stakes_decide() {
    for stakes in [[1, 1, 1, 1_000_000_000], [1, 10, 100, 1_000]] {
        for quorum in [Majority, Supermajority] {
            let mut network = Network::new(&stakes, quorum, 2);
            network.start();
            network.run_until_decided(10_000);
            network.check_rules();
        }
    }
}

#[test]
fn dead_validators_below_the_quorum_do_not_stop_the_rest() {
    // The two first proposers of seven are dead.
    let mut network = Network::new(&[10; 7], Supermajority, 3);
    let dead = [network.cast.proposer(0), network.cast.proposer(1)];
    for node in dead {
        network.kill(node);
    }
    network.start();
    network.run_until_decided(30_000);
    network.check_rules();
    let alive = (0..7).find(|node| !dead.contains(node)).unwrap();
    assert_eq!(network.decided_round(alive), 2);
}

#[test]
fn half_of_the_stake_alone_decides_nothing() {
    let mut network = Network::new(&[10; 4], Majority, 4);
    network.partition(&[0, 0, 1, 1]);
    network.start();
    network.run_for(PATIENCE_MS);
    assert_eq!(network.decided_count(), 0);
    network.partition(&[0, 0, 0, 0]);
    network.run_until_decided(PATIENCE_MS);
    network.check_rules();
}

#[test]
fn the_bigger_side_of_a_partition_goes_on_and_the_other_follows_when_it_heals() {
    let mut network = Network::new(&[10; 5], Majority, 5);
    network.partition(&[0, 0, 0, 1, 1]);
    network.start();
    network.run_for(PATIENCE_MS);
    assert_eq!(network.decided_count(), 3);
    network.partition(&[0; 5]);
    network.run_until_decided(PATIENCE_MS);
    network.check_rules();
}

#[test]
fn lost_and_reordered_messages_are_made_up_for_by_pulls() {
    for seed in 0..20 {
        let mut network = Network::new(&[10; 4], Supermajority, seed);
        network.faults = Faults {
            loss: 40,
            duplicate: 20,
            latency_max_ms: 600,
            crash_on_sign: 0,
        };
        network.start();
        network.run_until_decided(PATIENCE_MS);
        network.check_rules();
    }
}

#[test]
fn a_double_voter_is_found_out_by_everybody() {
    let mut network = Network::new(&[10; 4], Supermajority, 6);
    let cheat = network.cast.not_proposing(&[0]);
    network.kill(cheat);
    network.start();
    let id = block(network.cast.keys[cheat].hotkey(), 1).id();
    for to in network.cast.others(cheat) {
        for voted in [None, Some(id)] {
            let vote = network.cast.signed_vote(cheat, 0, Prevote, voted);
            network.inject(to, Message::Vote(vote.into_signed()));
        }
    }
    network.run_until_decided(10_000);
    network.check_rules();
    for node in network.cast.others(cheat) {
        assert_eq!(network.evidence(node), 1);
    }
}

/// Two proposals in every round of the cheat, and votes of the cheat for both of them.
#[test]
fn a_byzantine_proposer_with_two_proposals_gets_at_most_one_decided() {
    for seed in 0..50 {
        let mut network = Network::new(&[10; 4], Supermajority, seed);
        let cheat = network.cast.proposer(0);
        network.kill(cheat);
        network.faults.loss = 10;
        network.faults.latency_max_ms = 300;
        network.start();
        let mut rng = Rng(seed);
        let hotkey = network.cast.keys[cheat].hotkey();
        let blocks = [block(hotkey, 1), block(hotkey, 2)];
        for to in network.cast.others(cheat) {
            for block in &blocks {
                let message = proposal_message(&network.cast, 0, block);
                if rng.chance(60) {
                    network.inject(to, message);
                }
                for kind in [Prevote, Precommit] {
                    let vote = network.cast.signed_vote(cheat, 0, kind, Some(block.id()));
                    if rng.chance(60) {
                        network.inject(to, Message::Vote(vote.into_signed()));
                    }
                }
            }
        }
        network.run_until_decided(PATIENCE_MS);
        network.check_rules();
    }
}

#[test]
fn crashes_right_after_signing_change_no_decision() {
    let mut crashes = 0;
    for seed in 0..60 {
        let mut network = Network::new(&[10; 4], Majority, seed);
        network.faults = Faults {
            loss: 20,
            duplicate: 10,
            latency_max_ms: 400,
            crash_on_sign: 20,
        };
        network.start();
        network.run_until_decided(10 * PATIENCE_MS);
        network.check_rules();
        crashes += network.crashes;
    }
    assert!(
        crashes > 60,
        "only {crashes} crashes: the test tests nothing"
    );
}

fn quorums() -> impl Strategy<Value = Quorum> {
    prop_oneof![Just(Majority), Just(Supermajority)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chaos_never_gives_two_decisions_and_ends_when_the_network_heals(
        seed in any::<u64>(),
        quorum in quorums(),
        stakes in prop::collection::vec(1u64..100, 4),
        loss in 0u64..80,
        duplicate in 0u64..50,
        latency_max_ms in 1u64..2_000,
        crash_on_sign in 0u64..40,
        groups in prop::collection::vec(prop::collection::vec(0u8..2, 4), 0..4),
    ) {
        let mut network = Network::new(&stakes, quorum, seed);
        network.faults = Faults { loss, duplicate, latency_max_ms, crash_on_sign };
        network.start();
        for groups in groups {
            network.partition(&groups);
            network.run_for(4_000);
            network.check_rules();
        }
        network.partition(&[0; 4]);
        network.faults = Faults { latency_max_ms: 50, ..Faults::default() };
        network.run_until_decided(10 * PATIENCE_MS);
        network.check_rules();
    }
}
