//! Random operations on random values.

use rustpython_parser::ast::{ConversionFlag, Operator};

use super::operation::{Keywords, Operation};
use super::{catalogue, samples};
use crate::fold::Const;

/// Pseudo-random operations, the same for the same seed.
pub(super) struct Generator {
    state: u64,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn operation(&mut self) -> Operation {
        match self.below(19) {
            0 | 1 => self.arithmetic(),
            2 => self.subscript(),
            3 => self.format(),
            4 => Operation::Iterate(self.any(2)),
            5..8 => self.receiver(&["Text"], catalogue::STR),
            8..11 => self.receiver(&["Bytes"], catalogue::BYTES),
            11 | 12 => self.container(),
            13 => Operation::Attribute(self.pick(catalogue::ATTRIBUTES)),
            _ => {
                let (path, args, keywords) = self.signature(catalogue::FUNCTIONS, &Const::None);
                Operation::Call(path, args, keywords)
            }
        }
    }

    fn arithmetic(&mut self) -> Operation {
        match self.below(7) {
            0 => {
                let (op, symbol) = self.pick(catalogue::UNARY);
                Operation::Unary(op, symbol, self.any(1))
            }
            1 => {
                let (op, symbol) = self.pick(catalogue::COMPARISONS);
                let a = self.any(2);
                let b = if self.below(2) == 0 {
                    self.any(2)
                } else {
                    self.similar(&a)
                };
                Operation::Compare(op, symbol, a, b)
            }
            2 | 3 => {
                let kind = self.pick(&["PercentTemplate", "PercentTemplate", "PercentBytes"]);
                let template = self.kind(kind, &Const::None);
                let values = match self.below(4) {
                    0 => self.any(1),
                    1 => self.kind("Dict", &Const::None),
                    _ => {
                        let count = self.below(4);
                        let values = (0..count).map(|_| self.any(1)).collect();
                        Const::tuple(values).unwrap()
                    }
                };
                Operation::Binary(Operator::Mod, "%", template, values)
            }
            4 => {
                let (op, symbol) = self.pick(catalogue::BINARY);
                Operation::Binary(
                    op,
                    symbol,
                    self.kind("Int", &Const::None),
                    self.kind("Int", &Const::None),
                )
            }
            _ => {
                let (op, symbol) = self.pick(catalogue::BINARY);
                let a = self.any(1);
                let b = if self.below(3) == 0 {
                    self.any(1)
                } else {
                    self.similar(&a)
                };
                Operation::Binary(op, symbol, a, b)
            }
        }
    }

    fn subscript(&mut self) -> Operation {
        let value = self.any(1);
        if self.below(2) == 0 {
            let kind = self.pick(&["Small", "Small", "Small", "Short"]);
            let index = self.kind(kind, &value);
            return Operation::Subscript(value, index);
        }
        let mut bound = || {
            let present = self.below(3) > 0;
            present.then(|| self.kind("Small", &Const::None))
        };
        let bounds = [bound(), bound(), bound()];
        Operation::Slice(value, bounds)
    }

    fn format(&mut self) -> Operation {
        let conversion = self.pick(&[
            ConversionFlag::None,
            ConversionFlag::None,
            ConversionFlag::Str,
            ConversionFlag::Repr,
            ConversionFlag::Ascii,
        ]);
        let spec = if self.below(3) == 0 {
            String::new()
        } else {
            self.spec()
        };
        let value = if self.below(2) == 0 {
            self.any(2)
        } else {
            self.kind("Int", &Const::None)
        };
        Operation::Format(value, conversion, spec)
    }

    fn receiver(&mut self, kinds: &[&'static str], table: &'static [&'static str]) -> Operation {
        let kind = self.pick(kinds);
        let receiver = self.kind(kind, &Const::None);
        let (name, args, keywords) = self.signature(table, &receiver);
        // A template is what makes a difference to the formatting methods.
        let receiver = match name {
            "format" | "format_map" => self.kind("Template", &Const::None),
            _ => receiver,
        };
        Operation::Method(receiver, name, args, keywords)
    }

    fn container(&mut self) -> Operation {
        match self.below(5) {
            0 => self.receiver(&["List"], catalogue::LIST),
            1 => self.receiver(&["Tuple"], catalogue::TUPLE),
            2 => self.receiver(&["Dict"], catalogue::DICT),
            3 => self.receiver(&["Set"], catalogue::SET),
            _ => self.receiver(&["Int", "Bool"], catalogue::INT),
        }
    }

    /// A function and arguments for it: `name Kind Exact! Optional? keyword=Kind`.
    fn signature(
        &mut self,
        table: &'static [&'static str],
        receiver: &Const,
    ) -> (&'static str, Vec<Const>, Keywords) {
        let mut words = self.pick(table).split(' ');
        let name = words.next().unwrap();
        let (mut args, mut keywords) = (Vec::new(), Vec::new());
        let mut complete = true;
        for word in words {
            if let Some((keyword, kind)) = word.split_once('=') {
                if self.below(3) == 0 {
                    keywords.push((keyword, self.kind(kind, receiver)));
                }
                continue;
            }
            let optional = word.ends_with('?');
            complete &= !optional || self.below(2) == 0;
            if complete {
                // A `!` keeps the interpreter from computing for hours.
                let kind = word.trim_end_matches(['?', '!']);
                let wrong = !word.ends_with('!') && self.below(40) == 0;
                args.push(self.kind(if wrong { "Any" } else { kind }, receiver));
            }
        }
        (name, args, keywords)
    }

    /// Something that may well be equal or of the same type.
    fn similar(&mut self, value: &Const) -> Const {
        match (value, self.below(3)) {
            (_, 0) => value.clone(),
            (Const::Str(_), _) => self.kind("Short", value),
            (Const::Bytes(_) | Const::ByteArray(_), _) => self.kind("Bytes", value),
            (Const::List(_), _) => self.kind("List", value),
            (Const::Tuple(_), _) => self.kind("Tuple", value),
            (Const::Set(_), _) => self.kind("Set", value),
            (Const::Dict(_), _) => self.kind("Dict", value),
            _ => self.kind("Small", value),
        }
    }

    /// A value of any type, containers at most so deep.
    fn any(&mut self, depth: usize) -> Const {
        let kinds: &[&str] = match depth {
            0 => &["None", "Bool", "Int", "Small", "Text", "Short", "Bytes"],
            _ => &[
                "None", "Bool", "Int", "Text", "Short", "Bytes", "List", "Tuple", "Set", "Dict",
                "Nested",
            ],
        };
        match self.pick(kinds) {
            "Nested" => {
                let count = self.below(3);
                let items = (0..count).map(|_| self.any(depth - 1)).collect();
                if self.below(2) == 0 {
                    Const::list(items)
                } else {
                    Const::tuple(items)
                }
                .unwrap()
            }
            kind => self.kind(kind, &Const::None),
        }
    }

    /// A value of a kind of argument; kinds with `Like` are of the receiver's sort of text.
    fn kind(&mut self, kind: &str, receiver: &Const) -> Const {
        let bytes = receiver.as_bytes().is_some();
        match kind {
            "None" => Const::None,
            "Any" => self.any(1),
            "Bool" => Const::Bool(self.below(2) == 0),
            "Small" => match self.below(8) {
                0 => Const::Bool(true),
                1 => Const::None,
                _ => Const::Int(i128::try_from(self.below(16)).unwrap() - 6),
            },
            "Width" => Const::Int(i128::try_from(self.below(20)).unwrap() - 2),
            "Count" => Const::Int(i128::try_from(self.below(5)).unwrap() - 1),
            "Base" => Const::Int(self.pick(&[0, 2, 8, 10, 16, 36, 1])),
            "Code" => Const::Int(i128::try_from(self.below(0x3000)).unwrap()),
            "Int" => self.integer(),
            "Like" if bytes => self.byte_text(3, false),
            "Like" | "Short" => self.text(3),
            "LikeChar" if bytes => Const::bytes(vec![*b"*-0".get(self.below(3)).unwrap()]).unwrap(),
            "LikeChar" | "Char" => Const::text(String::from(self.character())).unwrap(),
            "Likes" => {
                let count = self.below(4);
                let items = (0..count).map(|_| self.kind("Like", receiver)).collect();
                if self.below(2) == 0 {
                    Const::list(items)
                } else {
                    Const::tuple(items)
                }
                .unwrap()
            }
            "Affix" => match self.below(3) {
                0 => {
                    let affixes = vec![self.kind("Like", receiver), self.kind("Like", receiver)];
                    Const::tuple(affixes).unwrap()
                }
                _ => self.kind("Like", receiver),
            },
            "Text" => self.text(12),
            "Bytes" => self.byte_text(10, true),
            "OnlyBytes" => self.byte_text(10, false),
            "List" => Const::list(self.items()).unwrap(),
            "Tuple" => Const::tuple(self.items()).unwrap(),
            "Set" => {
                let mut items = self.items();
                items.retain(|item| Const::set(vec![item.clone()]).is_some());
                Const::set(items).unwrap()
            }
            "Numbers" => {
                let count = self.below(6);
                let numbers =
                    (0..count).map(|_| Const::Int(i128::try_from(self.below(130)).unwrap()));
                Const::list(numbers.collect()).unwrap()
            }
            "Lists" => {
                let count = self.below(3);
                let lists = (0..count).map(|_| self.kind("List", receiver));
                Const::list(lists.collect()).unwrap()
            }
            "Items" => match self.below(6) {
                0 => self.text(5),
                1 => self.byte_text(5, true),
                2 => self.kind("Tuple", receiver),
                3 => self.kind("Set", receiver),
                4 => self.kind("Dict", receiver),
                _ => self.kind("List", receiver),
            },
            "Dict" => {
                let count = self.below(4);
                let pairs = (0..count).map(|_| {
                    let key = if self.below(3) == 0 {
                        self.kind("Small", receiver)
                    } else {
                        self.name()
                    };
                    (key, self.any(0))
                });
                Const::dict(pairs.collect()).unwrap()
            }
            "Pairs" => {
                let count = self.below(3);
                let pairs =
                    (0..count).map(|_| Const::tuple(vec![self.any(0), self.any(0)]).unwrap());
                Const::list(pairs.collect()).unwrap()
            }
            "Name" => self.name(),
            "Table" => self.table(),
            "ByteTable" => {
                let mut table: Vec<u8> = (0..=255).collect();
                table.rotate_left(self.below(5));
                Const::bytes(table).unwrap()
            }
            "Spec" => Const::text(self.spec()).unwrap(),
            "Template" => self.assembled(samples::TEMPLATES),
            "PercentTemplate" => self.assembled(samples::PERCENTS),
            "PercentBytes" => {
                let template = self.assembled(samples::PERCENTS);
                let ascii = template
                    .as_str()
                    .unwrap()
                    .replace(|c: char| !c.is_ascii(), "");
                Const::bytes(ascii.into_bytes()).unwrap()
            }
            "Encoded" => self.encoded(),
            other => {
                let choices = samples::CHOICES.iter().find(|(name, _)| *name == other);
                let choices = choices.unwrap_or_else(|| panic!("no kind {other}")).1;
                Const::text(self.pick(choices)).unwrap()
            }
        }
    }

    fn integer(&mut self) -> Const {
        // In between are lengths that an interpreter would try to allocate.
        let magnitude = self.pick(&[3, 8, 12, 63, 64, 100, 127]);
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let value = i128::try_from(bits >> (128 - magnitude)).unwrap();
        Const::Int(if self.below(3) == 0 { -value } else { value })
    }

    fn character(&mut self) -> char {
        match self.below(12) {
            0 => self.pick(samples::ODD_CHARACTERS),
            1 => ' ',
            2 => self.pick(&[
                '\t', '\n', '\r', '0', '7', '_', '.', '-', '+', '\'', '"', '\\',
            ]),
            3 | 4 => self.pick(&['A', 'B', 'Z']),
            _ => self.pick(&['a', 'b', 'c', 'x']),
        }
    }

    fn text(&mut self, length: usize) -> Const {
        let length = self.below(length + 1);
        let text: String = (0..length).map(|_| self.character()).collect();
        Const::text(text).unwrap()
    }

    fn byte_text(&mut self, length: usize, mutable: bool) -> Const {
        let length = self.below(length + 1);
        let bytes: Vec<u8> = (0..length)
            .map(|_| match self.below(20) {
                0 => u8::try_from(self.below(256)).unwrap(),
                _ => u8::try_from(self.character()).unwrap_or(b'='),
            })
            .collect();
        if mutable && self.below(4) == 0 {
            Const::bytearray(bytes).unwrap()
        } else {
            Const::bytes(bytes).unwrap()
        }
    }

    fn items(&mut self) -> Vec<Const> {
        let count = self.below(5);
        let uniform = self.pick(&["", "Small", "Short", "Int", "Bytes"]);
        (0..count)
            .map(|_| match uniform {
                "" => self.any(0),
                "Bytes" => self.byte_text(3, false),
                kind => self.kind(kind, &Const::None),
            })
            .collect()
    }

    fn name(&mut self) -> Const {
        Const::text(self.pick(&["a", "b", "key", ""])).unwrap()
    }

    fn table(&mut self) -> Const {
        let pairs = (0..4).map(|_| {
            let value = match self.below(3) {
                0 => Const::None,
                1 => self.text(2),
                _ => Const::Int(u32::from(self.character()).into()),
            };
            (Const::Int(u32::from(self.character()).into()), value)
        });
        Const::dict(pairs.collect()).unwrap()
    }

    fn spec(&mut self) -> String {
        let parts: [&[&str]; 8] = [
            &["", "", "<", ">", "^", "=", "*<", "x^", "0>", "é="],
            &["", "", "", "+", "-", " "],
            &["", "", "#"],
            &["", "", "0"],
            &["", "1", "5", "12"],
            &["", "", "", ",", "_"],
            &["", "", "", ".0", ".2"],
            &["", "d", "s", "x", "X", "b", "o", "c", "e", "n"],
        ];
        parts.iter().map(|choices| self.pick(choices)).collect()
    }

    fn assembled(&mut self, pieces: &[&'static str]) -> Const {
        let count = self.below(4) + 1;
        let text: String = (0..count).map(|_| self.pick(pieces)).collect();
        Const::text(text).unwrap()
    }

    /// Something encoded, sometimes damaged.
    fn encoded(&mut self) -> Const {
        let mut text = self.pick(samples::ENCODED).to_owned();
        if self.below(3) == 0 {
            let at = self.below(text.len() + 1);
            if text.is_char_boundary(at) {
                text.insert(at, self.character());
            }
        }
        if self.below(2) == 0 {
            Const::bytes(text.into_bytes())
        } else {
            Const::text(text)
        }
        .unwrap()
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.get(self.below(choices.len())).unwrap()
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }
}
