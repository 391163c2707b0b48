//! The one place that encodes and decodes ABI structures: bincode 1.3.3, fixed-width integers,
//! little-endian, always with a byte limit when decoding.
//!
//! bincode ignores its own limit when it reads from a slice, so the length of the input is compared
//! first: no structure of the ABI can then grow beyond a small multiple of its input.

use alloc::{string::String, string::ToString, vec::Vec};

use bincode::Options;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// An `EvaluationInput` as a host or our own modules accept it.
pub const EVALUATION_INPUT_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// A challenge's `params`.
pub const PARAMS_LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// A `WasmRouteRequest`.
pub const ROUTE_REQUEST_LIMIT_BYTES: u64 = 1024 * 1024;
/// Everything a module hands back: outputs, route tables, responses, weights.
pub const MODULE_OUTPUT_LIMIT_BYTES: u64 = 16 * 1024 * 1024;

/// Why bytes are not the structure that was asked for, or a structure can't be encoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodecError {
    /// More bytes than the limit.
    #[error("{len_bytes} bytes are over the limit of {limit_bytes}")]
    TooLong {
        /// Length of the input.
        len_bytes: usize,
        /// The limit that applied.
        limit_bytes: u64,
    },
    /// The bytes don't hold the structure.
    #[error("cannot decode {len_bytes} bytes: {reason}")]
    Decode {
        /// Length of the input.
        len_bytes: usize,
        /// What the decoder said.
        reason: String,
    },
    /// The value has no encoding (never the case for the types of this crate).
    #[error("cannot encode: {reason}")]
    Encode {
        /// What the encoder said.
        reason: String,
    },
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
}

/// Encodes a structure in the ABI's layout.
///
/// # Errors
/// [`CodecError::Encode`] when serde can't serialise the value.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CodecError> {
    options()
        .serialize(value)
        .map_err(|error| CodecError::Encode {
            reason: error.to_string(),
        })
}

/// Decodes a structure and tolerates trailing bytes, as the ABI demands between host and guest.
///
/// # Errors
/// [`CodecError::TooLong`] above `limit_bytes`, [`CodecError::Decode`] when the bytes are truncated or
/// malformed.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit_bytes: u64) -> Result<T, CodecError> {
    check_length(bytes, limit_bytes)?;
    options()
        .allow_trailing_bytes()
        .deserialize(bytes)
        .map_err(|error| decode_error(bytes, &error))
}

/// Decodes a structure that must consume the input exactly: for everything that is hashed or signed,
/// and to tell two layouts apart.
///
/// # Errors
/// As [`decode`], and [`CodecError::Decode`] when bytes remain.
pub fn decode_exact<T: DeserializeOwned>(bytes: &[u8], limit_bytes: u64) -> Result<T, CodecError> {
    check_length(bytes, limit_bytes)?;
    options()
        .reject_trailing_bytes()
        .deserialize(bytes)
        .map_err(|error| decode_error(bytes, &error))
}

fn check_length(bytes: &[u8], limit_bytes: u64) -> Result<(), CodecError> {
    if bytes.len() as u64 > limit_bytes {
        return Err(CodecError::TooLong {
            len_bytes: bytes.len(),
            limit_bytes,
        });
    }
    Ok(())
}

fn decode_error(bytes: &[u8], error: &bincode::Error) -> CodecError {
    CodecError::Decode {
        len_bytes: bytes.len(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::abi::{EvaluationInput, WasmRouteRequest};

    #[test]
    fn layout_is_fixed_width_little_endian() {
        let bytes = encode(&(1u16, Some(2u32), "ab")).unwrap();
        assert_eq!(
            bytes,
            [1, 0, 1, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, b'a', b'b']
        );
    }

    #[test]
    fn absurd_length_prefix_is_an_error_not_an_allocation() {
        let mut bytes = vec![0xff; 8];
        bytes.extend_from_slice(&[0; 16]);
        assert!(decode::<Vec<u8>>(&bytes, 1024).is_err());
        assert!(decode::<EvaluationInput>(&bytes, EVALUATION_INPUT_LIMIT_BYTES).is_err());
    }

    #[test]
    fn over_the_limit_is_refused_even_when_well_formed() {
        let bytes = encode(&vec![0u8; 100]).unwrap();
        assert!(decode::<Vec<u8>>(&bytes, 64).is_err());
        assert!(decode::<Vec<u8>>(&bytes, 108).is_ok());
    }

    #[test]
    fn trailing_bytes_pass_only_the_tolerant_decoder() {
        let mut bytes = encode(&7u64).unwrap();
        bytes.push(0);
        assert_eq!(decode::<u64>(&bytes, 64), Ok(7));
        assert!(decode_exact::<u64>(&bytes, 64).is_err());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let request = WasmRouteRequest {
            method: "GET".into(),
            path: "/leaderboard".into(),
            params: vec![("id".into(), "1".into())],
            query: vec![],
            body: b"null".to_vec(),
            auth_hotkey: Some("aa".into()),
        };
        let bytes = encode(&request).unwrap();
        for len in 0..bytes.len() {
            assert!(
                decode::<WasmRouteRequest>(&bytes[..len], 4096).is_err(),
                "at {len}"
            );
        }
    }
}
