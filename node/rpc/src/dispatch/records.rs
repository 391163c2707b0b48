//! Methods about submissions, their results, and weights.

use assay_api::codes;
use assay_api::envelope::ErrorObject;
use assay_api::evaluation::{AgentCode, AgentLogs, EvaluationLogs, EvaluationProgress};
use assay_api::submission::{Fault, Reason, SubmissionStatus};
use assay_consensus::limits::PAYLOAD_MAX_BYTES;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Outcome, json};
use crate::backend::{BackendError, SubmissionQuery};
use crate::calls;
use crate::errors::{challenge_not_found, invalid, of_backend};
use crate::limits::SUBMISSION_HEADER_MAX_BYTES;
use crate::params::{Params, parse_hotkey, parse_submission_id};
use crate::service::Service;

/// Unknown ids have no progress: existing clients poll before there is any.
pub async fn evaluation_get_progress(service: &Service, mut params: Params) -> Outcome {
    let submission_id = params.text("submission_id")?;
    let tasks = service.backend.evaluation_progress(&submission_id);
    let progress = tasks.await.map_err(of_backend)?;
    json(&EvaluationProgress {
        submission_id,
        total: progress.len() as u64,
        progress,
    })
}

/// Unknown ids have no logs, for the same reason.
pub async fn evaluation_get_logs(service: &Service, mut params: Params) -> Outcome {
    let as_given = params.text("submission_id")?;
    let known = match parse_submission_id(&as_given) {
        Some(id) => service
            .backend
            .evaluation_logs(id)
            .await
            .map_err(of_backend)?,
        None => None,
    };
    let logs = known.unwrap_or(EvaluationLogs {
        submission_id: String::new(),
        logs: None,
        validated: false,
        log_hash: None,
        matches_local: None,
    });
    json(&EvaluationLogs {
        submission_id: as_given,
        ..logs
    })
}

pub async fn agent_get_code(service: &Service, mut params: Params) -> Outcome {
    let (hotkey, miner_hotkey) = params.hotkey("miner_hotkey")?;
    let epoch = params.opt_u64("epoch")?;
    let code = service.backend.agent_code(hotkey, epoch);
    json(&AgentCode {
        miner_hotkey,
        entry: code.await.map_err(of_backend)?,
    })
}

pub async fn agent_get_logs(service: &Service, mut params: Params) -> Outcome {
    let (hotkey, miner_hotkey) = params.hotkey("miner_hotkey")?;
    let epoch = params.opt_u64("epoch")?;
    let logs = service.backend.agent_logs(hotkey, epoch);
    let logs = logs.await.map_err(of_backend)?;
    json(&AgentLogs {
        miner_hotkey,
        total: logs.len() as u64,
        logs,
    })
}

pub async fn submission_send(service: &Service, mut params: Params) -> Outcome {
    let header_hex = params.text("header")?;
    if header_hex.len() > 2 * SUBMISSION_HEADER_MAX_BYTES {
        return Err(invalid(format!(
            "Invalid 'header' parameter: expected at most {SUBMISSION_HEADER_MAX_BYTES} bytes in hex"
        )));
    }
    let header = hex::decode(header_hex.strip_prefix("0x").unwrap_or(&header_hex))
        .map_err(|error| invalid(format!("Invalid 'header' parameter: {error}")))?;
    let payload = STANDARD
        .decode(params.text("payload")?)
        .map_err(|error| invalid(format!("Invalid 'payload' parameter: {error}")))?;
    if payload.len() > PAYLOAD_MAX_BYTES as usize {
        return Err(of_backend(BackendError::Refused(Reason {
            code: "payload_too_large".to_owned(),
            text: format!(
                "expected a payload of at most {PAYLOAD_MAX_BYTES} bytes, got {}",
                payload.len()
            ),
            fault: Fault::Miner,
        })));
    }
    let sent = service.backend.submission_send(header, payload);
    json(&sent.await.map_err(of_backend)?)
}

pub async fn submission_get(service: &Service, mut params: Params) -> Outcome {
    let id = params.submission_id("submissionId")?;
    let journey = service.backend.submission(id).await.map_err(of_backend)?;
    json(&journey.ok_or_else(|| {
        ErrorObject::new(
            codes::SUBMISSION_NOT_FOUND,
            format!("Submission '{id}' not found"),
        )
    })?)
}

pub async fn submission_list(service: &Service, mut params: Params) -> Outcome {
    let hotkey = match params.opt_text("hotkey")? {
        Some(text) => Some(parse_hotkey(&text)?),
        None => None,
    };
    let challenge = match params.opt_text("challenge")? {
        Some(id) => Some(challenge_name(service, &id).await?),
        None => None,
    };
    let status = match params.opt_text("status")? {
        Some(text) => Some(
            text.parse::<SubmissionStatus>()
                .map_err(|error| invalid(format!("Invalid 'status' parameter: {error}")))?,
        ),
        None => None,
    };
    let (limit, offset) = params.page()?;
    let listed = service.backend.submissions(SubmissionQuery {
        hotkey,
        challenge,
        status,
        limit,
        offset,
    });
    json(&listed.await.map_err(of_backend)?)
}

pub async fn weights_get(service: &Service, mut params: Params) -> Outcome {
    let epoch = params.opt_u64("epoch")?;
    json(&service.backend.weights(epoch).await.map_err(of_backend)?)
}

pub async fn subnet_get_weights(service: &Service, _params: Params) -> Outcome {
    json(&service.backend.subnet_weights().await.map_err(of_backend)?)
}

async fn challenge_name(service: &Service, id: &str) -> Result<String, ErrorObject> {
    let challenges = service.backend.challenges().await.map_err(of_backend)?;
    calls::find(&challenges, id)
        .map(|challenge| challenge.name.clone())
        .ok_or_else(|| challenge_not_found(id))
}
