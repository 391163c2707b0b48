//! `assay submit`: pack, check, sign, send, follow.
//!
//! Everything that can be found wrong here is found before the node is asked for anything; what is
//! sent is signed once, so that sending again after a lost answer is the same submission.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use assay_api::limits::PAGE_MAX_ENTRIES;
use assay_api::submission::{SubmissionListParams, SubmissionReceipt};
use assay_api::{ClientError, RpcClient};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::limits::SUBMISSION_NAME_MAX_BYTES;
use serde::Serialize;

use super::submission::follow_to_the_end;
use super::{call_failure, client, default_key_path, print_json, print_lines};
use crate::args::{Global, SubmitArgs};
use crate::exit::{Exit, Failure};
use crate::key_source::read_key_file;
use crate::limits::{PAYLOAD_READ_MAX_BYTES, RESULTS_FILE_MAX_BYTES, SEND_PAUSE_MS, SEND_TRIES};
use crate::package::{self, read_bounded};
use crate::results::Reported;
use crate::submission::{
    Label, SignedSubmission, Target, build_submission, build_term_submission, check_package,
};
use crate::text::{clean, count, short};

/// Name of an agent when neither flag nor path gives one.
const FALLBACK_NAME: &str = "agent";

/// What is going to be signed.
enum Content {
    Term { zip: Vec<u8>, reported: Reported },
    Raw(Vec<u8>),
}

/// What `--json` prints when nothing is followed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SentView<'a> {
    submission_id: &'a str,
    outcome: &'static str,
    status: &'static str,
    hotkey: String,
    challenge: &'a str,
    name: &'a str,
    epoch: u64,
    sequence: u64,
}

/// Submits a package or payload.
pub async fn run(global: &Global, args: &SubmitArgs) -> Result<Exit, Failure> {
    let content = read_content(global, args)?;
    let keypair = read_key(args)?;
    let client = client(global)?;
    let target = ask_target(&client).await?;
    let label = Label {
        challenge: args.challenge.clone(),
        name: name_of(args),
        sequence: sequence(&client, args, &target, &keypair).await,
    };
    if global.verbose {
        let network = target.network.0;
        eprintln!(
            "Node {}, network {network}, epoch {}, slot {}",
            client.url(),
            target.epoch,
            label.sequence
        );
    }
    let submission = sign(&target, &label, content, &keypair)?;
    let id = submission.id().to_string();
    say(
        global,
        &format!("Sending {} as {} …", short(&id), keypair.hotkey()),
    );
    let receipt = send(global, &client, &submission).await?;
    if receipt.submission_id != id {
        return Err(Failure::platform(anyhow::anyhow!(
            "the node acknowledged {} instead of {id}: it speaks another version, or is not to be trusted",
            clean(&receipt.submission_id)
        )));
    }
    if args.no_follow {
        let view = SentView {
            submission_id: &id,
            outcome: "sent",
            status: receipt.status.as_str(),
            hotkey: keypair.hotkey().to_ss58(),
            challenge: &label.challenge,
            name: &label.name,
            epoch: target.epoch,
            sequence: label.sequence,
        };
        print_sent(global, &view)?;
        return Ok(Exit::Ok);
    }
    say(global, &format!("Submission {id}"));
    follow_to_the_end(global, &client, &id, args.follow.timeout_secs).await
}

fn read_content(global: &Global, args: &SubmitArgs) -> Result<Content, Failure> {
    if let Some(path) = &args.payload {
        let bytes = read_bounded(path, PAYLOAD_READ_MAX_BYTES).map_err(Failure::usage)?;
        return Ok(Content::Raw(bytes));
    }
    let Some(path) = &args.package else {
        return Err(Failure::usage(anyhow::anyhow!(
            "nothing to submit: pass --package DIR, or --payload FILE"
        )));
    };
    if args.challenge != assay_challenge_term::NAME {
        return Err(Failure::usage(anyhow::anyhow!(
            "packages are for {}; for {:?} make the payload yourself and pass --payload FILE",
            assay_challenge_term::NAME,
            args.challenge
        )));
    }
    let package = package::load(path).map_err(Failure::usage)?;
    let facts = check_package(&package.zip)
        .with_context(|| format!("{} can't be submitted", path.display()))
        .map_err(Failure::usage)?;
    say(
        global,
        &format!(
            "Packed {}, {} bytes unpacked, {} bytes as zip; agent hash {}",
            count(facts.files, "file"),
            facts.unpacked_bytes,
            package.zip.len(),
            facts.agent_hash
        ),
    );
    Ok(Content::Term {
        reported: read_results(args, path, package.results_json)?,
        zip: package.zip,
    })
}

fn read_results(
    args: &SubmitArgs,
    package: &Path,
    packed: Option<Vec<u8>>,
) -> Result<Reported, Failure> {
    let (json, source) = match (&args.results, packed) {
        (Some(path), _) => {
            let json = read_bounded(path, RESULTS_FILE_MAX_BYTES).map_err(Failure::usage)?;
            (json, path.clone())
        }
        (None, Some(json)) => (json, package.join(package::RESULTS_FILE_NAME)),
        (None, None) => {
            return Err(Failure::usage(anyhow::anyhow!(
                "no reported results, and {} refuses packages without them: put {} at the root of the package directory, or pass --results FILE",
                args.challenge,
                package::RESULTS_FILE_NAME
            )));
        }
    };
    Reported::from_json(&json)
        .with_context(|| source.display().to_string())
        .map_err(Failure::usage)
}

fn read_key(args: &SubmitArgs) -> Result<Keypair, Failure> {
    let path: PathBuf = match &args.key {
        Some(path) => path.clone(),
        None => default_key_path()?,
    };
    Ok(read_key_file(&path)?.keypair())
}

/// The name given, else the package's file name as far as it can be one.
fn name_of(args: &SubmitArgs) -> String {
    if let Some(name) = &args.name {
        return name.clone();
    }
    let path = args.package.as_ref().or(args.payload.as_ref());
    // `.` and `..` have no name before they are resolved.
    let stem = path
        .and_then(|path| path.canonicalize().ok())
        .and_then(|path| {
            let stem = if path.is_dir() {
                path.file_name()
            } else {
                path.file_stem()
            };
            stem.map(|stem| stem.to_string_lossy().into_owned())
        })
        .unwrap_or_default();
    let mut name = String::new();
    for c in clean(&stem).trim().chars() {
        if name.len() + c.len_utf8() > SUBMISSION_NAME_MAX_BYTES {
            break;
        }
        name.push(c);
    }
    let name = name.trim_end();
    if name.is_empty() {
        FALLBACK_NAME.into()
    } else {
        name.into()
    }
}

async fn ask_target(client: &RpcClient) -> Result<Target, Failure> {
    let properties = client.system_properties().await.map_err(call_failure)?;
    let epoch = client.epoch_current().await.map_err(call_failure)?;
    let network = Hash::from_hex(&properties.network_id).ok_or_else(|| {
        Failure::platform(anyhow::anyhow!(
            "the node gives {:?} as its network id, expected 64 hex digits",
            clean(&properties.network_id)
        ))
    })?;
    Ok(Target {
        network: NetworkId(network),
        epoch: epoch.epoch_number,
    })
}

/// The slot given, else the first after those that the node knows of. A node that can't say knows
/// of none; should the slot be taken, sending says so.
async fn sequence(
    client: &RpcClient,
    args: &SubmitArgs,
    target: &Target,
    keypair: &Keypair,
) -> u64 {
    if let Some(sequence) = args.sequence {
        return sequence;
    }
    let params = SubmissionListParams {
        hotkey: Some(keypair.hotkey().to_ss58()),
        challenge: Some(args.challenge.clone()),
        limit: Some(PAGE_MAX_ENTRIES),
        ..SubmissionListParams::default()
    };
    let known = client.submission_list(&params).await;
    let known = known.map(|list| list.submissions).unwrap_or_default();
    known
        .iter()
        .filter(|one| one.epoch == target.epoch && one.challenge == args.challenge)
        .filter(|one| Hotkey::parse(&one.hotkey) == Ok(keypair.hotkey()))
        .map(|one| one.sequence.saturating_add(1))
        .max()
        .unwrap_or(0)
}

fn sign(
    target: &Target,
    label: &Label,
    content: Content,
    keypair: &Keypair,
) -> Result<SignedSubmission, Failure> {
    let submission = match content {
        Content::Term { zip, reported } => {
            build_term_submission(target, label, &zip, &reported, keypair)
        }
        Content::Raw(payload) => build_submission(target, label, payload, keypair),
    }
    .map_err(Failure::usage)?;
    submission.check(&target.network).map_err(Failure::usage)?;
    Ok(submission)
}

/// Sends until the node has answered, at most [`SEND_TRIES`] times.
async fn send(
    global: &Global,
    client: &RpcClient,
    submission: &SignedSubmission,
) -> Result<SubmissionReceipt, Failure> {
    let params = submission.send_params();
    let mut pause = Duration::from_millis(SEND_PAUSE_MS);
    for _ in 1..SEND_TRIES {
        match client.submission_send(&params).await {
            Ok(receipt) => return Ok(receipt),
            Err(error) if error.is_retryable() => again(global, &error),
            Err(error) => return Err(call_failure(error)),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    client.submission_send(&params).await.map_err(|error| {
        let mut failure = call_failure(error);
        failure.error = failure.error.context(format!(
            "sending failed; the node may have it all the same, see: assay submission {}",
            submission.id()
        ));
        failure
    })
}

fn again(global: &Global, error: &ClientError) {
    say(
        global,
        &format!("Sending again: {}", clean(&error.to_string())),
    );
}

fn print_sent(global: &Global, view: &SentView<'_>) -> Result<(), Failure> {
    if global.json {
        return print_json(view);
    }
    Ok(print_lines([
        format!("Submission  {}", view.submission_id),
        format!("Status      {}", view.status),
        format!(
            "Next        assay submission {} --follow",
            view.submission_id
        ),
    ])?)
}

/// Says something on standard error; scripts hear it only when asked for.
fn say(global: &Global, line: &str) {
    if !global.json || global.verbose {
        eprintln!("{line}");
    }
}
