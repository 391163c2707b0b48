//! Client of the development chain: HTTP with JSON, deadlines and byte limits on every call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use assay_consensus::block::ChainRef;
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;

use crate::chain::{Chain, ChainWeights, SubmitOutcome, WeightsSubmission};
use crate::dev::{
    ADMIN_TOKEN_HEADER, AcceptedAnswer, AdminAnswer, AdminCommand, BlockAnswer, ChainInfo,
    ErrorAnswer, HeadAnswer, NextHeadAnswer, NonceAnswer, SetWeights, WeightsAnswer, codes,
};
use crate::error::{ChainError, SUBMIT_WEIGHTS, WeightsRefusal};
use crate::limits::{
    ANSWER_MAX_BYTES, DEFAULT_CALL_DEADLINE_MS, DEFAULT_LONG_POLL_MS, ERROR_TEXT_MAX_CHARS,
    LONG_POLL_MAX_MS, NEURONS_MAX,
};
use crate::metagraph::Metagraph;

/// How to reach a dev chain.
#[derive(Debug, Clone)]
pub struct DevChainClientConfig {
    /// Base URL, such as `http://127.0.0.1:9944`.
    pub url: String,
    /// Genesis hash the chain must have; unchecked if absent.
    pub genesis_hash: Option<Hash>,
    /// Deadline of one call in milliseconds.
    pub call_deadline_ms: u64,
    /// How long one wait for the next head may take, in milliseconds, at most
    /// [`LONG_POLL_MAX_MS`]; the deadline of that call comes on top.
    pub long_poll_ms: u64,
}

/// Reads a dev chain and, with a keypair, submits weights to it.
pub struct DevChainClient {
    http: reqwest::Client,
    config: DevChainClientConfig,
    signer: Option<Arc<Keypair>>,
    info: OnceCell<ChainInfo>,
}

impl DevChainClientConfig {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> DevChainClientConfig {
        DevChainClientConfig {
            url: url.into(),
            genesis_hash: None,
            call_deadline_ms: DEFAULT_CALL_DEADLINE_MS,
            long_poll_ms: DEFAULT_LONG_POLL_MS,
        }
    }
}

impl DevChainClient {
    /// A client; without a keypair it only reads. Connects when it is first used.
    pub fn new(
        config: DevChainClientConfig,
        signer: Option<Arc<Keypair>>,
    ) -> Result<DevChainClient, ChainError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_millis(config.call_deadline_ms))
            .build()
            .map_err(|error| ChainError::Unreachable {
                call: "connect",
                endpoint: config.url.clone(),
                reason: describe(&error),
            })?;
        let config = DevChainClientConfig {
            url: config.url.trim_end_matches('/').to_owned(),
            long_poll_ms: config.long_poll_ms.min(LONG_POLL_MAX_MS),
            ..config
        };
        Ok(DevChainClient {
            http,
            config,
            signer,
            info: OnceCell::new(),
        })
    }

    /// What the chain is; asked once and checked against the configured genesis hash.
    pub async fn info(&self) -> Result<&ChainInfo, ChainError> {
        self.info
            .get_or_try_init(|| async {
                let info: ChainInfo = self.get("info", "/v1/info").await?;
                match self.config.genesis_hash {
                    Some(expected) if expected != info.genesis_hash => {
                        Err(ChainError::WrongChain {
                            expected,
                            got: info.genesis_hash,
                        })
                    }
                    _ => Ok(info),
                }
            })
            .await
    }

    /// Best block number and finalised head.
    pub async fn head(&self) -> Result<HeadAnswer, ChainError> {
        self.info().await?;
        self.get("head", "/v1/head").await
    }

    /// Does something to the chain that only tests and the testnet may.
    pub async fn admin(
        &self,
        token: &str,
        command: &AdminCommand,
    ) -> Result<AdminAnswer, ChainError> {
        let request = self
            .request(Method::POST, "/v1/admin")
            .header(ADMIN_TOKEN_HEADER, token)
            .json(command);
        self.send("admin", request, self.config.call_deadline_ms)
            .await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        call: &'static str,
        path: &str,
    ) -> Result<T, ChainError> {
        let request = self.request(Method::GET, path);
        self.send(call, request, self.config.call_deadline_ms).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        call: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ChainError> {
        let request = self.request(Method::POST, path).json(body);
        self.send(call, request, self.config.call_deadline_ms).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.config.url))
    }

    /// Sends a request and reads the answer, all within one deadline.
    async fn send<T: DeserializeOwned>(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
        deadline_ms: u64,
    ) -> Result<T, ChainError> {
        let exchange = async {
            let response = request.send().await.map_err(|e| self.broken(call, &e))?;
            let status = response.status();
            let body = self.read_body(call, response).await?;
            Ok::<_, ChainError>((status, body))
        };
        let (status, body) = tokio::time::timeout(Duration::from_millis(deadline_ms), exchange)
            .await
            .map_err(|_| ChainError::Deadline { call, deadline_ms })??;
        if status.is_success() {
            serde_json::from_slice(&body).map_err(|error| ChainError::BadAnswer {
                call,
                expected: "an answer of the dev chain".into(),
                got: cut(&error.to_string()),
            })
        } else {
            Err(remote_error(call, status, &body))
        }
    }

    async fn read_body(
        &self,
        call: &'static str,
        mut response: reqwest::Response,
    ) -> Result<Vec<u8>, ChainError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.broken(call, &e))? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(ChainError::BadAnswer {
                    call,
                    expected: format!("at most {ANSWER_MAX_BYTES} bytes"),
                    got: "more".into(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, call: &'static str, error: &reqwest::Error) -> ChainError {
        ChainError::Unreachable {
            call,
            endpoint: self.config.url.clone(),
            reason: describe(error),
        }
    }
}

#[async_trait]
impl Chain for DevChainClient {
    async fn genesis_hash(&self) -> Result<Hash, ChainError> {
        Ok(self.info().await?.genesis_hash)
    }

    async fn finalized_head(&self) -> Result<ChainRef, ChainError> {
        Ok(self.head().await?.finalized)
    }

    async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError> {
        self.info().await?;
        let wait_ms = self.config.long_poll_ms;
        let path = format!("/v1/head/next?after={after}&wait_ms={wait_ms}");
        let request = self.request(Method::GET, &path);
        let deadline_ms = self.config.call_deadline_ms.saturating_add(wait_ms);
        let answer: NextHeadAnswer = self.send("next_head", request, deadline_ms).await?;
        match answer.finalized {
            Some(head) if head.number <= after => Err(ChainError::BadAnswer {
                call: "next_head",
                expected: format!("a block above {after}"),
                got: format!("block {}", head.number),
            }),
            news => Ok(news),
        }
    }

    async fn block(&self, number: u64) -> Result<Option<ChainRef>, ChainError> {
        self.info().await?;
        let answer: BlockAnswer = self.get("block", &format!("/v1/blocks/{number}")).await?;
        match answer.block {
            Some(block) if block.number != number => Err(ChainError::BadAnswer {
                call: "block",
                expected: format!("block {number}"),
                got: format!("block {}", block.number),
            }),
            found => Ok(found),
        }
    }

    async fn epoch_start(&self, epoch: u64) -> Result<ChainRef, ChainError> {
        self.info().await?;
        let path = format!("/v1/epochs/{epoch}/start");
        let answer: BlockAnswer = self.get("epoch_start", &path).await?;
        match answer.block {
            None => Err(ChainError::UnknownEpoch(epoch)),
            Some(block) if block.epoch != epoch => Err(ChainError::BadAnswer {
                call: "epoch_start",
                expected: format!("a block of epoch {epoch}"),
                got: format!("a block of epoch {}", block.epoch),
            }),
            Some(block) => Ok(block),
        }
    }

    async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError> {
        self.info().await?;
        let metagraph: Metagraph = self
            .get("metagraph", &format!("/v1/metagraph/{at_block}"))
            .await
            .map_err(|error| unknown_block(error, at_block))?;
        if metagraph.block().hash != at_block {
            return Err(ChainError::BadAnswer {
                call: "metagraph",
                expected: format!("the metagraph at block {at_block}"),
                got: format!("the one at block {}", metagraph.block().hash),
            });
        }
        Ok(metagraph)
    }

    async fn submit_weights(
        &self,
        submission: &WeightsSubmission,
    ) -> Result<SubmitOutcome, ChainError> {
        let signer = self.signer.as_ref().ok_or(ChainError::NoSigner)?;
        let info = self.info().await?;
        let path = format!("/v1/nonce/{}", signer.hotkey());
        let answer: NonceAnswer = self.get("nonce", &path).await?;
        let call = SetWeights {
            netuid: info.netuid,
            epoch: submission.epoch,
            dests: submission.entries.iter().map(|(uid, _)| *uid).collect(),
            weights: submission
                .entries
                .iter()
                .map(|(_, weight)| *weight)
                .collect(),
            version_key: submission.version_key,
            nonce: answer.nonce,
        };
        let signed = Signed::sign(&info.signing_network(), call, signer).into_signed();
        let accepted: AcceptedAnswer = self.post(SUBMIT_WEIGHTS, "/v1/weights", &signed).await?;
        Ok(SubmitOutcome {
            included_in: accepted.included_in,
        })
    }

    async fn weights_on_chain(
        &self,
        at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError> {
        self.info().await?;
        let path = match at_block {
            Some(hash) => format!("/v1/weights?at={hash}"),
            None => "/v1/weights".into(),
        };
        let answer: WeightsAnswer =
            self.get("weights_on_chain", &path)
                .await
                .map_err(|error| match at_block {
                    Some(hash) => unknown_block(error, hash),
                    None => error,
                })?;
        if answer.weights.len() > NEURONS_MAX {
            return Err(ChainError::BadAnswer {
                call: "weights_on_chain",
                expected: format!("at most {NEURONS_MAX} validators"),
                got: format!("{}", answer.weights.len()),
            });
        }
        Ok(answer.weights)
    }
}

/// Turns an error answer into a named error.
fn remote_error(call: &'static str, status: StatusCode, body: &[u8]) -> ChainError {
    let answer = serde_json::from_slice(body).unwrap_or_else(|_| ErrorAnswer {
        code: format!("HTTP {}", status.as_u16()),
        message: String::from_utf8_lossy(body).into_owned(),
    });
    let message = cut(&answer.message);
    match WeightsRefusal::from_name(&answer.code) {
        Some(refusal) => ChainError::Refused { refusal, message },
        None => ChainError::Remote {
            call,
            code: cut(&answer.code),
            message,
        },
    }
}

fn unknown_block(error: ChainError, hash: Hash) -> ChainError {
    match error {
        ChainError::Remote { code, .. } if code == codes::UNKNOWN_BLOCK => {
            ChainError::UnknownBlock(hash)
        }
        other => other,
    }
}

/// The innermost cause says most: "connection refused" instead of "error sending request".
fn describe(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cut(&cause.to_string())
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(ERROR_TEXT_MAX_CHARS)
        .collect()
}
