//! Fingerprints per second, comparisons, and searches among 10,000 programs.

#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fmt::Write;
use std::hint::black_box;

use assay_challenge_sdk::abi::PythonFile;
use assay_python::similarity::{Fingerprint, Index, compare, fingerprint, regions};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const PROGRAMS: u64 = 10_000;

/// Functions of one file: files are bounded in tokens.
const FUNCTIONS_PER_FILE: u64 = 500;

fn file(number: u64, source: String) -> PythonFile {
    PythonFile {
        path: format!("m{number}.py"),
        source: source.into_bytes(),
    }
}

/// A program of `functions` functions that look like real ones: what they do depends on `seed`, some of
/// it is in every program.
fn program(seed: u64, functions: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let names = [
        "len", "sorted", "max", "zip", "str", "repr", "sum", "iter", "hash", "ord",
    ];
    let methods = [
        "split", "join", "pop", "update", "strip", "index", "read", "count", "sort",
    ];
    let mut text = "import json\n\n".to_owned();
    for function in 0..functions {
        writeln!(text, "def f{function}(a, b, c):\n    result = []").unwrap();
        for _ in 0..10 {
            let (name, other) = (names[next(10) as usize], names[next(10) as usize]);
            let (method, second) = (methods[next(9) as usize], methods[next(9) as usize]);
            match next(5) {
                0 => writeln!(
                    text,
                    "    if {name}(a.{method}(b)) > {other}(c):\n        result.append(a.{second})"
                ),
                1 => writeln!(
                    text,
                    "    for x in {name}(b.{method}()):\n        c = {other}(x) + c.{second}(a)"
                ),
                2 => writeln!(
                    text,
                    "    a = b.{method}({name}(c), b[{other}(a)].{second}(1))"
                ),
                3 => writeln!(
                    text,
                    "    result = json.loads({name}(a)) or {other}(result, c.{method}(b))"
                ),
                _ => writeln!(
                    text,
                    "    b[{name}(a):{other}(c)] = a.{method}().{second}(result)"
                ),
            }
            .unwrap();
        }
        writeln!(text, "    return result\n").unwrap();
    }
    text
}

/// A package of as many functions.
fn package(seed: u64, functions: u64) -> Vec<PythonFile> {
    (0..functions.div_ceil(FUNCTIONS_PER_FILE))
        .map(|number| {
            let rest = functions - number * FUNCTIONS_PER_FILE;
            let seed = seed * 1_000 + number;
            file(number, program(seed, rest.min(FUNCTIONS_PER_FILE)))
        })
        .collect()
}

fn of(seed: u64, functions: u64) -> Fingerprint {
    fingerprint(&package(seed, functions), None).unwrap()
}

fn fingerprints(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fingerprint");
    for (name, functions) in [("small", 10), ("large", 1_500)] {
        let files = package(1, functions);
        let size_bytes: usize = files.iter().map(|file| file.source.len()).sum();
        group.throughput(Throughput::Bytes(size_bytes as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| fingerprint(black_box(&files), None).unwrap());
        });
    }
    group.finish();
}

fn comparisons(criterion: &mut Criterion) {
    let (a, b) = (of(1, 1_500), of(2, 1_500));
    criterion.bench_function("compare, 16,500 statements each", |bencher| {
        bencher.iter(|| compare(black_box(&a), black_box(&b)));
    });
    criterion.bench_function("encode and decode", |bencher| {
        bencher.iter(|| Fingerprint::decode(&black_box(&a).encode()).unwrap());
    });
    let (a, b) = (package(1, 1_500), package(2, 1_500));
    criterion.bench_function("regions, 16,500 statements each", |bencher| {
        bencher.iter(|| regions(black_box(&a), black_box(&b), None).unwrap());
    });
}

fn searches(criterion: &mut Criterion) {
    let all: Vec<Fingerprint> = (0..PROGRAMS).map(|seed| of(seed, 30)).collect();
    let mut index = Index::new();
    for (id, fingerprint) in (0..).zip(&all) {
        index.insert(id, fingerprint.clone());
    }
    let query = of(77, 30);
    let added = of(PROGRAMS, 30);
    assert_eq!(index.candidates(&query, 10)[0].0, 77);
    criterion.bench_function("search 10,000 programs", |bencher| {
        bencher.iter(|| index.candidates(black_box(&query), 10));
    });
    criterion.bench_function("insert into 10,000 programs", |bencher| {
        bencher.iter_batched(
            || added.clone(),
            |added| index.insert(PROGRAMS, added),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, fingerprints, comparisons, searches);
criterion_main!(benches);
