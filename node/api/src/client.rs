//! A JSON-RPC client with deadlines and byte limits.
//!
//! One request, one answer: no retries, no redirects, no proxy. Every error says what to do about
//! it, see [`ClientError::is_retryable`]. The typed methods are in `client_methods`. TLS isn't
//! built in: a node is spoken to over `http://`, or through a local tunnel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::codes;
use crate::envelope::{ErrorObject, Request, Response, VERSION};
use crate::limits::{EXCERPT_MAX_CHARS, RESPONSE_MAX_BYTES};

/// Deadlines and limits of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientOptions {
    /// For the connection alone.
    pub connect_timeout: Duration,
    /// For everything from connecting to the last byte.
    pub request_timeout: Duration,
    /// Longest answer that is read.
    pub response_max_bytes: usize,
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The URL can't be used.
    #[error(
        "not a usable RPC URL: {url:?} ({reason}); expected something like http://127.0.0.1:8080"
    )]
    BadUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection.
    #[error(
        "can't reach the node at {url} ({reason}): check that it runs and that the URL is right"
    )]
    Unreachable {
        /// The node.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// No complete answer in time.
    #[error(
        "no answer from {url} within {timeout_ms} ms: the node is overloaded or hangs, try again later"
    )]
    Timeout {
        /// The node.
        url: String,
        /// The deadline.
        timeout_ms: u64,
    },
    /// Answered with an HTTP error and no JSON-RPC error.
    #[error("{url} answered HTTP {status} instead of JSON-RPC: {excerpt}")]
    Status {
        /// The node.
        url: String,
        /// HTTP status.
        status: u16,
        /// Start of the answer.
        excerpt: String,
    },
    /// The node refused the call and said why.
    #[error("{method}: {error}")]
    Rpc {
        /// The method.
        method: String,
        /// The node's error.
        error: ErrorObject,
    },
    /// More bytes than are read.
    #[error("the answer to {method} is longer than {limit_bytes} bytes: ask for less")]
    TooLarge {
        /// The method.
        method: String,
        /// The limit.
        limit_bytes: usize,
    },
    /// The answer isn't what the method gives.
    #[error(
        "can't read the answer to {method} ({reason}): the node speaks another version, or this is not a node"
    )]
    Undecodable {
        /// The method.
        method: String,
        /// What was expected.
        reason: String,
    },
}

/// A client of one node.
#[derive(Debug)]
pub struct RpcClient {
    http: reqwest::Client,
    url: String,
    options: ClientOptions,
    next_id: AtomicU64,
}

impl Default for ClientOptions {
    fn default() -> ClientOptions {
        ClientOptions {
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(15),
            response_max_bytes: RESPONSE_MAX_BYTES,
        }
    }
}

impl ClientError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            ClientError::Unreachable { .. } | ClientError::Timeout { .. } => true,
            ClientError::Status { status, .. } => *status == 429 || *status >= 500,
            ClientError::Rpc { error, .. } => {
                matches!(error.code, codes::BUSY | codes::DEADLINE_EXCEEDED)
            }
            ClientError::BadUrl { .. }
            | ClientError::TooLarge { .. }
            | ClientError::Undecodable { .. } => false,
        }
    }

    /// The code of a JSON-RPC error.
    pub fn rpc_code(&self) -> Option<i64> {
        match self {
            ClientError::Rpc { error, .. } => Some(error.code),
            _ => None,
        }
    }
}

impl RpcClient {
    /// A client with default options. The URL is the node's base URL or its `/rpc`.
    pub fn new(url: &str) -> Result<RpcClient, ClientError> {
        RpcClient::with_options(url, ClientOptions::default())
    }

    /// A client with these options.
    pub fn with_options(url: &str, options: ClientOptions) -> Result<RpcClient, ClientError> {
        let bad = |reason: String| ClientError::BadUrl {
            url: url.to_owned(),
            reason,
        };
        let parsed = reqwest::Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if parsed.scheme() != "http" {
            return Err(bad(format!("scheme {} is not supported", parsed.scheme())));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .timeout(options.request_timeout)
            .build()
            .map_err(|error| bad(innermost(&error)))?;
        Ok(RpcClient {
            http,
            url: parsed.to_string(),
            options,
            next_id: AtomicU64::new(1),
        })
    }

    /// Where it calls.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls any method; `params` must serialise to an object or an array.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T, ClientError> {
        let result = self.call_value(method, params).await?;
        serde_json::from_value(result).map_err(|error| undecodable(method, &error))
    }

    async fn call_value(&self, method: &str, params: impl Serialize) -> Result<Value, ClientError> {
        let id = Value::from(self.next_id.fetch_add(1, Ordering::Relaxed));
        let request = Request {
            jsonrpc: VERSION.to_owned(),
            method: method.to_owned(),
            params,
            id: id.clone(),
        };
        let body = serde_json::to_vec(&request).map_err(|error| undecodable(method, &error))?;
        let answer = self
            .http
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(body)
            .send()
            .await
            .map_err(|error| self.transport_error(&error))?;
        let status = answer.status();
        let bytes = self.read_bounded(method, answer).await?;
        let response: Response = match serde_json::from_slice(&bytes) {
            Ok(response) => response,
            Err(_) if !status.is_success() => {
                return Err(self.status_error(status.as_u16(), &bytes));
            }
            Err(error) => return Err(undecodable(method, &error)),
        };
        if let Some(error) = response.error {
            return Err(ClientError::Rpc {
                method: method.to_owned(),
                error,
            });
        }
        if !status.is_success() {
            return Err(self.status_error(status.as_u16(), &bytes));
        }
        if response.id != id {
            return Err(undecodable(method, &"it answers another request"));
        }
        response
            .result
            .ok_or_else(|| undecodable(method, &"neither result nor error"))
    }

    async fn read_bounded(
        &self,
        method: &str,
        mut answer: reqwest::Response,
    ) -> Result<Vec<u8>, ClientError> {
        let limit_bytes = self.options.response_max_bytes;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| self.transport_error(&error))?
        {
            if bytes.len() + chunk.len() > limit_bytes {
                return Err(ClientError::TooLarge {
                    method: method.to_owned(),
                    limit_bytes,
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn transport_error(&self, error: &reqwest::Error) -> ClientError {
        let url = self.url.clone();
        if error.is_timeout() {
            let timeout = if error.is_connect() {
                self.options.connect_timeout
            } else {
                self.options.request_timeout
            };
            ClientError::Timeout {
                url,
                timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            }
        } else {
            ClientError::Unreachable {
                url,
                reason: innermost(error),
            }
        }
    }

    fn status_error(&self, status: u16, bytes: &[u8]) -> ClientError {
        let text = String::from_utf8_lossy(bytes);
        ClientError::Status {
            url: self.url.clone(),
            status,
            excerpt: text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .take(EXCERPT_MAX_CHARS)
                .collect(),
        }
    }
}

fn undecodable(method: &str, reason: &dyn std::fmt::Display) -> ClientError {
    ClientError::Undecodable {
        method: method.to_owned(),
        reason: reason.to_string(),
    }
}

/// The last error of the chain says what the system said; those around it repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
