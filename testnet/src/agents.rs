//! The miners of the testnet and the packages they send.

use std::path::Path;

use anyhow::Context;
use assay_challenge_term::{Difficulty, Task};
use assay_cli::package::{Package, pack_directory};
use assay_cli::results::Reported;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

/// Sample agents, one directory each; zipped when they are sent.
static AGENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/agents");

/// Bytes of hex noise in each file of the oversized package; three of them do not fit a package.
const NOISE_FILE_BYTES: usize = 900_000;

/// What the network should make of a sample agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Agreed and accepted, with this score × 10,000.
    Scored(i64),
    /// Ends as the miner's fault with this reason code, or agreed as not accepted.
    Refused,
}

/// A sample agent.
#[derive(Debug, Clone)]
pub struct SampleAgent {
    /// Name of the agent and of its miner.
    pub name: &'static str,
    /// What should become of it.
    pub expectation: Expectation,
}

/// All sample agents.
pub const SAMPLES: [SampleAgent; 5] = [
    SampleAgent {
        name: "solver",
        expectation: Expectation::Scored(10_000),
    },
    SampleAgent {
        name: "half",
        expectation: Expectation::Scored(5_000),
    },
    SampleAgent {
        name: "unparsable",
        expectation: Expectation::Refused,
    },
    SampleAgent {
        name: "forbidden",
        expectation: Expectation::Refused,
    },
    SampleAgent {
        name: "oversized",
        expectation: Expectation::Refused,
    },
];

/// The dataset of the testnet.
pub fn tasks() -> Vec<Task> {
    let task = |id: &str, name: &str, difficulty| Task {
        id: id.to_owned(),
        name: name.to_owned(),
        repo: "assay/samples".to_owned(),
        base_commit: "0".repeat(40),
        difficulty,
        timeout_secs: 600,
    };
    vec![
        task(
            "demo-parser-1",
            "parser drops the last token",
            Difficulty::Easy,
        ),
        task(
            "demo-calendar-2",
            "leap years are off by one",
            Difficulty::Easy,
        ),
        task(
            "demo-cache-3",
            "expired entries are returned",
            Difficulty::Medium,
        ),
        task("demo-graph-4", "cycles are not found", Difficulty::Hard),
    ]
}

/// Writes a sample's directory below `dir` and packs it like a miner would.
pub fn pack(sample: &SampleAgent, dir: &Path) -> anyhow::Result<(Package, Reported)> {
    let root = dir.join(sample.name);
    std::fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    // The oversized agent is the good one with too much beside it.
    let source = if sample.name == "oversized" {
        "solver"
    } else {
        sample.name
    };
    let files = AGENTS
        .get_dir(source)
        .with_context(|| format!("no sample agent {source:?}"))?;
    for file in files.files() {
        let name = file
            .path()
            .file_name()
            .with_context(|| format!("{:?}", file.path()))?;
        std::fs::write(root.join(name), file.contents())?;
    }
    if sample.name == "oversized" {
        for part in 0..3u8 {
            std::fs::write(root.join(format!("noise{part}.txt")), noise(part))?;
        }
    }
    let package = pack_directory(&root)?;
    let reported = package
        .results_json
        .as_deref()
        .map(Reported::from_json)
        .transpose()?
        .unwrap_or_default();
    Ok((package, reported))
}

/// Text that does not compress below half its size.
fn noise(part: u8) -> String {
    let mut text = String::with_capacity(NOISE_FILE_BYTES);
    let mut block = Sha256::digest([part]);
    while text.len() < NOISE_FILE_BYTES {
        text.push_str(&hex::encode(block));
        block = Sha256::digest(block);
    }
    text
}
