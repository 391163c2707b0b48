//! Python analysis as modules meet it: answers, costs, and requests made to hurt.
use std::sync::{Arc, LazyLock};

use crate::common::{context, empty, fault, load, wasm, with_fuel};
use assay_challenge_sdk::abi::{
    PYTHON_SIMILARITY_MAX_OTHERS, PythonCheckRequest, PythonCheckResponse, PythonFile,
    PythonFingerprint, PythonFingerprintRequest, PythonFingerprintResponse, PythonScores,
    PythonSimilarityRequest, PythonSimilarityResponse, PythonVerdict, codec,
    status::python as status,
};
use assay_runtime::{CallContext, CallError, GuestFault, LoadedModule, limits};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

const FUNCTIONS: [&str; 3] = ["python_check", "python_fingerprint", "python_similarity"];
/// Where the guest below keeps answers, and how long they may be.
const ANSWER: i32 = 0x20_0000;
const ANSWER_BYTES: i32 = 0x10_0000;

/// Passes its input to the function of the same name: `NAME` returns the answer, `NAME_status` what the
/// host returned, and `NAME_raw` calls with four numbers from its input.
static MODULE: LazyLock<Arc<LoadedModule>> = LazyLock::new(|| {
    let (mut imports, mut functions) = (String::new(), String::new());
    for name in FUNCTIONS {
        imports.push_str(&format!(
            r#"(import "assay_python" "{name}" (func ${name} (param i32 i32 i32 i32) (result i32)))"#
        ));
        let call = format!(
            "(call ${name} (local.get 0) (local.get 1) (i32.const {ANSWER}) (i32.const {ANSWER_BYTES}))"
        );
        let load = |index: usize| format!("(i32.load offset={} (local.get 0))", index * 4);
        let raw: String = (0..4).map(load).collect();
        functions.push_str(&format!(
            r#"(func (export "{name}") (param i32 i32) (result i64)
                 (i64.or (i64.shl (i64.extend_i32_u {call}) (i64.const 32)) (i64.const {ANSWER})))
               (func (export "{name}_status") (param i32 i32) (result i32) {call})
               (func (export "{name}_raw") (param i32 i32) (result i32) (call ${name} {raw}))"#
        ));
    }
    load(&wasm(&format!(
        r#"(module {imports} (memory (export "memory") 300)
           (func (export "alloc") (param i32) (result i32) (i32.const 1024)) {functions})"#
    )))
});

fn ask<T: Serialize, R: DeserializeOwned>(name: &str, request: &T) -> (R, u64) {
    let input = codec::encode(request).unwrap();
    let outcome = MODULE
        .call_raw(name, &context(), empty(), Some(&input))
        .unwrap();
    let bytes = outcome.output.bytes.unwrap();
    (
        codec::decode_exact(&bytes, 1 << 20).unwrap(),
        outcome.fuel_used,
    )
}

fn status_of(context: &CallContext, export: &str, input: &[u8]) -> Result<i32, CallError> {
    let outcome = MODULE.call_raw(export, context, empty(), Some(input))?;
    Ok(i32::try_from(outcome.output.value.unwrap()).unwrap())
}

fn status(name: &str, input: &[u8]) -> i32 {
    status_of(&context(), &format!("{name}_status"), input).unwrap()
}

fn file(source: &str) -> PythonFile {
    PythonFile {
        path: "agent.py".into(),
        source: source.into(),
    }
}

fn fingerprint(source: &str) -> PythonFingerprint {
    let request = PythonFingerprintRequest {
        files: vec![file(source)],
        template: PythonFingerprint::default(),
    };
    match ask("python_fingerprint", &request).0 {
        PythonFingerprintResponse::Fingerprint(fingerprint) => fingerprint,
        PythonFingerprintResponse::Refused(violation) => panic!("{violation:?}"),
    }
}

fn program(lines: usize) -> String {
    let line = |n: usize| format!("def f{n}(a):\n    return [a * {n}, 'x{n}'.join(g{n}(a))]\n");
    (0..lines).map(line).collect()
}

#[test]
fn a_guest_gets_verdicts_fingerprints_and_scores() {
    let request = PythonCheckRequest {
        files: vec![file("import ctypes")],
        policy: String::new(),
    };
    let (checked, fuel): (PythonCheckResponse, u64) = ask("python_check", &request);
    assert_eq!(checked.verdict, PythonVerdict::Deny);
    assert!(fuel > limits::PYTHON_CALL_FUEL);

    let (one, other) = (fingerprint(&program(20)), fingerprint("x = 1\n"));
    let request = PythonSimilarityRequest {
        subject: one.clone(),
        others: vec![one, other],
    };
    let (compared, _): (PythonSimilarityResponse, u64) = ask("python_similarity", &request);
    assert_eq!(compared.scores.len(), 2);
    let all = PythonScores {
        similarity: 10_000,
        contained: 10_000,
        containing: 10_000,
    };
    assert_eq!(compared.scores[0], all);
    assert!(compared.scores[1].similarity < 10_000);

    let request = PythonFingerprintRequest {
        files: vec![file("x = (")],
        template: PythonFingerprint::default(),
    };
    let (refused, _): (PythonFingerprintResponse, u64) = ask("python_fingerprint", &request);
    assert!(matches!(refused, PythonFingerprintResponse::Refused(_)));
}

#[test]
fn longer_requests_cost_more_and_a_large_subject_is_paid_for_each_comparison() {
    let of = |name, source: &str| {
        let files = vec![file(source)];
        let input = if name == "python_check" {
            let policy = String::new();
            codec::encode(&PythonCheckRequest { files, policy })
        } else {
            let template = PythonFingerprint::default();
            codec::encode(&PythonFingerprintRequest { files, template })
        };
        let outcome = MODULE.call_raw(name, &context(), empty(), Some(&input.unwrap()));
        outcome.unwrap().fuel_used
    };
    for (name, byte_fuel) in [
        ("python_check", limits::PYTHON_BYTE_FUEL),
        ("python_fingerprint", limits::PYTHON_FINGERPRINT_BYTE_FUEL),
    ] {
        let (short, long) = (of(name, "x = 1\n"), of(name, &"x = 1\n".repeat(1_000)));
        assert!(long > short + 5_000 * byte_fuel, "{name}: {short}, {long}");
    }

    // As long, but with more to follow in it.
    let plain = of("python_check", &"x = [11, 22]\n".repeat(1_000));
    let tangled = of("python_check", &"x = [x, x+x]\n".repeat(1_000));
    assert!(
        tangled > plain + 4_000 * limits::PYTHON_WORK_FUEL,
        "{plain}, {tangled}"
    );

    let (subject, other) = (fingerprint(&program(300)), fingerprint("x = 1\n"));
    let subject_bytes = subject.0.len() as u64;
    let request = PythonSimilarityRequest {
        subject,
        others: vec![other; 100],
    };
    let (_, fuel): (PythonSimilarityResponse, u64) = ask("python_similarity", &request);
    assert!(fuel > 100 * subject_bytes * limits::PYTHON_COMPARED_BYTE_FUEL);

    let input = codec::encode(&request).unwrap();
    let poor = with_fuel(50 * subject_bytes * limits::PYTHON_COMPARED_BYTE_FUEL);
    let error = status_of(&poor, "python_similarity_status", &input).unwrap_err();
    assert!(matches!(fault(error), GuestFault::OutOfFuel { .. }));
}

#[test]
fn invalid_requests_are_named_and_harm_nothing() {
    let one = fingerprint(&program(5));
    let mut damaged = one.clone();
    damaged.0[30] ^= 1;
    let similarity = |subject: &PythonFingerprint, others| {
        let subject = subject.clone();
        codec::encode(&PythonSimilarityRequest { subject, others }).unwrap()
    };
    let many = vec![PythonFingerprint::default(); PYTHON_SIMILARITY_MAX_OTHERS + 1];
    for request in [
        similarity(&damaged, vec![]),
        similarity(&one, vec![damaged.clone()]),
        similarity(&one, many),
    ] {
        assert_eq!(
            status("python_similarity", &request),
            status::INVALID_REQUEST
        );
    }
    let template = PythonFingerprintRequest {
        files: vec![file("x = 1\n")],
        template: damaged,
    };
    let template = codec::encode(&template).unwrap();
    assert_eq!(
        status("python_fingerprint", &template),
        status::INVALID_REQUEST
    );

    for name in FUNCTIONS {
        assert_eq!(status(name, &[0xff; 64]), status::INVALID_REQUEST);
        assert_eq!(status(name, b""), status::INVALID_REQUEST);
        let raw = |numbers: [i32; 4]| {
            let input: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            status_of(&context(), &format!("{name}_raw"), &input).unwrap()
        };
        assert_eq!(raw([-9, 8, 0, 0]), status::BAD_POINTER);
        assert_eq!(
            raw([0, limits::MAX_INPUT_BYTES as i32 + 1, 0, 0]),
            status::INVALID_REQUEST
        );
        assert_eq!(raw([0, -1, 0, 0]), status::INVALID_REQUEST);
    }
}

#[test]
fn an_answer_that_does_not_fit_says_how_long_it_is() {
    // Zeros are an empty request of each function but the comparison, which needs a fingerprint.
    for name in ["python_check", "python_fingerprint"] {
        let raw = |numbers: [i32; 4]| {
            let input: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            status_of(&context(), &format!("{name}_raw"), &input).unwrap()
        };
        let needed = -raw([ANSWER, 64, ANSWER, 0]);
        assert!(needed > 0, "{name}");
        assert_eq!(raw([ANSWER, 64, ANSWER, needed - 1]), -needed);
        assert_eq!(raw([ANSWER, 64, ANSWER, needed]), needed);
        assert_eq!(raw([ANSWER, 64, -1, needed]), status::BAD_POINTER);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_damaged_request_is_a_fault_of_the_host(
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let one = fingerprint("def f(a):\n    return [a, g(a) + 1]\n");
        let requests = [
            codec::encode(&PythonCheckRequest { files: vec![file("import os\n")], policy: "term".into() }),
            codec::encode(&PythonFingerprintRequest { files: vec![file("x = f(1)\n")], template: one.clone() }),
            codec::encode(&PythonSimilarityRequest { subject: one.clone(), others: vec![one] }),
        ];
        for (name, request) in FUNCTIONS.iter().zip(requests) {
            let mut request = request.unwrap();
            let at = at.index(request.len());
            request[at] = value;
            let whole = status(name, &request);
            prop_assert!(whole > 0 || whole == status::INVALID_REQUEST, "{name}: {whole}");
            request.truncate(cut.index(request.len()));
            let cut = status(name, &request);
            prop_assert!(cut == status::INVALID_REQUEST, "{name}: {cut}");
        }
    }
}
