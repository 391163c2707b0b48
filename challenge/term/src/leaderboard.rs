//! Ranking, the leader and its decay, and weights: integers throughout.
//!
//! * A miner's place is its best agent. A new agent takes it only with a higher score than the miner ever
//!   had.
//! * The leader is the best score; of equal ones the earlier. Only the leader's weight decays.
//! * A new agent that beats the leader's decayed score displaces it: the old leader's score is then fixed
//!   at what had remained of it.
//! * What has decayed away from the leader's weight goes to the burn hotkey, so the other miners' shares
//!   don't grow by it.

use alloc::{collections::BTreeMap, vec::Vec};
use core::cmp::Reverse;

use assay_challenge_sdk::{
    Host, Hotkey,
    abi::{SCORE_SCALE, WeightAssignment},
};

use crate::{
    decay,
    records::{BestAgent, MinerRecord, TopAgentState},
    storage::{StorageError, Store},
};

/// A weight of 1.0 in integer units: score units times decay units. Below 2^53, so that the one
/// division into `f64` is exact in its operands.
pub const WEIGHT_ONE: u64 = SCORE_SCALE.unsigned_abs() * decay::ONE;
const _: () = assert!(WEIGHT_ONE < 1 << 53);

/// A ranked miner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The miner.
    pub miner: MinerRecord,
    /// Its best agent.
    pub best: BestAgent,
    /// Its weight, in units of 1 / [`WEIGHT_ONE`].
    pub weight_units: u64,
}

/// The leaderboard at an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaderboard {
    /// By weight, heaviest first; of equal ones the earlier score.
    pub rows: Vec<Ranked>,
    /// What has decayed away from the leader, in units of 1 / [`WEIGHT_ONE`].
    pub burned_units: u64,
}

/// Score of the leader in units of 1 / [`WEIGHT_ONE`] after its decay.
#[must_use]
pub fn decayed_units(top: &TopAgentState, epoch: u64) -> u64 {
    let stale_epochs = epoch.saturating_sub(top.achieved_epoch);
    score_units(top.score) / decay::ONE * decay::multiplier(stale_epochs)
}

/// Converts units into the `f64` that leaves the module: one division, hence the same everywhere.
#[must_use]
pub fn units_to_f64(units: u64) -> f64 {
    units as f64 / WEIGHT_ONE as f64
}

/// Computes the leaderboard.
///
/// # Errors
/// [`StorageError`] when it can't be read.
pub fn compute<H: Host + ?Sized>(
    store: &Store<'_, H>,
    epoch: u64,
) -> Result<Leaderboard, StorageError> {
    let top = store.top_agent()?;
    let mut burned_units = 0;
    let mut rows = Vec::new();
    for miner in store.miners()? {
        let Some(best) = miner.best.clone() else {
            continue;
        };
        let mut weight_units = score_units(best.score);
        if let Some(top) = top.as_ref().filter(|top| top.hotkey == miner.hotkey) {
            let remaining = decayed_units(top, epoch);
            burned_units = weight_units.saturating_sub(remaining);
            weight_units = remaining;
        }
        rows.push(Ranked {
            miner,
            best,
            weight_units,
        });
    }
    rows.sort_by_key(|row| {
        (
            Reverse(row.weight_units),
            row.best.achieved_order,
            row.miner.hotkey,
        )
    });
    Ok(Leaderboard { rows, burned_units })
}

/// Relative weights by hotkey, sorted by it; miners without weight are left out.
#[must_use]
pub fn weights(leaderboard: &Leaderboard, burn_hotkey: &Hotkey) -> Vec<WeightAssignment> {
    let mut units: BTreeMap<[u8; 32], u64> = BTreeMap::new();
    let miners = leaderboard
        .rows
        .iter()
        .map(|row| (row.miner.hotkey, row.weight_units));
    for (hotkey, weight_units) in miners.chain([(burn_hotkey.0, leaderboard.burned_units)]) {
        let sum = units.entry(hotkey).or_default();
        *sum = sum.saturating_add(weight_units);
    }
    units
        .into_iter()
        .filter(|(_, weight_units)| *weight_units > 0)
        .map(|(hotkey, weight_units)| WeightAssignment {
            hotkey: Hotkey(hotkey).to_hex(),
            weight: units_to_f64(weight_units),
        })
        .collect()
}

/// Enters a scored agent into the miner's record and moves the lead. The record is stored by the caller.
///
/// # Errors
/// [`StorageError`] when storage fails.
pub fn enter<H: Host + ?Sized>(
    store: &Store<'_, H>,
    miner: &mut MinerRecord,
    agent: BestAgent,
    epoch: u64,
) -> Result<(), StorageError> {
    let top = store.top_agent()?;
    if miner
        .best
        .as_ref()
        .is_some_and(|best| agent.score <= best.peak_score)
    {
        return Ok(());
    }
    let leads = match &top {
        None => agent.score > 0,
        Some(top) if top.hotkey == miner.hotkey => true,
        Some(top) => score_units(agent.score) > decayed_units(top, epoch),
    };
    miner.best = Some(agent);
    if !leads {
        return Ok(());
    }
    if let Some(top) = top.filter(|top| top.hotkey != miner.hotkey) {
        fix_displaced(store, &top, epoch)?;
    }
    match best_of_all(store, miner)? {
        Some(new_top) => store.set_top_agent(&new_top),
        None => Ok(()),
    }
}

/// Replaces a displaced leader's score by what has remained of it.
fn fix_displaced<H: Host + ?Sized>(
    store: &Store<'_, H>,
    top: &TopAgentState,
    epoch: u64,
) -> Result<(), StorageError> {
    let Some(mut miner) = store.miner(&Hotkey(top.hotkey))? else {
        return Ok(());
    };
    if let Some(best) = &mut miner.best {
        let remaining = decayed_units(top, epoch) / decay::ONE;
        best.score = i64::try_from(remaining).unwrap_or(SCORE_SCALE);
    }
    store.set_miner(&miner)
}

/// The best of all miners, with one record that isn't stored yet.
fn best_of_all<H: Host + ?Sized>(
    store: &Store<'_, H>,
    changed: &MinerRecord,
) -> Result<Option<TopAgentState>, StorageError> {
    let stored = store.miners()?;
    let others = stored.iter().filter(|miner| miner.hotkey != changed.hotkey);
    let best = others
        .chain([changed])
        .filter_map(|miner| miner.best.as_ref().map(|best| (miner.hotkey, best)))
        .max_by_key(|(_, best)| (best.score, Reverse(best.achieved_order)));
    Ok(best.map(|(hotkey, best)| TopAgentState {
        hotkey,
        agent_hash: best.agent_hash,
        score: best.score,
        achieved_epoch: best.achieved_epoch,
    }))
}

fn score_units(score: i64) -> u64 {
    score.clamp(0, SCORE_SCALE).unsigned_abs() * decay::ONE
}
