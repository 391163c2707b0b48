//! One fault per package: paths and contents.

use std::vec::Vec;

use super::fixtures::{RawEntry, archive};
use crate::package;

fn code_of(entries: &[RawEntry]) -> &'static str {
    match package::read(&archive(entries)) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

fn code_with(path: &str, content: &[u8]) -> &'static str {
    code_of(&[
        RawEntry::stored("agent.py", b"pass\n"),
        RawEntry::stored(path, content),
    ])
}

#[test]
fn python_sources_are_collected_in_order_of_their_paths() {
    let bytes = archive(&[
        RawEntry::stored("z.py", b"z"),
        RawEntry::stored("agent.py", b"a"),
        RawEntry::stored("data.bin", &[0xff, 0]),
        RawEntry::stored("lib/", b""),
        RawEntry::stored("lib/M.PY", b"m"),
        RawEntry::stored("stub.pyi", b"s"),
    ]);
    let package = package::read(&bytes).unwrap();
    let python: Vec<&str> = package
        .python
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(python, ["agent.py", "lib/M.PY", "stub.pyi", "z.py"]);
    assert_eq!(package.files.len(), 5);
}

#[test]
fn paths_that_leave_the_directory_are_refused() {
    for path in [
        "/etc/passwd",
        "../up.txt",
        "a/../b.txt",
        "a/./b.txt",
        "a//b.txt",
        "C:/x.txt",
        "c:x.txt",
        "a\\b.txt",
        "\\\\host\\x.txt",
        "..",
        ".",
        "a/..",
        "dot.",
        "space ",
        " space",
        "a/ b.txt",
    ] {
        assert_eq!(code_with(path, b"x"), "zip.path", "{path}");
    }
    assert_eq!(code_with(&"a/".repeat(17), b""), "zip.path");
    assert_eq!(code_with("a//", b""), "zip.path");
    assert_eq!(code_with(&"a".repeat(256), b""), "zip.path");
    assert_eq!(code_with(&std::format!("{}x", "a/".repeat(15)), b""), "ok");
}

#[test]
fn duplicates_and_case_collisions_are_refused() {
    assert_eq!(code_with("agent.py", b"pass\n"), "zip.duplicate");
    assert_eq!(code_with("AGENT.py", b"pass\n"), "zip.case_collision");
    let agent = || RawEntry::stored("agent.py", b"");
    let two =
        |a: &str, b: &str| code_of(&[agent(), RawEntry::stored(a, b""), RawEntry::stored(b, b"")]);
    assert_eq!(two("lib/a.txt", "LIB/b.txt"), "zip.case_collision");
    assert_eq!(two("lib/", "lib/"), "zip.duplicate");
    assert_eq!(two("lib", "lib/a.txt"), "zip.duplicate");
    assert_eq!(two("lib/a.txt", "lib/"), "ok");
    assert_eq!(two("lib/a.txt", "lib/b.txt"), "ok");
}

#[test]
fn nested_archives_are_refused_by_name_and_by_content() {
    for path in [
        "a.zip",
        "a.TAR",
        "x/a.tgz",
        "a.whl",
        "a.jar/x.txt",
        "a.tar.gz",
    ] {
        assert_eq!(code_with(path, b"x"), "zip.nested_archive", "{path}");
    }
    let inner = archive(&[RawEntry::stored("x", &[0xff])]);
    assert_eq!(code_with("data.bin", &inner), "zip.nested_archive");
    assert_eq!(code_with("data", &[0x1f, 0x8b, 8, 0]), "zip.nested_archive");
    let mut tar = std::vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(code_with("data", &tar), "zip.nested_archive");
}

#[test]
fn native_code_is_refused_by_name_and_by_content() {
    for path in ["a.so", "lib/libx.so.1", "a.dll", "a.pyd", "A.EXE", "a.wasm"] {
        assert_eq!(code_with(path, b"x"), "zip.native_code", "{path}");
    }
    for magic in [
        b"\x7fELF\x02\x01\x01\x00".as_slice(),
        b"MZ\x90\x00\x03",
        b"\0asm\x01\0\0\0",
    ] {
        assert_eq!(code_with("data", magic), "zip.native_code");
    }
}

#[test]
fn bytecode_and_what_runs_by_itself_is_refused() {
    for path in ["a.pyc", "a.PYO", "__pycache__/x.txt", "a.pyz"] {
        assert_eq!(code_with(path, b"x"), "zip.bytecode", "{path}");
    }
    assert_eq!(
        code_with("data", &[0xa7, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0]),
        "zip.bytecode"
    );
    for path in [
        "x.pth",
        "lib/X.PTH",
        "sitecustomize.py",
        "usercustomize/__init__.py",
        "SiteCustomize.py",
    ] {
        assert_eq!(code_with(path, b"x"), "zip.auto_executed", "{path}");
    }
}

#[test]
fn text_must_be_utf8_without_nul() {
    for content in [b"\xff\xfe".as_slice(), b"a\0b", b"\xc3"] {
        assert_eq!(code_with("lib.py", content), "zip.not_utf8");
        assert_eq!(code_with("notes.MD", content), "zip.not_utf8");
    }
    assert_eq!(code_with("weights.bin", b"\xff\xfe"), "ok");
    assert_eq!(code_with("notes.md", "größer".as_bytes()), "ok");
    assert_eq!(code_with("notes.txt", b"MZ is how this text starts"), "ok");
}

#[test]
fn the_entry_point_must_be_at_the_root() {
    assert_eq!(
        code_of(&[RawEntry::stored("src/agent.py", b"")]),
        "zip.no_agent_py"
    );
    assert_eq!(
        code_of(&[RawEntry::stored("Agent.py", b"")]),
        "zip.no_agent_py"
    );
    assert_eq!(
        code_of(&[RawEntry::stored("agent.py/", b"")]),
        "zip.no_agent_py"
    );
}

#[test]
fn without_the_entry_point_every_other_rule_still_holds() {
    let read = |entries: &[RawEntry]| package::read_without_entry_point(&archive(entries));
    let part = read(&[RawEntry::stored("util.py", b"x = 1")]).unwrap();
    assert!(!part.has_entry_point());
    assert_eq!(part.python.len(), 1);
    let error = read(&[RawEntry::stored("util.so", b"")]).unwrap_err();
    assert_eq!(error.code(), "zip.native_code");
}

#[test]
fn a_package_over_the_limit_is_refused_before_it_is_read() {
    let error = package::read(&std::vec![0; crate::limits::PACKAGE_MAX_BYTES + 1]).unwrap_err();
    assert_eq!(error.code(), "package.too_large");
}
