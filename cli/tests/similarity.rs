//! `assay similarity` as scripts and people meet it: scores, regions, templates, exit codes, JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "support/folder.rs"]
mod folder;

use std::ffi::OsStr;
use std::fs;

use folder::{Folder, err, json, out, zipped};

const PLANNER: &str = r#"
import heapq
import json


class Planner:
    """Finds the cheapest order of tasks."""

    def __init__(self, tasks, limit):
        self.limit = limit
        self.costs = {task["id"]: task["cost"] for task in tasks}
        self.needs = {task["id"]: set(task.get("needs", ())) for task in tasks}

    def order(self):
        ready = [(cost, name) for name, cost in self.costs.items() if not self.needs[name]]
        heapq.heapify(ready)
        done, spent = [], 0
        while ready:
            cost, name = heapq.heappop(ready)
            if spent + cost > self.limit:
                raise ValueError(f"{name} costs {cost}, {self.limit - spent} are left")
            spent += cost
            done.append(name)
            for other, needs in self.needs.items():
                if name in needs:
                    needs.discard(name)
                    if not needs and other not in done:
                        heapq.heappush(ready, (self.costs[other], other))
        return done


def load(path):
    with open(path, encoding="utf-8") as source:
        return [json.loads(line) for line in source if line.strip()]
"#;

const OTHER: &str = r#"
import re
from collections import Counter

WORD = re.compile(r"[a-z]+")


def words(text, stop):
    counts = Counter()
    for match in WORD.finditer(text.lower()):
        if match.group() not in stop:
            counts[match.group()] += 1
    return counts.most_common(10)


def report(rows, width=80):
    for name, value in rows:
        bar = '=' * min(width, value)
        print(name.ljust(12), bar, value, sep=" | ")
"#;

/// The planner with other names, and its function before its class.
fn renamed() -> String {
    let (class, function) = PLANNER.split_at(PLANNER.find("def load").unwrap());
    let (imports, class) = class.split_at(class.find("class").unwrap());
    let text = format!("{imports}{function}\n\n{class}");
    [
        ("Planner", "Scheduler"),
        ("ready", "queue"),
        ("spent", "used"),
        ("needs", "deps"),
        ("costs", "prices"),
        ("other", "follower"),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}

fn folder() -> Folder {
    let folder = Folder::with(
        "similarity",
        &[
            ("planner/agent.py", PLANNER),
            ("renamed.py", &renamed()),
            ("other.py", OTHER),
            ("both/a.py", PLANNER),
            ("both/b.py", OTHER),
        ],
    );
    folder.write("planner.zip", zipped(&[("agent.py", PLANNER)]));
    folder
}

#[test]
fn copies_are_told_from_programs_of_ones_own_whatever_holds_them() {
    let folder = folder();
    let similarity = |a: &str, b: &str| {
        let output = folder.run(&[a, b, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        json(&output)["similarity"].as_u64().unwrap()
    };
    assert_eq!(similarity("planner", "planner.zip"), 10_000);
    assert_eq!(similarity("planner/agent.py", "planner"), 10_000);
    assert!(similarity("planner.zip", "renamed.py") >= 9_500);
    assert!(similarity("planner", "other.py") <= 3_000);

    let view = json(&folder.run(&["planner", "both", "--json"]));
    assert!(view["contained"].as_u64().unwrap() >= 9_900, "{view}");
    assert!(view["containing"].as_u64().unwrap() < 9_000, "{view}");
}

#[test]
fn regions_name_the_lines_that_match_and_their_code_is_shown_when_asked_for() {
    let folder = folder();
    let output = folder.run(&["planner", "renamed.py"]);
    let text = out(&output);
    assert!(text.starts_with("A  planner, 1 file\nB  renamed.py, 1 file\n"));
    assert!(text.contains("\nSimilarity  "), "{text}");
    assert!(text.contains("planner/agent.py:"), "{text}");
    assert!(text.contains("↔ renamed.py:"), "{text}");
    assert!(!text.contains("heapq.heappop"), "{text}");
    let text = out(&folder.run(&["planner", "renamed.py", "--show"]));
    assert!(text.contains("cost, name = heapq.heappop(ready)"), "{text}");
    assert!(text.contains("cost, name = heapq.heappop(queue)"), "{text}");

    let view = json(&folder.run(&["planner", "renamed.py", "--json", "--show"]));
    let region = &view["regions"][0];
    assert_eq!(region["a"]["file"], "agent.py");
    assert_eq!(region["b"]["file"], "renamed.py");
    assert!(region["tokens"].as_u64().unwrap() > 20);
    let lines = |side: &str| {
        (
            region[side]["firstLine"].as_u64(),
            region[side]["lastLine"].as_u64(),
        )
    };
    assert!(
        lines("a").0 >= Some(1) && lines("a").1 >= lines("a").0,
        "{view}"
    );
}

#[test]
fn what_is_in_the_template_does_not_count() {
    let folder = Folder::with(
        "similarity",
        &[
            ("template.py", PLANNER),
            (
                "one.py",
                &format!("{PLANNER}\n\ndef mine(a):\n    return [a * 2 + k for k in range(a)]\n"),
            ),
            ("two.py", &format!("{PLANNER}{OTHER}")),
        ],
    );
    let similarity = |more: &[&str]| {
        let mut args = vec!["one.py", "two.py", "--json"];
        args.extend(more);
        json(&folder.run(&args))["similarity"].as_u64().unwrap()
    };
    assert!(similarity(&[]) > 5_000);
    assert!(similarity(&["--template", "template.py"]) < 2_000);
    let output = folder.run(&["template.py", "two.py", "--template", "template.py"]);
    assert!(err(&output).contains("template.py: nothing in it counts"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_exit_code_is_1_only_above_the_limit() {
    let folder = folder();
    let code = |b: &str, limit: &str| {
        let output = folder.run(&["planner", b, "--fail-over", limit]);
        assert!(out(&output).contains("Similarity"));
        output.status.code()
    };
    assert_eq!(code("planner.zip", "99.99"), Some(1));
    assert_eq!(code("planner.zip", "100"), Some(0));
    assert_eq!(code("other.py", "50"), Some(0));
    assert_eq!(code("renamed.py", "80"), Some(1));
    for limit in ["-1", "101", "80%", "0.001"] {
        folder.refuses(
            &["planner", "renamed.py", &format!("--fail-over={limit}")],
            "at most two decimals",
        );
    }
}

#[test]
fn what_can_not_be_compared_exits_with_2_and_says_where() {
    let folder = folder();
    folder.write("lib/broken.py", "x = 1\ny = (\n");
    folder.write("latin.py", b"x = '\xe9'\n");
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (args, reason) in [
        (&["planner", "lib"][..], "lib/broken.py:"),
        (&["planner", "lib"], "py.syntax"),
        (&["latin.py", "planner"], "latin.py: py.encoding"),
        (&["planner", "gone"], "nothing at gone"),
        (
            &["planner", "empty"],
            "name the directory that holds agent.py",
        ),
        (
            &["planner", "other.py", "--template", "gone"],
            "nothing at gone",
        ),
        (&["planner"], "<B>"),
    ] {
        folder.refuses(args, reason);
    }
    let output = folder.run(&["planner", "gone", "--json"]);
    assert_eq!(json(&output)["exitCode"], 2);
}

#[test]
fn names_and_code_of_others_can_not_steer_the_terminal() {
    let folder = Folder::with("similarity", &[]);
    let name = "evil\u{1b}[2J.py";
    folder.write(name, format!("note = '\u{202e}\u{7}'\n{PLANNER}"));
    let output = folder
        .command(&[OsStr::new(name), OsStr::new(name), OsStr::new("--show")])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    assert!(text.contains("evil\\u{1b}[2J.py"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
}
