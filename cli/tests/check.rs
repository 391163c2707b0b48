//! `assay check` as scripts and people meet it: files, directories, zips, exit codes, JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "support/folder.rs"]
mod folder;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use folder::{Folder, err, json, out, zipped};

const GOOD: &str = "import json\nprint(json.dumps({}))\n";
const BAD: &str = "import json\n\n    \nimport ctypes\n";

#[test]
fn a_file_a_directory_and_a_zip_get_the_same_verdict() {
    let folder = Folder::with(
        "check",
        &[
            ("good/agent.py", GOOD),
            ("good/lib/util.py", "x = 1\n"),
            ("bad/agent.py", GOOD),
            ("bad/lib/util.py", BAD),
            ("bad/notes.txt", "import ctypes"),
        ],
    );
    for name in ["good", "bad"] {
        let util = fs::read_to_string(folder.path().join(name).join("lib/util.py")).unwrap();
        let files = [("agent.py", GOOD), ("lib/util.py", util.as_str())];
        folder.write(&format!("{name}.zip"), zipped(&files));
    }
    for good in ["good", "good.zip", "good/agent.py"] {
        let output = folder.run(&[good]);
        assert_eq!(output.status.code(), Some(0), "{good}: {}", out(&output));
        assert!(out(&output).ends_with(" checked: allowed\n"), "{good}");
        assert_eq!(err(&output), "");
    }
    for (bad, shown) in [
        ("bad", "bad/lib/util.py:4:"),
        ("./bad", "--> bad/lib/util.py:4:"),
        ("bad.zip", "--> lib/util.py:4:"),
        ("bad/lib/util.py", "--> bad/lib/util.py:4:"),
    ] {
        let output = folder.run(&[bad]);
        let text = out(&output);
        assert_eq!(output.status.code(), Some(1), "{bad}: {text}");
        assert!(text.contains(shown), "{text}");
        assert!(text.contains("4 | import ctypes\n"), "{text}");
        assert!(text.contains(" checked: denied, 1 error"), "{text}");
        assert!(!text.contains('\u{1b}'), "colours in a pipe: {text:?}");
    }
}

#[test]
fn json_is_the_only_thing_on_standard_output_and_holds_everything() {
    let folder = Folder::with("check", &[("agent.py", BAD), ("lib/util.py", "x = 1\n")]);
    let output = folder.run(&[".", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let view = json(&output);
    assert_eq!(view["verdict"], "deny");
    assert_eq!(
        view["files"],
        serde_json::json!(["agent.py", "lib/util.py"])
    );
    let violation = &view["violations"][0];
    assert_eq!(violation["file"], "agent.py");
    assert_eq!(violation["line"], 4);
    assert_eq!(violation["severity"], "deny");
    for text in ["rule", "message", "hint"] {
        assert!(violation[text].is_string(), "{violation}");
    }
    assert!(violation["column"].is_u64() && violation["width"].is_u64());

    let output = folder.run(&["lib", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json(&output)["violations"], serde_json::json!([]));

    let output = folder.run(&["gone", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["exitCode"], 2);
}

#[test]
fn a_policy_is_a_name_or_a_file() {
    let folder = Folder::with(
        "check",
        &[
            ("agent.py", "import ctypes\n"),
            (
                "lenient.toml",
                "extends = 'term'\n[imports]\nallowed = ['ctypes']\n",
            ),
            ("broken.toml", "imports = 7\n"),
            ("unknown.toml", "allow_all = true\n"),
            ("term", "[imports]\nallowed = ['ctypes']\n"),
        ],
    );
    folder.write("binary.toml", b"\xff");
    let code = |policy: &str| folder.run(&["agent.py", "--policy", policy]).status.code();
    assert_eq!(code("term"), Some(1));
    assert_eq!(code("./term"), Some(0));
    assert_eq!(code("lenient.toml"), Some(0));
    for (policy, reason) in [
        (
            "lenient",
            "expected term, data-fabrication, bitsec or a TOML file",
        ),
        ("", "expected term"),
        ("broken.toml", "imports"),
        ("unknown.toml", "allow_all"),
        ("binary.toml", "not UTF-8"),
        (".", "Is a directory"),
    ] {
        folder.refuses(&["agent.py", "--policy", policy], reason);
    }
}

#[test]
fn what_can_not_be_read_exits_with_2_and_says_what_to_do() {
    let folder = Folder::with(
        "check",
        &[
            ("empty/readme.md", ""),
            ("empty/.hidden/agent.py", BAD),
            ("empty/__pycache__/agent.py", BAD),
            ("notes.txt", "import os"),
            ("broken.zip", "not a zip"),
            ("cut.zip", "PK\u{3}\u{4}"),
            ("secret/agent.py", GOOD),
        ],
    );
    fs::create_dir(folder.path().join("nothing")).unwrap();
    let files: Vec<(String, String)> = (0..257)
        .map(|n| (format!("many/{n}.py"), String::new()))
        .collect();
    for (name, text) in &files {
        fs::create_dir_all(folder.path().join("many")).unwrap();
        folder.write(name, text);
    }
    let deep = folder.path().join("deep").join("d/".repeat(40));
    fs::create_dir_all(deep).unwrap();
    let big = fs::File::create(folder.path().join("big.py")).unwrap();
    big.set_len(33 * 1024 * 1024).unwrap();
    symlink("loop", folder.path().join("loop")).unwrap();
    for (path, reason) in [
        ("gone", "expected a .py file, a directory or a zip"),
        ("empty", "name the directory that holds agent.py"),
        ("nothing", "name the directory that holds agent.py"),
        ("notes.txt", "neither a .py file nor a directory nor a zip"),
        ("/dev/null", "neither a .py file nor a directory nor a zip"),
        ("broken.zip", "zip.not_a_zip"),
        ("cut.zip", "zip.not_a_zip"),
        ("many", "more than 256 Python files"),
        ("deep", "folders deep"),
        ("big.py", "bytes of Python"),
        ("loop", "symbolic links"),
    ] {
        folder.refuses(&[path], reason);
    }
    folder.refuses(&[], "PATH");
    folder.refuses(&["a", "b"], "unexpected argument");
    // Root reads everything.
    let secret = folder.path().join("secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&secret).is_err() {
        folder.refuses(&["secret"], "ermission denied");
    }
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_package_that_validators_refuse_unread_is_refused_by_the_same_rule() {
    let folder = Folder::with("check", &[]);
    for (name, files, rule) in [
        (
            "native.zip",
            &[("agent.py", ""), ("x.so", "")][..],
            "zip.native_code",
        ),
        ("up.zip", &[("../agent.py", "")], "zip.path"),
        (
            "nested.zip",
            &[("agent.py", ""), ("a.whl", "")],
            "zip.nested_archive",
        ),
    ] {
        folder.write(name, zipped(files));
        folder.refuses(&[name], rule);
    }
    folder.write("part.zip", zipped(&[("util.py", GOOD)]));
    let output = folder.run(&["part.zip"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).contains("no agent.py at the root"));
    folder.write("text.zip", zipped(&[("a.txt", "")]));
    folder.refuses(&["text.zip"], "holds no Python files");
}

#[test]
fn no_python_file_of_a_directory_stays_unread_but_what_is_left_out_on_purpose() {
    let folder = Folder::with(
        "check",
        &[
            ("p/agent.py", GOOD),
            ("p/WINDOWS.PYW", GOOD),
            ("p/types.pyi", GOOD),
            ("p/.hidden.py", GOOD),
            ("p/.git/hook.py", BAD),
            ("p/__pycache__/x.py", BAD),
            ("elsewhere/evil.py", BAD),
        ],
    );
    symlink("../elsewhere", folder.path().join("p/link")).unwrap();
    symlink("../elsewhere/evil.py", folder.path().join("p/link.py")).unwrap();
    let output = folder.run(&["p", "--json"]);
    let files = json(&output)["files"].clone();
    assert_eq!(
        files,
        serde_json::json!([".hidden.py", "WINDOWS.PYW", "agent.py", "types.pyi"])
    );
    assert_eq!(err(&output), "");
    let output = folder.run(&["p"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).contains("2 links were not followed"));
}

#[test]
fn names_that_are_not_utf8_or_steer_the_terminal_are_told_apart_safely() {
    let folder = Folder::with(
        "check",
        &[("evil\u{1b}[2J/a\u{202e}.py", "import ctypes\n")],
    );
    let output = folder.run(&["."]);
    assert_eq!(output.status.code(), Some(1));
    let text = out(&output);
    assert!(text.contains("evil\\u{1b}[2J/a\\u{202e}.py:1:"), "{text}");

    let name = OsStr::from_bytes(b"bad\xff.py");
    fs::write(folder.path().join(name), GOOD).unwrap();
    folder.refuses(&["."], "names must be UTF-8");
    let output = folder.command(&[name]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let harmless = OsStr::from_bytes(b"bad\xff.txt");
    fs::remove_file(folder.path().join(name)).unwrap();
    fs::write(folder.path().join(harmless), b"").unwrap();
    assert_eq!(folder.run(&["."]).status.code(), Some(1));
}

#[test]
fn a_source_that_is_no_text_is_denied_not_an_error() {
    let folder = Folder::with("check", &[("nul.py", "x = 1\0\n")]);
    folder.write("latin.py", b"x = '\xe9'\n");
    folder.write("zip.py", zipped(&[("agent.py", GOOD)]));
    folder.write("huge.py", " ".repeat(2 << 20));
    for name in ["nul.py", "latin.py", "zip.py", "huge.py"] {
        let output = folder.run(&[name]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", err(&output));
        assert!(out(&output).contains(&format!("--> {name}")), "{name}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let folder = Folder::with("check", &[("agent.py", &"import ctypes\n".repeat(10_000))]);
    let mut child = folder
        .command(&[OsStr::new("agent.py")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = folder
        .command(&[OsStr::new("agent.py")])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn colours_come_and_go_as_asked() {
    let folder = Folder::with("check", &[("agent.py", "import ctypes\n")]);
    let run = |name: &str| {
        let mut command = folder.command(&[OsStr::new("agent.py")]);
        out(&command.env(name, "1").output().unwrap())
    };
    assert!(run("CLICOLOR_FORCE").contains("\u{1b}["));
    assert!(!run("NO_COLOR").contains("\u{1b}["));
}
