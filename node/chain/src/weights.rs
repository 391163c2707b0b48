//! From agreed weights, bound to hotkeys, to the uids and values of a chain call. Pure integer
//! arithmetic with one fixed rounding, so that anyone gets the same call from the same metagraph.

use std::collections::BTreeMap;

use assay_consensus::keys::Hotkey;
use assay_consensus::votes::Weight;

use crate::metagraph::Metagraph;

/// Weights resolved at one metagraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedWeights {
    /// Uid and weight, ascending by uid, largest weight 65,535. Empty if nobody could be resolved.
    pub entries: Vec<(u16, u16)>,
    /// Hotkeys that are not registered at this block; their share went to the burn hotkey, or to
    /// nobody if that is not registered either.
    pub unresolved: Vec<Hotkey>,
}

/// Resolves weights to uids at the block of `metagraph`. What belongs to hotkeys that are no
/// longer registered goes to `burn`, so that the shares of the others don't change.
pub fn resolve(weights: &[Weight], metagraph: &Metagraph, burn: &Hotkey) -> ResolvedWeights {
    let burn_uid = metagraph.uid_of(burn);
    let mut sums: BTreeMap<u16, u64> = BTreeMap::new();
    let mut unresolved = Vec::new();
    for weight in weights {
        let uid = metagraph.uid_of(&weight.hotkey);
        if uid.is_none() {
            unresolved.push(weight.hotkey);
        }
        if let Some(uid) = uid.or(burn_uid) {
            let sum = sums.entry(uid).or_default();
            *sum = sum.saturating_add(u64::from(weight.value));
        }
    }
    ResolvedWeights {
        entries: max_upscale(sums),
        unresolved,
    }
}

/// Scales values so that the largest becomes 65,535, rounding half up; what rounds to zero is
/// left out. The chain stores such values unchanged.
pub fn max_upscale(values: impl IntoIterator<Item = (u16, u64)>) -> Vec<(u16, u16)> {
    let values: BTreeMap<u16, u64> = values.into_iter().collect();
    let Some(max) = values.values().copied().max().filter(|max| *max > 0) else {
        return Vec::new();
    };
    let max = u128::from(max);
    values
        .into_iter()
        .filter_map(|(uid, value)| {
            let scaled = (u128::from(value) * u128::from(u16::MAX) + max / 2) / max;
            // At most 65,535, since value <= max.
            let scaled = u16::try_from(scaled).unwrap_or(u16::MAX);
            (scaled > 0).then_some((uid, scaled))
        })
        .collect()
}

/// Entries that mean something: zeros only make up the number that a subnet demands.
pub fn without_zeros(entries: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let entries = entries.iter().copied();
    entries.filter(|(_, value)| *value > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metagraph::{Neuron, WeightsRules};
    use assay_consensus::block::ChainRef;
    use assay_consensus::hash::Hash;
    use assay_consensus::keys::Keypair;
    use proptest::prelude::*;

    fn hotkey(name: &str) -> Hotkey {
        Keypair::insecure_from_name(name).hotkey()
    }

    fn metagraph(names: &[&str]) -> Metagraph {
        let neurons = names
            .iter()
            .enumerate()
            .map(|(uid, name)| Neuron {
                uid: uid as u16,
                hotkey: hotkey(name),
                stake: 0,
                validator_permit: false,
                active: false,
                axon: None,
            })
            .collect();
        let block = ChainRef {
            number: 1,
            hash: Hash::of(b"1"),
            epoch: 0,
            next_epoch_start: 10,
            timestamp_ms: 1,
        };
        Metagraph::new(block, neurons, WeightsRules::default()).unwrap()
    }

    fn weight(name: &str, value: u16) -> Weight {
        Weight {
            hotkey: hotkey(name),
            value,
        }
    }

    /// Stored values as the real chain gives them for these submitted values.
    #[test]
    fn upscaling_matches_the_chain() {
        assert_eq!(
            max_upscale([(0, 100), (1, 300)]),
            vec![(0, 21_845), (1, 65_535)]
        );
        assert_eq!(
            max_upscale([(2, 21_845), (3, 65_535)]),
            vec![(2, 21_845), (3, 65_535)]
        );
    }

    #[test]
    fn all_zero_weights_resolve_to_nothing() {
        assert_eq!(max_upscale([(0, 0), (1, 0)]), vec![]);
        assert_eq!(max_upscale([]), vec![]);
    }

    #[test]
    fn the_share_of_a_replaced_miner_goes_to_the_burn_hotkey() {
        let resolved = resolve(
            &[weight("miner", 30_000), weight("gone", 30_000)],
            &metagraph(&["burn", "miner"]),
            &hotkey("burn"),
        );
        assert_eq!(resolved.entries, vec![(0, 65_535), (1, 65_535)]);
        assert_eq!(resolved.unresolved, vec![hotkey("gone")]);
    }

    #[test]
    fn without_a_registered_burn_hotkey_the_share_is_dropped_and_named() {
        let resolved = resolve(
            &[weight("miner", 1), weight("gone", 9)],
            &metagraph(&["miner"]),
            &hotkey("burn"),
        );
        assert_eq!(resolved.entries, vec![(0, 65_535)]);
        assert_eq!(resolved.unresolved, vec![hotkey("gone")]);
    }

    proptest! {
        #[test]
        fn upscaling_keeps_order_and_is_stable(
            values in proptest::collection::btree_map(any::<u16>(), any::<u64>(), 1..64)
        ) {
            let once = max_upscale(values.clone());
            let largest = once.iter().map(|(_, value)| *value).max();
            prop_assert_eq!(largest, values.values().any(|v| *v > 0).then_some(u16::MAX));
            prop_assert!(once.is_sorted_by(|a, b| a.0 < b.0));
            for (uid, scaled) in &once {
                for (other, other_scaled) in &once {
                    if values[uid] < values[other] {
                        prop_assert!(scaled <= other_scaled);
                    }
                }
            }
            let again = max_upscale(once.iter().map(|(uid, value)| (*uid, u64::from(*value))));
            prop_assert_eq!(again, once);
        }
    }
}
