//! The policy check on sources: what is found, what passes, and what nesting does to it.

use super::*;

fn run(source: impl AsRef<[u8]>) -> PythonCheckResponse {
    run_files(&[("agent.py", source.as_ref())])
}

fn run_files(files: &[(&str, &[u8])]) -> PythonCheckResponse {
    check(&PythonCheckRequest {
        files: files
            .iter()
            .map(|(path, source)| PythonFile {
                path: (*path).to_owned(),
                source: source.to_vec(),
            })
            .collect(),
        policy: "term".to_owned(),
    })
    .unwrap()
}

fn rules_of(source: impl AsRef<[u8]>) -> Vec<String> {
    let response = run(source);
    assert_eq!(
        response.verdict == PythonVerdict::Allow,
        response.violations.is_empty()
    );
    response.violations.into_iter().map(|v| v.rule).collect()
}

#[test]
fn forbidden_imports_are_found_in_every_form_and_place() {
    for source in [
        "import ctypes",
        "import json as j, ctypes",
        "from \\\n ctypes import CDLL",
        "from os import system as s",
        "import os.path, socket",
        "def f():\n    if True:\n        import pickle\n",
        "from ctypes import *",
        "try:\n    import subprocess\nexcept ImportError:\n    pass",
        "match 1:\n    case 1:\n        import marshal\n",
        "x = 1\rimport ctypes",
        "async def f():\n    async with a as b:\n        import importlib\n",
    ] {
        assert!(!rules_of(source).is_empty(), "{source:?}");
    }
}

#[test]
fn forbidden_names_are_found_wherever_an_expression_can_stand() {
    for source in [
        "eval ('1')",
        "[eval][0]('1')",
        "def f(a=eval('1'), /): pass",
        "def f(*, a=eval('1')): pass",
        "def f(a: eval('1')) -> None: pass",
        "try:\n    pass\nexcept eval('E'):\n    pass",
        "d[eval('1')] = 2",
        "(f := eval)('1')",
        "class A(metaclass=eval('type')): pass",
        "class A:\n    __class_getitem__ = eval\n",
        "@exec\ndef x(): pass",
        "f'{eval(1)}'",
        "f'{x:{eval(1)}}'",
        "match x:\n    case y if eval('1'):\n        pass\n",
        "[x for x in y if eval(x)]",
        "with eval('x') as y: pass",
        "lambda a=eval('1'): a",
        "ｅｖａｌ('1')",
        "x: eval('int') = 1",
        "print(*eval('x'), **eval('y'))",
    ] {
        assert!(
            rules_of(source)
                .iter()
                .any(|rule| rule == "py.code-execution"),
            "{source:?}"
        );
    }
}

#[test]
fn innocent_code_passes() {
    for source in [
        "import re\nP = re.compile(r'x')",
        "# never call eval() or exec() here\nprint('import os')",
        "import asyncio, tempfile, threading",
        "from __future__ import annotations\nimport json, math, typing",
        "model.eval()\nast_literal = 1",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 'ü'\r\n",
        "",
    ] {
        assert_eq!(rules_of(source), Vec::<String>::new(), "{source:?}");
    }
}

#[test]
fn modules_of_the_package_are_local_but_shadow_nothing_forbidden() {
    let files: &[(&str, &[u8])] = &[
        ("agent.py", b"import helpers, pkg.sub\nfrom pkg import x"),
        ("helpers.py", b""),
        ("pkg/__init__.py", b"x = 1"),
        (
            "pkg/sub.py",
            b"from . import x, sub\nfrom .. import helpers",
        ),
        ("ctypes.py", b"import ctypes"),
    ];
    let response = run_files(files);
    let found: Vec<(&str, &str)> = response
        .violations
        .iter()
        .map(|v| (v.file.as_str(), v.rule.as_str()))
        .collect();
    assert_eq!(found, [("ctypes.py", "py.native-code")]);
}

#[test]
fn modules_that_the_package_lacks_are_named() {
    for source in [
        "from . import later",
        "from .later import f",
        "from ..pkg import thing",
        "import agent.later",
    ] {
        assert_eq!(rules_of(source), ["py.import"], "{source:?}");
    }
}

#[test]
fn unreadable_files_are_named_rejections() {
    assert_eq!(rules_of(b"x = '\0'"), ["py.encoding"]);
    assert_eq!(rules_of(b"x = '\xff'"), ["py.encoding"]);
    assert_eq!(rules_of("# coding: unicode_escape\nx = 1"), ["py.encoding"]);
    assert_eq!(rules_of("def f(:"), ["py.syntax"]);
    assert_eq!(rules_of(vec![b' '; MAX_SOURCE_BYTES + 1]), ["py.size"]);
}

#[test]
fn findings_carry_line_and_column() {
    let response = run("x = 1\nif x:\n    import ctypes\n");
    assert_eq!(response.verdict, PythonVerdict::Deny);
    assert_eq!(
        (response.violations[0].line, response.violations[0].column),
        (3, 12)
    );
}

#[test]
fn mebibyte_of_nesting_is_a_named_rejection_not_a_stack_overflow() {
    let size = MAX_SOURCE_BYTES;
    let indents = |levels: usize| {
        (0..levels)
            .map(|level| format!("{}if x:\n", " ".repeat(level)))
            .collect::<String>()
    };
    let sources = [
        ("(", "(".repeat(size)),
        ("-", "-".repeat(size)),
        ("-1", format!("{}1", "-".repeat(size - 1))),
        ("1+", format!("{}1", "1+".repeat(size / 2 - 1))),
        (".a", format!("a{}", ".a".repeat(size / 2 - 1))),
        ("not", format!("{}1", "not ".repeat(size / 4 - 1))),
        ("()", format!("f{}", "()".repeat(size / 2 - 1))),
        ("[0]", format!("f{}", "[0]".repeat(size / 3 - 1))),
        (
            "lambda",
            format!("{}1", "lambda a,b:".repeat(size / 11 - 1)),
        ),
        ("await", format!("{}1", "await ".repeat(size / 6 - 1))),
        (
            "ifelse",
            format!("{}1", "1 if 1 else ".repeat(size / 12 - 1)),
        ),
        ("=", format!("{}1", "a=".repeat(size / 2 - 1))),
        ("**", format!("{}1", "1**".repeat(size / 3 - 1))),
        ("indent", indents(1_400)),
        (
            "elif",
            format!("if x: pass\n{}", "elif x: pass\n".repeat(size / 13 - 1)),
        ),
        (
            "elif with conditional bodies",
            format!("if x: pass\n{}", "elif x: a if b else c\n".repeat(40_000)),
        ),
        (
            "f-string parens",
            format!("f'{{{}}}'", "(".repeat(size - 10)),
        ),
        (
            "f-string minus",
            format!("f'{{{}1}}'", "-".repeat(size - 10)),
        ),
        (
            "nested f-strings",
            format!("f'''{{{}}}'''", "f\"{".repeat(size / 3 - 10)),
        ),
        (
            "brackets of chains",
            format!("{}1", format!("{}(", "-".repeat(100)).repeat(9_000)),
        ),
    ];
    for (name, source) in sources {
        let response = run(&source);
        assert_eq!(response.verdict, PythonVerdict::Deny, "{name}");
        let rule = response.violations[0].rule.as_str();
        assert!(
            matches!(rule, "py.nesting" | "py.syntax" | "py.size"),
            "{name}: {rule}"
        );
    }
}

#[test]
fn deepest_tree_that_passes_the_bound_is_walked_and_dropped() {
    for source in [
        format!("{}1", "-".repeat(990)),
        format!("a{}", ".a".repeat(990)),
        format!("f{}", "()".repeat(990)),
        format!("{}1{}", "(".repeat(190), ")".repeat(190)),
        format!("if x: pass\n{}", "elif x: pass\n".repeat(290)),
    ] {
        assert_eq!(rules_of(source), Vec::<String>::new());
    }
}

#[test]
fn large_flat_files_pass() {
    let list = format!("x = [{}]", "-1, ".repeat(80_000));
    let table = format!("x = {{{}}}", "'k': f(a.b + 1), ".repeat(15_000));
    let statements = "x = a.b.c(1 + 2)\n".repeat(15_000);
    for source in [list, table, statements] {
        assert_eq!(rules_of(source), Vec::<String>::new());
    }
}

#[test]
fn number_of_findings_is_bounded() {
    let file = "eval\n".repeat(100_000);
    let files = [("a.py", file.as_bytes()), ("b.py", file.as_bytes())];
    let response = run_files(&files);
    assert_eq!(response.violations.len(), MAX_VIOLATIONS + 1);
    let more = response.violations.last().unwrap();
    assert_eq!(more.message, "1800 more findings");
}

/// A program of `count` repetitions, cut at the largest file that is read.
fn repeated(head: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let mut source = head.to_owned();
    (0..count).for_each(|index| source.push_str(&line(index)));
    source
}

#[test]
fn programs_made_to_keep_the_policy_busy_end_with_a_verdict() {
    let nested = "len([len([len([a + b + c for a in R]) for b in R]) for c in R])\n";
    let text = format!("R = '{}'\n", "a".repeat(60));
    for (name, source, verdict) in [
        (
            "aliases against the order",
            repeated(
                "import os\ndef g():\n    global a1\n    a1 = os\n",
                3_000,
                |index| {
                    let index = 3_000 - index;
                    format!(
                        "def h{index}():\n    global a{0}\n    a{0} = a{index}\n",
                        index + 1
                    )
                },
            ) + "a3001.system('id')\n",
            PythonVerdict::Deny,
        ),
        (
            "unrolled comprehensions",
            repeated(&text, 500, |_| nested.to_owned()),
            PythonVerdict::Deny,
        ),
        (
            "functions that call each other",
            repeated("", 3_000, |index| {
                format!("def f{index}(a):\n    return f{}(a)\n", index * 7 % 3_000)
            }),
            PythonVerdict::Allow,
        ),
        (
            "modules in a list",
            repeated("import os as o\nx = [o", 3_000, |_| ", o".to_owned())
                + "]\nx[0].system('id')\n",
            PythonVerdict::Deny,
        ),
    ] {
        assert_eq!(run(&source).verdict, verdict, "{name}");
    }
}

#[test]
fn a_flood_of_doubts_hides_no_denial() {
    let doubts = "getattr(a, b)\n".repeat(5_000);
    let response = run(format!("def f(a, b):\n    pass\n{doubts}eval('1')\n"));
    assert_eq!(response.verdict, PythonVerdict::Deny);
    assert_eq!(response.violations[0].rule, "py.code-execution");
}
