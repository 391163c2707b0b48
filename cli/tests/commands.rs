//! The binary as scripts and people meet it: help, exit codes, key files, following a submission.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use assay_api::submission::{Fault, SubmissionStatus};
use serde_json::Value;
use support::{FakeNode, Fate, fixtures};

/// Nothing listens there: the discard port of this machine.
const NOBODY: &str = "http://127.0.0.1:9";

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    /// A home with a key and an agent.
    fn new() -> Home {
        let home = Home {
            dir: tempfile::tempdir().unwrap(),
        };
        assert_eq!(home.assay(&["keys", "generate"]).status.code(), Some(0));
        let agent = home.path().join("my-agent");
        fs::create_dir(&agent).unwrap();
        fs::write(agent.join("agent.py"), "print('hi')\n").unwrap();
        let results = r#"{"basilica_instance": "b1", "executor_url": "https://e.example",
            "task_results": [{"task_id": "fix-parser", "passed": true}]}"#;
        fs::write(agent.join("task_results.json"), results).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn assay(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .output()
            .unwrap()
    }

    fn submit(&self, node: &str, more: &[&str]) -> Output {
        let mut args = vec!["submit", "--package", "my-agent", "--rpc", node];
        args.extend_from_slice(more);
        self.assay(&args)
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", out(output), err(output));
    })
}

#[test]
fn every_command_has_help_with_examples() {
    let home = Home::new();
    for command in [
        &[][..],
        &["keys"],
        &["keys", "generate"],
        &["keys", "import"],
        &["keys", "inspect"],
        &["submit"],
        &["check"],
        &["similarity"],
        &["submission"],
        &["status"],
        &["tui"],
        &["completions"],
    ] {
        let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let output = home.assay(&args);
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains("Examples:\n  assay "), "{args:?}");
    }
    let top = out(&home.assay(&["--help"]));
    assert!(top.contains("Exit codes:"));
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_to_do() {
    let home = Home::new();
    for (args, hint) in [
        (&["submit"][..], "--package"),
        (
            &["submit", "--package", "gone"],
            "expected a directory with agent.py",
        ),
        (
            &["submit", "--package", "my-agent", "--key", "gone.json"],
            "assay keys generate",
        ),
        (
            &["submit", "--package", "my-agent", "--challenge", "other"],
            "--payload",
        ),
        (&["submission", "xyz"], "64 hex digits"),
        (
            &["status", "--rpc", "ftp://somewhere"],
            "http://127.0.0.1:8080",
        ),
        (&["tui"], "assay status --json"),
        (&["tui", "--hotkey", "xyz"], "SS58"),
    ] {
        let output = home.assay(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert!(err(&output).contains(hint), "{args:?}: {}", err(&output));
    }
}

#[test]
fn a_generated_key_is_private_and_never_overwritten_by_accident() {
    let home = Home::new();
    let path = home.path().join("k.json");
    let made = home.assay(&["keys", "generate", "--out", "k.json", "--json"]);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    let again = home.assay(&["keys", "generate", "--out", "k.json"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("--force"));
    assert_eq!(fs::read(&path).unwrap(), before);

    let shown = home.assay(&["keys", "inspect", "k.json", "--json"]);
    assert_eq!(json(&shown)["ss58"], json(&made)["ss58"]);
    let hex = json(&made)["publicKey"].as_str().unwrap().to_owned();
    assert!(
        out(&home.assay(&["keys", "inspect", &hex]))
            .contains(json(&made)["ss58"].as_str().unwrap())
    );

    let forced = home.assay(&["keys", "generate", "--out", "k.json", "--force"]);
    assert_eq!(forced.status.code(), Some(0));
    assert_ne!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_hotkey_of_a_wallet_is_imported_and_never_overwrites_another_by_accident() {
    let home = Home::new();
    // A key of a wallet that has neither seed nor phrase: Alice of development chains.
    let private_key = "33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011";
    let ss58 = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    let hotkeys = home.path().join(".bittensor/wallets/miner/hotkeys");
    fs::create_dir_all(&hotkeys).unwrap();
    let source = hotkeys.join("first");
    let contents = format!(r#"{{"privateKey":"0x{private_key}","ss58Address":"{ss58}"}}"#);
    fs::write(&source, contents).unwrap();
    let import = [
        "keys", "import", "--wallet", "miner", "--hotkey", "first", "--out", "k.json",
    ];

    fs::set_permissions(&source, Permissions::from_mode(0o644)).unwrap();
    let readable = home.assay(&import);
    assert_eq!(readable.status.code(), Some(2));
    assert!(err(&readable).contains("chmod 600"), "{}", err(&readable));

    fs::set_permissions(&source, Permissions::from_mode(0o600)).unwrap();
    let imported = home.assay(&import);
    assert_eq!(imported.status.code(), Some(0), "{}", err(&imported));
    assert!(out(&imported).contains(ss58) && !out(&imported).contains(private_key));
    let path = home.path().join("k.json");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let shown = home.assay(&["keys", "inspect", "k.json", "--json"]);
    assert_eq!(json(&shown)["ss58"], ss58);

    let again = home.assay(&import);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("--force"), "{}", err(&again));
    let encrypted = home.path().join("encrypted");
    fs::write(&encrypted, [&b"$NACL"[..], &[0; 64]].concat()).unwrap();
    fs::set_permissions(&encrypted, Permissions::from_mode(0o600)).unwrap();
    let unknown = home.assay(&["keys", "import", "--file", "encrypted", "--force"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        err(&unknown).contains("BT_WALLET_PASSWORD"),
        "{}",
        err(&unknown)
    );
}

#[test]
fn no_output_of_any_command_holds_the_secret() {
    let home = Home::new();
    let file: Value =
        serde_json::from_slice(&fs::read(home.path().join(".assay/hotkey.json")).unwrap()).unwrap();
    let secret = file["secretSeed"].as_str().unwrap();
    let node = FakeNode::start(Fate::Agreed, 0);
    for output in [
        home.assay(&["keys", "inspect", "-v"]),
        home.assay(&["keys", "inspect", "--json"]),
        home.submit(&node.url, &["-v", "--json"]),
    ] {
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        assert!(!out(&output).contains(secret) && !err(&output).contains(secret));
    }
}

#[test]
fn a_key_that_others_can_read_signs_nothing() {
    let home = Home::new();
    let key = home.path().join(".assay/hotkey.json");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let node = FakeNode::start(Fate::Agreed, 0);
    let output = home.submit(&node.url, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("chmod 600"));
    assert!(node.script().taken.is_empty());
}

#[test]
fn an_agreed_submission_exits_with_0_and_shows_every_vote() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    let output = home.submit(&node.url, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let (text, progress) = (out(&output), err(&output));
    assert!(
        text.contains("agreed, score 0.7500, 75% of the stake agrees"),
        "{text}"
    );
    assert!(text.contains("DIFFERS"), "{text}");
    for index in 0..4 {
        assert!(text.contains(&fixtures::validator(index).to_ss58()));
    }
    for status in ["received", "approved", "ordered", "executed", "agreed"] {
        let said = progress
            .lines()
            .filter(|line| line.trim().starts_with(status));
        assert_eq!(said.count(), 1, "{status} in {progress}");
    }
}

#[test]
fn json_output_of_a_followed_submission_is_one_object() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    let output = home.submit(&node.url, &["--json"]);
    let view = json(&output);
    assert_eq!(view["outcome"], "agreed");
    assert_eq!(view["score"], 7_500);
    assert_eq!(view["journey"]["steps"].as_array().unwrap().len(), 5);
    assert_eq!(view["submissionId"], node.script().taken[0].as_str());
    assert_eq!(err(&output), "");
}

#[test]
fn a_rejected_submission_exits_with_3_and_gives_the_reason() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Failed(Fault::Miner), 0);
    let output = home.submit(&node.url, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(out(&output).contains("zip.no_agent_py"), "{}", out(&output));
}

#[test]
fn an_agreed_submission_that_the_challenge_does_not_accept_exits_with_3() {
    let home = Home::new();
    let node = FakeNode::start(Fate::NotAccepted, 0);
    let output = home.submit(&node.url, &["--json"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)["outcome"], "not_accepted");
    let id = node.script().taken[0].clone();
    let again = home.assay(&["submission", &id, "--rpc", &node.url]);
    assert_eq!(again.status.code(), Some(3));
    assert!(out(&again).contains("import of ctypes is forbidden"));
}

#[test]
fn a_refusal_by_the_node_exits_by_whose_fault_it_is() {
    let home = Home::new();
    for (fault, code) in [(Fault::Miner, 3), (Fault::Platform, 4)] {
        let node = FakeNode::start(Fate::Refused(fault), 0);
        let output = home.submit(&node.url, &["--json"]);
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(json(&output)["exitCode"], code);
        assert!(err(&output).contains("not in the metagraph"));
    }
}

#[test]
fn a_failure_of_the_platform_exits_with_4() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Failed(Fault::Platform), 0);
    assert_eq!(home.submit(&node.url, &[]).status.code(), Some(4));
}

#[test]
fn a_node_that_is_down_exits_with_4_for_every_command() {
    let home = Home::new();
    let id = "ab".repeat(32);
    for output in [
        home.submit(NOBODY, &[]),
        home.assay(&["status", "--rpc", NOBODY]),
        home.assay(&["submission", &id, "--rpc", NOBODY]),
    ] {
        assert_eq!(output.status.code(), Some(4));
        assert!(
            err(&output).contains("check that it runs"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn following_a_node_that_hangs_ends_in_time_and_says_how_to_resume() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Hung, 0);
    let output = home.submit(&node.url, &["--timeout", "1"]);
    assert_eq!(output.status.code(), Some(4));
    let id = node.script().taken[0].clone();
    assert!(err(&output).contains(&format!("assay submission {id}")));
}

#[test]
fn a_submission_that_gets_stuck_ends_in_time_with_its_last_status() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Stuck(SubmissionStatus::Ordered), 0);
    let output = home.submit(&node.url, &["--timeout", "3", "--json"]);
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(json(&output)["outcome"], "timeout");
    assert_eq!(json(&output)["status"], "ordered");
}

#[test]
fn an_answer_that_is_lost_sends_the_same_submission_again() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    node.script().lost_answers = 1;
    let output = home.submit(&node.url, &["--no-follow", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let taken = node.script().taken.clone();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0], taken[1]);
    assert_eq!(json(&output)["name"], "my-agent");
}

#[test]
fn a_second_submission_in_an_epoch_takes_the_next_slot() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    for (more, slot) in [(&[][..], 0), (&[], 1), (&["--sequence", "7"], 7), (&[], 8)] {
        let flags = [&["--no-follow", "--json"], more].concat();
        let output = home.submit(&node.url, &flags);
        assert_eq!(json(&output)["sequence"], slot, "{}", err(&output));
    }
}

#[test]
fn a_node_that_fails_while_followed_is_asked_again() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    node.script().failing_questions = 2;
    let output = home.submit(&node.url, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("asking again"), "{}", err(&output));
}

#[test]
fn interrupting_says_that_the_submission_goes_on_and_how_to_see_it_again() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Stuck(SubmissionStatus::Received), 0);
    let child = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["submit", "--package", "my-agent", "--rpc", &node.url])
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while node.script().questions < 2 {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(
        err(&output).contains("assay submission "),
        "{}",
        err(&output)
    );
}

#[test]
fn a_package_over_the_limits_is_refused_before_anything_is_sent() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    for index in 0..101 {
        fs::write(home.path().join(format!("my-agent/m{index}.py")), "x = 1\n").unwrap();
    }
    let output = home.submit(&node.url, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("1 to 100 entries, got 102"),
        "{}",
        err(&output)
    );
    assert!(node.script().taken.is_empty());
}

#[test]
fn a_package_without_reported_results_is_refused_before_anything_is_sent() {
    let home = Home::new();
    fs::remove_file(home.path().join("my-agent/task_results.json")).unwrap();
    let output = home.submit(NOBODY, &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("task_results.json"), "{text}");
    assert!(text.contains("--results FILE"), "{text}");
}

#[test]
fn a_raw_payload_goes_to_any_challenge() {
    let home = Home::new();
    fs::write(home.path().join("input.bin"), [1, 2, 3]).unwrap();
    let node = FakeNode::start(Fate::Agreed, 0);
    let args = [
        "submit",
        "--challenge",
        "other",
        "--payload",
        "input.bin",
        "--rpc",
        &node.url,
    ];
    let output = home.assay(&args);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn status_shows_the_way_of_weights_to_the_chain_with_attempts_and_reasons() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    let text = out(&home.assay(&["status", "--rpc", &node.url]));
    let start = text.find("Weights  ").unwrap();
    let end = text.find("\nDivergent").unwrap();
    insta::assert_snapshot!("status_weights", &text[start..end]);
    let view = json(&home.assay(&["status", "--rpc", &node.url, "--json"]));
    let weights = &view["weights"];
    assert_eq!(weights["submission"]["attempts"][0]["times"], 5);
    assert_eq!(weights["history"].as_array().unwrap().len(), 8);
    assert_eq!(weights["history"][7]["submission"], Value::Null);
}

#[test]
fn status_of_a_network_without_weights_says_so() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    node.script().weights = fixtures::no_weights();
    let text = out(&home.assay(&["status", "--rpc", &node.url]));
    assert!(
        text.contains("Weights     epoch 12: not computed yet\n"),
        "{text}"
    );
    assert!(!text.contains("Submission") && !text.contains("Earlier epochs"));
}

#[test]
fn status_lists_the_newest_attempts_and_counts_those_before() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    let mut report = fixtures::weights();
    let attempts = &mut report.submission.as_mut().unwrap().attempts;
    let last = attempts[1].clone();
    attempts.extend([last.clone(), last.clone(), last]);
    node.script().weights = report;
    let text = out(&home.assay(&["status", "--rpc", &node.url]));
    assert!(
        text.contains("2 attempts before: --json shows all"),
        "{text}"
    );
    assert_eq!(text.matches("  head 1188  ").count(), 3, "{text}");
}

#[test]
fn status_shows_the_network_to_people_and_scripts() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    let text = out(&home.assay(&["status", "--rpc", &node.url]));
    for part in [
        "testnet (subnet 100",
        "12, evaluation, block 45 of 100",
        "SILENT",
        "term-challenge",
        "60.00%",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let view = json(&home.assay(&["status", "--rpc", &node.url, "--json"]));
    assert_eq!(view["epoch"]["epochNumber"], 12);
    assert_eq!(view["errors"].as_array().unwrap().len(), 0);
}

#[test]
fn an_unknown_submission_is_an_error_of_the_question() {
    let home = Home::new();
    let node = FakeNode::start(Fate::Agreed, 0);
    for follow in [&[][..], &["--follow"]] {
        let id = "cd".repeat(32);
        let mut args = vec!["submission", &id, "--rpc", &node.url];
        args.extend_from_slice(follow);
        let output = home.assay(&args);
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        assert!(err(&output).contains("not found"));
    }
}

#[test]
fn completions_name_the_commands_of_each_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = home.assay(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains("submission"));
    }
}
