//! Whose stake counts: the validator set of an epoch and the quorum over it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::keys::Hotkey;
use crate::limits::{TOTAL_STAKE_MAX, VALIDATORS_MAX};

/// How much stake an agreement needs; set by the genesis document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quorum {
    /// More than 1/2: survives crashes and partitions while more than half is up; no tolerance
    /// for signers that vote twice.
    #[default]
    Majority,
    /// More than 2/3: safe with less than 1/3 Byzantine stake.
    Supermajority,
}

/// One validator and its stake in the chain's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// Its hotkey.
    pub hotkey: Hotkey,
    /// Its stake weight (rao); always above zero inside a set.
    pub stake: u64,
}

/// Why a list of validators is no usable set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// Nobody has stake.
    #[error("expected at least one validator with stake")]
    Empty,
    /// More validators than the protocol allows.
    #[error("expected at most {VALIDATORS_MAX} validators, got {0}")]
    TooMany(usize),
    /// The same hotkey twice.
    #[error("hotkey {0} appears twice")]
    Duplicate(Hotkey),
    /// The stakes add up to more than the engine can count.
    #[error("expected a total stake of at most {TOTAL_STAKE_MAX}, got more")]
    TooMuchStake,
}

/// The validators of one epoch with their stakes, sorted by hotkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawValidatorSet", into = "RawValidatorSet")]
pub struct ValidatorSet {
    epoch: u64,
    validators: Vec<Validator>,
    total_stake: u64,
}

/// The wire form of a set, checked on the way in.
#[derive(Clone, Serialize, Deserialize)]
struct RawValidatorSet {
    epoch: u64,
    validators: Vec<Validator>,
}

impl Quorum {
    /// Whether `stake` out of `total` is a quorum.
    pub fn is_met(self, stake: u64, total: u64) -> bool {
        let (stake, total) = (u128::from(stake), u128::from(total));
        match self {
            Quorum::Majority => 2 * stake > total,
            Quorum::Supermajority => 3 * stake > 2 * total,
        }
    }

    /// Whether a quorum is still possible once `lost` stake can't join it any more.
    pub fn is_reachable(self, lost: u64, total: u64) -> bool {
        self.is_met(total.saturating_sub(lost), total)
    }
}

impl ValidatorSet {
    /// Builds the set of an epoch. Validators without stake are left out.
    pub fn new(
        epoch: u64,
        validators: impl IntoIterator<Item = Validator>,
    ) -> Result<ValidatorSet, ValidatorSetError> {
        let mut list: Vec<Validator> = validators.into_iter().filter(|v| v.stake > 0).collect();
        if list.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        if list.len() > VALIDATORS_MAX {
            return Err(ValidatorSetError::TooMany(list.len()));
        }
        list.sort_by_key(|v| v.hotkey);
        let mut seen = BTreeSet::new();
        let mut total_stake = 0u64;
        for validator in &list {
            if !seen.insert(validator.hotkey) {
                return Err(ValidatorSetError::Duplicate(validator.hotkey));
            }
            total_stake = total_stake
                .checked_add(validator.stake)
                .filter(|total| *total <= TOTAL_STAKE_MAX)
                .ok_or(ValidatorSetError::TooMuchStake)?;
        }
        Ok(ValidatorSet {
            epoch,
            validators: list,
            total_stake,
        })
    }

    /// The same set without the given hotkeys; unchanged if nobody would be left.
    pub fn without(&self, excluded: &BTreeSet<Hotkey>) -> ValidatorSet {
        let kept = self
            .validators
            .iter()
            .filter(|v| !excluded.contains(&v.hotkey))
            .copied();
        ValidatorSet::new(self.epoch, kept).unwrap_or_else(|_| self.clone())
    }

    /// The epoch this set is in force for.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Sum of all stakes.
    pub fn total_stake(&self) -> u64 {
        self.total_stake
    }

    /// All validators, sorted by hotkey.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// The validator with an index, as certificates name them.
    pub fn get(&self, index: u16) -> Option<&Validator> {
        self.validators.get(usize::from(index))
    }

    /// Index of a hotkey.
    pub fn index_of(&self, hotkey: &Hotkey) -> Option<u16> {
        let index = self
            .validators
            .binary_search_by_key(hotkey, |v| v.hotkey)
            .ok()?;
        u16::try_from(index).ok()
    }

    /// Stake of a hotkey; zero if it is no validator.
    pub fn stake_of(&self, hotkey: &Hotkey) -> u64 {
        self.index_of(hotkey)
            .and_then(|index| self.get(index))
            .map_or(0, |v| v.stake)
    }
}

impl TryFrom<RawValidatorSet> for ValidatorSet {
    type Error = ValidatorSetError;

    fn try_from(raw: RawValidatorSet) -> Result<ValidatorSet, ValidatorSetError> {
        ValidatorSet::new(raw.epoch, raw.validators)
    }
}

impl From<ValidatorSet> for RawValidatorSet {
    fn from(set: ValidatorSet) -> RawValidatorSet {
        RawValidatorSet {
            epoch: set.epoch,
            validators: set.validators,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keypair;

    fn validator(name: &str, stake: u64) -> Validator {
        Validator {
            hotkey: Keypair::insecure_from_name(name).hotkey(),
            stake,
        }
    }

    #[test]
    fn exactly_half_is_no_majority_and_exactly_two_thirds_no_supermajority() {
        assert!(!Quorum::Majority.is_met(50, 100));
        assert!(Quorum::Majority.is_met(51, 100));
        assert!(!Quorum::Supermajority.is_met(66, 99));
        assert!(Quorum::Supermajority.is_met(67, 99));
        assert!(Quorum::Majority.is_met(u64::MAX, u64::MAX));
    }

    #[test]
    fn a_hotkey_listed_twice_is_refused() {
        let twice = [validator("a", 1), validator("a", 2)];
        assert_eq!(
            ValidatorSet::new(0, twice),
            Err(ValidatorSetError::Duplicate(validator("a", 1).hotkey))
        );
    }

    #[test]
    fn stakes_that_overflow_are_refused() {
        let rich = [validator("a", TOTAL_STAKE_MAX), validator("b", 1)];
        assert_eq!(
            ValidatorSet::new(0, rich),
            Err(ValidatorSetError::TooMuchStake)
        );
    }

    #[test]
    fn excluding_everybody_leaves_the_set_as_it_is() {
        let set = ValidatorSet::new(0, [validator("a", 1), validator("b", 1)]).unwrap();
        let all = set.validators().iter().map(|v| v.hotkey).collect();
        assert_eq!(set.without(&all), set);
    }
}
