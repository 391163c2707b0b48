//! A testnet for tests: started in a temporary directory, asked and waited for with deadlines.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use assay_api::ClientError;
use assay_api::node::NodeMode;
use assay_api::submission::{Journey, Reason, SubmissionSendParams, SubmissionStatus};
use assay_chain::Chain as _;
use assay_cli::results::Reported;
use assay_cli::submission::{Label, SignedSubmission, Target, build_term_submission};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_testnet::agents::{self, SAMPLES};
use assay_testnet::network::{ANY_PORT, CHALLENGE, POLL, Plan, Testnet, WeightsPath};
use tokio::sync::{Mutex, MutexGuard};

/// No condition takes this long unless it never comes true.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Chain blocks that a submission needs before the weights of its epoch are computed.
const ROOM_BLOCKS: u64 = 40;

/// Networks run one after the other: several at once starve each other on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A running testnet and what it lives in.
pub struct Stage {
    pub testnet: Testnet,
    pub solver: Vec<u8>,
    pub reported: Reported,
    _home: Home,
    _turn: MutexGuard<'static, ()>,
}

/// The directory of everything; kept when a test fails, since the logs are worth reading then.
struct Home(tempfile::TempDir);

/// Length and pace of epochs.
pub struct Pace {
    pub block_time_ms: u64,
    pub tempo_blocks: u16,
}

/// Epochs that outlast a test: the ledger only moves when the test makes it move.
pub const LONG_EPOCHS: Pace = Pace {
    block_time_ms: 250,
    tempo_blocks: 4_000,
};

/// What an attack must not change.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub state_root: String,
    pub submissions: u64,
    pub pending: u64,
}

impl Stage {
    pub async fn start(validators: usize, miners: &[&str], pace: Pace) -> Stage {
        Stage::with_relays(validators, miners, pace, ANY_PORT, Vec::new()).await
    }

    /// The same, with a chain at a known address, and URLs at which validators look for it first.
    pub async fn with_relays(
        validators: usize,
        miners: &[&str],
        pace: Pace,
        chain_listen: SocketAddr,
        relays: Vec<String>,
    ) -> Stage {
        let turn = ONE_AT_A_TIME.lock().await;
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan {
            program: env!("CARGO_BIN_EXE_assay-testnet").into(),
            dir: dir.path().join("testnet"),
            validators,
            miners: miners.iter().map(|name| (*name).to_owned()).collect(),
            block_time_ms: pace.block_time_ms,
            tempo_blocks: pace.tempo_blocks,
            tamper: None,
            weights: WeightsPath::Plain,
            announce: None,
            chain_listen,
            relays,
        };
        let testnet = Testnet::start(plan, |_| ()).await.unwrap();
        let (package, reported) = agents::pack(&SAMPLES[0], &dir.path().join("miners")).unwrap();
        Stage {
            testnet,
            solver: package.zip,
            reported,
            _home: Home(dir),
            _turn: turn,
        }
    }

    /// Stops everything; a validator that does not end well fails the test.
    pub async fn stop(mut self) {
        self.testnet.check_alive().unwrap();
        self.testnet.stop().await.unwrap();
    }

    /// Where and when a submission is for.
    pub fn target(&self, epoch: u64) -> Target {
        let network = NetworkId(self.testnet.genesis.network_id().0);
        Target { network, epoch }
    }

    /// The current epoch, when there is enough of it left for a submission.
    pub async fn epoch_with_room(&self) -> u64 {
        let margin = self.testnet.genesis.weights_margin_blocks;
        until("an epoch with room", async || {
            let head = self.testnet.chain.finalized_head().await.ok()?;
            let client = self.testnet.nodes[0].client().unwrap();
            let ledger_epoch = client.node_status().await.ok()?.epoch;
            let has_room = head.number + margin + ROOM_BLOCKS < head.next_epoch_start;
            (has_room && ledger_epoch == head.epoch).then_some(head.epoch)
        })
        .await
    }

    /// A sound submission of the sample that solves every task.
    pub fn good(&self, miner: &str, sequence: u64, epoch: u64) -> SignedSubmission {
        build_term_submission(
            &self.target(epoch),
            &label(miner, sequence),
            &self.solver,
            &self.reported,
            &key(miner),
        )
        .unwrap()
    }

    pub async fn send(
        &self,
        node: usize,
        params: &SubmissionSendParams,
    ) -> Result<String, ClientError> {
        let client = self.testnet.nodes[node].client().unwrap();
        let receipt = client.submission_send(params).await;
        receipt.map(|receipt| receipt.submission_id)
    }

    /// What a node knows of a submission.
    pub async fn journey(&self, node: usize, id: &str) -> Result<Journey, ClientError> {
        let client = self.testnet.nodes[node].client().unwrap();
        client.submission_get(id).await
    }

    /// Waits until a submission has ended on a node.
    pub async fn end_of(&self, node: usize, id: &str) -> Journey {
        until("the end of a submission", async || {
            let journey = self.journey(node, id).await.ok()?;
            journey.status.is_terminal().then_some(journey)
        })
        .await
    }

    /// Waits until a submission is agreed on every validator, which shows this many votes for it.
    pub async fn agreed_everywhere(&self, id: &str, votes: usize) {
        for node in 0..self.testnet.nodes.len() {
            let mut last = None;
            let agreed = try_until(async || {
                let journey = self.journey(node, id).await.ok()?;
                let agreeing = journey.votes.iter().filter(|v| v.agrees == Some(true));
                let all = journey.status == SubmissionStatus::Agreed && agreeing.count() >= votes;
                let failed = journey.status == SubmissionStatus::Failed;
                last = Some(journey);
                (all || failed).then_some(())
            })
            .await;
            let last = last.unwrap_or_else(|| panic!("node {node} does not know {id}"));
            assert_eq!(agreed, Some(()), "node {node}: {last:#?}");
            assert_eq!(
                last.status,
                SubmissionStatus::Agreed,
                "node {node}: {last:#?}"
            );
            assert_eq!(last.score, Some(10_000), "node {node}: {last:#?}");
        }
    }

    /// The network still does its work, and no validator has ended. Gives the hash of what it
    /// worked on.
    pub async fn still_works(&mut self, miner: &str, sequence: u64) -> Hash {
        let epoch = self.epoch_with_room().await;
        let good = self.good(miner, sequence, epoch);
        let last = self.testnet.nodes.len() - 1;
        let id = self.send(last, &good.send_params()).await.unwrap();
        self.agreed_everywhere(&id, last + 1).await;
        self.testnet.check_alive().unwrap();
        for node in 0..=last {
            let metrics = self.metrics(node).await;
            assert_eq!(metrics["assay_equivocations_total"], 0.0);
            assert_eq!(metrics["assay_storage_errors_total"], 0.0);
            assert_eq!(metrics["assay_diverged"], 0.0);
        }
        good.header.payload.payload_hash
    }

    pub async fn snapshot(&self, node: usize) -> Snapshot {
        let client = self.testnet.nodes[node].client().unwrap();
        let listed = client.submission_list(&Default::default()).await.unwrap();
        Snapshot {
            state_root: client.node_status().await.unwrap().state_root,
            submissions: listed.total,
            pending: self.metrics(node).await["assay_pending_submissions"] as u64,
        }
    }

    /// What `/metrics` shows.
    pub async fn metrics(&self, node: usize) -> BTreeMap<String, f64> {
        let url = format!("{}/metrics", self.testnet.nodes[node].url());
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect()
    }

    /// Whether a node keeps a blob, by its files.
    pub fn keeps_blob(&self, node: usize, hash: &Hash) -> bool {
        let blobs = self.testnet.nodes[node].spec.dir.join("data/blobs");
        assert!(blobs.is_dir(), "{}", blobs.display());
        has_file(&blobs, &hash.to_hex())
    }

    /// Waits until every validator votes and is connected to all others.
    pub async fn all_active(&self) {
        for node in &self.testnet.nodes {
            let client = node.client().unwrap();
            let others = self.testnet.nodes.len() as u64 - 1;
            until("a validator that votes", async || {
                let status = client.node_status().await.ok()?;
                (status.mode == NodeMode::Active && status.peers >= others).then_some(())
            })
            .await;
        }
    }

    /// Everything a validator has logged.
    pub fn log(&self, node: usize) -> String {
        let file = self.testnet.nodes[node].spec.log_file();
        String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.disable_cleanup(true);
            eprintln!("logs are kept in {}", self.0.path().display());
        }
    }
}

pub fn key(name: &str) -> Keypair {
    Plan::key(name)
}

/// Submissions are called like their miners: names belong to the first who takes them.
pub fn label(miner: &str, sequence: u64) -> Label {
    Label {
        challenge: CHALLENGE.to_owned(),
        name: miner.to_owned(),
        sequence,
    }
}

/// Code and reason of a refusal.
pub fn refusal(outcome: Result<String, ClientError>) -> (i64, Option<Reason>, String) {
    match outcome {
        Err(ClientError::Rpc { error, .. }) => {
            let reason = error
                .data
                .and_then(|data| serde_json::from_value(data).ok());
            (error.code, reason, error.message)
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Polls until there is something; gives up at the deadline.
pub async fn try_until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let search = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(DEADLINE, search).await.ok()
}

/// Polls until there is something; panics at the deadline.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = try_until(look).await;
    found.unwrap_or_else(|| panic!("waited in vain for {what}"))
}

fn has_file(dir: &Path, name: &str) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let entry = entry.unwrap();
        let is_it = entry.file_name().to_str() == Some(name);
        is_it || entry.path().is_dir() && has_file(&entry.path(), name)
    })
}
