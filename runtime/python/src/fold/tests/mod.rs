//! Known answers, bounds, and what an interpreter says.

mod catalogue;
mod differential;
mod generate;
mod operation;
mod oracle;
mod samples;

use proptest::prelude::*;
use rustpython_parser::ast::{CmpOp, ConversionFlag, Operator};

use super::*;
use generate::Generator;

fn text(value: &str) -> Const {
    Const::text(value).unwrap()
}

fn data(value: &[u8]) -> Const {
    Const::bytes(value).unwrap()
}

fn int(value: i128) -> Const {
    Const::Int(value)
}

fn list(items: impl IntoIterator<Item = Const>) -> Const {
    Const::list(items.into_iter().collect()).unwrap()
}

fn tuple(items: impl IntoIterator<Item = Const>) -> Const {
    Const::tuple(items.into_iter().collect()).unwrap()
}

#[test]
fn names_in_pieces_are_put_together() {
    let add = |a, b| binary(Operator::Add, &text(a), &text(b));
    assert_eq!(add("sys", "tem"), Some(text("system")));
    let letters = list([101, 118, 97, 108].map(|c| call("builtins.chr", &[int(c)], &[]).unwrap()));
    assert_eq!(
        method(&text(""), "join", &[letters], &[]),
        Some(text("eval"))
    );
    assert_eq!(
        slice(&text("lave"), None, None, Some(&int(-1))),
        Some(text("eval"))
    );
    let dots = method(&text("e.v.a.l"), "replace", &[text("."), text("")], &[]);
    assert_eq!(dots, Some(text("eval")));
    let underscores = binary(
        Operator::Mult,
        &call("builtins.chr", &[int(95)], &[]).unwrap(),
        &int(2),
    );
    assert_eq!(underscores, Some(text("__")));
}

#[test]
fn encoded_names_are_decoded() {
    let decoded = |bytes: Option<Const>| method(&bytes.unwrap(), "decode", &[], &[]);
    let hex = call("builtins.bytes.fromhex", &[text("65 76616c")], &[]);
    assert_eq!(decoded(hex), Some(text("eval")));
    let base64 = call("base64.b64decode", &[text("ZXZhbA==")], &[]);
    assert_eq!(decoded(base64), Some(text("eval")));
    let rot13 = call("codecs.decode", &[text("riny"), text("rot13")], &[]);
    assert_eq!(rot13, Some(text("eval")));
    let number = method(&int(0x6576_616c), "to_bytes", &[int(4), text("big")], &[]);
    assert_eq!(decoded(number), Some(text("eval")));
    let reversed = call("builtins.reversed", &[text("lave")], &[]).unwrap();
    assert_eq!(
        method(&text(""), "join", &[reversed], &[]),
        Some(text("eval"))
    );
    let letters = attribute("string.ascii_lowercase").unwrap();
    assert_eq!(subscript(&letters, &int(4)), Some(text("e")));
    let wide = call(
        "unicodedata.normalize",
        &[text("NFKC"), text("ｅｖａｌ")],
        &[],
    );
    assert_eq!(wide, Some(text("eval")));
}

#[test]
fn formatted_names_are_known() {
    let pair = tuple([text("sys"), text("tem")]);
    assert_eq!(
        binary(Operator::Mod, &text("%s%s"), &pair),
        Some(text("system"))
    );
    let formatted = method(&text("{1}{0}"), "format", &[text("tem"), text("sys")], &[]);
    assert_eq!(formatted, Some(text("system")));
    let part = format_value(&int(101), ConversionFlag::None, "c");
    assert_eq!(part, Some(text("e")));
    assert_eq!(
        concat_parts(&[part.unwrap(), text("val")]),
        Some(text("eval"))
    );
}

#[test]
fn surrogates_and_what_may_be_one_are_unknown() {
    assert_eq!(call("builtins.chr", &[int(0xd800)], &[]), None);
    assert_eq!(format_value(&int(0xdfff), ConversionFlag::None, "c"), None);
    let literal = rustpython_parser::ast::Constant::Str("a\u{fffd}".to_owned());
    assert_eq!(Const::from_literal(&literal), None);
}

#[test]
fn small_programs_for_large_values_are_refused() {
    let huge = int(1_000_000_000);
    assert_eq!(binary(Operator::Mult, &text("a"), &huge), None);
    assert_eq!(binary(Operator::Mult, &huge, &list([int(1)])), None);
    assert_eq!(binary(Operator::Pow, &int(7), &huge), None);
    assert_eq!(binary(Operator::LShift, &int(1), &huge), None);
    assert_eq!(binary(Operator::Mod, &text("%1000000000d"), &int(1)), None);
    assert_eq!(
        binary(Operator::Mod, &text("%*d"), &tuple([huge.clone(), int(1)])),
        None
    );
    assert_eq!(
        format_value(&text("a"), ConversionFlag::None, "1000000000"),
        None
    );
    for (receiver, name, args) in [
        (text("a"), "center", vec![huge.clone()]),
        (text("a"), "ljust", vec![huge.clone()]),
        (text("1"), "zfill", vec![huge.clone()]),
        (text("\t"), "expandtabs", vec![huge.clone()]),
        (text("{:1000000000}"), "format", vec![int(1)]),
        (text("{:{}}"), "format", vec![int(1), huge.clone()]),
        (int(1), "to_bytes", vec![huge.clone()]),
        (
            text(&"a".repeat(4000)),
            "replace",
            vec![text("a"), text("bb")],
        ),
        (
            text(&"a".repeat(4000)),
            "replace",
            vec![text(""), text("bb")],
        ),
        (text("xy"), "join", vec![text(&"a".repeat(4000))]),
    ] {
        assert_eq!(method(&receiver, name, &args, &[]), None, "{name}");
    }
    for path in ["builtins.range", "builtins.bytes", "builtins.bytearray"] {
        assert_eq!(call(path, std::slice::from_ref(&huge), &[]), None, "{path}");
    }
}

#[test]
fn containers_of_containers_do_not_grow_without_bound() {
    let mut deep = list([]);
    let mut wide = list([text("a")]);
    let mut levels = 0;
    while let Some(deeper) = Const::list(vec![deep.clone()]) {
        deep = deeper;
        levels += 1;
    }
    assert_eq!(levels, usize::from(MAX_DEPTH) - 1);
    while let Some(wider) = Const::list(vec![wide.clone(), wide.clone()]) {
        wide = wider;
    }
    assert!(wide.weight() <= MAX_LENGTH + 1);
    assert_eq!(Const::text("a".repeat(MAX_LENGTH + 1)), None);
}

#[test]
fn a_string_built_past_the_constructor_is_not_computed_with() {
    let long = Const::Str("a".repeat(MAX_LENGTH * 2).into());
    assert_eq!(slice(&long, None, Some(&int(1)), None), None);
    assert_eq!(method(&long, "upper", &[], &[]), None);
    assert_eq!(call("builtins.len", std::slice::from_ref(&long), &[]), None);
    assert_eq!(compare(CmpOp::In, &text("a"), &long), None);
    assert_eq!(iterate(&long), None);
}

#[test]
fn the_order_of_a_set_is_unknown_but_its_elements_are() {
    let set = Const::set(vec![text("b"), text("a"), text("b")]).unwrap();
    assert_eq!(iterate(&set), None);
    assert_eq!(
        method(&text(""), "join", std::slice::from_ref(&set), &[]),
        None
    );
    let sorted = call("builtins.sorted", &[set], &[]);
    assert_eq!(sorted, Some(list([text("a"), text("b")])));
}

#[test]
fn iterators_can_only_be_iterated() {
    let view = call("builtins.reversed", &[text("ba")], &[]).unwrap();
    assert_eq!(subscript(&view, &int(0)), None);
    assert_eq!(call("builtins.str", std::slice::from_ref(&view), &[]), None);
    assert_eq!(call("builtins.len", std::slice::from_ref(&view), &[]), None);
    assert_eq!(compare(CmpOp::Eq, &view, &view), None);
    assert_eq!(compare(CmpOp::In, &text("a"), &view), None);
    assert_eq!(Const::tuple(vec![view.clone()]), None);
    assert_eq!(iterate(&view), Some(vec![text("a"), text("b")]));
}

#[test]
fn oddities_of_the_interpreter_are_known() {
    let mutable = Const::bytearray(b"'".as_slice()).unwrap();
    let shown = call("builtins.repr", &[mutable], &[]);
    assert_eq!(shown, Some(text("bytearray(b\"\\'\")")));
    let boolean = Const::Bool(true);
    let bytes = [data(b"A"), text("big")];
    assert_eq!(method(&boolean, "from_bytes", &bytes, &[]), None);
    let beyond_sizes = int(-(1 << 70));
    assert_eq!(binary(Operator::Mult, &text(""), &beyond_sizes), None);
    assert_eq!(method(&text("a"), "zfill", &[beyond_sizes], &[]), None);
    let unescaped = call(
        "urllib.parse.unquote_to_bytes",
        &[Const::bytearray(vec![65]).unwrap()],
        &[],
    );
    assert_eq!(unescaped, None);
}

/// Whether a value, and all in it, is within bounds.
fn bounded(value: &Const) -> bool {
    let inner = match value {
        Const::List(items) | Const::Tuple(items) | Const::Set(items) | Const::View(items) => {
            items.iter().all(bounded)
        }
        Const::Dict(pairs) => pairs
            .iter()
            .all(|(key, value)| bounded(key) && bounded(value)),
        _ => true,
    };
    inner && value.fits() && value.depth() <= MAX_DEPTH
}

proptest! {
    #[test]
    fn nothing_panics_and_results_are_bounded(seed in any::<u64>()) {
        let mut generator = Generator::new(seed);
        for _ in 0..20 {
            if let Some(value) = generator.operation().fold() {
                prop_assert!(bounded(&value));
            }
        }
    }

    #[test]
    fn hostile_text_panics_nowhere(
        receiver in "\\PC{0,40}", spec in "[%{}()\\[\\]!:.*0-9a-zA-Z#+ <>^=,_-]{0,24}", number in any::<i128>(),
    ) {
        let values = [text(&receiver), int(number), data(receiver.as_bytes()), Const::None];
        for value in &values {
            let _ = format_value(value, ConversionFlag::None, &spec);
            let _ = binary(Operator::Mod, &text(&spec), value);
            let _ = method(&text(&spec), "format", &values, &[("a", value.clone())]);
            let _ = subscript(&text(&receiver), value);
            let _ = slice(&text(&receiver), Some(value), Some(&int(number)), Some(value));
            for path in ["html.unescape", "json.loads", "urllib.parse.unquote", "base64.b32decode",
                "base64.b64decode", "base64.a85decode", "base64.b85decode", "builtins.int"] {
                let _ = call(path, std::slice::from_ref(value), &[]);
                let _ = call(path, &[text(&spec)], &[]);
            }
        }
    }
}
