//! Signing: nonce, era, signature.

use subxt::config::DefaultExtrinsicParamsBuilder;
use subxt::config::substrate::{AccountId32, H256, MultiSignature, SubstrateConfig};
use subxt::transactions::Signer;

use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;

use super::Caller;
use super::invoke::Payload;
use super::pool::next_nonce;
use super::search::known_hash;
use crate::call::SignedCall;
use crate::subtensor::fault::Fault;

/// Shortest era in blocks.
const ERA_MIN_BLOCKS: u64 = 4;

/// Longest era in blocks that is used; the chain allows 65,536.
const ERA_MAX_BLOCKS: u64 = 64;

/// A hotkey as the signer that the client library wants.
struct HotkeySigner<'a>(&'a Keypair);

impl Signer<SubstrateConfig> for HotkeySigner<'_> {
    fn account_id(&self) -> AccountId32 {
        AccountId32(self.0.hotkey().0)
    }

    fn sign(&self, signer_payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(signer_payload).0)
    }
}

/// The blocks that can hold a call: from `birth` on, `period` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Era {
    birth: u64,
    period: u64,
}

impl Era {
    /// The longest era that has begun with block `head` and is over before block `end`: the last
    /// block that can hold the call is `end - 1` where that is near enough. `None` if there is none.
    pub(super) fn before(head: u64, end: u64) -> Option<Era> {
        let left = end.checked_sub(head).filter(|left| *left > 0)?;
        if left > ERA_MAX_BLOCKS {
            return Some(Era::from(head, ERA_MAX_BLOCKS));
        }
        // Begun so long ago that it ends exactly where it has to.
        let period = left.next_power_of_two().max(ERA_MIN_BLOCKS);
        if let Some(birth) = end.checked_sub(period) {
            return Some(Era { birth, period });
        }
        // The chain is too young for that.
        let period = 1 << left.ilog2();
        let birth = head;
        (period >= ERA_MIN_BLOCKS).then_some(Era { birth, period })
    }

    /// An era from a block on; `period` is a power of two.
    pub(super) fn from(head: u64, period: u64) -> Era {
        Era {
            birth: head,
            period,
        }
    }

    /// Number of the last block that can hold the call.
    fn last(self) -> u64 {
        self.birth + self.period - 1
    }
}

/// Signs a call. Nothing is sent.
pub(super) async fn sign(
    caller: &Caller<'_>,
    payload: &Payload,
    era: Era,
) -> Result<SignedCall, Fault> {
    let hotkey = caller.signer.hotkey();
    let nonce = next_nonce(caller.rpc, &hotkey).await?;
    let birth_hash = birth_hash(caller, era).await?;
    let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
        .nonce(nonce)
        .mortal_from_unchecked(era.period, era.birth, birth_hash)
        .build();
    let transactions = caller.at.transactions();
    let mut signable = transactions
        .create_signable_offline(payload, params)
        .map_err(Fault::client)?;
    let signed = signable
        .sign(&HotkeySigner(caller.signer))
        .map_err(Fault::client)?;
    let extrinsic = signed.into_encoded();
    Ok(SignedCall {
        name: payload.call_name().to_owned(),
        hotkey,
        hash: extrinsic_hash(&extrinsic),
        extrinsic,
        nonce,
        signed_at: caller.head.number,
        valid_until: era.last(),
        spec_version: caller.at.spec_version(),
    })
}

/// Hash under which blocks and explorers know an extrinsic, its length before it.
pub(super) fn extrinsic_hash(extrinsic: &[u8]) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(extrinsic))
}

async fn birth_hash(caller: &Caller<'_>, era: Era) -> Result<H256, Fault> {
    if era.birth == caller.head.number {
        return Ok(H256(caller.head.hash.0));
    }
    known_hash(caller.rpc, era.birth).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_block_of_an_era_is_the_last_before_the_end() {
        let era = Era::before(100, 107).unwrap();
        assert_eq!((era.birth, era.period, era.last()), (99, 8, 106));
        let era = Era::before(100, 104).unwrap();
        assert_eq!((era.birth, era.period, era.last()), (100, 4, 103));
        let era = Era::before(100, 101).unwrap();
        assert_eq!((era.birth, era.period, era.last()), (97, 4, 100));
        assert_eq!(Era::before(100, 164).unwrap().last(), 163);
    }

    #[test]
    fn far_from_the_end_the_era_is_as_long_as_allowed() {
        let era = Era::before(100, 1_000).unwrap();
        assert_eq!((era.birth, era.period, era.last()), (100, 64, 163));
    }

    #[test]
    fn on_a_young_chain_the_era_begins_at_the_head() {
        let era = Era::before(1, 10).unwrap();
        assert_eq!((era.birth, era.period, era.last()), (1, 8, 8));
        assert_eq!(Era::before(1, 3), None);
        assert_eq!(Era::before(5, 5), None);
        assert_eq!(Era::before(5, 4), None);
    }

    proptest! {
        #[test]
        fn no_era_reaches_the_end_or_begins_after_the_head(
            head in 0u64..100_000, left in 0u64..1_000
        ) {
            let end = head + left;
            if let Some(era) = Era::before(head, end) {
                prop_assert!(era.birth <= head);
                prop_assert!(era.last() > head || left == 1);
                prop_assert!(era.last() < end);
                prop_assert!(era.period.is_power_of_two());
                prop_assert!((4..=64).contains(&era.period));
            } else {
                prop_assert!(left == 0 || head < 64);
            }
        }
    }
}
