//! Errors of pallet SubtensorModule, with the names and numbers of the real runtime
//! [`crate::runtime::FIRST_SPEC_VERSION`]. Numbers differ from version to version there, so clients
//! have to go by names.

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
    #[codec(index = 53)]
    CommitRevealEnabled,
    /// The subnet wants plain weights.
    #[error("CommitRevealDisabled")]
    #[codec(index = 54)]
    CommitRevealDisabled,
    /// Subnet 0 takes no weights.
    #[error("CanNotSetRootNetworkWeights")]
    #[codec(index = 47)]
    CanNotSetRootNetworkWeights,
    /// As many weights as uids are needed.
    #[error("WeightVecNotEqualSize")]
    #[codec(index = 16)]
    WeightVecNotEqualSize,
    /// No such subnet or mechanism.
    #[error("MechanismDoesNotExist")]
    #[codec(index = 74)]
    MechanismDoesNotExist,
    /// No such subnet.
    #[error("SubnetNotExists")]
    #[codec(index = 76)]
    SubnetNotExists,
    /// More uids than neurons.
    #[error("UidsLengthExceedUidsInSubNet")]
    #[codec(index = 32)]
    UidsLengthExceedUidsInSubNet,
    /// The hotkey is no neuron of the subnet.
    #[error("HotKeyNotRegisteredInSubNet")]
    #[codec(index = 4)]
    HotKeyNotRegisteredInSubNet,
    /// The hotkey is no neuron of the network.
    #[error("HotKeyNotRegisteredInNetwork")]
    #[codec(index = 6)]
    HotKeyNotRegisteredInNetwork,
    /// The stake weight is below the threshold.
    #[error("NotEnoughStakeToSetWeights")]
    #[codec(index = 10)]
    NotEnoughStakeToSetWeights,
    /// The version key is too old.
    #[error("IncorrectWeightVersionKey")]
    #[codec(index = 30)]
    IncorrectWeightVersionKey,
    /// The rate limit of weights.
    #[error("SettingWeightsTooFast")]
    #[codec(index = 29)]
    SettingWeightsTooFast,
    /// The rate limit of commits.
    #[error("CommittingWeightsTooFast")]
    #[codec(index = 81)]
    CommittingWeightsTooFast,
    /// The neuron has no validator permit.
    #[error("NeuronNoValidatorPermit")]
    #[codec(index = 15)]
    NeuronNoValidatorPermit,
    /// A uid twice.
    #[error("DuplicateUids")]
    #[codec(index = 17)]
    DuplicateUids,
    /// A uid without neuron.
    #[error("UidVecContainInvalidOne")]
    #[codec(index = 18)]
    UidVecContainInvalidOne,
    /// Too few weights.
    #[error("WeightVecLengthIsLow")]
    #[codec(index = 19)]
    WeightVecLengthIsLow,
    /// One weight has too large a share.
    #[error("MaxWeightExceeded")]
    #[codec(index = 27)]
    MaxWeightExceeded,
    /// No commit that this reveals.
    #[error("NoWeightsCommitFound")]
    #[codec(index = 51)]
    NoWeightsCommitFound,
    /// No commit with this hash.
    #[error("InvalidRevealCommitHashNotMatch")]
    #[codec(index = 52)]
    InvalidRevealCommitHashNotMatch,
    /// The commit's epoch is over.
    #[error("ExpiredWeightCommit")]
    #[codec(index = 78)]
    ExpiredWeightCommit,
    /// The commit's epoch has not come.
    #[error("RevealTooEarly")]
    #[codec(index = 79)]
    RevealTooEarly,
    /// Too many commits wait for their reveal.
    #[error("TooManyUnrevealedCommits")]
    #[codec(index = 77)]
    TooManyUnrevealedCommits,
    /// The round has been already.
    #[error("InvalidRevealRound")]
    #[codec(index = 112)]
    InvalidRevealRound,
    /// Another version of commits is wanted.
    #[error("IncorrectCommitRevealVersion")]
    #[codec(index = 111)]
    IncorrectCommitRevealVersion,
    /// Lists of one call differ in length.
    #[error("InputLengthsUnequal")]
    #[codec(index = 80)]
    InputLengthsUnequal,
    /// Neither IPv4 nor IPv6.
    #[error("InvalidIpType")]
    #[codec(index = 1)]
    InvalidIpType,
    /// An address that nobody else can reach.
    #[error("InvalidIpAddress")]
    #[codec(index = 2)]
    InvalidIpAddress,
    /// Port 0.
    #[error("InvalidPort")]
    #[codec(index = 3)]
    InvalidPort,
    /// The rate limit of axons.
    #[error("ServingRateLimitExceeded")]
    #[codec(index = 31)]
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
