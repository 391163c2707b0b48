//! Errors of pallet SubtensorModule, with the names of the real chain. Their numbers differ from
//! version to version there, so clients have to go by names. They have no gaps, since some clients
//! take an error's number for its position.

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

use crate::pallets::system::{DispatchError, ModuleError};
use crate::runtime::RuntimeVersion;

/// Number of the pallet.
pub const PALLET_INDEX: u8 = 7;

/// Why a call of the pallet failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo, thiserror::Error)]
pub enum Error {
    /// The subnet wants commits.
    #[error("CommitRevealEnabled")]
    CommitRevealEnabled,
    /// The subnet wants plain weights.
    #[error("CommitRevealDisabled")]
    CommitRevealDisabled,
    /// Subnet 0 takes no weights.
    #[error("CanNotSetRootNetworkWeights")]
    CanNotSetRootNetworkWeights,
    /// As many weights as uids are needed.
    #[error("WeightVecNotEqualSize")]
    WeightVecNotEqualSize,
    /// No such subnet or mechanism.
    #[error("MechanismDoesNotExist")]
    MechanismDoesNotExist,
    /// No such subnet.
    #[error("SubnetNotExists")]
    SubnetNotExists,
    /// More uids than neurons.
    #[error("UidsLengthExceedUidsInSubNet")]
    UidsLengthExceedUidsInSubNet,
    /// The hotkey is no neuron of the subnet.
    #[error("HotKeyNotRegisteredInSubNet")]
    HotKeyNotRegisteredInSubNet,
    /// The hotkey is no neuron of the network.
    #[error("HotKeyNotRegisteredInNetwork")]
    HotKeyNotRegisteredInNetwork,
    /// The stake weight is below the threshold.
    #[error("NotEnoughStakeToSetWeights")]
    NotEnoughStakeToSetWeights,
    /// The version key is too old.
    #[error("IncorrectWeightVersionKey")]
    IncorrectWeightVersionKey,
    /// The rate limit of weights.
    #[error("SettingWeightsTooFast")]
    SettingWeightsTooFast,
    /// The rate limit of commits.
    #[error("CommittingWeightsTooFast")]
    CommittingWeightsTooFast,
    /// The neuron has no validator permit.
    #[error("NeuronNoValidatorPermit")]
    NeuronNoValidatorPermit,
    /// A uid twice.
    #[error("DuplicateUids")]
    DuplicateUids,
    /// A uid without neuron.
    #[error("UidVecContainInvalidOne")]
    UidVecContainInvalidOne,
    /// Too few weights.
    #[error("WeightVecLengthIsLow")]
    WeightVecLengthIsLow,
    /// One weight has too large a share.
    #[error("MaxWeightExceeded")]
    MaxWeightExceeded,
    /// No commit that this reveals.
    #[error("NoWeightsCommitFound")]
    NoWeightsCommitFound,
    /// No commit with this hash.
    #[error("InvalidRevealCommitHashNotMatch")]
    InvalidRevealCommitHashNotMatch,
    /// The commit's epoch is over.
    #[error("ExpiredWeightCommit")]
    ExpiredWeightCommit,
    /// The commit's epoch has not come.
    #[error("RevealTooEarly")]
    RevealTooEarly,
    /// Too many commits wait for their reveal.
    #[error("TooManyUnrevealedCommits")]
    TooManyUnrevealedCommits,
    /// The round has been already.
    #[error("InvalidRevealRound")]
    InvalidRevealRound,
    /// Another version of commits is wanted.
    #[error("IncorrectCommitRevealVersion")]
    IncorrectCommitRevealVersion,
    /// Lists of one call differ in length.
    #[error("InputLengthsUnequal")]
    InputLengthsUnequal,
    /// Neither IPv4 nor IPv6.
    #[error("InvalidIpType")]
    InvalidIpType,
    /// An address that nobody else can reach.
    #[error("InvalidIpAddress")]
    InvalidIpAddress,
    /// Port 0.
    #[error("InvalidPort")]
    InvalidPort,
    /// The rate limit of axons.
    #[error("ServingRateLimitExceeded")]
    ServingRateLimitExceeded,
}

impl Error {
    /// The error as a runtime reports it.
    pub fn dispatch_error(self, runtime: RuntimeVersion) -> DispatchError {
        let number = self.encode().first().copied().unwrap_or_default();
        DispatchError::Module(ModuleError {
            index: PALLET_INDEX,
            error: [number.wrapping_add(runtime.error_shift), 0, 0, 0],
        })
    }

    /// The number of the pool's refusal for this error.
    pub fn pool_code(self) -> u8 {
        match self {
            Error::NotEnoughStakeToSetWeights => 1,
            Error::SubnetNotExists => 3,
            Error::SettingWeightsTooFast | Error::CommittingWeightsTooFast => 6,
            Error::HotKeyNotRegisteredInNetwork => 10,
            Error::InvalidIpAddress => 11,
            Error::ServingRateLimitExceeded => 12,
            Error::InvalidPort => 13,
            Error::InvalidRevealRound => 15,
            Error::NoWeightsCommitFound => 16,
            Error::RevealTooEarly => 17,
            Error::InputLengthsUnequal => 18,
            Error::HotKeyNotRegisteredInSubNet => 19,
            _ => 255,
        }
    }
}
