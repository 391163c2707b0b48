//! What `assay-node module inspect` and `module call` do, without the command line: plain functions and
//! reports that serialise, with bytes as hex.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_challenge_sdk::abi::WasmRouteDefinition;
use serde::{Deserialize, Serialize};

use crate::context::{CallContext, GuestLog};
use crate::engine::Engine;
use crate::error::{CallError, LoadError};
use crate::module::{CallResult, ModuleInfo};
use crate::storage::MemoryStorage;

/// Bytes of a storage file for [`parse_storage`].
pub const MAX_STORAGE_FILE_BYTES: usize = 64 * crate::limits::MIB;

/// What `module inspect` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InspectReport {
    /// What is known without running it.
    #[serde(flatten)]
    pub module: ModuleInfo,
    /// Whether it exports `evaluate`.
    pub is_challenge: bool,
    /// Answer of `get_name`.
    pub name: Answer<String>,
    /// Answer of `get_version`.
    pub version: Answer<String>,
    /// Answer of `get_routes`.
    pub routes: Answer<Vec<WasmRouteDefinition>>,
}

/// What a module answered, or why it didn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer<T> {
    /// The answer.
    Value(T),
    /// The fault, as text.
    Error(String),
}

impl<T> Answer<T> {
    fn of(result: CallResult<T>) -> Self {
        match result {
            Ok(outcome) => Self::Value(outcome.output),
            Err(error) => Self::Error(error.to_string()),
        }
    }

    /// The answer, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Error(_) => None,
        }
    }
}

/// What `module call` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallReport {
    /// The export.
    pub export: String,
    /// Whether the call succeeded.
    pub ok: bool,
    /// The fault, if it did not.
    pub error: Option<String>,
    /// Whose fault it is: `guest` or `host`.
    pub fault: Option<&'static str>,
    /// The WebAssembly result, if the export has one.
    pub return_value: Option<i64>,
    /// Bytes it points to, hex.
    pub output_hex: Option<String>,
    /// The same as text, if it is printable.
    pub output_text: Option<String>,
    /// Keys written, hex, with their values, hex; null for deleted keys.
    pub storage_writes: BTreeMap<String, Option<String>>,
    /// Log lines.
    pub logs: Vec<GuestLog>,
    /// Fuel used; null when the fault is the host's.
    pub fuel_used: Option<u64>,
}

/// Loads a module and asks it for its name, version and routes.
///
/// # Errors
/// [`LoadError`] when it is refused.
pub fn inspect(engine: &Engine, module: &[u8]) -> Result<InspectReport, LoadError> {
    let module = engine.load(module)?;
    let context = CallContext::new("inspect");
    let storage = || Arc::new(MemoryStorage::default());
    Ok(InspectReport {
        is_challenge: module.is_challenge(),
        name: Answer::of(module.name(&context, storage())),
        version: Answer::of(module.version(&context, storage())),
        routes: Answer::of(module.routes(&context, storage())),
        module: module.info().clone(),
    })
}

/// Calls one export with raw input bytes. A fault of the call is part of the report.
///
/// # Errors
/// [`LoadError`] when the module is refused.
pub fn call(
    engine: &Engine,
    module: &[u8],
    export: &str,
    input: Option<&[u8]>,
    storage: MemoryStorage,
    context: &CallContext,
) -> Result<CallReport, LoadError> {
    let module = engine.load(module)?;
    let mut report = CallReport {
        export: export.to_owned(),
        ok: false,
        error: None,
        fault: None,
        return_value: None,
        output_hex: None,
        output_text: None,
        storage_writes: BTreeMap::new(),
        logs: Vec::new(),
        fuel_used: None,
    };
    match module.call_raw(export, context, Arc::new(storage), input) {
        Ok(outcome) => {
            report.ok = true;
            report.return_value = outcome.output.value;
            report.output_hex = outcome.output.bytes.as_ref().map(hex::encode);
            report.output_text = outcome.output.bytes.and_then(printable);
            report.storage_writes = outcome
                .writes
                .iter()
                .map(|(key, value)| (hex::encode(key), value.as_ref().map(hex::encode)))
                .collect();
            report.logs = outcome.logs;
            report.fuel_used = Some(outcome.fuel_used);
        }
        Err(error) => {
            report.error = Some(error.to_string());
            match error {
                CallError::Guest(failure) => {
                    report.fault = Some("guest");
                    report.logs = failure.logs;
                    report.fuel_used = Some(failure.fuel_used);
                }
                CallError::Host(_) => report.fault = Some("host"),
            }
        }
    }
    Ok(report)
}

/// A storage file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageFileError {
    /// Longer than the cap.
    #[error("storage file of {0} bytes, at most {MAX_STORAGE_FILE_BYTES} are read")]
    TooLarge(usize),
    /// Not a JSON object of strings.
    #[error("storage file is not a JSON object from hex keys to hex values: {0}")]
    Json(#[from] serde_json::Error),
    /// Not hex.
    #[error("`{0}` is not hex")]
    Hex(String),
}

/// Reads storage from JSON: an object from keys to values, all hex; null values are skipped, so that
/// the `storage_writes` of a [`CallReport`] can be fed to the next call.
///
/// # Errors
/// [`StorageFileError`] that says what is wrong with the file.
pub fn parse_storage(json: &[u8]) -> Result<MemoryStorage, StorageFileError> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct File(BTreeMap<String, Option<String>>);
    if json.len() > MAX_STORAGE_FILE_BYTES {
        return Err(StorageFileError::TooLarge(json.len()));
    }
    let File(entries) = serde_json::from_slice(json)?;
    let bytes = |text: String| hex::decode(&text).map_err(|_| StorageFileError::Hex(text));
    let mut parsed = BTreeMap::new();
    for (key, value) in entries {
        if let Some(value) = value {
            parsed.insert(bytes(key)?, bytes(value)?);
        }
    }
    Ok(MemoryStorage::new(parsed))
}

fn printable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let is_printable = text
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    (is_printable && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_file_names_what_is_wrong() {
        let storage = parse_storage(br#"{"61": "6263", "62": null}"#).unwrap();
        assert_eq!(
            storage.entries(),
            &BTreeMap::from([(b"a".to_vec(), b"bc".to_vec())])
        );
        let error = |json: &[u8]| parse_storage(json).unwrap_err().to_string();
        assert!(error(b"[]").contains("JSON object"));
        assert!(error(br#"{"zz": "00"}"#).contains("`zz`"));
    }
}
