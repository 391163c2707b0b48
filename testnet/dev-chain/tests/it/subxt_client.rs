//! The client that validators use talks to the dev chain by its metadata alone.

use serde_json::json;
use subxt::config::SubstrateConfig;
use subxt::dynamic::{self, Value};
use subxt::{Metadata, OnlineClient};
use subxt_signer::sr25519::{Keypair, dev};

use crate::support::{CHARLIE_UID, NETUID, TestChain, config};

type Client = OnlineClient<SubstrateConfig>;
type Progress = subxt::transactions::TransactionProgress<
    SubstrateConfig,
    subxt::client::OnlineClientAtBlockImpl<SubstrateConfig>,
>;

async fn connect(chain: &TestChain) -> Client {
    Client::from_url(chain.server.url()).await.unwrap()
}

fn numbers(values: &[u16]) -> Value {
    Value::unnamed_composite(values.iter().map(|value| Value::u128((*value).into())))
}

/// Signs weights and hands them in; the text of the refusal if they are not taken.
async fn submit_weights(
    client: &Client,
    keypair: &Keypair,
    uids: &[u16],
    values: &[u16],
) -> Result<Progress, String> {
    let call = dynamic::transaction(
        "SubtensorModule",
        "set_mechanism_weights",
        vec![
            Value::u128(NETUID.0.into()),
            Value::u128(0),
            numbers(uids),
            numbers(values),
            Value::u128(0),
        ],
    );
    let mut transactions = client.tx().await.unwrap();
    let submitted = transactions
        .sign_and_submit_then_watch_default(&call, keypair)
        .await;
    submitted.map_err(|error| format!("{error:?}"))
}

async fn weights_of(client: &Client, uid: u16) -> Vec<(u16, u16)> {
    let at = client.at_current_block().await.unwrap();
    let address = dynamic::storage::<(u16, u16), Vec<(u16, u16)>>("SubtensorModule", "Weights");
    let value = at.storage().fetch(address, (NETUID.0, uid)).await.unwrap();
    value.decode().unwrap()
}

/// Number of a call in a client's metadata.
fn call_number(metadata: &Metadata, call: &str) -> u8 {
    let pallet = metadata.pallet_by_name("SubtensorModule").unwrap();
    pallet.call_variant_by_name(call).unwrap().index
}

#[tokio::test]
async fn storage_constants_and_runtime_apis_are_read_at_one_block() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let client = connect(&chain).await;
    let at = client.at_current_block().await.unwrap();
    // Two blocks behind the best one: finality lags.
    assert_eq!(at.block_number(), 3);

    let tempo = dynamic::storage::<(u16,), u16>("SubtensorModule", "Tempo");
    let tempo = at.storage().fetch(tempo, (NETUID.0,)).await.unwrap();
    assert_eq!(tempo.decode().unwrap(), 10);

    let uids = dynamic::storage::<(u16, [u8; 32]), u16>("SubtensorModule", "Uids");
    let bob = dev::bob().public_key().0;
    let uid = at.storage().fetch(uids, (NETUID.0, bob)).await.unwrap();
    assert_eq!(uid.decode().unwrap(), 1);

    let keys = dynamic::storage::<(u16, u16), [u8; 32]>("SubtensorModule", "Keys");
    let mut found = at.storage().iter(keys, (NETUID.0,)).await.unwrap();
    let mut hotkeys = Vec::new();
    while let Some(entry) = found.next().await {
        hotkeys.push(entry.unwrap().value().decode().unwrap());
    }
    assert_eq!(hotkeys.len(), 3);
    assert!(hotkeys.contains(&bob));

    let constant = dynamic::constant::<u16>("System", "SS58Prefix");
    assert_eq!(at.constants().entry(constant).unwrap(), 42);

    let next = dynamic::runtime_api_call::<_, Option<u64>>(
        "SubnetInfoRuntimeApi",
        "get_next_epoch_start_block",
        (NETUID.0,),
    );
    assert_eq!(at.runtime_apis().call(next).await.unwrap(), Some(10));
    chain.stop().await;
}

#[tokio::test]
async fn a_selective_metagraph_has_what_was_asked_for() {
    let chain = TestChain::start(config()).await;
    chain.mine(3).await;
    let client = connect(&chain).await;
    let at = client.at_current_block().await.unwrap();
    // Block, tempo, commit-reveal, hotkeys, permits, last updates, total stake.
    let indexes: Vec<u16> = vec![7, 8, 46, 52, 57, 59, 69];
    let call = dynamic::runtime_api_call::<_, Value>(
        "SubnetInfoRuntimeApi",
        "get_selective_metagraph",
        (NETUID.0, indexes),
    );
    let text = at.runtime_apis().call(call).await.unwrap().to_string();
    for expected in [
        "block: Some (1)",
        "tempo: Some (10)",
        "commit_reveal_weights_enabled: Some (false)",
        "validator_permit: Some ((true, true, false))",
        "last_update: Some ((0, 0, 0))",
        "total_stake: Some (((1000), (500), (0)))",
        "axons: None ()",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    chain.stop().await;
}

#[tokio::test]
async fn signed_weights_get_into_a_block_that_becomes_final() {
    let chain = TestChain::start(config()).await;
    chain.mine(3).await;
    let client = connect(&chain).await;
    let progress = submit_weights(&client, &dev::alice(), &[1, CHARLIE_UID], &[100, 300])
        .await
        .unwrap();
    chain.mine(3).await;
    let in_block = progress.wait_for_finalized().await.unwrap();
    let events = in_block.wait_for_success().await.unwrap();
    let names: Vec<String> = events
        .iter()
        .map(|event| event.unwrap().event_name().to_owned())
        .collect();
    assert_eq!(names, ["WeightsSet", "ExtrinsicSuccess"]);
    assert_eq!(
        weights_of(&client, 0).await,
        vec![(1, 21_845), (CHARLIE_UID, 65_535)]
    );
    chain.stop().await;
}

#[tokio::test]
async fn weights_become_final_only_when_finality_goes_on() {
    let chain = TestChain::start(config()).await;
    chain.mine(3).await;
    let client = connect(&chain).await;
    chain.dev("stopFinality", json!(null)).await;
    let mut progress = submit_weights(&client, &dev::alice(), &[1], &[1])
        .await
        .unwrap();
    chain.mine(10).await;
    loop {
        let status = progress.next().await.unwrap().unwrap();
        assert!(status.as_finalized().is_none());
        if status.as_in_block().is_some() {
            break;
        }
    }
    assert_eq!(client.at_current_block().await.unwrap().block_number(), 1);
    chain.dev("resumeFinality", json!(null)).await;
    progress.wait_for_finalized_success().await.unwrap();
    assert_eq!(weights_of(&client, 0).await, vec![(1, 65_535)]);
    chain.stop().await;
}

#[tokio::test]
async fn a_refusal_of_the_pool_and_an_error_of_the_call_have_their_names() {
    let mut config = config();
    config.stake_threshold = 600;
    let chain = TestChain::start(config).await;
    chain.mine(3).await;
    let client = connect(&chain).await;
    let poor = submit_weights(&client, &dev::bob(), &[0], &[1]).await;
    let refusal = poor.err().unwrap();
    assert!(refusal.contains("1010"), "{refusal}");
    assert!(refusal.contains("Custom error: 1"), "{refusal}");

    let twice = submit_weights(&client, &dev::alice(), &[1, 1], &[1, 1]).await;
    let progress = twice.unwrap();
    chain.mine(3).await;
    let error = progress.wait_for_finalized_success().await.err().unwrap();
    let error = format!("{error} {error:?}");
    assert!(error.contains("DuplicateUids"), "{error}");
    chain.stop().await;
}

#[tokio::test]
async fn after_an_upgrade_a_client_with_new_metadata_goes_on() {
    let chain = TestChain::start(config()).await;
    chain.mine(3).await;
    let client = connect(&chain).await;
    let before = client.at_current_block().await.unwrap().metadata();
    assert_eq!(call_number(&before, "set_mechanism_weights"), 119);
    chain
        .dev(
            "upgradeRuntime",
            json!({ "call_shift": 5, "error_shift": 9 }),
        )
        .await;
    chain.mine(4).await;

    let client = connect(&chain).await;
    let after = client.at_current_block().await.unwrap().metadata();
    assert_eq!(call_number(&after, "set_mechanism_weights"), 124);
    let progress = submit_weights(&client, &dev::alice(), &[0, 0], &[1, 1])
        .await
        .unwrap();
    chain.mine(3).await;
    let error = progress.wait_for_finalized_success().await.err().unwrap();
    let error = format!("{error} {error:?}");
    assert!(error.contains("DuplicateUids"), "{error}");
    chain.stop().await;
}
