//! What became of a signed call, from finalised blocks alone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use subxt::config::substrate::{H256, SubstrateConfig};
use subxt::error::DispatchError;
use subxt::events::{Events, Phase};

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

use super::pool::nonce_at;
use super::search::{Place, find, first_of, known_hash, nothing};
use crate::call::{Settlement, SignedCall};
use crate::error::{CallFailure, ChainError, Refusal};
use crate::subtensor::connection::Connection;
use crate::subtensor::fault::Fault;

/// Most calls whose search is remembered; a node has two or three under way.
const CACHED_CALLS_MAX: usize = 32;

/// Remembers which finalised blocks have been searched for which call, so that asking again costs
/// only the blocks that came since. Finality never goes back, so it holds for all endpoints.
#[derive(Debug, Default)]
pub(in crate::subtensor) struct SettlementCache {
    searches: Mutex<BTreeMap<Hash, Search>>,
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Search {
    /// Number of the last block that was searched.
    searched_to: u64,
    found: Option<Place>,
}

/// The finalised head of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(in crate::subtensor) struct Head {
    pub(in crate::subtensor) block: ChainRef,
    /// Version of the runtime that carries out the block after it.
    pub(in crate::subtensor) spec_version: u32,
}

/// Looks for a call in the finalised blocks up to `head`, which is final on this endpoint.
///
/// Errors: [`ChainError::UnknownBlock`] if the endpoint has thrown away the state of the block in
/// which it found the call, and can't say how the call went.
pub(in crate::subtensor) async fn settlement(
    connection: &Connection,
    head: Head,
    call: &SignedCall,
    cache: &SettlementCache,
) -> Result<Settlement, Fault> {
    let rpc = &connection.rpc;
    let mut search = cache.get(call);
    loop {
        let blocks = first_of(&search.open_blocks(head.block.number, call));
        if blocks.is_empty() {
            break;
        }
        search.searched_to = *blocks.end();
        search.found = find(rpc, blocks, call).await?;
        cache.put(call, search);
    }
    if let Some(place) = search.found {
        return outcome(connection, place).await;
    }
    let at = Some(H256(head.block.hash.0));
    if head.is_over(call) || nonce_at(rpc, &call.hotkey, at).await? > call.nonce {
        return Ok(Settlement::Lost);
    }
    Ok(Settlement::Waiting)
}

impl Head {
    /// Whether no block after this one can hold the call. An endpoint that is behind may not have
    /// come to the runtime that it was signed for.
    fn is_over(&self, call: &SignedCall) -> bool {
        let number = self.block.number;
        // The block that replaced the runtime was still carried out by the one before.
        let is_replaced = number > call.signed_at && self.spec_version != call.spec_version;
        number >= call.valid_until || is_replaced
    }
}

impl Search {
    /// The finalised blocks that can hold the call and haven't been searched.
    fn open_blocks(self, head: u64, call: &SignedCall) -> RangeInclusive<u64> {
        let last = match self.found {
            Some(_) => 0,
            None => head.min(call.valid_until),
        };
        self.searched_to.saturating_add(1)..=last
    }
}

impl SettlementCache {
    /// What became of a call whose block no endpoint has the state of: what the chain holds will
    /// tell how it went.
    pub(in crate::subtensor) fn or_done(
        &self,
        call: &SignedCall,
        settled: Result<Settlement, ChainError>,
    ) -> Result<Settlement, ChainError> {
        match (settled, self.get(call).found) {
            (Err(ChainError::UnknownBlock(unknown)), Some(place)) if unknown.0 == place.hash.0 => {
                Ok(Settlement::Done { block: place.block })
            }
            (settled, _) => settled,
        }
    }

    /// The first block that can hold a call and hasn't been searched; `None` if it was found.
    pub(super) fn first_open(&self, call: &SignedCall) -> Option<u64> {
        let search = self.get(call);
        let first = search.searched_to.saturating_add(1);
        search.found.is_none().then_some(first)
    }

    fn get(&self, call: &SignedCall) -> Search {
        let searches = self.searches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = searches.get(&call.hash).copied();
        known.unwrap_or(Search {
            searched_to: call.signed_at,
            found: None,
        })
    }

    fn put(&self, call: &SignedCall, search: Search) {
        let mut searches = self.searches.lock().unwrap_or_else(PoisonError::into_inner);
        searches.insert(call.hash, search);
        // Whoever falls out is searched for again.
        while searches.len() > CACHED_CALLS_MAX {
            let other = searches.keys().find(|hash| **hash != call.hash).copied();
            other.and_then(|hash| searches.remove(&hash));
        }
    }
}

/// How the call went, by the events of its block.
async fn outcome(connection: &Connection, place: Place) -> Result<Settlement, Fault> {
    let rpc = &connection.rpc;
    let block = place.block;
    let hash = Hash(place.hash.0);
    let bytes = rpc.state_get_storage(&events_key(), Some(place.hash)).await;
    let bytes = bytes.map_err(|error| Fault::at_block(hash, error))?;
    let bytes = bytes.ok_or_else(|| nothing("state_getStorage", format!("events of {block}")))?;
    // A block that replaces the runtime is still carried out by the one before, which is the
    // runtime of its parent's state.
    let parent = block.saturating_sub(1);
    let parent_hash = known_hash(rpc, parent).await?;
    let parent = connection.at_number(Hash(parent_hash.0), parent).await;
    let parent = parent.map_err(|fault| match fault {
        Fault::Elsewhere(ChainError::UnknownBlock(_)) => {
            Fault::Elsewhere(ChainError::UnknownBlock(hash))
        }
        fault => fault,
    })?;
    let events = parent.events().from_bytes(bytes);
    match failure(&events, place.position, &parent.metadata())? {
        Some(failure) => Ok(Settlement::Failed { block, failure }),
        None => Ok(Settlement::Done { block }),
    }
}

/// Why the extrinsic at a position failed; `None` if it didn't.
fn failure(
    events: &Events<SubstrateConfig>,
    position: u32,
    metadata: &subxt::ArcMetadata,
) -> Result<Option<CallFailure>, Fault> {
    for event in events.iter() {
        let event = event.map_err(Fault::client)?;
        if event.phase() != Phase::ApplyExtrinsic(position) || event.pallet_name() != "System" {
            continue;
        }
        match event.event_name() {
            "ExtrinsicSuccess" => return Ok(None),
            "ExtrinsicFailed" => {
                let error = DispatchError::decode_from(event.field_bytes(), metadata.clone());
                return error.map(named).map(Some).map_err(Fault::client);
            }
            _ => {}
        }
    }
    let expected = format!("an event that says how extrinsic {position} went");
    Err(nothing("System.Events", expected))
}

/// The failure by the name that the block's own metadata has for it.
fn named(error: DispatchError) -> CallFailure {
    if let DispatchError::Module(module) = &error
        && let Ok(details) = module.details()
    {
        let name = &details.variant.name;
        return Refusal::from_name(name).map_or_else(
            || CallFailure::Other {
                name: format!("{}.{name}", details.pallet.name()),
            },
            Into::into,
        );
    }
    CallFailure::Other {
        name: error.to_string(),
    }
}

/// Storage key of `System.Events`.
fn events_key() -> Vec<u8> {
    let pallet = sp_crypto_hashing::twox_128(b"System");
    let item = sp_crypto_hashing::twox_128(b"Events");
    [pallet, item].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_consensus::keys::Hotkey;

    fn call(name: &str) -> SignedCall {
        SignedCall {
            name: name.to_owned(),
            hotkey: Hotkey([1; 32]),
            extrinsic: Vec::new(),
            hash: Hash::of(name.as_bytes()),
            nonce: 0,
            signed_at: 10,
            valid_until: 20,
            spec_version: 1,
        }
    }

    #[test]
    fn the_key_of_the_events_is_that_of_every_substrate_chain() {
        assert_eq!(
            hex::encode(events_key()),
            "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7"
        );
    }

    #[test]
    fn a_call_is_over_with_its_time_or_its_runtime_but_not_for_an_endpoint_behind() {
        let is_over = |number, spec_version| {
            let block = ChainRef {
                number,
                hash: Hash::ZERO,
                epoch: 0,
                next_epoch_start: 100,
                timestamp_ms: 0,
            };
            let head = Head {
                block,
                spec_version,
            };
            head.is_over(&call("a"))
        };
        assert!(!is_over(19, 1));
        assert!(is_over(20, 1));
        assert!(is_over(11, 2));
        // It was signed at block 10, for the runtime that came with it.
        assert!(!is_over(9, 0));
    }

    #[test]
    fn blocks_are_searched_once_and_only_while_they_can_hold_the_call() {
        let cache = SettlementCache::default();
        let call = call("a");
        assert_eq!(cache.get(&call).open_blocks(13, &call), 11..=13);
        cache.put(
            &call,
            Search {
                searched_to: 13,
                found: None,
            },
        );
        assert!(cache.get(&call).open_blocks(13, &call).is_empty());
        assert_eq!(cache.get(&call).open_blocks(30, &call), 14..=20);
        let found = Place {
            block: 15,
            hash: H256::zero(),
            position: 1,
        };
        cache.put(
            &call,
            Search {
                searched_to: 15,
                found: Some(found),
            },
        );
        assert!(cache.get(&call).open_blocks(30, &call).is_empty());
    }

    #[test]
    fn the_cache_stays_small_and_keeps_the_call_that_is_searched_for() {
        let cache = SettlementCache::default();
        for index in 0..100 {
            let call = call(&index.to_string());
            let search = Search {
                searched_to: 15,
                found: None,
            };
            cache.put(&call, search);
            assert_eq!(cache.get(&call), search);
        }
        assert_eq!(cache.searches.lock().unwrap().len(), CACHED_CALLS_MAX);
    }
}
