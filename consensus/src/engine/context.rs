//! Malachite's view of our types: addresses are hotkeys, voting power is stake, values are block
//! ids. The driver never holds a block, so what it remembers of a round stays small; the blocks
//! are in the engine's [`MessageLog`](super::log::MessageLog).

use core::array::TryFromSliceError;
use core::fmt;

use arc_malachitebft_core_types::{
    Address, Context, Height, LinearTimeouts, NilOrVal, Proposal as DriverProposalTrait,
    ProposalPart, Round, SignedExtension, SignedMessage, SigningScheme,
    Validator as DriverValidator, ValidatorSet as DriverValidatorSet, Value, Vote as DriverVote,
    VoteType, VotingPower,
};

use super::proposer::ProposerOrder;
use crate::block::{ConsensusVote, Proposal, VoteKind};
use crate::envelope::{NetworkId, Signed};
use crate::hash::Hash;
use crate::keys::{Hotkey, Signature};
use crate::validators::{Validator, ValidatorSet};

/// Ties our types together for the driver.
#[derive(Debug, Clone, Copy)]
pub(super) struct LedgerContext {
    pub(super) network: NetworkId,
}

/// A ledger height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LedgerHeight(pub(super) u64);

/// A vote and who cast it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ballot {
    pub(super) vote: ConsensusVote,
    value: NilOrVal<Hash>,
    voter: Hotkey,
}

/// A proposal without its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProposedId {
    pub(super) height: LedgerHeight,
    pub(super) round: Round,
    pub(super) pol_round: Round,
    pub(super) block: Hash,
    pub(super) proposer: Hotkey,
}

/// sr25519 as in [`crate::keys`]; the driver only carries signatures along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sr25519;

/// Proposals are whole messages, never streamed in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoParts {}

impl Ballot {
    pub(super) fn new(vote: ConsensusVote, voter: Hotkey) -> Ballot {
        Ballot {
            vote,
            value: vote.block.map_or(NilOrVal::Nil, NilOrVal::Val),
            voter,
        }
    }

    /// The driver's form of a signed vote.
    pub(super) fn signed(vote: &Signed<ConsensusVote>) -> SignedMessage<LedgerContext, Ballot> {
        SignedMessage::new(Ballot::new(vote.payload, vote.signer), vote.signature)
    }
}

impl ProposedId {
    /// The driver's form of a signed proposal of the block with an id.
    pub(super) fn signed(
        proposal: &Signed<Proposal>,
        block: Hash,
    ) -> SignedMessage<LedgerContext, ProposedId> {
        let proposed = ProposedId {
            height: LedgerHeight(proposal.payload.block.header.height),
            round: Round::new(proposal.payload.round),
            pol_round: Round::from(proposal.payload.pol_round),
            block,
            proposer: proposal.signer,
        };
        SignedMessage::new(proposed, proposal.signature)
    }
}

impl Context for LedgerContext {
    type Address = Hotkey;
    type Height = LedgerHeight;
    type ProposalPart = NoParts;
    type Proposal = ProposedId;
    type Validator = Validator;
    type ValidatorSet = ValidatorSet;
    type Timeouts = LinearTimeouts;
    type Value = Hash;
    type Vote = Ballot;
    type Extension = ();
    type SigningScheme = Sr25519;

    #[expect(
        clippy::expect_used,
        reason = "ValidatorSet::new refuses empty sets and the order is a permutation of the set"
    )]
    fn select_proposer<'a>(
        &self,
        set: &'a ValidatorSet,
        height: LedgerHeight,
        round: Round,
    ) -> &'a Validator {
        let order = ProposerOrder::new(&self.network, height.0, set);
        let proposer = order.proposer(round.as_u32().unwrap_or_default());
        set.get_by_address(&proposer)
            .expect("the proposer is taken from a set that is never empty")
    }

    fn new_proposal(
        &self,
        height: LedgerHeight,
        round: Round,
        block: Hash,
        pol_round: Round,
        proposer: Hotkey,
    ) -> ProposedId {
        ProposedId {
            height,
            round,
            pol_round,
            block,
            proposer,
        }
    }

    fn new_prevote(
        &self,
        height: LedgerHeight,
        round: Round,
        value: NilOrVal<Hash>,
        voter: Hotkey,
    ) -> Ballot {
        new_ballot(height, round, VoteKind::Prevote, value, voter)
    }

    fn new_precommit(
        &self,
        height: LedgerHeight,
        round: Round,
        value: NilOrVal<Hash>,
        voter: Hotkey,
    ) -> Ballot {
        new_ballot(height, round, VoteKind::Precommit, value, voter)
    }
}

/// The driver votes only in rounds that it has entered, so the round is always defined.
fn new_ballot(
    height: LedgerHeight,
    round: Round,
    kind: VoteKind,
    value: NilOrVal<Hash>,
    voter: Hotkey,
) -> Ballot {
    let vote = ConsensusVote {
        height: height.0,
        round: round.as_u32().unwrap_or_default(),
        kind,
        block: match value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        },
    };
    Ballot::new(vote, voter)
}

impl Address for Hotkey {}

impl Height for LedgerHeight {
    const ZERO: LedgerHeight = LedgerHeight(0);
    const INITIAL: LedgerHeight = LedgerHeight(1);

    fn increment_by(&self, n: u64) -> LedgerHeight {
        LedgerHeight(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<LedgerHeight> {
        self.0.checked_sub(n).map(LedgerHeight)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for LedgerHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for Hash {
    type Id = Hash;

    fn id(&self) -> Hash {
        *self
    }
}

impl DriverValidator<LedgerContext> for Validator {
    fn address(&self) -> &Hotkey {
        &self.hotkey
    }

    fn public_key(&self) -> &Hotkey {
        &self.hotkey
    }

    fn voting_power(&self) -> VotingPower {
        self.stake
    }
}

impl DriverValidatorSet<LedgerContext> for ValidatorSet {
    fn count(&self) -> usize {
        self.validators().len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.total_stake()
    }

    fn get_by_address(&self, hotkey: &Hotkey) -> Option<&Validator> {
        self.index_of(hotkey).and_then(|index| self.get(index))
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.validators().get(index)
    }
}

impl DriverProposalTrait<LedgerContext> for ProposedId {
    fn height(&self) -> LedgerHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Hash {
        &self.block
    }

    fn take_value(self) -> Hash {
        self.block
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Hotkey {
        &self.proposer
    }
}

impl DriverVote<LedgerContext> for Ballot {
    fn height(&self) -> LedgerHeight {
        LedgerHeight(self.vote.height)
    }

    fn round(&self) -> Round {
        Round::new(self.vote.round)
    }

    fn value(&self) -> &NilOrVal<Hash> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<Hash> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        match self.vote.kind {
            VoteKind::Prevote => VoteType::Prevote,
            VoteKind::Precommit => VoteType::Precommit,
        }
    }

    fn validator_address(&self) -> &Hotkey {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedExtension<LedgerContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<LedgerContext>> {
        None
    }

    fn extend(self, _extension: SignedExtension<LedgerContext>) -> Ballot {
        self
    }
}

impl ProposalPart<LedgerContext> for NoParts {
    fn is_first(&self) -> bool {
        match *self {}
    }

    fn is_last(&self) -> bool {
        match *self {}
    }
}

impl SigningScheme for Sr25519 {
    type DecodingError = TryFromSliceError;
    type Signature = Signature;
    type PublicKey = Hotkey;
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Signature, TryFromSliceError> {
        bytes.try_into().map(Signature)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<Hotkey, TryFromSliceError> {
        bytes.try_into().map(Hotkey)
    }

    fn encode_public_key(public_key: &Hotkey) -> Vec<u8> {
        public_key.0.to_vec()
    }
}
