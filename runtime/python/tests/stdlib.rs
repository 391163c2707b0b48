//! Reads all of the standard library of the machine's Python 3.11 and compares each tree with CPython's own.
//!
//! Fails without a `python3` of that version: there is nothing to compare with. Installed packages are
//! compared as well if `ASSAY_SITE_PACKAGES` is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assay_python::MAX_SOURCE_BYTES;
use assay_python::testing::{Survey, survey};

/// What CPython says about a file.
#[derive(serde::Deserialize)]
struct Answer(
    bool,
    BTreeMap<String, usize>,
    BTreeMap<String, serde_json::Value>,
);

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(arguments);
    command
}

/// Every `.py` file below the library's folder, with its tests.
fn library() -> Vec<PathBuf> {
    let code = "import sys, os; assert sys.version_info[:2] == (3, 11), sys.version; print(os.path.dirname(os.__file__))";
    let output = python(&["-c", code])
        .output()
        .expect("this test compares with python3, which is not there");
    assert!(
        output.status.success(),
        "python3 is not 3.11: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let root = String::from_utf8(output.stdout).unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    collect(Path::new(root.trim()), &mut files);
    if std::env::var_os("ASSAY_SITE_PACKAGES").is_none() {
        files.retain(|file| !file.iter().any(|part| part == "site-packages"));
    }
    files.sort();
    assert!(files.len() > 500, "a library of {} files", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "py") {
            files.push(path);
        }
    }
}

/// CPython's answers, in the order of the files.
fn ask(files: &[PathBuf]) -> Vec<Answer> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stdlib/survey.py");
    let mut child = python(&[script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let names: Vec<String> = files
        .iter()
        .map(|file| file.to_str().unwrap().to_owned())
        .collect();
    let writer = std::thread::spawn(move || {
        for name in names {
            writeln!(input, "{name}").unwrap();
        }
    });
    let answers = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
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

/// What is different, if anything.
fn difference(source: &[u8], answer: &Answer) -> Option<String> {
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

#[test]
fn every_file_of_the_library_has_the_tree_that_cpython_gives_it() {
    let files = library();
    let answers = ask(&files);
    assert_eq!(answers.len(), files.len());
    let (mut compared, mut refused, mut only_ours) = (0, 0, Vec::new());
    let mut differences = Vec::new();
    for (file, answer) in files.iter().zip(&answers) {
        let source = std::fs::read(file).unwrap();
        if let Some(difference) = difference(&source, answer) {
            differences.push(format!("{}: {difference}", file.display()));
        } else if answer.0 {
            compared += 1;
        } else if survey(&source).is_ok() {
            only_ours.push(format!("{}: {:?}", file.display(), answer.2));
        } else {
            refused += 1;
        }
    }
    println!(
        "{compared} files compared, {refused} refused by both, only by CPython: {only_ours:#?}"
    );
    assert!(differences.is_empty(), "{differences:#?}");
}
