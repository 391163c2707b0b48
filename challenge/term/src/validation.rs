//! The rules for a submission, in order; each failure has a name and a reason for the miner.
//!
//! The same rules run when validators approve a submission and again in ledger order, since two
//! submissions may race for a name or a quota.

use alloc::{collections::BTreeSet, format, string::ToString};

use assay_challenge_sdk::{
    Host, Hotkey,
    abi::{EvaluationInput, SubmissionContext, codec},
};

use crate::{
    limits::{
        BASILICA_INSTANCE_MAX_BYTES, EXECUTOR_URL_MAX_BYTES, HOTKEY_TEXT_MAX_BYTES, NAME_MAX_BYTES,
        RATE_LIMIT_EPOCHS, RESULT_ERROR_MAX_BYTES, RESULT_OUTPUT_MAX_BYTES, TASK_ID_MAX_BYTES,
        TASKS_MAX,
    },
    package::{self, Package},
    params::{EvidenceMode, TermParams},
    records::MinerRecord,
    refusal::Refusal,
    signing,
    storage::{StorageError, Store},
    text::{cut, is_plain},
    types::{Submission, TaskResult},
};

/// Bytes of an encoded context: its fixed fields and the name, with room.
const CONTEXT_MAX_BYTES: u64 = 1_024;

/// A submission that passed all rules.
pub struct Accepted {
    /// The submission.
    pub submission: Submission,
    /// Where and when it is evaluated.
    pub context: SubmissionContext,
    /// The miner.
    pub hotkey: Hotkey,
    /// Hash of the package.
    pub agent_hash: [u8; 32],
    /// The parameters.
    pub params: TermParams,
    /// The unpacked package.
    pub package: Package,
    /// The miner so far, if it ever submitted.
    pub miner: Option<MinerRecord>,
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::platform("platform.storage", error.to_string())
    }
}

/// Checks a submission against all rules.
///
/// # Errors
/// [`Refusal`] naming the first rule that is broken.
pub fn check<H: Host + ?Sized>(host: &H, input: &EvaluationInput) -> Result<Accepted, Refusal> {
    let store = Store::new(host);
    let (context, params) = read_surroundings(input)?;

    let submission = Submission::from_bytes(&input.agent_data)
        .map_err(|error| Refusal::miner("submission.malformed", error.to_string()))?;
    check_fields(&submission, &context)?;
    let (hotkey, agent_hash) = check_signature(host, &submission, &context)?;
    check_agent_hash(&submission, &agent_hash)?;
    let package = package::read(&submission.package_zip)?;
    check_epoch(&submission, &context)?;
    let miner = store.miner(&hotkey)?;
    check_rate_limit(miner.as_ref(), context.epoch)?;
    check_name(&store, &hotkey, &context)?;
    match params.evidence {
        EvidenceMode::Reported => check_basilica(&submission)?,
    }
    check_results(&submission.task_results, &params)?;
    Ok(Accepted {
        submission,
        context,
        hotkey,
        agent_hash,
        params,
        package,
        miner,
    })
}

/// What the node gives with the submission. A miner can't get these wrong.
fn read_surroundings(input: &EvaluationInput) -> Result<(SubmissionContext, TermParams), Refusal> {
    let Some(context) = &input.environment_config else {
        return Err(Refusal::platform(
            "platform.no_context",
            "the node gave no submission context (network, epoch, name)",
        ));
    };
    let context = codec::decode_exact(context, CONTEXT_MAX_BYTES)
        .map_err(|error| Refusal::platform("platform.bad_context", error.to_string()))?;
    let params = TermParams::from_bytes(&input.params)
        .map_err(|error| Refusal::platform("platform.bad_params", error.to_string()))?;
    Ok((context, params))
}

/// Rule 1: every field is bounded.
fn check_fields(submission: &Submission, context: &SubmissionContext) -> Result<(), Refusal> {
    let too_long = |code, field: &str, got: usize, max: usize| {
        Err(Refusal::miner(
            code,
            format!("{field} has {got} bytes, expected at most {max}"),
        ))
    };
    let is_hash = submission.agent_hash.len() == 64
        && submission
            .agent_hash
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err(Refusal::miner(
            "field.agent_hash",
            "expected the agent hash as 64 lower-case hex digits",
        ));
    }
    if submission.miner_hotkey.len() > HOTKEY_TEXT_MAX_BYTES {
        let got = submission.miner_hotkey.len();
        return too_long(
            "field.miner_hotkey",
            "the hotkey",
            got,
            HOTKEY_TEXT_MAX_BYTES,
        );
    }
    if submission.task_results.len() > TASKS_MAX {
        return Err(Refusal::miner(
            "results.too_many",
            format!(
                "expected at most {TASKS_MAX} results, got {}",
                submission.task_results.len()
            ),
        ));
    }
    for result in &submission.task_results {
        let error = result.error.as_deref().unwrap_or_default();
        for (field, text, max) in [
            ("task_id", result.task_id.as_str(), TASK_ID_MAX_BYTES),
            ("test_output", &result.test_output, RESULT_OUTPUT_MAX_BYTES),
            (
                "agent_output",
                &result.agent_output,
                RESULT_OUTPUT_MAX_BYTES,
            ),
            ("error", error, RESULT_ERROR_MAX_BYTES),
        ] {
            if text.len() > max {
                let field = format!(
                    "{field} of task {:?}",
                    cut(&result.task_id, TASK_ID_MAX_BYTES)
                );
                return too_long("results.field_too_long", &field, text.len(), max);
            }
        }
    }
    if !submission.executor_token.is_empty() {
        return Err(Refusal::miner(
            "executor_token.present",
            "submissions are public: leave executor_token empty and revoke the one that was sent",
        ));
    }
    let name = &context.name;
    let is_name = (1..=NAME_MAX_BYTES).contains(&name.len())
        && name.trim() == name
        && !name.chars().any(|c| c.is_control() || c == '/');
    if !is_name {
        return Err(Refusal::miner(
            "name.invalid",
            format!(
                "expected a name of 1 to {NAME_MAX_BYTES} bytes without slashes, control characters or \
                 spaces at its ends"
            ),
        ));
    }
    Ok(())
}

/// Rule 2: the miner signed it, and is the one who sent it.
fn check_signature<H: Host + ?Sized>(
    host: &H,
    submission: &Submission,
    context: &SubmissionContext,
) -> Result<(Hotkey, [u8; 32]), Refusal> {
    let hotkey = Hotkey::parse(&submission.miner_hotkey)
        .map_err(|error| Refusal::miner("field.miner_hotkey", error.to_string()))?;
    if hotkey.0 != context.hotkey {
        return Err(Refusal::miner(
            "hotkey.mismatch",
            format!(
                "the submission names {hotkey}, but was sent by {}",
                Hotkey(context.hotkey)
            ),
        ));
    }
    let Ok(signature) = <&[u8; 64]>::try_from(submission.signature.as_slice()) else {
        return Err(Refusal::miner(
            "signature.invalid",
            format!(
                "expected a signature of 64 bytes, got {}",
                submission.signature.len()
            ),
        ));
    };
    let mut agent_hash = [0; 32];
    hex::decode_to_slice(&submission.agent_hash, &mut agent_hash)
        .map_err(|_| Refusal::miner("field.agent_hash", "expected 64 hex digits"))?;
    let message = signing::results_digest(submission)
        .and_then(|digest| {
            let name = &context.name;
            let epoch = submission.epoch;
            signing::signing_bytes(
                &context.network_id,
                &agent_hash,
                &hotkey,
                epoch,
                name,
                &digest,
            )
        })
        .map_err(|error| Refusal::platform("platform.encoding", error.to_string()))?;
    if !host.sr25519_verify(&hotkey.0, &message, signature)? {
        return Err(Refusal::miner(
            "signature.invalid",
            "the signature does not fit hotkey, network, package, epoch, name and results",
        ));
    }
    Ok((hotkey, agent_hash))
}

/// Rule 3: the hash is the package's.
fn check_agent_hash(submission: &Submission, claimed: &[u8; 32]) -> Result<(), Refusal> {
    let actual = signing::agent_hash(&submission.package_zip);
    if actual != *claimed {
        return Err(Refusal::miner(
            "agent_hash.mismatch",
            format!("the package has SHA-256 {}", hex::encode(actual)),
        ));
    }
    Ok(())
}

/// Rule 5: it is for the current epoch.
fn check_epoch(submission: &Submission, context: &SubmissionContext) -> Result<(), Refusal> {
    if submission.epoch != context.epoch {
        return Err(Refusal::miner(
            "epoch.mismatch",
            format!(
                "submitted for epoch {}, the current one is {}",
                submission.epoch, context.epoch
            ),
        ));
    }
    Ok(())
}

/// Rule 6: one submission per 3 epochs.
fn check_rate_limit(miner: Option<&MinerRecord>, epoch: u64) -> Result<(), Refusal> {
    let Some(miner) = miner.filter(|miner| miner.submissions > 0) else {
        return Ok(());
    };
    let next = miner.last_epoch.saturating_add(RATE_LIMIT_EPOCHS);
    if epoch < next {
        return Err(Refusal::miner(
            "rate_limit",
            format!(
                "one submission per {RATE_LIMIT_EPOCHS} epochs: the last was accepted in epoch {}, the next \
                 is possible in epoch {next}",
                miner.last_epoch
            ),
        ));
    }
    Ok(())
}

/// The first registrant owns a name, and no submission counts twice.
fn check_name<H: Host + ?Sized>(
    store: &Store<'_, H>,
    hotkey: &Hotkey,
    context: &SubmissionContext,
) -> Result<(), Refusal> {
    if let Some(name) = store.name(&context.name)?
        && name.owner != hotkey.0
    {
        return Err(Refusal::miner(
            "name.taken",
            format!("the name {:?} belongs to {}", name.name, Hotkey(name.owner)),
        ));
    }
    if store.submission(&context.submission_id)?.is_some() {
        return Err(Refusal::miner(
            "submission.repeated",
            "this submission was evaluated before",
        ));
    }
    Ok(())
}

/// Rule 7: reported results say where they were produced.
fn check_basilica(submission: &Submission) -> Result<(), Refusal> {
    if !is_plain(
        &submission.basilica_instance,
        BASILICA_INSTANCE_MAX_BYTES,
        "._-",
    ) {
        return Err(Refusal::miner(
            "basilica.instance",
            format!(
                "expected an instance name of 1 to {BASILICA_INSTANCE_MAX_BYTES} letters, digits or ._-"
            ),
        ));
    }
    let url = &submission.executor_url;
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    let is_printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || url.len() > EXECUTOR_URL_MAX_BYTES || !is_printable {
        return Err(Refusal::miner(
            "basilica.executor_url",
            format!("expected an http or https URL of at most {EXECUTOR_URL_MAX_BYTES} bytes"),
        ));
    }
    if url.contains(['@', '?', '#']) {
        return Err(Refusal::miner(
            "basilica.executor_url",
            "expected a URL without credentials, query or fragment: submissions are public",
        ));
    }
    Ok(())
}

/// Rule 8: one result for each task, with a possible score.
fn check_results(results: &[TaskResult], params: &TermParams) -> Result<(), Refusal> {
    let mut missing: BTreeSet<&str> = params.tasks.iter().map(|task| task.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    for result in results {
        let id = result.task_id.as_str();
        if !seen.insert(id) {
            return Err(Refusal::miner(
                "results.duplicate_task",
                format!("two results for task {id:?}"),
            ));
        }
        if !missing.remove(id) {
            return Err(Refusal::miner(
                "results.unknown_task",
                format!("{id:?} is not a task of the active dataset"),
            ));
        }
        if !(0.0..=1.0).contains(&result.score) {
            return Err(Refusal::miner(
                "results.score",
                format!(
                    "expected a score from 0 to 1 for task {id:?}, got {}",
                    result.score
                ),
            ));
        }
    }
    if let Some(id) = missing.first() {
        let count = missing.len();
        return Err(Refusal::miner(
            "results.missing_task",
            format!("{count} tasks of the active dataset have no result, the first is {id:?}"),
        ));
    }
    Ok(())
}
