//! Which chain to talk to, and how patiently.

use std::fmt;

use assay_consensus::hash::Hash;

use crate::error::ChainError;
use crate::limits::{
    ENDPOINTS_MAX, LONG_POLL_MAX_MS, LONG_POLL_MIN_MS, SUBTENSOR_CALL_DEADLINE_MS,
    SUBTENSOR_LONG_POLL_MS,
};

/// Name of a client that is being made, in errors.
const CONFIGURE: &str = "configure";

/// Where a Subtensor chain answers, and what is wanted of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SubtensorConfig {
    /// URLs (`ws://` or `wss://`) of nodes of the same chain, the preferred one first.
    pub endpoints: Vec<String>,
    /// The subnet.
    pub netuid: u16,
    /// Hash of the chain's first block. If there is none, the first endpoint that answers decides,
    /// and all others have to agree with it.
    pub genesis_hash: Option<Hash>,
    /// Longest that one call may take in milliseconds, connecting and failover included.
    pub call_deadline_ms: u64,
    /// How long a wait for the next head lasts at most, in milliseconds.
    pub long_poll_ms: u64,
    /// Which commits are made where the subnet wants commits.
    pub commit_mode: CommitMode,
}

/// Which commits are made where the subnet wants commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommitMode {
    /// Timelocked ones where the runtime has them, else salted ones.
    #[default]
    Auto,
    /// Salted ones, which this validator has to reveal.
    Salted,
}

/// One node of the chain.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Where it answers, with what the operator put into the URL to be let in.
    pub(super) url: String,
    /// The same for logs and errors: scheme, host and port only.
    pub(super) name: String,
}

impl SubtensorConfig {
    /// A configuration with the default deadlines.
    pub fn new(endpoints: Vec<String>, netuid: u16) -> SubtensorConfig {
        SubtensorConfig {
            endpoints,
            netuid,
            genesis_hash: None,
            call_deadline_ms: SUBTENSOR_CALL_DEADLINE_MS,
            long_poll_ms: SUBTENSOR_LONG_POLL_MS,
            commit_mode: CommitMode::Auto,
        }
    }

    /// Checks the endpoints; warns of those that anyone on the way can read and change.
    pub(super) fn checked_endpoints(&self) -> Result<Vec<Endpoint>, ChainError> {
        if self.endpoints.is_empty() || self.endpoints.len() > ENDPOINTS_MAX {
            return Err(ChainError::Unreachable {
                call: CONFIGURE,
                endpoint: "the chain".to_owned(),
                reason: format!(
                    "expected 1 to {ENDPOINTS_MAX} endpoints, got {}",
                    self.endpoints.len()
                ),
            });
        }
        self.endpoints
            .iter()
            .map(|url| Endpoint::new(url))
            .collect()
    }

    /// How long a wait for the next head lasts.
    pub(super) fn bounded_long_poll_ms(&self) -> u64 {
        self.long_poll_ms.clamp(LONG_POLL_MIN_MS, LONG_POLL_MAX_MS)
    }
}

impl fmt::Debug for SubtensorConfig {
    /// Without what may be secret in the URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.endpoints.iter().map(|url| public_name(url)).collect();
        f.debug_struct("SubtensorConfig")
            .field("endpoints", &names)
            .field("netuid", &self.netuid)
            .field("genesis_hash", &self.genesis_hash)
            .field("call_deadline_ms", &self.call_deadline_ms)
            .field("long_poll_ms", &self.long_poll_ms)
            .field("commit_mode", &self.commit_mode)
            .finish()
    }
}

impl Endpoint {
    fn new(url: &str) -> Result<Endpoint, ChainError> {
        let name = public_name(url);
        let unusable = |reason: String| ChainError::Unreachable {
            call: CONFIGURE,
            endpoint: name.clone(),
            reason,
        };
        if !(url.starts_with("ws://") || url.starts_with("wss://")) {
            return Err(unusable("expected a URL with ws:// or wss://".to_owned()));
        }
        // Its error may repeat the URL.
        let is_secure = subxt::rpcs::utils::url_is_secure(url)
            .map_err(|_| unusable("expected a URL with a host".to_owned()))?;
        if !is_secure {
            tracing::warn!(
                endpoint = name,
                "the connection to the chain is not encrypted: whoever is on the way can change \
                 what the chain says; use wss:// unless the network is your own"
            );
        }
        Ok(Endpoint {
            url: url.to_owned(),
            name,
        })
    }
}

/// Scheme, host and port of a URL: the rest may hold a password or an API key.
fn public_name(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() {
        host.to_owned()
    } else {
        format!("{scheme}://{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(endpoints: &[&str]) -> Result<Vec<Endpoint>, ChainError> {
        let endpoints = endpoints.iter().map(|url| (*url).to_owned()).collect();
        SubtensorConfig::new(endpoints, 1).checked_endpoints()
    }

    #[test]
    fn what_lets_the_operator_in_is_in_no_error_and_no_log() {
        let endpoints = check(&["wss://me:secret@node.example:443/v1/key?apikey=secret"]).unwrap();
        assert_eq!(endpoints[0].name, "wss://node.example:443");
        assert!(endpoints[0].url.contains("secret"));
        let url = endpoints[0].url.clone();
        let shown = format!("{:?}", SubtensorConfig::new(vec![url], 1));
        assert!(!shown.contains("secret"), "{shown}");
        let Err(error) = check(&["http://me:secret@node.example/key"]) else {
            panic!("http is no WebSocket");
        };
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn endpoints_that_no_client_could_reach_are_refused() {
        assert!(check(&[]).is_err());
        assert!(check(&["node.example:9944"]).is_err());
        assert!(check(&["ws://"]).is_err());
        assert!(check(&vec!["ws://127.0.0.1:1"; ENDPOINTS_MAX + 1]).is_err());
        assert!(check(&["ws://10.0.0.1:9944", "wss://node.example"]).is_ok());
    }
}
