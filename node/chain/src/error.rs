//! What can go wrong between a validator and its chain, and what to do about it.

use assay_consensus::hash::Hash;

/// Name of the only call that changes the chain, in errors.
pub(crate) const SUBMIT_WEIGHTS: &str = "submit_weights";

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
    #[error("the chain has no finalised first block of epoch {0}")]
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
    /// The chain refuses the weights.
    #[error("the chain refuses the weights: {refusal}: {message}")]
    Refused {
        /// The named reason.
        refusal: WeightsRefusal,
        /// The chain's text.
        message: String,
    },
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
    ($($(#[$doc:meta])* $name:ident => $advice:ident,)*) => {
        /// Why the chain refuses weights. The names are those of the chain's own errors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum WeightsRefusal {
            $($(#[$doc])* $name,)*
        }

        impl WeightsRefusal {
            /// All refusals, in the order in which the chain checks.
            pub const ALL: &'static [WeightsRefusal] = &[$(WeightsRefusal::$name,)*];

            /// The chain's name of the error.
            pub fn name(self) -> &'static str {
                match self {
                    $(WeightsRefusal::$name => stringify!($name),)*
                }
            }

            /// What to do about it.
            pub fn advice(self) -> Advice {
                match self {
                    $(WeightsRefusal::$name => Advice::$advice,)*
                }
            }
        }
    };
}

refusals! {
    /// The signature does not verify for this chain, hotkey and content.
    BadSignature => TellOperator,
    /// The nonce was used already or skips one.
    BadNonce => RetryLater,
    /// The call was signed for another epoch than the one it would be counted in.
    WrongEpoch => GiveUp,
    /// The subnet wants commitments instead of plain weights.
    CommitRevealEnabled => TellOperator,
    /// Subnet 0 takes no weights.
    CanNotSetRootNetworkWeights => TellOperator,
    /// As many uids as weights are needed.
    WeightVecNotEqualSize => GiveUp,
    /// There is no such subnet.
    MechanismDoesNotExist => TellOperator,
    /// More uids than the subnet has neurons.
    UidsLengthExceedUidsInSubNet => GiveUp,
    /// The signing hotkey is not registered in the subnet.
    HotKeyNotRegisteredInSubNet => TellOperator,
    /// The signing hotkey has less stake than weights need.
    NotEnoughStakeToSetWeights => TellOperator,
    /// The version key is older than the subnet demands.
    IncorrectWeightVersionKey => TellOperator,
    /// The last weights of this hotkey are too few blocks ago.
    SettingWeightsTooFast => WaitForChain,
    /// The signing hotkey has no validator permit.
    NeuronNoValidatorPermit => TellOperator,
    /// A uid appears twice.
    DuplicateUids => GiveUp,
    /// A uid outside the subnet.
    UidVecContainInvalidOne => GiveUp,
    /// Fewer entries than the subnet demands.
    WeightVecLengthIsLow => GiveUp,
    /// One entry holds more of the sum than the subnet allows.
    MaxWeightExceeded => GiveUp,
}

impl WeightsRefusal {
    /// The refusal with one of the chain's names.
    pub fn from_name(name: &str) -> Option<WeightsRefusal> {
        WeightsRefusal::ALL
            .iter()
            .copied()
            .find(|refusal| refusal.name() == name)
    }
}

impl core::fmt::Display for WeightsRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl ChainError {
    /// Whether what was submitted may have reached the chain in spite of the error: only looking at
    /// the chain can tell.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            ChainError::Unreachable { call, .. }
            | ChainError::Deadline { call, .. }
            | ChainError::BadAnswer { call, .. }
            | ChainError::Remote { call, .. } => *call == SUBMIT_WEIGHTS,
            ChainError::UnknownBlock(_)
            | ChainError::UnknownEpoch(_)
            | ChainError::WrongChain { .. }
            | ChainError::NoSigner
            | ChainError::Refused { .. } => false,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> Advice {
        match self {
            ChainError::Unreachable { .. }
            | ChainError::Deadline { .. }
            | ChainError::BadAnswer { .. }
            | ChainError::Remote { .. } => Advice::RetryLater,
            ChainError::UnknownBlock(_) | ChainError::UnknownEpoch(_) => Advice::WaitForChain,
            ChainError::WrongChain { .. } | ChainError::NoSigner => Advice::TellOperator,
            ChainError::Refused { refusal, .. } => refusal.advice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_broken_submission_may_have_arrived() {
        let deadline = |call| ChainError::Deadline {
            call,
            deadline_ms: 1,
        };
        assert!(deadline(SUBMIT_WEIGHTS).may_have_arrived());
        assert!(!deadline("nonce").may_have_arrived());
        let refused = ChainError::Refused {
            refusal: WeightsRefusal::SettingWeightsTooFast,
            message: String::new(),
        };
        assert!(!refused.may_have_arrived());
    }

    #[test]
    fn every_refusal_is_found_by_its_name() {
        for refusal in WeightsRefusal::ALL {
            assert_eq!(WeightsRefusal::from_name(refusal.name()), Some(*refusal));
        }
        assert_eq!(WeightsRefusal::from_name("SomethingElse"), None);
    }
}
