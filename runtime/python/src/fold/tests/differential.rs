//! Comparison with CPython: whatever is folded has the value that the interpreter computes.

use std::collections::BTreeMap;

use super::generate::Generator;
use super::operation::Operation;
use super::oracle::{canonical, evaluate, source};
use crate::fold::{Const, call, method};

const OPERATIONS: usize = 12_000;
const SEED: u64 = 0x00a5_5a7e_5eed;

#[test]
fn folded_values_are_those_of_the_interpreter() {
    let mut generator = Generator::new(SEED);
    let operations: Vec<Operation> = (0..OPERATIONS).map(|_| generator.operation()).collect();
    let expressions: Vec<String> = operations.iter().map(Operation::source).collect();
    let Some(answers) = evaluate(&expressions) else {
        return;
    };
    let mut folded: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((operation, expression), answer) in operations.iter().zip(&expressions).zip(&answers) {
        let (known, valued) = folded.entry(operation.label()).or_default();
        *valued += usize::from(answer != "!");
        if let Some(value) = operation.fold() {
            *known += 1;
            if canonical(&value) != *answer {
                wrong.push(format!(
                    "{expression}\n  python {answer}\n  folded {}",
                    canonical(&value)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let never: Vec<&String> = folded
        .iter()
        .filter(|(_, (known, valued))| *known == 0 && *valued > 0)
        .map(|(label, _)| label)
        .filter(|label| !matches!(label.as_str(), "a / b"))
        .collect();
    assert!(never.is_empty(), "never folded, so not compared: {never:?}");
    let (known, valued) = folded
        .values()
        .fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    assert!(
        known * 10 > valued * 8,
        "only {known} of {valued} values are folded"
    );
}

/// Expressions of a character `c`, and the same folded.
type Property = (&'static str, fn(&str) -> Option<Const>);

const PROPERTIES: &[Property] = &[
    ("c.upper()", |c| plain(c, "upper")),
    ("c.lower()", |c| plain(c, "lower")),
    ("c.casefold()", |c| plain(c, "casefold")),
    ("c.swapcase()", |c| plain(c, "swapcase")),
    ("('a'+c+'a').title()", |c| plain(&format!("a{c}a"), "title")),
    ("(c+'a').title()", |c| plain(&format!("{c}a"), "title")),
    ("(c+'A').capitalize()", |c| {
        plain(&format!("{c}A"), "capitalize")
    }),
    ("('a'+c).capitalize()", |c| {
        plain(&format!("a{c}"), "capitalize")
    }),
    ("('a'+c+'a').split()", |c| plain(&format!("a{c}a"), "split")),
    ("('a'+c+'a').splitlines()", |c| {
        plain(&format!("a{c}a"), "splitlines")
    }),
    ("c.strip()", |c| plain(c, "strip")),
    ("repr(c)", |c| {
        call("builtins.repr", &[Const::text(c)?], &[])
    }),
    ("ascii(c)", |c| {
        call("builtins.ascii", &[Const::text(c)?], &[])
    }),
    ("unicodedata.normalize('NFC', c)", |c| normal("NFC", c)),
    ("unicodedata.normalize('NFD', c)", |c| normal("NFD", c)),
    ("unicodedata.normalize('NFKC', c)", |c| normal("NFKC", c)),
    ("unicodedata.normalize('NFKD', c)", |c| normal("NFKD", c)),
];

fn plain(text: &str, name: &str) -> Option<Const> {
    method(&Const::text(text)?, name, &[], &[])
}

fn normal(form: &str, text: &str) -> Option<Const> {
    let arguments = [Const::text(form)?, Const::text(text)?];
    call("unicodedata.normalize", &arguments, &[])
}

#[test]
fn characters_have_the_properties_that_the_interpreter_knows() {
    let (mut folded, mut expressions) = (Vec::new(), Vec::new());
    let characters: Vec<char> = ('\0'..='\u{1ffff}').collect();
    for (expression, fold) in PROPERTIES {
        for block in characters.chunks(128) {
            let known = block
                .iter()
                .filter_map(|c| Some((*c, fold(&c.to_string())?)));
            let (characters, values): (String, Vec<Const>) = known.unzip();
            if !values.is_empty() {
                let characters = source(&Const::text(characters).unwrap());
                expressions.push(format!("[{expression} for c in {characters}]"));
                folded.push(canonical(&Const::list(values).unwrap()));
            }
        }
    }
    let Some(answers) = evaluate(&expressions) else {
        return;
    };
    for ((expression, folded), answer) in expressions.iter().zip(&folded).zip(&answers) {
        assert_eq!(folded, answer, "{expression}");
    }
    assert!(folded.len() > 4 * PROPERTIES.len());
}
