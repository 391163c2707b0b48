//! The one place that encodes and decodes wire bytes: bincode 1.3, fixed-width little-endian,
//! always with a byte limit, trailing bytes rejected.

use bincode::Options;
use serde::{Serialize, de::DeserializeOwned};

/// Why bytes could not be decoded or a value not encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The input is longer than the kind of message may be.
    #[error("expected at most {limit_bytes} bytes, got {got_bytes}")]
    TooLarge {
        /// Most bytes this kind of message may have.
        limit_bytes: usize,
        /// Bytes that came.
        got_bytes: usize,
    },
    /// The bytes are not an encoding of the expected type, or bytes are left over.
    #[error("expected a {expected}: {reason}")]
    Malformed {
        /// Name of the expected type.
        expected: &'static str,
        /// What the decoder found.
        reason: String,
    },
}

/// Encodes a value of our own making. Length is unbounded here: limits belong to the sender's rules.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    // Only a type with an unsized sequence or a failing Serialize impl can fail; ours have neither.
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
        .serialize(value)
        .unwrap_or_default()
}

/// Decodes bytes from outside: at most `limit_bytes` long and consumed exactly.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit_bytes: usize) -> Result<T, CodecError> {
    if bytes.len() > limit_bytes {
        return Err(CodecError::TooLarge {
            limit_bytes,
            got_bytes: bytes.len(),
        });
    }
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
        .with_limit(limit_bytes as u64)
        .reject_trailing_bytes()
        .deserialize(bytes)
        .map_err(|error| CodecError::Malformed {
            expected: short_type_name::<T>(),
            reason: error.to_string(),
        })
}

fn short_type_name<T>() -> &'static str {
    let full = core::any::type_name::<T>();
    full.split('<')
        .next()
        .and_then(|head| head.rsplit("::").next())
        .unwrap_or(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_bytes_are_rejected() {
        let mut bytes = encode(&7u32);
        bytes.push(0);
        assert!(matches!(
            decode::<u32>(&bytes, 16),
            Err(CodecError::Malformed { .. })
        ));
    }

    #[test]
    fn a_length_prefix_beyond_the_limit_allocates_nothing() {
        let bytes = encode(&u64::MAX);
        assert!(matches!(
            decode::<Vec<u8>>(&bytes, 1024),
            Err(CodecError::Malformed { .. })
        ));
    }

    #[test]
    fn input_over_the_limit_is_named_with_both_sizes() {
        assert_eq!(
            decode::<u64>(&[0; 8], 4),
            Err(CodecError::TooLarge {
                limit_bytes: 4,
                got_bytes: 8
            })
        );
    }
}
