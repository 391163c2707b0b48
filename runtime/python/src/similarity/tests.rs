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
    assert_different(
        "def f(x):\n    return len(x) + x.a(1)",
        "def f(x):\n    return sum(x) + x.a(1)",
    );
    assert_different(
        "def f(x):\n    return x.lower() + x",
        "def f(x):\n    return x.upper() + x",
    );
    assert_different(
        "import os\ndef f(x):\n    return os.stat(x)",
        "import os\ndef f(x):\n    return os.open(x)",
    );
}

#[test]
fn a_fingerprint_survives_its_bytes() {
    let fingerprint = of(LOOP);
    assert_eq!(Fingerprint::decode(&fingerprint.encode()), Ok(fingerprint));
    assert_eq!(scores(LOOP, LOOP).similarity, 10_000);
}

#[test]
fn what_has_no_effect_changes_nothing() {
    for dead in [
        "    pass\n",
        "    'a remark'\n",
        "    limit\n",
        "    unused = values[0] + 1\n",
        "    if False:\n        return values.clear()\n",
        "    if 1 > 2:\n        values.pop()\n",
        "    while 0:\n        values.pop()\n",
        "    assert True\n",
        "    for _ in range(3):\n        pass\n",
        "    a = 1\n    b = a\n    c = a + b\n    c += 1\n",
        "    print(limit)\n",
        "    limit: int\n",
        "    import os\n",
        "    copies = [v for v in values if v]\n",
    ] {
        let changed = LOOP.replace("    result = 0\n", &format!("{dead}    result = 0\n"));
        assert_same(LOOP, &changed);
    }
    assert_same(
        LOOP,
        &format!("{LOOP}    values.clear()\n    raise ValueError\n"),
    );
    assert_same(
        LOOP,
        &LOOP.replace("return result", "if True:\n        return result"),
    );
    assert_same(
        LOOP,
        &LOOP
            .replace(
                "(values, limit)",
                "(values: list[int], limit: 'x' = 3) -> int",
            )
            .replace(" = 3", ""),
    );
    assert_same(
        LOOP,
        &format!("async {LOOP}").replace("return result", "return await result"),
    );
}

#[test]
fn what_has_an_effect_counts() {
    for living in [
        "    values.clear()\n",
        "    for value in values:\n        value.x()\n",
        "    if limit > 2:\n        raise KeyError(limit)\n",
        "    limit = limit or 3\n",
        "    with values:\n        pass\n",
        "    del values[0]\n",
        "    match limit:\n        case [1, *rest]:\n            return rest\n",
        "    try:\n        values.x()\n    except* OSError:\n        values.y()\n",
        "    yield from values\n",
    ] {
        let changed = LOOP.replace("    result = 0\n", &format!("{living}    result = 0\n"));
        assert_different(LOOP, &changed);
    }
}

#[test]
fn two_ways_to_say_it_are_one() {
    for (a, b) in [
        ("x += y.a\nz(x)", "x = x + y.a\nz(x)"),
        (
            "if not x == y.a: z.b()\nelse: z.c()",
            "if x != y.a: z.b()\nelse: z.c()",
        ),
        (
            "if x != y.a: z.b()\nelse: z.c()",
            "if x == y.a: z.c()\nelse: z.b()",
        ),
        (
            "if not x.a: z.b()\nelse: z.c()",
            "if x.a: z.c()\nelse: z.b()",
        ),
        ("z(x.a > y.b)", "z(y.b < x.a)"),
        ("z(not x.a in y)", "z(x.a not in y)"),
        ("z(not x.a < y)", "z(x.a >= y)"),
        ("z(1 == x.a)", "z(x.a == 1)"),
        ("z(x.a < y < w.b)", "z(x.a < y and y < w.b)"),
        ("z(f'{x.a}: {y}')", "z('{}: {}'.format(x.a, y))"),
        ("z(f'{x.a:>3}')", "z('%3d' % x.a)"),
        ("x.a, y.b = z(1), w(2)", "x.a = z(1)\ny.b = w(2)"),
        ("z([1, 2, 3], x.a)", "z([5, -6], x.a)"),
        ("t = x.a(1)\nz(t)", "z(x.a(1))"),
        (
            "x = [a.b for a in y.c() if a.d]\nz(x, x)",
            "x = []\nfor a in y.c():\n  if a.d:\n    x.append(a.b)\nz(x, x)",
        ),
        ("try: z(x.a)\nfinally: y.b()", "z(x.a)\ny.b()"),
        ("while 1: z(x.a)", "while True: z(x.a)"),
        ("z(len(x), x.a)", "L = len\nz(L(x), x.a)"),
        (
            "import json\nz(json.loads(x))",
            "import json\nj = json.loads\nz(j(x))",
        ),
        ("z(str.lower(x))", "s = str\nz(s.lower(x))"),
        ("z(x.a(1))", "z(getattr(x, 'a')(1))"),
        ("z(x.a, 10)", "z(x.a, 2 * 3 + 4)"),
    ] {
        assert_same(a, b);
    }
}

#[test]
fn a_variable_with_two_values_is_no_alias() {
    assert_same(
        "if x.a: pick = min\nelse: pick = max\nz(pick(x))",
        "if not x.a: best = max\nelse: best = min\nz(best(x))",
    );
    assert_different("pick = min\npick = max\nz(pick(x))", "z(min(x))");
}

#[test]
fn methods_and_functions_are_one() {
    assert_same(
        "def area(shape, unit):\n    return scale(shape.width * shape.height, unit)\ndef scale(x, unit):\n    return round(x, unit)\nclass S:\n    def __init__(self):\n        self.width = self.height = 1",
        "class T:\n    def area(self, unit):\n        return self.scale(self.width * self.height, unit)\n    def scale(self, x, unit):\n        return round(x, unit)\n    def __init__(self):\n        self.width = self.height = 1",
    );
}

#[test]
fn the_package_counts_not_its_files() {
    let (first, second) = (
        "def f(x):\n    return sorted(x.a())[0]\n",
        "def g(x):\n    return f(x).b(1)\n",
    );
    let split = fingerprint(
        &package(&[first, &format!("from m0 import f\n{second}")]),
        None,
    );
    assert_eq!(split, Ok(of(&format!("{first}{second}"))));
}

/// A program that reads a tree of folders, without its imports, and how it names what it imports.
fn reader(walk: &str, join: &str, loads: &str) -> String {
    format!(
        "def read(top, key):
    for folder, _, names in {walk}(top, followlinks=True):
        yield [{loads}(open({join}(folder, name)).read())[key] for name in names]
"
    )
}

#[track_caller]
fn assert_same_package(whole: &str, files: &[(&str, &str)]) {
    let files: Vec<PythonFile> = files
        .iter()
        .map(|(path, source)| PythonFile {
            path: (*path).to_owned(),
            source: source.as_bytes().to_vec(),
        })
        .collect();
    let made = fingerprint(&files, None);
    let texts = files
        .iter()
        .map(|file| String::from_utf8_lossy(&file.source));
    let texts = texts.collect::<Vec<_>>().join("-----\n");
    assert_eq!(made, Ok(of(whole)), "\n{texts}");
}

#[test]
fn names_from_outside_stay_so_when_a_module_hands_them_on() {
    let whole = format!(
        "import os, json\n{}",
        reader("os.walk", "os.path.join", "json.loads")
    );
    let mods = "import os as osp, json\nfrom json import loads as parse\nfrom os.path import join\ntour = osp.walk\n";
    for (names, walk, join, loads) in [
        (
            "from mods import osp, parse, join",
            "osp.walk",
            "join",
            "parse",
        ),
        (
            "from mods import osp as a",
            "a.walk",
            "a.path.join",
            "parse",
        ),
        ("import mods", "mods.tour", "mods.join", "mods.json.loads"),
        (
            "import mods as m\nw = m.osp.walk",
            "w",
            "m.osp.path.join",
            "m.parse",
        ),
        (
            "from . import mods",
            "mods.osp.walk",
            "mods.join",
            "mods.parse",
        ),
        (
            "from .mods import tour as t, osp, json as js",
            "t",
            "osp.path.join",
            "js.loads",
        ),
        ("from mods import *", "tour", "osp.path.join", "json.loads"),
        (
            "try:\n    from mods import osp\nexcept ImportError:\n    raise",
            "osp.walk",
            "osp.path.join",
            "parse",
        ),
    ] {
        let main = format!(
            "{names}\nfrom mods import parse\n{}",
            reader(walk, join, loads)
        );
        assert_same_package(&whole, &[("mods.py", mods), ("main.py", &main)]);
        assert_same_package(&whole, &[("main.py", &main), ("mods.py", mods)]);
        let deeper = [
            ("src/agent/main.py", main.as_str()),
            ("src/agent/mods.py", mods),
        ];
        assert_same_package(&whole, &deeper);
    }
    let inside = reader("osp.walk", "join", "parse").replace(
        ":\n    for",
        ":\n    from mods import osp, join, parse\n    for",
    );
    assert_same_package(&whole, &[("main.py", &inside), ("mods.py", mods)]);
}

#[test]
fn names_are_followed_through_packages_and_chains() {
    let whole = format!(
        "import os, json\n{}",
        reader("os.walk", "os.path.join", "json.loads")
    );
    let main = |imports: &str, walk: &str, join: &str, loads: &str| {
        format!("{imports}\n{}", reader(walk, join, loads))
    };
    for (imports, walk, join, loads) in [
        ("from lib import a, b, c", "a.walk", "b", "c"),
        ("from lib import *", "a.walk", "b", "c"),
        ("import lib", "lib.a.walk", "lib.b", "lib.c"),
        (
            "import lib.inner.base",
            "lib.inner.base.a.walk",
            "lib.b",
            "lib.c",
        ),
        (
            "import lib.inner.base as x, lib",
            "x.a.walk",
            "lib.b",
            "x.c",
        ),
        (
            "from lib.inner import base",
            "base.a.walk",
            "base.a.path.join",
            "base.c",
        ),
        (
            "from lib import inner",
            "inner.base.a.walk",
            "inner.b",
            "inner.base.c",
        ),
    ] {
        let main = main(imports, walk, join, loads);
        assert_same_package(
            &whole,
            &[
                ("main.py", &main),
                (
                    "lib/__init__.py",
                    "from .inner import *\nfrom .inner.base import c",
                ),
                (
                    "lib/inner/__init__.py",
                    "from . import base\nfrom .base import a\nfrom ..more import b",
                ),
                (
                    "lib/inner/base.py",
                    "import os as a\nfrom json import loads as c",
                ),
                ("lib/more.py", "from .inner.base import a\nb = a.path.join"),
            ],
        );
    }
    // A chain of stars with lists of what they give away, and without a folder's own file.
    assert_same_package(
        &whole,
        &[
            (
                "lib/a.py",
                "import os as _os, json\nfrom io import open\n__all__ = ['_os']\n__all__ += ['json']",
            ),
            ("lib/b.py", "from lib.a import *\n__all__ = ('_os', 'json')"),
            (
                "main.py",
                &main(
                    "from lib.b import *",
                    "_os.walk",
                    "_os.path.join",
                    "json.loads",
                ),
            ),
        ],
    );
}

#[test]
fn names_that_modules_hand_each_other_in_a_circle_are_found_or_given_up() {
    let whole = format!(
        "import os, json\n{}",
        reader("os.walk", "os.path.join", "json.loads")
    );
    let main = format!(
        "from a import *\nfrom b import other\nimport a\n{}",
        reader("second.walk", "a.second.path.join", "other")
    );
    assert_same_package(
        &whole,
        &[
            (
                "a.py",
                "import main, a\nfrom b import first\nfrom a import first as second\nfrom json import loads",
            ),
            (
                "b.py",
                "from a import *\nimport os as first\nfrom a import loads as other\nfrom b import *",
            ),
            ("main.py", &main),
        ],
    );
    // Nobody has it: it is the package's, as in one file.
    let unknown = "def f(p):\n    return p.join(thing(p), 3)\n";
    assert_same_package(
        unknown,
        &[
            ("a.py", "from b import thing\nfrom b import *"),
            ("b.py", "from a import thing\nfrom a import *"),
            ("c.py", &format!("from a import thing\n{unknown}")),
        ],
    );
}

#[test]
fn what_the_package_defines_stays_its_own_through_any_module() {
    let (base, rest) = (
        "class Box:\n    def get(self, x):\n        return sorted(x)[0]\ndef f(x):\n    return sorted(x.a())[0]\ndef open(x):\n    return f(x) + f(x)\n",
        "def g(x):\n    return f(x).b(1) + open(f(x)).c\nBox.get(g, f)\n",
    );
    for imports in [
        "from base import *",
        "from base import f, open, Box",
        "from hub import *",
        "from hub import f, open, Box",
    ] {
        assert_same_package(
            &format!("{base}{rest}"),
            &[
                ("base.py", base),
                ("hub.py", "from base import *"),
                ("main.py", &format!("{imports}\n{rest}")),
            ],
        );
    }
    assert_same_package(
        &format!("{base}{rest}"),
        &[
            ("base.py", base),
            ("hub.py", "from base import f as k, open, Box"),
            (
                "main.py",
                &format!(
                    "from hub import k, open, Box\n{}",
                    rest.replace("f(", "k(").replace(", f)", ", k)")
                ),
            ),
        ],
    );
}

#[test]
fn a_sample_gives_the_scores_of_the_whole() {
    use std::fmt::Write;
    let program = |from: u32, to: u32| {
        let mut text = String::new();
        for n in from..to {
            writeln!(
                text,
                "def f(a):\n    return a.m{n}(b.n{n}) + a.o{}[a.p{n}]",
                n / 2
            )
            .unwrap();
        }
        of(&text)
    };
    let (small, large) = (program(2_000, 4_000), program(0, 6_000));
    let scores = compare(&small, &large);
    assert!(scores.contained >= 9_900, "{scores:?}");
    assert!((3_000..=3_700).contains(&scores.containing), "{scores:?}");
    assert!(large.encode().len() <= super::MAX_FINGERPRINT_BYTES);
    assert_eq!(Fingerprint::decode(&large.encode()), Ok(large));
}

#[test]
fn damaged_fingerprints_are_refused() {
    let bytes = of(LOOP).encode();
    for at in 0..bytes.len() {
        assert!(
            Fingerprint::decode(&bytes[..at]).is_err(),
            "first {at} bytes"
        );
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Fingerprint::decode(&damaged).is_err(), "byte {at}");
    }
    assert!(Fingerprint::decode(&[0; 70_000]).is_err());
}

#[test]
fn errors_say_where() {
    let files = package(&["x = 1\n", "y = (\n\n"]);
    let error = fingerprint(&files, None).unwrap_err();
    assert!(error.to_string().starts_with("m1.py:"), "{error}");
    let error = fingerprint(&package(&["# caf\u{e9}\nx = = 1\n"]), None).unwrap_err();
    assert!(
        matches!(
            error,
            super::FingerprintError::File {
                line: 2,
                column: 5,
                rule: "py.syntax",
                ..
            }
        ),
        "{error:?}"
    );
    let many = vec![PythonFile::default(); crate::MAX_FILES + 1];
    assert!(matches!(
        fingerprint(&many, None),
        Err(super::FingerprintError::TooLarge { .. })
    ));
}

#[test]
fn every_idiom_weighs_one() {
    let idioms = super::source::on_large_stack(|| super::idioms().len()).unwrap();
    assert!(idioms > 250, "{idioms} idioms: does the file still parse?");
}
