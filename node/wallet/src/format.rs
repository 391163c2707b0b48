//! The forms of a key file's plaintext.
//!
//! A JSON file may hold a phrase, a seed and a private key, or some of them. All that can be read
//! have to agree. One that can't be read is passed over if the file names its key and another
//! secret gives that key: the wallet package writes a seed whose bytes are valid UTF-8 as those
//! characters instead of as hex digits.

use assay_consensus::keys::Hotkey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::error::KeyDataError;
use crate::key::WalletKey;
use crate::limits::KEY_FILE_MAX_BYTES;

/// `cryptoType` of sr25519 keys.
const CRYPTO_TYPE_SR25519: u8 = 1;

/// `cryptoType` of ed25519 keys.
const CRYPTO_TYPE_ED25519: u64 = 0;

/// Longest value of a field about the scheme that an error repeats, in bytes.
const SCHEME_SHOWN_MAX_BYTES: usize = 24;

/// Starts of files in encryptions that are refused, and their names.
const OLD_ENCRYPTIONS: [(&[u8], &str); 2] =
    [(b"$ANSIBLE_VAULT", "$ANSIBLE_VAULT"), (b"gAAAAA", "Fernet")];

/// A text that is wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The JSON of a key file; other fields are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson {
    account_id: Option<String>,
    public_key: Option<String>,
    ss58_address: Option<String>,
    /// As some old version wrote it.
    #[serde(rename = " ss58Address")]
    ss58_address_old: Option<String>,
    /// As this project's own key files have it.
    ss58: Option<String>,
    secret_phrase: Option<Secret>,
    secret_seed: Option<Secret>,
    private_key: Option<Secret>,
    crypto_type: Option<Value>,
    account_type: Option<Value>,
    signing_scheme: Option<Value>,
}

/// The JSON that is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenJson {
    account_id: String,
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_phrase: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_seed: Option<Secret>,
    ss58_address: String,
    crypto_type: u8,
}

/// The key in a plaintext.
pub fn parse(plaintext: &[u8]) -> Result<WalletKey, KeyDataError> {
    let text = text_of(plaintext)?;
    if text.starts_with('{') {
        return json_key(&parse_json(text)?);
    }
    if let Some(seed) = decode_hex::<32>(text) {
        return WalletKey::from_seed(&seed);
    }
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
    if text.split_ascii_whitespace().count() > 1 && text.split_ascii_whitespace().all(is_word) {
        return WalletKey::from_phrase(text).map_err(KeyDataError::Phrase);
    }
    Err(KeyDataError::UnknownForm)
}

/// Checks that the public half of a key file is that of `key`.
pub fn check_public(file: &[u8], key: Hotkey) -> Result<(), KeyDataError> {
    let text = text_of(file)?;
    if text.starts_with('{') {
        let json = parse_json(text)?;
        return json.check_names(key);
    }
    match Hotkey::parse(text) {
        Ok(stored) if stored == key => Ok(()),
        _ => Err(mismatch("the public key", key)),
    }
}

/// The JSON of a key file, secrets included.
pub fn write(key: &WalletKey) -> Result<Zeroizing<Vec<u8>>, KeyDataError> {
    let mut json = public_json(key.hotkey());
    json.private_key = Some(Secret(prefixed_hex(&*key.private_key())));
    json.secret_phrase = key.phrase.as_ref().map(|phrase| Secret(phrase.to_string()));
    json.secret_seed = key.seed().map(|seed| Secret(prefixed_hex(seed)));
    to_bytes(&json)
}

/// The JSON of the public half of a key file.
pub fn write_public(key: Hotkey) -> Result<Zeroizing<Vec<u8>>, KeyDataError> {
    to_bytes(&public_json(key))
}

fn text_of(plaintext: &[u8]) -> Result<&str, KeyDataError> {
    for (start, name) in OLD_ENCRYPTIONS {
        if plaintext.starts_with(start) {
            return Err(KeyDataError::OldEncryption(name));
        }
    }
    let text = str::from_utf8(plaintext).map_err(|_| KeyDataError::UnknownForm)?;
    match text.trim() {
        "" => Err(KeyDataError::Empty),
        text => Ok(text),
    }
}

/// The parser's own message is left out: it may quote the secret.
fn parse_json(text: &str) -> Result<KeyJson, KeyDataError> {
    serde_json::from_str(text).map_err(|error| KeyDataError::NotJson {
        line: error.line(),
        column: error.column(),
    })
}

/// An unknown scheme is no obstacle as long as the file names the key and an sr25519 secret gives
/// that very key; otherwise it is the likeliest reason.
fn json_key(json: &KeyJson) -> Result<WalletKey, KeyDataError> {
    json.refuse_ed25519()?;
    let key = secret_key(json);
    match json.unknown_scheme() {
        Some(error) if key.is_err() || !json.names_a_key() => Err(error),
        _ => key,
    }
}

fn secret_key(json: &KeyJson) -> Result<WalletKey, KeyDataError> {
    let mut found: Option<(&'static str, WalletKey)> = None;
    let mut unreadable = None;
    for (field, secret) in json.secrets() {
        match (secret, &found) {
            (Err(error), _) => unreadable = unreadable.or(Some(error)),
            (Ok(key), None) => found = Some((field, key)),
            (Ok(key), Some((first, first_key))) => {
                if key.hotkey() != first_key.hotkey() {
                    return Err(KeyDataError::SecretsDisagree {
                        first,
                        first_key: first_key.hotkey(),
                        second: field,
                        second_key: key.hotkey(),
                    });
                }
            }
        }
    }
    let Some((_, key)) = found else {
        return Err(unreadable.unwrap_or(KeyDataError::NoSecret));
    };
    match unreadable {
        Some(error) if !json.names_a_key() => return Err(error),
        _ => json.check_names(key.hotkey())?,
    }
    Ok(key)
}

impl KeyJson {
    fn refuse_ed25519(&self) -> Result<(), KeyDataError> {
        let named = match &self.crypto_type {
            Some(crypto_type) => number_of(crypto_type) == Some(CRYPTO_TYPE_ED25519),
            // Private keys of sr25519 have 64 bytes.
            None => present(&self.private_key).is_some_and(|key| decode_hex::<32>(key).is_some()),
        };
        let is_ed25519 = |value: &Option<Value>| {
            value
                .as_ref()
                .and_then(Value::as_str)
                .is_some_and(|text| text.eq_ignore_ascii_case("ed25519"))
        };
        if named || is_ed25519(&self.account_type) || is_ed25519(&self.signing_scheme) {
            return Err(KeyDataError::Ed25519);
        }
        Ok(())
    }

    /// The first field with a scheme that isn't known to be sr25519.
    fn unknown_scheme(&self) -> Option<KeyDataError> {
        let crypto_type = self.crypto_type.as_ref();
        if let Some(value) = crypto_type
            && number_of(value) != Some(u64::from(CRYPTO_TYPE_SR25519))
        {
            return Some(unknown_scheme("cryptoType", value));
        }
        [
            ("accountType", &self.account_type),
            ("signingScheme", &self.signing_scheme),
        ]
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_ref()?)))
        .find(|(_, value)| {
            !value
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case("sr25519"))
        })
        .map(|(field, value)| unknown_scheme(field, value))
    }

    /// Every secret that is there, in the order of preference: the first says most about the key.
    fn secrets(&self) -> Vec<(&'static str, Result<WalletKey, KeyDataError>)> {
        let mut secrets = Vec::with_capacity(3);
        if let Some(phrase) = present(&self.secret_phrase) {
            let key = WalletKey::from_phrase(phrase).map_err(KeyDataError::Phrase);
            secrets.push(("secretPhrase", key));
        }
        if let Some(seed) = present(&self.secret_seed) {
            let key = decode_hex::<32>(seed)
                .ok_or(KeyDataError::Seed)
                .and_then(|seed| WalletKey::from_seed(&seed));
            secrets.push(("secretSeed", key));
        }
        if let Some(private_key) = present(&self.private_key) {
            let key = decode_hex::<64>(private_key)
                .ok_or(KeyDataError::PrivateKey)
                .and_then(|private_key| WalletKey::from_private_key(&private_key));
            secrets.push(("privateKey", key));
        }
        secrets
    }

    /// Every name of the key that the file gives.
    fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("publicKey", &self.public_key),
            ("accountId", &self.account_id),
            ("ss58Address", &self.ss58_address),
            ("ss58Address", &self.ss58_address_old),
            ("ss58", &self.ss58),
        ]
        .into_iter()
        .filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }

    fn names_a_key(&self) -> bool {
        self.names().next().is_some()
    }

    fn check_names(&self, key: Hotkey) -> Result<(), KeyDataError> {
        for (field, name) in self.names() {
            if Hotkey::parse(name) != Ok(key) {
                return Err(mismatch(field, key));
            }
        }
        Ok(())
    }
}

fn present(secret: &Option<Secret>) -> Option<&str> {
    secret
        .as_ref()
        .map(|secret| secret.0.trim())
        .filter(|text| !text.is_empty())
}

fn mismatch(field: &'static str, derived: Hotkey) -> KeyDataError {
    KeyDataError::Mismatch { field, derived }
}

/// `cryptoType` is a number; some tools quote it.
fn number_of(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// Repeats a value only if it looks like the name of a scheme, not like a secret.
fn unknown_scheme(field: &'static str, value: &Value) -> KeyDataError {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let is_name = |text: &str| {
        text.len() <= SCHEME_SHOWN_MAX_BYTES
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let got = if !text.is_empty() && is_name(&text) {
        text
    } else {
        "something else".to_owned()
    };
    KeyDataError::Scheme { field, got }
}

/// Exactly `N` bytes of hex, with or without `0x`.
fn decode_hex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0u8; N]);
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut *bytes).ok()?;
    Some(bytes)
}

fn prefixed_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // Not through another text, which would have to be wiped too.
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(
                DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'),
            ));
        }
    }
    text
}

fn public_json(key: Hotkey) -> WrittenJson {
    WrittenJson {
        account_id: prefixed_hex(&key.0),
        public_key: prefixed_hex(&key.0),
        private_key: None,
        secret_phrase: None,
        secret_seed: None,
        ss58_address: key.to_ss58(),
        crypto_type: CRYPTO_TYPE_SR25519,
    }
}

fn to_bytes(json: &WrittenJson) -> Result<Zeroizing<Vec<u8>>, KeyDataError> {
    // Sized up front: a growing buffer would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_MAX_BYTES));
    serde_json::to_writer(&mut *bytes, json).map_err(|_| KeyDataError::Unwritable)?;
    Ok(bytes)
}
