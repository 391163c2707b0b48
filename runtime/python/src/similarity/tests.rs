//! What must not matter, and what must.

use assay_challenge_sdk::abi::PythonFile;

use super::{Fingerprint, Scores, compare, fingerprint};

fn package(sources: &[&str]) -> Vec<PythonFile> {
    (0..)
        .zip(sources)
        .map(|(number, source)| PythonFile {
            path: format!("m{number}.py"),
            source: source.as_bytes().to_vec(),
        })
        .collect()
}

fn of(source: &str) -> Fingerprint {
    fingerprint(&package(&[source]), None).unwrap()
}

fn scores(a: &str, b: &str) -> Scores {
    compare(&of(a), &of(b))
}

#[track_caller]
fn assert_same(a: &str, b: &str) {
    assert!(!of(a).is_empty(), "nothing to compare in {a}");
    assert_eq!(of(a), of(b), "\n{a}\n-----\n{b}");
}

#[track_caller]
fn assert_different(a: &str, b: &str) {
    assert_ne!(of(a), of(b), "\n{a}\n-----\n{b}");
}

const LOOP: &str = "def total(values, limit):
    result = 0
    for value in values:
        if value > limit:
            result += value * 2
    return result
";

#[test]
fn renaming_everything_of_the_package_changes_nothing() {
    let renamed = LOOP
        .replace("total", "f")
        .replace("values", "xs")
        .replace("value", "x")
        .replace("limit", "m")
        .replace("result", "acc");
    assert_same(LOOP, &renamed);
    assert_same(
        "import json as j\ndef f(x):\n    return j.loads(x)[0]",
        "from json import loads as parse\ndef g(y):\n    return parse(y)[1]",
    );
    assert_same(
        "class A:\n    def __init__(self, x):\n        self.size = x\n    def twice(self):\n        return self.size * 2 + self.twice()",
        "class B:\n    def __init__(this, y):\n        this.width = y\n    def double(this):\n        return this.width * 3 + this.double()",
    );
}

#[test]
fn names_from_outside_are_kept() {
    assert_different("def f(x):\n    return len(x) + x.a(1)", "def f(x):\n    return sum(x) + x.a(1)");
    assert_different("def f(x):\n    return x.lower() + x", "def f(x):\n    return x.upper() + x");
    assert_different("import os\ndef f(x):\n    return os.stat(x)", "import os\ndef f(x):\n    return os.open(x)");
}

#[test]
fn a_fingerprint_survives_its_bytes() {
    let fingerprint = of(LOOP);
    assert_eq!(Fingerprint::decode(&fingerprint.encode()), Ok(fingerprint));
    assert_eq!(scores(LOOP, LOOP).similarity, 10_000);
}
