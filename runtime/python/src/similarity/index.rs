//! Earlier submissions, found by what they share with a new one.

use std::collections::{BTreeMap, BTreeSet};

use super::sketch::{Fingerprint, Scores, compare};

/// Hashes by which a program is found: its least ones, so that every program has the same chance.
const KEYS: usize = 256;
/// Programs that a hash may lead to before it says too little to begin with.
const COMMON: usize = 64;
/// Places looked at in one search, whatever the programs are.
const MAX_STEPS: usize = 100_000;
/// Programs compared in full for each one that is asked for.
const COMPARED_PER_RESULT: usize = 4;

/// An index of fingerprints. What a search finds is a function of what was inserted, in any order.
#[derive(Debug, Clone, Default)]
pub struct Index {
    programs: BTreeMap<u64, Fingerprint>,
    /// Hash and program.
    keys: BTreeSet<(u64, u64)>,
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Programs in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.programs.len()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// Adds a program, or replaces the one of this id.
    pub fn insert(&mut self, id: u64, fingerprint: Fingerprint) {
        self.remove(id);
        self.keys
            .extend(fingerprint.hashes().take(KEYS).map(|hash| (hash, id)));
        self.programs.insert(id, fingerprint);
    }

    /// Takes a program out.
    pub fn remove(&mut self, id: u64) -> Option<Fingerprint> {
        let fingerprint = self.programs.remove(&id)?;
        for hash in fingerprint.hashes().take(KEYS) {
            self.keys.remove(&(hash, id));
        }
        Some(fingerprint)
    }

    /// The programs most like `fingerprint`: at most `limit`, best first, each with the scores of
    /// `compare(fingerprint, program)`. The best score of the three counts, then similarity, then the
    /// lesser id.
    ///
    /// Programs are found by their rarest shared hashes and then compared in full. Hashes that many
    /// programs have are only followed when work is left, so that neither a common idiom nor a
    /// thousand copies of one program make a search slow.
    #[must_use]
    pub fn candidates(&self, fingerprint: &Fingerprint, limit: usize) -> Vec<(u64, Scores)> {
        let mut found: Vec<(u64, Scores)> = self
            .most_shared(fingerprint, limit.saturating_mul(COMPARED_PER_RESULT))
            .into_iter()
            .filter_map(|id| Some((id, compare(fingerprint, self.programs.get(&id)?))))
            .filter(|(_, scores)| *scores != Scores::default())
            .collect();
        found.sort_by_key(|(id, scores)| {
            let best = scores
                .similarity
                .max(scores.contained)
                .max(scores.containing);
            (std::cmp::Reverse((best, scores.similarity)), *id)
        });
        found.truncate(limit);
        found
    }

    fn most_shared(&self, fingerprint: &Fingerprint, count: usize) -> Vec<u64> {
        let mut shared: BTreeMap<u64, u64> = BTreeMap::new();
        let mut steps = 0;
        let mut common = Vec::new();
        let programs = |hash| self.keys.range((hash, 0)..=(hash, u64::MAX));
        for (hash, mass) in fingerprint.masses() {
            let of: Vec<u64> = programs(hash).take(COMMON + 1).map(|(_, id)| *id).collect();
            steps += of.len() + 1;
            if of.len() > COMMON {
                common.push((hash, mass));
                continue;
            }
            // A hash that fewer have says more.
            let share = mass * COMMON as u64 / of.len().max(1) as u64;
            for id in of {
                *shared.entry(id).or_default() += share;
            }
        }
        for (hash, mass) in common {
            if steps >= MAX_STEPS {
                break;
            }
            for (_, id) in programs(hash) {
                *shared.entry(*id).or_default() += mass;
                steps += 1;
            }
        }
        let mut ranked: Vec<(std::cmp::Reverse<u64>, u64)> = shared
            .into_iter()
            .map(|(id, mass)| (std::cmp::Reverse(mass), id))
            .collect();
        if count < ranked.len() {
            ranked.select_nth_unstable(count);
            ranked.truncate(count);
        }
        ranked.into_iter().map(|(_, id)| id).collect()
    }
}
