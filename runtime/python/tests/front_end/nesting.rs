//! The bound on the height of a tree, computed from tokens, never undercounts.

use assay_python::testing::survey;
use proptest::prelude::*;

/// An expression with these around it: `{}` is where the inner one stands.
const WRAPPERS: &[&str] = &[
    "-{}",
    "not {}",
    "({})",
    "({},)",
    "[{}]",
    "{{{}}}",
    "{{1: {}}}",
    "{{**{}}}",
    "f({})",
    "f(*{})",
    "f(a={})",
    "{}.a",
    "{}()",
    "{}[0]",
    "a[{}]",
    "a[{}:]",
    "a[::{}]",
    "a + {}",
    "{} + a",
    "{} * a",
    "a * {}",
    "a ** {}",
    "{} ** a",
    "a | {} ^ b",
    "a or {}",
    "{} or a",
    "a and {} or b",
    "a < {} < b",
    "{} in a",
    "a if {} else b",
    "{} if a else b",
    "a if b else {}",
    "lambda: {}",
    "lambda a={}, *b: c",
    "lambda a, b={}: a, b",
    "(yield {})",
    "(x := {})",
    "[{} for a in b]",
    "[a for b in {}]",
    "[a for b in c if {}]",
    "{{a: {} for a in b}}",
    "f'{{{}}}'",
    "f\"\"\"{{a:{{{}}}}}\"\"\"",
    "a, {}, b",
    "a, *{}, b",
    "~{}",
    "await {}",
    "{}.a.b.c.d",
    "-+-{}",
    "a - b * c ** {}",
    "a @ {} % b // c",
    "{} << a >> b & c",
    "a is not {}",
    "a not in {}",
    "({})({})",
    "{} + {}",
    "{} or {}",
    "{}, {}",
    "f({}, {})",
    "[{}, {}]",
    "{} if {} else {}",
];

/// A statement with `{}` for an expression and `@` for a block.
const STATEMENTS: &[&str] = &[
    "{}\n",
    "a = b = {}\n",
    "a += {}\n",
    "a: {} = b\n",
    "if {}:\n@",
    "if a:\n@elif {}:\n@else:\n@",
    "if a:\n    a\nelif a:\n    a\nelif a:\n    a\nelif a:\n@",
    "while {}:\n@else:\n@",
    "for a in {}:\n@",
    "try:\n@except {}:\n@finally:\n@",
    "with {} as a:\n@",
    "def f(a={}):\n@",
    "class A({}):\n@",
    "match {}:\n    case [A(b, c={'d': (e | [f, *g])}) as h, 1] if a:\n    @",
    "match a:\n    case ((((((a, b), c), d), e), f), g):\n    @",
    "@({})\ndef f():\n@",
    "assert {}, a\n",
    "del a[{}]\n",
];

/// Numbers that choose, so that a failing program gets smaller.
fn choices() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..1_000, 4..60)
}

struct Program<'a> {
    choices: std::slice::Iter<'a, usize>,
}

impl Program<'_> {
    fn choose(&mut self, count: usize) -> Option<usize> {
        self.choices.next().map(|choice| choice % count)
    }

    fn expression(&mut self) -> String {
        let mut text = "x".to_owned();
        let length = self.choose(12).unwrap_or(0);
        for _ in 0..length {
            let Some(wrapper) = self.choose(WRAPPERS.len()) else {
                break;
            };
            let wrapped = WRAPPERS[wrapper]
                .replace("{{", "\u{1}")
                .replace("}}", "\u{2}");
            let wrapped = wrapped.replace("{}", &text);
            text = wrapped.replace('\u{1}', "{").replace('\u{2}', "}");
            // Doubling wrappers grow exponentially.
            if text.len() > 4_000 {
                break;
            }
        }
        text
    }

    fn block(&mut self, indent: usize) -> String {
        let mut text = String::new();
        let length = 1 + self.choose(2).unwrap_or(0);
        for _ in 0..length {
            let Some(choice) = self.choose(STATEMENTS.len()) else {
                break;
            };
            if indent > 8 {
                break;
            }
            let template = STATEMENTS[choice];
            let expression = self.expression();
            for line in template.lines() {
                let deeper = line.len() - line.trim_start().len();
                let line = line.trim_start();
                let is_decorator = line.starts_with("@(");
                if line.starts_with('@') && !is_decorator {
                    text += &self.block(indent + 1 + deeper / 4);
                    if let Some(rest) = line.strip_prefix('@').filter(|rest| !rest.is_empty()) {
                        text += &format!(
                            "{}{}\n",
                            "    ".repeat(indent),
                            rest.replacen("{}", &expression, 1)
                        );
                    }
                } else {
                    let line = line.replacen("{}", &expression, 1);
                    text += &format!("{}{line}\n", "    ".repeat(indent + deeper / 4));
                }
            }
        }
        text += &format!("{}pass\n", "    ".repeat(indent));
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn height_of_a_random_tree_is_within_the_bound(choices in choices()) {
        let text = Program { choices: choices.iter() }.block(0);
        if let Ok(survey) = survey(text.as_bytes()) {
            prop_assert!(
                survey.height <= survey.bound,
                "height {} over bound {} in:\n{text}", survey.height, survey.bound
            );
        }
    }

    #[test]
    fn height_of_a_deep_random_expression_is_within_the_bound(
        wrappers in prop::collection::vec((0..WRAPPERS.len(), 1usize..60), 1..12),
    ) {
        let mut text = "x".to_owned();
        for (wrapper, times) in wrappers {
            for _ in 0..times {
                let wrapped = WRAPPERS[wrapper].replace("{{", "\u{1}").replace("}}", "\u{2}");
                text = wrapped.replace("{}", &text).replace('\u{1}', "{").replace('\u{2}', "}");
                if text.len() > 100_000 {
                    break;
                }
            }
        }
        if let Ok(survey) = survey(text.as_bytes()) {
            prop_assert!(survey.height <= survey.bound, "{} over {} in {text}", survey.height, survey.bound);
        }
    }
}

#[test]
fn random_programs_are_mostly_valid() {
    let mut valid = 0;
    for seed in 0..200usize {
        let choices: Vec<usize> = (1..50)
            .map(|n| (seed * 7_919 + n * n * 104_729) % 1_000)
            .collect();
        let text = Program {
            choices: choices.iter(),
        }
        .block(0);
        valid += usize::from(survey(text.as_bytes()).is_ok());
    }
    assert!(valid > 60, "{valid} of 200");
}
