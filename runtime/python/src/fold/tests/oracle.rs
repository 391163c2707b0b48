//! Values and operations as Python source, and the interpreter that says what they are.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::fold::{Const, order};

/// Set to accept that there is no interpreter to compare with.
const OPTIONAL: &str = "ASSAY_WITHOUT_PYTHON";

/// Prints one line per expression: the canonical form of its value, `!` for an exception.
const SCRIPT: &str = r#"
import base64, binascii, codecs, functools, html, itertools, json, operator, os, resource, string, sys
import builtins, textwrap, unicodedata, urllib.parse, warnings
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
assert sys.version_info >= (3, 11), sys.version
LAZY = tuple(type(x) for x in (range(0), iter(()), iter([]), iter("a"), iter("\u0100"), iter(b""), iter(bytearray()),
    iter({}), iter(set()), iter(range(0)), reversed([]), reversed(""), reversed(range(0)), reversed({}), zip(),
    enumerate(()), itertools.chain(), {}.keys(), {}.values(), {}.items()))
def canon(v):
    t = type(v)
    if v is None: return "N"
    if t is bool: return "T" if v else "F"
    if t is int: return "i%d" % v
    if t is str: return "s" + "".join("%x." % ord(c) for c in v)
    if t is bytes: return "b" + v.hex()
    if t is bytearray: return "a" + v.hex()
    if t is list: return "[" + ",".join(map(canon, v)) + "]"
    if t is tuple: return "(" + ",".join(map(canon, v)) + ")"
    if t is set: return "{" + ",".join(sorted(map(canon, v))) + "}"
    if t is dict: return "d" + ",".join(canon(k) + ":" + canon(w) for k, w in v.items()) + ";"
    if t in LAZY: return "<" + ",".join(map(canon, itertools.islice(v, 5000))) + ">"
    return "?" + t.__name__
out = []
for line in sys.stdin:
    try: out.append(canon(eval(line)))
    except Exception: out.append("!")
print("\n".join(out))
"#;

/// What `python3` says these expressions are; `None` when it need not be there and is not.
pub(super) fn evaluate(expressions: &[String]) -> Option<Vec<String>> {
    let child = Command::new("python3")
        .args(["-I", "-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if std::env::var_os(OPTIONAL).is_some() => {
            eprintln!("NOT COMPARED WITH CPYTHON: python3 does not start: {error}");
            return None;
        }
        Err(error) => panic!(
            "python3 is needed to compare constant folding with CPython, and does not start: {error}; \
             set {OPTIONAL}=1 to go without"
        ),
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(expressions.join("\n").as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "python3: {}", output.status);
    let answers: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(answers.len(), expressions.len());
    Some(answers)
}

/// The form in which the interpreter prints values.
pub(super) fn canonical(value: &Const) -> String {
    let joined = |items: &[Const]| items.iter().map(canonical).collect::<Vec<_>>().join(",");
    match value {
        Const::None => "N".to_owned(),
        Const::Bool(true) => "T".to_owned(),
        Const::Bool(false) => "F".to_owned(),
        Const::Int(value) => format!("i{value}"),
        Const::Str(text) => text.chars().fold("s".to_owned(), |mut out, c| {
            write!(out, "{:x}.", u32::from(c)).unwrap();
            out
        }),
        Const::Bytes(bytes) => format!("b{}", hex::encode(bytes)),
        Const::ByteArray(bytes) => format!("a{}", hex::encode(bytes)),
        Const::List(items) => format!("[{}]", joined(items)),
        Const::Tuple(items) => format!("({})", joined(items)),
        Const::Set(items) => {
            assert!(items.iter().all(|item| order::key(item).is_some()));
            let mut items: Vec<String> = items.iter().map(canonical).collect();
            items.sort();
            format!("{{{}}}", items.join(","))
        }
        Const::Dict(pairs) => {
            let pair =
                |(key, value): &(Const, Const)| format!("{}:{}", canonical(key), canonical(value));
            format!("d{};", pairs.iter().map(pair).collect::<Vec<_>>().join(","))
        }
        Const::View(items) => format!("<{}>", joined(items)),
    }
}

/// The value as a Python expression on one line of ASCII.
pub(super) fn source(value: &Const) -> String {
    let joined = |items: &[Const]| {
        items
            .iter()
            .map(|item| source(item) + ",")
            .collect::<String>()
    };
    match value {
        Const::None => "None".to_owned(),
        Const::Bool(true) => "True".to_owned(),
        Const::Bool(false) => "False".to_owned(),
        Const::Int(value) => format!("({value})"),
        Const::Str(text) => {
            let escaped = text.chars().fold(String::new(), |mut out, c| {
                match c {
                    '\'' | '\\' => write!(out, "\\x{:02x}", u32::from(c)).unwrap(),
                    ' '..='~' => out.push(c),
                    c => write!(out, "\\U{:08x}", u32::from(c)).unwrap(),
                }
                out
            });
            format!("'{escaped}'")
        }
        Const::Bytes(bytes) => format!("bytes.fromhex('{}')", hex::encode(bytes)),
        Const::ByteArray(bytes) => format!("bytearray.fromhex('{}')", hex::encode(bytes)),
        Const::List(items) => format!("[{}]", joined(items)),
        Const::Tuple(items) => format!("({})", joined(items)),
        Const::Set(items) => format!("set([{}])", joined(items)),
        Const::Dict(pairs) => {
            let pair =
                |(key, value): &(Const, Const)| format!("{}:{},", source(key), source(value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<String>())
        }
        Const::View(items) => format!("iter([{}])", joined(items)),
    }
}
