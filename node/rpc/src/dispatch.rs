//! The methods: one table of names, positional parameters and handlers.
//!
//! `rpc_methods` reports this table, so it can't list what isn't there.

mod challenge;
mod records;
mod state;

use assay_api::codes;
use assay_api::envelope::ErrorObject;
use assay_api::methods;
use assay_api::system::RpcMethods;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use crate::errors::echo;
use crate::metrics::UNKNOWN_METHOD;
use crate::params::Params;
use crate::service::Service;

/// What a method gives.
type Outcome = Result<Value, ErrorObject>;

struct Method {
    name: &'static str,
    positional: &'static [&'static str],
    handler: for<'a> fn(&'a Service, Params) -> BoxFuture<'a, Outcome>,
}

macro_rules! table {
    ($($name:ident($($param:literal),*) => $handler:path;)*) => {
        &[$(Method {
            name: methods::$name,
            positional: &[$($param),*],
            handler: |service, params| Box::pin($handler(service, params)),
        }),*]
    };
}

static TABLE: &[Method] = table! {
    AGENT_GET_CODE("miner_hotkey", "epoch") => records::agent_get_code;
    AGENT_GET_LOGS("miner_hotkey", "epoch") => records::agent_get_logs;
    CHAIN_GET_HEAD() => state::chain_get_head;
    CHALLENGE_CALL("challengeId", "method", "path", "body", "query") => challenge::call;
    CHALLENGE_GET("id") => challenge::get;
    CHALLENGE_GET_ROUTES("id") => challenge::get_routes;
    CHALLENGE_LIST() => challenge::list;
    CHALLENGE_LIST_ALL_ROUTES() => challenge::list_all_routes;
    EPOCH_CURRENT() => state::epoch_current;
    EPOCH_GET_PHASE() => state::epoch_get_phase;
    EVALUATION_GET_LOGS("submission_id") => records::evaluation_get_logs;
    EVALUATION_GET_PROGRESS("submission_id") => records::evaluation_get_progress;
    LEADERBOARD_GET("challenge_id", "limit", "offset") => challenge::leaderboard_get;
    METAGRAPH_HOTKEYS() => state::metagraph_hotkeys;
    METAGRAPH_IS_REGISTERED("hotkey") => state::metagraph_is_registered;
    NODE_STATUS() => state::node_status;
    RPC_METHODS() => rpc_methods;
    SUBMISSION_GET("submissionId") => records::submission_get;
    SUBMISSION_LIST("hotkey", "challenge", "status", "limit", "offset") => records::submission_list;
    SUBMISSION_SEND("header", "payload") => records::submission_send;
    SUBNET_GET_WEIGHTS() => records::subnet_get_weights;
    SYSTEM_HEALTH() => state::system_health;
    SYSTEM_NAME() => state::system_name;
    SYSTEM_PROPERTIES() => state::system_properties;
    SYSTEM_VERSION() => state::system_version;
    VALIDATOR_COUNT() => state::validator_count;
    VALIDATOR_GET("hotkey") => state::validator_get;
    VALIDATOR_LIST("offset", "limit") => state::validator_list;
    WEIGHTS_GET("epoch") => records::weights_get;
};

/// Runs one call.
pub async fn dispatch(service: &Service, name: &str, params: Option<Value>) -> Outcome {
    let method = TABLE.iter().find(|method| method.name == name);
    let Some(method) = method else {
        return Err(ErrorObject::new(
            codes::METHOD_NOT_FOUND,
            format!(
                "Method not found: {}. Use rpc_methods to list available methods.",
                echo(name)
            ),
        ));
    };
    let params = Params::decode(params, method.positional)?;
    (method.handler)(service, params).await
}

/// The name of a method as a label: bounded, whatever callers make up.
pub fn known_name(name: &str) -> &'static str {
    TABLE
        .iter()
        .find(|method| method.name == name)
        .map_or(UNKNOWN_METHOD, |method| method.name)
}

async fn rpc_methods(_service: &Service, _params: Params) -> Outcome {
    json(&RpcMethods {
        version: 1,
        methods: TABLE.iter().map(|method| method.name.to_owned()).collect(),
    })
}

fn json<T: Serialize>(result: &T) -> Outcome {
    serde_json::to_value(result)
        .map_err(|error| ErrorObject::new(codes::INTERNAL_ERROR, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_surface_is_dispatched_once() {
        let names: Vec<&str> = TABLE.iter().map(|method| method.name).collect();
        assert_eq!(names, methods::ALL);
    }
}
