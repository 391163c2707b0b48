//! Sending a signed call: to the pool, and the pool's refusals by name.
//!
//! Decision: a refusal counts only if no endpoint was handed the call without answering, since that
//! one may have taken it. A refusal that may come from the state of one pool, or from how far one
//! endpoint is, is no other endpoint's: the next is asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use subxt::rpcs::{self, UserError};

use super::pool::{best_number, is_unknown_method};
use super::search::{find, first_of};
use super::settlement::SettlementCache;
use crate::call::SignedCall;
use crate::error::{CallFailure, ChainError, Refusal};
use crate::limits::ERROR_TEXT_MAX_CHARS;
use crate::subtensor::connection::{Connection, Rpc};
use crate::subtensor::fault::{Fault, METHOD_NOT_FOUND};

/// What a pool's answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// The pool has the call already, or had it and let go of it because a block holds it.
    Known,
    /// Signed for another runtime, or for a time that is over.
    BadSignature,
    /// The call is refused.
    Refused(CallFailure),
    /// The endpoint has another trouble.
    Trouble,
}

/// One sending of a call, to one endpoint after the other.
#[derive(Debug, Default)]
pub(in crate::subtensor) struct Sending {
    /// Endpoints that were handed the call and haven't answered.
    unanswered: Mutex<Vec<String>>,
}

impl Sending {
    /// What came of it: as long as some endpoint may have taken the call, it isn't refused.
    pub(in crate::subtensor) fn outcome(
        &self,
        sent: Result<(), ChainError>,
    ) -> Result<(), ChainError> {
        match (sent, self.unanswered().first()) {
            (Err(ChainError::Refused { .. }), Some(endpoint)) => Err(ChainError::Unreachable {
                call: "send",
                endpoint: endpoint.clone(),
                reason: "the connection broke before it said whether it took the call".to_owned(),
            }),
            (sent, _) => sent,
        }
    }

    fn unanswered(&self) -> MutexGuard<'_, Vec<String>> {
        self.unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands a call to the endpoint's pool. Sending a call again that the pool or a block holds already
/// is no error.
///
/// Errors: [`ChainError::Refused`] with the pool's reason, [`ChainError::Remote`] for an answer
/// that says nothing of the call, where another endpoint may do better.
pub(in crate::subtensor) async fn send(
    connection: &Connection,
    call: &SignedCall,
    sending: &Sending,
    searches: &SettlementCache,
) -> Result<(), Fault> {
    let rpc = &connection.rpc;
    sending.unanswered().push(connection.endpoint.clone());
    let error = match submit(rpc, call).await {
        Ok(()) => return Ok(()),
        Err(rpcs::Error::User(error)) => error,
        Err(error) => return Err(Fault::client(error)),
    };
    let answer = meaning(&call.name, &error);
    let is_unclear = answer == Answer::Trouble && error.code != METHOD_NOT_FOUND;
    if !is_unclear {
        // One endpoint is asked after the other, so the last one is this.
        sending.unanswered().pop();
    }
    let failure = match answer {
        Answer::Known => return Ok(()),
        Answer::Refused(failure) => failure,
        Answer::BadSignature => bad_signature(rpc, call).await?.into(),
        Answer::Trouble => return Err(Fault::client(rpcs::Error::User(error))),
    };
    // What a block holds already the pool refuses for many reasons: nonce, time, rate limit.
    if is_in_a_block(rpc, call, searches).await? {
        return Ok(());
    }
    let is_of_endpoint = is_of_endpoint(&failure);
    let refused = ChainError::Refused {
        call: call.name.clone(),
        failure,
    };
    Err(if is_of_endpoint {
        Fault::Elsewhere(refused)
    } else {
        Fault::Chain(refused)
    })
}

/// Whether a refusal comes from the state of this endpoint's pool, or from blocks that this endpoint
/// has or lacks.
fn is_of_endpoint(failure: &CallFailure) -> bool {
    let CallFailure::Named { refusal } = failure else {
        return false;
    };
    matches!(
        refusal,
        Refusal::PoolFull | Refusal::BadNonce | Refusal::Expired
    )
}

async fn submit(rpc: &Rpc, call: &SignedCall) -> Result<(), rpcs::Error> {
    match rpc.author_submit_extrinsic(&call.extrinsic).await {
        Err(error) if is_unknown_method(&error) => {
            // Ending the subscription leaves the call in the pool.
            let watched = rpc.author_submit_and_watch_extrinsic(&call.extrinsic).await;
            watched.map(|_| ())
        }
        answer => answer.map(|_| ()),
    }
}

/// An era that is over is read as another one, with which the signature doesn't fit.
async fn bad_signature(rpc: &Rpc, call: &SignedCall) -> Result<Refusal, Fault> {
    Ok(if best_number(rpc).await? >= call.valid_until {
        Refusal::Expired
    } else {
        Refusal::BadSignature
    })
}

/// Whether a block of the endpoint's best chain holds the call. What was searched when its
/// settlement was asked for isn't searched again.
async fn is_in_a_block(
    rpc: &Rpc,
    call: &SignedCall,
    searches: &SettlementCache,
) -> Result<bool, Fault> {
    let last = best_number(rpc).await?.min(call.valid_until);
    let Some(first) = searches.first_open(call) else {
        return Ok(true);
    };
    let mut blocks = first..=last;
    while !blocks.is_empty() {
        let part = first_of(&blocks);
        blocks = part.end().saturating_add(1)..=last;
        if find(rpc, part, call).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Codes are those of every Substrate node's `author_*` methods, see `sc-rpc-api`.
fn meaning(call: &str, error: &UserError) -> Answer {
    match error.code {
        // Its metadata said how to encode the call; now the runtime reads it in another way.
        1_002 if text(error).contains("decode") => Answer::Refused(Refusal::RuntimeChanged.into()),
        1_010 => invalid(call, error),
        // A node bans what was in a block for a while, and what became invalid; which of them it
        // was, finalised blocks will show.
        1_012 | 1_013 => Answer::Known,
        1_014 => Answer::Refused(Refusal::BadNonce.into()),
        1_016 | 1_018 => Answer::Refused(Refusal::PoolFull.into()),
        1_000..=1_099 => Answer::Refused(CallFailure::Other { name: text(error) }),
        _ => Answer::Trouble,
    }
}

/// The reason is only in the text, which nodes of different age word differently.
fn invalid(call: &str, error: &UserError) -> Answer {
    let text = text(error);
    let lower = text.to_ascii_lowercase();
    if let Some(number) = custom_number(&lower) {
        let refusal = number.parse().ok().and_then(|code| custom(call, code));
        return Answer::Refused(refusal.map_or(CallFailure::Other { name: text }, Into::into));
    }
    let named = [
        ("outdated", Answer::Refused(Refusal::BadNonce.into())),
        ("in the future", Answer::Refused(Refusal::BadNonce.into())),
        ("bad signature", Answer::BadSignature),
        (
            "ancient birth block",
            Answer::Refused(Refusal::Expired.into()),
        ),
        ("exhaust", Answer::Refused(Refusal::PoolFull.into())),
    ];
    let found = named.into_iter().find(|(part, _)| lower.contains(part));
    found.map_or(
        Answer::Refused(CallFailure::Other { name: text }),
        |(_, answer)| answer,
    )
}

/// The digits of a `CustomTransactionError`: after `custom error:`, or in `{"Custom":…}`.
fn custom_number(lower: &str) -> Option<&str> {
    let mut marks = ["custom error:", "\"custom\":"].into_iter();
    let (_, rest) = marks.find_map(|mark| lower.split_once(mark))?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))
}

/// The numbers of the chain's `CustomTransactionError`.
fn custom(call: &str, code: u8) -> Option<Refusal> {
    Some(match code {
        1 => Refusal::NotEnoughStakeToSetWeights,
        3 => Refusal::SubnetNotExists,
        6 if call.starts_with("commit") => Refusal::CommittingWeightsTooFast,
        6 => Refusal::SettingWeightsTooFast,
        10 => Refusal::HotKeyNotRegisteredInNetwork,
        11 => Refusal::InvalidIpAddress,
        12 => Refusal::ServingRateLimitExceeded,
        13 => Refusal::InvalidPort,
        15 => Refusal::InvalidRevealRound,
        16 => Refusal::NoWeightsCommitFound,
        17 => Refusal::RevealTooEarly,
        18 => Refusal::InputLengthsUnequal,
        19 => Refusal::HotKeyNotRegisteredInSubNet,
        _ => return None,
    })
}

/// Message and details of an answer, as far as they are passed on.
fn text(error: &UserError) -> String {
    let details = error.data.as_ref().map_or("", |data| data.get());
    // Mostly a string, else JSON as it is.
    let string = serde_json::from_str::<String>(details);
    let details = string.unwrap_or_else(|_| details.to_owned());
    let separator = if details.is_empty() { "" } else { ": " };
    format!("{}{separator}{details}", error.message)
        .chars()
        .take(ERROR_TEXT_MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(call: &str, code: i32, message: &str, data: Option<&str>) -> Answer {
        let data = data.map(|data| serde_json::value::to_raw_value(data).unwrap());
        let message = message.to_owned();
        meaning(
            call,
            &UserError {
                code,
                message,
                data,
            },
        )
    }

    fn invalid(call: &str, data: &str) -> Answer {
        answer(call, 1_010, "Invalid Transaction", Some(data))
    }

    fn named(refusal: Refusal) -> Answer {
        Answer::Refused(refusal.into())
    }

    #[test]
    fn numbers_of_the_chain_have_their_names() {
        for (code, refusal) in [
            (1, Refusal::NotEnoughStakeToSetWeights),
            (3, Refusal::SubnetNotExists),
            (10, Refusal::HotKeyNotRegisteredInNetwork),
            (11, Refusal::InvalidIpAddress),
            (12, Refusal::ServingRateLimitExceeded),
            (13, Refusal::InvalidPort),
            (15, Refusal::InvalidRevealRound),
            (16, Refusal::NoWeightsCommitFound),
            (17, Refusal::RevealTooEarly),
            (18, Refusal::InputLengthsUnequal),
            (19, Refusal::HotKeyNotRegisteredInSubNet),
        ] {
            assert_eq!(
                invalid("serve_axon", &format!("Custom error: {code}")),
                named(refusal)
            );
        }
        assert_eq!(
            invalid("set_weights", "Custom error: 6"),
            named(Refusal::SettingWeightsTooFast)
        );
        assert_eq!(
            invalid("commit_mechanism_weights", "Custom error: 6"),
            named(Refusal::CommittingWeightsTooFast)
        );
    }

    #[test]
    fn numbers_are_found_in_every_wording() {
        for data in [
            "Custom error: 12",
            "custom error:12",
            "Invalid transaction with custom error: 12",
            "{\"Custom\":12}",
            "{ \"Custom\": 12 }",
        ] {
            let expected = named(Refusal::ServingRateLimitExceeded);
            assert_eq!(invalid("serve_axon", data), expected, "{data}");
        }
        let structured = serde_json::value::to_raw_value(&serde_json::json!({ "Custom": 12 }));
        let error = UserError {
            code: 1_010,
            message: "Invalid Transaction".to_owned(),
            data: Some(structured.unwrap()),
        };
        let expected = named(Refusal::ServingRateLimitExceeded);
        assert_eq!(meaning("serve_axon", &error), expected);
    }

    #[test]
    fn an_unknown_number_keeps_the_text_of_the_chain() {
        for code in ["255", "999"] {
            let name = format!("Invalid Transaction: Custom error: {code}");
            assert_eq!(
                invalid("set_weights", &format!("Custom error: {code}")),
                Answer::Refused(CallFailure::Other { name })
            );
        }
    }

    #[test]
    fn errors_of_the_pool_have_their_names() {
        let set = "set_weights";
        assert_eq!(
            invalid(set, "Transaction has a bad signature"),
            Answer::BadSignature
        );
        assert_eq!(
            invalid(set, "Transaction is outdated"),
            named(Refusal::BadNonce)
        );
        assert_eq!(
            invalid(set, "Transaction will be valid in the future"),
            named(Refusal::BadNonce)
        );
        assert_eq!(
            invalid(set, "Transaction has an ancient birth block"),
            named(Refusal::Expired)
        );
        assert_eq!(
            invalid(set, "Transaction would exhaust the resources of block"),
            named(Refusal::PoolFull)
        );
        assert_eq!(
            answer(set, 1_012, "Transaction is temporarily banned", None),
            Answer::Known
        );
        assert_eq!(answer(set, 1_013, "Already Imported", None), Answer::Known);
        assert_eq!(
            answer(set, 1_014, "Priority is too low: (1 vs 1)", None),
            named(Refusal::BadNonce)
        );
        assert_eq!(
            answer(set, 1_016, "Immediately Dropped", None),
            named(Refusal::PoolFull)
        );
        assert_eq!(
            answer(
                set,
                1_002,
                "Verification Error: Could not decode `Call`",
                None
            ),
            named(Refusal::RuntimeChanged)
        );
        assert_eq!(
            answer(set, 1_002, "Verification Error", Some("trap")),
            Answer::Refused(CallFailure::Other {
                name: "Verification Error: trap".into()
            })
        );
        assert_eq!(
            answer(set, -32_603, "Internal error", None),
            Answer::Trouble
        );
    }

    #[test]
    fn an_endless_text_is_cut() {
        let long = "x".repeat(10_000);
        let Answer::Refused(CallFailure::Other { name }) = answer("c", 1_001, &long, Some(&long))
        else {
            panic!("not refused");
        };
        assert_eq!(name.chars().count(), ERROR_TEXT_MAX_CHARS);
    }
}
