//! A mebibyte of every shape that parsers fear: each ends as a named rejection or is read, on a thread with
//! the default stack. Prints time and memory of each; neither decides, the bounds behind them do.

use std::time::Instant;

use assay_python::MAX_SOURCE_BYTES;
use assay_python::testing::parse_and_drop;

/// How a shape has to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The rule that refuses it.
    Refused(&'static str),
    Read,
    /// It may be read: one that CPython refuses as well, but later.
    Either,
}

use End::{Either, Read, Refused};

const NESTING: End = Refused("py.nesting");
const SYNTAX: End = Refused("py.syntax");
const SIZE: End = Refused("py.size");

/// `unit` as often as it fits between `head` and `tail`.
fn fill(head: &str, unit: &str, tail: &str) -> String {
    let room = MAX_SOURCE_BYTES - head.len() - tail.len();
    format!("{head}{}{tail}", unit.repeat(room / unit.len()))
}

/// Numbered units, until the text is full.
fn fill_numbered(head: &str, unit: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = head.to_owned();
    for number in 0.. {
        let next = unit(number);
        if text.len() + next.len() + tail.len() > MAX_SOURCE_BYTES {
            break;
        }
        text += &next;
    }
    text + tail
}

/// A head and a body, each body one level deeper.
fn stairs(levels: usize, line: &str) -> String {
    (0..levels)
        .map(|level| format!("{}{line}\n", " ".repeat(level)))
        .collect()
}

fn chains() -> Vec<(&'static str, String, End)> {
    vec![
        ("open parentheses", fill("", "(", ""), NESTING),
        ("open brackets", fill("", "[", ""), NESTING),
        ("open braces", fill("", "{", ""), NESTING),
        (
            "open brackets of patterns",
            fill("match x:\n case ", "[", ""),
            NESTING,
        ),
        (
            "class patterns",
            fill("match x:\n case ", "A(", ""),
            NESTING,
        ),
        (
            "or patterns",
            fill("match x:\n case ", "a|", "a: pass\n"),
            Either,
        ),
        (
            "as patterns",
            fill("match x:\n case ", "a as b | ", "a: pass\n"),
            SYNTAX,
        ),
        (
            "dotted pattern",
            fill("match x:\n case a", ".a", ": pass\n"),
            NESTING,
        ),
        ("minus", fill("", "-", "1"), NESTING),
        ("tilde", fill("", "~", "1"), NESTING),
        ("not", fill("", "not ", "1"), NESTING),
        ("sum", fill("", "1+", "1"), NESTING),
        ("power", fill("", "1**", "1"), NESTING),
        ("attributes", fill("a", ".a", ""), NESTING),
        ("calls", fill("a", "()", ""), NESTING),
        ("subscripts", fill("a", "[0]", ""), NESTING),
        ("assignments", fill("", "a=", "1"), SIZE),
        ("named expressions", fill("", "a:=", "1"), SYNTAX),
        ("nested named expressions", fill("", "(a:=", "1"), NESTING),
        ("lambdas", fill("", "lambda:", "1"), NESTING),
        ("lambda defaults", fill("", "lambda x=", "1"), NESTING),
        (
            "lambda parameters",
            fill_numbered("lambda ", |n| format!("a{n},"), "b: 1"),
            SIZE,
        ),
        ("await", fill("", "await ", "1"), SYNTAX),
        ("yield", fill("", "yield ", "1"), SYNTAX),
        ("yield from", fill("", "yield from ", "1"), SYNTAX),
        ("conditional", fill("", "x if y else ", "1"), NESTING),
        ("conditional to the left", fill("", "x if ", "1"), Either),
        ("comparisons", fill("", "a<", "a"), SIZE),
        ("and", fill("", "a and ", "a"), SIZE),
        ("or not", fill("", "a or not ", "a"), SIZE),
        ("for clauses", fill("[a ", "for a in b ", "]"), NESTING),
        ("if clauses", fill("[a for a in b ", "if a ", "]"), NESTING),
        ("stars", fill("", "*", "a"), SYNTAX),
        ("double stars", fill("", "**", "a"), SYNTAX),
        ("commas", fill("", ",", ""), SYNTAX),
        ("tuple", fill("", "a,", ""), SIZE),
        ("dots of an import", fill("from ", ".", " import a"), Either),
        ("dotted import", fill("import a", ".a", ""), NESTING),
        ("at", fill("", "a@", "a"), NESTING),
        ("type hints", fill("x: a", "[a]", ""), NESTING),
        ("annotations", fill("", "x: ", "a"), SYNTAX),
        (
            "chains in brackets",
            fill("", &format!("{}(", "-".repeat(90)), ""),
            NESTING,
        ),
        (
            "closed brackets under chains",
            fill(
                "",
                "(",
                &format!("x{}", format!("){}", ".a".repeat(900)).repeat(199)),
            ),
            NESTING,
        ),
        ("slices", fill("a[", "a:", "]"), SYNTAX),
        ("ellipses", fill("", "...", ""), SYNTAX),
    ]
}

fn statements() -> Vec<(&'static str, String, End)> {
    let elifs = "elif x: a if b else c\n";
    let nested_elifs = |levels: usize, count: usize| {
        (0..levels)
            .map(|level| {
                let indent = " ".repeat(level);
                format!(
                    "{indent}if x:0\n{}{indent}elif x:\n",
                    format!("{indent}elif x:0\n").repeat(count)
                )
            })
            .collect::<String>()
            + &" ".repeat(levels)
            + "0\n"
    };
    vec![
        ("if stairs", stairs(1_400, "if x:"), NESTING),
        ("for stairs", stairs(1_400, "for x in y:"), NESTING),
        ("with stairs", stairs(1_400, "with a:"), NESTING),
        ("try stairs", stairs(1_400, "try:"), NESTING),
        ("def stairs", stairs(1_400, "def f():"), NESTING),
        ("class stairs", stairs(1_400, "class A:"), NESTING),
        ("match stairs", stairs(700, "match x:\n case 1:"), SYNTAX),
        ("elif", fill("if x: pass\n", "elif x: pass\n", ""), NESTING),
        (
            "elif with conditionals",
            fill("if x: pass\n", elifs, ""),
            NESTING,
        ),
        ("elifs under elifs", nested_elifs(70, 250), NESTING),
        ("else if on one line", fill("", "else: if x: ", ""), SYNTAX),
        ("if on one line", fill("", "if x: ", ""), SYNTAX),
        ("decorators", fill("", "@a\n", "def f(): pass\n"), SIZE),
        ("semicolons", fill("", ";", ""), SYNTAX),
        ("statements on a line", fill("", "a;", ""), SIZE),
        ("tiny statements", fill("", "a\n", ""), SIZE),
        ("empty lines", fill("", "\n", ""), Read),
        ("carriage returns", fill("", "\r", ""), Read),
        ("form feeds", fill("", "\x0c", ""), Read),
        ("tabs", fill("", "\t", ""), Read),
        ("spaces", fill("", " ", "x"), SYNTAX),
        ("comment signs", fill("", "#", ""), Read),
        ("comments", fill("", "#\n", ""), Read),
        ("cookies", fill("#", "coding", ""), Read),
        ("continuations", fill("", "\\\n", "x"), Read),
        ("continuations and spaces", fill("x", " \\\n", ""), SYNTAX),
        ("mixed indents", fill("", "if x:\n\tpass\n", ""), SIZE),
        (
            "inconsistent indents",
            fill("", "if x:\n\ta\n        b\n", ""),
            SYNTAX,
        ),
        (
            "soft keyword in soft keyword",
            fill("", "match (", ""),
            NESTING,
        ),
        ("soft keywords on a line", fill("", "match ", ":"), SYNTAX),
        ("soft keywords on lines", fill("", "match x\n", ""), SYNTAX),
        ("soft keywords as names", fill("", "match\n", ""), SIZE),
        (
            "soft keyword and a long line",
            fill("match ", "x,", ":\n case _: 0\n"),
            SIZE,
        ),
        (
            "soft keywords after semicolons",
            fill("", "match;", ""),
            SIZE,
        ),
        ("cases", fill("match x:\n", " case 1: 0\n", ""), SIZE),
        ("type aliases", fill("", "type ", "= 1"), SYNTAX),
        ("handlers", fill("try: 0\n", "except A: 0\n", ""), SIZE),
        ("globals", fill("global a", ",a", ""), SIZE),
        ("deletions", fill("del a", ",a", ""), SIZE),
        ("with items", fill("with (a", ",a", "): 0"), SIZE),
        ("imports", fill("import a", ",a", ""), SIZE),
        ("names imported", fill("from a import (a", ",a", ")"), SIZE),
    ]
}

fn literals() -> Vec<(&'static str, String, End)> {
    let f = |quote: &str| format!("f{quote}{{");
    let all_quotes = ["'''", "\"\"\"", "'", "\""].map(f).concat();
    vec![
        ("open string", fill("'", "a", ""), SYNTAX),
        ("open triple string", fill("\"\"\"", "a\n", ""), SYNTAX),
        ("quotes", fill("", "'", ""), Either),
        ("double quotes", fill("", "\"", ""), Either),
        ("strings in a row", fill("", "'a' ", ""), SIZE),
        ("empty strings in a row", fill("", "'' ", ""), SIZE),
        ("empty f-strings in a row", fill("", "f''", ""), Read),
        ("strings that end f-strings", fill("", "'a' ", "f''"), Read),
        ("backslashes", fill("'", "\\\\", "'"), Read),
        (
            "names of characters",
            fill("'", "\\N{DIGIT ONE}", "'"),
            Read,
        ),
        (
            "Hangul names",
            fill("'", "\\N{HANGUL SYLLABLE GAG}", "'"),
            Read,
        ),
        ("one name of a character", fill("'\\N{", "A", "}'"), SYNTAX),
        ("open names of characters", fill("f'", "\\N{", "'"), SYNTAX),
        ("escapes", fill("'", "\\x41", "'"), Read),
        ("bytes", fill("b'", "\\x41", "'"), Read),
        ("wrong escape", fill("'", "\\x4", "'"), SYNTAX),
        ("integer", fill("", "9", ""), SYNTAX),
        ("zeros", fill("", "0", ""), Read),
        (
            "integers",
            fill("", &format!("{},", "9".repeat(4_300)), ""),
            Read,
        ),
        ("hexadecimal", fill("0x", "f", ""), Read),
        ("binary", fill("0b", "1", ""), Read),
        ("octal", fill("0o", "7", ""), Read),
        ("underscores", fill("1", "_1", ""), SYNTAX),
        ("float", fill("0.", "9", ""), Read),
        ("exponent", fill("1e", "9", ""), Read),
        ("negative exponent", fill("1e-", "9", ""), Read),
        ("complex", fill("", "9", "j"), Read),
        ("identifier", fill("", "a", ""), SIZE),
        ("combining characters", fill("a", "\u{301}", ""), SIZE),
        (
            "reordered combining characters",
            fill("", &format!("a{} ", "\u{301}\u{323}".repeat(240)), ""),
            SYNTAX,
        ),
        ("wide letters", fill("", "ｅ\n", ""), SIZE),
        ("list", fill("[", "-1, ", "]"), SIZE),
        ("dictionary", fill("{", "'k': f(a.b + 1), ", "}"), SIZE),
        ("set", fill("{", "a,", "}"), SIZE),
        ("empty containers", fill("", "[],", ""), SIZE),
        ("arguments", fill("f(", "a,", ")"), SIZE),
        (
            "keywords",
            fill_numbered("f(", |n| format!("a{n}=1,"), ")"),
            SIZE,
        ),
        (
            "parameters",
            fill_numbered("def f(", |n| format!("a{n},"), "): 0"),
            SIZE,
        ),
        ("unpacked arguments", fill("f(", "**a,", ")"), SIZE),
        ("replacement fields", fill("f'", "{a}", "'"), SIZE),
        ("conversions", fill("f'", "{a!r}", "'"), SIZE),
        ("documented fields", fill("f'", "{a=}", "'"), SIZE),
        ("doubled braces", fill("f'", "{{", "'"), Read),
        ("open fields", fill("f'", "{", "'"), Either),
        ("closing braces", fill("f'", "}", "'"), Either),
        ("nested formats", fill("f'", "{a:", "'"), SYNTAX),
        ("formats", fill("f'", "{a:{b}}", "'"), SIZE),
        ("brackets in a field", fill("f'{", "(", "}'"), NESTING),
        ("minus in a field", fill("f'{", "-", "1}'"), SIZE),
        ("strings in a field", fill("f'{", "\"\" ", "}'"), SIZE),
        ("f-strings in a field", fill("f'{", "f\"{a}\"", "}'"), SIZE),
        ("fields in all quotes", fill("", &all_quotes, ""), SYNTAX),
        (
            "f-strings in f-strings",
            fill("f'''{", "f\"{", "}'''"),
            NESTING,
        ),
        (
            "f-strings in all quotes",
            fill("", "f'''{f\"\"\"{f'{f\"{1}\"}'}\"\"\"}''' ", ""),
            SIZE,
        ),
        ("lambdas in a field", fill("f'{", "lambda ", "}'"), Either),
    ]
}

/// The largest memory that this process ever had, in KiB, if the system tells.
fn peak_kib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Starts the count of [`peak_kib`] anew.
fn reset_peak() {
    let _not_everywhere = std::fs::write("/proc/self/clear_refs", "5");
}

fn assert_ends(shapes: Vec<(&'static str, String, End)>) {
    let mut wrong = Vec::new();
    for (name, source, end) in shapes {
        assert!(source.len() <= MAX_SOURCE_BYTES, "{name}");
        reset_peak();
        let before = peak_kib().unwrap_or(0);
        let began = Instant::now();
        let result = parse_and_drop(source.as_bytes());
        let took = began.elapsed();
        let memory = peak_kib().unwrap_or(0).saturating_sub(before) / 1024;
        let result = result.map_err(|reason| reason.chars().take(60).collect::<String>());
        println!(
            "{:5} ms {memory:4} MiB  {name}: {result:?}",
            took.as_millis()
        );
        let is_right = match (&result, end) {
            (_, Either) | (Ok(()), Read) => true,
            (Err(reason), Refused(rule)) => reason.starts_with(rule),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{name}: {result:?}, expected {end:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn mebibyte_of_chains_ends_in_a_named_way() {
    assert_ends(chains());
}

#[test]
fn mebibyte_of_statements_ends_in_a_named_way() {
    assert_ends(statements());
}

#[test]
fn mebibyte_of_literals_ends_in_a_named_way() {
    assert_ends(literals());
}

#[test]
fn deepest_trees_that_are_read_are_dropped() {
    for source in [
        format!("{}1", "-".repeat(990)),
        format!("a{}", ".a".repeat(990)),
        format!("a{}", "()".repeat(900)),
        format!("{}1{}", "(".repeat(190), ")".repeat(190)),
        format!("{}1{}", "[".repeat(190), "]".repeat(190)),
        format!("if x: pass\n{}", "elif x: pass\n".repeat(900)),
        stairs(99, "if x:") + &" ".repeat(99) + "x\n",
    ] {
        assert_eq!(parse_and_drop(source.as_bytes()), Ok(()), "{source:.40}");
    }
}
