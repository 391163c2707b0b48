//! Names of the methods, and the list that `rpc_methods` reports.

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*

        /// Every method, sorted by name.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

methods! {
    /// A miner's packages, see [`crate::evaluation::AgentCode`].
    AGENT_GET_CODE = "agent_getCode";
    /// A miner's evaluation logs, see [`crate::evaluation::AgentLogs`].
    AGENT_GET_LOGS = "agent_getLogs";
    /// The ledger's head, see [`crate::system::ChainHead`].
    CHAIN_GET_HEAD = "chain_getHead";
    /// Calls a challenge's route, see [`crate::challenge::ChallengeCallResult`].
    CHALLENGE_CALL = "challenge_call";
    /// One challenge, see [`crate::challenge::ChallengeDetail`].
    CHALLENGE_GET = "challenge_get";
    /// Routes of one challenge, see [`crate::challenge::ChallengeRoutes`].
    CHALLENGE_GET_ROUTES = "challenge_getRoutes";
    /// All challenges, see [`crate::challenge::ChallengeList`].
    CHALLENGE_LIST = "challenge_list";
    /// Routes of all challenges, see [`crate::challenge::AllRoutes`].
    CHALLENGE_LIST_ALL_ROUTES = "challenge_listAllRoutes";
    /// Where the chain is in its epoch, see [`crate::epoch::EpochCurrent`].
    EPOCH_CURRENT = "epoch_current";
    /// The phase alone, see [`crate::epoch::Phase`].
    EPOCH_GET_PHASE = "epoch_getPhase";
    /// Log of one evaluation, see [`crate::evaluation::EvaluationLogs`].
    EVALUATION_GET_LOGS = "evaluation_getLogs";
    /// Task progress of one submission, see [`crate::evaluation::EvaluationProgress`].
    EVALUATION_GET_PROGRESS = "evaluation_getProgress";
    /// A challenge's leaderboard, see [`crate::challenge::Leaderboard`].
    LEADERBOARD_GET = "leaderboard_get";
    /// Registered hotkeys, see [`crate::validator::MetagraphHotkeys`].
    METAGRAPH_HOTKEYS = "metagraph_hotkeys";
    /// Whether a hotkey is registered, see [`crate::validator::MetagraphRegistration`].
    METAGRAPH_IS_REGISTERED = "metagraph_isRegistered";
    /// This node, see [`crate::node::NodeStatus`].
    NODE_STATUS = "node_status";
    /// The list of methods, see [`crate::system::RpcMethods`].
    RPC_METHODS = "rpc_methods";
    /// A submission's way, see [`crate::submission::Journey`].
    SUBMISSION_GET = "submission_get";
    /// Submissions, newest first, see [`crate::submission::SubmissionList`].
    SUBMISSION_LIST = "submission_list";
    /// Hands in a signed submission, see [`crate::submission::SubmissionReceipt`].
    SUBMISSION_SEND = "submission_send";
    /// Weights by mechanism, see [`crate::weights::SubnetWeights`].
    SUBNET_GET_WEIGHTS = "subnet_getWeights";
    /// Health, see [`crate::system::SystemHealth`].
    SYSTEM_HEALTH = "system_health";
    /// The node's name, a string.
    SYSTEM_NAME = "system_name";
    /// Constants of the network, see [`crate::system::SystemProperties`].
    SYSTEM_PROPERTIES = "system_properties";
    /// The node's version, a string.
    SYSTEM_VERSION = "system_version";
    /// How many validators there are, an integer.
    VALIDATOR_COUNT = "validator_count";
    /// One validator, see [`crate::validator::Validator`].
    VALIDATOR_GET = "validator_get";
    /// Validators, see [`crate::validator::ValidatorList`].
    VALIDATOR_LIST = "validator_list";
    /// Agreed weights, votes and what the chain shows, see [`crate::weights::WeightsReport`].
    WEIGHTS_GET = "weights_get";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_list_is_sorted_without_duplicates() {
        assert!(ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
