//! Submissions that a node refuses at once: what their signed header says is wrong.

use assay_api::codes;
use assay_api::submission::{Fault, SubmissionSendParams};
use assay_cli::submission::{SignedSubmission, build_submission};
use assay_consensus::codec;
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::limits::PAYLOAD_MAX_BYTES;

use crate::support::{LONG_EPOCHS, Pace, Stage, key, label, refusal, until};

#[tokio::test]
async fn a_bad_header_is_refused_by_name_and_leaves_nothing() {
    let mut stage = Stage::start(2, &["mallory", "alice", "bob"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;
    let epoch = stage.epoch_with_room().await;

    for (what, code, submission) in bad_submissions(&stage, epoch) {
        let id = submission.id().to_string();
        let (rpc, reason, text) = refusal(stage.send(0, &submission.send_params()).await);
        let reason = reason.unwrap_or_else(|| panic!("{what}: no reason in {text:?}"));
        assert_eq!(rpc, codes::SUBMISSION_REFUSED, "{what}: {text}");
        assert_eq!(reason.code, code, "{what}: {text}");
        assert_eq!(reason.fault, Fault::Miner, "{what}");
        let unknown = stage.journey(0, &id).await.unwrap_err();
        assert_eq!(
            unknown.rpc_code(),
            Some(codes::SUBMISSION_NOT_FOUND),
            "{what}"
        );
        let payload = Hash::of(&submission.payload);
        assert!(
            !stage.keeps_blob(0, &payload),
            "{what}: its payload is kept"
        );
    }
    for (what, params) in undecodable(&stage, epoch) {
        let (rpc, _, text) = refusal(stage.send(0, &params).await);
        assert_eq!(rpc, codes::INVALID_PARAMS, "{what}: {text}");
        assert!(text.contains("header"), "{what}: {text}");
    }

    assert_eq!(stage.snapshot(0).await, before);
    let accepted = stage.still_works("mallory", 0).await;
    assert!(
        stage.keeps_blob(0, &accepted),
        "not even what was accepted is found"
    );
    stage.stop().await;
}

#[tokio::test]
async fn a_submission_for_another_epoch_is_refused_by_name() {
    // Epochs short enough that there is a past one soon.
    let pace = Pace {
        block_time_ms: 100,
        tempo_blocks: 150,
    };
    let mut stage = Stage::start(2, &["mallory"], pace).await;
    let epoch = until("a second epoch", async || {
        let epoch = stage.epoch_with_room().await;
        (epoch > 0).then_some(epoch)
    })
    .await;
    for wrong in [epoch - 1, epoch + 1, epoch + 1_000, u64::MAX] {
        let submission = stage.good("mallory", 0, wrong);
        let (rpc, reason, text) = refusal(stage.send(0, &submission.send_params()).await);
        assert_eq!(rpc, codes::SUBMISSION_REFUSED, "{text}");
        assert_eq!(reason.unwrap().code, "wrong_epoch", "{wrong}: {text}");
        assert!(!stage.keeps_blob(0, &Hash::of(&submission.payload)));
    }
    stage.still_works("mallory", 0).await;
    stage.stop().await;
}

fn bad_submissions(
    stage: &Stage,
    epoch: u64,
) -> Vec<(&'static str, &'static str, SignedSubmission)> {
    let mallory = key("mallory");
    let target = stage.target(epoch);
    // Each with a payload of its own, so that what one leaves isn't taken for another's.
    let payload = |tag: &str| format!("payload of {tag}").into_bytes();
    let signed = |tag: &str, name: &str| {
        build_submission(&target, &label(name, 0), payload(tag), &mallory).unwrap()
    };
    let mut all = Vec::new();

    let mut forged = signed("forged signature", "mallory");
    forged.header.signature.0[7] ^= 1;
    all.push(("forged signature", "bad_submission", forged));

    let mut changed = signed("changed after signing", "mallory");
    changed.header.payload.sequence += 1;
    all.push(("changed after signing", "bad_submission", changed));

    let mut moved = signed("another network", "mallory");
    let mut elsewhere = target;
    elsewhere.network.0.0[0] ^= 1;
    moved.header =
        Signed::sign(&elsewhere.network, moved.header.payload.clone(), &mallory).into_signed();
    all.push(("another network", "bad_submission", moved));

    let mut other = signed("another hotkey", "mallory");
    other.header.payload.hotkey = key("bob").hotkey();
    other.header =
        Signed::sign(&target.network, other.header.payload.clone(), &mallory).into_signed();
    all.push(("another hotkey", "bad_submission", other));

    let no_name = signed("no name", "");
    all.push(("no name", "bad_submission", no_name));
    let long_name = signed("long name", &"n".repeat(65));
    all.push(("long name", "bad_submission", long_name));
    let control = signed("control character", "a\u{1b}[2J");
    all.push(("control character", "bad_submission", control));

    let mut path = label("mallory", 0);
    path.challenge = "../term-challenge".to_owned();
    let path = build_submission(&target, &path, payload("path"), &mallory).unwrap();
    all.push(("a path as challenge", "bad_submission", path));

    let mut unknown = label("mallory", 0);
    unknown.challenge = "no-such-challenge".to_owned();
    let unknown = build_submission(&target, &unknown, payload("unknown"), &mallory).unwrap();
    all.push(("unknown challenge", "unknown_challenge", unknown));

    let stranger = key("stranger");
    let stranger = build_submission(
        &target,
        &label("stranger", 0),
        payload("stranger"),
        &stranger,
    );
    all.push(("unregistered hotkey", "not_registered", stranger.unwrap()));

    let mut wrong_hash = signed("wrong hash", "mallory");
    wrong_hash.payload[0] ^= 1;
    all.push(("wrong hash", "payload_mismatch", wrong_hash));
    let mut wrong_length = signed("wrong length", "mallory");
    wrong_length.payload.push(0);
    all.push(("wrong length", "payload_mismatch", wrong_length));
    let mut no_payload = signed("empty payload", "mallory");
    no_payload.payload = Vec::new();
    all.push(("payload left out", "payload_mismatch", no_payload));
    let empty = build_submission(&target, &label("mallory", 0), Vec::new(), &mallory).unwrap();
    all.push(("empty payload", "bad_submission", empty));

    let oversized = vec![7; PAYLOAD_MAX_BYTES as usize + 1];
    let oversized = build_submission(&target, &label("mallory", 0), oversized, &mallory).unwrap();
    all.push(("oversized payload", "payload_too_large", oversized));
    all
}

/// Headers that are no headers.
fn undecodable(stage: &Stage, epoch: u64) -> Vec<(String, SubmissionSendParams)> {
    let good = stage.good("mallory", 0, epoch);
    let header = codec::encode(&good.header);
    let params = |header: &[u8]| SubmissionSendParams::encode(header, &good.payload[..64]);
    let mut all = Vec::new();
    for length in (0..header.len()).step_by(11).chain([header.len() - 1]) {
        all.push((format!("cut to {length} bytes"), params(&header[..length])));
    }
    let mut longer = header.clone();
    longer.push(0);
    all.push(("one byte too many".to_owned(), params(&longer)));
    // A text that claims to be as long as memory.
    let mut claims = header.clone();
    claims[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    all.push(("a length of 2^64".to_owned(), params(&claims)));
    let mut noise = Hash::of(b"noise");
    for round in 0..20 {
        let bytes: Vec<u8> = noise.0.repeat(1 + round);
        all.push((format!("noise {round}"), params(&bytes)));
        noise = Hash::of(&noise.0);
    }
    all.push(("over the limit".to_owned(), params(&[0; 5_000])));
    let not_hex = SubmissionSendParams {
        header: "zz".to_owned(),
        payload: String::new(),
    };
    all.push(("not hex".to_owned(), not_hex));
    all
}
