//! What can go wrong between a validator and its chain, and what to do about it.

use serde::{Deserialize, Serialize};

use assay_consensus::hash::Hash;

/// Why a chain call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No connection, or it broke.
    #[error("{call}: chain at {endpoint} can't be reached: {reason}")]
    Unreachable {
        /// The call.
        call: &'static str,
        /// Where the chain should be.
        endpoint: String,
        /// What the transport said.
        reason: String,
    },
    /// No complete answer in time.
    #[error("{call}: no answer of the chain within {deadline_ms} ms")]
    Deadline {
        /// The call.
        call: &'static str,
        /// The deadline that passed.
        deadline_ms: u64,
    },
    /// The answer breaks a limit or is not what the call answers with.
    #[error("{call}: expected {expected}, the chain answered {got}")]
    BadAnswer {
        /// The call.
        call: &'static str,
        /// What was expected.
        expected: String,
        /// What came.
        got: String,
    },
    /// The chain answered with an error of its own.
    #[error("{call}: the chain says {code}: {message}")]
    Remote {
        /// The call.
        call: &'static str,
        /// The chain's error code.
        code: String,
        /// Its text.
        message: String,
    },
    /// The chain does not know this block: not finalised yet, or too old for its history.
    #[error("the chain has no finalised block {0}")]
    UnknownBlock(Hash),
    /// The epoch has not begun in a finalised block, or is too old for the chain's history.
    #[error(
        "the chain has no finalised first block of epoch {0}: it has not begun, or no endpoint \
         keeps its state any more; for that, name an archive node among the endpoints"
    )]
    UnknownEpoch(u64),
    /// Connected to another chain than configured.
    #[error("expected the chain with genesis {expected}, got {got}")]
    WrongChain {
        /// Configured genesis hash.
        expected: Hash,
        /// Genesis hash of the chain that answers.
        got: Hash,
    },
    /// This client was made without a hotkey and can only read.
    #[error("weights can't be submitted: this chain client has no hotkey to sign with")]
    NoSigner,
    /// The weights are for another epoch than the chain's.
    #[error("weights of epoch {expected} can't be set in epoch {got}")]
    WrongEpoch {
        /// Epoch of the weights.
        expected: u64,
        /// The chain's epoch.
        got: u64,
    },
    /// This hotkey has set or committed weights in this epoch already.
    #[error("weights of this hotkey were set in block {block}, in epoch {epoch} already")]
    AlreadySet {
        /// The chain's epoch.
        epoch: u64,
        /// The block.
        block: u64,
    },
    /// Too few blocks are left for a call to be sure to get in before the epoch ends.
    #[error(
        "too late in the epoch: block {head} is final, the next epoch starts at {next_epoch_start}"
    )]
    TooLate {
        /// The finalised head.
        head: u64,
        /// First block of the next epoch.
        next_epoch_start: u64,
    },
    /// The chain's runtime lacks what is needed.
    #[error("the chain's runtime (version {spec_version}) has no {what}")]
    Unsupported {
        /// The missing call, storage item or function.
        what: String,
        /// Version of the runtime.
        spec_version: u32,
    },
    /// The chain refuses a call, before or in a block.
    #[error("the chain refuses {call}: {failure}")]
    Refused {
        /// Name of the call.
        call: String,
        /// The reason.
        failure: CallFailure,
    },
}

/// Why the chain refuses a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CallFailure {
    /// A reason with a meaning.
    #[error("{refusal}: {}", refusal.help())]
    Named {
        /// The reason.
        refusal: Refusal,
    },
    /// A reason this client knows nothing about.
    #[error("{name}")]
    Other {
        /// The chain's own name or text of it.
        name: String,
    },
}

impl CallFailure {
    /// What to do about it.
    pub fn advice(&self) -> Advice {
        match self {
            CallFailure::Named { refusal } => refusal.advice(),
            CallFailure::Other { .. } => Advice::TellOperator,
        }
    }
}

impl From<Refusal> for CallFailure {
    fn from(refusal: Refusal) -> CallFailure {
        CallFailure::Named { refusal }
    }
}

/// What to do after a [`ChainError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// A matter of connection or load: try again after a pause.
    RetryLater,
    /// Right but too early: try again when the chain has moved on.
    WaitForChain,
    /// Nothing the node can do alone: tell the operator what to change.
    TellOperator,
    /// Trying the same again can't help: compute or sign something else.
    GiveUp,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $advice:ident, $help:literal;)*) => {
        /// Why the chain refuses a call. The names are those of the chain's own errors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Refusal {
            $($(#[$doc])* $name,)*
        }

        impl Refusal {
            /// All refusals, those of weights in the order in which the chain checks.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// The chain's name of the error.
            pub fn name(self) -> &'static str {
                match self {
                    $(Refusal::$name => stringify!($name),)*
                }
            }

            /// What to do about it.
            pub fn advice(self) -> Advice {
                match self {
                    $(Refusal::$name => Advice::$advice,)*
                }
            }

            /// What it means and what to do, for the operator.
            pub fn help(self) -> &'static str {
                match self {
                    $(Refusal::$name => $help,)*
                }
            }
        }
    };
}

refusals! {
    /// The signature does not verify for this chain, runtime, hotkey and content.
    BadSignature => RetryLater, "the signature is for another version of the chain's runtime; the call is signed anew";
    /// The chain's runtime reads the call in another way than the one it was signed for.
    RuntimeChanged => RetryLater, "the chain's runtime was upgraded; the call is signed anew";
    /// The nonce was used already or skips one.
    BadNonce => RetryLater, "another call of the same hotkey came first; it is signed anew";
    /// The chain's pool takes no more calls.
    PoolFull => RetryLater, "the chain's pool of waiting calls is full; tried again later";
    /// The call's time is over.
    Expired => RetryLater, "no block took it in time; it is signed anew";
    /// The subnet wants commitments instead of plain weights.
    CommitRevealEnabled => RetryLater, "the subnet takes commits only; the next try commits";
    /// The subnet takes plain weights only.
    CommitRevealDisabled => RetryLater, "the subnet takes plain weights only; the next try is plain";
    /// The chain wants another version of commits.
    IncorrectCommitRevealVersion => RetryLater, "the chain's version of commits changed; the next try uses it";
    /// Subnet 0 takes no weights.
    CanNotSetRootNetworkWeights => TellOperator, "netuid 0 takes no weights; the genesis document names the wrong subnet";
    /// As many uids as weights are needed.
    WeightVecNotEqualSize => GiveUp, "as many uids as weights are needed";
    /// Lists of a batch differ in length.
    InputLengthsUnequal => GiveUp, "the lists of the call differ in length";
    /// There is no such subnet.
    MechanismDoesNotExist => TellOperator, "the subnet does not exist on this chain";
    /// There is no such subnet, in other calls.
    SubnetNotExists => TellOperator, "the subnet does not exist on this chain";
    /// More uids than the subnet has neurons.
    UidsLengthExceedUidsInSubNet => GiveUp, "more uids than the subnet has neurons";
    /// The signing hotkey is not registered in the subnet.
    HotKeyNotRegisteredInSubNet => TellOperator, "register the hotkey in the subnet";
    /// The signing hotkey is not registered in any subnet.
    HotKeyNotRegisteredInNetwork => TellOperator, "register the hotkey in the subnet";
    /// The signing hotkey has less stake than weights need.
    NotEnoughStakeToSetWeights => TellOperator, "the hotkey's stake weight is below the chain's threshold; add stake";
    /// The version key is older than the subnet demands.
    IncorrectWeightVersionKey => TellOperator, "the subnet demands a newer version key; update the node or set chain.version_key";
    /// The last weights of this hotkey are too few blocks ago.
    SettingWeightsTooFast => WaitForChain, "the subnet's rate limit; tried again when it is over";
    /// The last commit of this hotkey is too few blocks ago.
    CommittingWeightsTooFast => WaitForChain, "the subnet's rate limit; tried again when it is over";
    /// Too many commits of this hotkey wait for their reveal.
    TooManyUnrevealedCommits => WaitForChain, "too many commits wait for their reveal; tried again later";
    /// The signing hotkey has no validator permit.
    NeuronNoValidatorPermit => TellOperator, "the hotkey has no validator permit: only the validators with most stake have one";
    /// A uid appears twice.
    DuplicateUids => GiveUp, "a uid appears twice";
    /// A uid outside the subnet.
    UidVecContainInvalidOne => GiveUp, "a uid outside of the subnet";
    /// Fewer entries than the subnet demands.
    WeightVecLengthIsLow => GiveUp, "fewer entries than the subnet demands";
    /// One entry holds more of the sum than the subnet allows.
    MaxWeightExceeded => GiveUp, "one entry holds more of the sum than the subnet allows";
    /// The beacon's round is over already.
    InvalidRevealRound => RetryLater, "the beacon's round is over already; the next try takes a later one";
    /// There is no such commit.
    NoWeightsCommitFound => GiveUp, "the chain holds no such commit";
    /// The commit's time is over.
    ExpiredWeightCommit => GiveUp, "the epoch in which the commit could be revealed is over";
    /// It isn't the epoch of the reveal; the chain's pool says the same of one that is over.
    RevealTooEarly => WaitForChain, "the epoch of the reveal has not begun, or is over";
    /// What is revealed is not what was committed.
    InvalidRevealCommitHashNotMatch => GiveUp, "what is revealed is not what was committed";
    /// The address can't be one.
    InvalidIpAddress => TellOperator, "the chain takes no such address; set p2p.external to the public one";
    /// Neither version 4 nor 6.
    InvalidIpType => TellOperator, "the address is neither IPv4 nor IPv6";
    /// The port can't be one.
    InvalidPort => TellOperator, "the chain takes no such port";
    /// The address was changed too few blocks ago.
    ServingRateLimitExceeded => WaitForChain, "the address was announced too few blocks ago; tried again later";
}

impl Refusal {
    /// The refusal with one of the chain's names.
    pub fn from_name(name: &str) -> Option<Refusal> {
        Refusal::ALL
            .iter()
            .copied()
            .find(|refusal| refusal.name() == name)
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl ChainError {
    /// What to do about it.
    pub fn advice(&self) -> Advice {
        match self {
            ChainError::Unreachable { .. }
            | ChainError::Deadline { .. }
            | ChainError::BadAnswer { .. }
            | ChainError::Remote { .. } => Advice::RetryLater,
            ChainError::UnknownBlock(_)
            | ChainError::UnknownEpoch(_)
            | ChainError::TooLate { .. } => Advice::WaitForChain,
            // The endpoint may be behind.
            ChainError::AlreadySet { .. } => Advice::GiveUp,
            ChainError::WrongEpoch { expected, got } if got < expected => Advice::WaitForChain,
            ChainError::WrongEpoch { .. } => Advice::GiveUp,
            ChainError::WrongChain { .. }
            | ChainError::NoSigner
            | ChainError::Unsupported { .. } => Advice::TellOperator,
            ChainError::Refused { failure, .. } => failure.advice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_found_by_its_name() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_name(refusal.name()), Some(*refusal));
        }
        assert_eq!(Refusal::from_name("SomethingElse"), None);
    }

    #[test]
    fn an_epoch_that_an_endpoint_has_not_come_to_is_waited_for() {
        let advice = |expected, got| ChainError::WrongEpoch { expected, got }.advice();
        assert_eq!(advice(3, 2), Advice::WaitForChain);
        assert_eq!(advice(3, 4), Advice::GiveUp);
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let error = ChainError::Refused {
            call: "set_mechanism_weights".into(),
            failure: Refusal::SettingWeightsTooFast.into(),
        };
        assert_eq!(error.advice(), Advice::WaitForChain);
        assert_eq!(
            error.to_string(),
            "the chain refuses set_mechanism_weights: SettingWeightsTooFast: the subnet's rate \
             limit; tried again when it is over"
        );
    }
}
