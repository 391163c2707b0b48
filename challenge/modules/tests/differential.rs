//! The compiled Term Challenge and the same code run natively give the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::{
    io::{Cursor, Write},
    sync::Arc,
};

use assay_challenge_modules::TERM_CHALLENGE;
use assay_challenge_sdk::{
    Challenge, Hotkey, MemoryHost,
    abi::{EvaluationInput, SubmissionContext, WasmRouteRequest, Weights, codec},
};
use assay_challenge_term::{
    DEFAULT_PYTHON_POLICY, Difficulty, EvidenceMode, Submission, Task, TaskResult, TermChallenge,
    TermParams, signing,
};
use assay_runtime::{CallContext, Engine, EngineConfig, LoadedModule, MemoryStorage};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

const NETWORK: [u8; 32] = [7; 32];
const TASKS: usize = 8;
const TIMESTAMP_MS: i64 = 1_700_000_000_000;

/// Both executions, fed with the same calls.
struct Pair {
    module: Arc<LoadedModule>,
    storage: MemoryStorage,
    native: MemoryHost,
    epoch: u64,
    most_fuel: u64,
    /// Keeps the workers alive.
    _engine: Engine,
}

impl Pair {
    fn new() -> Self {
        let engine = Engine::new(EngineConfig::default()).unwrap();
        let native = MemoryHost::new().with_python(assay_python::Analysis);
        native.set_timestamp_ms(TIMESTAMP_MS);
        Self {
            module: engine.load(TERM_CHALLENGE).unwrap(),
            storage: MemoryStorage::default(),
            native,
            epoch: 0,
            most_fuel: 0,
            _engine: engine,
        }
    }

    fn set_epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.native.set_epoch(epoch);
    }

    fn context(&self) -> CallContext {
        let mut context = CallContext::new(assay_challenge_term::NAME);
        context.epoch = self.epoch;
        context.timestamp_ms = TIMESTAMP_MS;
        context
    }

    /// Validates and evaluates in both; returns the evaluation's message.
    fn submit(&mut self, input: &EvaluationInput) -> String {
        let storage = Arc::new(self.storage.clone());
        let validated = self
            .module
            .validate(&self.context(), storage.clone(), input)
            .unwrap();
        assert_eq!(
            validated.output,
            TermChallenge.validate_with_reason(&self.native, input.clone())
        );
        let evaluated = self
            .module
            .evaluate(&self.context(), storage, input)
            .unwrap();
        assert_eq!(
            evaluated.output,
            TermChallenge.evaluate(&self.native, input.clone())
        );
        self.most_fuel = self.most_fuel.max(evaluated.fuel_used);
        self.storage.apply(evaluated.writes);
        assert_eq!(*self.storage.entries(), self.native.storage());
        evaluated.output.message
    }

    fn compare_reads(&self, paths: &[String]) {
        let storage = Arc::new(self.storage.clone());
        for path in paths {
            let request = WasmRouteRequest {
                method: "GET".into(),
                path: path.clone(),
                body: b"null".to_vec(),
                ..WasmRouteRequest::default()
            };
            let compiled = self
                .module
                .handle_route(&self.context(), storage.clone(), &request)
                .unwrap();
            assert_eq!(
                compiled.output,
                TermChallenge.handle_route(&self.native, request),
                "{path}"
            );
        }
        let weights = self
            .module
            .weights(&self.context(), storage.clone())
            .unwrap();
        assert_eq!(
            weights.output,
            Weights::ByHotkey(TermChallenge.get_weights(&self.native))
        );
        let tasks = self.module.tasks(&self.context(), storage).unwrap();
        assert_eq!(tasks.output, Some(TermChallenge.tasks(&self.native)));
    }
}

fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer
            .start_file(*path, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn params() -> Vec<u8> {
    let tasks = (0..TASKS).map(|index| Task {
        id: format!("task-{index}"),
        name: format!("Task {index}"),
        repo: "owner/repo".into(),
        base_commit: "0a1b".into(),
        difficulty: Difficulty::Easy,
        timeout_secs: 60,
    });
    let params = TermParams {
        evidence: EvidenceMode::Reported,
        burn_hotkey: Hotkey([1; 32]),
        python_policy: DEFAULT_PYTHON_POLICY.into(),
        tasks: tasks.collect(),
    };
    params.to_bytes().unwrap()
}

fn miner(seed: u8) -> Keypair {
    MiniSecretKey::from_bytes(&[seed; 32])
        .unwrap()
        .expand_to_keypair(ExpansionMode::Ed25519)
}

/// A signed submission of this package by the miner with this seed.
fn input(seed: u8, epoch: u64, passed: usize, package_zip: Vec<u8>) -> EvaluationInput {
    let keypair = miner(seed);
    let hotkey = Hotkey(keypair.public.to_bytes());
    let name = format!("agent-{seed}");
    let agent_hash = signing::agent_hash(&package_zip);
    let task_results = (0..TASKS).map(|index| TaskResult {
        task_id: format!("task-{index}"),
        passed: index < passed,
        score: if index < passed { 0.9 } else { 0.1 },
        execution_time_ms: 5,
        test_output: "ünïcode ".repeat(700),
        ..TaskResult::default()
    });
    let mut submission = Submission {
        agent_hash: hex::encode(agent_hash),
        miner_hotkey: hotkey.to_ss58(),
        epoch,
        package_zip,
        basilica_instance: "instance".into(),
        executor_url: "https://executor.example".into(),
        task_results: task_results.collect(),
        ..Submission::default()
    };
    let digest = signing::results_digest(&submission).unwrap();
    let message =
        signing::signing_bytes(&NETWORK, &agent_hash, &hotkey, epoch, &name, &digest).unwrap();
    submission.signature = keypair
        .sign_simple(b"substrate", &message)
        .to_bytes()
        .to_vec();
    let context = SubmissionContext {
        network_id: NETWORK,
        submission_id: signing::agent_hash(&submission.signature),
        hotkey: hotkey.0,
        name,
        sequence: 0,
        epoch,
        block_height: epoch * 10,
        timestamp_ms: TIMESTAMP_MS,
    };
    EvaluationInput {
        agent_data: submission.to_bytes().unwrap(),
        challenge_id: assay_challenge_term::NAME.into(),
        params: params(),
        task_definition: None,
        environment_config: Some(codec::encode(&context).unwrap()),
    }
}

/// Bytes that don't compress (xorshift).
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn compiled_and_native_agree_on_submissions_routes_and_weights() {
    let mut pair = Pair::new();
    let good = package(&[
        ("agent.py", b"import json\nprint(json.dumps({}))\n"),
        ("a/b.py", b"x = 1\n"),
    ]);
    let forbidden = package(&[("agent.py", b"import ctypes\n")]);
    let unparsable = package(&[("agent.py", b"def (:\n")]);
    let noise = noise(900_000);
    let large = package(&[("agent.py", b"pass\n"), ("data.bin", &noise)]);

    let mut messages = Vec::new();
    for (seed, passed, package) in [
        (1, 8, &good),
        (2, 3, &large),
        (3, 8, &forbidden),
        (4, 8, &unparsable),
        (5, 0, &good),
    ] {
        messages.push(pair.submit(&input(seed, 0, passed, package.clone())));
    }
    assert_eq!(messages[0], "passed 8 of 8 tasks");
    assert_eq!(messages[1], "passed 3 of 8 tasks");
    assert!(
        messages[2].starts_with("miner: ast.denied: agent.py:1"),
        "{}",
        messages[2]
    );
    assert!(
        messages[3].starts_with("miner: ast.denied: agent.py:"),
        "{}",
        messages[3]
    );

    for epoch in [61, 80, 137] {
        pair.set_epoch(epoch);
        let message = pair.submit(&input(2, epoch, 5, good.clone()));
        assert_eq!(message, "passed 5 of 8 tasks");
        let hotkey = Hotkey(miner(2).public.to_bytes());
        let mut paths: Vec<String> = TermChallenge
            .routes()
            .iter()
            .map(|route| {
                route
                    .path
                    .replace(":hotkey", &hotkey.to_ss58())
                    .replace(":name", "agent-2")
            })
            .collect();
        paths.push("/nothing".into());
        pair.compare_reads(&paths);
    }
    assert!(
        pair.most_fuel < 1_000_000_000,
        "an evaluation took {} fuel",
        pair.most_fuel
    );
}

#[test]
fn compiled_and_native_refuse_with_the_same_words() {
    let mut pair = Pair::new();
    let good = package(&[("agent.py", b"pass\n")]);
    let mut forged = input(1, 0, 1, good.clone());
    *forged.agent_data.last_mut().unwrap() ^= 1;
    let mut truncated = input(1, 0, 1, good.clone());
    truncated.agent_data.truncate(100);
    let mut unconfigured = input(1, 0, 1, good.clone());
    unconfigured.params.clear();
    let mut late = input(1, 0, 1, good.clone());
    let context = late.environment_config.take().unwrap();
    let mut context: SubmissionContext = codec::decode_exact(&context, 1_024).unwrap();
    context.epoch = 1;
    late.environment_config = Some(codec::encode(&context).unwrap());
    for (refused, beginning) in [
        (forged, "miner: submission.malformed"),
        (truncated, "miner: submission.malformed"),
        (unconfigured, "platform: platform.bad_params"),
        (late, "miner: epoch.mismatch"),
        (input(1, 0, 1, b"no zip".to_vec()), "miner: zip.not_a_zip"),
        (
            input(1, 0, 1, vec![0; 1_048_577]),
            "miner: package.too_large",
        ),
        (
            input(1, 0, 1, package(&[("main.py", b"")])),
            "miner: zip.no_agent_py",
        ),
        (
            input(1, 0, 1, package(&[("agent.py", b""), ("x.so", b"")])),
            "miner: zip.native_code",
        ),
    ] {
        let message = pair.submit(&refused);
        assert!(
            message.starts_with(beginning),
            "{message} instead of {beginning}"
        );
    }
    assert!(pair.storage.entries().is_empty());
    pair.submit(&input(1, 0, 1, good.clone()));
    let again = pair.submit(&input(1, 0, 2, good));
    assert!(again.starts_with("miner: rate_limit"), "{again}");
}
