//! What the pool takes and what it refuses, with the codes of a real node.

use parity_scale_codec::{Compact, Encode};

use crate::chain::{AdminCommand, Ended, Hyperparameter, Invalid, SubmitError, TransactionStatus};
use crate::extrinsic;
use crate::limits::BLOCK_MAX_BYTES;
use crate::pallets::subtensor::calls::Call;
use crate::testkit::{
    NETUID, Net, Signed, account, config, keypair, one_of_each_call, set_weights, sign_for,
};
use crate::types::{BoundedVec, Era, H256, MechId};

fn custom(net: &mut Net, name: &str, call: Call) -> u8 {
    match net.submit(name, call) {
        Err(SubmitError::Invalid(Invalid::Custom(code))) => code,
        other => panic!("expected a code, got {other:?}"),
    }
}

fn net_with(parameters: &[Hyperparameter]) -> Net {
    let mut config = config();
    config.subnets[0].hyperparameters.extend(parameters);
    Net::new(config)
}

fn axon(ip: u128, port: u16, ip_type: u8) -> Call {
    Call::serve_axon {
        netuid: NETUID,
        version: 1,
        ip,
        port,
        ip_type,
        protocol: 0,
        placeholder1: 0,
        placeholder2: 0,
    }
}

fn timelocked(round: u64) -> Call {
    Call::commit_timelocked_mechanism_weights {
        netuid: NETUID,
        mecid: MechId(0),
        commit: BoundedVec(vec![1]),
        reveal_round: round,
        commit_reveal_version: 4,
    }
}

#[test]
fn too_little_stake_has_code_1_for_every_call_of_weights() {
    let mut config = config();
    config.stake_threshold = 600;
    let mut net = Net::new(config);
    for call in one_of_each_call() {
        if matches!(call, Call::serve_axon { .. }) {
            continue;
        }
        assert_eq!(custom(&mut net, "bob", call.clone()), 1, "{call:?}");
    }
}

#[test]
fn weights_and_commits_that_come_too_fast_have_code_6() {
    let mut net = net_with(&[Hyperparameter::WeightsSetRateLimit(5)]);
    assert_eq!(net.call("alice", set_weights(&[(1, 1)])), Ok(()));
    assert_eq!(custom(&mut net, "alice", set_weights(&[(1, 1)])), 6);
    net.command(AdminCommand::SetHyperparameter {
        netuid: NETUID,
        parameter: Hyperparameter::CommitRevealWeightsEnabled(true),
    });
    let commit = Call::commit_weights {
        netuid: NETUID,
        commit_hash: H256([1; 32]),
    };
    assert_eq!(custom(&mut net, "alice", commit), 6);
}

#[test]
fn axons_have_codes_10_to_13() {
    let mut net = net_with(&[]);
    assert_eq!(custom(&mut net, "stranger", axon(1, 1, 4)), 10);
    for (ip, ip_type) in [(0x7f00_0001, 4), (u128::from(u32::MAX), 4), (1, 6)] {
        assert_eq!(custom(&mut net, "alice", axon(ip, 1, ip_type)), 11);
    }
    assert_eq!(custom(&mut net, "alice", axon(5, 0, 4)), 13);
    assert_eq!(custom(&mut net, "alice", axon(5, 1, 5)), 255);
    assert_eq!(net.call("alice", axon(0x0a00_0001, 8_091, 4)), Ok(()));
    assert_eq!(custom(&mut net, "alice", axon(0x0a00_0001, 8_091, 4)), 12);
    net.mine(49);
    assert_eq!(net.call("alice", axon(0x0a00_0001, 8_092, 4)), Ok(()));
}

#[test]
fn commits_have_codes_15_to_18() {
    let mut net = net_with(&[Hyperparameter::CommitRevealWeightsEnabled(true)]);
    net.mine(9);
    assert_eq!(custom(&mut net, "alice", timelocked(1)), 15);
    let reveal = |version_key| Call::reveal_weights {
        netuid: NETUID,
        uids: vec![1],
        values: vec![1],
        salt: vec![3],
        version_key,
    };
    assert_eq!(custom(&mut net, "alice", reveal(0)), 16);
    let request = crate::pallets::subtensor::weights::Request {
        netuid: NETUID,
        mechanism: MechId(0),
        uids: vec![1],
        values: vec![1],
        version_key: 0,
    };
    let hash = crate::pallets::subtensor::commits::commit_hash(account("alice"), &request, &[3]);
    let commit = Call::commit_weights {
        netuid: NETUID,
        commit_hash: hash,
    };
    assert_eq!(net.call("alice", commit), Ok(()));
    assert_eq!(custom(&mut net, "alice", reveal(0)), 17);
    let uneven = Call::batch_set_weights {
        netuids: vec![Compact(NETUID)],
        weights: vec![],
        version_keys: vec![Compact(0)],
    };
    assert_eq!(custom(&mut net, "alice", uneven), 18);
}

#[test]
fn what_is_wrong_with_an_extrinsic_itself_has_its_own_code() {
    let mut net = net_with(&[]);
    net.mine(3);
    let call = set_weights(&[(1, 1)]);
    let good = sign_for(&net.chain, &Signed::by("alice"), call.clone());

    let mut forged = good.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let bad_proof = SubmitError::Invalid(Invalid::BadProof);
    assert_eq!(net.chain.submit(&forged), Err(bad_proof.clone()));
    assert_eq!(bad_proof.rpc_code(), 1010);

    let rich = Signed {
        tip: 5,
        ..Signed::by("alice")
    };
    let tipped = sign_for(&net.chain, &rich, call.clone());
    let payment = Err(SubmitError::Invalid(Invalid::Payment));
    assert_eq!(net.chain.submit(&tipped), payment);

    let cut = net.chain.submit(&good[..9]).unwrap_err();
    assert_eq!(cut.rpc_code(), 1002);

    let hash = net.chain.submit(&good).unwrap();
    assert_eq!(net.chain.submit(&good), Err(SubmitError::AlreadyImported));
    net.mine(1);
    assert!(matches!(
        net.chain.status_of(&hash),
        TransactionStatus::InBlock { .. }
    ));
    let stale = Err(SubmitError::Invalid(Invalid::Stale));
    assert_eq!(net.chain.submit(&good), stale);
}

#[test]
fn the_runtime_before_an_upgrade_signs_nothing_any_more() {
    let mut net = net_with(&[]);
    let old = sign_for(&net.chain, &Signed::by("alice"), set_weights(&[(1, 1)]));
    net.command(AdminCommand::UpgradeRuntime {
        call_shift: 0,
        error_shift: 0,
    });
    let bad_proof = Err(SubmitError::Invalid(Invalid::BadProof));
    assert_eq!(net.chain.submit(&old), bad_proof);
}

#[test]
fn an_extrinsic_that_waits_too_long_is_dropped_with_its_era() {
    let mut net = net_with(&[]);
    net.mine(8);
    let signed = Signed {
        era: Era::Mortal {
            period: 4,
            phase: 0,
        },
        // Not its turn, so that it stays in the pool.
        nonce: 1,
        ..Signed::by("alice")
    };
    let bytes = sign_for(&net.chain, &signed, set_weights(&[(1, 1)]));
    let hash = net.chain.submit(&bytes).unwrap();
    assert_eq!(net.chain.status_of(&hash), TransactionStatus::Future);
    net.mine(4);
    assert_eq!(
        net.chain.status_of(&hash),
        TransactionStatus::Ended(Ended::Invalid)
    );
    assert_eq!(
        net.chain.submit(&bytes),
        Err(SubmitError::Invalid(Invalid::BadProof))
    );
}

#[test]
fn an_era_that_begins_later_is_refused() {
    let net = net_with(&[]);
    let early = Signed {
        era: Era::Mortal {
            period: 64,
            phase: 40,
        },
        ..Signed::by("alice")
    };
    let implicit = extrinsic::Implicit {
        runtime: net.chain.runtime(),
        genesis_hash: net.chain.genesis_hash(),
        birth_hash: H256([0; 32]),
    };
    let call = crate::pallets::RuntimeCall::SubtensorModule(set_weights(&[(1, 1)]));
    let bytes = crate::testkit::sign(&early, &call, &implicit);
    let mut chain = net.chain;
    assert_eq!(
        chain.submit(&bytes),
        Err(SubmitError::Invalid(Invalid::AncientBirthBlock))
    );
}

#[test]
fn nonces_wait_for_their_turn_and_go_into_one_block_together() {
    let mut net = net_with(&[]);
    let with_nonce = |net: &Net, nonce| {
        let signed = Signed {
            nonce,
            ..Signed::by("alice")
        };
        sign_for(&net.chain, &signed, set_weights(&[(1, 1 + nonce as u16)]))
    };
    let second = with_nonce(&net, 1);
    let second = net.chain.submit(&second).unwrap();
    assert_eq!(net.chain.status_of(&second), TransactionStatus::Future);
    assert_eq!(net.chain.next_nonce(account("alice")), 0);
    let first = with_nonce(&net, 0);
    net.chain.submit(&first).unwrap();
    assert_eq!(net.chain.status_of(&second), TransactionStatus::Ready);
    assert_eq!(net.chain.next_nonce(account("alice")), 2);
    net.mine(1);
    assert!(matches!(
        net.chain.status_of(&second),
        TransactionStatus::InBlock { .. }
    ));
    assert_eq!(
        net.chain
            .block(&net.chain.best_hash())
            .unwrap()
            .extrinsics
            .len(),
        3
    );
}

#[test]
fn a_higher_tip_takes_the_nonce_and_an_equal_one_does_not() {
    let mut net = net_with(&[]);
    net.command(AdminCommand::SetBalance {
        account: account("alice"),
        free: 100,
    });
    let first = net.submit("alice", set_weights(&[(1, 1)])).unwrap();
    let other = |net: &Net, tip| {
        let signed = Signed {
            tip,
            ..Signed::by("alice")
        };
        sign_for(&net.chain, &signed, set_weights(&[(2, 1)]))
    };
    let equal = other(&net, 0);
    let refused = net.chain.submit(&equal).unwrap_err();
    assert_eq!(refused.rpc_code(), 1014);
    let higher = other(&net, 9);
    let higher = net.chain.submit(&higher).unwrap();
    assert_eq!(
        net.chain.status_of(&first),
        TransactionStatus::Ended(Ended::Usurped(higher))
    );
    net.mine(1);
    assert_eq!(net.weights(0), vec![(2, 65_535)]);
}

#[test]
fn two_weights_in_one_block_under_a_rate_limit_leave_the_second_out() {
    let mut net = net_with(&[Hyperparameter::WeightsSetRateLimit(5)]);
    net.submit("alice", set_weights(&[(1, 1)])).unwrap();
    let second = net.submit("alice", set_weights(&[(2, 1)])).unwrap();
    net.mine(1);
    assert_eq!(net.weights(0), vec![(1, 65_535)]);
    assert_eq!(
        net.chain.status_of(&second),
        TransactionStatus::Ended(Ended::Invalid)
    );
}

#[test]
fn a_block_takes_no_more_bytes_than_the_log_and_the_rest_waits() {
    let mut net = net_with(&[]);
    let large = |uid: u16| Call::set_weights {
        netuid: NETUID,
        dests: vec![uid; 30_000],
        weights: vec![1; 30_000],
        version_key: 0,
    };
    for uid in 0..12 {
        net.submit("alice", large(uid)).unwrap();
    }
    let mut blocks = Vec::new();
    while !net.chain.pending_extrinsics().is_empty() {
        net.mine(1);
        let best = net.chain.block(&net.chain.best_hash()).unwrap();
        let bytes: usize = best.extrinsics.iter().map(Vec::len).sum();
        assert!(bytes <= BLOCK_MAX_BYTES, "{bytes}");
        blocks.push(best.extrinsics.len() - 1);
    }
    assert_eq!(blocks.iter().sum::<usize>(), 12);
    assert!(blocks.len() > 1, "{blocks:?}");
}

#[test]
fn only_the_author_sets_the_time() {
    let mut net = net_with(&[]);
    let call =
        crate::pallets::RuntimeCall::Timestamp(crate::pallets::timestamp::Call::set { now: 1 });
    let implicit = extrinsic::Implicit {
        runtime: net.chain.runtime(),
        genesis_hash: net.chain.genesis_hash(),
        birth_hash: net.chain.genesis_hash(),
    };
    let bytes = crate::testkit::sign(&Signed::by("alice"), &call, &implicit);
    // The genesis hash is that of the era's first block only once it is in storage.
    net.mine(1);
    assert_eq!(
        net.chain.submit(&bytes),
        Err(SubmitError::Invalid(Invalid::BadMandatory))
    );
}

#[test]
fn a_signature_of_another_scheme_is_refused() {
    let mut net = net_with(&[]);
    let good = sign_for(&net.chain, &Signed::by("alice"), set_weights(&[(1, 1)]));
    let body: Vec<u8> = parity_scale_codec::Decode::decode(&mut &good[..]).unwrap();
    // Version, kind of address, key, then the kind of signature.
    let mut other = body;
    assert_eq!(other[34], 1);
    other[34] = 0;
    assert_eq!(keypair("alice").public.to_bytes(), other[2..34]);
    assert_eq!(
        net.chain.submit(&other.encode()),
        Err(SubmitError::Invalid(Invalid::BadProof))
    );
}
