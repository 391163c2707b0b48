//! House rules that neither compiler nor clippy check, over every file that git knows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest source file in lines; a longer one has more than one purpose.
const SOURCE_MAX_LINES: usize = 700;

/// What may lie at the top of the repository.
const TOP_LEVEL: [&str; 17] = [
    ".cargo",
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "challenge",
    "cli",
    "clippy.toml",
    "consensus",
    "node",
    "p2p",
    "runtime",
    "rust-toolchain.toml",
    "testnet",
];

/// Marks of unfinished or dead code. Split, so that this file does not find itself.
const UNFINISHED: [&str; 7] = [
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
    concat!("allow(dead", "_code)"),
    concat!("expect(dead", "_code)"),
];

/// Ways to make a channel without a bound; clippy.toml knows those of std and tokio.
const UNBOUNDED: [&str; 4] = [
    concat!("unbounded", "_channel"),
    concat!("mpsc::", "unbounded"),
    concat!("channel::", "unbounded"),
    concat!("std::sync::mpsc::", "channel("),
];

/// A pause in a test hides a race.
const PAUSES: [&str; 2] = [concat!("thread::", "sleep"), concat!("time::", "sleep")];

/// Helpers that look at a condition again and again until a deadline, which needs a pause.
const POLLING_HELPERS: [&str; 2] = ["p2p/tests/common/mod.rs", "testnet/tests/support/mod.rs"];

/// Not our code: it stands in for a crate of that name.
const VENDOR: &str = "p2p/vendor/";

struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
    }

    /// The part of the file that only tests compile.
    fn test_code(&self) -> &str {
        if self.is_test() {
            return &self.text;
        }
        let start = self.text.find("#[cfg(test)]\nmod tests {");
        start.map_or("", |start| &self.text[start..])
    }
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the workspace is above this crate").to_owned()
}

/// Paths that git knows, relative to the root, without those deleted since.
fn known_files() -> Vec<String> {
    let listed = Command::new("git")
        // A checkout may belong to another user than the one who tests it.
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(
        listed.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let paths = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let files: Vec<String> = paths
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).exists())
        .map(str::to_owned)
        .collect();
    assert!(files.iter().any(|path| path == "Cargo.toml"), "{files:?}");
    files
}

fn sources() -> Vec<SourceFile> {
    known_files()
        .into_iter()
        .filter(|path| path.ends_with(".rs") && !path.starts_with(VENDOR))
        .map(|path| SourceFile {
            text: fs::read_to_string(root().join(&path)).expect("sources are UTF-8"),
            path,
        })
        .collect()
}

/// `path:line: text` of every line that has one of `words`.
fn lines_with(path: &str, text: &str, words: &[&str]) -> Vec<String> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim()))
        .collect()
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn nothing_unexpected_lies_at_the_top() {
    let files = known_files();
    let found: BTreeSet<String> = files
        .iter()
        .filter_map(|path| path.split('/').next())
        .filter(|top| !TOP_LEVEL.contains(top))
        .map(str::to_owned)
        .collect();
    assert_none(
        "not allowed at the top of the repository",
        &found.into_iter().collect::<Vec<_>>(),
    );
}

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_test())
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > SOURCE_MAX_LINES)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path))
        .collect();
    assert_none(&format!("over {SOURCE_MAX_LINES} lines"), &long);
}

#[test]
fn nothing_is_unfinished_or_dead() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|source| lines_with(&source.path, &source.text, &UNFINISHED))
        .collect();
    assert_none("unfinished or dead", &found);
}

#[test]
fn every_channel_is_bounded() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|source| lines_with(&source.path, &source.text, &UNBOUNDED))
        .collect();
    assert_none("channels without a bound", &found);
}

#[test]
fn no_test_waits_for_a_fixed_time() {
    let found: Vec<String> = sources()
        .iter()
        .filter(|source| !POLLING_HELPERS.contains(&source.path.as_str()))
        .filter(|source| !source.path.contains("/benches/"))
        .flat_map(|source| lines_with(&source.path, source.test_code(), &PAUSES))
        .collect();
    assert_none("pauses in tests", &found);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert_none("no module docs in the first line", &silent);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let lax: Vec<String> = known_files()
        .into_iter()
        .filter(|path| path.ends_with("/Cargo.toml") && !path.starts_with(VENDOR))
        .filter(|path| {
            let manifest = fs::read_to_string(root().join(path)).unwrap();
            // A fuzz target needs another toolchain, so it is a workspace of its own.
            !manifest.contains("[lints]\nworkspace = true") && !manifest.contains("[workspace]")
        })
        .collect();
    assert_none("no `[lints] workspace = true`", &lax);
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let sources = sources();
    let text_of = |path: &str| {
        let found = sources.iter().find(|source| source.path == path);
        found.map(|source| source.text.as_str())
    };
    let orphans: Vec<String> = sources
        .iter()
        .filter(|source| source.path.contains("/src/"))
        .filter(|source| {
            let (folder, file) = source.path.rsplit_once('/').unwrap();
            let name = file.trim_end_matches(".rs");
            if matches!(name, "lib" | "main") && folder.ends_with("/src") {
                return false;
            }
            // `a/b/mod.rs` is declared where `a/b.rs` would be.
            let (folder, name) = match name {
                "mod" => folder.rsplit_once('/').unwrap(),
                _ => (folder, name),
            };
            let parents = [
                format!("{folder}.rs"),
                format!("{folder}/mod.rs"),
                format!("{folder}/lib.rs"),
                format!("{folder}/main.rs"),
            ];
            let declaration = format!("mod {name};");
            !parents
                .iter()
                .filter_map(|parent| text_of(parent))
                .any(|text| text.lines().any(|line| line.ends_with(&declaration)))
        })
        .map(|source| source.path.clone())
        .collect();
    assert_none("declared by no other file", &orphans);
}

/// The pages for people and their text.
fn pages() -> Vec<(String, String)> {
    let pages = known_files()
        .into_iter()
        .filter(|path| path.ends_with(".md"));
    pages
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).expect("pages are UTF-8");
            (path, text)
        })
        .collect()
}

/// What stands between `open` and `close` in a text, wherever that is.
fn enclosed<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    text.split(open)
        .skip(1)
        .filter_map(|rest| rest.split(close).next())
        .collect()
}

#[test]
fn every_link_in_a_page_leads_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in pages() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in enclosed(&text, "](", ')') {
            if !link.starts_with("http") && !folder.join(link).exists() {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    assert_none("broken links", &broken);
}

#[test]
fn every_test_and_file_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for (path, text) in pages() {
        // Blocks of code are examples.
        let prose: String = text.split("```").step_by(2).collect();
        for quoted in prose.split('`').skip(1).step_by(2) {
            let (file, test) = quoted.split_once("::").unwrap_or((quoted, ""));
            if !file.ends_with(".rs") || !file.contains('/') {
                continue;
            }
            let source = fs::read_to_string(root().join(file)).unwrap_or_default();
            if source.is_empty() || (!test.is_empty() && !source.contains(&format!("fn {test}("))) {
                missing.push(format!("{path}: {quoted}"));
            }
        }
    }
    assert_none("named but not there", &missing);
}
