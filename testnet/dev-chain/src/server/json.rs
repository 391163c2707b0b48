//! JSON forms of what requests and answers carry, and the errors of a real node.

use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::types::error::INVALID_PARAMS_CODE;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chain::{DevChain, Header, Invalid, SubmitError};
use crate::extrinsic::ExtrinsicError;
use crate::limits::REQUEST_MAX_BYTES;
use crate::types::H256;

/// What a method answers.
pub(super) type Answer<T> = Result<T, ErrorObjectOwned>;

/// Code of errors of a node's own.
const CLIENT_ERROR_CODE: i32 = 4003;

/// Bytes as hex with `0x` before them; without it they are taken too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

/// A block's header.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeaderJson {
    parent_hash: H256,
    number: String,
    state_root: H256,
    extrinsics_root: H256,
    digest: DigestJson,
}

#[derive(Debug, Clone, Serialize)]
struct DigestJson {
    logs: Vec<String>,
}

impl From<&Header> for HeaderJson {
    fn from(header: &Header) -> HeaderJson {
        HeaderJson {
            parent_hash: header.parent_hash,
            number: format!("{:#x}", header.number),
            state_root: header.state_root,
            extrinsics_root: header.extrinsics_root,
            digest: DigestJson { logs: Vec::new() },
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        hex::decode(digits).map(Bytes).map_err(D::Error::custom)
    }
}

impl Serialize for H256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for H256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<H256, D::Error> {
        let Bytes(bytes) = Bytes::deserialize(deserializer)?;
        let length = bytes.len();
        let hash = bytes.try_into().map(H256);
        hash.map_err(|_| D::Error::invalid_length(length, &"a hash of 32 bytes"))
    }
}

/// Bytes as hex with `0x` before them.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Parameters that aren't what the method takes.
pub(super) fn bad_params(reason: impl ToString) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(INVALID_PARAMS_CODE, reason.to_string(), None::<()>)
}

/// An error as a node reports its own.
pub(super) fn client_error(reason: impl std::fmt::Display) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(
        CLIENT_ERROR_CODE,
        format!("Client error: {reason}"),
        None::<()>,
    )
}

/// The block that a request is about: the one that it names, or the best one.
pub(super) fn at(chain: &DevChain, hash: Option<H256>) -> H256 {
    hash.unwrap_or_else(|| chain.best_hash())
}

/// A block whose state isn't there.
pub(super) fn no_state(chain: &DevChain, hash: &H256) -> ErrorObjectOwned {
    let hash_text = to_hex(&hash.0);
    match chain.number_of(hash) {
        Some(_) => client_error(format!(
            "UnknownBlock: State already discarded for {hash_text}"
        )),
        None => client_error(format!(
            "UnknownBlock: Header was not found in the database: {hash_text}"
        )),
    }
}

/// An extrinsic that isn't taken, as a node says it.
pub(super) fn refusal(error: &SubmitError) -> ErrorObjectOwned {
    let (message, data) = match error {
        SubmitError::Invalid(Invalid::CannotLookup) => {
            ("Unknown Transaction Validity".to_owned(), Some(error.to_string()))
        }
        SubmitError::Invalid(reason) => {
            ("Invalid Transaction".to_owned(), Some(reason.to_string()))
        }
        SubmitError::TooLowPriority { old, new } => (
            format!("Priority is too low: ({old} vs {new})"),
            Some(
                "The transaction has too low priority to replace another transaction already in the pool."
                    .to_owned(),
            ),
        ),
        other => (other.to_string(), None),
    };
    ErrorObjectOwned::owned(error.rpc_code(), message, data)
}

/// Bytes that can't be an extrinsic, before the chain is asked.
pub(super) fn check_extrinsic(bytes: &[u8]) -> Result<(), SubmitError> {
    let limit = REQUEST_MAX_BYTES as usize;
    if bytes.is_empty() || bytes.len() > limit {
        let error = ExtrinsicError::TooLong(bytes.len());
        return Err(SubmitError::Format(error.to_string()));
    }
    Ok(())
}
