//! Where two packages are alike, for people who decide.

use std::collections::HashMap;

use assay_challenge_sdk::abi::PythonFile;

use super::features::{Hasher, Level};
use super::sketch::Fingerprint;
use super::tree::{NO_NAME, Program, Token};
use super::{FingerprintError, check_size, lower_package};
use crate::source;

/// Regions of one comparison.
pub const MAX_REGIONS: usize = 200;
/// Tokens of the smallest region: shorter ones are in any two programs.
const MIN_TOKENS: usize = 24;
/// Places in the second program where a region may begin that are tried, and that are looked at for
/// them: bounds the work when one program is a thousand times the same.
const MAX_TRIED: usize = 8;
const MAX_LOOKED_AT: usize = 32;

/// Lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path in the package.
    pub file: String,
    /// From 1.
    pub first_line: u32,
    /// The last one, inclusive.
    pub last_line: u32,
}

/// A stretch of the one program that is also in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Where in the first.
    pub a: Place,
    /// Where in the second.
    pub b: Place,
    /// Its size: tokens of the normalised program.
    pub tokens: u32,
}

/// The regions that two packages share: the largest first, at most [`MAX_REGIONS`], none over another
/// in the same package. What is in `template` isn't shown.
///
/// # Errors
/// [`FingerprintError`] as for [`super::fingerprint`].
pub fn regions(
    a: &[PythonFile],
    b: &[PythonFile],
    template: Option<&Fingerprint>,
) -> Result<Vec<Region>, FingerprintError> {
    check_size(a)?;
    check_size(b)?;
    source::on_large_stack(|| {
        let first = Sequence::new(&lower_package(a)?, template);
        let second = Sequence::new(&lower_package(b)?, template);
        let mut matches = matches(&first, &second);
        matches.sort_by_key(|found| (std::cmp::Reverse(found.length), found.a, found.b));
        matches.truncate(MAX_REGIONS);
        let (mut lines_a, mut lines_b) = (Lines::new(a), Lines::new(b));
        Ok(matches
            .iter()
            .map(|found| Region {
                a: lines_a.place(&first, found.a, found.length),
                b: lines_b.place(&second, found.b, found.length),
                tokens: u32::try_from(found.length).unwrap_or(u32::MAX),
            })
            .collect())
    })
    .map_err(FingerprintError::Host)?
}

/// All tokens of a program that count, in a row.
struct Sequence {
    tokens: Vec<Token>,
    /// File of each token.
    files: Vec<u32>,
    /// Tokens since the same name was last seen, 0 for the first time and for tokens that are no
    /// names: two sequences are the same but for their names when these are the same.
    since: Vec<usize>,
    names: usize,
}

impl Sequence {
    fn new(program: &Program, template: Option<&Fingerprint>) -> Self {
        let mut hasher = Hasher::new(program.name_count());
        let (mut tokens, mut files) = (Vec::new(), Vec::new());
        for unit in &program.units {
            let statement = program.slice(unit.tokens);
            let is_template = template
                .is_some_and(|template| template.has(hasher.hash(Level::Statement, statement)));
            if !is_template {
                tokens.extend_from_slice(statement);
                files.resize(tokens.len(), unit.file);
            }
        }
        let names = program.name_count();
        let since = distances(&tokens, names);
        Self {
            tokens,
            files,
            since,
            names,
        }
    }

    /// Where runs of [`MIN_TOKENS`] tokens in one file begin, with their hashes.
    fn runs(&self) -> Vec<(usize, u64)> {
        let mut hasher = Hasher::new(self.names);
        self.tokens
            .windows(MIN_TOKENS)
            .enumerate()
            .filter(|(at, _)| self.files.get(*at) == self.files.get(at + MIN_TOKENS - 1))
            .map(|(at, run)| (at, hasher.cheap_hash(run)))
            .collect()
    }
}

fn distances(tokens: &[Token], names: usize) -> Vec<usize> {
    let mut last: Vec<Option<usize>> = vec![None; names];
    let distance = |(at, token): (usize, &Token)| {
        let seen = last.get_mut(token.name as usize)?;
        seen.replace(at).map(|before| at - before)
    };
    tokens
        .iter()
        .enumerate()
        .map(distance)
        .map(Option::unwrap_or_default)
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    a: usize,
    b: usize,
    length: usize,
}

/// Where in the second program a run is.
#[derive(Debug, Default)]
struct Places {
    at: Vec<usize>,
    /// How many of them are behind: what is used stays used.
    used: usize,
}

impl Places {
    fn free(&mut self, used: &[bool]) -> impl Iterator<Item = usize> {
        let is_free = |place: &&usize| used.get(**place) == Some(&false);
        let at = self.at.iter().skip(self.used);
        self.used += at.take_while(|place| !is_free(place)).count();
        let at = self.at.iter().skip(self.used).take(MAX_LOOKED_AT);
        at.filter(is_free).take(MAX_TRIED).copied()
    }
}

/// From the first token of `a` on, the longest match at each place, then on after it.
fn matches(a: &Sequence, b: &Sequence) -> Vec<Match> {
    let mut places: HashMap<u64, Places> = HashMap::new();
    for (at, hash) in b.runs() {
        places.entry(hash).or_default().at.push(at);
    }
    let mut used = vec![false; b.tokens.len()];
    let mut found = Vec::new();
    let mut next = 0;
    for (at, hash) in a.runs() {
        let Some(places) = places.get_mut(&hash).filter(|_| at >= next) else {
            continue;
        };
        let best = places
            .free(&used)
            .map(|place| (common_length(a, at, b, place, &used), place))
            .max_by_key(|(length, place)| (*length, std::cmp::Reverse(*place)));
        if let Some((length, place)) = best.filter(|(length, _)| *length >= MIN_TOKENS) {
            let taken = used.iter_mut().skip(place).take(length);
            taken.for_each(|flag| *flag = true);
            next = at + length;
            found.push(Match {
                a: at,
                b: place,
                length,
            });
        }
    }
    found
}

fn common_length(a: &Sequence, at: usize, b: &Sequence, place: usize, used: &[bool]) -> usize {
    let file_a = a.files.get(at);
    let file_b = b.files.get(place);
    let mut length = 0;
    loop {
        let (here, there) = (at + length, place + length);
        let (Some(first), Some(second)) = (a.tokens.get(here), b.tokens.get(there)) else {
            return length;
        };
        let is_free = used.get(there) == Some(&false);
        let in_files = a.files.get(here) == file_a && b.files.get(there) == file_b;
        if !is_free || !in_files || !is_same(first, second) {
            return length;
        }
        if first.name != NO_NAME {
            // A name seen before the region began is new to the region.
            let within = |since: Option<&usize>| since.copied().filter(|since| *since <= length);
            let seen_here = within(a.since.get(here)).unwrap_or_default();
            let seen_there = within(b.since.get(there)).unwrap_or_default();
            if seen_here != seen_there {
                return length;
            }
        }
        length += 1;
    }
}

fn is_same(first: &Token, second: &Token) -> bool {
    first.symbol == second.symbol && (first.name == NO_NAME) == (second.name == NO_NAME)
}

/// Beginnings of the lines of the files that were asked for.
struct Lines<'a> {
    files: &'a [PythonFile],
    starts: HashMap<u32, Vec<u32>>,
}

impl<'a> Lines<'a> {
    fn new(files: &'a [PythonFile]) -> Self {
        Self {
            files,
            starts: HashMap::new(),
        }
    }

    fn place(&mut self, sequence: &Sequence, at: usize, length: usize) -> Place {
        let number = sequence.files.get(at).copied().unwrap_or_default();
        let file = self.files.get(number as usize);
        let starts = self.starts.entry(number).or_insert_with(|| {
            file.and_then(|file| source::read(&file.source).ok())
                .map(|text| line_starts(&text))
                .unwrap_or_default()
        });
        let tokens = sequence.tokens.get(at..at + length).unwrap_or_default();
        let offsets = || tokens.iter().map(|token| token.offset);
        let line = |offset: Option<u32>| {
            let offset = offset.unwrap_or_default();
            let line = starts.partition_point(|start| *start <= offset);
            u32::try_from(line).unwrap_or(u32::MAX)
        };
        Place {
            file: file.map(|file| file.path.clone()).unwrap_or_default(),
            first_line: line(offsets().min()),
            last_line: line(offsets().max()),
        }
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0)
        .chain(after_breaks)
        .filter_map(|at| u32::try_from(at).ok())
        .collect()
}
