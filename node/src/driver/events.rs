//! What the network brings: gossip, requests, identities of peers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::{debug, warn};

use assay_consensus::codec;
use assay_consensus::core::{Input, Origin};
use assay_consensus::keys::Hotkey;
use assay_consensus::wire::{Message, SyncRequest, Topic};
use assay_p2p::{MessageHandle, NetworkEvent, PeerId, ReplyHandle};

use super::{Driver, Outgoing, TOKENS_MAX, sync};
use crate::identity;
use crate::shared::{SeenPeer, unix_ms};

/// Hotkeys behind peers that are remembered: a full validator set and miners that connect.
const IDENTITIES_MAX: usize = 1_024;

impl Driver {
    pub(super) fn take_event(&mut self, event: NetworkEvent) -> Option<Input> {
        match event {
            NetworkEvent::Gossip {
                topic,
                data,
                id,
                from: _,
            } => self.take_gossip(core_topic(topic), &data, id),
            NetworkEvent::Request { data, reply, .. } => self.take_request(&data, reply),
            NetworkEvent::PeerIdentity { peer, statement } => {
                self.take_identity(peer, &statement);
                None
            }
            NetworkEvent::PeerBanned { peer, reason, .. } => {
                warn!(%peer, ?reason, "peer cut off");
                None
            }
            NetworkEvent::PeerConnected { peer } => {
                debug!(%peer, "peer connected");
                None
            }
            NetworkEvent::PeerDisconnected { peer } => {
                debug!(%peer, "peer disconnected");
                None
            }
        }
    }

    fn take_gossip(&mut self, topic: Topic, data: &[u8], id: MessageHandle) -> Option<Input> {
        self.shared.metrics.gossip_received.inc();
        match Message::decode(topic, data) {
            Ok(message) if self.waiting.gossip.len() < TOKENS_MAX => {
                let token = self.waiting.token();
                self.waiting.gossip.insert(token, id);
                Some(Input::Message {
                    message: Box::new(message),
                    origin: Origin::Gossip(token),
                })
            }
            Ok(_) => {
                self.outbox
                    .send(Outgoing::Verdict(id, assay_p2p::Verdict::Ignore));
                None
            }
            Err(error) => {
                debug!(?topic, %error, "gossip does not decode");
                self.shared.metrics.gossip_rejected.inc();
                self.outbox
                    .send(Outgoing::Verdict(id, assay_p2p::Verdict::Reject));
                None
            }
        }
    }

    fn take_request(&mut self, data: &[u8], reply: ReplyHandle) -> Option<Input> {
        let request: SyncRequest = match codec::decode(data, sync::REQUEST_MAX_BYTES) {
            Ok(request) => request,
            Err(error) => {
                debug!(%error, "sync request does not decode");
                return None;
            }
        };
        match request {
            SyncRequest::Blocks { from_height } => {
                sync::answer_blocks(
                    &self.background,
                    Arc::clone(&self.shared),
                    reply,
                    from_height,
                );
                None
            }
            SyncRequest::Pull(pull) => {
                if self.waiting.replies.len() >= TOKENS_MAX {
                    return None;
                }
                let token = self.waiting.token();
                self.waiting
                    .replies
                    .insert(token, (reply, SyncRequest::Pull(pull.clone())));
                Some(Input::Pull {
                    token,
                    request: pull,
                })
            }
        }
    }

    /// Remembers the hotkey behind a peer. A registered one always finds room; others, who may be
    /// registered in the next epoch, only as long as there is some.
    fn take_identity(&self, peer: PeerId, statement: &[u8]) {
        let hotkey = identity::verify(statement, &self.shared.network_id, &peer.to_bytes());
        let Some(hotkey) = hotkey else {
            debug!(%peer, "identity statement does not hold");
            return;
        };
        let seen = SeenPeer {
            peer,
            last_seen_ms: unix_ms(),
        };
        let mut identities = self
            .shared
            .identities
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        remember(&mut identities, hotkey, seen, IDENTITIES_MAX, |hotkey| {
            self.core.is_registered(hotkey)
        });
    }
}

fn remember(
    identities: &mut BTreeMap<Hotkey, SeenPeer>,
    hotkey: Hotkey,
    seen: SeenPeer,
    limit: usize,
    is_registered: impl Fn(&Hotkey) -> bool,
) {
    if !identities.contains_key(&hotkey) && identities.len() >= limit {
        let stranger = identities
            .keys()
            .find(|known| !is_registered(known))
            .copied();
        match stranger {
            Some(stranger) if is_registered(&hotkey) => identities.remove(&stranger),
            _ => return,
        };
    }
    identities.insert(hotkey, seen);
}

fn core_topic(topic: assay_p2p::Topic) -> Topic {
    match topic {
        assay_p2p::Topic::Submissions => Topic::Submissions,
        assay_p2p::Topic::Approvals => Topic::Approvals,
        assay_p2p::Topic::Consensus => Topic::Consensus,
        assay_p2p::Topic::LogVotes => Topic::LogVotes,
        assay_p2p::Topic::WeightsVotes => Topic::WeightsVotes,
        assay_p2p::Topic::Status => Topic::Status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_do_not_crowd_out_registered_hotkeys() {
        let seen = SeenPeer {
            peer: PeerId::random(),
            last_seen_ms: 1,
        };
        let registered = |hotkey: &Hotkey| hotkey.0[0] >= 100;
        let mut identities = BTreeMap::new();
        for byte in 0..50 {
            remember(
                &mut identities,
                Hotkey([byte; 32]),
                seen.clone(),
                4,
                registered,
            );
        }
        assert_eq!(identities.len(), 4);
        for byte in 100..110 {
            remember(
                &mut identities,
                Hotkey([byte; 32]),
                seen.clone(),
                4,
                registered,
            );
        }
        assert_eq!(identities.len(), 4);
        assert!(identities.keys().all(registered));
    }
}
