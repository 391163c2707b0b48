//! Miners, packages and submissions for tests, and a writer of archives that can break every rule.

use std::{borrow::ToOwned, string::String, vec, vec::Vec};

use assay_challenge_sdk::{
    Challenge, Hotkey, MemoryHost, PythonAnalysis, PythonFault,
    abi::{
        EvaluationInput, EvaluationOutput, PythonCheckRequest, PythonCheckResponse, PythonVerdict,
        PythonViolation, SubmissionContext, ValidateOutcome, WasmRouteRequest, codec,
    },
};
use miniz_oxide::deflate::compress_to_vec;
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

use crate::{
    DEFAULT_PYTHON_POLICY, Difficulty, EvidenceMode, Submission, Task, TaskResult, TermChallenge,
    TermParams, signing,
};

pub const NETWORK: [u8; 32] = [9; 32];
pub const BURN: Hotkey = Hotkey([0xbb; 32]);
pub const TASKS: usize = 4;

/// One entry of an archive under construction. The defaults make a sound one; tests break one thing.
#[derive(Clone)]
pub struct RawEntry {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    pub method: u16,
    pub flags: u16,
    pub crc32: u32,
    pub size: u32,
    pub data: Vec<u8>,
    pub mode: u32,
    pub extra: Vec<u8>,
    pub descriptor: Vec<u8>,
    pub local_crc32: Option<u32>,
    /// Bytes between this entry and the next.
    pub gap: Vec<u8>,
    pub local_offset: Option<u32>,
}

impl RawEntry {
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            method: 0,
            flags: 0,
            crc32: crc32fast::hash(content),
            size: content.len() as u32,
            data: content.to_vec(),
            mode: if name.ends_with('/') {
                0o040_755
            } else {
                0o100_644
            },
            extra: vec![],
            descriptor: vec![],
            local_crc32: None,
            gap: vec![],
            local_offset: None,
        }
    }

    pub fn deflated(name: &str, content: &[u8]) -> Self {
        Self {
            method: 8,
            data: compress_to_vec(content, 9),
            ..Self::stored(name, content)
        }
    }
}

pub fn archive(entries: &[RawEntry]) -> Vec<u8> {
    archive_with_comment(entries, b"")
}

pub fn archive_with_comment(entries: &[RawEntry], comment: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry.local_offset.unwrap_or(out.len() as u32);
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        let has_descriptor = entry.flags & 8 != 0;
        let (crc, packed, size) = if has_descriptor {
            (0, 0, 0)
        } else {
            (
                entry.local_crc32.unwrap_or(entry.crc32),
                entry.data.len() as u32,
                entry.size,
            )
        };
        out.extend(0x0403_4b50u32.to_le_bytes());
        for word in [20, entry.flags, entry.method, 0, 0x21] {
            out.extend(word.to_le_bytes());
        }
        for long in [crc, packed, size] {
            out.extend(long.to_le_bytes());
        }
        out.extend((local_name.len() as u16).to_le_bytes());
        out.extend((entry.extra.len() as u16).to_le_bytes());
        out.extend(local_name);
        out.extend(&entry.extra);
        out.extend(&entry.data);
        out.extend(&entry.descriptor);
        out.extend(&entry.gap);

        directory.extend(0x0201_4b50u32.to_le_bytes());
        for word in [0x0314, 20, entry.flags, entry.method, 0, 0x21] {
            directory.extend(word.to_le_bytes());
        }
        for long in [entry.crc32, entry.data.len() as u32, entry.size] {
            directory.extend(long.to_le_bytes());
        }
        for word in [entry.name.len() as u16, entry.extra.len() as u16, 0, 0, 0] {
            directory.extend(word.to_le_bytes());
        }
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let directory_offset = out.len() as u32;
    out.extend(&directory);
    out.extend(0x0605_4b50u32.to_le_bytes());
    for word in [0, 0, entries.len() as u16, entries.len() as u16] {
        out.extend(word.to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(directory_offset.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

pub fn agent_zip(source: &str) -> Vec<u8> {
    archive(&[
        RawEntry::deflated("agent.py", source.as_bytes()),
        RawEntry::stored("lib/", b""),
        RawEntry::stored("lib/helper.py", b"VALUE = 1\n"),
        RawEntry::stored("README.md", b"An agent.\n"),
    ])
}

pub fn params() -> TermParams {
    let tasks = (0..TASKS).map(|index| Task {
        id: std::format!("task-{index}"),
        name: std::format!("Task {index}"),
        repo: "owner/repo".to_owned(),
        base_commit: "0a1b2c".to_owned(),
        difficulty: Difficulty::Medium,
        timeout_secs: 600,
    });
    TermParams {
        evidence: EvidenceMode::Reported,
        burn_hotkey: BURN,
        python_policy: DEFAULT_PYTHON_POLICY.to_owned(),
        tasks: tasks.collect(),
    }
}

pub fn results(passed: usize) -> Vec<TaskResult> {
    let result = |index: usize| TaskResult {
        task_id: std::format!("task-{index}"),
        passed: index < passed,
        score: if index < passed { 1.0 } else { 0.0 },
        execution_time_ms: 10,
        test_output: std::format!("output of {index}"),
        agent_output: String::new(),
        error: None,
    };
    (0..TASKS).map(result).collect()
}

pub struct Miner {
    pub keypair: Keypair,
}

impl Miner {
    pub fn new(seed: u8) -> Self {
        let keypair = MiniSecretKey::from_bytes(&[seed; 32])
            .unwrap()
            .expand_to_keypair(ExpansionMode::Ed25519);
        Self { keypair }
    }

    pub fn hotkey(&self) -> Hotkey {
        Hotkey(self.keypair.public.to_bytes())
    }

    pub fn submission(&self, epoch: u64, passed: usize) -> Submission {
        let package_zip = agent_zip("print('hello')\n");
        Submission {
            agent_hash: hex::encode(signing::agent_hash(&package_zip)),
            miner_hotkey: self.hotkey().to_ss58(),
            signature: vec![],
            epoch,
            package_zip,
            basilica_instance: "instance-1".to_owned(),
            executor_url: "https://executor.example/run".to_owned(),
            executor_token: String::new(),
            task_results: results(passed),
        }
    }

    pub fn sign(&self, submission: &mut Submission, name: &str) {
        let mut agent_hash = [0; 32];
        let _ = hex::decode_to_slice(&submission.agent_hash, &mut agent_hash);
        let digest = signing::results_digest(submission).unwrap();
        let hotkey = self.hotkey();
        let epoch = submission.epoch;
        let bytes =
            signing::signing_bytes(&NETWORK, &agent_hash, &hotkey, epoch, name, &digest).unwrap();
        submission.signature = self
            .keypair
            .sign_simple(b"substrate", &bytes)
            .to_bytes()
            .to_vec();
    }
}

/// A node: the in-memory host with an order of submissions.
pub struct Node {
    pub host: MemoryHost,
    next: u8,
}

impl Node {
    pub fn new() -> Self {
        Self {
            host: MemoryHost::new().with_python(Checker),
            next: 1,
        }
    }

    pub fn set_epoch(&self, epoch: u64) {
        self.host.set_epoch(epoch);
    }

    pub fn input(&mut self, miner: &Miner, submission: &Submission, name: &str) -> EvaluationInput {
        let epoch = assay_challenge_sdk::Host::epoch(&self.host).unwrap();
        let context = SubmissionContext {
            network_id: NETWORK,
            submission_id: [self.next; 32],
            hotkey: miner.hotkey().0,
            name: name.to_owned(),
            sequence: 0,
            epoch,
            block_height: 100 + u64::from(self.next),
            timestamp_ms: 1_700_000_000_000 + i64::from(self.next),
        };
        self.next += 1;
        EvaluationInput {
            agent_data: submission.to_bytes().unwrap(),
            challenge_id: crate::NAME.to_owned(),
            params: params().to_bytes().unwrap(),
            task_definition: None,
            environment_config: Some(codec::encode(&context).unwrap()),
        }
    }

    /// Signs a submission as it stands and validates it.
    pub fn validate(&mut self, miner: &Miner, mut submission: Submission) -> ValidateOutcome {
        miner.sign(&mut submission, "agent");
        let input = self.input(miner, &submission, "agent");
        TermChallenge.validate_with_reason(&self.host, input)
    }

    /// Signs a submission as it stands and evaluates it.
    pub fn evaluate(
        &mut self,
        miner: &Miner,
        submission: Submission,
        name: &str,
    ) -> EvaluationOutput {
        let mut submission = submission;
        miner.sign(&mut submission, name);
        let input = self.input(miner, &submission, name);
        TermChallenge.evaluate(&self.host, input)
    }

    /// A whole submission in an epoch.
    pub fn submit(&mut self, miner: &Miner, epoch: u64, passed: usize) -> EvaluationOutput {
        self.set_epoch(epoch);
        let name = std::format!("agent-of-{}", &miner.hotkey().to_hex()[..8]);
        self.evaluate(miner, miner.submission(epoch, passed), &name)
    }

    pub fn get(&self, path: &str) -> (u16, serde_json::Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let request = WasmRouteRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            params: vec![],
            query: query
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            body: b"null".to_vec(),
            auth_hotkey: None,
        };
        let response = TermChallenge.handle_route(&self.host, request);
        (
            response.status,
            serde_json::from_slice(&response.body).unwrap(),
        )
    }

    /// Weights by hotkey as hex.
    pub fn weights(&self) -> Vec<(String, f64)> {
        let weights = TermChallenge.get_weights(&self.host);
        weights
            .into_iter()
            .map(|entry| (entry.hotkey, entry.weight))
            .collect()
    }
}

/// Stands in for the host's policy: `import os` is forbidden.
struct Checker;

impl PythonAnalysis for Checker {
    fn check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, PythonFault> {
        assert_eq!(request.policy, DEFAULT_PYTHON_POLICY);
        let violations: Vec<PythonViolation> = request
            .files
            .iter()
            .filter(|file| file.source.starts_with(b"import os"))
            .map(|file| PythonViolation {
                rule: "import.forbidden".to_owned(),
                severity: PythonVerdict::Deny,
                file: file.path.clone(),
                line: 1,
                column: 8,
                width: 2,
                message: "os is not an allowed import".to_owned(),
                hint: String::new(),
            })
            .collect();
        let verdict = if violations.is_empty() {
            PythonVerdict::Allow
        } else {
            PythonVerdict::Deny
        };
        Ok(PythonCheckResponse {
            verdict,
            violations,
        })
    }
}
