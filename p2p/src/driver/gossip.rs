//! Gossip: publishing, delivering for a verdict, forwarding by verdict.

use libp2p::{PeerId, gossipsub};
use tokio::time::Instant;

use super::Driver;
use crate::{
    error::PublishError,
    event::{MessageHandle, NetworkEvent, Published, Verdict},
    score,
    topic::Topic,
};

impl Driver {
    pub(super) fn publish(
        &mut self,
        topic: Topic,
        data: Vec<u8>,
    ) -> Result<Published, PublishError> {
        let size_bytes = data.len();
        if size_bytes > topic.max_bytes() {
            return Err(PublishError::TooLarge {
                topic: topic.name(),
                size_bytes,
                max_bytes: topic.max_bytes(),
            });
        }
        let hash = topic.ident(&self.network_hex).hash();
        match self.swarm.behaviour_mut().gossip.publish(hash, data) {
            Ok(_) => {
                let counts = self.metrics.topics.get(topic);
                counts.messages_out.add(1);
                counts.bytes_out.add_len(size_bytes);
                Ok(Published::Sent)
            }
            Err(gossipsub::PublishError::Duplicate) => Ok(Published::AlreadyKnown),
            Err(gossipsub::PublishError::NoPeersSubscribedToTopic) => Err(PublishError::NoPeers {
                topic: topic.name(),
            }),
            Err(gossipsub::PublishError::AllQueuesFull(_)) => Err(PublishError::QueuesFull),
            Err(error) => Err(PublishError::Prepare(error.to_string())),
        }
    }

    pub(super) fn gossip_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                self.message(propagation_source, message_id, message);
            }
            gossipsub::Event::Subscribed { peer_id, .. } => {
                if let Some(peer) = self.peers.get_mut(&peer_id) {
                    peer.subscribed = true;
                }
                self.announce(peer_id);
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                tracing::debug!(peer = %peer_id, "peer reads too slowly, messages dropped");
            }
            gossipsub::Event::Unsubscribed { .. }
            | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn message(&mut self, from: PeerId, id: gossipsub::MessageId, message: gossipsub::Message) {
        let ignore = gossipsub::MessageAcceptance::Ignore;
        let topic = Topic::from_hash(&self.network_hex, &message.topic);
        let Some(topic) = topic else {
            self.judge(&id, &from, ignore);
            return;
        };
        // After a restart neighbours relay what we published before; the node knows it already.
        if message.source == Some(*self.swarm.local_peer_id()) {
            self.metrics.topics.get(topic).own_returned.add(1);
            self.judge(&id, &from, ignore);
            return;
        }
        let counts = self.metrics.topics.get(topic);
        counts.messages_in.add(1);
        counts.bytes_in.add_len(message.data.len());
        if !self.within_rate(from, message.data.len()) {
            self.metrics.topics.get(topic).over_rate.add(1);
            self.judge(&id, &from, ignore);
            return;
        }
        let handle = MessageHandle {
            message: id.clone(),
            from,
            topic,
        };
        let event = NetworkEvent::Gossip {
            topic,
            data: message.data,
            id: handle,
            from,
        };
        if !self.events.gossip(event) {
            self.metrics.topics.get(topic).dropped.add(1);
            self.judge(&id, &from, ignore);
        }
    }

    /// Takes the message from the budgets of its sender and of all senders together.
    fn within_rate(&mut self, from: PeerId, size_bytes: usize) -> bool {
        let now = Instant::now();
        let bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
        if let Some(peer) = self.peers.get_mut(&from)
            && !(peer.rates.gossip_messages.take(1, now)
                && peer.rates.gossip_bytes.take(bytes, now))
        {
            self.penalise(from, score::PENALTY_GOSSIP_FLOOD);
            return false;
        }
        self.gossip_messages.take(1, now) && self.gossip_bytes.take(bytes, now)
    }

    pub(super) fn report(&mut self, id: &MessageHandle, verdict: Verdict) {
        let counts = self.metrics.topics.get(id.topic);
        let acceptance = match verdict {
            Verdict::Accept => {
                counts.accepted.add(1);
                gossipsub::MessageAcceptance::Accept
            }
            Verdict::Ignore => {
                counts.ignored.add(1);
                gossipsub::MessageAcceptance::Ignore
            }
            Verdict::Reject => {
                counts.rejected.add(1);
                gossipsub::MessageAcceptance::Reject
            }
        };
        if !self.judge(&id.message, &id.from, acceptance) {
            self.metrics.late_verdicts.add(1);
        }
        if verdict == Verdict::Reject {
            self.cut_off_if_bad(id.from);
        }
    }

    fn judge(
        &mut self,
        id: &gossipsub::MessageId,
        from: &PeerId,
        acceptance: gossipsub::MessageAcceptance,
    ) -> bool {
        self.swarm
            .behaviour_mut()
            .gossip
            .report_message_validation_result(id, from, acceptance)
    }
}
