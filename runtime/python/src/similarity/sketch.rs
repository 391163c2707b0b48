//! The fingerprint: a sorted sample of weighted hashes, its bytes, and the scores of two.

use super::features::Feature;

/// Bytes of the largest encoded fingerprint: guests read stored values of up to 64 KiB.
pub const MAX_FINGERPRINT_BYTES: usize = 60 * 1024;
/// What the bytes begin with: name and version. A change of what is hashed is a change of the version.
const MAGIC: [u8; 4] = *b"ApF1";
const HEADER_BYTES: usize = 4 + 8 + 4;
const CHECKSUM_BYTES: usize = 8;
/// Hash, weight, count.
const ENTRY_BYTES: usize = 8 + 1 + 1;
/// Hashes that are kept.
const MAX_ENTRIES: usize = (MAX_FINGERPRINT_BYTES - HEADER_BYTES - CHECKSUM_BYTES) / ENTRY_BYTES;
/// Features of a large package that are sorted to begin with: it has some of them several times.
const SORTED_AT_ONCE: usize = 3 * MAX_ENTRIES;
/// Scores are in 1/10,000.
const SCALE: u64 = 10_000;

/// What is left of a package for comparing: a set of weighted hashes.
///
/// When a package has more hashes than fit, the least ones are kept: a sample that any two
/// fingerprints draw alike, so that scores stay right on average.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// By hash, without repetition.
    entries: Vec<Entry>,
    /// Greater hashes were dropped.
    limit: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    hash: u64,
    weight: u8,
    /// 1 + the binary logarithm of how often it occurs: repeating costs a plagiarist nothing.
    count: u8,
}

impl Entry {
    fn mass(self) -> u64 {
        u64::from(self.weight) * u64::from(self.count)
    }
}

/// How alike two programs are, in 1/10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Scores {
    /// What they share, of what they have on average.
    pub similarity: u32,
    /// Part of the first that is in the second.
    pub contained: u32,
    /// Part of the second that is in the first.
    pub containing: u32,
}

/// Why bytes are no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not of this kind or version.
    #[error("not a fingerprint of this version")]
    Version,
    /// Of another length than they say.
    #[error("{got} bytes, expected {expected}")]
    Length {
        /// What the header says, or the least or greatest that is possible.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// Damaged.
    #[error("checksum is wrong")]
    Checksum,
    /// Not sorted, zero or above the limit: no fingerprint has such an entry.
    #[error("entry {at} is impossible")]
    Entry {
        /// Its number.
        at: usize,
    },
}

impl Fingerprint {
    pub(super) fn new(mut features: Vec<Feature>, template: Option<&Self>) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut rest = features.as_mut_slice();
        let mut chunk = SORTED_AT_ONCE;
        while !rest.is_empty() && entries.len() <= MAX_ENTRIES {
            let (least, greater) = split_least(rest, chunk);
            least.sort_unstable();
            let merged = least.chunk_by(|a, b| a.hash == b.hash).filter_map(|same| {
                let first = same.first()?;
                Some(Entry {
                    hash: first.hash,
                    weight: first.weight,
                    count: u8::try_from(same.len().ilog2() + 1).unwrap_or(u8::MAX),
                })
            });
            entries.extend(
                merged.filter(|entry| !template.is_some_and(|template| template.has(entry.hash))),
            );
            rest = greater;
            chunk *= 2;
        }
        let limit = (entries.len() > MAX_ENTRIES)
            .then(|| entries.get(MAX_ENTRIES - 1).map(|entry| entry.hash))
            .flatten();
        entries.truncate(MAX_ENTRIES);
        Self { entries, limit }
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.entries
            .binary_search_by_key(&hash, |entry| entry.hash)
            .is_ok()
    }

    /// Hashes, least first.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|entry| entry.hash)
    }

    /// Hashes with what they weigh.
    pub(super) fn masses(&self) -> impl Iterator<Item = (u64, u64)> {
        self.entries.iter().map(|entry| (entry.hash, entry.mass()))
    }

    /// Whether there is nothing to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// At most [`MAX_FINGERPRINT_BYTES`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAX_FINGERPRINT_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.limit.unwrap_or(u64::MAX).to_le_bytes());
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        bytes.extend(count.to_le_bytes());
        for entry in &self.entries {
            bytes.extend(entry.hash.to_le_bytes());
            bytes.extend([entry.weight, entry.count]);
        }
        bytes.extend(checksum(&bytes));
        bytes
    }

    /// Reads what [`Fingerprint::encode`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let got = bytes.len();
        if got > MAX_FINGERPRINT_BYTES {
            let expected = MAX_FINGERPRINT_BYTES;
            return Err(DecodeError::Length { expected, got });
        }
        let rest = bytes.strip_prefix(&MAGIC).ok_or(DecodeError::Version)?;
        let too_short = DecodeError::Length {
            expected: HEADER_BYTES + CHECKSUM_BYTES,
            got,
        };
        let (limit, rest) = rest.split_first_chunk::<8>().ok_or(too_short.clone())?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(too_short.clone())?;
        let (body, sum) = rest.split_last_chunk::<CHECKSUM_BYTES>().ok_or(too_short)?;
        let count = u32::from_le_bytes(*count) as usize;
        let size = count.saturating_mul(ENTRY_BYTES);
        if body.len() != size {
            let expected = size.saturating_add(HEADER_BYTES + CHECKSUM_BYTES);
            return Err(DecodeError::Length { expected, got });
        }
        let summed = bytes.get(..got - CHECKSUM_BYTES).unwrap_or_default();
        if checksum(summed) != *sum {
            return Err(DecodeError::Checksum);
        }
        let limit = Some(u64::from_le_bytes(*limit)).filter(|limit| *limit != u64::MAX);
        let mut entries: Vec<Entry> = Vec::with_capacity(count);
        for (at, bytes) in body.as_chunks::<ENTRY_BYTES>().0.iter().enumerate() {
            let [hash @ .., weight, count] = *bytes;
            let hash = u64::from_le_bytes(hash);
            let is_sorted = entries.last().is_none_or(|last| last.hash < hash);
            let is_within = limit.is_none_or(|limit| hash <= limit);
            if !is_sorted || !is_within || weight == 0 || !(1..=64).contains(&count) {
                return Err(DecodeError::Entry { at });
            }
            entries.push(Entry {
                hash,
                weight,
                count,
            });
        }
        Ok(Self { entries, limit })
    }
}

/// Takes about `count` features with the least hashes off, all of a hash together.
fn split_least(features: &mut [Feature], count: usize) -> (&mut [Feature], &mut [Feature]) {
    if count >= features.len() {
        return (features, &mut []);
    }
    let (_, last, greater) = features.select_nth_unstable(count);
    let hash = last.hash;
    let mut end = count + 1;
    for at in 0..greater.len() {
        if greater.get(at).is_some_and(|feature| feature.hash == hash) {
            greater.swap(at, end - count - 1);
            end += 1;
        }
    }
    features.split_at_mut(end)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    super::tree::first_u64(blake3::hash(bytes).as_bytes()).to_le_bytes()
}

/// Compares two packages. Where either is a sample, so is what is compared.
#[must_use]
pub fn compare(a: &Fingerprint, b: &Fingerprint) -> Scores {
    let limit = a.limit.unwrap_or(u64::MAX).min(b.limit.unwrap_or(u64::MAX));
    let within = |fingerprint: &Fingerprint| -> u64 {
        let entries = fingerprint.entries.iter();
        entries
            .take_while(|entry| entry.hash <= limit)
            .map(|entry| entry.mass())
            .sum()
    };
    let (mass_a, mass_b) = (within(a), within(b));
    let shared = shared_mass(a, b, limit);
    Scores {
        similarity: ratio(2 * shared, mass_a + mass_b),
        contained: ratio(shared, mass_a),
        containing: ratio(shared, mass_b),
    }
}

fn shared_mass(a: &Fingerprint, b: &Fingerprint, limit: u64) -> u64 {
    let mut others = b.entries.iter().peekable();
    let mut shared = 0;
    for entry in a.entries.iter().take_while(|entry| entry.hash <= limit) {
        while others.next_if(|other| other.hash < entry.hash).is_some() {}
        if let Some(other) = others.next_if(|other| other.hash == entry.hash) {
            shared += entry.mass().min(other.mass());
        }
    }
    shared
}

fn ratio(part: u64, whole: u64) -> u32 {
    let score = (part * SCALE).checked_div(whole).unwrap_or_default();
    u32::try_from(score).unwrap_or(u32::MAX)
}
