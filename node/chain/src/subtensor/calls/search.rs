//! Looking for a call in blocks.

use std::ops::RangeInclusive;

use subxt::config::substrate::H256;
use subxt::ext::futures::future::try_join_all;

use super::signing::extrinsic_hash;
use crate::call::SignedCall;
use crate::error::ChainError;
use crate::subtensor::connection::{Rpc, block_hash};
use crate::subtensor::fault::Fault;

/// Blocks that are asked for at once: a call's whole era takes four rounds to the endpoint and back.
pub(super) const AT_ONCE_BLOCKS: u64 = 16;

/// Where an extrinsic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: u64,
    pub(super) hash: H256,
    pub(super) position: u32,
}

/// Looks for a call in blocks of the endpoint's best chain, all at once.
pub(super) async fn find(
    rpc: &Rpc,
    blocks: RangeInclusive<u64>,
    call: &SignedCall,
) -> Result<Option<Place>, Fault> {
    let places = try_join_all(blocks.map(|number| find_in_block(rpc, number, call))).await?;
    Ok(places.into_iter().flatten().next())
}

async fn find_in_block(rpc: &Rpc, number: u64, call: &SignedCall) -> Result<Option<Place>, Fault> {
    let hash = known_hash(rpc, number).await?;
    let details = rpc.chain_get_block(Some(hash)).await;
    let details = details.map_err(Fault::client)?;
    let details = details.ok_or_else(|| nothing("chain_getBlock", format!("block {number}")))?;
    let mut extrinsics = details.block.extrinsics.iter();
    let position = extrinsics.position(|extrinsic| extrinsic_hash(&extrinsic.0) == call.hash);
    let position = position.and_then(|position| u32::try_from(position).ok());
    Ok(position.map(|position| Place {
        block: number,
        hash,
        position,
    }))
}

/// The first few blocks of a range.
pub(super) fn first_of(blocks: &RangeInclusive<u64>) -> RangeInclusive<u64> {
    let first = *blocks.start();
    let last = first.saturating_add(AT_ONCE_BLOCKS - 1);
    first..=last.min(*blocks.end())
}

/// Hash of a block that the endpoint has to know.
pub(super) async fn known_hash(rpc: &Rpc, number: u64) -> Result<H256, Fault> {
    let hash = block_hash(rpc, number).await?;
    hash.ok_or_else(|| nothing("chain_getBlockHash", format!("the hash of block {number}")))
}

/// An endpoint that answers with nothing where there has to be something.
pub(super) fn nothing(call: &'static str, expected: String) -> Fault {
    let got = "nothing".to_owned();
    Fault::Elsewhere(ChainError::BadAnswer {
        call,
        expected,
        got,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_taken_in_parts() {
        assert_eq!(first_of(&(5..=9)), 5..=9);
        assert_eq!(first_of(&(5..=64)), 5..=20);
        assert!(first_of(&RangeInclusive::new(5, 4)).is_empty());
    }
}
