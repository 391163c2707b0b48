//! The task against a chain of which every answer is told beforehand, with a store on disk.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use assay_chain::{
    Chain, ChainError, ChainWeights, HeadStatus, Metagraph, Neuron, PreparedWeights, Refusal,
    Settlement, SignedCall, WeightsMethod, WeightsRules, WeightsStanding, WeightsSubmission,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use assay_store::StoreError;

use super::record::{Outcome, Stage};
use super::task::{JOBS, WeightsTask};
use super::testkit::{HOTKEY, call, refused};
use super::{WeightsJob, WeightsRecord};
use crate::metagraphs::Metagraphs;
use crate::storage::testkit::{agreed_weights, open};
use crate::storage::{Storage, StorageError};

const EPOCH: u64 = 3;

/// Answers in the order in which they are asked for, and what was asked.
#[derive(Default)]
struct Script {
    prepared: VecDeque<Result<PreparedWeights, ChainError>>,
    sent: VecDeque<Result<(), ChainError>>,
    settlements: VecDeque<Result<Settlement, ChainError>>,
    standings: VecDeque<Result<WeightsStanding, ChainError>>,
    reveals: VecDeque<Result<SignedCall, ChainError>>,
    axons: VecDeque<Result<Option<SignedCall>, ChainError>>,
    asked: Vec<String>,
}

struct FakeChain {
    script: Mutex<Script>,
    hotkey: Hotkey,
    asked: watch::Sender<usize>,
}

impl FakeChain {
    fn new(hotkey: Hotkey, script: Script) -> Arc<FakeChain> {
        Arc::new(FakeChain {
            script: Mutex::new(script),
            hotkey,
            asked: watch::Sender::new(0),
        })
    }

    fn answer<T>(
        &self,
        what: String,
        queue: impl FnOnce(&mut Script) -> &mut VecDeque<Result<T, ChainError>>,
        otherwise: Result<T, ChainError>,
    ) -> Result<T, ChainError> {
        let mut script = self.script.lock().unwrap();
        script.asked.push(what);
        self.asked.send_replace(script.asked.len());
        queue(&mut script).pop_front().unwrap_or(otherwise)
    }

    fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }
}

fn unanswered<T>() -> Result<T, ChainError> {
    Err(ChainError::Deadline {
        call: "any",
        deadline_ms: 1,
    })
}

#[async_trait]
impl Chain for FakeChain {
    async fn genesis_hash(&self) -> Result<Hash, ChainError> {
        unanswered()
    }

    async fn finalized_head(&self) -> Result<ChainRef, ChainError> {
        unanswered()
    }

    async fn next_head(&self, _after: u64) -> Result<Option<ChainRef>, ChainError> {
        unanswered()
    }

    async fn block(&self, _number: u64) -> Result<Option<ChainRef>, ChainError> {
        unanswered()
    }

    async fn hash_of_block(&self, _number: u64) -> Result<Option<Hash>, ChainError> {
        unanswered()
    }

    async fn epoch_start(&self, _epoch: u64) -> Result<ChainRef, ChainError> {
        unanswered()
    }

    async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError> {
        let neuron = Neuron {
            uid: 0,
            hotkey: self.hotkey,
            stake: 1,
            validator_permit: true,
            active: true,
            axon: None,
        };
        let block = ChainRef {
            hash: at_block,
            ..head(1, EPOCH)
        };
        Ok(Metagraph::new(block, vec![neuron], WeightsRules::default()).unwrap())
    }

    async fn prepare_weights(
        &self,
        submission: &WeightsSubmission,
    ) -> Result<PreparedWeights, ChainError> {
        let what = format!("prepare {}", submission.epoch);
        self.answer(what, |script| &mut script.prepared, unanswered())
    }

    async fn prepare_reveal(&self, prepared: &PreparedWeights) -> Result<SignedCall, ChainError> {
        let what = format!("reveal {}", prepared.epoch);
        self.answer(what, |script| &mut script.reveals, unanswered())
    }

    async fn prepare_axon(&self, address: SocketAddr) -> Result<Option<SignedCall>, ChainError> {
        let what = format!("axon {address}");
        self.answer(what, |script| &mut script.axons, Ok(None))
    }

    async fn send(&self, call: &SignedCall) -> Result<(), ChainError> {
        let what = format!("send {}", call.name);
        self.answer(what, |script| &mut script.sent, Ok(()))
    }

    async fn settlement(&self, call: &SignedCall) -> Result<Settlement, ChainError> {
        let what = format!("settle {}", call.name);
        self.answer(
            what,
            |script| &mut script.settlements,
            Ok(Settlement::Waiting),
        )
    }

    async fn weights_standing(
        &self,
        prepared: &PreparedWeights,
        taken_in: u64,
    ) -> Result<WeightsStanding, ChainError> {
        let what = format!("look up {} of block {taken_in}", prepared.epoch);
        self.answer(what, |script| &mut script.standings, unanswered())
    }

    async fn weights_on_chain(
        &self,
        _at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError> {
        unanswered()
    }
}

fn head(number: u64, epoch: u64) -> ChainRef {
    ChainRef {
        number,
        hash: Hash::of(&number.to_be_bytes()),
        epoch,
        next_epoch_start: (epoch + 1) * 100,
        timestamp_ms: number,
    }
}

fn prepared(name: &str) -> PreparedWeights {
    PreparedWeights {
        epoch: EPOCH,
        entries: vec![(0, 65_535)],
        method: WeightsMethod::Plain,
        call: call(name),
    }
}

/// A task that runs on a store in a directory.
struct Running {
    chain: Arc<FakeChain>,
    storage: Storage,
    jobs: mpsc::Sender<WeightsJob>,
    heads: watch::Sender<HeadStatus>,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(dir: &Path, script: Script, axon: Option<&str>) -> Running {
        // What a task wrote last may still be on its way when it is stopped.
        let storage = loop {
            match open(dir) {
                Ok(storage) => break storage,
                Err(StorageError::Store(StoreError::Locked(_))) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        let hotkey = HOTKEY;
        let chain = FakeChain::new(hotkey, script);
        let (jobs, receiver) = mpsc::channel(JOBS);
        let (heads, status) = watch::channel(HeadStatus::default());
        let cancel = CancellationToken::new();
        let task = WeightsTask {
            chain: Arc::clone(&chain) as Arc<dyn Chain>,
            metagraphs: Metagraphs::new(chain.clone(), storage.clone()),
            storage: storage.clone(),
            hotkey,
            burn: hotkey,
            version_key: 0,
            axon: axon.map(|axon| axon.parse().unwrap()),
            taken: Counter::default(),
        };
        let task = tokio::spawn(task.run(receiver, status, cancel.clone()));
        Running {
            chain,
            storage,
            jobs,
            heads,
            cancel,
            task,
        }
    }

    async fn agree(&self) {
        let certificate = agreed_weights(&self.storage, EPOCH, HOTKEY);
        self.jobs.send(WeightsJob { certificate }).await.unwrap();
        // One thread: what the task does with a job is done when it has taken it.
        while self.jobs.capacity() < JOBS {
            tokio::task::yield_now().await;
        }
    }

    fn see(&self, number: u64, epoch: u64) {
        self.heads.send_replace(HeadStatus {
            head: Some(head(number, epoch)),
            error: None,
        });
    }

    /// Waits until the chain has been asked this often.
    async fn asked(&self, times: usize) {
        let mut asked = self.chain.asked.subscribe();
        asked.wait_for(|asked| *asked >= times).await.unwrap();
    }

    /// Waits until the record has ended, and stops the task.
    async fn stop_when_ended(self) -> (Vec<String>, Option<WeightsRecord>) {
        let is_ended = || {
            let record = self.storage.weights_record(EPOCH).unwrap();
            record.is_some_and(|record| record.is_ended())
        };
        while !is_ended() {
            tokio::task::yield_now().await;
        }
        self.stop().await
    }

    /// Stops the task as a crash would, and leaves what is on disk.
    async fn stop(self) -> (Vec<String>, Option<WeightsRecord>) {
        self.cancel.cancel();
        self.task.await.unwrap();
        let record = self.storage.weights_record(EPOCH).unwrap();
        (self.chain.asked(), record)
    }
}

fn stored_at(record: Option<WeightsRecord>) -> Option<u64> {
    match record?.stage {
        Stage::Ended {
            outcome: Outcome::Stored { block },
            ..
        } => Some(block),
        _ => None,
    }
}

#[tokio::test]
async fn weights_are_signed_sent_found_and_looked_up() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [Ok(prepared("first"))].into(),
        settlements: [Ok(Settlement::Done { block: 12 })].into(),
        standings: [Ok(WeightsStanding::Stored)].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(2).await;
    running.see(12, EPOCH);
    running.asked(4).await;
    let (asked, record) = running.stop_when_ended().await;
    assert_eq!(
        asked,
        [
            "prepare 3",
            "send first",
            "settle first",
            "look up 3 of block 12"
        ]
    );
    assert_eq!(stored_at(record), Some(12));
}

#[tokio::test]
async fn after_a_crash_the_same_call_is_looked_for_and_nothing_is_signed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [Ok(prepared("first"))].into(),
        sent: [unanswered()].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(2).await;
    let (asked, _) = running.stop().await;
    assert_eq!(asked, ["prepare 3", "send first"]);

    let script = Script {
        settlements: [Ok(Settlement::Waiting), Ok(Settlement::Done { block: 12 })].into(),
        standings: [Ok(WeightsStanding::Stored)].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    // The agreement comes again after a restart: it changes nothing.
    running.agree().await;
    running.see(11, EPOCH);
    running.asked(2).await;
    running.see(12, EPOCH);
    running.asked(4).await;
    let (asked, record) = running.stop_when_ended().await;
    assert_eq!(
        asked,
        [
            "settle first",
            "send first",
            "settle first",
            "look up 3 of block 12"
        ]
    );
    assert_eq!(stored_at(record), Some(12));
}

#[tokio::test]
async fn a_refusal_that_passes_is_tried_once_per_head_and_a_lost_call_is_signed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [
            Err(refused(Refusal::SettingWeightsTooFast)),
            Err(refused(Refusal::SettingWeightsTooFast)),
            Ok(prepared("first")),
            Ok(prepared("second")),
        ]
        .into(),
        settlements: [Ok(Settlement::Lost), Ok(Settlement::Waiting)].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(1).await;
    running.see(11, EPOCH);
    running.asked(2).await;
    running.see(12, EPOCH);
    running.asked(4).await;
    running.see(21, EPOCH);
    running.asked(7).await;
    let (asked, record) = running.stop().await;
    assert_eq!(
        asked,
        [
            "prepare 3",
            "prepare 3",
            "prepare 3",
            "send first",
            "settle first",
            "prepare 3",
            "send second"
        ]
    );
    let attempts = record.unwrap().attempts;
    assert_eq!(attempts.len(), 3, "{attempts:#?}");
    assert_eq!(attempts[0].times, 2);
}

#[tokio::test]
async fn what_the_pool_says_of_a_call_that_it_may_have_seen_means_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [Ok(prepared("first"))].into(),
        sent: [Ok(()), Err(refused(Refusal::PoolFull))].into(),
        settlements: [Ok(Settlement::Waiting), Ok(Settlement::Done { block: 12 })].into(),
        standings: [Ok(WeightsStanding::Stored)].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(2).await;
    running.see(11, EPOCH);
    running.asked(4).await;
    running.see(12, EPOCH);
    running.asked(6).await;
    let (asked, record) = running.stop_when_ended().await;
    assert_eq!(
        asked,
        [
            "prepare 3",
            "send first",
            "settle first",
            "send first",
            "settle first",
            "look up 3 of block 12"
        ]
    );
    assert_eq!(stored_at(record), Some(12));
}

#[tokio::test]
async fn blocks_that_can_not_be_read_for_ever_do_not_keep_a_record_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [Ok(prepared("first"))].into(),
        settlements: [unanswered(), unanswered()].into(),
        standings: [Ok(WeightsStanding::Stored)].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(2).await;
    running.see(19, EPOCH);
    running.asked(3).await;
    running.see(90, EPOCH);
    running.asked(5).await;
    let (_, record) = running.stop_when_ended().await;
    assert_eq!(stored_at(record), Some(20));
}

#[tokio::test]
async fn a_salted_commit_is_revealed_when_it_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        prepared: [Ok(prepared("commit"))].into(),
        settlements: [
            Ok(Settlement::Done { block: 12 }),
            Ok(Settlement::Done { block: 102 }),
        ]
        .into(),
        standings: [
            Ok(WeightsStanding::Committed { reveal_epoch: 4 }),
            Ok(WeightsStanding::RevealDue),
            Ok(WeightsStanding::Stored),
        ]
        .into(),
        reveals: [Ok(call("reveal"))].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, None);
    running.see(10, EPOCH);
    running.agree().await;
    running.asked(2).await;
    running.see(12, EPOCH);
    running.asked(4).await;
    running.see(100, EPOCH + 1);
    running.asked(7).await;
    running.see(102, EPOCH + 1);
    running.asked(9).await;
    let (asked, record) = running.stop_when_ended().await;
    assert_eq!(
        asked,
        [
            "prepare 3",
            "send commit",
            "settle commit",
            "look up 3 of block 12",
            "look up 3 of block 12",
            "reveal 3",
            "send reveal",
            "settle reveal",
            "look up 3 of block 12"
        ]
    );
    assert_eq!(stored_at(record), Some(12));
}

#[tokio::test]
async fn an_address_is_announced_when_no_weights_are_on_their_way() {
    let dir = tempfile::tempdir().unwrap();
    let done = Settlement::Done { block: 12 };
    let script = Script {
        prepared: [Ok(prepared("first"))].into(),
        settlements: [Ok(Settlement::Waiting), Ok(done.clone()), Ok(done)].into(),
        standings: [Ok(WeightsStanding::Stored)].into(),
        axons: [Ok(Some(call("serve_axon")))].into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, Some("192.0.2.1:9000"));
    running.agree().await;
    running.see(10, EPOCH);
    running.asked(2).await;
    running.see(11, EPOCH);
    running.asked(4).await;
    running.see(12, EPOCH);
    running.asked(8).await;
    running.see(13, EPOCH);
    running.asked(9).await;
    let (asked, record) = running.stop_when_ended().await;
    assert_eq!(
        asked,
        [
            "prepare 3",
            "send first",
            "settle first",
            "send first",
            "settle first",
            "look up 3 of block 12",
            "axon 192.0.2.1:9000",
            "send serve_axon",
            "settle serve_axon"
        ]
    );
    assert_eq!(stored_at(record), Some(12));
}

#[tokio::test]
async fn an_address_is_looked_at_again_in_every_epoch_but_not_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script {
        axons: [
            Err(refused(Refusal::HotKeyNotRegisteredInNetwork)),
            Ok(None),
        ]
        .into(),
        ..Script::default()
    };
    let running = Running::start(dir.path(), script, Some("192.0.2.1:9000"));
    running.see(310, EPOCH);
    running.asked(1).await;
    running.see(311, EPOCH);
    // At the end of an epoch weights need the nonce.
    running.see(490, EPOCH + 1);
    running.see(510, EPOCH + 2);
    running.asked(2).await;
    let (asked, _) = running.stop().await;
    assert_eq!(asked, ["axon 192.0.2.1:9000", "axon 192.0.2.1:9000"]);
}
