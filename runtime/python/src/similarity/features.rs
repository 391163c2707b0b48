//! What is compared: hashes of slices of the normalised program.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tree::{Kind, Program, Token, first_u64, symbol};

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
pub(super) fn features(program: &Program, idioms: &BTreeSet<u64>) -> Vec<Feature> {
    let mut hasher = Hasher::new(program.name_count());
    let mut features = Vec::new();
    let mut functions = vec![Function::default(); program.functions as usize];
    for unit in &program.units {
        let statement = program.slice(unit.tokens);
        let hash = hasher.hash(Level::Statement, statement.iter());
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
            function.add(statement, is_idiom);
        }
    }
    for function in functions {
        function.add_runs(&mut hasher, &mut features);
    }
    features
}

/// Hashes of a program's statements.
pub(super) fn statement_hashes(program: &Program) -> BTreeSet<u64> {
    let mut hasher = Hasher::new(program.name_count());
    let units = program.units.iter();
    units
        .map(|unit| hasher.hash(Level::Statement, program.slice(unit.tokens).iter()))
        .collect()
}

/// The tokens of a function, in order.
#[derive(Debug, Clone, Default)]
struct Function<'p> {
    tokens: Vec<&'p Token>,
    /// What all tokens before each one, and at last all, say.
    content: Vec<usize>,
    said: usize,
}

impl<'p> Function<'p> {
    fn add(&mut self, statement: &'p [Token], is_idiom: bool) {
        for token in statement {
            self.tokens.push(token);
            self.content.push(self.said);
            self.said += if is_idiom { 0 } else { token_content(token) };
        }
    }

    /// Winnowing (Schleimer, Wilkerson, Aiken 2003): of the runs in each window, the one with the
    /// least cheap hash, the last if there are several.
    fn add_runs(&self, hasher: &mut Hasher, features: &mut Vec<Feature>) {
        let runs = self.tokens.windows(RUN_TOKENS);
        let keys: Vec<u64> = runs
            .map(|run| hasher.cheap_hash(run.iter().copied()))
            .collect();
        for at in winnow(&keys) {
            let run = self.tokens.get(at..at + RUN_TOKENS).unwrap_or_default();
            let content = |at| self.content.get(at).copied().unwrap_or(self.said);
            let weight = run_weight(content(at + RUN_TOKENS) - content(at));
            if weight > 0 {
                let hash = hasher.hash(Level::Run, run.iter().copied());
                features.push(Feature { hash, weight });
            }
        }
    }
}

fn add_expressions(statement: &[Token], hasher: &mut Hasher, features: &mut Vec<Feature>) {
    for (at, token) in statement.iter().enumerate().skip(1) {
        if (MIN_EXPRESSION_TOKENS..=MAX_EXPRESSION_TOKENS).contains(&token.size) {
            let tree = statement
                .get(at..at + token.size as usize)
                .unwrap_or_default();
            features.push(Feature {
                hash: hasher.hash(Level::Expression, tree.iter()),
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
    pub(super) fn hash<'t>(
        &mut self,
        level: Level,
        tokens: impl Iterator<Item = &'t Token>,
    ) -> u64 {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        bytes.push(level as u8);
        self.number(tokens, |value| bytes.extend(value.to_le_bytes()));
        let hash = first_u64(blake3::hash(&bytes).as_bytes());
        self.bytes = bytes;
        hash
    }

    /// A hash good enough to choose by.
    pub(super) fn cheap_hash<'t>(&mut self, tokens: impl Iterator<Item = &'t Token>) -> u64 {
        let mut state = 0u64;
        self.number(tokens, |value| {
            state = (state ^ value)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29);
        });
        state.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn number<'t>(&mut self, tokens: impl Iterator<Item = &'t Token>, mut add: impl FnMut(u64)) {
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
