//! The frame of all request-response protocols: a length and that many bytes, nothing after it.
//!
//! The length is checked against the limit before anything is read, and memory grows with what
//! arrives, not with what is announced.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{StreamProtocol, request_response};

/// Reads and writes frames within the limits of one protocol.
#[derive(Debug, Clone)]
pub(crate) struct FramedCodec {
    pub(crate) max_request_bytes: usize,
    pub(crate) max_response_bytes: usize,
}

impl request_response::Codec for FramedCodec {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &Self::Protocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, self.max_request_bytes).await
    }

    async fn read_response<T>(&mut self, _: &Self::Protocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io, self.max_response_bytes).await
    }

    async fn write_request<T>(
        &mut self,
        _: &Self::Protocol,
        io: &mut T,
        frame: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &frame, self.max_request_bytes).await
    }

    async fn write_response<T>(
        &mut self,
        _: &Self::Protocol,
        io: &mut T,
        frame: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &frame, self.max_response_bytes).await
    }
}

async fn read_frame<T: AsyncRead + Unpin + Send>(
    io: &mut T,
    max_bytes: usize,
) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = u32::from_le_bytes(length);
    let size = usize::try_from(length).map_err(io::Error::other)?;
    if size > max_bytes {
        return Err(too_large(size, max_bytes));
    }
    let mut frame = Vec::new();
    let read = io.take(u64::from(length)).read_to_end(&mut frame).await?;
    if read != size {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("frame announced {size} bytes, {read} came"),
        ));
    }
    Ok(frame)
}

async fn write_frame<T: AsyncWrite + Unpin + Send>(
    io: &mut T,
    frame: &[u8],
    max_bytes: usize,
) -> io::Result<()> {
    if frame.len() > max_bytes {
        return Err(too_large(frame.len(), max_bytes));
    }
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    io.write_all(&length.to_le_bytes()).await?;
    io.write_all(frame).await?;
    io.flush().await
}

fn too_large(size: usize, max_bytes: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("frame of {size} bytes, at most {max_bytes} allowed"),
    )
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, io::Cursor};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_written_frame_reads_back(frame in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut wire = Cursor::new(Vec::new());
            block_on(write_frame(&mut wire, &frame, 300)).unwrap();
            let read = block_on(read_frame(&mut Cursor::new(wire.into_inner()), 300)).unwrap();
            prop_assert_eq!(read, frame);
        }

        #[test]
        fn garbage_never_reads_over_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(frame) = block_on(read_frame(&mut Cursor::new(bytes), 16)) {
                prop_assert!(frame.len() <= 16);
            }
        }
    }

    #[test]
    fn an_announced_giant_is_refused_before_it_is_read() {
        let mut wire = Cursor::new(u32::MAX.to_le_bytes().to_vec());
        let error = block_on(read_frame(&mut wire, 1024)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_cut_frame_is_an_error() {
        let mut wire = Cursor::new([10_u32.to_le_bytes().to_vec(), vec![1; 9]].concat());
        let error = block_on(read_frame(&mut wire, 1024)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
