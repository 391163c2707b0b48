//! What is compared: hashes of slices of the normalised program.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::tree::{Kind, NO_NAME, Program, Token, first_u64, symbol};

/// Tokens of the smallest expression that counts by itself.
const MIN_EXPRESSION_TOKENS: u32 = 5;
/// Tokens of the largest: bounds the work, since expressions nest. Larger ones count in their statement.
const MAX_EXPRESSION_TOKENS: u32 = 64;
/// Tokens of a run.
const RUN_TOKENS: usize = 16;
/// Runs of which the one with the least hash is taken, so that one of each shared stretch of
/// `RUN_TOKENS + WINDOW_RUNS - 1` tokens is found in both programs.
const WINDOW_RUNS: usize = 8;

/// What a slice is. Part of its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Level {
    Statement = 1,
    Expression,
    Run,
}

/// A hash and what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Feature {
    pub hash: u64,
    pub weight: u8,
}

/// All features of a program, as often as they occur.
pub(super) fn features(program: &Program, idioms: &FxHashSet<u64>) -> Vec<Feature> {
    let mut hasher = Hasher::new(program.name_count());
    // About as many as there turn out to be.
    let mut features = Vec::with_capacity(program.tokens.len() / 2);
    let mut functions = vec![Function::default(); program.functions as usize];
    for unit in &program.units {
        let statement = program.slice(unit.tokens);
        let hash = hasher.hash(Level::Statement, statement);
        let is_idiom = idioms.contains(&hash);
        let weight = if is_idiom {
            1
        } else {
            statement_weight(statement)
        };
        features.push(Feature { hash, weight });
        if !is_idiom {
            add_expressions(statement, &mut hasher, &mut features);
        }
        if let Some(function) = functions.get_mut(unit.function as usize) {
            function.statements.push((statement, is_idiom));
        }
    }
    let mut runs = Runs::default();
    let mut last_seen = vec![(0, 0); program.name_count()];
    for (number, function) in (1..).zip(&functions) {
        runs.fill(function, &mut last_seen, number);
        runs.add(&mut hasher, &mut features);
    }
    features
}

/// Hashes of a program's statements.
pub(super) fn statement_hashes(program: &Program) -> FxHashSet<u64> {
    let mut hasher = Hasher::new(program.name_count());
    let units = program.units.iter();
    units
        .map(|unit| hasher.hash(Level::Statement, program.slice(unit.tokens)))
        .collect()
}

/// The statements of a function, in order.
#[derive(Debug, Clone, Default)]
struct Function<'p> {
    /// With whether each is an idiom.
    statements: Vec<(&'p [Token], bool)>,
}

/// What runs are made of; kept from one function to the next.
#[derive(Debug, Default)]
struct Runs {
    tokens: Vec<Token>,
    /// What all tokens before each one say.
    content: Vec<usize>,
    /// Tokens since the same name was last seen, [`u32::MAX`] for the first time.
    since: Vec<u32>,
    keys: Vec<u64>,
}

impl Runs {
    fn fill(&mut self, function: &Function<'_>, last_seen: &mut [(u32, u32)], number: u32) {
        self.tokens.clear();
        self.content.clear();
        self.since.clear();
        self.keys.clear();
        let mut said = 0;
        for (statement, is_idiom) in &function.statements {
            self.tokens.extend_from_slice(statement);
            for token in *statement {
                self.content.push(said);
                said += if *is_idiom { 0 } else { token_content(token) };
            }
        }
        self.content.push(said);
        for (at, token) in (0..).zip(&self.tokens) {
            let since = last_seen.get_mut(token.name as usize).map(|seen| {
                let (before, place) = std::mem::replace(seen, (number, at));
                if before == number {
                    at - place
                } else {
                    u32::MAX
                }
            });
            self.since.push(since.unwrap_or(u32::MAX));
        }
        let runs = self.tokens.windows(RUN_TOKENS);
        let runs = runs.zip(self.since.windows(RUN_TOKENS));
        self.keys
            .extend(runs.map(|(tokens, since)| run_key(tokens, since)));
    }

    /// Winnowing (Schleimer, Wilkerson, Aiken 2003): of the runs in each window, the one with the
    /// least cheap hash, the last if there are several.
    fn add(&self, hasher: &mut Hasher, features: &mut Vec<Feature>) {
        for at in winnow(&self.keys) {
            let run = self.tokens.get(at..at + RUN_TOKENS).unwrap_or_default();
            let content = |at| self.content.get(at).copied().unwrap_or_default();
            let weight = run_weight(content(at + RUN_TOKENS) - content(at));
            if weight > 0 {
                let hash = hasher.hash(Level::Run, run);
                features.push(Feature { hash, weight });
            }
        }
    }
}

/// A hash good enough to choose a run by: [`Hasher::cheap_hash`] for runs of one length.
fn run_key(tokens: &[Token], since: &[u32]) -> u64 {
    let mut numbers = [0u32; RUN_TOKENS];
    let mut next = 0;
    let mut key = CheapHash::default();
    for (at, (token, since)) in tokens.iter().zip(since).enumerate() {
        if token.name == NO_NAME {
            key.add(token.symbol);
            continue;
        }
        let before = at.checked_sub(*since as usize);
        let number = match before.and_then(|before| numbers.get(before)) {
            Some(number) => *number,
            None => {
                next += 1;
                next - 1
            }
        };
        if let Some(slot) = numbers.get_mut(at) {
            *slot = number;
        }
        key.add(symbol(Kind::Name, number));
    }
    key.finish()
}

fn add_expressions(statement: &[Token], hasher: &mut Hasher, features: &mut Vec<Feature>) {
    for (at, token) in statement.iter().enumerate().skip(1) {
        if (MIN_EXPRESSION_TOKENS..=MAX_EXPRESSION_TOKENS).contains(&token.size) {
            let tree = statement
                .get(at..at + token.size as usize)
                .unwrap_or_default();
            features.push(Feature {
                hash: hasher.hash(Level::Expression, tree),
                weight: expression_weight(tree),
            });
        }
    }
}

fn winnow(keys: &[u64]) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut least: Option<usize> = None;
    for end in 0..keys.len() {
        let window: Range<usize> = (end + 1).saturating_sub(WINDOW_RUNS)..end + 1;
        let key = |at: usize| keys.get(at).copied().unwrap_or(u64::MAX);
        least = match least {
            Some(at) if window.contains(&at) && key(at) < key(end) => Some(at),
            Some(at) if window.contains(&at) => Some(end).filter(|_| key(end) <= key(at)),
            _ => window.clone().rev().min_by_key(|at| key(*at)),
        };
        let is_full = end + 1 >= WINDOW_RUNS.min(keys.len());
        if is_full
            && let Some(at) = least
            && chosen.last() != Some(&at)
        {
            chosen.push(at);
        }
    }
    chosen
}

/// What a token says: kept names say most.
fn token_content(token: &Token) -> usize {
    if token.is_kept() { 3 } else { 1 }
}

fn content(tokens: &[Token]) -> usize {
    tokens.iter().map(token_content).sum()
}

fn weight(value: usize) -> u8 {
    u8::try_from(value.max(1)).unwrap_or(u8::MAX)
}

/// The few tokens that any statement has say nothing.
fn statement_weight(tokens: &[Token]) -> u8 {
    weight(content(tokens).saturating_sub(4))
}

fn expression_weight(tokens: &[Token]) -> u8 {
    weight(content(tokens).saturating_sub(5))
}

/// Runs overlap, and break wherever something is inserted: they count by far the least.
fn run_weight(content: usize) -> u8 {
    u8::try_from(content / RUN_TOKENS).unwrap_or(u8::MAX)
}

/// Hashes slices, with the package's names numbered by their first place in the slice.
pub(super) struct Hasher {
    /// Slice and number in it of each name.
    seen: Vec<(u32, u32)>,
    slice: u32,
    bytes: Vec<u8>,
}

impl Hasher {
    pub(super) fn new(names: usize) -> Self {
        Self {
            seen: vec![(0, 0); names],
            slice: 0,
            bytes: Vec::new(),
        }
    }

    /// Sixty-four bits of BLAKE3: nobody can write code whose hash is that of someone else's.
    pub(super) fn hash(&mut self, level: Level, tokens: &[Token]) -> u64 {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        bytes.resize(1 + 8 * tokens.len(), level as u8);
        let mut words = bytes
            .get_mut(1..)
            .unwrap_or_default()
            .as_chunks_mut::<8>()
            .0
            .iter_mut();
        self.number(tokens, |value| {
            if let Some(word) = words.next() {
                *word = value.to_le_bytes();
            }
        });
        let hash = first_u64(blake3::hash(&bytes).as_bytes());
        self.bytes = bytes;
        hash
    }

    /// A hash good enough to choose by.
    pub(super) fn cheap_hash(&mut self, tokens: &[Token]) -> u64 {
        let mut hash = CheapHash::default();
        self.number(tokens, |value| hash.add(value));
        hash.finish()
    }

    fn number(&mut self, tokens: &[Token], mut add: impl FnMut(u64)) {
        self.slice = self.slice.wrapping_add(1);
        let mut next = 0;
        for token in tokens {
            let Some(seen) = self.seen.get_mut(token.name as usize) else {
                add(token.symbol);
                continue;
            };
            if seen.0 != self.slice {
                *seen = (self.slice, next);
                next += 1;
            }
            add(symbol(Kind::Name, seen.1));
        }
    }
}

#[derive(Debug, Default)]
struct CheapHash(u64);

impl CheapHash {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(Self::FACTOR).rotate_left(29);
    }

    fn finish(self) -> u64 {
        self.0.wrapping_mul(Self::FACTOR)
    }
}
