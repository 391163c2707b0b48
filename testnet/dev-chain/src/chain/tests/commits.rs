//! Commits and reveals, salted and timelocked.

use assay_chain::beacon::encrypt;
use parity_scale_codec::Encode;
use rand_core::OsRng;

use crate::chain::{AdminCommand, Hyperparameter};
use crate::pallets::RuntimeEvent;
use crate::pallets::drand::{BEACON_CONFIG, LAST_STORED_ROUND};
use crate::pallets::subtensor::calls::Call;
use crate::pallets::subtensor::commits::commit_hash;
use crate::pallets::subtensor::errors::Error;
use crate::pallets::subtensor::events::Event;
use crate::pallets::subtensor::network::last_update;
use crate::pallets::subtensor::storage::TIMELOCKED_WEIGHT_COMMITS;
use crate::pallets::subtensor::timelocked::WeightsTlockPayload;
use crate::pallets::subtensor::weights::Request;
use crate::testkit::{NETUID, Net, account, config, set_weights};
use crate::types::{BoundedVec, H256, MechId, NetUidStorageIndex};

const INDEX: NetUidStorageIndex = NetUidStorageIndex(1);

/// A subnet with commits and a beacon that has a round each second, that is each block.
fn committing() -> Net {
    let mut config = config();
    config.beacon.period_s = 1;
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    Net::new(config)
}

fn request(values: &[u16]) -> Request {
    Request {
        netuid: NETUID,
        mechanism: MechId(0),
        uids: vec![1, 2],
        values: values.to_vec(),
        version_key: 0,
    }
}

fn commit(name: &str, request: &Request) -> Call {
    Call::commit_mechanism_weights {
        netuid: NETUID,
        mecid: request.mechanism,
        commit_hash: commit_hash(account(name), request, &[7]),
    }
}

fn reveal(request: &Request) -> Call {
    Call::reveal_mechanism_weights {
        netuid: NETUID,
        mecid: request.mechanism,
        uids: request.uids.clone(),
        values: request.values.clone(),
        salt: vec![7],
        version_key: request.version_key,
    }
}

/// A commit of `author`'s weights, whoever hands it in.
fn timelocked(net: &Net, author: &str, request: &Request, round: u64) -> Call {
    let payload = WeightsTlockPayload {
        hotkey: account(author).0.to_vec(),
        uids: request.uids.clone(),
        values: request.values.clone(),
        version_key: request.version_key,
    };
    let key = BEACON_CONFIG.get(&net.chain.best_state(), ()).public_key.0;
    Call::commit_timelocked_mechanism_weights {
        netuid: NETUID,
        mecid: request.mechanism,
        commit: BoundedVec(encrypt(&key, round, &payload.encode(), OsRng).unwrap()),
        reveal_round: round,
        commit_reveal_version: 4,
    }
}

fn revealed(net: &Net, name: &str) -> bool {
    let event = Event::TimelockedWeightsRevealed(INDEX, account(name));
    net.events().contains(&RuntimeEvent::SubtensorModule(event))
}

#[test]
fn plain_weights_are_refused_where_commits_are_wanted_and_the_other_way_round() {
    let mut net = committing();
    assert_eq!(
        net.call("alice", set_weights(&[(1, 1)])),
        Err(Error::CommitRevealEnabled)
    );
    let mut net = Net::new(config());
    assert_eq!(
        net.call("alice", commit("alice", &request(&[1, 2]))),
        Err(Error::CommitRevealDisabled)
    );
}

#[test]
fn a_salted_commit_is_revealed_in_exactly_the_next_epoch() {
    let mut net = committing();
    let weights = request(&[100, 300]);
    assert_eq!(net.call("alice", commit("alice", &weights)), Ok(()));
    let committed_at = net.chain.best_number();
    assert!(net.submit("alice", reveal(&weights)).is_err());
    net.mine(9);
    assert_eq!(net.chain.best_number(), 10);
    assert_eq!(net.call("alice", reveal(&weights)), Ok(()));
    assert_eq!(net.weights(0), vec![(1, 21_845), (2, 65_535)]);
    // The pause counts from the commit, not from the reveal.
    let state = net.chain.best_state();
    assert_eq!(last_update(&state, INDEX, 0), committed_at);
    assert!(net.submit("alice", reveal(&weights)).is_err());
}

#[test]
fn a_salted_commit_that_is_not_revealed_expires() {
    let mut net = committing();
    let weights = request(&[1, 2]);
    assert_eq!(net.call("alice", commit("alice", &weights)), Ok(()));
    net.mine(19);
    assert!(net.submit("alice", reveal(&weights)).is_err());
    assert_eq!(net.weights(0), vec![]);
}

#[test]
fn an_eleventh_commit_waits_for_a_reveal() {
    let mut config = config();
    config.subnets[0].tempo = 100;
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    let mut net = Net::new(config);
    let commit = |number| Call::commit_weights {
        netuid: NETUID,
        commit_hash: H256([number; 32]),
    };
    for number in 0..10 {
        assert_eq!(net.call("alice", commit(number)), Ok(()));
    }
    assert_eq!(
        net.call("alice", commit(10)),
        Err(Error::TooManyUnrevealedCommits)
    );
}

#[test]
fn a_timelocked_commit_is_revealed_by_the_chain_when_its_epoch_begins() {
    let mut net = committing();
    net.mine(2);
    let call = timelocked(&net, "alice", &request(&[100, 300]), 8);
    assert_eq!(net.call("alice", call), Ok(()));
    net.mine(6);
    assert_eq!((net.chain.best_number(), net.weights(0)), (9, vec![]));
    net.mine(1);
    assert!(revealed(&net, "alice"));
    assert_eq!(net.weights(0), vec![(1, 21_845), (2, 65_535)]);
}

#[test]
fn a_commit_waits_for_its_round_and_is_dropped_after_its_epoch() {
    let mut net = committing();
    net.mine(2);
    let in_time = timelocked(&net, "alice", &request(&[1, 2]), 15);
    let too_late = timelocked(&net, "bob", &request(&[1, 2]), 30);
    net.submit("alice", in_time).unwrap();
    net.submit("bob", too_late).unwrap();
    net.mine(11);
    // Epoch 1 began with block 10; round 15 comes with block 14 and counts from block 15 on.
    assert_eq!((net.chain.best_number(), net.weights(0)), (13, vec![]));
    net.mine(2);
    assert!(revealed(&net, "alice"));
    net.mine(20);
    assert_eq!(net.weights(1), vec![]);
    let state = net.chain.best_state();
    assert_eq!(
        TIMELOCKED_WEIGHT_COMMITS.second_keys(&state, &INDEX),
        Vec::<u64>::new()
    );
}

#[test]
fn a_copied_or_damaged_commit_comes_to_nothing() {
    let mut net = committing();
    net.mine(2);
    let copied = timelocked(&net, "alice", &request(&[1, 2]), 8);
    net.submit("bob", copied).unwrap();
    let mut damaged = timelocked(&net, "alice", &request(&[1, 2]), 8);
    if let Call::commit_timelocked_mechanism_weights { commit, .. } = &mut damaged {
        commit.0[150] ^= 1;
    }
    net.submit("alice", damaged).unwrap();
    net.mine(10);
    assert_eq!((net.weights(0), net.weights(1)), (vec![], vec![]));
}

#[test]
fn weights_that_are_wrong_when_they_are_revealed_are_dropped_in_silence() {
    let mut net = committing();
    net.mine(2);
    let call = timelocked(&net, "alice", &request(&[1, 2]), 8);
    assert_eq!(net.call("alice", call), Ok(()));
    net.command(AdminCommand::SetHyperparameter {
        netuid: NETUID,
        parameter: Hyperparameter::MinAllowedWeights(3),
    });
    net.mine(10);
    assert_eq!(net.weights(0), vec![]);
}

#[test]
fn another_version_of_commits_is_refused() {
    let mut net = committing();
    let mut call = timelocked(&net, "alice", &request(&[1, 2]), 50);
    if let Call::commit_timelocked_mechanism_weights {
        commit_reveal_version,
        ..
    } = &mut call
    {
        *commit_reveal_version = 3;
    }
    assert_eq!(
        net.call("alice", call),
        Err(Error::IncorrectCommitRevealVersion)
    );
}

#[test]
fn rounds_come_with_time_or_by_command() {
    let mut net = committing();
    let last = |net: &Net| LAST_STORED_ROUND.get(&net.chain.best_state(), ());
    net.mine(4);
    // Round 1 was at the time of block 0.
    assert_eq!(last(&net), 5);
    net.command(AdminCommand::SetAutoPulses { enabled: false });
    let before = last(&net);
    net.mine(5);
    assert_eq!(last(&net), before);
    net.command(AdminCommand::PublishPulse { round: 99 });
    assert_eq!(last(&net), 99);
}

#[test]
fn a_commit_for_the_key_before_does_not_open() {
    let mut net = committing();
    net.mine(2);
    let call = timelocked(&net, "alice", &request(&[1, 2]), 8);
    assert_eq!(net.call("alice", call), Ok(()));
    net.command(AdminCommand::SetBeacon {
        seed: "another".to_owned(),
    });
    net.mine(10);
    assert_eq!(net.weights(0), vec![]);
}
