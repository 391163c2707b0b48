//! The metagraph: a subnet with all its neurons, whole or in parts that are asked for by number.

use parity_scale_codec::{Compact, Encode};
use scale_info::TypeInfo;

use crate::pallets::subtensor::epoch::activity_cutoff_blocks;
use crate::pallets::subtensor::network::{last_update, mechanism_exists, stake_weight, tao_stake};
use crate::pallets::subtensor::storage::{
    ACTIVE, AXONS, AxonInfo, BLOCK_AT_REGISTRATION, BLOCKS_SINCE_LAST_STEP, BURN,
    COMMIT_REVEAL_WEIGHTS_ENABLED, CONSENSUS, DIVIDENDS, EMISSION, IMMUNITY_PERIOD, INCENTIVE,
    KAPPA, KEYS, LAST_MECHANISM_STEP_BLOCK, MAX_ALLOWED_UIDS, MAX_ALLOWED_VALIDATORS,
    MAX_WEIGHTS_LIMIT, MIN_ALLOWED_WEIGHTS, NETWORK_REGISTERED_AT, OWNER, REVEAL_PERIOD_EPOCHS,
    RHO, SERVING_RATE_LIMIT, SUBNET_OWNER, SUBNET_OWNER_HOTKEY, SUBNETWORK_N, TEMPO,
    TOTAL_HOTKEY_ALPHA, VALIDATOR_PERMIT, WEIGHTS_SET_RATE_LIMIT, WEIGHTS_VERSION_KEY,
};
use crate::pallets::system;
use crate::storage::State;
use crate::types::{
    AccountId32, AlphaBalance, MechId, NetUid, NetUidStorageIndex, PerU16, TaoBalance,
};

/// A number with 32 bits after the point.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub struct FixedI128 {
    /// The number times 2^32.
    pub bits: i128,
}

/// What a subnet says of itself; none says anything here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
#[expect(
    missing_docs,
    reason = "the fields have the names and meanings of the real chain"
)]
pub struct SubnetIdentity {
    pub subnet_name: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub subnet_contact: Vec<u8>,
    pub subnet_url: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub logo_url: Vec<u8>,
    pub additional: Vec<u8>,
}

/// What a coldkey says of itself; none says anything here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
#[expect(
    missing_docs,
    reason = "the fields have the names and meanings of the real chain"
)]
pub struct ChainIdentity {
    pub name: Vec<u8>,
    pub url: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub image: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub additional: Vec<u8>,
}

/// Declares the metagraph and its selective form, whose fields are numbered from 0 on. Some that
/// came late are in the selective form only.
macro_rules! metagraph {
    ($($field:ident: $ty:ty,)* ; selective $($part:ident: $part_ty:ty,)* ; $($late:ident: $late_ty:ty,)*) => {
        /// A subnet with all its neurons, their values ascending by uid.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
        #[expect(missing_docs, reason = "the fields have the names and meanings of the real chain")]
        pub struct Metagraph {
            pub netuid: Compact<NetUid>,
            $(pub $field: $ty,)*
            $(pub $late: $late_ty,)*
        }

        /// The parts of a metagraph that were asked for.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
        #[expect(missing_docs, reason = "the fields have the names and meanings of the real chain")]
        pub struct SelectiveMetagraph {
            pub netuid: Compact<NetUid>,
            $(pub $field: Option<$ty>,)*
            $(pub $part: Option<$part_ty>,)*
            $(pub $late: Option<$late_ty>,)*
        }

        impl Metagraph {
            fn select(self, indexes: &[u16]) -> SelectiveMetagraph {
                // The netuid has number 0 and is always there.
                let mut index = 0u16;
                let mut asked_for = || {
                    index += 1;
                    indexes.contains(&index)
                };
                SelectiveMetagraph {
                    netuid: self.netuid,
                    $($field: asked_for().then_some(self.$field),)*
                    $($part: asked_for().then(<$part_ty>::default),)*
                    $($late: asked_for().then_some(self.$late),)*
                }
            }
        }
    };
}

metagraph! {
    name: Vec<Compact<u8>>,
    symbol: Vec<Compact<u8>>,
    identity: Option<SubnetIdentity>,
    network_registered_at: Compact<u64>,
    owner_hotkey: AccountId32,
    owner_coldkey: AccountId32,
    block: Compact<u64>,
    tempo: Compact<u16>,
    last_step: Compact<u64>,
    blocks_since_last_step: Compact<u64>,
    subnet_emission: Compact<u64>,
    alpha_in: Compact<AlphaBalance>,
    alpha_out: Compact<AlphaBalance>,
    tao_in: Compact<TaoBalance>,
    alpha_out_emission: Compact<AlphaBalance>,
    alpha_in_emission: Compact<AlphaBalance>,
    tao_in_emission: Compact<TaoBalance>,
    pending_alpha_emission: Compact<AlphaBalance>,
    pending_root_emission: Compact<TaoBalance>,
    subnet_volume: Compact<u128>,
    moving_price: FixedI128,
    rho: Compact<u16>,
    kappa: Compact<u16>,
    min_allowed_weights: Compact<u16>,
    max_weights_limit: Compact<u16>,
    weights_version: Compact<u64>,
    weights_rate_limit: Compact<u64>,
    activity_cutoff: Compact<u64>,
    max_validators: Compact<u16>,
    num_uids: Compact<u16>,
    max_uids: Compact<u16>,
    burn: Compact<TaoBalance>,
    difficulty: Compact<u64>,
    registration_allowed: bool,
    pow_registration_allowed: bool,
    immunity_period: Compact<u16>,
    min_difficulty: Compact<u64>,
    max_difficulty: Compact<u64>,
    min_burn: Compact<TaoBalance>,
    max_burn: Compact<TaoBalance>,
    adjustment_alpha: Compact<u64>,
    adjustment_interval: Compact<u16>,
    target_regs_per_interval: Compact<u16>,
    max_regs_per_block: Compact<u16>,
    serving_rate_limit: Compact<u64>,
    commit_reveal_weights_enabled: bool,
    commit_reveal_period: Compact<u64>,
    liquid_alpha_enabled: bool,
    alpha_high: Compact<u16>,
    alpha_low: Compact<u16>,
    bonds_moving_avg: Compact<u64>,
    hotkeys: Vec<AccountId32>,
    coldkeys: Vec<AccountId32>,
    identities: Vec<Option<ChainIdentity>>,
    axons: Vec<AxonInfo>,
    active: Vec<bool>,
    validator_permit: Vec<bool>,
    pruning_score: Vec<Compact<u16>>,
    last_update: Vec<Compact<u64>>,
    emission: Vec<Compact<AlphaBalance>>,
    dividends: Vec<Compact<PerU16>>,
    incentives: Vec<Compact<PerU16>>,
    consensus: Vec<Compact<PerU16>>,
    trust: Vec<Compact<PerU16>>,
    rank: Vec<Compact<u16>>,
    block_at_registration: Vec<Compact<u64>>,
    alpha_stake: Vec<Compact<AlphaBalance>>,
    tao_stake: Vec<Compact<TaoBalance>>,
    total_stake: Vec<Compact<TaoBalance>>,
    tao_dividends_per_hotkey: Vec<(AccountId32, Compact<TaoBalance>)>,
    alpha_dividends_per_hotkey: Vec<(AccountId32, Compact<AlphaBalance>)>,
    ;
    selective
    validators: Vec<Compact<u16>>,
    commitments: Vec<(AccountId32, Vec<Compact<u8>>)>,
    ;
    collateral_locked: Vec<Compact<AlphaBalance>>,
    collateral_min: Vec<Compact<AlphaBalance>>,
    collateral_earned: Vec<Compact<AlphaBalance>>,
}

/// Parts of the metagraph of a mechanism.
pub fn selective(
    state: &State<'_>,
    netuid: NetUid,
    mechanism: MechId,
    indexes: &[u16],
) -> Option<SelectiveMetagraph> {
    full(state, netuid, mechanism).map(|metagraph| metagraph.select(indexes))
}

/// The metagraph of a mechanism. What this chain does not compute is zero or empty.
pub fn full(state: &State<'_>, netuid: NetUid, mechanism: MechId) -> Option<Metagraph> {
    if !mechanism_exists(state, netuid, mechanism) {
        return None;
    }
    let key = (netuid,);
    let index = NetUidStorageIndex::new(netuid, mechanism);
    let neurons = SUBNETWORK_N.get(state, key);
    let hotkeys: Vec<AccountId32> = (0..neurons)
        .map(|uid| KEYS.get(state, (netuid, uid)))
        .collect();
    let rao = |amount: u64| Compact(TaoBalance(amount));
    let compact = |values: Vec<PerU16>| values.into_iter().map(Compact).collect();
    let no_collateral = || vec![Compact(AlphaBalance(0)); usize::from(neurons)];
    Some(Metagraph {
        netuid: Compact(netuid),
        name: text("dev"),
        symbol: text("d"),
        identity: None,
        network_registered_at: Compact(NETWORK_REGISTERED_AT.get(state, key)),
        owner_hotkey: SUBNET_OWNER_HOTKEY.get(state, key),
        owner_coldkey: SUBNET_OWNER.get(state, key),
        block: Compact(system::block_number(state)),
        tempo: Compact(TEMPO.get(state, key)),
        last_step: Compact(LAST_MECHANISM_STEP_BLOCK.get(state, key)),
        blocks_since_last_step: Compact(BLOCKS_SINCE_LAST_STEP.get(state, key)),
        subnet_emission: Compact(0),
        alpha_in: Compact(AlphaBalance(0)),
        alpha_out: Compact(AlphaBalance(0)),
        tao_in: rao(0),
        alpha_out_emission: Compact(AlphaBalance(0)),
        alpha_in_emission: Compact(AlphaBalance(0)),
        tao_in_emission: rao(0),
        pending_alpha_emission: Compact(AlphaBalance(0)),
        pending_root_emission: rao(0),
        subnet_volume: Compact(0),
        moving_price: FixedI128 { bits: 0 },
        rho: Compact(RHO.get(state, key)),
        kappa: Compact(KAPPA.get(state, key)),
        min_allowed_weights: Compact(MIN_ALLOWED_WEIGHTS.get(state, key)),
        max_weights_limit: Compact(MAX_WEIGHTS_LIMIT.get(state, key)),
        weights_version: Compact(WEIGHTS_VERSION_KEY.get(state, key)),
        weights_rate_limit: Compact(WEIGHTS_SET_RATE_LIMIT.get(state, key)),
        activity_cutoff: Compact(activity_cutoff_blocks(state, netuid)),
        max_validators: Compact(MAX_ALLOWED_VALIDATORS.get(state, key)),
        num_uids: Compact(neurons),
        max_uids: Compact(MAX_ALLOWED_UIDS.get(state, key)),
        burn: Compact(BURN.get(state, key)),
        difficulty: Compact(0),
        registration_allowed: false,
        pow_registration_allowed: false,
        immunity_period: Compact(IMMUNITY_PERIOD.get(state, key)),
        min_difficulty: Compact(0),
        max_difficulty: Compact(0),
        min_burn: rao(0),
        max_burn: rao(0),
        adjustment_alpha: Compact(0),
        adjustment_interval: Compact(0),
        target_regs_per_interval: Compact(0),
        max_regs_per_block: Compact(0),
        serving_rate_limit: Compact(SERVING_RATE_LIMIT.get(state, key)),
        commit_reveal_weights_enabled: COMMIT_REVEAL_WEIGHTS_ENABLED.get(state, key),
        commit_reveal_period: Compact(REVEAL_PERIOD_EPOCHS.get(state, key)),
        liquid_alpha_enabled: false,
        alpha_high: Compact(0),
        alpha_low: Compact(0),
        bonds_moving_avg: Compact(0),
        coldkeys: each(&hotkeys, |hotkey| OWNER.get(state, (hotkey,))),
        identities: vec![None; hotkeys.len()],
        axons: each(&hotkeys, |hotkey| AXONS.get(state, (netuid, hotkey))),
        active: ACTIVE.get(state, key),
        validator_permit: VALIDATOR_PERMIT.get(state, key),
        pruning_score: vec![Compact(u16::MAX); hotkeys.len()],
        last_update: (0..neurons)
            .map(|uid| Compact(last_update(state, index, uid)))
            .collect(),
        emission: EMISSION.get(state, key).into_iter().map(Compact).collect(),
        dividends: compact(DIVIDENDS.get(state, key)),
        incentives: compact(INCENTIVE.get(state, (index,))),
        consensus: compact(CONSENSUS.get(state, key)),
        trust: vec![Compact(PerU16(0)); usize::from(neurons)],
        rank: vec![Compact(0); usize::from(neurons)],
        block_at_registration: (0..neurons)
            .map(|uid| Compact(BLOCK_AT_REGISTRATION.get(state, (netuid, uid))))
            .collect(),
        alpha_stake: each(&hotkeys, |hotkey| {
            Compact(TOTAL_HOTKEY_ALPHA.get(state, (hotkey, netuid)))
        }),
        tao_stake: each(&hotkeys, |hotkey| rao(tao_stake(state, hotkey))),
        total_stake: each(&hotkeys, |hotkey| rao(stake_weight(state, netuid, hotkey))),
        tao_dividends_per_hotkey: Vec::new(),
        alpha_dividends_per_hotkey: Vec::new(),
        collateral_locked: no_collateral(),
        collateral_min: no_collateral(),
        collateral_earned: no_collateral(),
        hotkeys,
    })
}

fn each<T>(hotkeys: &[AccountId32], value: impl Fn(AccountId32) -> T) -> Vec<T> {
    hotkeys.iter().map(|hotkey| value(*hotkey)).collect()
}

fn text(text: &str) -> Vec<Compact<u8>> {
    text.bytes().map(Compact).collect()
}
