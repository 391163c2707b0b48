//! The chain: a block every so often, an epoch every so many blocks, always final.

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

#[derive(Debug, Clone, Copy)]
pub struct Chain {
    pub block_ms: u64,
    pub epoch_blocks: u64,
}

impl Chain {
    /// The block with a number.
    pub fn block(&self, number: u64) -> ChainRef {
        let epoch = number / self.epoch_blocks;
        ChainRef {
            number,
            hash: Hash::of_value("simulation/chain", &number),
            epoch,
            next_epoch_start: (epoch + 1) * self.epoch_blocks,
            timestamp_ms: number * self.block_ms,
        }
    }

    /// Number of the newest block.
    pub fn height_at(&self, now_ms: u64) -> u64 {
        now_ms / self.block_ms
    }
}
