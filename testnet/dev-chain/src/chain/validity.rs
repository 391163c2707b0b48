//! Whether an extrinsic may go into a block: the real chain's extensions, in their order.

use crate::extrinsic::{Extrinsic, ExtrinsicError, Implicit};
use crate::pallets::RuntimeCall;
use crate::pallets::subtensor::pool_checks;
use crate::pallets::system;
use crate::storage::State;
use crate::types::{AccountId32, Era, H256};

/// Why an extrinsic is not taken. RPC codes and texts are those of a real node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// No extrinsic at all.
    #[error("Extrinsic has invalid format: {0}")]
    Format(String),
    /// An extrinsic that the runtime doesn't understand.
    #[error("Verification Error: Runtime error: Execution failed: {0}")]
    Undecodable(ExtrinsicError),
    /// Against the rules.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// In the pool already.
    #[error("Transaction Already Imported")]
    AlreadyImported,
    /// Another one with this nonce offers as much.
    #[error("Priority is too low: ({old} vs {new})")]
    TooLowPriority {
        /// What the other one offers.
        old: u64,
        /// What this one offers.
        new: u64,
    },
    /// The pool is full.
    #[error("Immediately Dropped")]
    ImmediatelyDropped,
}

/// The rule that an extrinsic breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// An address that names no account.
    #[error("Could not lookup information required to validate the transaction")]
    CannotLookup,
    /// Signed by someone else, for another chain or runtime, or after its era.
    #[error("Transaction has a bad signature")]
    BadProof,
    /// The era began before the oldest block that is known, or begins later.
    #[error("Transaction has an ancient birth block")]
    AncientBirthBlock,
    /// The nonce has been used.
    #[error("Transaction is outdated")]
    Stale,
    /// The nonce's turn has not come.
    #[error("Transaction will be valid in the future")]
    Future,
    /// More tip than money.
    #[error("Inability to pay some fees (e.g. account balance too low)")]
    Payment,
    /// Only the block's author may call this.
    #[error("Transaction dispatch is mandatory; transactions must not be validated.")]
    BadMandatory,
    /// A rule of pallet SubtensorModule.
    #[error("Custom error: {0}")]
    Custom(u8),
}

impl SubmitError {
    /// The code that a node's RPC answers with.
    pub fn rpc_code(&self) -> i32 {
        match self {
            SubmitError::Format(_) => 1001,
            SubmitError::Undecodable(_) => 1002,
            SubmitError::Invalid(Invalid::CannotLookup) => 1011,
            SubmitError::Invalid(_) => 1010,
            SubmitError::AlreadyImported => 1013,
            SubmitError::TooLowPriority { .. } => 1014,
            SubmitError::ImmediatelyDropped => 1016,
        }
    }
}

/// Checks an extrinsic against the state in which the next block begins; returns its signer. A
/// nonce whose turn has not come is left to the caller.
pub(super) fn check(
    state: &State<'_>,
    genesis_hash: H256,
    extrinsic: &Extrinsic,
) -> Result<AccountId32, Invalid> {
    let signer = extrinsic.signer().ok_or(Invalid::CannotLookup)?;
    let implicit = Implicit {
        runtime: system::runtime(state),
        genesis_hash,
        birth_hash: birth_hash(state, extrinsic.era).ok_or(Invalid::AncientBirthBlock)?,
    };
    if !extrinsic.is_signed(&implicit) {
        return Err(Invalid::BadProof);
    }
    let account = system::ACCOUNT.get(state, (signer,));
    if extrinsic.nonce < account.nonce {
        return Err(Invalid::Stale);
    }
    if extrinsic.tip > account.data.free.0 {
        return Err(Invalid::Payment);
    }
    match &extrinsic.call {
        RuntimeCall::Timestamp(_) => Err(Invalid::BadMandatory),
        RuntimeCall::SubtensorModule(call) => pool_checks::check(state, signer, call)
            .map(|()| signer)
            .map_err(|error| Invalid::Custom(error.pool_code())),
    }
}

/// Hash of the block that an era begins with, as the next block sees it.
pub(super) fn birth_hash(state: &State<'_>, era: Era) -> Option<H256> {
    let birth = era.birth(system::block_number(state));
    system::BLOCK_HASH.find(state, (u32::try_from(birth).ok()?,))
}
