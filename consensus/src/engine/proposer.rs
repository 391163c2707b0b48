//! Who proposes in which round.
//!
//! Every height has its own order of all validators, drawn by stake without replacement from
//! SHA-256 of (network, height): position 0 proposes in round 0, and so on, around and around.
//! Over many heights a validator proposes in proportion to its stake, and within one height a
//! dead proposer costs one round in as many rounds as there are validators.

use crate::envelope::NetworkId;
use crate::hash::Hash;
use crate::keys::Hotkey;
use crate::validators::{Validator, ValidatorSet};

/// The proposers of one height in the order of their rounds.
#[derive(Debug, Clone)]
pub(super) struct ProposerOrder {
    first: Hotkey,
    rest: Vec<Hotkey>,
}

impl ProposerOrder {
    /// Draws the order for a height.
    pub(super) fn new(network: &NetworkId, height: u64, set: &ValidatorSet) -> ProposerOrder {
        let mut candidates = set.validators().to_vec();
        let mut remaining_stake = set.total_stake();
        let mut drawn = Vec::with_capacity(candidates.len());
        for position in 0u32.. {
            if candidates.is_empty() {
                break;
            }
            let ticket = ticket(network, height, position, remaining_stake);
            let winner = candidates.remove(holder_of(&candidates, ticket));
            remaining_stake = remaining_stake.saturating_sub(winner.stake);
            drawn.push(winner.hotkey);
        }
        let mut drawn = drawn.into_iter();
        ProposerOrder {
            // A set is never empty, so the default is never taken.
            first: drawn.next().unwrap_or(Hotkey([0; 32])),
            rest: drawn.collect(),
        }
    }

    /// The proposer of a round.
    pub(super) fn proposer(&self, round: u32) -> Hotkey {
        let position = round as usize % (self.rest.len() + 1);
        position
            .checked_sub(1)
            .and_then(|index| self.rest.get(index))
            .copied()
            .unwrap_or(self.first)
    }
}

/// A uniform number below `stake` (zero if that is zero). 128 random bits make the bias of the
/// remainder negligible.
fn ticket(network: &NetworkId, height: u64, position: u32, stake: u64) -> u64 {
    let digest = Hash::of_value("assay/proposer/v1", &(network, height, position));
    let wide = digest
        .0
        .iter()
        .take(16)
        .fold(0u128, |wide, byte| (wide << 8) | u128::from(*byte));
    u64::try_from(wide % u128::from(stake.max(1))).unwrap_or_default()
}

/// Index of the validator whose stretch of the summed stakes holds the ticket.
fn holder_of(candidates: &[Validator], ticket: u64) -> usize {
    let mut passed = 0u64;
    candidates
        .iter()
        .position(|validator| {
            passed = passed.saturating_add(validator.stake);
            ticket < passed
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::keys::Keypair;

    const NETWORK: NetworkId = NetworkId(Hash::ZERO);

    fn set(stakes: &[u64]) -> ValidatorSet {
        let validators = stakes.iter().enumerate().map(|(i, stake)| Validator {
            hotkey: Keypair::insecure_from_name(&format!("v{i}")).hotkey(),
            stake: *stake,
        });
        ValidatorSet::new(0, validators).unwrap()
    }

    #[test]
    fn a_dead_proposer_never_gets_two_rounds_in_a_row_and_everybody_gets_a_turn() {
        let set = set(&[1_000_000, 1, 1, 5]);
        for height in 1..50 {
            let order = ProposerOrder::new(&NETWORK, height, &set);
            let turns: BTreeSet<Hotkey> = (0..4).map(|round| order.proposer(round)).collect();
            assert_eq!(turns.len(), 4);
            assert_eq!(order.proposer(0), order.proposer(4));
            assert_eq!(order.proposer(3), order.proposer(u32::MAX));
        }
    }

    #[test]
    fn first_rounds_follow_the_stake() {
        let set = set(&[10, 30, 60]);
        let mut turns: BTreeMap<Hotkey, u32> = BTreeMap::new();
        for height in 0..3_000 {
            let order = ProposerOrder::new(&NETWORK, height, &set);
            *turns.entry(order.proposer(0)).or_default() += 1;
        }
        for validator in set.validators() {
            let expected = validator.stake * 30;
            let got = u64::from(turns[&validator.hotkey]);
            assert!(
                got.abs_diff(expected) < 150,
                "stake {}: {got}",
                validator.stake
            );
        }
    }

    #[test]
    fn another_network_has_another_order() {
        let set = set(&[1; 16]);
        let other = NetworkId(Hash::of(b"other"));
        let orders = [NETWORK, other].map(|network| {
            let order = ProposerOrder::new(&network, 1, &set);
            (0..16)
                .map(|round| order.proposer(round))
                .collect::<Vec<_>>()
        });
        assert_ne!(orders[0], orders[1]);
    }
}
