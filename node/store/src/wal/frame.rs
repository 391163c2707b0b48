//! Layout of the write-ahead log.
//!
//! The file is a header sector and then frames. A frame is one append: it starts at a multiple of
//! [`SECTOR_BYTES`] and fills whole sectors, so a later append never rewrites a sector that holds
//! something acknowledged, and what a power cut leaves of an append is some of its sectors, the
//! others missing or zero. The content is masked with a key stream, so that no sector is zero by
//! itself. That is what tells a torn append (never acknowledged, dropped) from a damaged one (may
//! have been acknowledged, an error).

use crate::limits::{WAL_GROUP_MAX_BYTES, WAL_RECORD_MAX_BYTES};

/// Smallest unit that a disk writes as a whole.
pub(super) const SECTOR_BYTES: usize = 512;

/// Sequence number, body length, body checksum, head checksum.
const HEAD_BYTES: usize = 8 + 4 + 16 + 8;

const MAGIC: &[u8] = b"assay-wal-v1\n";

/// What stands at an offset of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A complete frame.
    Frame {
        /// Its records.
        records: Vec<Vec<u8>>,
        /// Bytes it takes.
        len: usize,
    },
    /// An append that a crash cut off: nothing of it was acknowledged.
    Torn,
    /// Something that was complete once.
    Damaged(&'static str),
}

/// The first sector of every log.
pub(super) fn file_header() -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.resize(SECTOR_BYTES, b'.');
    header
}

/// Lays out one append. The caller keeps to the limits.
pub(super) fn encode(sequence: u64, records: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut body = Vec::new();
    for record in records {
        let record = record.as_ref();
        // The limit on records is far below 4 GiB.
        body.extend_from_slice(
            &u32::try_from(record.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        body.extend_from_slice(record);
    }
    let body_len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let frame_len = (HEAD_BYTES + body.len()).next_multiple_of(SECTOR_BYTES);
    body.resize(frame_len - HEAD_BYTES, 0);
    mask(sequence, &mut body);
    let mut frame = Vec::with_capacity(frame_len);
    frame.extend_from_slice(&sequence.to_le_bytes());
    frame.extend_from_slice(&body_len.to_le_bytes());
    frame.extend_from_slice(&digest::<16>(&[&body]));
    let head_sum = digest::<8>(&[&frame]);
    frame.extend_from_slice(&head_sum);
    frame.extend_from_slice(&body);
    frame
}

/// Reads what stands at the beginning of `rest`, where frame `sequence` is expected.
pub(super) fn parse(sequence: u64, rest: &[u8]) -> Parsed {
    let Some(first_sector) = rest.get(..SECTOR_BYTES) else {
        return Parsed::Torn;
    };
    let Some(head) = Head::parse(first_sector) else {
        let is_followed = rest
            .chunks_exact(SECTOR_BYTES)
            .any(|s| Head::parse(s).is_some());
        return if is_zero(first_sector) && !is_followed {
            Parsed::Torn
        } else {
            Parsed::Damaged("the head of a frame is broken")
        };
    };
    if head.sequence != sequence {
        return Parsed::Damaged("a frame is missing");
    }
    let frame_len = (HEAD_BYTES + head.body_len).next_multiple_of(SECTOR_BYTES);
    let Some(frame) = rest.get(..frame_len) else {
        return Parsed::Torn;
    };
    let body = frame.get(HEAD_BYTES..).unwrap_or_default();
    if digest::<16>(&[body]) != head.body_sum {
        let is_last = rest.len() == frame_len;
        let lost_a_sector = frame.chunks_exact(SECTOR_BYTES).any(is_zero);
        return if is_last && lost_a_sector {
            Parsed::Torn
        } else {
            Parsed::Damaged("the body of a frame is broken")
        };
    }
    let mut body = body.to_vec();
    mask(sequence, &mut body);
    match split_records(body.get(..head.body_len).unwrap_or_default()) {
        Some(records) => Parsed::Frame {
            records,
            len: frame_len,
        },
        None => Parsed::Damaged("the records of a frame are broken"),
    }
}

struct Head {
    sequence: u64,
    body_len: usize,
    body_sum: [u8; 16],
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Head> {
        let (sequence, rest) = bytes.split_first_chunk::<8>()?;
        let (body_len, rest) = rest.split_first_chunk::<4>()?;
        let (body_sum, rest) = rest.split_first_chunk::<16>()?;
        let (head_sum, _) = rest.split_first_chunk::<8>()?;
        let body_len_bytes = usize::try_from(u32::from_le_bytes(*body_len)).ok()?;
        let is_sound = digest::<8>(&[sequence, body_len, body_sum]) == *head_sum
            && body_len_bytes <= WAL_GROUP_MAX_BYTES;
        is_sound.then_some(Head {
            sequence: u64::from_le_bytes(*sequence),
            body_len: body_len_bytes,
            body_sum: *body_sum,
        })
    }
}

fn split_records(mut body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    while !body.is_empty() {
        let (len, rest) = body.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        if len > WAL_RECORD_MAX_BYTES {
            return None;
        }
        let (record, rest) = rest.split_at_checked(len)?;
        records.push(record.to_vec());
        body = rest;
    }
    Some(records)
}

/// Combines bytes with a key stream of the frame; doing it twice gives the bytes back.
fn mask(sequence: u64, bytes: &mut [u8]) {
    let mut stream = vec![0u8; bytes.len()];
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"assay/wal-mask/v1");
    hasher.update(&sequence.to_le_bytes());
    hasher.finalize_xof().fill(&mut stream);
    for (byte, key) in bytes.iter_mut().zip(stream) {
        *byte ^= key;
    }
}

fn digest<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut out = [0u8; N];
    hasher.finalize_xof().fill(&mut out);
    out
}

fn is_zero(sector: &[u8]) -> bool {
    sector.iter().all(|byte| *byte == 0)
}
