//! Events of pallet SubtensorModule.

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
    #[codec(index = 6)]
    NeuronRegistered(NetUid, u16, AccountId32),
    /// A neuron's address was set.
    #[codec(index = 24)]
    AxonServed(NetUid, AccountId32),
    /// A salted commit was stored.
    #[codec(index = 58)]
    WeightsCommitted(AccountId32, NetUidStorageIndex, H256),
    /// A salted commit was revealed.
    #[codec(index = 59)]
    WeightsRevealed(AccountId32, NetUidStorageIndex, H256),
    /// Several salted commits were revealed.
    #[codec(index = 60)]
    WeightsBatchRevealed(AccountId32, NetUid, Vec<H256>),
    /// A batch was carried out as a whole.
    #[codec(index = 61)]
    BatchWeightsCompleted(Vec<Compact<NetUid>>, AccountId32),
    /// A batch had failures.
    #[codec(index = 62)]
    BatchCompletedWithErrors(),
    /// Part of a batch failed.
    #[codec(index = 63)]
    BatchWeightItemFailed(DispatchError),
    /// A timelocked commit was stored: hash of the commit, round.
    #[codec(index = 88)]
    TimelockedWeightsCommitted(AccountId32, NetUidStorageIndex, H256, u64),
    /// A timelocked commit was revealed.
    #[codec(index = 89)]
    TimelockedWeightsRevealed(NetUidStorageIndex, AccountId32),
    /// An epoch waits for the next block.
    #[codec(index = 110)]
    EpochDeferred {
        /// The subnet.
        netuid: NetUid,
        /// The block it was due at.
        from_block: u64,
        /// The block it is put off to.
        to_block: u64,
    },
}
