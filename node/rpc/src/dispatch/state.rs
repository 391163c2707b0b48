//! Methods about the node, the chain and the validators.

use assay_api::codes;
use assay_api::envelope::ErrorObject;
use assay_api::validator::{MetagraphHotkeys, MetagraphRegistration, ValidatorList};

use super::{Outcome, json};
use crate::errors::of_backend;
use crate::params::Params;
use crate::service::Service;

pub async fn system_health(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.health().await.map_err(of_backend)?)
}

pub async fn system_version(service: &Service, _params: Params) -> Outcome {
    json(&service.config.version)
}

/// Existing clients know the network by this name.
pub async fn system_name(service: &Service, _params: Params) -> Outcome {
    let properties = service.backend.properties().await.map_err(of_backend)?;
    json(&format!("MiniChain-{}", properties.netuid))
}

pub async fn system_properties(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.properties().await.map_err(of_backend)?)
}

pub async fn chain_get_head(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.chain_head().await.map_err(of_backend)?)
}

pub async fn node_status(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.node_status().await.map_err(of_backend)?)
}

pub async fn epoch_current(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.epoch().await.map_err(of_backend)?)
}

pub async fn epoch_get_phase(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.epoch().await.map_err(of_backend)?.phase)
}

pub async fn validator_count(service: &Service, _params: Params) -> Outcome {
    json(
        &service
            .backend
            .validators()
            .await
            .map_err(of_backend)?
            .len(),
    )
}

pub async fn validator_list(service: &Service, mut params: Params) -> Outcome {
    let (limit, offset) = params.page()?;
    let validators = service.backend.validators().await.map_err(of_backend)?;
    json(&ValidatorList {
        total: validators.len() as u64,
        offset,
        limit,
        validators: page(validators, limit, offset),
    })
}

pub async fn validator_get(service: &Service, mut params: Params) -> Outcome {
    let (hotkey, _) = params.hotkey("hotkey")?;
    let hex = hotkey.to_hex();
    let validators = service.backend.validators().await.map_err(of_backend)?;
    let found = validators
        .into_iter()
        .find(|validator| validator.hotkey == hex)
        .ok_or_else(|| ErrorObject::new(codes::VALIDATOR_NOT_FOUND, "Validator not found"))?;
    json(&found)
}

pub async fn metagraph_hotkeys(service: &Service, _params: Params) -> Outcome {
    let registered = service.backend.registered_hotkeys();
    let hotkeys = registered.await.map_err(of_backend)?;
    json(&MetagraphHotkeys {
        count: hotkeys.len() as u64,
        hotkeys: hotkeys.iter().map(|hotkey| hotkey.to_hex()).collect(),
    })
}

pub async fn metagraph_is_registered(service: &Service, mut params: Params) -> Outcome {
    let (hotkey, as_given) = params.hotkey("hotkey")?;
    let registered = service.backend.registered_hotkeys();
    let is_registered = registered.await.map_err(of_backend)?.contains(&hotkey);
    json(&MetagraphRegistration {
        hotkey: as_given,
        is_registered,
    })
}

fn page<T>(entries: Vec<T>, limit: u64, offset: u64) -> Vec<T> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    entries
        .into_iter()
        .skip(count(offset))
        .take(count(limit))
        .collect()
}
