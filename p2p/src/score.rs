//! Peer scoring: what costs a peer its place.
//!
//! Rejected messages weigh by the square of their count, so one mistake is forgiven and five in a
//! few minutes are not. Good behaviour earns little, so that nobody saves up credit for an attack.
//! Delivery rates are not scored: the network is often quiet.

use std::{collections::HashSet, net::IpAddr, time::Duration};

use libp2p::gossipsub::{
    PeerScoreParams, PeerScoreThresholds, TopicHash, TopicScoreParams, score_parameter_decay,
};

use crate::{config::GossipConfig, limits::RETAIN_SCORE};

/// Under this score a peer is banned.
pub(crate) const GRAYLIST: f64 = -80.0;

/// Penalty for gossip over the rate, per message.
pub(crate) const PENALTY_GOSSIP_FLOOD: f64 = 0.05;

/// Penalty for a request over the rate; askers that pause when told busy stay far from a ban.
pub(crate) const PENALTY_REQUEST_FLOOD: f64 = 0.1;

/// Penalty for a frame that is not a request or response of the protocol.
pub(crate) const PENALTY_MALFORMED: f64 = 20.0;

/// Penalty for blob bytes with another hash: two are too many.
pub(crate) const PENALTY_CORRUPT_BLOB: f64 = 45.0;

/// Share of a peer's penalties that is left after a second.
pub(crate) const PENALTY_DECAY: f64 = 0.98;

pub(crate) fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: -20.0,
        publish_threshold: -50.0,
        graylist_threshold: GRAYLIST,
        accept_px_threshold: 10.0,
        opportunistic_graft_threshold: 1.0,
    }
}

pub(crate) fn params(
    config: &GossipConfig,
    topics: impl Iterator<Item = TopicHash>,
) -> PeerScoreParams {
    let loopback = [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    PeerScoreParams {
        topics: topics.map(|topic| (topic, topic_params())).collect(),
        topic_score_cap: 10.0,
        app_specific_weight: 1.0,
        ip_colocation_factor_weight: -5.0,
        ip_colocation_factor_threshold: f64::from(config.max_peers_per_ip.max(1)),
        ip_colocation_factor_whitelist: HashSet::from(loopback),
        // Broken promises happen when messages are dropped under load; only many of them count.
        behaviour_penalty_weight: -1.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: score_parameter_decay(Duration::from_secs(60)),
        slow_peer_weight: -0.2,
        slow_peer_threshold: 50.0,
        slow_peer_decay: 0.2,
        retain_score: RETAIN_SCORE,
        ..PeerScoreParams::default()
    }
}

fn topic_params() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 100.0,
        first_message_deliveries_weight: 0.02,
        first_message_deliveries_decay: score_parameter_decay(Duration::from_secs(60)),
        first_message_deliveries_cap: 50.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -4.0,
        invalid_message_deliveries_decay: score_parameter_decay(Duration::from_secs(300)),
        ..TopicScoreParams::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_valid() {
        let topics = [TopicHash::from_raw("a")].into_iter();
        params(&GossipConfig::default(), topics).validate().unwrap();
        thresholds().validate().unwrap();
    }
}
