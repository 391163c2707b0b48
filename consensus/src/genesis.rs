//! The genesis document: everything a network agrees on before its first block.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::block::ChainRef;
use crate::codec::CodecError;
use crate::envelope::NetworkId;
use crate::hash::Hash;
use crate::keys::Hotkey;
use crate::limits::{CHALLENGE_NAME_MAX_BYTES, CHALLENGES_MAX, GENESIS_MAX_BYTES};
use crate::validators::Quorum;

/// Default of [`Genesis::weights_margin_blocks`].
pub const DEFAULT_WEIGHTS_MARGIN_BLOCKS: u64 = 20;

/// Largest emission share; shares only matter relative to each other.
pub const EMISSION_SHARE_MAX: u32 = 1_000_000;

/// A challenge that is active from the first block on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisChallenge {
    /// Name under which clients and miners address it.
    pub name: String,
    /// SHA-256 of the module's bytes.
    pub module_hash: Hash,
    /// Share of the subnet's emission, relative to the sum over all challenges.
    pub emission_share: u32,
    /// Parameters passed to the module as `params`, hex in the document.
    #[serde(with = "hex_bytes", default)]
    pub params: Vec<u8>,
}

/// What a network agrees on before its first block. Its hash is the network id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Name of the network, shown to people.
    pub name: String,
    /// Subnet on the chain.
    pub netuid: u16,
    /// Stake needed for every agreement.
    #[serde(default)]
    pub quorum: Quorum,
    /// Weights are computed by the first block whose chain reference is at most this many chain
    /// blocks before the next epoch.
    #[serde(default = "default_weights_margin")]
    pub weights_margin_blocks: u64,
    /// Least stake weight (rao) of a validator; part of the genesis because it decides who votes.
    pub min_stake_rao: u64,
    /// Hotkey that gets what nobody earned.
    pub burn_hotkey: Hotkey,
    /// Finalised chain block the ledger starts from.
    pub chain: ChainRef,
    /// Challenges, active from the first block on.
    pub challenges: Vec<GenesisChallenge>,
}

/// Why a genesis document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Longer than [`GENESIS_MAX_BYTES`].
    #[error("expected a genesis document of at most {GENESIS_MAX_BYTES} bytes, got {0}")]
    TooLarge(usize),
    /// Not the JSON that is expected.
    #[error("genesis document: {0}")]
    Malformed(String),
    /// No challenge, or more than the protocol allows.
    #[error("expected 1 to {CHALLENGES_MAX} challenges, got {0}")]
    ChallengeCount(usize),
    /// A name that can't be part of a URL or storage key.
    #[error("challenge name {0:?}: expected 1 to {CHALLENGE_NAME_MAX_BYTES} of a-z, 0-9 and '-'")]
    ChallengeName(String),
    /// Two challenges share a name.
    #[error("challenge name {0:?} appears twice")]
    DuplicateChallenge(String),
    /// A share too large to be combined with others in integers.
    #[error("challenge {0:?}: expected an emission share of at most {EMISSION_SHARE_MAX}")]
    EmissionShare(String),
    /// All emission shares are zero.
    #[error("at least one challenge needs an emission share above zero")]
    NoEmission,
    /// Bytes that are no genesis document.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Genesis {
    /// Checks names, counts and shares.
    pub fn validate(&self) -> Result<(), GenesisError> {
        if self.challenges.is_empty() || self.challenges.len() > CHALLENGES_MAX {
            return Err(GenesisError::ChallengeCount(self.challenges.len()));
        }
        let mut names = BTreeSet::new();
        for challenge in &self.challenges {
            if !is_challenge_name(&challenge.name) {
                return Err(GenesisError::ChallengeName(challenge.name.clone()));
            }
            if !names.insert(&challenge.name) {
                return Err(GenesisError::DuplicateChallenge(challenge.name.clone()));
            }
            if challenge.emission_share > EMISSION_SHARE_MAX {
                return Err(GenesisError::EmissionShare(challenge.name.clone()));
            }
        }
        if self
            .challenges
            .iter()
            .all(|challenge| challenge.emission_share == 0)
        {
            return Err(GenesisError::NoEmission);
        }
        Ok(())
    }

    /// The network id: hash of the whole document.
    pub fn network_id(&self) -> NetworkId {
        NetworkId(Hash::of_value("assay/genesis/v1", self))
    }

    /// The challenge with a name.
    pub fn challenge(&self, name: &str) -> Option<&GenesisChallenge> {
        self.challenges
            .iter()
            .find(|challenge| challenge.name == name)
    }
}

/// Whether a string can name a challenge: 1 to 64 of `a-z`, `0-9` and `-`.
pub fn is_challenge_name(name: &str) -> bool {
    (1..=CHALLENGE_NAME_MAX_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn default_weights_margin() -> u64 {
    DEFAULT_WEIGHTS_MARGIN_BLOCKS
}

/// Bytes as hex in JSON and as plain bytes in bincode.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Vec<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(bytes))
        } else {
            bytes.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        if deserializer.is_human_readable() {
            hex::decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
        } else {
            Vec::deserialize(deserializer)
        }
    }
}
