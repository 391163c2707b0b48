//! What CPython 3.11 makes of a source, to compare with.

pub mod interpreter;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use assay_python::MAX_SOURCE_BYTES;
use assay_python::testing::{Survey, survey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What CPython says about a file.
#[derive(serde::Deserialize)]
pub struct Answer(
    /// Whether it parses.
    pub bool,
    /// How often each node kind is there.
    BTreeMap<String, usize>,
    /// Checksums of the items of each letter.
    BTreeMap<String, serde_json::Value>,
);

/// CPython's answers, in the order of the sources.
pub fn ask(sources: &[Vec<u8>]) -> Vec<Answer> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cpython/survey.py");
    let mut child = interpreter::python()
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = sources
        .iter()
        .map(|source| STANDARD.encode(source))
        .collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(input, "{line}").unwrap();
        }
    });
    let answers: Vec<Answer> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), sources.len());
    answers
}

fn digests(survey: &Survey) -> BTreeMap<String, u64> {
    let mut digests = BTreeMap::new();
    for item in &survey.items {
        let (letter, text) = item.split_first().unwrap();
        let sum: &mut u64 = digests.entry(char::from(*letter).to_string()).or_default();
        *sum += u64::from(crc32fast::hash(text));
    }
    digests
}

/// What of CPython's reading is not ours, if anything. A source that only we accept does no harm.
pub fn difference(source: &[u8], answer: &Answer) -> Option<String> {
    let Answer(accepted, kinds, expected) = answer;
    match (survey(source), accepted) {
        (Err(_), false) => None,
        (Err(reason), true) if reason.starts_with("py.size: file has") => {
            assert!(source.len() > MAX_SOURCE_BYTES);
            None
        }
        // Encodings other than UTF-8 are refused on purpose.
        (Err(reason), true) if reason.starts_with("py.encoding") => None,
        (Err(reason), true) => Some(format!("refused: {reason}")),
        (Ok(_), false) => None,
        (Ok(survey), true) => {
            let ours: BTreeMap<String, usize> = survey
                .kinds
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count))
                .collect();
            if &ours != kinds {
                let all: BTreeSet<&String> = ours.keys().chain(kinds.keys()).collect();
                let counts = all
                    .into_iter()
                    .map(|kind| (kind, ours.get(kind), kinds.get(kind)));
                let different: Vec<_> = counts.filter(|(_, ours, theirs)| ours != theirs).collect();
                return Some(format!("nodes differ (kind, here, CPython): {different:?}"));
            }
            let ours = digests(&survey);
            let letters: Vec<&String> = expected
                .keys()
                .chain(ours.keys())
                .filter(|letter| {
                    ours.get(*letter).copied() != expected.get(*letter).and_then(|sum| sum.as_u64())
                })
                .collect();
            if !letters.is_empty() {
                return Some(format!("items differ: {letters:?}"));
            }
            (survey.height > survey.bound)
                .then(|| format!("height {} over bound {}", survey.height, survey.bound))
        }
    }
}
