//! What the parts of a running node share: fixed facts, handles, and a view of the present that
//! only the driver writes.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use assay_chain::{Chain, ChainError, ChainWeights};
use assay_consensus::block::ChainRef;
use assay_consensus::core::{Mode, Refusal};
use assay_consensus::envelope::{NetworkId, Signed};
use assay_consensus::genesis::Genesis;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::submission::SubmissionHeader;
use assay_consensus::validators::ValidatorSet;
use assay_p2p::{NetworkHandle, PeerId, PeerInfo};

use crate::config::NodeConfig;
use crate::fault::FaultInjection;
use crate::metagraphs::Metagraphs;
use crate::metrics::Metrics;
use crate::modules::ModuleRegistry;
use crate::storage::{HeldPayload, Storage};

/// Fixed facts and handles.
pub struct Shared {
    /// Configuration.
    pub config: NodeConfig,
    /// The network's genesis.
    pub genesis: Genesis,
    /// Its hash.
    pub network_id: NetworkId,
    /// This validator's hotkey; none for an observer.
    pub hotkey: Option<Hotkey>,
    /// Challenges with their modules.
    pub modules: ModuleRegistry,
    /// Database and blobs.
    pub storage: Storage,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The peer-to-peer network.
    pub network: NetworkHandle,
    /// Counters.
    pub metrics: Metrics,
    /// Test switches.
    pub faults: FaultInjection,
    /// Submissions from this node's own RPC.
    pub submissions: mpsc::Sender<LocalSubmission>,
    /// The present.
    pub view: RwLock<Arc<View>>,
    /// Members of epochs as the chain gave them.
    pub metagraphs: Metagraphs,
    /// Weights of all validators at the newest finalised block that was asked for.
    pub weights_on_chain: tokio::sync::Mutex<Option<(Hash, Arc<Vec<ChainWeights>>)>>,
    /// Connected peers, refreshed every second.
    pub peers: RwLock<Vec<PeerInfo>>,
    /// Hotkeys behind peers, proven by signature, with the time they were last connected.
    pub identities: RwLock<BTreeMap<Hotkey, SeenPeer>>,
    /// When the node started.
    pub started: Instant,
}

/// A validator's node as it was last seen.
#[derive(Debug, Clone)]
pub struct SeenPeer {
    /// Its transport identity.
    pub peer: PeerId,
    /// Unix milliseconds.
    pub last_seen_ms: u64,
}

/// The present, replaced as a whole.
#[derive(Debug, Clone)]
pub struct View {
    /// Last executed block.
    pub tip: LedgerTip,
    /// Whether the node takes part.
    pub mode: Mode,
    /// Whether decided blocks are known that are not executed yet.
    pub is_behind: bool,
    /// Newest finalised chain block.
    pub head: Option<ChainRef>,
    /// Validators of the ledger's epoch.
    pub set: Option<Arc<ValidatorSet>>,
    /// Submissions on their way to being ordered.
    pub pending: usize,
    /// What kept the last execution from finishing, if it is being retried.
    pub trouble: Option<String>,
}

/// A submission from this node's own RPC, with where the answer goes.
pub struct LocalSubmission {
    /// The miner's signed header; the payload is stored already.
    pub signed: Signed<SubmissionHeader>,
    /// Keeps the payload until the journey refers to it.
    pub payload: Arc<HeldPayload>,
    /// Whether it was taken.
    pub reply: oneshot::Sender<Result<(), Refusal>>,
}

impl Shared {
    /// The present.
    pub fn view(&self) -> Arc<View> {
        let view = self
            .view
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&view)
    }

    /// Connected peers as of the last refresh.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.peers
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Hotkeys behind peers.
    pub fn identities(&self) -> BTreeMap<Hotkey, SeenPeer> {
        self.identities
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The weights of every validator as the chain shows them, read once per finalised block.
    pub async fn weights_on_chain(&self) -> Result<Arc<Vec<ChainWeights>>, ChainError> {
        let head = self.view().head.map(|head| head.hash);
        let mut known = self.weights_on_chain.lock().await;
        if let Some((block, weights)) = known.as_ref()
            && Some(*block) == head
        {
            return Ok(Arc::clone(weights));
        }
        let weights = Arc::new(self.chain.weights_on_chain(head).await?);
        *known = head.map(|head| (head, Arc::clone(&weights)));
        Ok(weights)
    }
}

/// Unix time in milliseconds.
pub fn unix_ms() -> u64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
