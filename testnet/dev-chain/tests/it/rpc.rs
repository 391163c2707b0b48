//! The dev chain over its RPC: restart, finality, admin calls, subscriptions, limits.

use jsonrpsee::core::client::{ClientT, Error, Subscription, SubscriptionClientT};
use jsonrpsee::http_client::HttpClientBuilder;
use jsonrpsee::rpc_params;
use parity_scale_codec::Encode;
use serde_json::{Value, json};

use crate::support::{CHARLIE_UID, NETUID, TOKEN, TestChain, account, config};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::metadata::MetadataError;
use assay_dev_chain::{DevChainServer, ServerOptions};

/// Key of `SubtensorModule.Tempo` of subnet 1.
const TEMPO_KEY: &str = "0x658faa385070e074c85bf6b568cf05557641384bb339f3758acddfd7053d33170100";

async fn ask(chain: &TestChain, method: &str, params: Vec<Value>) -> Value {
    let mut list = rpc_params![];
    for param in params {
        list.insert(param).unwrap();
    }
    chain.rpc.request(method, list).await.unwrap()
}

fn code(error: Error) -> i32 {
    match error {
        Error::Call(error) => error.code(),
        other => panic!("expected an answer, got {other}"),
    }
}

#[tokio::test]
async fn http_and_websocket_answer_alike() {
    let chain = TestChain::start(config()).await;
    chain.mine(4).await;
    let http = HttpClientBuilder::default()
        .build(chain.server.http_url())
        .unwrap();
    let head: Value = http
        .request("chain_getFinalizedHead", rpc_params![])
        .await
        .unwrap();
    assert_eq!(
        head,
        ask(&chain, "chain_getBlockHash", vec![json!(2)]).await
    );
    let several = ask(&chain, "chain_getBlockHash", vec![json!([0, "0x2", 9])]).await;
    assert_eq!(several[1], head);
    assert_eq!(several[2], Value::Null);
    let header = ask(&chain, "chain_getHeader", vec![head]).await;
    assert_eq!(header["number"], "0x2");
    chain.stop().await;
}

#[tokio::test]
async fn storage_of_a_block_stays_what_it_was() {
    let chain = TestChain::start(config()).await;
    chain.mine(1).await;
    let before = ask(&chain, "chain_getBlockHash", vec![]).await;
    let parameter = json!({ "netuid": NETUID, "parameter": { "tempo": 77 } });
    chain.dev("setHyperparameter", parameter).await;
    chain.mine(1).await;
    let read = |at| ask(&chain, "state_getStorage", vec![json!(TEMPO_KEY), at]);
    assert_eq!(read(Value::Null).await, "0x4d00");
    assert_eq!(read(before.clone()).await, "0x0a00");
    let changes = ask(
        &chain,
        "state_queryStorageAt",
        vec![json!([TEMPO_KEY]), before],
    )
    .await;
    assert_eq!(changes[0]["changes"], json!([[TEMPO_KEY, "0x0a00"]]));
    let prefix = json!(&TEMPO_KEY[..66]);
    let page = vec![prefix.clone(), json!(1), Value::Null];
    let first = ask(&chain, "state_getKeysPaged", page).await;
    assert_eq!(first.as_array().unwrap().len(), 1);
    let rest = ask(
        &chain,
        "state_getKeysPaged",
        vec![prefix, json!(10), first[0].clone()],
    )
    .await;
    assert_eq!(rest, json!([TEMPO_KEY]));
    chain.stop().await;
}

#[tokio::test]
async fn an_unknown_block_method_or_api_is_named() {
    let chain = TestChain::start(config()).await;
    let unknown = format!("0x{}", "11".repeat(32));
    let header = ask(&chain, "chain_getHeader", vec![json!(unknown)]).await;
    assert_eq!(header, Value::Null);
    let storage = chain
        .rpc
        .request::<Value, _>("state_getStorage", rpc_params![TEMPO_KEY, &unknown]);
    let text = storage.await.unwrap_err().to_string();
    assert!(text.contains("UnknownBlock"), "{text}");
    let call = chain
        .rpc
        .request::<Value, _>("state_call", rpc_params!["Core_nothing", "0x"]);
    let text = call.await.unwrap_err().to_string();
    assert!(
        text.contains("Exported method Core_nothing is not found"),
        "{text}"
    );
    let call = chain.rpc.request::<Value, _>(
        "state_call",
        rpc_params!["SubnetInfoRuntimeApi_get_metagraph", "0x01"],
    );
    assert_eq!(code(call.await.unwrap_err()), 4003);
    let methods = ask(&chain, "rpc_methods", vec![]).await;
    let methods = methods["methods"].as_array().unwrap();
    for method in [
        "chain_getBlock",
        "state_getMetadata",
        "author_submitAndWatchExtrinsic",
        "rpc_methods",
    ] {
        assert!(methods.contains(&json!(method)), "{method}");
    }
    chain.stop().await;
}

#[tokio::test]
async fn requests_beyond_the_limits_are_refused() {
    let chain = TestChain::start(config()).await;
    let keys = vec![TEMPO_KEY; 1_001];
    let query = chain
        .rpc
        .request::<Value, _>("state_queryStorageAt", rpc_params![keys]);
    assert_eq!(code(query.await.unwrap_err()), -32602);
    let page = chain
        .rpc
        .request::<Value, _>("state_getKeysPaged", rpc_params!["0x", 1_001]);
    assert_eq!(code(page.await.unwrap_err()), -32602);
    let long_key = format!("0x{}", "00".repeat(513));
    let storage = chain
        .rpc
        .request::<Value, _>("state_getStorage", rpc_params![long_key]);
    assert_eq!(code(storage.await.unwrap_err()), -32602);
    let long = format!("0x{}", "00".repeat(130 * 1024));
    let submit = chain
        .rpc
        .request::<Value, _>("author_submitExtrinsic", rpc_params![long]);
    assert_eq!(code(submit.await.unwrap_err()), 1001);
    chain.stop().await;
}

#[tokio::test]
async fn admin_calls_want_the_token() {
    let chain = TestChain::start(config()).await;
    let wrong = chain
        .rpc
        .request::<Value, _>("dev_mine", rpc_params!["guess"]);
    assert_eq!(code(wrong.await.unwrap_err()), -32001);
    let impossible = chain.rpc.request::<Value, _>(
        "dev_mine",
        rpc_params![TOKEN, json!({ "blocks": u64::MAX })],
    );
    assert_eq!(code(impossible.await.unwrap_err()), -32002);
    let unknown = chain.rpc.request::<Value, _>(
        "dev_setStake",
        rpc_params![TOKEN, json!({ "netuid": 1, "nonsense": 2 })],
    );
    assert_eq!(code(unknown.await.unwrap_err()), -32602);
    assert_eq!(chain.mine(1).await, 1);
    chain.stop().await;
}

#[tokio::test]
async fn everything_is_found_again_after_a_restart() {
    let mut config = config();
    config.beacon.auto_pulses = false;
    let chain = TestChain::start(config.clone()).await;
    let charlie = account(&subxt_signer::sr25519::dev::charlie());
    chain
        .dev(
            "setStake",
            json!({ "netuid": 1, "hotkey": charlie, "stake": 9 }),
        )
        .await;
    // More events than the log holds before it is replaced by a snapshot.
    chain.mine(5_000).await;
    chain.dev("stopFinality", Value::Null).await;
    chain
        .dev(
            "upgradeRuntime",
            json!({ "call_shift": 1, "error_shift": 1 }),
        )
        .await;
    chain.mine(20).await;
    let head = ask(&chain, "chain_getBlockHash", vec![]).await;
    let finalized = ask(&chain, "chain_getFinalizedHead", vec![]).await;
    let version = ask(&chain, "state_getRuntimeVersion", vec![]).await;
    assert_eq!(version["specVersion"], 462);
    let block = ask(&chain, "chain_getBlock", vec![head.clone()]).await;

    let dir = chain.stop().await;
    let chain = TestChain::start_in(config, dir).await;
    assert_eq!(ask(&chain, "chain_getBlockHash", vec![]).await, head);
    assert_eq!(
        ask(&chain, "chain_getFinalizedHead", vec![]).await,
        finalized
    );
    assert_eq!(
        ask(&chain, "state_getRuntimeVersion", vec![]).await,
        version
    );
    assert_eq!(ask(&chain, "chain_getBlock", vec![head]).await, block);
    assert_eq!(chain.mine(1).await, 5_021);
    chain.stop().await;
}

#[tokio::test]
async fn a_program_that_contains_the_chain_needs_no_token() {
    let chain = TestChain::start(config()).await;
    let command = AdminCommand::SetHyperparameter {
        netuid: NETUID,
        parameter: Hyperparameter::Tempo(77),
    };
    chain.server.command(command).await.unwrap();
    assert_eq!(chain.server.mine(2).await.unwrap(), 2);
    let stored = ask(&chain, "state_getStorage", vec![json!(TEMPO_KEY)]).await;
    assert_eq!(stored, "0x4d00");
    let unknown = AdminCommand::AddSubnet {
        netuid: NETUID,
        tempo: 1,
    };
    assert!(chain.server.command(unknown).await.is_err());
    chain.stop().await;
}

#[tokio::test]
async fn a_folder_with_another_chain_is_refused() {
    let dir = TestChain::start(config()).await.stop().await;
    let mut other = config();
    other.stake_threshold = 1;
    let options = ServerOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: dir.path().to_owned(),
        block_time_ms: 0,
        admin_token: None,
    };
    let error = DevChainServer::start(other, options).await.err().unwrap();
    assert!(error.to_string().contains("another configuration"));
}

#[tokio::test]
async fn heads_and_versions_are_told_as_they_change() {
    let chain = TestChain::start(config()).await;
    let mut heads: Subscription<Value> = chain
        .rpc
        .subscribe(
            "chain_subscribeFinalizedHeads",
            rpc_params![],
            "chain_unsubscribeFinalizedHeads",
        )
        .await
        .unwrap();
    let mut versions: Subscription<Value> = chain
        .rpc
        .subscribe(
            "state_subscribeRuntimeVersion",
            rpc_params![],
            "state_unsubscribeRuntimeVersion",
        )
        .await
        .unwrap();
    assert_eq!(heads.next().await.unwrap().unwrap()["number"], "0x0");
    assert_eq!(versions.next().await.unwrap().unwrap()["specVersion"], 461);
    chain.mine(3).await;
    assert_eq!(heads.next().await.unwrap().unwrap()["number"], "0x1");
    chain
        .dev(
            "upgradeRuntime",
            json!({ "call_shift": 1, "error_shift": 0 }),
        )
        .await;
    chain.mine(1).await;
    let version = versions.next().await.unwrap().unwrap();
    assert_eq!(version["specVersion"], 462);
    assert_eq!(version["transactionVersion"], 2);
    chain.stop().await;
}

#[tokio::test]
async fn other_metadata_is_served_for_the_first_runtime_only() {
    let chain = TestChain::start(config()).await;
    let refused = chain.server.serve_metadata(b"meat\x10".to_vec());
    assert!(matches!(refused, Err(MetadataError::Beginning(_))));
    let metadata = b"meta\x10and so on".to_vec();
    chain.server.serve_metadata(metadata.clone()).unwrap();
    let twice = chain.server.serve_metadata(metadata.clone());
    assert_eq!(twice, Err(MetadataError::Twice));

    let call = async |method: &str, arguments: Vec<u8>| {
        let arguments = format!("0x{}", hex::encode(arguments));
        let answer: String = chain
            .rpc
            .request("state_call", rpc_params![method, arguments])
            .await
            .unwrap();
        hex::decode(answer.strip_prefix("0x").unwrap()).unwrap()
    };
    let versions = async || call("Metadata_metadata_versions", vec![]).await;
    let version_16 = async || call("Metadata_metadata_at_version", 16u32.encode()).await;
    assert_eq!(versions().await, vec![14u32, 15, 16].encode());
    assert_eq!(version_16().await, Some(metadata).encode());

    let command = AdminCommand::UpgradeRuntime {
        call_shift: 0,
        error_shift: 0,
    };
    chain.server.command(command).await.unwrap();
    chain.mine(1).await;
    assert_eq!(versions().await, vec![14u32, 15].encode());
    assert_eq!(version_16().await, None::<Vec<u8>>.encode());
    chain.stop().await;
}

#[tokio::test]
async fn blocks_come_by_themselves_until_they_are_stopped() {
    let options = ServerOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: tempfile::tempdir().unwrap().keep(),
        block_time_ms: 5,
        admin_token: Some(TOKEN.to_owned()),
    };
    let data_dir = options.data_dir.clone();
    let server = DevChainServer::start(config(), options).await.unwrap();
    let rpc = jsonrpsee::ws_client::WsClientBuilder::default()
        .build(server.url())
        .await
        .unwrap();
    let mut heads: Subscription<Value> = rpc
        .subscribe(
            "chain_subscribeNewHeads",
            rpc_params![],
            "chain_unsubscribeNewHeads",
        )
        .await
        .unwrap();
    let first = heads.next().await.unwrap().unwrap();
    let second = heads.next().await.unwrap().unwrap();
    assert_ne!(first["number"], second["number"]);
    let stopped: Value = rpc
        .request("dev_stopBlocks", rpc_params![TOKEN])
        .await
        .unwrap();
    let mined: Value = rpc.request("dev_mine", rpc_params![TOKEN]).await.unwrap();
    // One block may have been in the making.
    let apart = mined["best"].as_u64().unwrap() - stopped["best"].as_u64().unwrap();
    assert!((1..=2).contains(&apart), "{stopped} {mined}");
    drop(rpc);
    server.shutdown().await;
    std::fs::remove_dir_all(data_dir).unwrap();
}

#[tokio::test]
async fn a_neuron_is_replaced_by_an_admin_call() {
    let chain = TestChain::start(config()).await;
    let dave = account(&subxt_signer::sr25519::dev::dave());
    chain
        .dev(
            "register",
            json!({ "netuid": 1, "hotkey": dave, "uid": CHARLIE_UID, "stake": 5 }),
        )
        .await;
    chain.mine(1).await;
    // Keys(1, 2).
    let key = "0x658faa385070e074c85bf6b568cf0555";
    let keys = sp_key("Keys");
    let stored = ask(
        &chain,
        "state_getStorage",
        vec![json!(format!("{key}{keys}01000200"))],
    )
    .await;
    assert_eq!(stored, format!("0x{}", to_hex(&dave.0)));
    chain.stop().await;
}

/// Hash of the name of a storage item, as hex.
fn sp_key(name: &str) -> String {
    to_hex(&sp_crypto_hashing::twox_128(name.as_bytes()))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
