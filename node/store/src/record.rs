//! How a value lies in sled: kind, length, checksum, then the value or the promise of chunks.
//!
//! The checksum covers the key as well, so that a value that turns up under another key is
//! noticed. It is BLAKE3 cut to 16 bytes: the crate is needed for the state root anyway, and it is
//! faster than SHA-256 without hardware help.

use crate::limits::CHUNK_BYTES;

/// Bytes in front of an inline value: kind, length, checksum.
pub(crate) const HEADER_BYTES: usize = 1 + 4 + 16;

const INLINE: u8 = 1;
const CHUNKED: u8 = 2;

/// What stands in front of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) is_chunked: bool,
    pub(crate) len: usize,
    pub(crate) checksum: u128,
}

impl Header {
    /// The header of a value under a key.
    pub(crate) fn of(key: &[u8], value: &[u8]) -> Header {
        Header {
            is_chunked: value.len() > CHUNK_BYTES,
            len: value.len(),
            checksum: checksum(key, value),
        }
    }

    /// Number of chunk entries beside the record itself.
    pub(crate) fn chunks(&self) -> usize {
        if self.is_chunked {
            self.len.div_ceil(CHUNK_BYTES)
        } else {
            0
        }
    }

    /// The record: header, and the value itself unless it is chunked.
    pub(crate) fn record(&self, value: &[u8]) -> Vec<u8> {
        let inline = if self.is_chunked { &[][..] } else { value };
        let mut record = Vec::with_capacity(HEADER_BYTES + inline.len());
        record.push(if self.is_chunked { CHUNKED } else { INLINE });
        // Tables limit values far below 4 GiB.
        record.extend_from_slice(&u32::try_from(self.len).unwrap_or(u32::MAX).to_le_bytes());
        record.extend_from_slice(&self.checksum.to_le_bytes());
        record.extend_from_slice(inline);
        record
    }

    /// Splits a record into header and inline part; nothing if it is no record.
    pub(crate) fn parse(record: &[u8]) -> Option<(Header, &[u8])> {
        let (kind, rest) = record.split_first()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (sum, inline) = rest.split_first_chunk::<16>()?;
        let header = Header {
            is_chunked: *kind == CHUNKED,
            len: usize::try_from(u32::from_le_bytes(*len)).ok()?,
            checksum: u128::from_le_bytes(*sum),
        };
        let inline_len = if header.is_chunked { 0 } else { header.len };
        let is_known = matches!(*kind, INLINE | CHUNKED);
        (is_known && inline.len() == inline_len).then_some((header, inline))
    }

    /// Whether a value is the one that the header was written for.
    pub(crate) fn matches(&self, key: &[u8], value: &[u8]) -> bool {
        value.len() == self.len && checksum(key, value) == self.checksum
    }
}

fn checksum(key: &[u8], value: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    let mut bytes = [0u8; 16];
    hasher.finalize_xof().fill(&mut bytes);
    u128::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_anywhere_in_a_record_is_noticed() {
        let (key, value) = (b"key".as_slice(), b"some value".as_slice());
        let record = Header::of(key, value).record(value);
        for bit in 0..record.len() * 8 {
            let mut broken = record.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            let accepted = Header::parse(&broken)
                .is_some_and(|(header, inline)| !header.is_chunked && header.matches(key, inline));
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn a_value_under_another_key_is_noticed() {
        let header = Header::of(b"a", b"value");
        assert!(header.matches(b"a", b"value"));
        assert!(!header.matches(b"b", b"value"));
    }
}
