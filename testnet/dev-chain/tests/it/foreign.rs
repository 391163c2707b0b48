//! A foreign implementation, from the Python package index, talks to the dev chain: it decodes
//! metadata and storage, submits weights, gets the same refusals and opens commits.
//!
//! The packages are installed into a virtual environment once. Where that can't be done the test
//! fails and says so; `ASSAY_WITHOUT_PYTHON=1` skips it.

use std::path::{Path, PathBuf};

use jsonrpsee::core::client::ClientT;
use jsonrpsee::rpc_params;
use parity_scale_codec::{Decode, Encode};
use serde_json::{Value, json};
use subxt::OnlineClient;
use subxt::config::SubstrateConfig;
use subxt::dynamic;
use subxt_signer::sr25519::dev;
use tokio::process::Command;

use crate::support::{NETUID, TestChain, config};
use assay_chain::beacon::encrypt;
use assay_dev_chain::chain::Hyperparameter;
use assay_dev_chain::pallets::drand::BeaconConfiguration;

/// Packages with the versions that were tried.
const PACKAGES: [&str; 2] = ["async-substrate-interface==2.2.1", "bittensor-core==0.1.5"];

/// Skips the tests of this file.
const SKIP: &str = "ASSAY_WITHOUT_PYTHON";

async fn run(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output();
    let limit = std::time::Duration::from_secs(240);
    let output = tokio::time::timeout(limit, output)
        .await
        .map_err(|_| format!("{} did not end in time", program.display()))?
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(text(&output.stdout) + &text(&output.stderr))
}

/// Python with the packages; none if the test is to be skipped.
async fn python() -> Option<PathBuf> {
    static INSTALLED: tokio::sync::OnceCell<Option<PathBuf>> = tokio::sync::OnceCell::const_new();
    INSTALLED.get_or_init(install).await.clone()
}

async fn install() -> Option<PathBuf> {
    if std::env::var_os(SKIP).is_some() {
        eprintln!("SKIPPED: no foreign implementation was asked, because {SKIP} is set");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-python");
    let python = folder.join("bin/python");
    let check = ["-c", "import async_substrate_interface, bittensor_core"];
    if run(&python, &check).await.is_ok() {
        return Some(python);
    }
    let explain = |step: &str, error: String| -> ! {
        panic!("the foreign implementation can't be installed ({step}; {SKIP}=1 skips): {error}")
    };
    let folder = folder.to_str().unwrap();
    if let Err(error) = run(Path::new("python3"), &["-m", "venv", folder]).await {
        explain("making a virtual environment", error);
    }
    let mut arguments = vec!["-m", "pip", "install", "--quiet"];
    arguments.extend(PACKAGES);
    if let Err(error) = run(&python, &arguments).await {
        explain("installing the packages", error);
    }
    Some(python)
}

async fn foreign(python: &Path, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/foreign.py");
    let mut all = vec![script.to_str().unwrap()];
    all.extend(arguments);
    let answer = run(python, &all).await;
    assert_eq!(
        answer.map(|text| text.trim().to_owned()),
        Ok("ok".to_owned())
    );
}

#[tokio::test]
async fn a_foreign_implementation_reads_submits_and_is_refused_alike() {
    let Some(python) = python().await else {
        return;
    };
    let mut config = config();
    config.stake_threshold = 600;
    config.beacon.period_s = 1;
    config.subnets[0].tempo = 20;
    let chain = TestChain::start_ticking(config, 100).await;
    // The genesis has no extrinsics; a block that has is final from here on.
    chain.mine(4).await;
    foreign(&python, &[&chain.server.url(), "1"]).await;
    chain.stop().await;
}

#[tokio::test]
async fn a_foreign_implementation_opens_a_commit_with_the_rounds_of_the_chain() {
    let Some(python) = python().await else {
        return;
    };
    let mut config = config();
    config.beacon.period_s = 1;
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    let chain = TestChain::start(config).await;
    chain.mine(3).await;
    let client = OnlineClient::<SubstrateConfig>::from_url(chain.server.url())
        .await
        .unwrap();

    // The client's way: parameters from the chain, commit in the chain's layout.
    let key = "0xa285cdb66e8b8524ea70b1693c7b1e05".to_owned() + &hash_of_name("BeaconConfig");
    let stored: String = chain
        .rpc
        .request("state_getStorage", rpc_params![key])
        .await
        .unwrap();
    let stored = from_hex(&stored);
    let beacon_config = BeaconConfiguration::decode(&mut stored.as_slice()).unwrap();
    let round = 1_000u64;
    let payload = (
        dev::alice().public_key().0.to_vec(),
        vec![1u16, 2],
        vec![100u16, 300],
        0u64,
    );
    let commit = encrypt(
        &beacon_config.public_key.0,
        round,
        &payload.encode(),
        rand_core::OsRng,
    )
    .unwrap();
    let call = dynamic::transaction(
        "SubtensorModule",
        "commit_timelocked_mechanism_weights",
        (NETUID.0, 0u8, commit, round, 4u16),
    );
    let mut transactions = client.tx().await.unwrap();
    let progress = transactions
        .sign_and_submit_then_watch_default(&call, &dev::alice())
        .await
        .unwrap();
    chain.mine(3).await;
    progress.wait_for_finalized_success().await.unwrap();

    let block: String = chain
        .rpc
        .request("chain_getBlockHash", rpc_params![4])
        .await
        .unwrap();
    chain.dev("publishPulse", json!({ "round": round })).await;
    chain.mine(1).await;
    foreign(&python, &[&chain.server.url(), "1", &block, "0"]).await;
    // And the chain itself reveals it with its epoch.
    chain.mine(10).await;
    let weights: Value = chain
        .rpc
        .request(
            "state_getStorage",
            rpc_params![
                "0x658faa385070e074c85bf6b568cf0555a1e7036061f484bc3048a64b64e35ec401000000"
            ],
        )
        .await
        .unwrap();
    let expected = vec![(1u16, 21_845u16), (2, 65_535)].encode();
    assert_eq!(from_hex(weights.as_str().unwrap()), expected);
    chain.stop().await;
}

fn hash_of_name(name: &str) -> String {
    let hash = sp_crypto_hashing::twox_128(name.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").unwrap().as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
