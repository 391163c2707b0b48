//! The corpus: every evasion is denied by a rule that says what it does, every innocent program passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fs;
use std::path::{Path, PathBuf};

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFile, PythonVerdict,
};

/// A file, or the files of a directory, as a package.
struct Case {
    name: String,
    files: Vec<PythonFile>,
    /// Ids of rules of which one has to be broken, from the header or `expect.txt`.
    expected: Vec<String>,
    policy: String,
}

fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut entries: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let is_case = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|end| end == "py");
    entries
        .into_iter()
        .filter(is_case)
        .map(|path| case(&path))
        .collect()
}

fn case(path: &Path) -> Case {
    let mut files = Vec::new();
    let expected = if path.is_dir() {
        collect(path, path, &mut files);
        fs::read_to_string(path.join("expect.txt")).unwrap_or_default()
    } else {
        let source = fs::read(path).unwrap();
        let head = String::from_utf8_lossy(&source).into_owned();
        files.push(PythonFile {
            path: name(path),
            source,
        });
        let header = head
            .split(['\n', '\r'])
            .find_map(|line| line.split_once("# expect:"));
        header
            .map(|(_, rules)| rules.replace(',', "\n"))
            .unwrap_or_default()
    };
    let policy = fs::read_to_string(path.with_extension("policy.toml"));
    Case {
        name: name(path),
        files,
        expected: expected
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
        policy: policy.unwrap_or_else(|_| "term".to_owned()),
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PythonFile>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|end| end == "py") {
            let inner = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.push(PythonFile {
                path: inner,
                source: fs::read(&path).unwrap(),
            });
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn check(case: &Case) -> PythonCheckResponse {
    let request = PythonCheckRequest {
        files: case.files.clone(),
        policy: case.policy.clone(),
    };
    assay_python::check(&request).unwrap()
}

fn shown(response: &PythonCheckResponse) -> String {
    let lines = response.violations.iter().map(|v| {
        format!(
            "    {:?} {} {}:{}:{} {}",
            v.severity, v.rule, v.file, v.line, v.column, v.message
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Cases that don't end in a denial by a rule that they name.
fn missed(cases: &[Case]) -> Vec<String> {
    let mut missed = Vec::new();
    for case in cases {
        let response = check(case);
        let grave = response
            .violations
            .iter()
            .filter(|v| v.severity == PythonVerdict::Deny);
        let is_named = case.expected.is_empty()
            || grave
                .into_iter()
                .any(|violation| case.expected.contains(&violation.rule));
        if response.verdict != PythonVerdict::Deny || !is_named {
            missed.push(format!(
                "{} expected {:?}\n{}",
                case.name,
                case.expected,
                shown(&response)
            ));
        }
    }
    missed
}

/// Cases that are not allowed without a word.
fn accused(cases: &[Case]) -> Vec<String> {
    let responses = cases.iter().map(|case| (case, check(case)));
    let accused = responses.filter(|(_, response)| {
        response.verdict != PythonVerdict::Allow || !response.violations.is_empty()
    });
    accused
        .map(|(case, response)| format!("{}\n{}", case.name, shown(&response)))
        .collect()
}

#[test]
fn every_evasion_is_denied_by_a_rule_that_names_it() {
    let cases = cases("evasions");
    assert!(cases.len() >= 60, "{}", cases.len());
    let missed = missed(&cases);
    assert!(
        missed.is_empty(),
        "{} of {} missed:\n{}",
        missed.len(),
        cases.len(),
        missed.join("\n")
    );
}

#[test]
fn every_innocent_program_is_allowed_without_a_word() {
    let cases = cases("innocent");
    assert!(cases.len() >= 40, "{}", cases.len());
    let accused = accused(&cases);
    assert!(
        accused.is_empty(),
        "{} of {} accused:\n{}",
        accused.len(),
        cases.len(),
        accused.join("\n")
    );
}

#[test]
fn the_given_cases_are_told_apart() {
    let (evasions, innocent): (Vec<Case>, Vec<Case>) = cases("given")
        .into_iter()
        .partition(|case| case.name.starts_with('b'));
    assert!(evasions.len() >= 23 && innocent.len() >= 5);
    let wrong = [missed(&evasions), accused(&innocent)].concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
