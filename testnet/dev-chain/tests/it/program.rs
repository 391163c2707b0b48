//! The dev chain as a process: its first line, its end, and its end without notice.

use std::path::Path;
use std::process::Stdio;

use jsonrpsee::core::client::{ClientT, Subscription, SubscriptionClientT};
use jsonrpsee::rpc_params;
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::config;

struct Program {
    process: Child,
    rpc: WsClient,
}

fn command(folder: &Path, block_time_ms: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay-dev-chain"));
    command
        .arg("--config")
        .arg(folder.join("config.json"))
        .arg("--data-dir")
        .arg(folder.join("chain"))
        .arg("--admin-token-file")
        .arg(folder.join("token"))
        .args(["--listen", "127.0.0.1:0"])
        .args(["--block-time-ms", &block_time_ms.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn start(folder: &Path, block_time_ms: u64) -> Program {
    let config = serde_json::to_string(&config()).unwrap();
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::write(folder.join("token"), "secret\n").unwrap();
    let mut process = command(folder, block_time_ms).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().unwrap();
    let rpc = WsClientBuilder::default().build(url).await.unwrap();
    Program { process, rpc }
}

async fn hash_of(rpc: &WsClient, number: u64) -> Value {
    rpc.request("chain_getBlockHash", rpc_params![number])
        .await
        .unwrap()
}

#[tokio::test]
async fn a_killed_chain_finds_every_final_block_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(folder.path(), 5).await;
    let mut heads: Subscription<Value> = program
        .rpc
        .subscribe(
            "chain_subscribeFinalizedHeads",
            rpc_params![],
            "chain_unsubscribeFinalizedHeads",
        )
        .await
        .unwrap();
    let mut number = 0;
    while number < 10 {
        let head = heads.next().await.unwrap().unwrap();
        let digits = head["number"].as_str().unwrap().trim_start_matches("0x");
        number = u64::from_str_radix(digits, 16).unwrap();
    }
    let (genesis, last) = (
        hash_of(&program.rpc, 0).await,
        hash_of(&program.rpc, number).await,
    );
    program.process.kill().await.unwrap();

    let program = start(folder.path(), 0).await;
    assert_eq!(hash_of(&program.rpc, 0).await, genesis);
    assert_eq!(hash_of(&program.rpc, number).await, last);
}

#[tokio::test]
async fn a_chain_that_is_asked_to_end_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(folder.path(), 0).await;
    let mined: Value = program
        .rpc
        .request("dev_mine", rpc_params!["secret"])
        .await
        .unwrap();
    assert_eq!(mined["best"], 1);
    let id = program.process.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(sent.unwrap().success());
    assert!(program.process.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_configuration_that_makes_no_chain_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (config, expected) in [
        ("{", "config.json"),
        ("{\"tempo\": 3}", "unknown field `tempo`"),
        (
            "{\"subnets\": [{\"netuid\": 0}]}",
            "expected different subnet numbers",
        ),
    ] {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        std::fs::write(folder.path().join("token"), "secret").unwrap();
        let output = command(folder.path(), 0).output().await.unwrap();
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(expected), "{text}");
    }
}
