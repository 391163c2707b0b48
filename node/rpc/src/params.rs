//! Parameters of a call, by position or by name.
//!
//! Names may be spelled in camelCase or snake_case, as existing clients use both; `null` is the
//! same as absent; unknown names are ignored.

use std::collections::BTreeMap;

use assay_api::envelope::ErrorObject;
use assay_api::limits::{PAGE_DEFAULT_ENTRIES, PAGE_MAX_ENTRIES};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::SubmissionId;
use serde_json::{Map, Value};

use crate::errors::invalid;

/// Parameters by name.
#[derive(Debug, Default)]
pub struct Params {
    members: Map<String, Value>,
}

impl Params {
    /// Reads the `params` member; `names` are the positional parameters in order.
    pub fn decode(params: Option<Value>, names: &[&str]) -> Result<Params, ErrorObject> {
        match params {
            None | Some(Value::Null) => Ok(Params::default()),
            Some(Value::Object(members)) => Ok(Params { members }),
            Some(Value::Array(values)) => {
                if values.len() > names.len() {
                    return Err(invalid(format!(
                        "Expected at most {} positional parameters, got {}",
                        names.len(),
                        values.len()
                    )));
                }
                let named = names.iter().map(|name| (*name).to_owned());
                Ok(Params {
                    members: named.zip(values).collect(),
                })
            }
            Some(other) => Err(invalid(format!(
                "Invalid params: expected an array or an object, got {}",
                kind(&other)
            ))),
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &str) -> Result<String, ErrorObject> {
        self.opt_text(name)?.ok_or_else(|| missing(name))
    }

    /// A text.
    pub fn opt_text(&mut self, name: &str) -> Result<Option<String>, ErrorObject> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(mistyped(name, "a string", &other)),
        }
    }

    /// An unsigned integer.
    pub fn opt_u64(&mut self, name: &str) -> Result<Option<u64>, ErrorObject> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(mistyped(name, "an unsigned integer", &value)),
            },
        }
    }

    /// A boolean.
    pub fn opt_bool(&mut self, name: &str) -> Result<Option<bool>, ErrorObject> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(mistyped(name, "a boolean", &other)),
        }
    }

    /// Any value, `null` if absent.
    pub fn value(&mut self, name: &str) -> Value {
        self.take(name).unwrap_or(Value::Null)
    }

    /// An object of texts, empty if absent.
    pub fn text_map(&mut self, name: &str) -> Result<BTreeMap<String, String>, ErrorObject> {
        let members = match self.take(name) {
            None => return Ok(BTreeMap::new()),
            Some(Value::Object(members)) => members,
            Some(other) => return Err(mistyped(name, "an object of strings", &other)),
        };
        members
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key, text)),
                other => Err(mistyped(name, "an object of strings", &other)),
            })
            .collect()
    }

    /// A page: size (default 100, at most 1,000) and entries to skip.
    pub fn page(&mut self) -> Result<(u64, u64), ErrorObject> {
        let limit = self.opt_u64("limit")?.unwrap_or(PAGE_DEFAULT_ENTRIES);
        let offset = self.opt_u64("offset")?.unwrap_or(0);
        Ok((limit.min(PAGE_MAX_ENTRIES), offset))
    }

    /// A hotkey in hex or SS58 that must be there, with its text.
    pub fn hotkey(&mut self, name: &str) -> Result<(Hotkey, String), ErrorObject> {
        let text = self.text(name)?;
        Ok((parse_hotkey(&text)?, text))
    }

    /// A submission id that must be there.
    pub fn submission_id(&mut self, name: &str) -> Result<SubmissionId, ErrorObject> {
        let text = self.text(name)?;
        parse_submission_id(&text).ok_or_else(|| {
            invalid(format!(
                "Invalid '{name}' parameter: expected 64 hex digits"
            ))
        })
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let value = self
            .members
            .remove(name)
            .or_else(|| self.members.remove(&other_spelling(name)))?;
        (!value.is_null()).then_some(value)
    }
}

/// A hotkey in hex or SS58.
pub fn parse_hotkey(text: &str) -> Result<Hotkey, ErrorObject> {
    Hotkey::parse(text).map_err(|_| invalid("Invalid hotkey format"))
}

/// A submission id in hex.
pub fn parse_submission_id(text: &str) -> Option<SubmissionId> {
    Hash::from_hex(text).map(SubmissionId)
}

fn missing(name: &str) -> ErrorObject {
    invalid(format!("Missing '{name}' parameter"))
}

fn mistyped(name: &str, expected: &str, got: &Value) -> ErrorObject {
    invalid(format!(
        "Invalid '{name}' parameter: expected {expected}, got {}",
        kind(got)
    ))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `minerHotkey` for `miner_hotkey` and the other way round.
fn other_spelling(name: &str) -> String {
    let to_snake = !name.contains('_');
    let mut spelled = String::with_capacity(name.len() + 2);
    let mut after_underscore = false;
    for c in name.chars() {
        if to_snake && c.is_ascii_uppercase() {
            spelled.push('_');
            spelled.push(c.to_ascii_lowercase());
        } else if c == '_' {
            after_underscore = true;
        } else if after_underscore {
            spelled.push(c.to_ascii_uppercase());
            after_underscore = false;
        } else {
            spelled.push(c);
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn decode(params: Value) -> Params {
        Params::decode(Some(params), &["challenge_id", "limit"]).expect("decodable")
    }

    #[test]
    fn position_and_both_spellings_of_the_name_mean_the_same() {
        for params in [
            json!(["x", 5]),
            json!({"challenge_id": "x", "limit": 5}),
            json!({"challengeId": "x", "limit": 5, "unknown": []}),
        ] {
            let mut params = decode(params);
            assert_eq!(params.text("challenge_id"), Ok("x".to_owned()));
            assert_eq!(params.page(), Ok((5, 0)));
        }
        assert_eq!(other_spelling("challengeId"), "challenge_id");
        assert_eq!(other_spelling("miner_hotkey"), "minerHotkey");
    }

    #[test]
    fn a_wrong_type_is_named_and_a_missing_one_too() {
        let mut params = decode(json!({"challenge_id": 7, "limit": -1}));
        let texts = [
            params.text("challenge_id").expect_err("mistyped").message,
            params.opt_u64("limit").expect_err("mistyped").message,
            params.text("id").expect_err("missing").message,
        ];
        assert_eq!(
            texts,
            [
                "Invalid 'challenge_id' parameter: expected a string, got a number",
                "Invalid 'limit' parameter: expected an unsigned integer, got a number",
                "Missing 'id' parameter",
            ]
        );
    }

    #[test]
    fn params_that_are_no_structure_or_too_many_are_refused() {
        assert!(Params::decode(Some(json!("x")), &["a"]).is_err());
        assert!(Params::decode(Some(json!([1, 2])), &["a"]).is_err());
        assert!(Params::decode(Some(Value::Null), &[]).is_ok());
        assert!(Params::decode(None, &["a"]).is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let key = prop_oneof![
                Just("challenge_id".to_owned()),
                Just("limit".to_owned()),
                "[a-z]{1,4}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_params_decode_or_are_refused_as_invalid(params in any_json()) {
            let read = |params: Value| {
                let mut params = Params::decode(Some(params), &["challenge_id", "limit"])?;
                let id = params.text("challenge_id")?;
                let (limit, _) = params.page()?;
                Ok::<_, ErrorObject>((id, limit))
            };
            match read(params) {
                Ok((_, limit)) => prop_assert!(limit <= PAGE_MAX_ENTRIES),
                Err(error) => prop_assert_eq!(error.code, assay_api::codes::INVALID_PARAMS),
            }
        }

        #[test]
        fn spelling_twice_gives_the_name_back(name in "[a-z]{1,5}(_[a-z]{1,5}){0,3}") {
            prop_assert_eq!(other_spelling(&other_spelling(&name)), name);
        }
    }
}
