//! A miner that sends different packages for one slot to different validators.

use std::collections::BTreeSet;

use assay_api::submission::{Journey, SubmissionStatus};

use crate::support::{LONG_EPOCHS, Stage, key, label};
use assay_cli::submission::{SignedSubmission, build_term_submission};

#[tokio::test]
async fn of_two_packages_for_one_slot_at_most_one_is_ordered_and_the_other_ends() {
    let mut stage = Stage::start(4, &["mallory", "alice"], LONG_EPOCHS).await;
    let epoch = stage.epoch_with_room().await;
    let rivals = [rival(&stage, epoch, 0), rival(&stage, epoch, 1)];
    let params = rivals.each_ref().map(SignedSubmission::send_params);
    let (first, second) = tokio::join!(stage.send(0, &params[0]), stage.send(1, &params[1]));
    let ids = [first.unwrap(), second.unwrap()];

    // Who acknowledged a package says what became of it.
    for (node, id) in ids.iter().enumerate() {
        stage.end_of(node, id).await;
    }
    let mut ordered = BTreeSet::new();
    for node in 0..stage.testnet.nodes.len() {
        for id in &ids {
            // Whoever heard of the second after the first was ordered has not taken it.
            if stage.journey(node, id).await.is_ok() {
                let journey = stage.end_of(node, id).await;
                check_end(&journey);
                ordered.extend(journey.height.map(|_| id));
            }
        }
    }
    assert!(ordered.len() <= 1, "one slot, two packages: {ordered:?}");
    for id in ordered {
        stage.agreed_everywhere(id, 4).await;
    }
    stage.still_works("alice", 0).await;
    stage.stop().await;
}

/// Two packages with different results.
fn rival(stage: &Stage, epoch: u64, index: u8) -> SignedSubmission {
    let mut reported = stage.reported.clone();
    reported.basilica_instance = format!("rival-{index}");
    let label = label("mallory", 0);
    let target = stage.target(epoch);
    build_term_submission(&target, &label, &stage.solver, &reported, &key("mallory")).unwrap()
}

fn check_end(journey: &Journey) {
    if journey.status == SubmissionStatus::Agreed {
        assert_eq!(journey.score, Some(10_000));
        return;
    }
    let reason = journey.reason.as_ref().expect("a reason");
    assert_eq!(reason.code, "slot_taken", "{}", reason.text);
    assert_eq!(journey.height, None);
}
