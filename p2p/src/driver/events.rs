//! The way of events to the node: bounded, never awaited by the network.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::mpsc;

use crate::{event::NetworkEvent, limits, metrics::Metrics};

/// Sends events. Gossip leaves an eighth of the queue to events about peers, which are kept in a
/// bounded backlog when even that is full.
pub(crate) struct EventSink {
    queue: mpsc::Sender<NetworkEvent>,
    reserve: usize,
    deferred: VecDeque<NetworkEvent>,
    metrics: Arc<Metrics>,
}

impl EventSink {
    pub(crate) fn new(queue: mpsc::Sender<NetworkEvent>, metrics: Arc<Metrics>) -> Self {
        let reserve = queue.max_capacity() / 8;
        Self {
            queue,
            reserve,
            deferred: VecDeque::new(),
            metrics,
        }
    }

    /// Sends gossip, or says that there is no room.
    pub(crate) fn gossip(&self, event: NetworkEvent) -> bool {
        self.queue.capacity() > self.reserve && self.queue.try_send(event).is_ok()
    }

    /// Sends a request, or says that there is no room.
    pub(crate) fn request(&self, event: NetworkEvent) -> bool {
        self.deferred.is_empty() && self.queue.try_send(event).is_ok()
    }

    /// Sends an event about a peer, now or later, in order.
    pub(crate) fn about_peer(&mut self, event: NetworkEvent) {
        let event = if self.deferred.is_empty() {
            match self.queue.try_send(event) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(event)) => event,
            }
        } else {
            event
        };
        if self.deferred.len() < limits::MAX_DEFERRED_EVENTS {
            self.deferred.push_back(event);
        } else {
            self.metrics.events_lost.add(1);
        }
    }

    pub(crate) fn has_deferred(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// Waits for room and sends one deferred event. Safe to cancel.
    pub(crate) async fn flush(&mut self) {
        match self.queue.reserve().await {
            Ok(permit) => {
                if let Some(event) = self.deferred.pop_front() {
                    permit.send(event);
                }
            }
            Err(_) => self.deferred.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use libp2p::PeerId;

    use super::*;

    fn connected(peer: PeerId) -> NetworkEvent {
        NetworkEvent::PeerConnected { peer }
    }

    #[tokio::test]
    async fn gossip_is_dropped_and_peer_events_are_kept_when_the_node_is_slow() {
        let (queue, mut events) = mpsc::channel(16);
        let mut sink = EventSink::new(queue, Arc::default());
        let peers: Vec<_> = (0..40).map(|_| PeerId::random()).collect();
        let taken = (0..40)
            .filter(|i| sink.gossip(connected(peers[*i])))
            .count();
        assert_eq!(taken, 14, "two places are reserved");
        for peer in &peers {
            sink.about_peer(connected(*peer));
        }
        assert!(!sink.request(connected(peers[0])));
        for _ in 0..14 {
            events.recv().await.unwrap();
        }
        for expected in &peers {
            if sink.has_deferred() {
                sink.flush().await;
            }
            let Some(NetworkEvent::PeerConnected { peer }) = events.recv().await else {
                panic!("another event");
            };
            assert_eq!(peer, *expected);
        }
    }

    #[tokio::test]
    async fn the_backlog_is_bounded() {
        let (queue, _events) = mpsc::channel(1);
        let metrics = Arc::new(Metrics::default());
        let mut sink = EventSink::new(queue, Arc::clone(&metrics));
        for _ in 0..limits::MAX_DEFERRED_EVENTS + 11 {
            sink.about_peer(connected(PeerId::random()));
        }
        assert_eq!(sink.deferred.len(), limits::MAX_DEFERRED_EVENTS);
        assert_eq!(metrics.snapshot().events_lost, 10);
    }
}
