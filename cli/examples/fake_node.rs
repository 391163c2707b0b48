//! A node that answers with made-up data, to look at the clients without a network:
//! `cargo run -p assay-cli --example fake_node [agreed|not-accepted|failed|refused|hung|stuck]`,
//! then `assay tui --rpc http://127.0.0.1:18080`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::BufRead;

use assay_api::submission::{Fault, SubmissionStatus};
use support::{FakeNode, Fate};

const PORT: u16 = 18_080;

fn main() {
    let fate = match std::env::args().nth(1).as_deref() {
        None | Some("agreed") => Fate::Agreed,
        Some("not-accepted") => Fate::NotAccepted,
        Some("failed") => Fate::Failed(Fault::Miner),
        Some("refused") => Fate::Refused(Fault::Platform),
        Some("hung") => Fate::Hung,
        Some("stuck") => Fate::Stuck(SubmissionStatus::Ordered),
        Some(other) => {
            panic!("expected agreed, not-accepted, failed, refused, hung or stuck, got {other:?}")
        }
    };
    let node = FakeNode::start(fate, PORT);
    println!(
        "{} answers; Enter switches hanging on and off, Ctrl-D ends",
        node.url
    );
    for line in std::io::stdin().lock().lines() {
        line.expect("standard input");
        let mut script = node.script();
        script.is_hung = !script.is_hung;
        println!("hanging: {}", script.is_hung);
    }
    let script = node.script();
    println!(
        "took {} submissions, answered {} questions about them",
        script.taken.len(),
        script.questions
    );
}
