//! One typed method of [`RpcClient`] per RPC method.

use serde_json::{Map, Value};

use crate::challenge::{
    AllRoutes, ChallengeCallParams, ChallengeCallResult, ChallengeDetail, ChallengeIdParams,
    ChallengeList, ChallengeListParams, ChallengeRoutes, Leaderboard, LeaderboardParams,
};
use crate::client::{ClientError, RpcClient};
use crate::epoch::{EpochCurrent, Phase};
use crate::evaluation::{
    AgentCode, AgentLogs, AgentParams, EvaluationLogs, EvaluationParams, EvaluationProgress,
};
use crate::methods;
use crate::node::NodeStatus;
use crate::submission::{
    Journey, SubmissionIdParams, SubmissionList, SubmissionListParams, SubmissionReceipt,
    SubmissionSendParams,
};
use crate::system::{ChainHead, RpcMethods, SystemHealth, SystemProperties};
use crate::validator::{
    HotkeyParams, MetagraphHotkeys, MetagraphRegistration, PageParams, Validator, ValidatorList,
};
use crate::weights::{SubnetWeights, WeightsParams, WeightsReport};

/// `params` of a method that takes none.
fn none() -> Map<String, Value> {
    Map::new()
}

/// Every method fails as [`RpcClient::call`] does.
impl RpcClient {
    /// `system_health`.
    pub async fn system_health(&self) -> Result<SystemHealth, ClientError> {
        self.call(methods::SYSTEM_HEALTH, none()).await
    }

    /// `system_version`.
    pub async fn system_version(&self) -> Result<String, ClientError> {
        self.call(methods::SYSTEM_VERSION, none()).await
    }

    /// `system_name`.
    pub async fn system_name(&self) -> Result<String, ClientError> {
        self.call(methods::SYSTEM_NAME, none()).await
    }

    /// `system_properties`.
    pub async fn system_properties(&self) -> Result<SystemProperties, ClientError> {
        self.call(methods::SYSTEM_PROPERTIES, none()).await
    }

    /// `chain_getHead`.
    pub async fn chain_get_head(&self) -> Result<ChainHead, ClientError> {
        self.call(methods::CHAIN_GET_HEAD, none()).await
    }

    /// `rpc_methods`.
    pub async fn rpc_methods(&self) -> Result<RpcMethods, ClientError> {
        self.call(methods::RPC_METHODS, none()).await
    }

    /// `epoch_current`.
    pub async fn epoch_current(&self) -> Result<EpochCurrent, ClientError> {
        self.call(methods::EPOCH_CURRENT, none()).await
    }

    /// `epoch_getPhase`.
    pub async fn epoch_get_phase(&self) -> Result<Phase, ClientError> {
        self.call(methods::EPOCH_GET_PHASE, none()).await
    }

    /// `validator_count`.
    pub async fn validator_count(&self) -> Result<u64, ClientError> {
        self.call(methods::VALIDATOR_COUNT, none()).await
    }

    /// `validator_list`.
    pub async fn validator_list(&self, page: &PageParams) -> Result<ValidatorList, ClientError> {
        self.call(methods::VALIDATOR_LIST, page).await
    }

    /// `validator_get`; the hotkey as hex or SS58.
    pub async fn validator_get(&self, hotkey: &str) -> Result<Validator, ClientError> {
        self.call(methods::VALIDATOR_GET, hotkey_params(hotkey))
            .await
    }

    /// `metagraph_hotkeys`.
    pub async fn metagraph_hotkeys(&self) -> Result<MetagraphHotkeys, ClientError> {
        self.call(methods::METAGRAPH_HOTKEYS, none()).await
    }

    /// `metagraph_isRegistered`; the hotkey as hex or SS58.
    pub async fn metagraph_is_registered(
        &self,
        hotkey: &str,
    ) -> Result<MetagraphRegistration, ClientError> {
        self.call(methods::METAGRAPH_IS_REGISTERED, hotkey_params(hotkey))
            .await
    }

    /// `challenge_list`.
    pub async fn challenge_list(&self, only_active: bool) -> Result<ChallengeList, ClientError> {
        let params = ChallengeListParams {
            only_active: Some(only_active),
        };
        self.call(methods::CHALLENGE_LIST, params).await
    }

    /// `challenge_get` by UUID or name.
    pub async fn challenge_get(&self, id: &str) -> Result<ChallengeDetail, ClientError> {
        self.call(methods::CHALLENGE_GET, id_params(id)).await
    }

    /// `challenge_getRoutes` by UUID or name.
    pub async fn challenge_get_routes(&self, id: &str) -> Result<ChallengeRoutes, ClientError> {
        self.call(methods::CHALLENGE_GET_ROUTES, id_params(id))
            .await
    }

    /// `challenge_listAllRoutes`.
    pub async fn challenge_list_all_routes(&self) -> Result<AllRoutes, ClientError> {
        self.call(methods::CHALLENGE_LIST_ALL_ROUTES, none()).await
    }

    /// `challenge_call`.
    pub async fn challenge_call(
        &self,
        params: &ChallengeCallParams,
    ) -> Result<ChallengeCallResult, ClientError> {
        self.call(methods::CHALLENGE_CALL, params).await
    }

    /// `leaderboard_get`.
    pub async fn leaderboard_get(
        &self,
        params: &LeaderboardParams,
    ) -> Result<Leaderboard, ClientError> {
        self.call(methods::LEADERBOARD_GET, params).await
    }

    /// `evaluation_getProgress` of a submission, or of a miner's newest one.
    pub async fn evaluation_get_progress(
        &self,
        submission_or_hotkey: &str,
    ) -> Result<EvaluationProgress, ClientError> {
        let params = evaluation_params(submission_or_hotkey);
        self.call(methods::EVALUATION_GET_PROGRESS, params).await
    }

    /// `evaluation_getLogs`.
    pub async fn evaluation_get_logs(
        &self,
        submission_id: &str,
    ) -> Result<EvaluationLogs, ClientError> {
        let params = evaluation_params(submission_id);
        self.call(methods::EVALUATION_GET_LOGS, params).await
    }

    /// `agent_getCode`.
    pub async fn agent_get_code(&self, params: &AgentParams) -> Result<AgentCode, ClientError> {
        self.call(methods::AGENT_GET_CODE, params).await
    }

    /// `agent_getLogs`.
    pub async fn agent_get_logs(&self, params: &AgentParams) -> Result<AgentLogs, ClientError> {
        self.call(methods::AGENT_GET_LOGS, params).await
    }

    /// `subnet_getWeights`.
    pub async fn subnet_get_weights(&self) -> Result<SubnetWeights, ClientError> {
        self.call(methods::SUBNET_GET_WEIGHTS, none()).await
    }

    /// `submission_send`.
    pub async fn submission_send(
        &self,
        params: &SubmissionSendParams,
    ) -> Result<SubmissionReceipt, ClientError> {
        self.call(methods::SUBMISSION_SEND, params).await
    }

    /// `submission_get`.
    pub async fn submission_get(&self, submission_id: &str) -> Result<Journey, ClientError> {
        let params = SubmissionIdParams {
            submission_id: submission_id.to_owned(),
        };
        self.call(methods::SUBMISSION_GET, params).await
    }

    /// `submission_list`.
    pub async fn submission_list(
        &self,
        params: &SubmissionListParams,
    ) -> Result<SubmissionList, ClientError> {
        self.call(methods::SUBMISSION_LIST, params).await
    }

    /// `weights_get` of an epoch, or of the newest one with votes.
    pub async fn weights_get(&self, epoch: Option<u64>) -> Result<WeightsReport, ClientError> {
        self.call(methods::WEIGHTS_GET, WeightsParams { epoch })
            .await
    }

    /// `node_status`.
    pub async fn node_status(&self) -> Result<NodeStatus, ClientError> {
        self.call(methods::NODE_STATUS, none()).await
    }
}

fn hotkey_params(hotkey: &str) -> HotkeyParams {
    HotkeyParams {
        hotkey: hotkey.to_owned(),
    }
}

fn id_params(id: &str) -> ChallengeIdParams {
    ChallengeIdParams { id: id.to_owned() }
}

fn evaluation_params(submission_id: &str) -> EvaluationParams {
    EvaluationParams {
        submission_id: submission_id.to_owned(),
    }
}
