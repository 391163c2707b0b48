//! What validators go through, from a quiet day to everything at once.

use assay_consensus::submission::SubmissionId;
use assay_consensus::validators::Quorum::{self, Majority, Supermajority};

use crate::executor::BROKEN_PREFIX;
use crate::faults::{Behaviour, Faults};
use crate::world::{MINERS, World};

/// Long enough for an epoch of the simulated chain to end after everything else has.
const PATIENCE_MS: u64 = 60_000;

/// A few seeds by default, `SIMULATION_SEED` to repeat a failure, `SIMULATION_RUNS` for a soak.
fn seeds(count: u64) -> Vec<u64> {
    let from_environment = |name| std::env::var(name).ok().map(|n| n.parse().unwrap());
    match from_environment("SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..from_environment("SIMULATION_RUNS").unwrap_or(count)).collect(),
    }
}

fn equal(count: usize, quorum: Quorum, seed: u64) -> World {
    World::new(&vec![100; count], quorum, seed)
}

/// Every second, a miner sends a package to some node that runs.
fn submit_for(world: &mut World, seconds: u64) -> Vec<SubmissionId> {
    let mut ids = Vec::new();
    for second in 0..seconds {
        let count = world.nodes.len();
        let first = (second as usize * 7) % count;
        let running = (0..count)
            .map(|i| (first + i) % count)
            .find(|node| world.is_active(*node));
        if let Some(node) = running {
            let miner = second as usize % MINERS;
            ids.push(world.submit(node, miner, &format!("agent-{second}")));
        }
        world.run_for(1_000);
    }
    ids
}

fn run_to_rest(world: &mut World) {
    world.run_until(PATIENCE_MS, "all submissions end", World::is_quiet);
}

#[test]
fn four_and_seven_validators_agree_on_logs_and_weights() {
    for (count, quorum) in [
        (4, Majority),
        (7, Majority),
        (4, Supermajority),
        (7, Supermajority),
    ] {
        for seed in seeds(2) {
            let mut world = equal(count, quorum, seed);
            world.boot_all();
            world.run_for(1_000);
            let ids = submit_for(&mut world, 40);
            run_to_rest(&mut world);
            let agreed = ids
                .iter()
                .filter(|id| world.checks.agreed_log(id).is_some());
            assert!(agreed.count() >= 36, "{}", world.status());
            let epochs = world.checks.agreed_epochs();
            assert!(epochs.contains(&0) && epochs.contains(&1), "{epochs:?}");
            assert!(
                world
                    .nodes
                    .iter()
                    .all(|node| node.disk.weights_agreed.contains_key(&1))
            );
        }
    }
}

#[test]
fn a_single_validator_needs_nobody() {
    let mut world = equal(1, Majority, 0);
    world.boot_all();
    world.run_for(1_000);
    let ids = submit_for(&mut world, 5);
    run_to_rest(&mut world);
    assert!(ids.iter().all(|id| world.checks.agreed_log(id).is_some()));
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let run = |seed| {
        let mut world = equal(4, Majority, seed);
        world.faults = Faults {
            loss: 10,
            duplicate: 10,
            latency_max_ms: 200,
            crash_on_persist: 2,
            ..Faults::NONE
        };
        world.boot_all();
        submit_for(&mut world, 10);
        world.faults = Faults::NONE;
        run_to_rest(&mut world);
        (world.trace.hash(), world.trace.events)
    };
    let (first, events) = run(7);
    assert!(events > 1_000);
    assert_eq!(run(7), (first, events));
    assert_ne!(run(8).0, first);
}

#[test]
fn a_broken_package_is_rejected_with_its_reason() {
    let mut world = equal(4, Majority, 1);
    world.boot_all();
    world.run_for(1_000);
    let id = world.submit(0, 0, &format!("{BROKEN_PREFIX} zip"));
    run_to_rest(&mut world);
    for node in &world.nodes {
        assert_eq!(node.disk.failed[&id].code, "broken");
    }
}

#[test]
fn what_cannot_be_ordered_is_refused_by_name_and_stored_nowhere() {
    let mut world = equal(4, Majority, 1);
    let too_early = world.submit(0, 0, "agent");
    assert_eq!(world.refusal(&too_early), None, "no node runs yet");
    world.boot_all();
    world.run_for(1_000);
    let stranger = world.submit(0, MINERS, "agent");
    assert_eq!(world.refusal(&stranger), Some("not_registered"));
    let twice: Vec<_> = (0..10)
        .map(|i| world.submit(0, 0, &format!("a{i}")))
        .collect();
    assert_eq!(world.refusal(&twice[7]), None);
    assert_eq!(world.refusal(&twice[8]), Some("too_many_pending"));
    let nameless = world.submit(0, 1, "");
    assert_eq!(world.refusal(&nameless), Some("bad_submission"));
    run_to_rest(&mut world);
    for node in &world.nodes {
        assert_eq!(node.disk.results.len(), 8);
        assert!(!node.disk.received.contains_key(&stranger));
    }
}

#[test]
fn lost_doubled_and_reordered_messages_lose_no_submission() {
    for seed in seeds(6) {
        let mut world = equal(4, Majority, seed);
        world.faults = Faults {
            loss: 25,
            duplicate: 25,
            latency_max_ms: 400,
            ..Faults::NONE
        };
        world.boot_all();
        world.run_for(2_000);
        submit_for(&mut world, 20);
        run_to_rest(&mut world);
    }
}

#[test]
fn a_killed_validator_comes_back_and_votes_again() {
    for seed in seeds(4) {
        let mut world = equal(4, Majority, seed);
        world.boot_all();
        world.run_for(1_000);
        submit_for(&mut world, 5);
        world.crash(2);
        let missed = submit_for(&mut world, 5);
        run_to_rest(&mut world);
        world.boot(2);
        world.run_until(
            PATIENCE_MS,
            "the restarted node catches up",
            World::is_quiet,
        );
        for id in &missed {
            assert!(world.nodes[2].disk.agreed.contains_key(id));
        }
        // It takes part again: with it, one other may be missing.
        world.crash(0);
        let ids = submit_for(&mut world, 5);
        run_to_rest(&mut world);
        let agreed = ids
            .iter()
            .filter(|id| world.checks.agreed_log(id).is_some());
        assert!(agreed.count() >= 4, "{}", world.status());
    }
}

#[test]
fn a_partition_without_quorum_stands_still_and_goes_on_when_it_heals() {
    for seed in seeds(4) {
        let mut world = equal(4, Majority, seed);
        world.boot_all();
        world.run_for(1_000);
        submit_for(&mut world, 3);
        run_to_rest(&mut world);
        world.partition(&[0, 0, 1, 1]);
        world.run_for(200);
        let before = world.checks.decided_height();
        submit_for(&mut world, 10);
        assert!(world.checks.decided_height() <= before + 1);
        world.partition(&[0; 4]);
        run_to_rest(&mut world);
        assert!(world.checks.decided_height() > before);
    }
}

#[test]
fn the_side_of_a_partition_with_quorum_goes_on_and_the_other_follows() {
    for seed in seeds(4) {
        let mut world = equal(7, Majority, seed);
        world.boot_all();
        world.run_for(1_000);
        world.partition(&[0, 0, 0, 0, 1, 1, 1]);
        let before = world.checks.decided_height();
        submit_for(&mut world, 10);
        assert!(world.checks.decided_height() > before + 2);
        world.partition(&[0; 7]);
        run_to_rest(&mut world);
    }
}

#[test]
fn a_tampered_runtime_is_outvoted_and_stops() {
    for seed in seeds(3) {
        let mut world = equal(4, Majority, seed);
        world.nodes[1].behaviour = Behaviour::Tampered;
        world.boot_all();
        world.run_for(1_000);
        let ids = submit_for(&mut world, 10);
        run_to_rest(&mut world);
        assert!(world.nodes[1].has_diverged);
        for id in &ids {
            // The tampered node may have been asked first and then have stopped.
            if let Some(agreed) = world.checks.agreed_log(id) {
                assert_eq!(world.nodes[0].disk.results[id], *agreed);
            }
        }
        let agreed = ids
            .iter()
            .filter(|id| world.checks.agreed_log(id).is_some());
        assert!(agreed.count() >= 7, "{}", world.status());
    }
}

#[test]
fn a_double_voter_ends_in_the_ledger_and_loses_its_stake() {
    for seed in seeds(3) {
        let mut world = equal(4, Supermajority, seed);
        world.nodes[3].behaviour = Behaviour::Equivocates;
        let cheat = world.nodes[3].hotkey;
        world.boot_all();
        world.run_for(1_000);
        submit_for(&mut world, 30);
        run_to_rest(&mut world);
        assert!(world.accused.contains(&cheat));
        for node in 0..4 {
            let disk = &world.nodes[node].disk;
            let from_epoch = disk.tip.excluded[&cheat];
            assert!(disk.tip.chain.epoch >= from_epoch, "{}", world.status());
            assert_eq!(world.set_of(node, from_epoch).stake_of(&cheat), 0);
        }
        let set = world.nodes[0]
            .core
            .as_ref()
            .and_then(|core| core.validator_set());
        assert_eq!(set.unwrap().stake_of(&cheat), 0);
    }
}

#[test]
fn a_hostile_member_hurts_nobody() {
    for seed in seeds(2) {
        let mut world = World::new(&[100, 100, 100, 100, 60], Supermajority, seed);
        world.nodes[4].behaviour = Behaviour::Hostile;
        world.boot_all();
        world.run_for(1_000);
        let ids = submit_for(&mut world, 30);
        run_to_rest(&mut world);
        let agreed = ids
            .iter()
            .filter(|id| world.checks.agreed_log(id).is_some());
        assert!(agreed.count() >= 25, "{}", world.status());
        assert!(
            (0..4).all(|node| world.is_active(node)),
            "{}",
            world.status()
        );
        // A restart and a sync with the liar among the peers.
        world.crash(1);
        submit_for(&mut world, 3);
        world.boot(1);
        run_to_rest(&mut world);
    }
}

#[test]
fn a_late_joiner_checks_and_executes_everything_itself() {
    for seed in seeds(3) {
        let mut world = equal(4, Majority, seed);
        for node in 0..3 {
            world.boot(node);
        }
        world.run_for(1_000);
        let ids = submit_for(&mut world, 45);
        run_to_rest(&mut world);
        assert!(
            world.checks.decided_height() > 64,
            "more than one reply of blocks"
        );
        world.boot(3);
        world.run_until(
            PATIENCE_MS,
            "the late joiner is at the tip",
            World::is_quiet,
        );
        let late = &world.nodes[3].disk;
        assert!(ids.iter().any(|id| late.agreed.contains_key(id)));
        assert_eq!(late.tip, world.nodes[0].disk.tip);
    }
}

#[test]
fn everything_at_once_and_then_peace() {
    for seed in seeds(6) {
        let quorum = if seed % 2 == 0 {
            Majority
        } else {
            Supermajority
        };
        let stakes: [&[u64]; 3] = [
            &[10, 10, 10, 10],
            &[10, 20, 30, 40],
            &[10, 10, 10, 10, 10, 10, 10],
        ];
        let stakes = stakes[seed as usize % 3];
        let mut world = World::new(stakes, quorum, seed);
        world.faults = Faults {
            loss: 15,
            duplicate: 10,
            latency_max_ms: 300,
            crash_on_persist: 3,
            downtime_max_ms: 3_000,
        };
        world.boot_all();
        world.run_for(2_000);
        for phase in 0..4u8 {
            let groups: Vec<u8> = (0..stakes.len())
                .map(|_| u8::from(phase % 2 == 1 && world.rng.chance(30)))
                .collect();
            world.partition(&groups);
            submit_for(&mut world, 6);
        }
        world.partition(&vec![0; stakes.len()]);
        world.faults = Faults::NONE;
        world.run_for(4_000);
        assert!(world.crashes > 0);
        run_to_rest(&mut world);
        // Progress with everybody back.
        let ids = submit_for(&mut world, 3);
        run_to_rest(&mut world);
        assert!(
            ids.iter().any(|id| world.checks.agreed_log(id).is_some()),
            "{}",
            world.status()
        );
    }
}
