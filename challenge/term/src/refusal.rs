//! Why a submission is refused, and whose fault that is.

use alloc::{
    format,
    string::{String, ToString},
};

use assay_challenge_sdk::{HostError, abi::ValidateOutcome};

use crate::{limits::REASON_MAX_BYTES, text::cut};

/// Who has to act for the submission to get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The submission breaks a rule.
    Miner,
    /// The node or the challenge's configuration; codes of this kind start with
    /// [`assay_challenge_sdk::abi::PLATFORM_FAULT_PREFIX`].
    Platform,
}

impl Fault {
    /// As written in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Miner => "miner",
            Self::Platform => "platform",
        }
    }
}

/// A named refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose fault it is.
    pub fault: Fault,
    /// Stable name, as `zip.encrypted`.
    pub code: &'static str,
    /// What a person reads.
    pub reason: String,
}

impl Refusal {
    /// A rule that the submission breaks.
    pub fn miner(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new(Fault::Miner, code, &reason.into())
    }

    /// A failure that isn't the miner's.
    pub fn platform(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new(Fault::Platform, code, &reason.into())
    }

    fn new(fault: Fault, code: &'static str, reason: &str) -> Self {
        Self {
            fault,
            code,
            reason: cut(reason, REASON_MAX_BYTES).to_string(),
        }
    }

    /// One line: whose fault, which rule, why.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}: {}: {}", self.fault.as_str(), self.code, self.reason)
    }
}

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        Self::platform("platform.host", error.to_string())
    }
}

impl From<Refusal> for ValidateOutcome {
    fn from(refusal: Refusal) -> Self {
        Self::refuse(refusal.code, refusal.reason)
    }
}
