//! From agreed weights, bound to hotkeys, to the uids and values of a chain call. Pure integer
//! arithmetic with one fixed rounding, so that anyone gets the same call from the same metagraph.

use std::collections::BTreeMap;

use assay_consensus::keys::Hotkey;
use assay_consensus::votes::Weight;

use crate::metagraph::Metagraph;

/// Weights resolved at one metagraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedWeights {
    /// Uid and weight, ascending by uid, largest weight 65,535; with zeros where the subnet demands
    /// more entries than get something. Empty if nobody could be resolved.
    pub entries: Vec<(u16, u16)>,
    /// Hotkeys that are not registered at this block; their share went to the burn hotkey, or to
    /// nobody if that is not registered either.
    pub unresolved: Vec<Hotkey>,
}

/// Resolves weights to uids at the block of `metagraph`, within its rules. What belongs to hotkeys
/// that are no longer registered goes to `burn`, so that the shares of the others don't change.
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
    let rules = metagraph.rules();
    let entries = cap_shares(max_upscale(sums), rules.max_share);
    ResolvedWeights {
        entries: pad(entries, metagraph),
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

/// Whether no entry holds more than `max_share` of 65,535 of the sum: the chain's own check.
/// 65,535 is no limit.
pub fn is_within_share(entries: &[(u16, u16)], max_share: u16) -> bool {
    let full = u64::from(u16::MAX);
    let sum: u64 = entries.iter().map(|(_, value)| u64::from(*value)).sum();
    let max = entries.iter().map(|(_, value)| u64::from(*value)).max();
    max_share == u16::MAX || max.unwrap_or_default() * full <= u64::from(max_share) * sum
}

/// Bits after the point while shares are capped, so that small values can be capped finely.
const CAP_FRACTION_BITS: u32 = 32;

/// Lowers the largest entries to one common value so that none holds more than `max_share` of the
/// sum, and scales up again. Proportions of the others stay. Where there are too few entries for
/// that limit everything stays as it is, and the chain will say so.
///
/// The common value is the largest that keeps the limit; what is scaled is rounded up, so that the
/// sum is never short of what the limit needs.
fn cap_shares(entries: Vec<(u16, u16)>, max_share: u16) -> Vec<(u16, u16)> {
    if is_within_share(&entries, max_share) {
        return entries;
    }
    let fine = |value: u16| u128::from(value) << CAP_FRACTION_BITS;
    let full = u128::from(u16::MAX);
    let keeps_limit = |cap: u128| {
        let capped = entries.iter().map(|(_, value)| fine(*value).min(cap));
        cap * full <= u128::from(max_share) * capped.sum::<u128>()
    };
    // What keeps the limit is a range from 0 on: `low` is in it, `high` is not.
    let (mut low, mut high) = (0, fine(u16::MAX));
    while high - low > 1 {
        let middle = low.midpoint(high);
        if keeps_limit(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if low == 0 {
        return entries;
    }
    let scale = |value: u16| {
        let scaled = (fine(value).min(low) * full).div_ceil(low);
        // At most 65,535, since no capped value is above the cap.
        u16::try_from(scaled).unwrap_or(u16::MAX)
    };
    let scaled = entries.iter().map(|(uid, value)| (*uid, scale(*value)));
    scaled.collect()
}

/// Adds the lowest uids that get nothing, with zero weight, until there are as many entries as the
/// subnet demands. Zeros change no share.
fn pad(entries: Vec<(u16, u16)>, metagraph: &Metagraph) -> Vec<(u16, u16)> {
    if entries.is_empty() {
        return entries;
    }
    let neurons = metagraph.neurons();
    let fewest = usize::from(metagraph.rules().min_entries).min(neurons.len());
    let mut padded: BTreeMap<u16, u16> = entries.into_iter().collect();
    for neuron in neurons {
        if padded.len() >= fewest {
            break;
        }
        padded.entry(neuron.uid).or_default();
    }
    padded.into_iter().collect()
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
        metagraph_with(names, WeightsRules::default())
    }

    fn metagraph_with(names: &[&str], rules: WeightsRules) -> Metagraph {
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
        Metagraph::new(block, neurons, rules).unwrap()
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

    #[test]
    fn shares_above_the_limit_are_cut_and_the_others_keep_their_proportion() {
        // A little more than half of the sum: 9 : 2 : 1 becomes 3 : 2 : 1.
        let entries = max_upscale([(4, 9), (5, 2), (6, 1)]);
        let capped = cap_shares(entries, 32_768);
        assert_eq!(capped, vec![(4, 65_535), (5, 43_688), (6, 21_846)]);
        // Two are cut to the same.
        let entries = max_upscale([(0, 500), (1, 400), (2, 60), (3, 40)]);
        let capped = cap_shares(entries, 22_938);
        assert_eq!(capped[0].1, 65_535);
        assert_eq!(capped[1].1, 65_535);
        assert!(is_within_share(&capped, 22_938));
    }

    #[test]
    fn too_few_entries_for_the_limit_stay_as_they_are() {
        let entries = max_upscale([(0, 9), (1, 1)]);
        assert_eq!(cap_shares(entries.clone(), 32_767), entries);
        assert_eq!(cap_shares(entries.clone(), 0), entries);
        assert_eq!(cap_shares(Vec::new(), 1), Vec::new());
        // Just enough: the limit is a little more than half.
        let halves = vec![(0, 65_535), (1, 65_534)];
        assert_eq!(cap_shares(entries, 32_768), halves);
    }

    #[test]
    fn the_subnet_gets_as_many_entries_as_it_demands() {
        let rules = |min_entries| WeightsRules {
            min_entries,
            ..WeightsRules::default()
        };
        let names = ["burn", "a", "miner", "b"];
        let entries = |min_entries| {
            let metagraph = metagraph_with(&names, rules(min_entries));
            resolve(&[weight("miner", 7)], &metagraph, &hotkey("burn")).entries
        };
        assert_eq!(entries(1), vec![(2, 65_535)]);
        assert_eq!(entries(2), vec![(0, 0), (2, 65_535)]);
        let all = vec![(0, 0), (1, 0), (2, 65_535), (3, 0)];
        assert_eq!(entries(4), all);
        assert_eq!(entries(1_024), all);
    }

    #[test]
    fn nothing_is_not_filled_up_with_zeros() {
        let rules = WeightsRules {
            min_entries: 2,
            ..WeightsRules::default()
        };
        let metagraph = metagraph_with(&["a", "b"], rules);
        let resolved = resolve(&[weight("gone", 1)], &metagraph, &hotkey("burn"));
        assert_eq!(resolved.entries, vec![]);
    }

    proptest! {
        #[test]
        fn what_is_resolved_keeps_the_rules(
            values in proptest::collection::vec(any::<u16>(), 1..40),
            neurons in 40usize..60,
            min_entries in 0u16..80,
            max_share in any::<u16>(),
        ) {
            let names: Vec<String> = (0..neurons).map(|uid| uid.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let rules = WeightsRules { min_entries, max_share };
            let metagraph = metagraph_with(&names, rules);
            let weights: Vec<Weight> =
                values.iter().zip(&names).map(|(value, name)| weight(name, *value)).collect();
            let entries = resolve(&weights, &metagraph, &hotkey("burn")).entries;
            let significant: Vec<(u16, u16)> =
                entries.iter().copied().filter(|(_, value)| *value > 0).collect();
            if values.iter().all(|value| *value == 0) {
                prop_assert_eq!(entries, vec![]);
                return Ok(());
            }
            prop_assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert!(entries.iter().all(|(uid, _)| usize::from(*uid) < neurons));
            prop_assert!(entries.len() >= usize::from(min_entries).min(neurons));
            prop_assert_eq!(entries.iter().map(|(_, value)| *value).max(), Some(u16::MAX));
            // The chain stores these very values.
            let again = max_upscale(significant.iter().map(|(uid, v)| (*uid, u64::from(*v))));
            prop_assert_eq!(&again, &significant);
            let enough = significant.len() * usize::from(max_share) >= usize::from(u16::MAX);
            prop_assert_eq!(is_within_share(&entries, max_share), enough);
            // No one who gets more overtakes one who got more.
            for (uid, value) in &significant {
                for (other, other_value) in &significant {
                    if values[usize::from(*uid)] <= values[usize::from(*other)] {
                        prop_assert!(value <= other_value);
                    }
                }
            }
            // The order of the weights makes no difference.
            let mut reversed = weights;
            reversed.reverse();
            prop_assert_eq!(resolve(&reversed, &metagraph, &hotkey("burn")).entries, entries);
        }

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
