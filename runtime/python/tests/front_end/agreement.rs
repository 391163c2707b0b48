//! Odd sources and mutants of them, each compared with CPython.

use assay_python::testing::{parse_and_drop, survey};

use crate::cpython;

/// Where tokenizers and grammars like to differ.
const ODD: &str = include_str!("odd.txt");
/// Separates the sources in `odd.txt`.
const SEPARATOR: &str = "\n----\n";

fn odd() -> Vec<Vec<u8>> {
    ODD.trim_end_matches('\n')
        .split(SEPARATOR)
        .map(|source| unescape(source).into_bytes())
        .collect()
}

/// Control characters that no editor keeps are written in angle brackets.
fn unescape(source: &str) -> String {
    [
        ("<TAB>", "\t"),
        ("<FF>", "\x0c"),
        ("<CR>", "\r"),
        ("<VT>", "\x0b"),
        ("<NL>", "\n"),
        ("<BOM>", "\u{feff}"),
    ]
    .into_iter()
    .fold(source.to_owned(), |source, (name, character)| {
        source.replace(name, character)
    })
}

fn assert_agreement(sources: &[Vec<u8>]) -> (usize, usize) {
    let answers = cpython::ask(sources);
    let mut differences = Vec::new();
    let (mut accepted, mut only_ours) = (0, 0);
    for (source, answer) in sources.iter().zip(&answers) {
        if let Some(difference) = cpython::difference(source, answer) {
            let text = String::from_utf8_lossy(source);
            differences.push(format!("{text:?}: {difference}"));
        }
        accepted += usize::from(answer.0);
        only_ours += usize::from(!answer.0 && survey(source).is_ok());
    }
    assert!(
        differences.is_empty(),
        "{} differences: {:#?}",
        differences.len(),
        &differences[..differences.len().min(20)]
    );
    (accepted, only_ours)
}

#[test]
fn odd_sources_are_read_as_cpython_reads_them() {
    let sources = odd();
    let (accepted, only_ours) = assert_agreement(&sources);
    println!(
        "{} sources, CPython accepts {accepted}, only we accept {only_ours}",
        sources.len()
    );
    assert!(accepted > sources.len() / 2);
}

/// Pieces that mutations insert.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\t",
    "\x0c",
    "\n",
    "\r",
    "\\\n",
    "\\",
    "#",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "{",
    "}",
    "{{",
    "}}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "=",
    "==",
    "!",
    "!r",
    ":=",
    "->",
    "*",
    "**",
    ",",
    ".",
    "...",
    ";",
    "@",
    "-",
    "~",
    "|",
    "<",
    ">",
    "0",
    "1",
    "0x",
    "1_",
    "_",
    "e",
    "1e",
    "j",
    ".5",
    "f'",
    "f\"{",
    "rb'",
    "u'",
    "fr'''",
    "match ",
    "case ",
    "type ",
    "_",
    "if ",
    "else ",
    "elif ",
    "for ",
    "in ",
    "is ",
    "not ",
    "or ",
    "lambda ",
    "async ",
    "await ",
    "yield ",
    "return ",
    "with ",
    "as ",
    "try:",
    "except* ",
    "def ",
    "class ",
    "del ",
    "import ",
    "from ",
    "pass",
    "None",
    "x",
    "é",
    "ﬁ",
    "ｅ",
    "\\N{DASH}",
    "\\N{",
    "\\x4",
    "\\u00e9",
    "\\777",
    "\n    ",
    "\n\t",
    "\n        ",
    "# coding: latin-1\n",
    "\u{feff}",
    "x=1",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }
}

fn mutant(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut text: Vec<char> = String::from_utf8_lossy(&seeds[random.below(seeds.len())])
        .chars()
        .collect();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        match random.below(5) {
            0 | 1 => {
                let piece = PIECES[random.below(PIECES.len())];
                text.splice(at..at, piece.chars());
            }
            2 => {
                let end = (at + 1 + random.below(4)).min(text.len());
                text.drain(at..end);
            }
            3 => {
                let other = String::from_utf8_lossy(&seeds[random.below(seeds.len())]).into_owned();
                text.splice(at..at, other.chars());
            }
            _ => {
                let end = (at + random.below(12)).min(text.len());
                let copy: Vec<char> = text[at..end].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, copy);
            }
        }
    }
    text.into_iter().collect::<String>().into_bytes()
}

/// As many as `ASSAY_MUTANTS` says, from the seed `ASSAY_SEED`.
#[test]
fn mutants_of_odd_sources_are_read_as_cpython_reads_them() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse::<u64>().unwrap())
    };
    let (count, seed) = (number("ASSAY_MUTANTS", 6_000), number("ASSAY_SEED", 1));
    println!("seed {seed}");
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let seeds = odd();
    let sources: Vec<Vec<u8>> = (0..count).map(|_| mutant(&seeds, &mut random)).collect();
    let (accepted, only_ours) = assert_agreement(&sources);
    println!("{count} mutants, CPython accepts {accepted}, only we accept {only_ours}");
    assert!(accepted > sources.len() / 20);
}

#[test]
fn characters_of_identifiers_are_those_of_cpython() {
    let code = "import sys\n\
        for n in range(0x80, 0x110000):\n\
        \x20   c = chr(n)\n\
        \x20   if ('a' + c).isidentifier(): print(n, int(c.isidentifier()))";
    let output = cpython::interpreter::python()
        .args(["-c", code])
        .output()
        .unwrap();
    assert!(output.status.success());
    let mut continuing = String::new();
    let mut lines = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (number, starts) = line.split_once(' ').unwrap();
        let character = char::from_u32(number.parse().unwrap()).unwrap();
        let begin = if starts == "1" { "" } else { "a" };
        continuing.push_str(&format!("{begin}{character} = 1\n"));
        lines += 1;
        if lines % 10_000 == 0 {
            parse_and_drop(continuing.as_bytes()).unwrap();
            continuing.clear();
        }
    }
    assert!(lines > 100_000, "{lines} characters");
    parse_and_drop(continuing.as_bytes()).unwrap();
}

#[test]
fn later_versions_of_the_language_are_refused() {
    for source in [
        "type X = int",
        "def f[T](x): pass",
        "async def f[T](x): pass",
        "class A[T]: pass",
        "f'{a['b']}'",
        "f'{x:{'a'}}'",
        "f'{x\n}'",
        "f'{'\\n'}'",
        "f'{x # comment\n}'",
        "try:\n    pass\nexcept A, B:\n    pass",
        "t'{x}'",
    ] {
        let reason = parse_and_drop(source.as_bytes()).unwrap_err();
        assert!(reason.starts_with("py.syntax"), "{source:?}: {reason}");
    }
}

/// Before the line with the cookie.
const HEADS: &[&str] = &[
    "",
    "\n",
    "\r",
    "\r\n",
    " \t\x0c\n",
    "#!x\n",
    "#a\r",
    "x\n",
    "\\\n",
    "\x0c\n",
    "\n\n",
    "\"\"\"\n\"\"\"\n",
    "\x0b\n",
    "\u{feff}",
    "\u{feff}\n",
    "\u{feff}#a\n",
    "#a\n#b\n",
    "#\x0c\n",
    "(\n",
    ";\n",
    "#coding:\n",
    "# coding: utf-8\n",
];
/// Lines with a cookie for `C`, or almost.
const COOKIES: &[&str] = &[
    "# coding: C",
    "#coding=C",
    " \t\x0c# vim: set fileencoding=C :",
    "# coding : C",
    "#-*- coding:\t C -*-",
    "# coding coding: C",
    "# xcoding:C",
    "x # coding: C",
    "# CODING: C",
    "#coding:\x0cC",
    "# coding:C#",
    "# coding:=C",
    "# coding::C",
    "# codingcoding:C",
    "# coding:",
    "#coding: C.d",
    "#coding: C coding: D",
    "##coding: C",
    "\\# coding: C",
    "# c\u{f6}ding: \u{fc} coding: C",
    "# coding:\u{a0}C",
];
const CODECS: &[&str] = &[
    "no-such-codec",
    "utf-8",
    "utf8",
    "UTF-8",
    "Utf_8-x",
    "utf-8-sig",
    "utf_8",
    "utf-88",
];
const TAILS: &[&str] = &["\nx = 1\n", "", "\rx = 1", "\r\nx = 1"];

#[test]
fn cookies_count_exactly_where_cpython_looks_for_them() {
    let mut sources = Vec::new();
    for head in HEADS {
        for cookie in COOKIES {
            for codec in CODECS {
                for tail in TAILS {
                    let line = cookie.replace('C', codec);
                    sources.push(format!("{head}{line}{tail}").into_bytes());
                }
            }
        }
    }
    let answers = cpython::ask(&sources);
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for (source, answer) in sources.iter().zip(&answers) {
        accepted += usize::from(answer.0);
        let read = parse_and_drop(source);
        if read.is_ok() != answer.0 {
            wrong.push(format!("{:?}: {read:?}", String::from_utf8_lossy(source)));
        }
    }
    println!("{} sources, CPython accepts {accepted}", sources.len());
    assert!(
        wrong.is_empty(),
        "{}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    for cookie in [
        "latin-1",
        "cp1252",
        "utf-7",
        "unicode_escape",
        "rot13",
        "ascii",
    ] {
        let reason = parse_and_drop(format!("# coding: {cookie}\nx").as_bytes()).unwrap_err();
        assert!(reason.starts_with("py.encoding"), "{cookie}: {reason}");
    }
}

#[test]
fn names_are_folded_and_no_name_becomes_a_keyword() {
    for (source, name) in [
        ("ｅｖａｌ", "eval"),
        ("ｉｆ = 1", "if"),
        ("ｍａｔｃｈ = 1", "match"),
        ("ﬁ", "fi"),
        ("f'{ｅｖａｌ}'", "eval"),
    ] {
        let survey = survey(source.as_bytes()).unwrap();
        let wanted = [format!("n{name}@1"), format!("n{name}")];
        assert!(
            survey
                .items
                .iter()
                .any(|item| wanted.iter().any(|name| name.as_bytes() == item)),
            "{source}"
        );
    }
}
