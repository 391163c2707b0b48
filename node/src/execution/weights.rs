//! Weights of an epoch: each challenge's `get_weights`, combined by emission share in integers.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_challenge_sdk::abi::Weights;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::Weight;
use assay_runtime::CallError;

use super::{ChallengeView, ExecutionError, Inputs, PlaceInLedger, StateWrites, call_context};

/// Sum of all quantised weights.
const TOTAL: u64 = 65_535;

/// Fixed point of a challenge's weights: fractions of 2^40.
const SCALE: u64 = 1 << 40;

/// Largest weight a challenge may give before scaling; larger ones are cut to it.
const WEIGHT_MAX: f64 = 1_000_000.0;

/// Shares of one challenge: fixed-point weights by hotkey.
type Shares = BTreeMap<Hotkey, u64>;

/// Runs `get_weights` of every challenge on the state after the block's entries.
pub(super) fn compute(
    inputs: &Inputs<'_>,
    place: &PlaceInLedger,
    writes: &StateWrites,
) -> Result<Vec<Weight>, ExecutionError> {
    let mut per_challenge = Vec::new();
    for genesis in &inputs.genesis.challenges {
        let name = genesis.name.as_str();
        let challenge = inputs
            .modules
            .get(name)
            .ok_or_else(|| ExecutionError::MissingModule(name.to_owned()))?;
        let view = ChallengeView::with_writes(Arc::clone(&inputs.state), name, writes);
        let context = call_context(
            &challenge,
            place,
            &Hash::of(name.as_bytes()),
            inputs.admitted_before,
        );
        let weights = match challenge.module.weights(&context, view.share()) {
            Ok(outcome) => outcome.output,
            // A module that breaks here earns its miners nothing, the same on every node.
            Err(CallError::Guest(_)) => Weights::ByHotkey(Vec::new()),
            Err(CallError::Host(fault)) => return Err(fault.into()),
        };
        per_challenge.push((genesis.emission_share, fixed_point(&weights, inputs.uids)));
    }
    Ok(combine(&per_challenge, inputs.genesis.burn_hotkey))
}

/// A challenge's weights in fixed point. Entries whose hotkey or uid is unknown are left out.
fn fixed_point(weights: &Weights, uids: &BTreeMap<u16, Hotkey>) -> Shares {
    let mut shares = Shares::new();
    let mut add = |hotkey: Hotkey, scaled: u64| {
        let share = shares.entry(hotkey).or_insert(0);
        *share = share.saturating_add(scaled);
    };
    match weights {
        Weights::ByHotkey(assignments) => {
            for assignment in assignments {
                let Ok(hotkey) = Hotkey::parse(&assignment.hotkey) else {
                    continue;
                };
                if assignment.weight.is_finite() && assignment.weight > 0.0 {
                    // One multiplication and one truncation: the same on every machine.
                    add(
                        hotkey,
                        (assignment.weight.min(WEIGHT_MAX) * SCALE as f64) as u64,
                    );
                }
            }
        }
        Weights::ByUid(entries) => {
            for entry in entries {
                let Some(hotkey) = uids.get(&entry.uid) else {
                    continue;
                };
                add(*hotkey, u64::from(entry.weight) * SCALE);
            }
        }
    }
    shares
}

/// Combines challenges by emission share and quantises to a sum of 65,535 with largest remainder.
/// The share of a challenge in which nobody earned anything goes to `burn`.
///
/// Nothing overflows u128: a share is below 2^64 and becomes a fraction of 2^40 before it is
/// multiplied by the emission, which is below 2^32; so a part is at most 2^72, the sum over
/// 64 challenges at most 2^78, and 65,535 times that below 2^94.
fn combine(challenges: &[(u32, Shares)], burn: Hotkey) -> Vec<Weight> {
    let mut combined: BTreeMap<Hotkey, u128> = BTreeMap::new();
    for (emission, shares) in challenges.iter().filter(|(emission, _)| *emission > 0) {
        let emission = u128::from(*emission);
        let mut add = |hotkey: Hotkey, fraction: u128| {
            let part = combined.entry(hotkey).or_default();
            *part = part.saturating_add(emission.saturating_mul(fraction));
        };
        let sum: u128 = shares.values().map(|share| u128::from(*share)).sum();
        if sum == 0 {
            add(burn, u128::from(SCALE));
            continue;
        }
        for (hotkey, share) in shares {
            add(*hotkey, u128::from(SCALE) * u128::from(*share) / sum);
        }
    }
    let total: u128 = combined.values().sum();
    if total == 0 {
        return vec![Weight {
            hotkey: burn,
            value: TOTAL as u16,
        }];
    }
    quantise(&combined, total)
}

fn quantise(combined: &BTreeMap<Hotkey, u128>, total: u128) -> Vec<Weight> {
    let mut parts: Vec<(Hotkey, u128, u128)> = combined
        .iter()
        .map(|(hotkey, part)| {
            let scaled = part.saturating_mul(u128::from(TOTAL));
            (*hotkey, scaled / total, scaled % total)
        })
        .collect();
    let given: u128 = parts.iter().map(|(_, value, _)| value).sum();
    let left = usize::try_from(u128::from(TOTAL).saturating_sub(given)).unwrap_or(0);
    // Largest remainder first, ties by hotkey.
    parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for part in parts.iter_mut().take(left) {
        part.1 += 1;
    }
    parts.sort_by_key(|part| part.0);
    parts
        .into_iter()
        .filter(|(_, value, _)| *value > 0)
        .map(|(hotkey, value, _)| Weight {
            hotkey,
            value: u16::try_from(value).unwrap_or(u16::MAX),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Hotkey {
        Hotkey([byte; 32])
    }

    fn sum(weights: &[Weight]) -> u64 {
        weights.iter().map(|weight| u64::from(weight.value)).sum()
    }

    #[test]
    fn thirds_add_up_to_the_whole() {
        let shares: Shares = [(key(1), 1), (key(2), 1), (key(3), 1)].into();
        let weights = combine(&[(1, shares)], key(9));
        assert_eq!(sum(&weights), TOTAL);
        assert_eq!(
            weights
                .iter()
                .map(|weight| weight.value)
                .collect::<Vec<_>>(),
            [21_845, 21_845, 21_845]
        );
    }

    #[test]
    fn nobody_earned_anything_so_all_is_burned() {
        assert_eq!(
            combine(&[(5, Shares::new())], key(9)),
            [Weight {
                hotkey: key(9),
                value: 65_535
            }]
        );
    }

    #[test]
    fn emission_shares_divide_between_challenges_whatever_their_scale() {
        let small: Shares = [(key(1), 3)].into();
        let large: Shares = [(key(2), u64::MAX)].into();
        let weights = combine(&[(3, small), (1, large)], key(9));
        assert_eq!(sum(&weights), TOTAL);
        assert_eq!(weights[0].value, 49_151);
        assert_eq!(weights[1].value, 16_384);
    }

    #[test]
    fn a_challenge_without_emission_counts_for_nothing() {
        let shares: Shares = [(key(1), 7)].into();
        let none: Shares = [(key(2), 7)].into();
        assert_eq!(
            combine(&[(1, shares), (0, none)], key(9)),
            [Weight {
                hotkey: key(1),
                value: 65_535
            }]
        );
    }

    #[test]
    fn the_largest_shares_and_emissions_do_not_overflow() {
        let challenges: Vec<(u32, Shares)> = (0u8..64)
            .map(|challenge| {
                let shares = (0u8..=255).map(|byte| (key(byte ^ challenge), u64::MAX));
                (u32::MAX, shares.collect())
            })
            .collect();
        let weights = combine(&challenges, key(9));
        assert_eq!(sum(&weights), TOTAL);
        assert_eq!(weights.len(), 256);
        assert!(
            weights
                .iter()
                .all(|weight| (255..=256).contains(&weight.value))
        );

        let lonely: Shares = [(key(1), u64::MAX), (key(2), 1)].into();
        let weights = combine(&[(u32::MAX, lonely), (1, Shares::new())], key(9));
        assert_eq!(sum(&weights), TOTAL);
        assert_eq!(weights[0].hotkey, key(1));
    }

    #[test]
    fn weights_of_a_module_at_the_bounds_stay_in_fixed_point() {
        let assignment = |weight: f64| assay_challenge_sdk::abi::WeightAssignment {
            hotkey: key(1).to_ss58(),
            weight,
        };
        let weights = [f64::MAX, f64::INFINITY, f64::NAN, -1.0, f64::MIN_POSITIVE];
        let weights = Weights::ByHotkey(weights.map(assignment).to_vec());
        let shares = fixed_point(&weights, &BTreeMap::new());
        assert_eq!(shares[&key(1)], 1_000_000 * SCALE);
        let many = Weights::ByHotkey(vec![assignment(WEIGHT_MAX); 100]);
        assert_eq!(fixed_point(&many, &BTreeMap::new())[&key(1)], u64::MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_shares_add_up_to_the_whole(shares in proptest::collection::btree_map(0u8..40, 1u64..u64::MAX / 64, 1..40)) {
            let shares: Shares = shares.into_iter().map(|(byte, share)| (key(byte), share)).collect();
            proptest::prop_assert_eq!(sum(&combine(&[(2, shares)], key(99))), TOTAL);
        }
    }
}
