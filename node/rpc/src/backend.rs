//! What the server asks of the node.

use std::sync::Arc;

use assay_api::challenge::ChallengeDetail;
use assay_api::epoch::EpochCurrent;
use assay_api::evaluation::{AgentCodeEntry, AgentLog, EvaluationLogs, TaskProgress};
use assay_api::node::NodeStatus;
use assay_api::submission::{Journey, Reason, SubmissionList, SubmissionReceipt, SubmissionStatus};
use assay_api::system::{ChainHead, SystemHealth, SystemProperties};
use assay_api::validator::Validator;
use assay_api::weights::{SubnetWeights, WeightsReport};
use assay_consensus::keys::{Hotkey, Signature};
use assay_consensus::submission::SubmissionId;
use async_trait::async_trait;

/// The node behind the server.
///
/// Every call has a deadline and its caller may hang up: a future may be dropped at any await, and
/// what it started must then either be complete or never have happened.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// `system_health`, `GET /health`.
    async fn health(&self) -> Result<SystemHealth, BackendError>;

    /// `system_properties`; also the netuid in `system_name`.
    async fn properties(&self) -> Result<SystemProperties, BackendError>;

    /// `chain_getHead`.
    async fn chain_head(&self) -> Result<ChainHead, BackendError>;

    /// `epoch_current`, `epoch_getPhase`; see [`EpochCurrent::at`].
    async fn epoch(&self) -> Result<EpochCurrent, BackendError>;

    /// The current epoch's validators in the order they are listed: `validator_*`.
    async fn validators(&self) -> Result<Vec<Validator>, BackendError>;

    /// All hotkeys of the metagraph in the order they are listed: `metagraph_*`.
    async fn registered_hotkeys(&self) -> Result<Vec<Hotkey>, BackendError>;

    /// All challenges with their routes, sorted by name: `challenge_*`, and addressing by name or
    /// UUID. Asked for on every call of a route, so it should be cheap.
    async fn challenges(&self) -> Result<Arc<[ChallengeDetail]>, BackendError>;

    /// Calls a route of the challenge with this name. The route exists; if it requires
    /// authentication, `request.auth` is there.
    async fn call_route(
        &self,
        challenge: &str,
        request: RouteRequest,
    ) -> Result<RouteReply, BackendError>;

    /// Tasks of a submission, given by its id (hex) or by its miner's hotkey (SS58 or hex), which
    /// means the miner's newest one. Empty if there is none.
    async fn evaluation_progress(&self, subject: &str) -> Result<Vec<TaskProgress>, BackendError>;

    /// Log of a submission; `None` if there is no such submission.
    async fn evaluation_logs(
        &self,
        submission: SubmissionId,
    ) -> Result<Option<EvaluationLogs>, BackendError>;

    /// A miner's newest package in an epoch, or of all epochs.
    async fn agent_code(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Option<AgentCodeEntry>, BackendError>;

    /// A miner's evaluations in an epoch, or the newest of all epochs; newest first, bounded.
    async fn agent_logs(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Vec<AgentLog>, BackendError>;

    /// `subnet_getWeights`.
    async fn subnet_weights(&self) -> Result<SubnetWeights, BackendError>;

    /// Takes a submission: bincode of the signed header, and the payload. Both are within their
    /// size limits and otherwise unchecked. When this returns a receipt, the node has stored it.
    async fn submission_send(
        &self,
        header: Vec<u8>,
        payload: Vec<u8>,
    ) -> Result<SubmissionReceipt, BackendError>;

    /// Journey of a submission; `None` if there is no such submission.
    async fn submission(&self, id: SubmissionId) -> Result<Option<Journey>, BackendError>;

    /// Submissions that match, newest first.
    async fn submissions(&self, query: SubmissionQuery) -> Result<SubmissionList, BackendError>;

    /// Weights of an epoch, or of the newest one with votes.
    async fn weights(&self, epoch: Option<u64>) -> Result<WeightsReport, BackendError>;

    /// `node_status`.
    async fn node_status(&self) -> Result<NodeStatus, BackendError>;
}

/// A call of a challenge's route, after matching and authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRequest {
    /// Uppercase HTTP method.
    pub method: String,
    /// Path relative to the challenge, decoded, without a query.
    pub path: String,
    /// Captures of the route's `:name` segments, in order.
    pub params: Vec<(String, String)>,
    /// Query parameters sorted by name. Not covered by the signature.
    pub query: Vec<(String, String)>,
    /// Canonical JSON of the body; `null` when there is none.
    pub body: Vec<u8>,
    /// Who signed the call.
    pub auth: Option<RouteAuth>,
}

/// A signature over a call that has been checked, with all that is needed to check it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteAuth {
    /// Who signed.
    pub hotkey: Hotkey,
    /// The text that was signed, see [`assay_api::auth::signed_message`].
    pub message: String,
    /// The signature over it.
    pub signature: Signature,
    /// The nonce's time in Unix seconds.
    pub signed_at_secs: u64,
}

/// A module's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteReply {
    /// HTTP status.
    pub status: u16,
    /// JSON, or any other bytes.
    pub body: Vec<u8>,
}

/// What `submission_list` asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubmissionQuery {
    /// Only this miner's.
    pub hotkey: Option<Hotkey>,
    /// Only this challenge's, by name.
    pub challenge: Option<String>,
    /// Only with this status.
    pub status: Option<SubmissionStatus>,
    /// Page size, at most 1,000.
    pub limit: u64,
    /// Entries to skip.
    pub offset: u64,
}

/// Why the node gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// The caller asked for something impossible.
    #[error("{0}")]
    Invalid(String),
    /// The node doesn't take the submission.
    #[error("submission refused: {} ({})", .0.text, .0.code)]
    Refused(Reason),
    /// The node can't do it now: syncing, queue full.
    #[error("{0}")]
    Busy(String),
    /// The challenge's module trapped, ran out of fuel or answered nonsense.
    #[error("{0}")]
    Guest(String),
    /// Anything else; logged, shown as it is.
    #[error("{0}")]
    Internal(String),
}

impl RouteRequest {
    /// What the guest ABI calls `auth_hotkey`: 64 hex digits.
    pub fn auth_hotkey(&self) -> Option<String> {
        self.auth.as_ref().map(|auth| auth.hotkey.to_hex())
    }
}
