//! What is kept, what is forgotten, and that the same events make the same chain.

use parity_scale_codec::{DecodeAll, Encode};

use crate::chain::{AdminCommand, ChainConfig, DevChain, Event, Snapshot};
use crate::limits::{BLOCKS_MAX_BYTES, LOG_MAX_BYTES, STATE_HISTORY_BLOCKS};
use crate::pallets::subtensor::calls::Call;
use crate::pallets::system;
use crate::testkit::{NETUID, Net, account, config, set_weights};
use crate::types::NetUid;

#[test]
fn the_same_events_make_the_same_chain() {
    let mut net = Net::new(config());
    let mut copy = Net::new(config()).chain;
    let command = AdminCommand::SetStake {
        netuid: NETUID,
        hotkey: account("miner"),
        stake: 7,
    };
    net.chain.command(command.clone());
    copy.replay(Event::Command(command));
    net.submit("alice", set_weights(&[(1, 1)])).unwrap();
    for number in 1..=25u64 {
        let built = net.chain.build(1_700_000_000_000 + number * 700);
        let event = Event::Block {
            timestamp_ms: built.timestamp_ms,
            extrinsics: built.included.clone(),
        };
        net.chain.add(built);
        let event = Event::decode_all(&mut event.encode().as_slice()).unwrap();
        copy.replay(event);
        assert_eq!(copy.best_hash(), net.chain.best_hash(), "block {number}");
    }
    assert_eq!(copy.snapshot(), net.chain.snapshot());
}

#[test]
fn a_snapshot_brings_the_chain_back() {
    let mut net = Net::new(config());
    let hash = net.submit("alice", set_weights(&[(1, 1)])).unwrap();
    net.mine(12);
    net.chain.command(AdminCommand::StopFinality);
    net.mine(3);
    let bytes = net.chain.snapshot().encode();
    let snapshot = Snapshot::decode_all(&mut bytes.as_slice()).unwrap();
    let restored = DevChain::restore(snapshot).unwrap();
    assert_eq!(restored.best_hash(), net.chain.best_hash());
    assert_eq!(restored.finalized_hash(), net.chain.finalized_hash());
    assert_eq!(restored.status_of(&hash), net.chain.status_of(&hash));
    assert_eq!(restored.snapshot(), net.chain.snapshot());
}

#[test]
fn finality_lags_stops_and_catches_up() {
    let mut net = Net::new(config());
    net.mine(5);
    assert_eq!(net.chain.finalized_number(), 3);
    net.chain.command(AdminCommand::StopFinality);
    net.mine(5);
    assert_eq!(net.chain.finalized_number(), 3);
    net.chain.command(AdminCommand::ResumeFinality);
    assert_eq!(net.chain.finalized_number(), 8);
}

#[test]
fn old_states_are_forgotten_and_old_blocks_are_not() {
    let mut config = ChainConfig::default();
    config.beacon.auto_pulses = false;
    let mut net = Net::new(config);
    net.mine(STATE_HISTORY_BLOCKS + 2);
    let hash = net.chain.hash_of(1).unwrap();
    assert!(net.chain.block(&hash).is_some());
    assert!(net.chain.state_at(&hash).is_none());
    let kept = net.chain.hash_of(3).unwrap();
    let state = net.chain.state_at(&kept).unwrap();
    assert_eq!(system::block_number(&state), 3);
}

#[test]
fn a_chain_of_large_blocks_keeps_fewer_of_them() {
    let mut net = Net::new(config());
    net.mine(1);
    let large = Call::set_weights {
        netuid: NETUID,
        dests: vec![0; 30_000],
        weights: vec![1; 30_000],
        version_key: 0,
    };
    // Five a block of 120 KB each, until some have to go.
    let mut bytes = 0;
    while bytes <= BLOCKS_MAX_BYTES {
        for _ in 0..5 {
            net.submit("alice", large.clone()).unwrap();
        }
        net.mine(1);
        bytes += net
            .chain
            .block(&net.chain.best_hash())
            .unwrap()
            .extrinsics_bytes();
    }
    assert_eq!(net.chain.hash_of(1), None);
    let best = net.chain.best_number();
    let kept = (1..=best).filter_map(|number| net.chain.block_by_number(number));
    let kept: usize = kept.map(|block| block.extrinsics_bytes()).sum();
    assert!(kept <= BLOCKS_MAX_BYTES, "{kept}");
    assert!(net.chain.snapshot().encode().len() < LOG_MAX_BYTES as usize);
}

#[test]
fn a_block_is_linked_to_the_one_before_and_hashed_like_a_real_one() {
    let mut net = Net::new(config());
    net.mine(2);
    let best = net.chain.block(&net.chain.best_hash()).unwrap();
    assert_eq!(Some(best.header.parent_hash), net.chain.hash_of(1));
    let mut bytes = best.header.parent_hash.encode();
    bytes.push(2 << 2);
    bytes.extend(best.header.state_root.encode());
    bytes.extend(best.header.extrinsics_root.encode());
    bytes.push(0);
    assert_eq!(best.hash.0, sp_crypto_hashing::blake2_256(&bytes));
}

#[test]
fn time_goes_forward_whatever_the_clock_does() {
    let mut net = Net::new(config());
    let first = net.chain.build(1_800_000_000_000);
    assert_eq!(first.timestamp_ms, 1_800_000_000_000);
    net.chain.add(first);
    assert_eq!(net.chain.build(5).timestamp_ms, 1_800_000_000_001);
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    let mut bad = config();
    bad.subnets[0].netuid = NetUid(0);
    assert!(DevChain::new(bad, 1).is_err());
    let mut bad = config();
    let twice = bad.subnets[0].neurons[0].clone();
    bad.subnets[0].neurons.push(twice);
    let error = DevChain::new(bad, 1).unwrap_err();
    assert!(error.to_string().contains("appears twice"));
    let net = Net::new(config());
    for command in [
        AdminCommand::AddSubnet {
            netuid: NETUID,
            tempo: 1,
        },
        AdminCommand::Deregister {
            netuid: NETUID,
            hotkey: account("stranger"),
        },
        AdminCommand::SetStake {
            netuid: NetUid(9),
            hotkey: account("alice"),
            stake: 1,
        },
        AdminCommand::UpgradeRuntime {
            call_shift: 101,
            error_shift: 0,
        },
    ] {
        assert!(net.chain.check_command(&command).is_err(), "{command:?}");
    }
}
