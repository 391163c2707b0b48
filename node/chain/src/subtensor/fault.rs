//! What goes wrong inside one connection, before it is known which call it was part of, and what
//! that says about the endpoint.

use subxt::error::{
    BackendError, BlockError, EventsError, ExtrinsicError, OnlineClientAtBlockError,
    OnlineClientError, RpcError, RuntimeApiError, StorageError,
};
use subxt::rpcs;

use assay_consensus::hash::Hash;

use crate::error::ChainError;
use crate::limits::ERROR_TEXT_MAX_CHARS;

/// JSON-RPC's code of a method that a server doesn't have.
pub(super) const METHOD_NOT_FOUND: i32 = -32_601;

/// JSON-RPC's code of parameters that a method can't have.
const INVALID_PARAMS: i32 = -32_602;

/// What is expected of answers.
const FITTING: &str = "an answer that fits the chain's metadata";

/// Why work on one connection ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// Said already in the words of this crate; another endpoint would say the same.
    Chain(ChainError),
    /// This endpoint can't tell, such as a node without old states; another one might.
    Elsewhere(ChainError),
    /// The endpoint is of no use: wrong chain.
    Endpoint(ChainError),
    /// No connection, or it broke.
    Unreachable(String),
    /// Nothing came in time, though there is time left for another endpoint.
    TimedOut(u64),
    /// An answer that can't be right.
    BadAnswer {
        /// What was expected.
        expected: String,
        /// What came.
        got: String,
    },
    /// The client library's error: connection, metadata, decoding.
    Client(Box<subxt::Error>),
}

/// What a fault says about the endpoint.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Any endpoint would say this.
    Final(ChainError),
    /// Another endpoint may know, this one stays in use.
    AskAnother(ChainError),
    /// The endpoint answers nobody just now, such as one that limits requests. It rests; the
    /// connection is fine.
    Busy(ChainError),
    /// The connection is of no more use.
    Broken(ChainError),
}

impl Fault {
    /// Any of the library's errors; for `map_err`.
    pub(super) fn client(error: impl Into<subxt::Error>) -> Fault {
        Fault::Client(Box::new(error.into()))
    }

    /// An error of a read at a block, whose state the endpoint may have thrown away.
    pub(super) fn at_block(block: Hash, error: impl Into<subxt::Error>) -> Fault {
        let error = error.into();
        match rpc_error(&error) {
            Some(rpcs::Error::User(answer)) if is_unknown_block(&answer.message) => {
                Fault::Elsewhere(ChainError::UnknownBlock(block))
            }
            _ => Fault::Client(Box::new(error)),
        }
    }

    /// An answer that can't be right.
    pub(super) fn bad_answer(expected: impl ToString, got: impl ToString) -> Fault {
        Fault::BadAnswer {
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    /// The same fault while a connection is made: an endpoint that can't even say which chain it is
    /// of is of no use, whatever it says instead.
    pub(super) fn of_connecting(self) -> Fault {
        match self {
            Fault::Client(error) => match rpc_error(&error) {
                Some(rpcs::Error::User(answer)) => Fault::bad_answer(
                    "the hash of the chain's first block",
                    format!("{}: {}", answer.code, answer.message),
                ),
                _ => Fault::Client(error),
            },
            other => other,
        }
    }

    /// Whether the connection is of no more use.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Fault::Chain(_) | Fault::Elsewhere(_) => false,
            Fault::Endpoint(_)
            | Fault::Unreachable(_)
            | Fault::TimedOut(_)
            | Fault::BadAnswer { .. } => true,
            Fault::Client(error) => {
                !matches!(rpc_error(error), Some(rpcs::Error::User(_)))
                    && !is_of_runtime(error)
                    && !is_of_item(error)
            }
        }
    }

    /// What this says about the endpoint, as an error of a call.
    pub(super) fn verdict(self, call: &'static str, endpoint: &str) -> Verdict {
        let bad_answer = |expected: &str, got: &str| ChainError::BadAnswer {
            call,
            expected: bounded(expected),
            got: format!("{} (at {endpoint})", bounded(got)),
        };
        match self {
            Fault::Chain(error) => Verdict::Final(error),
            Fault::Elsewhere(error) => Verdict::AskAnother(error),
            Fault::Endpoint(error) => Verdict::Broken(error),
            Fault::Unreachable(reason) => Verdict::Broken(ChainError::Unreachable {
                call,
                endpoint: endpoint.to_owned(),
                reason: bounded(&reason),
            }),
            Fault::TimedOut(deadline_ms) => {
                Verdict::Broken(ChainError::Deadline { call, deadline_ms })
            }
            Fault::BadAnswer { expected, got } => Verdict::Broken(bad_answer(&expected, &got)),
            Fault::Client(error) => match rpc_error(&error) {
                Some(rpcs::Error::User(answer)) => {
                    let error = ChainError::Remote {
                        call,
                        code: answer.code.to_string(),
                        message: format!("{} (at {endpoint})", bounded(&answer.message)),
                    };
                    if is_of_request(answer.code) {
                        Verdict::AskAnother(error)
                    } else {
                        Verdict::Busy(error)
                    }
                }
                Some(rpcs::Error::Client(transport)) => Verdict::Broken(ChainError::Unreachable {
                    call,
                    endpoint: endpoint.to_owned(),
                    reason: bounded(&transport.to_string()),
                }),
                None if is_of_runtime(&error) => Verdict::AskAnother(ChainError::BadAnswer {
                    call,
                    expected: "a runtime that has what this client asks for".to_owned(),
                    got: bounded(&error.to_string()),
                }),
                None if is_of_item(&error) => {
                    Verdict::AskAnother(bad_answer(FITTING, &error.to_string()))
                }
                _ => Verdict::Broken(bad_answer(FITTING, &error.to_string())),
            },
        }
    }
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Fault {
        Fault::Chain(error)
    }
}

/// The error of the RPC layer inside one of the library's, if that is what it is about.
pub(super) fn rpc_error(error: &subxt::Error) -> Option<&rpcs::Error> {
    use OnlineClientAtBlockError as AtBlock;
    let backend = match error {
        subxt::Error::OtherRpcClientError(error)
        | subxt::Error::OnlineClientError(OnlineClientError::RpcError(error)) => {
            return Some(error);
        }
        subxt::Error::OnlineClientError(OnlineClientError::CannotGetGenesisHash(reason))
        | subxt::Error::OnlineClientAtBlockError(
            AtBlock::CannotGetCurrentBlock { reason }
            | AtBlock::CannotGetBlockHash { reason, .. }
            | AtBlock::CannotGetBlockHeader { reason, .. }
            | AtBlock::CannotGetSpecVersion { reason, .. },
        )
        | subxt::Error::StorageError(
            StorageError::CannotFetchValue(reason)
            | StorageError::CannotIterateValues(reason)
            | StorageError::StreamFailure(reason),
        )
        | subxt::Error::RuntimeApiError(RuntimeApiError::CannotCallApi(reason))
        | subxt::Error::BlockError(BlockError::CouldNotDownloadBlockHeader { reason, .. })
        | subxt::Error::EventsError(EventsError::CannotFetchEventBytes(reason))
        | subxt::Error::ExtrinsicError(
            ExtrinsicError::CannotGetBlockBody(reason)
            | ExtrinsicError::ErrorSubmittingTransaction(reason)
            | ExtrinsicError::TransactionStatusStreamError(reason),
        )
        | subxt::Error::BackendError(reason) => reason,
        _ => return None,
    };
    match backend {
        BackendError::Rpc(RpcError::ClientError(error)) => Some(error),
        _ => None,
    }
}

/// Whether the block's runtime lacks what was asked for, which is nobody's fault.
fn is_of_runtime(error: &subxt::Error) -> bool {
    matches!(
        error,
        subxt::Error::StorageError(
            StorageError::PalletNameNotFound(_)
                | StorageError::StorageEntryNotFound { .. }
                | StorageError::StorageInfoError(_)
                | StorageError::StorageKeyEncodeError(_)
        ) | subxt::Error::RuntimeApiError(
            RuntimeApiError::TraitNotFound(_)
                | RuntimeApiError::MethodNotFound { .. }
                | RuntimeApiError::CouldNotEncodeInputs(_)
        ) | subxt::Error::ExtrinsicError(
            ExtrinsicError::PalletNameNotFound(_)
                | ExtrinsicError::CallNameNotFound { .. }
                | ExtrinsicError::EncodeError(_)
        )
    )
}

/// Whether one item or answer doesn't have the form that the metadata says. Every endpoint may have
/// it so, and whatever else is read is fine.
fn is_of_item(error: &subxt::Error) -> bool {
    matches!(
        error,
        subxt::Error::StorageValueError(_)
            | subxt::Error::StorageKeyError(_)
            | subxt::Error::RuntimeApiError(RuntimeApiError::CouldNotDecodeResponse(_))
            | subxt::Error::ModuleErrorDecodeError(_)
            | subxt::Error::DispatchErrorDecodeError(_)
    )
}

/// Whether a node says that it has no such block, or no state of it any more.
fn is_unknown_block(message: &str) -> bool {
    [
        "UnknownBlock",
        "Unknown block",
        "unknown Block",
        "State already discarded",
        "Header was not found",
    ]
    .iter()
    .any(|text| message.contains(text))
}

/// Whether an error code is about what was asked: no such method, parameters that don't fit, or one
/// of the node's own errors. All others, such as limits on requests, are about the endpoint.
fn is_of_request(code: i32) -> bool {
    matches!(code, METHOD_NOT_FOUND | INVALID_PARAMS | 1_000..=9_999)
}

fn bounded(text: &str) -> String {
    text.chars().take(ERROR_TEXT_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use subxt::rpcs::UserError;

    fn answered(message: &str) -> subxt::Error {
        let answer = UserError {
            code: 4_003,
            message: message.to_owned(),
            data: None,
        };
        BackendError::Rpc(RpcError::ClientError(answer.into())).into()
    }

    #[test]
    fn a_node_without_old_states_is_no_broken_node() {
        let block = Hash::of(b"old");
        for message in [
            "Client error: UnknownBlock: State already discarded for 0x12",
            "Client error: Api called for an unknown Block: State already discarded for 0x12",
            "Client error: UnknownBlock: Header was not found in the database: 0x12",
        ] {
            let fault = Fault::at_block(block, answered(message));
            assert!(!fault.is_broken());
            assert!(matches!(
                fault.verdict("block", "ws://node"),
                Verdict::AskAnother(ChainError::UnknownBlock(unknown)) if unknown == block
            ));
        }
    }

    #[test]
    fn an_error_of_the_node_says_where_it_comes_from() {
        let fault = Fault::at_block(Hash::ZERO, answered("Execution failed"));
        assert!(!fault.is_broken());
        let Verdict::AskAnother(error) = fault.verdict("metagraph", "ws://node") else {
            panic!("the connection is fine");
        };
        assert_eq!(
            error.to_string(),
            "metagraph: the chain says 4003: Execution failed (at ws://node)"
        );
    }

    #[test]
    fn an_endpoint_that_limits_requests_is_told_from_one_that_cant_answer_this_one() {
        let verdict = |code| {
            let message = "no".to_owned();
            let data = None;
            let answer = rpcs::Error::User(UserError {
                code,
                message,
                data,
            });
            let fault = Fault::client(answer);
            assert!(!fault.is_broken());
            fault.verdict("block", "ws://node")
        };
        for code in [METHOD_NOT_FOUND, INVALID_PARAMS, 1_002, 4_003] {
            assert!(matches!(verdict(code), Verdict::AskAnother(_)), "{code}");
        }
        for code in [-32_005, -32_603, -32_000, 429, 0] {
            assert!(matches!(verdict(code), Verdict::Busy(_)), "{code}");
        }
    }

    #[test]
    fn what_a_runtime_lacks_takes_no_connection_down() {
        let lacks = StorageError::PalletNameNotFound("Drand".to_owned());
        let fault = Fault::client(lacks);
        assert!(!fault.is_broken());
        assert!(matches!(
            fault.verdict("metagraph", "ws://node"),
            Verdict::AskAnother(ChainError::BadAnswer { .. })
        ));
    }

    #[test]
    fn a_long_text_of_a_stranger_is_cut() {
        let fault = Fault::bad_answer("a block", "x".repeat(100_000));
        let Verdict::Broken(error) = fault.verdict("block", "ws://node") else {
            panic!("a wrong answer breaks the connection");
        };
        assert!(error.to_string().len() < 2 * ERROR_TEXT_MAX_CHARS);
    }
}
