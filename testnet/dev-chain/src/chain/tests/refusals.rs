//! The checks of weights, one by one and in their order.

use parity_scale_codec::Compact;

use crate::chain::build;
use crate::chain::{AdminCommand, Hyperparameter};
use crate::pallets::RuntimeEvent;
use crate::pallets::subtensor::calls::Call;
use crate::pallets::subtensor::errors::Error;
use crate::pallets::subtensor::events::Event;
use crate::pallets::subtensor::storage::{
    LAST_UPDATE, TOTAL_HOTKEY_ALPHA, VALIDATOR_PERMIT, WEIGHTS,
};
use crate::pallets::subtensor::weights::{self, Request};
use crate::storage::State;
use crate::testkit::{NETUID, Net, account, config, set_weights};
use crate::types::{AlphaBalance, MechId, NetUid, NetUidStorageIndex};

/// Makes one thing right; the checks then get to the next one.
type Fix = Box<dyn FnOnce(&mut State<'_>, &mut Request)>;

fn parameter(netuid: NetUid, parameter: Hyperparameter) -> Fix {
    Box::new(move |state, _| parameter.apply(state, netuid))
}

fn request(change: impl FnOnce(&mut Request) + 'static) -> Fix {
    Box::new(move |_, request| change(request))
}

#[test]
fn the_checks_come_in_the_order_of_the_real_chain() {
    let net = Net::new(config());
    let mut state = build::begin(&net.chain);
    let miner = account("miner");
    for parameter in [
        Hyperparameter::StakeThreshold(600),
        Hyperparameter::WeightsVersionKey(5),
        Hyperparameter::WeightsSetRateLimit(100),
        Hyperparameter::MinAllowedWeights(1_024),
        Hyperparameter::MaxWeightsLimit(30_000),
    ] {
        parameter.apply(&mut state, NETUID);
    }
    LAST_UPDATE.put(&mut state, (NETUID.into(),), &vec![1, 1, 1]);
    let mut wanted = Request {
        netuid: NetUid(0),
        mechanism: MechId(9),
        uids: vec![9; 5],
        values: vec![1; 4],
        version_key: 0,
    };
    let steps: Vec<(Error, Fix)> = vec![
        (
            Error::CommitRevealEnabled,
            parameter(NetUid(0), Hyperparameter::CommitRevealWeightsEnabled(false)),
        ),
        (
            Error::CanNotSetRootNetworkWeights,
            request(|request| request.netuid = NETUID),
        ),
        (
            Error::WeightVecNotEqualSize,
            request(|request| request.values = vec![1; 5]),
        ),
        (
            Error::MechanismDoesNotExist,
            request(|request| request.mechanism = MechId(0)),
        ),
        (
            Error::UidsLengthExceedUidsInSubNet,
            request(|request| {
                request.uids = vec![9, 9];
                request.values = vec![1, 3];
            }),
        ),
        (
            Error::NotEnoughStakeToSetWeights,
            Box::new(move |state, _| {
                TOTAL_HOTKEY_ALPHA.put(state, (miner, NETUID), &AlphaBalance(600));
            }),
        ),
        (
            Error::IncorrectWeightVersionKey,
            request(|request| request.version_key = 5),
        ),
        (
            Error::SettingWeightsTooFast,
            parameter(NETUID, Hyperparameter::WeightsSetRateLimit(0)),
        ),
        (
            Error::NeuronNoValidatorPermit,
            Box::new(|state, _| VALIDATOR_PERMIT.put(state, (NETUID,), &vec![true; 3])),
        ),
        (
            Error::DuplicateUids,
            request(|request| request.uids = vec![9, 0]),
        ),
        (
            Error::UidVecContainInvalidOne,
            request(|request| request.uids = vec![1, 0]),
        ),
        (
            Error::WeightVecLengthIsLow,
            parameter(NETUID, Hyperparameter::MinAllowedWeights(2)),
        ),
        (
            Error::MaxWeightExceeded,
            parameter(NETUID, Hyperparameter::MaxWeightsLimit(u16::MAX)),
        ),
    ];
    for (error, fix) in steps {
        if error == Error::NotEnoughStakeToSetWeights {
            // Only a registered hotkey gets as far as that.
            assert_eq!(
                weights::set(&mut state, account("stranger"), &wanted),
                Err(Error::HotKeyNotRegisteredInSubNet)
            );
        }
        assert_eq!(weights::set(&mut state, miner, &wanted), Err(error));
        fix(&mut state, &mut wanted);
    }
    assert_eq!(weights::set(&mut state, miner, &wanted), Ok(()));
    let stored = WEIGHTS.get(&state, (NetUidStorageIndex(1), 2));
    assert_eq!(stored, vec![(1, 21_845), (0, 65_535)]);
}

#[test]
fn one_weight_for_oneself_needs_no_permit_and_knows_no_limits() {
    let mut config = config();
    config.subnets[0].hyperparameters.extend([
        Hyperparameter::MinAllowedWeights(3),
        Hyperparameter::MaxWeightsLimit(1),
    ]);
    let mut net = Net::new(config);
    assert_eq!(net.call("miner", set_weights(&[(2, 7)])), Ok(()));
    assert_eq!(net.weights(2), vec![(2, 65_535)]);
    assert_eq!(
        net.call("miner", set_weights(&[(1, 7)])),
        Err(Error::NeuronNoValidatorPermit)
    );
}

#[test]
fn the_owner_needs_neither_stake_nor_permit() {
    let mut config = config();
    config.stake_threshold = 600;
    config.subnets[0].owner = Some(account("miner"));
    let mut net = Net::new(config);
    assert_eq!(net.call("miner", set_weights(&[(0, 1)])), Ok(()));
}

#[test]
fn a_fresh_neuron_waits_for_its_first_weights() {
    let mut config = config();
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::WeightsSetRateLimit(5));
    let mut net = Net::new(config);
    // Those of block 0 have never set weights; that is no reason to wait.
    assert_eq!(net.call("alice", set_weights(&[(2, 1)])), Ok(()));
    net.command(AdminCommand::Register {
        netuid: NETUID,
        hotkey: account("carol"),
        coldkey: None,
        uid: None,
        stake: Some(900),
    });
    let own = set_weights(&[(3, 1)]);
    assert!(net.submit("carol", own.clone()).is_err());
    net.mine(4);
    assert_eq!(net.call("carol", own), Ok(()));
}

#[test]
fn root_stake_counts_by_its_weight() {
    let mut config = config();
    config.stake_threshold = 600;
    let mut net = Net::new(config);
    let own = set_weights(&[(2, 1)]);
    assert!(net.submit("miner", own.clone()).is_err());
    net.command(AdminCommand::SetStake {
        netuid: NetUid(0),
        hotkey: account("miner"),
        stake: 4_000,
    });
    // 18% of 4,000 is 720.
    assert_eq!(net.call("miner", own), Ok(()));
}

#[test]
fn a_part_of_a_batch_that_fails_leaves_the_others_alone() {
    let mut net = Net::new(config());
    let batch = Call::batch_set_weights {
        netuids: vec![Compact(NETUID), Compact(NetUid(7))],
        weights: vec![
            vec![(Compact(1), Compact(5))],
            vec![(Compact(1), Compact(5))],
        ],
        version_keys: vec![Compact(0), Compact(0)],
    };
    assert_eq!(net.call("alice", batch), Ok(()));
    assert_eq!(net.weights(0), vec![(1, 65_535)]);
    let events = net.events();
    let has = |event: &Event| events.contains(&RuntimeEvent::SubtensorModule(event.clone()));
    assert!(has(&Event::BatchCompletedWithErrors()));
    // Subnet 7 isn't there, and where nothing is set commits are wanted.
    let error = Error::CommitRevealEnabled.dispatch_error(net.chain.runtime());
    assert!(has(&Event::BatchWeightItemFailed(NetUid(7), error)));
}

#[test]
fn an_error_has_its_number_in_the_present_runtime() {
    let mut net = Net::new(config());
    net.command(AdminCommand::UpgradeRuntime {
        call_shift: 4,
        error_shift: 11,
    });
    assert_eq!(
        net.call("alice", set_weights(&[(1, 1), (1, 1)])),
        Err(Error::DuplicateUids)
    );
    assert_eq!(net.chain.runtime().spec_version, 462);
}
