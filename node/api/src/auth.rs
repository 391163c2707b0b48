//! What a signed route call signs.
//!
//! The three headers `x-hotkey`, `x-signature` and `x-nonce` sign
//! `challenge:{id}:{METHOD}:{path}:{hex(sha256(body))}:{nonce}`. Clients sign the id they call
//! with and hash an empty body as nothing; a server also accepts the challenge's UUID and the four
//! bytes `null`, as [`accepted_messages`] lists. The query is not covered: the existing surface
//! fixes the bytes.
//!
//! Pure functions; keys, clocks and the memory of used nonces belong to the callers.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::limits::{NONCE_MAX_BYTES, NONCE_WINDOW_SECS};

/// Header with the caller's sr25519 public key, 64 hex digits.
pub const HEADER_HOTKEY: &str = "x-hotkey";
/// Header with the signature, 128 hex digits.
pub const HEADER_SIGNATURE: &str = "x-signature";
/// Header with the nonce, `{unix seconds}:{anything}`.
pub const HEADER_NONCE: &str = "x-nonce";

/// The three headers of a signed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthHeaders {
    /// The caller's public key, 64 hex digits.
    pub hotkey: String,
    /// 128 hex digits.
    pub signature: String,
    /// `{unix seconds}:{anything}`.
    pub nonce: String,
}

/// Why a nonce isn't acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// Not `{unix seconds}:{anything}`, or too long.
    #[error(
        "expected a nonce of the form unix_seconds:anything of at most {NONCE_MAX_BYTES} bytes"
    )]
    Malformed,
    /// Too far from the node's clock.
    #[error(
        "nonce expired: its time is {difference_secs} s from the node's, less than {NONCE_WINDOW_SECS} s is accepted"
    )]
    Expired {
        /// Distance between the nonce's time and now.
        difference_secs: u64,
    },
}

impl AuthHeaders {
    /// Picks the headers by name, ignoring case. `None` unless all three are there.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Option<AuthHeaders> {
        let (mut hotkey, mut signature, mut nonce) = (None, None, None);
        for (name, value) in pairs {
            let slot = if name.eq_ignore_ascii_case(HEADER_HOTKEY) {
                &mut hotkey
            } else if name.eq_ignore_ascii_case(HEADER_SIGNATURE) {
                &mut signature
            } else if name.eq_ignore_ascii_case(HEADER_NONCE) {
                &mut nonce
            } else {
                continue;
            };
            *slot = Some(value.to_owned());
        }
        Some(AuthHeaders {
            hotkey: hotkey?,
            signature: signature?,
            nonce: nonce?,
        })
    }

    /// As the `headers` parameter of `challenge_call`.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            (HEADER_HOTKEY.to_owned(), self.hotkey.clone()),
            (HEADER_SIGNATURE.to_owned(), self.signature.clone()),
            (HEADER_NONCE.to_owned(), self.nonce.clone()),
        ])
    }
}

/// The text a caller signs; `challenge_id` is what it calls with, `body` as [`body_bytes`] gives it.
pub fn signed_message(
    challenge_id: &str,
    method: &str,
    path: &str,
    body: &[u8],
    nonce: &str,
) -> String {
    let body_hash = hex::encode(Sha256::digest(body));
    format!("challenge:{challenge_id}:{method}:{path}:{body_hash}:{nonce}")
}

/// Every text a server accepts a signature over: the id as called and the UUID, and for an absent
/// body both the hash of nothing and that of `null`.
pub fn accepted_messages(
    called_as: &str,
    challenge_uuid: &str,
    method: &str,
    path: &str,
    body: &Value,
    nonce: &str,
) -> Vec<String> {
    let mut bodies = vec![body_bytes(body)];
    if body.is_null() {
        bodies.push(b"null".to_vec());
    }
    let mut ids = vec![called_as];
    if challenge_uuid != called_as {
        ids.push(challenge_uuid);
    }
    ids.iter()
        .flat_map(|id| {
            bodies
                .iter()
                .map(move |body| signed_message(id, method, path, body, nonce))
        })
        .collect()
}

/// The body bytes whose hash is signed: canonical JSON, nothing for `null`.
pub fn body_bytes(body: &Value) -> Vec<u8> {
    if body.is_null() {
        Vec::new()
    } else {
        canonical_json(body).into_bytes()
    }
}

/// Compact JSON with the keys of all objects sorted, whatever order they are kept in.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

/// A nonce for now; `unique` makes two calls within a second different.
pub fn nonce(unix_secs: u64, unique: &str) -> String {
    format!("{unix_secs}:{unique}")
}

/// Checks form and age of a nonce and gives its time in Unix seconds.
pub fn check_nonce(nonce: &str, now_unix_secs: u64) -> Result<u64, NonceError> {
    if nonce.len() > NONCE_MAX_BYTES {
        return Err(NonceError::Malformed);
    }
    let (seconds, _) = nonce.split_once(':').ok_or(NonceError::Malformed)?;
    let signed_at: u64 = seconds.parse().map_err(|_| NonceError::Malformed)?;
    let difference_secs = now_unix_secs.abs_diff(signed_at);
    if difference_secs >= NONCE_WINDOW_SECS {
        return Err(NonceError::Expired { difference_secs });
    }
    Ok(signed_at)
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            text.push('{');
            for (index, (key, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_signed_text_is_the_existing_clients_one() {
        assert_eq!(
            signed_message("bounty-challenge", "GET", "/stats", b"", "1700000000:x"),
            format!("challenge:bounty-challenge:GET:/stats:{EMPTY_SHA256}:1700000000:x")
        );
    }

    #[test]
    fn keys_are_sorted_at_every_level_and_nothing_is_spaced() {
        let body = json!({"b": [{"z": 1, "a": "ü\n\""}, null], "a": 1.5, "B": true});
        assert_eq!(
            canonical_json(&body),
            r#"{"B":true,"a":1.5,"b":[{"a":"ü\n\"","z":1},null]}"#
        );
    }

    #[test]
    fn an_absent_body_may_be_signed_as_nothing_or_null_under_either_id() {
        let messages = accepted_messages("name", "uuid", "GET", "/", &Value::Null, "1:x");
        assert_eq!(messages.len(), 4);
        assert!(messages.contains(&signed_message("uuid", "GET", "/", b"null", "1:x")));
        let messages = accepted_messages("uuid", "uuid", "POST", "/", &json!({}), "1:x");
        assert_eq!(
            messages,
            [signed_message("uuid", "POST", "/", b"{}", "1:x")]
        );
    }

    #[test]
    fn a_nonce_at_the_edge_of_the_window_is_expired() {
        assert_eq!(check_nonce("1000:a", 1_299), Ok(1_000));
        assert_eq!(check_nonce("1299:a", 1_000), Ok(1_299));
        for (nonce, now) in [("1000:a", 1_300), ("1300:a", 1_000)] {
            assert_eq!(
                check_nonce(nonce, now),
                Err(NonceError::Expired {
                    difference_secs: 300
                })
            );
        }
        for nonce in ["", "1000", "x:1000", "-5:a", "99999999999999999999:a"] {
            assert_eq!(check_nonce(nonce, 1_000), Err(NonceError::Malformed));
        }
    }

    #[test]
    fn header_names_are_matched_in_any_case_and_all_are_needed() {
        let pairs = [("X-Hotkey", "h"), ("x-SIGNATURE", "s"), ("x-nonce", "n")];
        let headers = AuthHeaders::from_pairs(pairs).expect("all three are there");
        assert_eq!(headers.signature, "s");
        assert_eq!(AuthHeaders::from_pairs(pairs[..2].iter().copied()), None);
    }

    proptest! {
        #[test]
        fn canonical_json_reads_back_as_the_same_value(text in "\\PC*", number: i64, flag: bool) {
            let value = json!({"t": text, "n": [number, flag], text.clone(): {"x": null}});
            let read: Value = serde_json::from_str(&canonical_json(&value)).expect("json");
            prop_assert_eq!(read, value);
        }

        #[test]
        fn no_nonce_panics(nonce in "\\PC*", now: u64) {
            let _ = check_nonce(&nonce, now);
        }
    }
}
