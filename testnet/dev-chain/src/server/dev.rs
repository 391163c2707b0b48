//! `dev_*`: what only tests may do. The first parameter of each is the admin token, the second,
//! where there is one, an object. Each answers `{"best": N, "finalized": N}`.
//!
//! | method | object |
//! |---|---|
//! | `dev_mine` | `{"blocks": 1, "timestampMs": null}`, both optional; at once, whatever the clock |
//! | `dev_stopBlocks`, `dev_resumeBlocks` | none; of the clock, until the next start |
//! | `dev_stopFinality`, `dev_resumeFinality` | none; at once, kept over restarts |
//! | `dev_addSubnet` | `{"netuid", "tempo"}` |
//! | `dev_register` | `{"netuid", "hotkey", "coldkey"?, "uid"?, "stake"?}` |
//! | `dev_deregister` | `{"netuid", "hotkey"}` |
//! | `dev_setStake` | `{"netuid", "hotkey", "stake"}`; subnet 0 is the root |
//! | `dev_setBalance` | `{"account", "free"}` |
//! | `dev_setSubnetOwner` | `{"netuid", "hotkey"}` |
//! | `dev_setHyperparameter` | `{"netuid", "parameter": {"tempo": 20}}`, see [`Hyperparameter`] |
//! | `dev_setBeacon` | `{"seed"}` |
//! | `dev_setAutoPulses` | `{"enabled"}` |
//! | `dev_publishPulse` | `{"round"}` |
//! | `dev_upgradeRuntime` | `{"call_shift", "error_shift"}`, each at most 100 |
//!
//! Everything from `dev_addSubnet` on takes effect with the next block. Accounts are SS58 or hex.
//!
//! [`Hyperparameter`]: crate::chain::Hyperparameter

use jsonrpsee::RpcModule;
use jsonrpsee::server::RegisterMethodError;
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::json::{Answer, bad_params};
use super::shared::{ChangeError, Shared};
use crate::chain::AdminCommand;

/// Code of a refusal for want of the token.
const FORBIDDEN_CODE: i32 = -32001;

/// Code of a command that can't be carried out.
const REFUSED_CODE: i32 = -32002;

/// Methods that are an [`AdminCommand`] each: `dev_` and its name.
const COMMANDS: [(&str, &str); 13] = [
    ("dev_stopFinality", "stopFinality"),
    ("dev_resumeFinality", "resumeFinality"),
    ("dev_addSubnet", "addSubnet"),
    ("dev_register", "register"),
    ("dev_deregister", "deregister"),
    ("dev_setStake", "setStake"),
    ("dev_setBalance", "setBalance"),
    ("dev_setSubnetOwner", "setSubnetOwner"),
    ("dev_setHyperparameter", "setHyperparameter"),
    ("dev_setBeacon", "setBeacon"),
    ("dev_setAutoPulses", "setAutoPulses"),
    ("dev_publishPulse", "publishPulse"),
    ("dev_upgradeRuntime", "upgradeRuntime"),
];

/// Where the chain is after a command.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    best: u64,
    finalized: u64,
}

/// How many blocks, and with what time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Mine {
    blocks: u64,
    timestamp_ms: Option<u64>,
}

impl Default for Mine {
    fn default() -> Mine {
        Mine {
            blocks: 1,
            timestamp_ms: None,
        }
    }
}

pub(super) fn register(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    for (method, command) in COMMANDS {
        module.register_blocking_method(method, move |params, shared, _| {
            let argument = admitted(&params, &shared)?;
            let command = match argument {
                Value::Null => json!(command),
                argument => json!({ command: argument }),
            };
            let command: AdminCommand = serde_json::from_value(command).map_err(bad_params)?;
            shared.obey(command).map_err(|error| refused(&error))?;
            Ok::<_, ErrorObjectOwned>(position(&shared))
        })?;
    }
    module.register_blocking_method("dev_mine", |params, shared, _| {
        let mine = match admitted(&params, &shared)? {
            Value::Null => Mine::default(),
            argument => serde_json::from_value(argument).map_err(bad_params)?,
        };
        shared
            .mine(mine.blocks, mine.timestamp_ms)
            .map_err(|error| refused(&error))?;
        Ok::<_, ErrorObjectOwned>(position(&shared))
    })?;
    for (method, stopped) in [("dev_stopBlocks", true), ("dev_resumeBlocks", false)] {
        module.register_method(method, move |params, shared, _| -> Answer<_> {
            admitted(&params, shared)?;
            shared.stop_blocks(stopped);
            Ok(position(shared))
        })?;
    }
    Ok(())
}

/// Checks the token; returns the parameter after it.
fn admitted(params: &Params<'_>, shared: &Shared) -> Answer<Value> {
    let mut params = params.sequence();
    let token: String = params.next()?;
    let argument = params.optional_next::<Value>()?.unwrap_or_default();
    if shared.admin_token.as_deref() == Some(token.as_str()) {
        return Ok(argument);
    }
    Err(ErrorObjectOwned::owned(
        FORBIDDEN_CODE,
        "admin calls are off, or the token is wrong",
        None::<()>,
    ))
}

fn refused(error: &ChangeError) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(REFUSED_CODE, error.to_string(), None::<()>)
}

fn position(shared: &Shared) -> Position {
    shared.read(|chain| Position {
        best: chain.best_number(),
        finalized: chain.finalized_number(),
    })
}
