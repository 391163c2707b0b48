//! Small messages with descriptors over a unix socket that keeps their borders.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use bincode::Options;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest message, in bytes: texts of errors, never data.
const MESSAGE_MAX_BYTES: usize = 16 * 1024;
/// Most descriptors of one message.
const HANDLES_MAX: usize = 16;

/// Both ends of a new channel; neither survives an exec unless made to.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    Ok(pair)
}

/// Encodes for a channel or for a plan.
pub fn encode<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let options = bincode::DefaultOptions::new();
    options.serialize(value).map_err(invalid_data)
}

/// Decodes what [`encode`] made of it, of at most `limit` bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> io::Result<T> {
    let options = bincode::DefaultOptions::new().with_limit(limit as u64);
    options.deserialize(bytes).map_err(invalid_data)
}

/// Sends one message.
pub fn send<T: Serialize>(
    socket: impl AsFd,
    message: &T,
    handles: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let bytes = encode(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(HANDLES_MAX))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !handles.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(handles)) {
        return Err(invalid_data("too many descriptors for one message"));
    }
    let data = [IoSlice::new(&bytes)];
    let flags = SendFlags::NOSIGNAL;
    retry(|| rustix::net::sendmsg(&socket, &data, &mut ancillary, flags))?;
    Ok(())
}

/// Receives one message; `None` when the other end is gone.
pub fn receive<T: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut bytes = vec![0; MESSAGE_MAX_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(HANDLES_MAX))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = retry(|| {
        let mut data = [IoSliceMut::new(&mut bytes)];
        rustix::net::recvmsg(&socket, &mut data, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
    });
    let received = match received {
        Ok(received) => received.bytes,
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
        Err(error) => return Err(error),
    };
    let mut handles = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            handles.extend(rights);
        }
    }
    let Some(bytes) = bytes.get(..received).filter(|bytes| !bytes.is_empty()) else {
        return Ok(None);
    };
    let message = decode(bytes, MESSAGE_MAX_BYTES)?;
    Ok(Some((message, handles)))
}

/// As [`receive`], but fails when nothing comes in time.
pub fn receive_within<T: DeserializeOwned>(
    socket: impl AsFd,
    most: Duration,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let timeout = Timespec {
        tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: most.subsec_nanos().into(),
    };
    let mut events = [PollFd::new(&socket, PollFlags::IN)];
    if retry(|| rustix::event::poll(&mut events, Some(&timeout)))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    receive(&socket)
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}

fn invalid_data(reason: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_string())
}
