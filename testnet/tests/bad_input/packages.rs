//! Packages and payloads that validators reject: the journey ends with the reason, and the miner
//! may try again.

use std::io::{Cursor, Write};

use assay_api::submission::{Fault, SubmissionStatus};
use assay_challenge_term::Submission;
use assay_cli::submission::{SignedSubmission, build_submission, build_term_submission};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{LONG_EPOCHS, Stage, key, label};

#[tokio::test]
async fn a_bad_package_fails_with_its_reason_and_costs_the_miner_nothing() {
    let mut stage = Stage::start(2, &["mallory", "alice"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;
    let epoch = stage.epoch_with_room().await;

    let bad = bad_payloads(&stage, epoch);
    let count = bad.len() as u64;
    for (sequence, (what, code, payload)) in (0..).zip(bad) {
        let submission = with_payload(&stage, epoch, sequence, payload);
        let id = stage.send(0, &submission.send_params()).await.unwrap();
        for node in 0..2 {
            let journey = stage.end_of(node, &id).await;
            assert_eq!(journey.status, SubmissionStatus::Failed, "{what}");
            let reason = journey.reason.unwrap();
            assert_eq!(reason.code, code, "{what}: {}", reason.text);
            assert_eq!(reason.fault, Fault::Miner, "{what}");
            assert!(!reason.text.is_empty(), "{what}");
            assert_eq!(journey.height, None, "{what} was ordered");
            assert_eq!(journey.score, None, "{what}");
        }
    }

    let after = stage.snapshot(0).await;
    assert_eq!(after.state_root, before.state_root);
    assert_eq!(after.pending, 0);
    assert_eq!(after.submissions, before.submissions + count);
    // Not even the quota of the miner is used up.
    stage.still_works("mallory", count).await;
    stage.stop().await;
}

fn with_payload(stage: &Stage, epoch: u64, sequence: u64, payload: Vec<u8>) -> SignedSubmission {
    build_submission(
        &stage.target(epoch),
        &label("mallory", sequence),
        payload,
        &key("mallory"),
    )
    .unwrap()
}

fn bad_payloads(stage: &Stage, epoch: u64) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let with_zip = |zip: &[u8]| {
        build_term_submission(
            &stage.target(epoch),
            &label("mallory", 0),
            zip,
            &stage.reported,
            &key("mallory"),
        )
        .unwrap()
        .payload
    };
    let good = stage.good("mallory", 0, epoch).payload;
    let changed = |change: fn(&mut Submission)| {
        let mut submission = Submission::from_bytes(&good).unwrap();
        change(&mut submission);
        submission.to_bytes().unwrap()
    };
    let solver = &stage.solver;
    let code = b"print(1)\n".as_slice();
    vec![
        ("noise", "submission.malformed", vec![0xa5; 300]),
        (
            "a payload that is cut off",
            "submission.malformed",
            good[..good.len() / 2].to_vec(),
        ),
        (
            "a forged inner signature",
            "signature.invalid",
            changed(|submission| submission.signature[3] ^= 1),
        ),
        (
            "an inner signature that is too short",
            "signature.invalid",
            changed(|submission| submission.signature.truncate(63)),
        ),
        (
            "results changed after signing",
            "signature.invalid",
            changed(|submission| submission.task_results[0].score = 0.5),
        ),
        (
            "another epoch inside",
            "signature.invalid",
            changed(|submission| submission.epoch += 1),
        ),
        ("no zip", "zip.not_a_zip", with_zip(b"PK, but no zip")),
        (
            "half a zip",
            "zip.not_a_zip",
            with_zip(&solver[..solver.len() / 2]),
        ),
        (
            "a zip with a changed byte",
            "zip.headers_disagree",
            with_zip(&changed_zip(solver)),
        ),
        (
            "a zip bomb",
            "zip.ratio",
            with_zip(&zip_of(&[("agent.py", &vec![b'#'; 1_000_000])])),
        ),
        (
            "a file over the limit",
            "zip.file_too_large",
            with_zip(&zip_of(&[("agent.py", &vec![b'#'; 2_000_000])])),
        ),
        (
            "a path out of the package",
            "zip.path",
            with_zip(&zip_of(&[("agent.py", code), ("../evil.py", code)])),
        ),
        (
            "an absolute path",
            "zip.path",
            with_zip(&zip_of(&[("agent.py", code), ("/etc/cron.d/evil", code)])),
        ),
        (
            "a zip in a zip",
            "zip.nested_archive",
            with_zip(&zip_of(&[("agent.py", code), ("more.zip", solver)])),
        ),
        (
            "no agent.py",
            "zip.no_agent_py",
            with_zip(&zip_of(&[("main.py", code)])),
        ),
        (
            "a package over the limit",
            "package.too_large",
            with_zip(&vec![b'P'; 1_048_577]),
        ),
    ]
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer
            .start_file(*path, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The checksum in the first local header no longer is the directory's.
fn changed_zip(zip: &[u8]) -> Vec<u8> {
    let mut zip = zip.to_vec();
    zip[14] ^= 1;
    zip
}
