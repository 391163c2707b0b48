//! Gossip topics. The topic string holds the network id, so that networks never mix.

use libp2p::gossipsub::{IdentTopic, TopicHash};

use crate::limits::MAX_GOSSIP_BYTES;

/// What a gossip message is about; the bytes themselves are opaque here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Signed submission headers of miners.
    Submissions,
    /// Validators' approvals of submissions.
    Approvals,
    /// Messages of the finality engine.
    Consensus,
    /// Votes on logs and scores.
    LogVotes,
    /// Votes on weights.
    WeightsVotes,
    /// What nodes say about themselves: heights, roots, versions.
    Status,
}

impl Topic {
    /// All topics, in a fixed order.
    pub const ALL: [Self; 6] = [
        Self::Submissions,
        Self::Approvals,
        Self::Consensus,
        Self::LogVotes,
        Self::WeightsVotes,
        Self::Status,
    ];

    /// The name as it stands in topic strings, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submissions => "submissions",
            Self::Approvals => "approvals",
            Self::Consensus => "consensus",
            Self::LogVotes => "log-votes",
            Self::WeightsVotes => "weights-votes",
            Self::Status => "status",
        }
    }

    /// Largest payload in bytes; a bigger one counts as invalid and costs the sender score.
    #[must_use]
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::Submissions => 16 * 1024,
            Self::Approvals | Self::LogVotes | Self::Status => 8 * 1024,
            Self::Consensus | Self::WeightsVotes => MAX_GOSSIP_BYTES,
        }
    }

    pub(crate) fn ident(self, network_hex: &str) -> IdentTopic {
        IdentTopic::new(format!("/assay/{network_hex}/{}/1", self.name()))
    }

    pub(crate) fn from_hash(network_hex: &str, hash: &TopicHash) -> Option<Self> {
        let name = hash
            .as_str()
            .strip_prefix("/assay/")?
            .strip_prefix(network_hex)?
            .strip_prefix('/')?
            .strip_suffix("/1")?;
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// One value per topic.
#[derive(Debug, Default)]
pub(crate) struct PerTopic<T>([T; 6]);

impl<T> PerTopic<T> {
    pub(crate) const fn get(&self, topic: Topic) -> &T {
        let [
            submissions,
            approvals,
            consensus,
            log_votes,
            weights_votes,
            status,
        ] = &self.0;
        match topic {
            Topic::Submissions => submissions,
            Topic::Approvals => approvals,
            Topic::Consensus => consensus,
            Topic::LogVotes => log_votes,
            Topic::WeightsVotes => weights_votes,
            Topic::Status => status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_of_another_network_is_unknown() {
        let hash = Topic::Consensus.ident("aa").hash();
        assert_eq!(Topic::from_hash("aa", &hash), Some(Topic::Consensus));
        assert_eq!(Topic::from_hash("ab", &hash), None);
    }

    #[test]
    fn every_topic_is_found_by_its_hash() {
        for topic in Topic::ALL {
            let hash = topic.ident("0102").hash();
            assert_eq!(Topic::from_hash("0102", &hash), Some(topic));
            assert!(topic.max_bytes() <= MAX_GOSSIP_BYTES);
        }
    }

    #[test]
    fn per_topic_values_do_not_overlap() {
        let values = PerTopic([0, 1, 2, 3, 4, 5]);
        let seen: Vec<_> = Topic::ALL.iter().map(|t| *values.get(*t)).collect();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
    }
}
