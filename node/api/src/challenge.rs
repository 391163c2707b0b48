//! `challenge_*`, `leaderboard_get` and the addressing of challenges.
//!
//! A challenge is addressed by its name or by a UUID that is derived from the name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Prefix of the preimage of a challenge's UUID.
const UUID_DOMAIN: &[u8] = b"assay/challenge-uuid/v1:";

/// A challenge with its routes, result of `challenge_get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeDetail {
    /// UUID, see [`challenge_uuid`].
    pub id: String,
    /// Unique name.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// SHA-256 of the module, 64 hex digits.
    pub code_hash: String,
    /// Length of the module in bytes.
    pub code_size: u64,
    /// Whether it takes submissions and earns weights.
    pub is_active: bool,
    /// Hotkey of who installed it, hex.
    pub owner: String,
    /// The chain's incentive mechanism it pays through.
    pub mechanism_id: u8,
    /// The module's version.
    pub version: String,
    /// Its share of the emission, relative to the other challenges.
    pub emission_weight: f64,
    /// Time limit of one evaluation.
    pub timeout_secs: u64,
    /// When it was installed, RFC 3339.
    pub created_at: String,
    /// What can be called, in the order of declaration.
    pub routes: Vec<Route>,
}

/// A route of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Uppercase HTTP method.
    pub method: String,
    /// Pattern relative to the challenge; segments `:name` capture.
    pub path: String,
    /// `/challenge/{id}{path}`.
    pub full_path: String,
    /// One line for people.
    pub description: String,
    /// Whether only signed calls are let through.
    pub requires_auth: bool,
    /// Calls per minute of a route with a limit of its own, 0 for none.
    pub rate_limit: u32,
}

/// Result of `challenge_list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChallengeList {
    /// How many are listed.
    pub total: u64,
    /// All of them, sorted by name.
    pub challenges: Vec<ChallengeSummary>,
}

/// A line of [`ChallengeList`]; fields as in [`ChallengeDetail`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeSummary {
    /// UUID.
    pub id: String,
    /// Unique name.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// SHA-256 of the module.
    pub code_hash: String,
    /// Whether it takes submissions.
    pub is_active: bool,
    /// Hotkey of who installed it, hex.
    pub owner: String,
    /// The module's version.
    pub version: String,
    /// How many routes it has.
    pub routes_count: u64,
    /// The chain's incentive mechanism it pays through.
    pub mechanism_id: u8,
    /// Its relative share of the emission.
    pub emission_weight: f64,
}

/// Parameters of `challenge_list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeListParams {
    /// Leaves out inactive challenges, default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_active: Option<bool>,
}

/// Parameters of `challenge_get` and `challenge_getRoutes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeIdParams {
    /// UUID or name.
    pub id: String,
}

/// Result of `challenge_getRoutes`; an unknown challenge has no routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRoutes {
    /// UUID, or what was asked for if there is no such challenge.
    pub challenge_id: String,
    /// How many.
    pub routes_count: u64,
    /// All of them.
    pub routes: Vec<Route>,
}

/// Result of `challenge_listAllRoutes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllRoutes {
    /// How many.
    pub total: u64,
    /// All routes of all challenges.
    pub routes: Vec<ChallengeRoute>,
}

/// A line of [`AllRoutes`]; fields as in [`Route`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRoute {
    /// UUID of the challenge.
    pub challenge_id: String,
    /// Name of the challenge.
    pub challenge_name: String,
    /// Uppercase HTTP method.
    pub method: String,
    /// Pattern relative to the challenge.
    pub path: String,
    /// `/challenge/{id}{path}`.
    pub full_path: String,
    /// One line for people.
    pub description: String,
    /// Whether only signed calls are let through.
    pub requires_auth: bool,
}

/// Parameters of `challenge_call`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeCallParams {
    /// UUID or name.
    #[serde(alias = "challenge_id")]
    pub challenge_id: String,
    /// Uppercase HTTP method, default `GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path relative to the challenge, without a query, default `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// JSON body.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BTreeMap<String, String>>,
    /// Headers; only those of [`crate::auth`] mean something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
}

/// Result of `challenge_call`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeCallResult {
    /// UUID of the challenge that answered.
    pub challenge_id: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Always empty: modules set no headers.
    pub headers: BTreeMap<String, String>,
    /// The module's JSON; base64 text if `body_encoding` says so.
    pub body: Value,
    /// Present when the module's answer isn't JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_encoding: Option<BodyEncoding>,
}

/// How the `body` of [`ChallengeCallResult`] is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyEncoding {
    /// Standard base64 with padding of the raw bytes.
    Base64,
}

/// Parameters of `leaderboard_get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderboardParams {
    /// UUID or name.
    #[serde(alias = "challengeId")]
    pub challenge_id: String,
    /// Page size, default 100, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Entries to skip, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Result of `leaderboard_get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaderboard {
    /// As given.
    pub challenge_id: String,
    /// What the challenge's `GET /leaderboard` answered, usually an array.
    pub entries: Value,
    /// Entries on all pages, where the answer tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Page size that was applied.
    pub limit: u64,
    /// Entries skipped.
    pub offset: u64,
    /// Why there are no entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Route {
    /// A route of the challenge with this UUID.
    pub fn new(
        challenge_id: &str,
        method: &str,
        path: &str,
        description: &str,
        requires_auth: bool,
    ) -> Route {
        Route {
            method: method.to_owned(),
            path: path.to_owned(),
            full_path: format!("/challenge/{challenge_id}{path}"),
            description: description.to_owned(),
            requires_auth,
            rate_limit: 0,
        }
    }
}

impl ChallengeDetail {
    /// Whether `text` is this challenge's name or UUID (in either case).
    pub fn is_called(&self, text: &str) -> bool {
        self.name == text || self.id.eq_ignore_ascii_case(text)
    }

    /// The line of `challenge_list`.
    pub fn summary(&self) -> ChallengeSummary {
        ChallengeSummary {
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            code_hash: self.code_hash.clone(),
            is_active: self.is_active,
            owner: self.owner.clone(),
            version: self.version.clone(),
            routes_count: self.routes.len() as u64,
            mechanism_id: self.mechanism_id,
            emission_weight: self.emission_weight,
        }
    }
}

/// The UUID of the challenge with this name: version 8 (custom), from SHA-256.
pub fn challenge_uuid(name: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(UUID_DOMAIN);
    hasher.update(name.as_bytes());
    let mut bytes = [0u8; 16];
    for (slot, byte) in bytes.iter_mut().zip(hasher.finalize()) {
        *slot = byte;
    }
    let mut number = u128::from_be_bytes(bytes);
    number = number & !(0xf << 76) | 8 << 76;
    number = number & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        (number >> 80) & 0xffff,
        (number >> 64) & 0xffff,
        (number >> 48) & 0xffff,
        number & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_well_formed_and_fixed_by_the_name() {
        let uuid = challenge_uuid("term-challenge");
        assert_eq!(uuid, challenge_uuid("term-challenge"));
        assert_ne!(uuid, challenge_uuid("term-challenge2"));
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'8');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
