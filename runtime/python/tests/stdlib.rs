//! Reads all of the standard library of the machine's Python 3.11 and compares each tree with CPython's own.
//!
//! Fails without that version: there is nothing to compare with. Installed packages are compared as well if
//! `ASSAY_SITE_PACKAGES` is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod cpython;

use std::path::{Path, PathBuf};

use assay_python::testing::survey;

/// Every `.py` file below the library's folder, with its tests.
fn library() -> Vec<PathBuf> {
    let code = "import os; print(os.path.dirname(os.__file__))";
    let output = cpython::interpreter::python()
        .args(["-c", code])
        .output()
        .unwrap();
    assert!(output.status.success());
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

#[test]
fn every_file_of_the_library_has_the_tree_that_cpython_gives_it() {
    let files = library();
    let sources: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    let answers = cpython::ask(&sources);
    let (mut compared, mut refused, mut only_ours) = (0, 0, Vec::new());
    let mut differences = Vec::new();
    for ((file, source), answer) in files.iter().zip(&sources).zip(&answers) {
        if let Some(difference) = cpython::difference(source, answer) {
            differences.push(format!("{}: {difference}", file.display()));
        } else if answer.0 {
            compared += 1;
        } else if survey(source).is_ok() {
            only_ours.push(file.display().to_string());
        } else {
            refused += 1;
        }
    }
    println!(
        "{compared} files compared, {refused} refused by both, only by CPython: {only_ours:#?}"
    );
    assert!(differences.is_empty(), "{differences:#?}");
}
