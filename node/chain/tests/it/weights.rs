//! Weights and addresses as the chain holds them, set by another client.

use std::net::SocketAddr;

use subxt::OnlineClient;
use subxt::config::SubstrateConfig;
use subxt::dynamic::{self, Value};
use subxt_signer::sr25519::{Keypair, dev};

use assay_chain::{Chain, ChainWeights};
use assay_consensus::keys::Hotkey;
use assay_dev_chain::chain::{
    AdminCommand, ChainConfig, Hyperparameter, NeuronConfig, SubnetConfig,
};
use assay_dev_chain::types::{AccountId32, NetUid};

use crate::support::{NETUID, TEMPO, TestChain, config, upgrade};

fn account(keypair: &Keypair) -> AccountId32 {
    AccountId32(keypair.public_key().0)
}

fn hotkey(keypair: &Keypair) -> Hotkey {
    Hotkey(keypair.public_key().0)
}

/// The same chain with neurons whose keys the other client has.
fn signers_config() -> ChainConfig {
    let neuron = |keypair: &Keypair, stake| NeuronConfig {
        hotkey: account(keypair),
        coldkey: None,
        stake,
    };
    ChainConfig {
        subnets: vec![SubnetConfig {
            netuid: NetUid(NETUID),
            tempo: TEMPO,
            neurons: vec![
                neuron(&dev::alice(), 1_000),
                neuron(&dev::bob(), 500),
                neuron(&dev::charlie(), 0),
            ],
            ..SubnetConfig::plain()
        }],
        ..config()
    }
}

fn numbers(values: &[u128]) -> Value {
    Value::unnamed_composite(values.iter().map(|value| Value::u128(*value)))
}

/// Signs a call, lets it into the next block and makes that final; returns the block's number.
async fn call(chain: &TestChain, signer: &Keypair, name: &str, arguments: Vec<Value>) -> u64 {
    let client = OnlineClient::<SubstrateConfig>::from_url(chain.url())
        .await
        .unwrap();
    let call = dynamic::transaction("SubtensorModule", name, arguments);
    let progress = client
        .tx()
        .await
        .unwrap()
        .sign_and_submit_then_watch_default(&call, signer)
        .await
        .unwrap();
    let number = chain.mine(1).await;
    chain.finalize(number).await;
    progress.wait_for_finalized_success().await.unwrap();
    number
}

fn weights_arguments(uids: &[u128], values: &[u128]) -> Vec<Value> {
    vec![
        Value::u128(NETUID.into()),
        Value::u128(0),
        numbers(uids),
        numbers(values),
        Value::u128(0),
    ]
}

async fn set_weights(chain: &TestChain, signer: &Keypair, uids: &[u128], values: &[u128]) -> u64 {
    let arguments = weights_arguments(uids, values);
    call(chain, signer, "set_mechanism_weights", arguments).await
}

async fn serve_axon(chain: &TestChain, signer: &Keypair, address: SocketAddr) {
    let (ip, ip_type) = match address {
        SocketAddr::V4(v4) => (u128::from(u32::from(*v4.ip())), 4),
        SocketAddr::V6(v6) => (u128::from(*v6.ip()), 6),
    };
    let arguments = [
        NETUID.into(),
        1,
        ip,
        address.port().into(),
        ip_type,
        0,
        0,
        0,
    ];
    let arguments = arguments.into_iter().map(Value::u128).collect();
    call(chain, signer, "serve_axon", arguments).await;
}

#[tokio::test]
async fn a_chain_without_weights_shows_none() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let client = chain.client();
    assert_eq!(client.weights_on_chain(None).await, Ok(Vec::new()));
    chain.stop().await;
}

#[tokio::test]
async fn weights_are_shown_by_hotkey_with_block_and_epoch() {
    let chain = TestChain::start(signers_config()).await;
    chain.finalize(5).await;
    let (alice, bob) = (dev::alice(), dev::bob());
    let early = set_weights(&chain, &bob, &[2, 0], &[65_535, 100]).await;
    chain.finalize(22).await;
    let late = set_weights(&chain, &alice, &[1, 2, 0], &[65_535, 0, 7]).await;
    chain.finalize(27).await;

    let client = chain.client();
    let mut expected = vec![
        ChainWeights {
            hotkey: hotkey(&alice),
            entries: vec![(0, 7), (1, 65_535)],
            block: late,
            epoch: 2,
        },
        ChainWeights {
            hotkey: hotkey(&bob),
            entries: vec![(0, 100), (2, 65_535)],
            block: early,
            epoch: 0,
        },
    ];
    expected.sort_by_key(|weights| weights.hotkey);
    assert_eq!(client.weights_on_chain(None).await, Ok(expected.clone()));

    // Before Alice's there were Bob's only.
    let before = client.block(late - 1).await.unwrap().unwrap();
    expected.retain(|weights| weights.hotkey == hotkey(&bob));
    assert_eq!(
        client.weights_on_chain(Some(before.hash)).await,
        Ok(expected)
    );
    chain.stop().await;
}

#[tokio::test]
async fn weights_of_a_crowd_are_read_page_by_page() {
    let crowd: Vec<Keypair> = (0..150)
        .map(|number| Keypair::from_uri(&format!("//{number}").parse().unwrap()).unwrap())
        .collect();
    let mut config = signers_config();
    config.subnets[0].neurons = crowd
        .iter()
        .map(|keypair| NeuronConfig {
            hotkey: account(keypair),
            coldkey: None,
            stake: 10,
        })
        .collect();
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::MaxAllowedValidators(200));
    let chain = TestChain::start(config).await;
    chain.finalize(5).await;
    let other = OnlineClient::<SubstrateConfig>::from_url(chain.url())
        .await
        .unwrap();
    let mut transactions = other.tx().await.unwrap();
    for (uid, keypair) in (0u128..).zip(&crowd) {
        let arguments = weights_arguments(&[uid, (uid + 1) % 150], &[65_535, uid]);
        let call = dynamic::transaction("SubtensorModule", "set_mechanism_weights", arguments);
        transactions
            .sign_and_submit_default(&call, keypair)
            .await
            .unwrap();
    }
    let number = chain.mine(1).await;
    chain.finalize(number).await;
    let shown = chain.client().weights_on_chain(None).await.unwrap();
    assert_eq!(shown.len(), 150);
    assert!(shown.is_sorted_by_key(|weights| weights.hotkey));
    assert!(shown.iter().all(|weights| weights.block == number));
    chain.stop().await;
}

#[tokio::test]
async fn weights_go_with_the_hotkey_and_not_with_its_uid() {
    let chain = TestChain::start(signers_config()).await;
    chain.finalize(5).await;
    set_weights(&chain, &dev::bob(), &[2], &[65_535]).await;
    chain
        .command(AdminCommand::Deregister {
            netuid: NetUid(NETUID),
            hotkey: account(&dev::bob()),
        })
        .await;
    let gone = chain.mine(1).await;
    chain.finalize(gone).await;
    let client = chain.client();
    let shown = client.weights_on_chain(None).await.unwrap();
    assert!(
        shown
            .iter()
            .all(|weights| weights.hotkey != hotkey(&dev::bob()))
    );
    let before = client.block(gone - 1).await.unwrap().unwrap();
    let shown = client.weights_on_chain(Some(before.hash)).await.unwrap();
    assert_eq!(shown[0].hotkey, hotkey(&dev::bob()));
    chain.stop().await;
}

#[tokio::test]
async fn weights_before_and_after_an_upgrade_are_read_alike() {
    let chain = TestChain::start(signers_config()).await;
    chain.finalize(5).await;
    set_weights(&chain, &dev::alice(), &[1], &[65_535]).await;
    chain.command(upgrade(9, 9)).await;
    let upgraded = chain.mine(2).await;
    chain.finalize(upgraded).await;
    set_weights(&chain, &dev::alice(), &[2], &[65_535]).await;
    let client = chain.client();
    let after = client.weights_on_chain(None).await.unwrap();
    assert_eq!(after[0].entries, [(2, 65_535)]);
    let old = client.block(upgraded - 2).await.unwrap().unwrap();
    let before = client.weights_on_chain(Some(old.hash)).await.unwrap();
    assert_eq!(before[0].entries, [(1, 65_535)]);
    chain.stop().await;
}

#[tokio::test]
async fn axons_of_both_kinds_are_in_the_metagraph() {
    let chain = TestChain::start(signers_config()).await;
    chain.set(Hyperparameter::ServingRateLimit(0)).await;
    chain.finalize(5).await;
    let v4: SocketAddr = "203.0.113.7:8091".parse().unwrap();
    let v6: SocketAddr = "[2001:db8::7]:9000".parse().unwrap();
    serve_axon(&chain, &dev::alice(), v4).await;
    serve_axon(&chain, &dev::bob(), v6).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    let metagraph = client.metagraph(head.hash).await.unwrap();
    let axon = |keypair: &Keypair| metagraph.neuron_of(&hotkey(keypair)).unwrap().axon;
    assert_eq!(axon(&dev::alice()), Some(v4));
    assert_eq!(axon(&dev::bob()), Some(v6));
    assert_eq!(axon(&dev::charlie()), None);
    chain.stop().await;
}
