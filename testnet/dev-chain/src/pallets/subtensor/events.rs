//! Events of pallet SubtensorModule, with the numbers of the real runtime
//! [`crate::runtime::FIRST_SPEC_VERSION`].

use parity_scale_codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use crate::pallets::system::DispatchError;
use crate::types::{AccountId32, H256, NetUid, NetUidStorageIndex};

/// What happened in the pallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Event {
    /// Weights of a uid were set.
    #[codec(index = 5)]
    WeightsSet(NetUidStorageIndex, u16),
    /// A neuron got a uid.
    #[codec(index = 7)]
    NeuronRegistered(NetUid, u16, AccountId32),
    /// A neuron's address was set.
    #[codec(index = 29)]
    AxonServed(NetUid, AccountId32),
    /// A salted commit was stored.
    #[codec(index = 86)]
    WeightsCommitted(AccountId32, NetUidStorageIndex, H256),
    /// A salted commit was revealed.
    #[codec(index = 87)]
    WeightsRevealed(AccountId32, NetUidStorageIndex, H256),
    /// Several salted commits were revealed.
    #[codec(index = 88)]
    WeightsBatchRevealed(AccountId32, NetUid, Vec<H256>),
    /// A batch was carried out as a whole.
    #[codec(index = 89)]
    BatchWeightsCompleted(Vec<Compact<NetUid>>, AccountId32),
    /// A batch had failures.
    #[codec(index = 90)]
    BatchCompletedWithErrors(),
    /// Part of a batch failed, in a subnet.
    #[codec(index = 91)]
    BatchWeightItemFailed(NetUid, DispatchError),
    /// A timelocked commit was stored: hash of the commit, round.
    #[codec(index = 108)]
    TimelockedWeightsCommitted(AccountId32, NetUidStorageIndex, H256, u64),
    /// A timelocked commit was revealed.
    #[codec(index = 109)]
    TimelockedWeightsRevealed(NetUidStorageIndex, AccountId32),
    /// An epoch waits for the next block.
    #[codec(index = 137)]
    EpochDeferred {
        /// The subnet.
        netuid: NetUid,
        /// The block it was due at.
        from_block: u64,
        /// The block it is put off to.
        to_block: u64,
    },
}
