//! Decay of the leader: integers only, bit-identical everywhere.

/// One, in the fixed-point scale of multipliers.
pub const ONE: u64 = 1_000_000_000;
/// Epochs without a new leader before decay starts.
pub const GRACE_EPOCHS: u64 = 60;
/// Epochs in which the multiplier halves, once decay has started.
pub const HALF_LIFE_EPOCHS: u64 = 20;

/// 0.5^(k/20) for k = 0..20 in units of 1 / [`ONE`], each rounded to nearest.
const HALF_LIFE_TABLE: [u64; HALF_LIFE_EPOCHS as usize] = [
    1_000_000_000,
    965_936_329,
    933_032_992,
    901_250_463,
    870_550_563,
    840_896_415,
    812_252_396,
    784_584_098,
    757_858_283,
    732_042_848,
    707_106_781,
    683_020_128,
    659_753_955,
    637_280_314,
    615_572_207,
    594_603_558,
    574_349_177,
    554_784_736,
    535_886_731,
    517_632_462,
];

/// What remains of the leader's weight after `stale_epochs` without a new leader, in units of
/// 1 / [`ONE`]: all of it within the grace period, then half of it each half-life, 0 in the end.
#[must_use]
pub fn multiplier(stale_epochs: u64) -> u64 {
    let decaying = stale_epochs.saturating_sub(GRACE_EPOCHS);
    let halvings = u32::try_from(decaying / HALF_LIFE_EPOCHS).unwrap_or(u32::MAX);
    let within = usize::try_from(decaying % HALF_LIFE_EPOCHS).unwrap_or_default();
    let fraction = HALF_LIFE_TABLE.get(within).copied().unwrap_or_default();
    fraction.checked_shr(halvings).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_specification_are_exact() {
        for (stale, expected) in [
            (0, 1_000_000_000),
            (59, 1_000_000_000),
            (60, 1_000_000_000),
            (61, 965_936_329),
            (70, 707_106_781),
            (80, 500_000_000),
            (100, 250_000_000),
            (120, 125_000_000),
        ] {
            assert_eq!(multiplier(stale), expected, "stale {stale}");
        }
    }

    #[test]
    fn follows_the_formula_and_never_rises() {
        let mut before = ONE;
        for stale in 0..2_000u64 {
            let now = multiplier(stale);
            assert!(now <= before, "rises at {stale}");
            let exact = 0.5f64.powf(stale.saturating_sub(60) as f64 / 20.0) * 1e9;
            assert!(
                (now as f64 - exact).abs() <= 1.5,
                "stale {stale}: {now} for {exact}"
            );
            before = now;
        }
    }

    #[test]
    fn ends_at_zero_even_for_absurd_ages() {
        assert_eq!(multiplier(60 + 20 * 30), 0);
        assert_eq!(multiplier(60 + 20 * 64), 0);
        assert_eq!(multiplier(u64::MAX), 0);
    }
}
