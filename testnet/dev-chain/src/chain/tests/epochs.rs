//! When epochs begin, and what they change.

use parity_scale_codec::Encode;

use crate::chain::{AdminCommand, Hyperparameter, SubnetConfig};
use crate::pallets::RuntimeEvent;
use crate::pallets::subtensor::events::Event;
use crate::pallets::subtensor::network::next_epoch_start;
use crate::pallets::subtensor::storage::{
    KEYS, LAST_EPOCH_BLOCK, SUBNET_EPOCH_INDEX, SUBNETWORK_N, VALIDATOR_PERMIT,
};
use crate::runtime_api::{self, ApiError};
use crate::testkit::{NETUID, Net, account, config};
use crate::types::NetUid;

fn position(net: &Net, netuid: NetUid) -> (u64, u64, Option<u64>) {
    let state = net.chain.best_state();
    (
        SUBNET_EPOCH_INDEX.get(&state, (netuid,)),
        LAST_EPOCH_BLOCK.get(&state, (netuid,)),
        next_epoch_start(&state, netuid),
    )
}

#[test]
fn an_epoch_begins_when_a_tempo_of_blocks_is_over() {
    let mut net = Net::new(config());
    net.mine(9);
    assert_eq!(position(&net, NETUID), (0, 0, Some(10)));
    net.mine(1);
    assert_eq!(position(&net, NETUID), (1, 10, Some(20)));
    net.mine(10);
    assert_eq!(position(&net, NETUID), (2, 20, Some(30)));
}

#[test]
fn a_new_tempo_counts_from_the_last_epoch_on() {
    let mut net = Net::new(config());
    net.mine(10);
    net.command(AdminCommand::SetHyperparameter {
        netuid: NETUID,
        parameter: Hyperparameter::Tempo(4),
    });
    assert_eq!(position(&net, NETUID), (1, 10, Some(14)));
    net.mine(3);
    assert_eq!(position(&net, NETUID), (2, 14, Some(18)));
}

#[test]
fn an_epoch_out_of_turn_shifts_those_after_it() {
    let mut net = Net::new(config());
    net.command(AdminCommand::SetHyperparameter {
        netuid: NETUID,
        parameter: Hyperparameter::PendingEpochAt(4),
    });
    assert_eq!(position(&net, NETUID), (0, 0, Some(4)));
    net.mine(3);
    assert_eq!(position(&net, NETUID), (1, 4, Some(14)));
}

#[test]
fn without_tempo_there_are_no_epochs() {
    let mut config = config();
    config.subnets[0].tempo = 0;
    let mut net = Net::new(config);
    net.mine(50);
    assert_eq!(position(&net, NETUID), (0, 0, None));
}

#[test]
fn a_third_epoch_in_one_block_waits_for_the_next() {
    let mut config = config();
    for netuid in 2..=3 {
        config.subnets.push(SubnetConfig {
            netuid: NetUid(netuid),
            tempo: 10,
            ..SubnetConfig::plain()
        });
    }
    let mut net = Net::new(config);
    net.mine(10);
    assert_eq!(position(&net, NetUid(2)), (1, 10, Some(20)));
    assert_eq!(position(&net, NetUid(3)), (0, 0, Some(10)));
    let deferred = Event::EpochDeferred {
        netuid: NetUid(3),
        from_block: 10,
        to_block: 11,
    };
    assert!(
        net.events()
            .contains(&RuntimeEvent::SubtensorModule(deferred))
    );
    net.mine(1);
    assert_eq!(position(&net, NetUid(3)), (1, 11, Some(21)));
}

#[test]
fn permits_follow_the_stake_at_the_next_epoch() {
    let mut config = config();
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::MaxAllowedValidators(1));
    let mut net = Net::new(config);
    let permits = |net: &Net| VALIDATOR_PERMIT.get(&net.chain.best_state(), (NETUID,));
    assert_eq!(permits(&net), vec![true, false, false]);
    net.command(AdminCommand::SetStake {
        netuid: NETUID,
        hotkey: account("miner"),
        stake: 5_000,
    });
    assert_eq!(permits(&net), vec![true, false, false]);
    net.mine(9);
    assert_eq!(permits(&net), vec![false, false, true]);
}

#[test]
fn a_deregistered_hotkey_leaves_no_gap() {
    let mut net = Net::new(config());
    net.command(AdminCommand::Deregister {
        netuid: NETUID,
        hotkey: account("bob"),
    });
    let state = net.chain.best_state();
    assert_eq!(SUBNETWORK_N.get(&state, (NETUID,)), 3);
    let successor = KEYS.get(&state, (NETUID, 1));
    assert_ne!(successor, account("bob"));
    assert_eq!(
        VALIDATOR_PERMIT.get(&state, (NETUID,)),
        vec![true, false, false]
    );
    net.command(AdminCommand::Register {
        netuid: NETUID,
        hotkey: account("bob"),
        coldkey: None,
        uid: Some(1),
        stake: None,
    });
    assert_eq!(
        KEYS.get(&net.chain.best_state(), (NETUID, 1)),
        account("bob")
    );
}

#[test]
fn old_runtimes_have_epochs_by_block_number_and_tell_nobody() {
    let mut config = config();
    config.legacy_epochs = true;
    let mut net = Net::new(config);
    let argument = NETUID.encode();
    let asked = |net: &Net| {
        let state = net.chain.best_state();
        let name = "SubnetInfoRuntimeApi_get_next_epoch_start_block";
        runtime_api::call(&state, name, &argument)
    };
    let started = |net: &Net| LAST_EPOCH_BLOCK.get(&net.chain.best_state(), (NETUID,));
    // (block + netuid + 1) divisible by tempo + 1: blocks 9 and 20.
    net.mine(8);
    assert_eq!(started(&net), 0);
    net.mine(1);
    assert_eq!(started(&net), 9);
    net.mine(11);
    assert_eq!(position(&net, NETUID).0, 2);
    assert_eq!(started(&net), 20);
    assert!(matches!(asked(&net), Err(ApiError::Unknown(_))));
    net.command(AdminCommand::UpgradeRuntime {
        call_shift: 0,
        error_shift: 0,
    });
    assert_eq!(asked(&net), Ok(Some(30u64).encode()));
    net.mine(9);
    assert_eq!(position(&net, NETUID), (3, 30, Some(40)));
}
