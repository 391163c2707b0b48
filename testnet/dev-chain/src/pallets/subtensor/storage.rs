//! Storage of pallet SubtensorModule: names, keys, hashers, types and defaults of the real chain.

use std::collections::VecDeque;

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

use super::calls::Commit;
use crate::storage::storage;
use crate::types::{
    AccountId32, AlphaBalance, H256, MechId, NetUid, NetUidStorageIndex, PerU16, TaoBalance,
};

/// Where a neuron can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AxonInfo {
    /// Block in which it said so.
    pub block: u64,
    /// Version of its software.
    pub version: u32,
    /// Address as a number.
    pub ip: u128,
    /// Port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
    /// Protocol, a matter of the neuron's.
    pub protocol: u8,
    /// For the neuron's use.
    pub placeholder1: u8,
    /// For the neuron's use.
    pub placeholder2: u8,
}

/// Where a neuron's metrics can be read; nobody serves them here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PrometheusInfo {
    /// Block in which it said so.
    pub block: u64,
    /// Version of its software.
    pub version: u32,
    /// Address as a number.
    pub ip: u128,
    /// Port.
    pub port: u16,
    /// 4 or 6.
    pub ip_type: u8,
}

/// A salted commit: hash, epoch and block of the commit, and nothing; of a runtime with epochs by
/// block numbers the block of the commit and the first and the last of the reveal.
pub type SaltedCommit = (H256, u64, u64, u64);

/// A timelocked commit: hotkey, block of the commit, the commit, its round.
pub type TimelockedCommit = (AccountId32, u64, Commit, u64);

storage! {
    pallet "SubtensorModule";
    /// Subnets that exist.
    NETWORKS_ADDED "NetworksAdded" (Identity NetUid) => bool;
    /// Number of subnets.
    TOTAL_NETWORKS "TotalNetworks" () => u16;
    /// Symbol of a subnet's token; none is set here.
    TOKEN_SYMBOL "TokenSymbol" (Identity NetUid) => Vec<u8>;
    /// Number of neurons.
    SUBNETWORK_N "SubnetworkN" (Identity NetUid) => u16;
    /// Most neurons.
    MAX_ALLOWED_UIDS "MaxAllowedUids" (Identity NetUid) => u16 = 4_096;
    /// Mechanisms of a subnet.
    MECHANISM_COUNT_CURRENT "MechanismCountCurrent" (Twox64Concat NetUid) => MechId = MechId(1);
    /// Coldkey of a subnet's owner.
    SUBNET_OWNER "SubnetOwner" (Identity NetUid) => AccountId32;
    /// Hotkey of a subnet's owner.
    SUBNET_OWNER_HOTKEY "SubnetOwnerHotkey" (Identity NetUid) => AccountId32;
    /// Coldkey that owns a hotkey.
    OWNER "Owner" (Blake2_128Concat AccountId32) => AccountId32;
    /// Block in which a subnet was made.
    NETWORK_REGISTERED_AT "NetworkRegisteredAt" (Identity NetUid) => u64;
    /// Uids by hotkey.
    UIDS "Uids" (Identity NetUid, Blake2_128Concat AccountId32) => u16, optional;
    /// Hotkeys by uid.
    KEYS "Keys" (Identity NetUid, Identity u16) => AccountId32;
    /// Whether a hotkey is in a subnet.
    IS_NETWORK_MEMBER "IsNetworkMember" (Blake2_128Concat AccountId32, Identity NetUid) => bool;
    /// Block in which a uid got its hotkey.
    BLOCK_AT_REGISTRATION "BlockAtRegistration" (Identity NetUid, Identity u16) => u64;
    /// Validator permits by uid.
    VALIDATOR_PERMIT "ValidatorPermit" (Identity NetUid) => Vec<bool>;
    /// Activity by uid.
    ACTIVE "Active" (Identity NetUid) => Vec<bool>;
    /// Block of the last weights or commit by uid; 0: never.
    LAST_UPDATE "LastUpdate" (Identity NetUidStorageIndex) => Vec<u64>;
    /// Incentive by uid.
    INCENTIVE "Incentive" (Identity NetUidStorageIndex) => Vec<PerU16>;
    /// Dividends by uid.
    DIVIDENDS "Dividends" (Identity NetUid) => Vec<PerU16>;
    /// Consensus by uid.
    CONSENSUS "Consensus" (Identity NetUid) => Vec<PerU16>;
    /// Emission by uid.
    EMISSION "Emission" (Identity NetUid) => Vec<AlphaBalance>;
    /// Weights by uid.
    WEIGHTS "Weights" (Identity NetUidStorageIndex, Identity u16) => Vec<(u16, u16)>;
    /// Addresses by hotkey.
    AXONS "Axons" (Identity NetUid, Blake2_128Concat AccountId32) => AxonInfo, optional;
    /// Stake of a hotkey in a subnet's token.
    TOTAL_HOTKEY_ALPHA "TotalHotkeyAlpha" (Blake2_128Concat AccountId32, Identity NetUid) => AlphaBalance;
    /// How much root stake counts, of 2^64 - 1.
    TAO_WEIGHT "TaoWeight" () => u64 = 3_320_413_933_267_719_290;
    /// Stake weight below which no weights are taken.
    STAKE_THRESHOLD "StakeThreshold" () => u64;
    /// Blocks of an epoch; 0: no epochs.
    TEMPO "Tempo" (Identity NetUid) => u16 = 360;
    /// Block of the last epoch.
    LAST_EPOCH_BLOCK "LastEpochBlock" (Identity NetUid) => u64;
    /// Block at which an epoch is due out of turn; 0: none.
    PENDING_EPOCH_AT "PendingEpochAt" (Identity NetUid) => u64;
    /// Number of epochs so far.
    SUBNET_EPOCH_INDEX "SubnetEpochIndex" (Identity NetUid) => u64;
    /// Blocks since the last epoch.
    BLOCKS_SINCE_LAST_STEP "BlocksSinceLastStep" (Identity NetUid) => u64;
    /// Block of the last epoch that was run.
    LAST_MECHANISM_STEP_BLOCK "LastMechansimStepBlock" (Identity NetUid) => u64;
    /// Blocks before an epoch in which owners change nothing.
    ADMIN_FREEZE_WINDOW "AdminFreezeWindow" () => u16 = 10;
    /// Fewest entries of weights, or as many as there are neurons.
    MIN_ALLOWED_WEIGHTS "MinAllowedWeights" (Identity NetUid) => u16 = 1_024;
    /// Largest share of one entry, of 65,535.
    MAX_WEIGHTS_LIMIT "MaxWeightsLimit" (Identity NetUid) => u16 = u16::MAX;
    /// Oldest version key; 0: any.
    WEIGHTS_VERSION_KEY "WeightsVersionKey" (Identity NetUid) => u64;
    /// Blocks between two settings of weights.
    WEIGHTS_SET_RATE_LIMIT "WeightsSetRateLimit" (Identity NetUid) => u64 = 100;
    /// Whether weights are committed.
    COMMIT_REVEAL_WEIGHTS_ENABLED "CommitRevealWeightsEnabled" (Identity NetUid) => bool = true;
    /// Version of timelocked commits.
    COMMIT_REVEAL_WEIGHTS_VERSION "CommitRevealWeightsVersion" () => u16 = 4;
    /// Epochs between commit and reveal.
    REVEAL_PERIOD_EPOCHS "RevealPeriodEpochs" (Twox64Concat NetUid) => u64 = 1;
    /// Salted commits.
    WEIGHT_COMMITS "WeightCommits" (Twox64Concat NetUidStorageIndex, Twox64Concat AccountId32) => VecDeque<SaltedCommit>, optional;
    /// Timelocked commits by epoch.
    TIMELOCKED_WEIGHT_COMMITS "TimelockedWeightCommits" (Twox64Concat NetUidStorageIndex, Twox64Concat u64) => VecDeque<TimelockedCommit>;
    /// Most validators.
    MAX_ALLOWED_VALIDATORS "MaxAllowedValidators" (Identity NetUid) => u16 = 128;
    /// Blocks between two changes of an address.
    SERVING_RATE_LIMIT "ServingRateLimit" (Identity NetUid) => u64 = 50;
    /// Thousandths of an epoch without weights until a validator is inactive.
    ACTIVITY_CUTOFF_FACTOR_MILLI "ActivityCutoffFactorMilli" (Identity NetUid) => u32 = 13_889;
    /// Blocks in which a new neuron is not replaced.
    IMMUNITY_PERIOD "ImmunityPeriod" (Identity NetUid) => u16 = 4_096;
    /// Price of a registration.
    BURN "Burn" (Identity NetUid) => TaoBalance = TaoBalance(1_000_000_000);
    /// Share of consensus below which weights are clipped, of 65,535.
    KAPPA "Kappa" (Identity NetUid) => u16 = 32_767;
    /// Steepness of trust.
    RHO "Rho" (Identity NetUid) => u16 = 10;
}
