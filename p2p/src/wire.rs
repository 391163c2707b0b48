//! Contents of request and response frames. Integers are little-endian; nothing may follow.

use crate::limits::BLOB_CHUNK_BYTES;

/// First byte of every sync and blob response.
const STATUS_OK: u8 = 0;
const STATUS_BUSY: u8 = 1;
const STATUS_NONE: u8 = 2;

/// Bytes of a response before its body: the status.
pub(crate) const SYNC_HEADER_BYTES: usize = 1;

/// Bytes of a blob response before its data: status and total length.
pub(crate) const BLOB_HEADER_BYTES: usize = 9;

/// Bytes of a blob request.
pub(crate) const BLOB_REQUEST_BYTES: usize = 44;

/// Asks for `len` bytes of a blob from `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobRequest {
    pub(crate) hash: [u8; 32],
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

impl BlobRequest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(BLOB_REQUEST_BYTES);
        frame.extend_from_slice(&self.hash);
        frame.extend_from_slice(&self.offset.to_le_bytes());
        frame.extend_from_slice(&self.len.to_le_bytes());
        frame
    }

    /// `None` when the frame has another length or asks for more than a chunk.
    pub(crate) fn decode(frame: &[u8]) -> Option<Self> {
        let (hash, rest) = frame.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (len, []) = rest.split_first_chunk()? else {
            return None;
        };
        let len = u32::from_le_bytes(*len);
        (len <= BLOB_CHUNK_BYTES).then_some(Self {
            hash: *hash,
            offset: u64::from_le_bytes(*offset),
            len,
        })
    }
}

/// A sync or blob answer: `T` is what an OK carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Response<T> {
    Ok(T),
    /// Over a limit now; may work later.
    Busy,
    /// Sync: refused. Blob: not here.
    None,
}

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlobPart {
    pub(crate) total_len: u64,
    pub(crate) data: Vec<u8>,
}

pub(crate) fn encode_sync(response: Response<Vec<u8>>) -> Vec<u8> {
    match response {
        Response::Ok(mut body) => {
            body.insert(0, STATUS_OK);
            body
        }
        Response::Busy => vec![STATUS_BUSY],
        Response::None => vec![STATUS_NONE],
    }
}

pub(crate) fn decode_sync(mut frame: Vec<u8>) -> Option<Response<Vec<u8>>> {
    match (*frame.first()?, frame.len()) {
        (STATUS_OK, _) => {
            frame.remove(0);
            Some(Response::Ok(frame))
        }
        (STATUS_BUSY, 1) => Some(Response::Busy),
        (STATUS_NONE, 1) => Some(Response::None),
        _ => None,
    }
}

pub(crate) fn encode_blob(response: &Response<BlobPart>) -> Vec<u8> {
    match response {
        Response::Ok(part) => {
            let mut frame = Vec::with_capacity(BLOB_HEADER_BYTES + part.data.len());
            frame.push(STATUS_OK);
            frame.extend_from_slice(&part.total_len.to_le_bytes());
            frame.extend_from_slice(&part.data);
            frame
        }
        Response::Busy => vec![STATUS_BUSY],
        Response::None => vec![STATUS_NONE],
    }
}

pub(crate) fn decode_blob(frame: &[u8]) -> Option<Response<BlobPart>> {
    match frame {
        [STATUS_OK, rest @ ..] => {
            let (total_len, data) = rest.split_first_chunk()?;
            let total_len = u64::from_le_bytes(*total_len);
            Some(Response::Ok(BlobPart {
                total_len,
                data: data.to_vec(),
            }))
        }
        [STATUS_BUSY] => Some(Response::Busy),
        [STATUS_NONE] => Some(Response::None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blob_requests_read_back(hash: [u8; 32], offset: u64, len in 0..=BLOB_CHUNK_BYTES) {
            let request = BlobRequest { hash, offset, len };
            prop_assert_eq!(request.encode().len(), BLOB_REQUEST_BYTES);
            prop_assert_eq!(BlobRequest::decode(&request.encode()), Some(request));
        }

        #[test]
        fn responses_read_back(total_len: u64, data: Vec<u8>) {
            let response = Response::Ok(BlobPart { total_len, data: data.clone() });
            prop_assert_eq!(decode_blob(&encode_blob(&response)), Some(response));
            prop_assert_eq!(decode_sync(encode_sync(Response::Ok(data.clone()))), Some(Response::Ok(data)));
        }

        #[test]
        fn what_decodes_is_what_was_encoded(frame: Vec<u8>) {
            if let Some(request) = BlobRequest::decode(&frame) {
                prop_assert_eq!(request.encode(), frame.clone());
            }
            if let Some(response) = decode_blob(&frame) {
                prop_assert_eq!(encode_blob(&response), frame.clone());
            }
            if let Some(response) = decode_sync(frame.clone()) {
                prop_assert_eq!(encode_sync(response), frame);
            }
        }
    }

    #[test]
    fn a_request_for_more_than_a_chunk_is_refused() {
        let request = BlobRequest {
            hash: [0; 32],
            offset: 0,
            len: BLOB_CHUNK_BYTES + 1,
        };
        assert_eq!(BlobRequest::decode(&request.encode()), None);
        let request = BlobRequest { len: 1, ..request };
        let mut longer = request.encode();
        longer.push(0);
        assert_eq!(BlobRequest::decode(&longer), None);
    }
}
