//! Speed on the standard library of the machine's Python 3.11, against CPython's own `ast.parse` on the same
//! files in the same run, one round of each after the other:
//!
//! `cargo bench -p assay-python --bench stdlib`
//!
//! Prints MB/s of reading and parsing, of the whole policy check, and of CPython, each the best of
//! `ASSAY_ROUNDS` rounds (5), and the ratios to CPython: over 1 is faster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../tests/cpython/interpreter.rs"]
mod interpreter;

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Instant;

use assay_challenge_sdk::abi::{PythonCheckRequest, PythonFile};
use assay_python::testing::{parse_all, parse_and_drop};
use assay_python::{MAX_SOURCE_BYTES, check};

/// The same as in the binaries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Python {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Python {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/stdlib.py");
        let mut child = interpreter::python()
            .args([script, &MAX_SOURCE_BYTES.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            input,
            output,
        }
    }

    fn line(&mut self) -> String {
        self.output.next().expect("CPython goes on").unwrap()
    }

    fn round(&mut self) -> f64 {
        writeln!(self.input).unwrap();
        self.line().parse().unwrap()
    }

    fn stop(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

fn main() {
    let rounds = std::env::var("ASSAY_ROUNDS").map_or(5, |text| text.parse::<usize>().unwrap());
    let mut python = Python::start();
    let paths: Vec<String> = serde_json::from_str(&python.line()).unwrap();
    let (paths, sources): (Vec<&String>, Vec<Vec<u8>>) = paths
        .iter()
        .map(|path| (path, std::fs::read(path).unwrap()))
        .filter(|(path, source)| match parse_and_drop(source) {
            Ok(()) => true,
            // Files with another encoding than UTF-8.
            Err(reason) => {
                println!("not measured: {path}: {reason}");
                false
            }
        })
        .unzip();
    writeln!(python.input, "{}", serde_json::to_string(&paths).unwrap()).unwrap();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let requests: Vec<PythonCheckRequest> = sources
        .iter()
        .map(|source| PythonCheckRequest {
            files: vec![PythonFile {
                path: "agent.py".to_owned(),
                source: source.clone(),
            }],
            policy: "term".to_owned(),
        })
        .collect();
    let mut best = [f64::INFINITY; 3];
    for _ in 0..rounds {
        let seconds = [
            timed(|| assert_eq!(parse_all(&sources), sources.len())),
            timed(|| {
                for request in &requests {
                    check(request).unwrap();
                }
            }),
            python.round(),
        ];
        for (best, seconds) in best.iter_mut().zip(seconds) {
            *best = best.min(seconds);
        }
    }
    python.stop();
    println!(
        "{} files, {:.1} MB, best of {rounds} rounds",
        sources.len(),
        bytes as f64 / 1e6
    );
    for (name, seconds) in ["read and parse", "policy check", "ast.parse"]
        .into_iter()
        .zip(best)
    {
        let speed = bytes as f64 / 1e6 / seconds;
        println!(
            "{name:15} {speed:7.2} MB/s, {:5.2} times ast.parse",
            best[2] / seconds
        );
    }
}
