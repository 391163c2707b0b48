//! Content-addressed blobs: serving them from the node's store and fetching them from peers.
//!
//! A blob is named by the SHA-256 of its bytes and moves in chunks. The size is bounded by what
//! the caller allows before the first byte is kept; the hash runs along while chunks arrive; only
//! bytes with the right hash are returned.

pub(crate) mod fetch;

/// A part of a stored blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobChunk {
    /// Length of the whole blob, bytes.
    pub total_len: u64,
    /// The bytes from the offset asked for: `min(len, total_len - offset)` of them, none when
    /// the offset is at or past the end.
    pub data: Vec<u8>,
}

impl BlobChunk {
    /// The chunk of `blob` at `offset`, for stores that hold whole blobs.
    #[must_use]
    pub fn of(blob: &[u8], offset: u64, len: u32) -> Self {
        let total_len = u64::try_from(blob.len()).unwrap_or(u64::MAX);
        let start = usize::try_from(offset.min(total_len)).unwrap_or(blob.len());
        let end = usize::try_from(offset.saturating_add(u64::from(len)).min(total_len))
            .unwrap_or(blob.len());
        let data = blob.get(start..end).map(<[u8]>::to_vec).unwrap_or_default();
        Self { total_len, data }
    }
}

/// Where blobs are read from to be served. Called on a blocking thread, several at a time.
pub trait BlobSource: Send + Sync + 'static {
    /// Reads `len` bytes (at most [`crate::limits::BLOB_CHUNK_BYTES`]) at `offset` of the blob
    /// whose SHA-256 is `hash`; `None` when there is no such blob.
    fn read(&self, hash: &[u8; 32], offset: u64, len: u32) -> Option<BlobChunk>;
}

/// Serves nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBlobs;

impl BlobSource for NoBlobs {
    fn read(&self, _: &[u8; 32], _: u64, _: u32) -> Option<BlobChunk> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_stop_at_the_end_of_the_blob() {
        let blob = [1, 2, 3, 4, 5];
        assert_eq!(BlobChunk::of(&blob, 0, 3).data, [1, 2, 3]);
        assert_eq!(BlobChunk::of(&blob, 3, 3).data, [4, 5]);
        assert_eq!(BlobChunk::of(&blob, 5, 3).data, []);
        assert_eq!(BlobChunk::of(&blob, u64::MAX, u32::MAX).data, []);
        assert_eq!(BlobChunk::of(&blob, u64::MAX, u32::MAX).total_len, 5);
    }
}
