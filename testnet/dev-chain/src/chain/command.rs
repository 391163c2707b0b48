//! What tests may do to the chain beside calls that anyone can sign.

use parity_scale_codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::beacon::Beacon;
use crate::limits::{MECHANISMS_MAX, NEURONS_MAX, SUBNETS_MAX};
use crate::pallets::subtensor::network::{ROOT, subnet_exists, subnets, uid_of};
use crate::pallets::subtensor::{registration, storage as subtensor};
use crate::pallets::{drand, system};
use crate::storage::State;
use crate::types::{AccountId32, AlphaBalance, MechId, NetUid, TaoBalance};

/// Longest seed of a beacon in bytes.
const SEED_MAX_BYTES: usize = 256;

/// By how much an upgrade moves calls or errors at most; their numbers stay below 256.
const SHIFT_MAX: u8 = 100;

/// Where the beacon's seed is kept; clients don't see the key in the metadata.
const BEACON_SEED_KEY: &[u8] = b":dev:beacon_seed";

/// Where it is kept whether rounds come by themselves.
const AUTO_PULSES_KEY: &[u8] = b":dev:auto_pulses";

/// A command. All but those of finality take effect with the next block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum AdminCommand {
    /// The finalised head stays where it is.
    StopFinality,
    /// The finalised head catches up.
    ResumeFinality,
    /// Makes a subnet without neurons.
    AddSubnet {
        /// Its number.
        netuid: NetUid,
        /// Blocks of an epoch.
        tempo: u16,
    },
    /// Gives a hotkey a uid, in place of whoever had it, or the next free one.
    Register {
        /// The subnet.
        netuid: NetUid,
        /// The hotkey.
        hotkey: AccountId32,
        /// Its coldkey; the hotkey if there is none.
        #[serde(default)]
        coldkey: Option<AccountId32>,
        /// The uid.
        #[serde(default)]
        uid: Option<u16>,
        /// Its stake in the subnet's token; what it has if there is none.
        #[serde(default)]
        stake: Option<u64>,
    },
    /// Gives a hotkey's uid to a stranger: as on the real chain, uids have no gaps.
    Deregister {
        /// The subnet.
        netuid: NetUid,
        /// The hotkey.
        hotkey: AccountId32,
    },
    /// Changes a hotkey's stake in a subnet's token; subnet 0 is the root.
    SetStake {
        /// The subnet.
        netuid: NetUid,
        /// The hotkey.
        hotkey: AccountId32,
        /// The stake.
        stake: u64,
    },
    /// Changes an account's money.
    SetBalance {
        /// The account.
        account: AccountId32,
        /// What it may spend (rao).
        free: u64,
    },
    /// Gives a subnet another owner.
    SetSubnetOwner {
        /// The subnet.
        netuid: NetUid,
        /// The owner's hotkey.
        hotkey: AccountId32,
    },
    /// Changes a parameter.
    SetHyperparameter {
        /// The subnet; of no matter for parameters of the whole chain.
        netuid: NetUid,
        /// The parameter.
        parameter: Hyperparameter,
    },
    /// Replaces the beacon's key; the rounds so far stay.
    SetBeacon {
        /// What the key is made of.
        seed: String,
    },
    /// Lets rounds come by themselves, or not.
    SetAutoPulses {
        /// Whether they do.
        enabled: bool,
    },
    /// Brings one round of the beacon.
    PublishPulse {
        /// Its number.
        round: u64,
    },
    /// Replaces the runtime by one whose calls and errors have other numbers.
    UpgradeRuntime {
        /// Added to the usual number of every call, at most 100.
        call_shift: u8,
        /// Added to the usual number of every error, at most 100.
        error_shift: u8,
    },
}

/// A parameter with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "named and described as the storage items they set"
)]
pub enum Hyperparameter {
    Tempo(u16),
    PendingEpochAt(u64),
    MinAllowedWeights(u16),
    MaxWeightsLimit(u16),
    WeightsVersionKey(u64),
    WeightsSetRateLimit(u64),
    CommitRevealWeightsEnabled(bool),
    CommitRevealWeightsVersion(u16),
    RevealPeriodEpochs(u64),
    StakeThreshold(u64),
    MaxAllowedValidators(u16),
    MechanismCount(u8),
    ServingRateLimit(u64),
    ActivityCutoffFactorMilli(u32),
    TaoWeight(u64),
}

/// Why a command can't be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such subnet.
    #[error("there is no subnet {}", .0.0)]
    NoSubnet(NetUid),
    /// There is such a subnet, or can't be.
    #[error("there can't be another subnet {}", .0.0)]
    SubnetExists(NetUid),
    /// No neuron with this hotkey.
    #[error("hotkey {0} is not registered")]
    NotRegistered(AccountId32),
    /// The subnet is full.
    #[error("the subnet has {NEURONS_MAX} neurons, the most it can have")]
    Full,
    /// A value that a parameter can't have.
    #[error("expected {0}")]
    Value(&'static str),
    /// Too many commands wait for the next block.
    #[error("too many commands wait for the next block")]
    Busy,
}

impl Hyperparameter {
    /// Checks that the parameter can have the value.
    pub fn validate(&self) -> Result<(), CommandError> {
        match self {
            Hyperparameter::RevealPeriodEpochs(epochs) if !(1..=100).contains(epochs) => {
                Err(CommandError::Value("a reveal period of 1 to 100 epochs"))
            }
            Hyperparameter::MechanismCount(count) if !(1..=MECHANISMS_MAX).contains(count) => {
                Err(CommandError::Value("1 to 8 mechanisms"))
            }
            _ => Ok(()),
        }
    }

    /// Stores the value.
    pub fn apply(self, state: &mut State<'_>, netuid: NetUid) {
        let key = (netuid,);
        match self {
            Hyperparameter::Tempo(v) => subtensor::TEMPO.put(state, key, &v),
            Hyperparameter::PendingEpochAt(v) => subtensor::PENDING_EPOCH_AT.put(state, key, &v),
            Hyperparameter::MinAllowedWeights(v) => {
                subtensor::MIN_ALLOWED_WEIGHTS.put(state, key, &v);
            }
            Hyperparameter::MaxWeightsLimit(v) => subtensor::MAX_WEIGHTS_LIMIT.put(state, key, &v),
            Hyperparameter::WeightsVersionKey(v) => {
                subtensor::WEIGHTS_VERSION_KEY.put(state, key, &v);
            }
            Hyperparameter::WeightsSetRateLimit(v) => {
                subtensor::WEIGHTS_SET_RATE_LIMIT.put(state, key, &v);
            }
            Hyperparameter::CommitRevealWeightsEnabled(v) => {
                subtensor::COMMIT_REVEAL_WEIGHTS_ENABLED.put(state, key, &v);
            }
            Hyperparameter::CommitRevealWeightsVersion(v) => {
                subtensor::COMMIT_REVEAL_WEIGHTS_VERSION.put(state, (), &v);
            }
            Hyperparameter::RevealPeriodEpochs(v) => {
                subtensor::REVEAL_PERIOD_EPOCHS.put(state, key, &v);
            }
            Hyperparameter::StakeThreshold(v) => subtensor::STAKE_THRESHOLD.put(state, (), &v),
            Hyperparameter::MaxAllowedValidators(v) => {
                subtensor::MAX_ALLOWED_VALIDATORS.put(state, key, &v);
            }
            Hyperparameter::MechanismCount(v) => {
                subtensor::MECHANISM_COUNT_CURRENT.put(state, key, &MechId(v));
            }
            Hyperparameter::ServingRateLimit(v) => {
                subtensor::SERVING_RATE_LIMIT.put(state, key, &v);
            }
            Hyperparameter::ActivityCutoffFactorMilli(v) => {
                subtensor::ACTIVITY_CUTOFF_FACTOR_MILLI.put(state, key, &v);
            }
            Hyperparameter::TaoWeight(v) => subtensor::TAO_WEIGHT.put(state, (), &v),
        }
    }
}

impl AdminCommand {
    /// Whether the command waits for the end of the next block instead of its beginning: what is
    /// in that block still runs by the old rules.
    pub(super) fn is_at_end(&self) -> bool {
        matches!(self, AdminCommand::UpgradeRuntime { .. })
    }

    /// Checks a command against a state.
    pub fn check(&self, state: &State<'_>) -> Result<(), CommandError> {
        match self {
            AdminCommand::AddSubnet { netuid, .. } => {
                let in_range = (1..crate::limits::NETUIDS_PER_MECHANISM).contains(&netuid.0);
                let has_room = subnets(state).len() < SUBNETS_MAX;
                if in_range && has_room && !subnet_exists(state, *netuid) {
                    Ok(())
                } else {
                    Err(CommandError::SubnetExists(*netuid))
                }
            }
            AdminCommand::Register { netuid, uid, .. } => {
                check_subnet(state, *netuid)?;
                let neurons = subtensor::SUBNETWORK_N.get(state, (*netuid,));
                let replaces = uid.is_some_and(|uid| uid < neurons);
                if replaces || neurons < NEURONS_MAX {
                    Ok(())
                } else {
                    Err(CommandError::Full)
                }
            }
            AdminCommand::Deregister { netuid, hotkey } => {
                check_subnet(state, *netuid)?;
                let uid = uid_of(state, *netuid, *hotkey);
                uid.map(|_| ()).ok_or(CommandError::NotRegistered(*hotkey))
            }
            AdminCommand::SetStake { netuid, .. } if *netuid == ROOT => Ok(()),
            AdminCommand::SetStake { netuid, .. } | AdminCommand::SetSubnetOwner { netuid, .. } => {
                check_subnet(state, *netuid)
            }
            AdminCommand::SetHyperparameter { netuid, parameter } => {
                check_subnet(state, *netuid)?;
                parameter.validate()
            }
            AdminCommand::UpgradeRuntime {
                call_shift,
                error_shift,
            } if (*call_shift).max(*error_shift) > SHIFT_MAX => {
                Err(CommandError::Value("calls and errors moved by at most 100"))
            }
            AdminCommand::SetBeacon { seed } if seed.len() > SEED_MAX_BYTES => {
                Err(CommandError::Value("a seed of at most 256 bytes"))
            }
            _ => Ok(()),
        }
    }

    /// Carries out a command that was checked. What became impossible since is left undone.
    pub(super) fn apply(&self, state: &mut State<'_>) {
        if self.check(state).is_err() {
            return;
        }
        match self {
            AdminCommand::StopFinality | AdminCommand::ResumeFinality => {}
            AdminCommand::AddSubnet { netuid, tempo } => {
                registration::add_subnet(state, *netuid, *tempo);
            }
            AdminCommand::Register {
                netuid,
                hotkey,
                coldkey,
                uid,
                stake,
            } => {
                let coldkey = coldkey.unwrap_or(*hotkey);
                registration::register(state, *netuid, *hotkey, coldkey, *uid);
                if let Some(stake) = stake {
                    set_stake(state, *netuid, *hotkey, *stake);
                }
            }
            AdminCommand::Deregister { netuid, hotkey } => {
                let uid = uid_of(state, *netuid, *hotkey);
                let stranger = stranger(state, *hotkey);
                registration::register(state, *netuid, stranger, stranger, uid);
            }
            AdminCommand::SetStake {
                netuid,
                hotkey,
                stake,
            } => set_stake(state, *netuid, *hotkey, *stake),
            AdminCommand::SetBalance { account, free } => {
                system::ACCOUNT.change(state, (*account,), |info| {
                    info.data.free = TaoBalance(*free);
                });
            }
            AdminCommand::SetSubnetOwner { netuid, hotkey } => {
                let coldkey = subtensor::OWNER.find(state, (*hotkey,)).unwrap_or(*hotkey);
                registration::set_subnet_owner(state, *netuid, coldkey, *hotkey);
            }
            AdminCommand::SetHyperparameter { netuid, parameter } => {
                parameter.apply(state, *netuid);
            }
            AdminCommand::SetBeacon { seed } => {
                let known = drand::BEACON_CONFIG.get(state, ());
                set_beacon(state, seed, known.period, known.genesis_time);
            }
            AdminCommand::SetAutoPulses { enabled } => set_auto_pulses(state, *enabled),
            AdminCommand::PublishPulse { round } => {
                let pulse = beacon(state).pulse(*round);
                drand::store(state, &[pulse]);
            }
            AdminCommand::UpgradeRuntime {
                call_shift,
                error_shift,
            } => {
                let upgraded = system::runtime(state).upgraded(*call_shift, *error_shift);
                system::set_runtime(state, upgraded);
                let event = crate::pallets::RuntimeEvent::System(system::Event::CodeUpdated);
                system::deposit(state, event);
            }
        }
    }
}

/// The beacon of a state.
pub(super) fn beacon(state: &State<'_>) -> Beacon {
    Beacon::from_seed(state.get(BEACON_SEED_KEY).unwrap_or_default())
}

/// Replaces the beacon.
pub(super) fn set_beacon(state: &mut State<'_>, seed: &str, period_s: u32, genesis_time_s: u32) {
    state.set(BEACON_SEED_KEY.to_vec(), Some(seed.as_bytes().to_vec()));
    let configuration = beacon(state).configuration(period_s, genesis_time_s);
    drand::BEACON_CONFIG.put(state, (), &configuration);
    let event = crate::pallets::RuntimeEvent::Drand(drand::Event::BeaconConfigChanged);
    system::deposit(state, event);
}

/// Lets rounds come by themselves, or not.
pub(super) fn set_auto_pulses(state: &mut State<'_>, enabled: bool) {
    state.set(AUTO_PULSES_KEY.to_vec(), Some(vec![u8::from(enabled)]));
}

/// Whether rounds come by themselves.
pub(super) fn auto_pulses(state: &State<'_>) -> bool {
    state.get(AUTO_PULSES_KEY) == Some(&[1])
}

/// Sets a hotkey's stake in a subnet's token.
pub(super) fn set_stake(state: &mut State<'_>, netuid: NetUid, hotkey: AccountId32, stake: u64) {
    subtensor::TOTAL_HOTKEY_ALPHA.put(state, (hotkey, netuid), &AlphaBalance(stake));
}

fn check_subnet(state: &State<'_>, netuid: NetUid) -> Result<(), CommandError> {
    if subnet_exists(state, netuid) && netuid != ROOT {
        Ok(())
    } else {
        Err(CommandError::NoSubnet(netuid))
    }
}

/// A hotkey that nobody has the key of.
fn stranger(state: &State<'_>, replaced: AccountId32) -> AccountId32 {
    let mut bytes = b"assay/dev-chain/stranger/v1".to_vec();
    bytes.extend(replaced.0);
    bytes.extend(system::block_number(state).to_le_bytes());
    AccountId32(sp_crypto_hashing::blake2_256(&bytes))
}

/// Commands are JSON in the journal as on the wire, so that both stay readable.
impl Encode for AdminCommand {
    fn encode(&self) -> Vec<u8> {
        // Serialising to memory has no way to fail: no map, no foreign type.
        serde_json::to_string(self).unwrap_or_default().encode()
    }
}

impl Decode for AdminCommand {
    fn decode<I: parity_scale_codec::Input>(
        input: &mut I,
    ) -> Result<AdminCommand, parity_scale_codec::Error> {
        let json = String::decode(input)?;
        serde_json::from_str(&json).map_err(|_| "not a command that is known".into())
    }
}
