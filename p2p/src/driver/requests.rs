//! Requests: sync, blob chunks and identity statements, in both directions.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::{future::BoxFuture, stream::FuturesUnordered};
use libp2p::{
    PeerId,
    request_response::{
        Event, InboundRequestId, Message, OutboundFailure, OutboundRequestId, ResponseChannel,
    },
};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

use super::{BlobReply, Driver, SyncReply};
use crate::{
    error::RequestError,
    event::{NetworkEvent, ReplyHandle},
    limits, score,
    wire::{self, BlobPart, BlobRequest, Response},
};

type Exchange = Event<Vec<u8>, Vec<u8>>;
type Channel = ResponseChannel<Vec<u8>>;

/// Requests that wait, ours and others'.
#[derive(Default)]
pub(super) struct Requests {
    sync_out: HashMap<OutboundRequestId, SyncReply>,
    blob_out: HashMap<OutboundRequestId, BlobReply>,
    /// Being answered: the response is held until it has been sent.
    sync_in: BTreeMap<InboundRequestId, PeerId>,
    blob_in: BTreeMap<InboundRequestId, PeerId>,
    pub(super) answers: FuturesUnordered<BoxFuture<'static, Answer>>,
}

/// An answer that is ready to be sent.
pub(super) struct Answer {
    protocol: Protocol,
    channel: Channel,
    frame: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Protocol {
    Sync,
    Blob,
}

impl Driver {
    pub(super) fn send_sync(&mut self, peer: PeerId, data: Vec<u8>, reply: SyncReply) {
        match self.may_send(peer) {
            Ok(()) => {
                let id = self.swarm.behaviour_mut().sync.send_request(&peer, data);
                self.requests.sync_out.insert(id, reply);
            }
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    pub(super) fn send_blob(&mut self, peer: PeerId, request: BlobRequest, reply: BlobReply) {
        match self.may_send(peer) {
            Ok(()) => {
                let id = self
                    .swarm
                    .behaviour_mut()
                    .blob
                    .send_request(&peer, request.encode());
                self.requests.blob_out.insert(id, reply);
            }
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    fn may_send(&self, peer: PeerId) -> Result<(), RequestError> {
        let pending = self.requests.sync_out.len() + self.requests.blob_out.len();
        if pending >= limits::MAX_OUTBOUND_REQUESTS {
            return Err(RequestError::Overloaded { pending });
        }
        if !self.peers.contains(&peer) {
            return Err(RequestError::NotConnected(peer));
        }
        self.metrics.requests_out.add(1);
        Ok(())
    }

    pub(super) fn set_identity(&mut self, statement: Vec<u8>) {
        self.identity = statement;
        let peers: Vec<PeerId> = self.peers.announced().copied().collect();
        for peer in peers {
            self.send_identity(peer);
        }
    }

    pub(super) fn send_identity(&mut self, peer: PeerId) {
        self.metrics.requests_out.add(1);
        self.swarm
            .behaviour_mut()
            .identity
            .send_request(&peer, self.identity.clone());
    }

    pub(super) fn sync_event(&mut self, event: Exchange) {
        match event {
            Event::Message {
                peer,
                message:
                    Message::Request {
                        request_id,
                        request,
                        channel,
                    },
                ..
            } => {
                self.sync_request(peer, request_id, request, channel);
            }
            Event::Message {
                peer,
                message:
                    Message::Response {
                        request_id,
                        response,
                    },
                ..
            } => {
                let Some(reply) = self.requests.sync_out.remove(&request_id) else {
                    return;
                };
                let result = match wire::decode_sync(response) {
                    Some(Response::Ok(body)) => Ok(body),
                    Some(Response::Busy) => Err(RequestError::Busy(peer)),
                    Some(Response::None) => Err(RequestError::Refused(peer)),
                    None => Err(self.malformed(peer)),
                };
                let _ = reply.send(result);
            }
            Event::OutboundFailure {
                peer,
                request_id,
                error,
                ..
            } => {
                self.metrics.requests_failed.add(1);
                if let Some(reply) = self.requests.sync_out.remove(&request_id) {
                    let _ = reply.send(Err(failure(peer, error)));
                }
            }
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                if let Some(peer) = self.requests.sync_in.remove(&request_id)
                    && let Some(peer) = self.peers.get_mut(&peer)
                {
                    peer.sync_inbound = peer.sync_inbound.saturating_sub(1);
                }
            }
        }
    }

    fn sync_request(
        &mut self,
        from: PeerId,
        id: InboundRequestId,
        data: Vec<u8>,
        channel: Channel,
    ) {
        self.metrics.requests_in.add(1);
        let busy = wire::encode_sync(Response::Busy);
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        if !peer.rates.sync.take(1, Instant::now()) {
            self.refuse(Protocol::Sync, channel, busy);
            self.penalise(from, score::PENALTY_REQUEST_FLOOD);
            return;
        }
        let full = peer.sync_inbound >= limits::MAX_SYNC_INBOUND_PER_PEER
            || self.requests.sync_in.len() >= limits::MAX_SYNC_INBOUND;
        if full {
            self.refuse(Protocol::Sync, channel, busy);
            return;
        }
        let (reply, answer) = oneshot::channel();
        let event = NetworkEvent::Request {
            peer: from,
            data,
            reply: ReplyHandle(reply),
        };
        if !self.events.request(event) {
            self.refuse(Protocol::Sync, channel, busy);
            return;
        }
        peer.sync_inbound += 1;
        self.requests.sync_in.insert(id, from);
        self.requests.answers.push(Box::pin(async move {
            let response = match time::timeout(limits::SYNC_DEADLINE, answer).await {
                Ok(Ok(body)) if body.len() <= limits::MAX_SYNC_RESPONSE_BYTES => Response::Ok(body),
                _ => Response::None,
            };
            Answer {
                protocol: Protocol::Sync,
                channel,
                frame: wire::encode_sync(response),
            }
        }));
    }

    pub(super) fn blob_event(&mut self, event: Exchange) {
        match event {
            Event::Message {
                peer,
                message:
                    Message::Request {
                        request_id,
                        request,
                        channel,
                    },
                ..
            } => {
                self.blob_request(peer, request_id, &request, channel);
            }
            Event::Message {
                peer,
                message:
                    Message::Response {
                        request_id,
                        response,
                    },
                ..
            } => {
                let Some(reply) = self.requests.blob_out.remove(&request_id) else {
                    return;
                };
                let result = wire::decode_blob(&response).ok_or_else(|| self.malformed(peer));
                let _ = reply.send(result);
            }
            Event::OutboundFailure {
                peer,
                request_id,
                error,
                ..
            } => {
                self.metrics.requests_failed.add(1);
                if let Some(reply) = self.requests.blob_out.remove(&request_id) {
                    let _ = reply.send(Err(failure(peer, error)));
                }
            }
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                if let Some(peer) = self.requests.blob_in.remove(&request_id)
                    && let Some(peer) = self.peers.get_mut(&peer)
                {
                    peer.blob_inbound = peer.blob_inbound.saturating_sub(1);
                }
            }
        }
    }

    fn blob_request(&mut self, from: PeerId, id: InboundRequestId, frame: &[u8], channel: Channel) {
        self.metrics.requests_in.add(1);
        let busy = wire::encode_blob(&Response::Busy);
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        if !peer.rates.blob.take(1, Instant::now()) {
            self.refuse(Protocol::Blob, channel, busy);
            self.penalise(from, score::PENALTY_REQUEST_FLOOD);
            return;
        }
        let Some(request) = BlobRequest::decode(frame) else {
            self.malformed(from);
            return;
        };
        let full = peer.blob_inbound >= limits::MAX_BLOB_INBOUND_PER_PEER
            || self.requests.blob_in.len() >= limits::MAX_BLOB_INBOUND;
        if full {
            self.refuse(Protocol::Blob, channel, busy);
            return;
        }
        peer.blob_inbound += 1;
        self.requests.blob_in.insert(id, from);
        let source = Arc::clone(&self.blobs);
        let max_bytes = self.max_blob_bytes;
        let metrics = Arc::clone(&self.metrics);
        let read = tokio::task::spawn_blocking(move || {
            source
                .read(&request.hash, request.offset, request.len)
                .filter(|chunk| chunk.total_len <= max_bytes)
        });
        self.requests.answers.push(Box::pin(async move {
            // A source that panics serves nothing.
            let response = match read.await.ok().flatten() {
                Some(mut chunk) => {
                    chunk
                        .data
                        .truncate(usize::try_from(request.len).unwrap_or(usize::MAX));
                    metrics.blob_chunks_served.add(1);
                    metrics.blob_bytes_served.add_len(chunk.data.len());
                    Response::Ok(BlobPart {
                        total_len: chunk.total_len,
                        data: chunk.data,
                    })
                }
                None => Response::None,
            };
            Answer {
                protocol: Protocol::Blob,
                channel,
                frame: wire::encode_blob(&response),
            }
        }));
    }

    pub(super) fn identity_event(&mut self, event: Exchange) {
        match event {
            Event::Message {
                peer: from,
                message:
                    Message::Request {
                        request, channel, ..
                    },
                ..
            } => {
                self.metrics.requests_in.add(1);
                let Some(peer) = self.peers.get_mut(&from) else {
                    return;
                };
                if !peer.rates.identity.take(1, Instant::now()) {
                    self.metrics.requests_refused.add(1);
                    self.penalise(from, score::PENALTY_REQUEST_FLOOD);
                    return;
                }
                // A failed answer means that the peer is gone; it asks again when it is back.
                let own = self.identity.clone();
                let _ = self
                    .swarm
                    .behaviour_mut()
                    .identity
                    .send_response(channel, own);
                self.statement(from, request);
            }
            Event::Message {
                peer,
                message: Message::Response { response, .. },
                ..
            } => {
                self.statement(peer, response);
            }
            Event::OutboundFailure { peer, error, .. } => {
                self.metrics.requests_failed.add(1);
                tracing::debug!(%peer, %error, "identity statement not exchanged");
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => {}
        }
    }

    fn statement(&mut self, from: PeerId, statement: Vec<u8>) {
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        if statement.is_empty() || peer.identity.as_ref() == Some(&statement) {
            return;
        }
        peer.identity = Some(statement.clone());
        if !peer.announced {
            // Told when the peer is.
            return;
        }
        self.events.about_peer(NetworkEvent::PeerIdentity {
            peer: from,
            statement,
        });
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        let Answer {
            protocol,
            channel,
            frame,
        } = answer;
        let behaviour = self.swarm.behaviour_mut();
        let exchange = match protocol {
            Protocol::Sync => &mut behaviour.sync,
            Protocol::Blob => &mut behaviour.blob,
        };
        // A failed answer shows up as an inbound failure.
        let _ = exchange.send_response(channel, frame);
    }

    fn refuse(&mut self, protocol: Protocol, channel: Channel, frame: Vec<u8>) {
        self.metrics.requests_refused.add(1);
        self.answer(Answer {
            protocol,
            channel,
            frame,
        });
    }

    fn malformed(&mut self, peer: PeerId) -> RequestError {
        self.metrics.malformed.add(1);
        self.penalise(peer, score::PENALTY_MALFORMED);
        RequestError::Failed {
            peer,
            reason: "frame is not of the protocol".to_owned(),
        }
    }
}

fn failure(peer: PeerId, error: OutboundFailure) -> RequestError {
    match error {
        OutboundFailure::DialFailure => RequestError::NotConnected(peer),
        OutboundFailure::Timeout => RequestError::Timeout(peer),
        OutboundFailure::ConnectionClosed => RequestError::Disconnected(peer),
        OutboundFailure::UnsupportedProtocols => RequestError::Unsupported(peer),
        OutboundFailure::Io(error) => RequestError::Failed {
            peer,
            reason: error.to_string(),
        },
    }
}
