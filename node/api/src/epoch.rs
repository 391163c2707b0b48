//! `epoch_current` and `epoch_getPhase`.
//!
//! Epochs are the chain's own. The phases are an older view of them, kept for existing clients:
//! 75 %, 13 % and 12 % of an epoch's blocks, in fractions so that any epoch length has all three.

use serde::{Deserialize, Serialize};

/// The evaluation phase ends at this many hundredths of the epoch.
const EVALUATION_END_PERCENT: u128 = 75;
/// The commit phase ends at this many hundredths of the epoch.
const COMMIT_END_PERCENT: u128 = 88;

/// Part of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Submissions are taken and evaluated.
    Evaluation,
    /// Results settle.
    Commit,
    /// Weights go to the chain.
    Reveal,
}

/// Result of `epoch_current`. Blocks are chain blocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochCurrent {
    /// Number of the epoch.
    pub epoch_number: u64,
    /// Finalised chain block.
    pub current_block: u64,
    /// Length of this epoch.
    pub blocks_per_epoch: u64,
    /// Blocks since its first one.
    pub block_in_epoch: u64,
    /// Part of the epoch.
    pub phase: Phase,
    /// First block of the phase, counted within the epoch.
    pub phase_start: u64,
    /// Block after the phase's last, counted within the epoch.
    pub phase_end: u64,
    /// Blocks until `phase_end`.
    pub blocks_until_next_phase: u64,
    /// Share of the epoch that has passed, 0.00 to 0.99.
    pub progress: f64,
    /// Seconds until the next phase at the target block time.
    pub estimated_time_to_next_phase: u64,
}

impl EpochCurrent {
    /// Where `current_block` is in the epoch that starts at `first_block` and has
    /// `blocks_per_epoch` blocks (at least 1). A block outside the epoch counts as its nearest one.
    pub fn at(
        epoch_number: u64,
        first_block: u64,
        blocks_per_epoch: u64,
        current_block: u64,
        block_time_ms: u64,
    ) -> EpochCurrent {
        let length = blocks_per_epoch.max(1);
        let block_in_epoch = current_block.saturating_sub(first_block).min(length - 1);
        let evaluation_end = share(length, EVALUATION_END_PERCENT);
        let commit_end = share(length, COMMIT_END_PERCENT);
        let (phase, phase_start, phase_end) = if block_in_epoch < evaluation_end {
            (Phase::Evaluation, 0, evaluation_end)
        } else if block_in_epoch < commit_end {
            (Phase::Commit, evaluation_end, commit_end)
        } else {
            (Phase::Reveal, commit_end, length)
        };
        let blocks_until_next_phase = phase_end - block_in_epoch;
        EpochCurrent {
            epoch_number,
            current_block,
            blocks_per_epoch: length,
            block_in_epoch,
            phase,
            phase_start,
            phase_end,
            blocks_until_next_phase,
            progress: hundredths(block_in_epoch, length) as f64 / 100.0,
            estimated_time_to_next_phase: blocks_until_next_phase.saturating_mul(block_time_ms)
                / 1_000,
        }
    }
}

/// `percent` hundredths of `length`, rounded down; below `length` for percents below 100.
fn share(length: u64, percent: u128) -> u64 {
    u64::try_from(u128::from(length) * percent / 100).unwrap_or(length)
}

/// Rounded down, so that 1.00 is never shown before the epoch is over.
fn hundredths(part: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(part) * 100 / u128::from(whole.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_epoch_of_a_hundred_blocks_has_the_old_phases() {
        let phase_at = |block: u64| EpochCurrent::at(7, 700, 100, 700 + block, 12_000);
        assert_eq!(phase_at(0).phase, Phase::Evaluation);
        assert_eq!(phase_at(74).phase, Phase::Evaluation);
        assert_eq!(phase_at(75).phase, Phase::Commit);
        assert_eq!(phase_at(87).phase, Phase::Commit);
        let last = phase_at(99);
        assert_eq!(
            (last.phase, last.phase_start, last.phase_end),
            (Phase::Reveal, 88, 100)
        );
        assert_eq!(last.blocks_until_next_phase, 1);
        assert_eq!(last.estimated_time_to_next_phase, 12);
        assert_eq!(last.progress, 0.99);
    }

    proptest! {
        #[test]
        fn a_block_is_always_inside_its_phase(first: u64, length: u64, block: u64, time: u64) {
            let epoch = EpochCurrent::at(0, first, length, block, time);
            prop_assert!(epoch.phase_start <= epoch.block_in_epoch);
            prop_assert!(epoch.block_in_epoch < epoch.phase_end);
            prop_assert!(epoch.phase_end <= epoch.blocks_per_epoch);
            prop_assert!((0.0..1.0).contains(&epoch.progress));
        }
    }
}
