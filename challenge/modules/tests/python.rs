//! Python analysis gives modules and native runs the same bytes, or the same refusal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonFile, PythonFingerprint, PythonFingerprintRequest,
    PythonFingerprintResponse, PythonSimilarityRequest, codec,
};
use assay_challenge_sdk::{Host, HostError, MemoryHost};
use assay_runtime::{CallContext, Engine, EngineConfig, LoadedModule, MemoryStorage};
use serde::Serialize;

const FUNCTIONS: [&str; 3] = ["python_check", "python_fingerprint", "python_similarity"];
/// Programs of the corpus that are compared, evenly spread.
const CORPUS_FILES_MAX: usize = 60;

/// A module that passes its input on, and the native host.
struct Pair {
    module: Arc<LoadedModule>,
    native: MemoryHost,
    /// Keeps the workers alive.
    _engine: Engine,
}

impl Pair {
    fn new() -> Self {
        let (mut imports, mut exports) = (String::new(), String::new());
        for name in FUNCTIONS {
            imports.push_str(&format!(
                r#"(import "assay_python" "{name}" (func ${name} (param i32 i32 i32 i32) (result i32)))"#
            ));
            let call = format!(
                "(call ${name} (local.get 0) (local.get 1) (i32.const 0x800000) (i32.const 0x800000))"
            );
            exports.push_str(&format!(
                r#"(func (export "{name}") (param i32 i32) (result i64)
                     (i64.or (i64.shl (i64.extend_i32_u {call}) (i64.const 32)) (i64.const 0x800000)))
                   (func (export "{name}_status") (param i32 i32) (result i32) {call})"#
            ));
        }
        let module = wat::parse_str(format!(
            r#"(module {imports} (memory (export "memory") 256)
               (func (export "alloc") (param i32) (result i32) (i32.const 1024)) {exports})"#
        ));
        let engine = Engine::new(EngineConfig::default()).unwrap();
        Self {
            module: engine.load(&module.unwrap()).unwrap(),
            native: MemoryHost::new().with_python(assay_python::Analysis),
            _engine: engine,
        }
    }

    /// The module's answer, or the status that it got.
    fn compiled(&self, name: &str, request: &[u8]) -> Result<Vec<u8>, i64> {
        let context = CallContext::new("test");
        let call = |export: &str| {
            let storage = Arc::new(MemoryStorage::default());
            let outcome = self
                .module
                .call_raw(export, &context, storage, Some(request));
            outcome.unwrap().output
        };
        let status = call(&format!("{name}_status")).value.unwrap();
        if status < 0 {
            return Err(status);
        }
        Ok(call(name).bytes.unwrap())
    }

    /// Both answers are the same; returns it.
    fn compare<T: Serialize, R: Serialize>(
        &self,
        name: &str,
        request: &T,
        native: impl FnOnce(&MemoryHost, &T) -> Result<R, HostError>,
    ) -> Result<R, i64> {
        let compiled = self.compiled(name, &codec::encode(request).unwrap());
        let native = native(&self.native, request).map_err(|error| match error {
            HostError::Status { function, status } if function == name => status,
            other => panic!("{name}: {other}"),
        });
        let encoded = match &native {
            Ok(response) => Ok(codec::encode(response).unwrap()),
            Err(status) => Err(*status),
        };
        assert_eq!(compiled, encoded, "{name}");
        native
    }

    fn check(&self, files: &[PythonFile], policy: &str) {
        let request = PythonCheckRequest {
            files: files.to_vec(),
            policy: policy.into(),
        };
        let _ = self.compare("python_check", &request, MemoryHost::python_check);
    }

    fn fingerprint(
        &self,
        files: &[PythonFile],
        template: &PythonFingerprint,
    ) -> Option<PythonFingerprint> {
        let request = PythonFingerprintRequest {
            files: files.to_vec(),
            template: template.clone(),
        };
        let answer = self.compare(
            "python_fingerprint",
            &request,
            MemoryHost::python_fingerprint,
        );
        match answer {
            Ok(PythonFingerprintResponse::Fingerprint(fingerprint)) => Some(fingerprint),
            Ok(PythonFingerprintResponse::Refused(_)) | Err(_) => None,
        }
    }
}

fn file(path: &str, source: impl Into<Vec<u8>>) -> PythonFile {
    PythonFile {
        path: path.into(),
        source: source.into(),
    }
}

/// Packages of one file: real programs, evasions, and what is no Python at all.
fn sources() -> Vec<PythonFile> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/python/tests/corpus");
    let (mut folders, mut paths) = (vec![corpus], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "py") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    assert!(!paths.is_empty());
    let step = paths.len().div_ceil(CORPUS_FILES_MAX);
    let mut sources: Vec<PythonFile> = paths
        .iter()
        .step_by(step)
        .map(|path| file("agent.py", fs::read(path).unwrap()))
        .collect();
    for source in [
        &b""[..],
        b"\xff\xfe",
        b"x = 1\0",
        b"def (:",
        b"# coding: latin-1\n",
        "𝐨𝐬 = '\u{202e}'".as_bytes(),
    ] {
        sources.push(file("agent.py", source));
    }
    for deep in ["(", "-", "1+", ".a", "x if y else ", "lambda: ", "[{("] {
        sources.push(file("agent.py", deep.repeat(20_000)));
    }
    sources
}

#[test]
fn every_program_gets_the_same_findings_fingerprint_and_scores() {
    let pair = Pair::new();
    let sources = sources();
    let mut fingerprints = Vec::new();
    for source in &sources {
        let files = std::slice::from_ref(source);
        pair.check(files, "term");
        fingerprints.extend(pair.fingerprint(files, &PythonFingerprint::default()));
    }
    assert!(fingerprints.len() > 10, "most of the corpus is Python");
    for subject in fingerprints.iter().take(8) {
        let request = PythonSimilarityRequest {
            subject: subject.clone(),
            others: fingerprints.clone(),
        };
        let answer = pair.compare("python_similarity", &request, MemoryHost::python_similarity);
        assert_eq!(answer.unwrap().scores.len(), fingerprints.len());
    }

    let package: Vec<PythonFile> = (0..)
        .zip(&sources)
        .map(|(index, source)| file(&format!("m{index}.py"), source.source.clone()))
        .collect();
    pair.check(&package, "term");
    pair.fingerprint(&package, &PythonFingerprint::default());
    let good = &package[..1];
    let template = fingerprints[0].clone();
    assert!(pair.fingerprint(good, &template).is_some());
}

#[test]
fn every_refused_request_is_refused_alike() {
    let pair = Pair::new();
    let files = [file("agent.py", "x = 1\n")];
    pair.check(&files, "no such policy");
    pair.check(&files, "imports = 7");
    pair.check(&vec![files[0].clone(); 300], "term");
    pair.check(&[file(&"p/".repeat(400), "x = 1\n")], "term");
    pair.fingerprint(&vec![files[0].clone(); 300], &PythonFingerprint::default());
    pair.fingerprint(&files, &PythonFingerprint(vec![7; 100]));
    let own = pair
        .fingerprint(&files, &PythonFingerprint::default())
        .unwrap();
    for (subject, others) in [
        (PythonFingerprint::default(), vec![]),
        (
            own.clone(),
            vec![own.clone(), PythonFingerprint(vec![0; 40])],
        ),
        (own.clone(), vec![own; 1_025]),
    ] {
        let request = PythonSimilarityRequest { subject, others };
        let answer = pair.compare("python_similarity", &request, MemoryHost::python_similarity);
        assert!(answer.is_err());
    }
}
