//! Setting weights: the checks of the real chain in its order, and what is stored.

use std::collections::BTreeSet;

use parity_scale_codec::Compact;

use super::deposit;
use super::errors::Error;
use super::events::Event;
use super::network::{
    ROOT, commit_reveal, ensure, has_min_stake, is_owner, mechanism_exists, passes_rate_limit,
    registered_uid, touch, uid_exists,
};
use super::storage::{
    MAX_WEIGHTS_LIMIT, MIN_ALLOWED_WEIGHTS, SUBNETWORK_N, VALIDATOR_PERMIT, WEIGHTS,
    WEIGHTS_VERSION_KEY,
};
use crate::pallets::system;
use crate::storage::State;
use crate::types::{AccountId32, MechId, NetUid, NetUidStorageIndex};

/// Weights of one mechanism as a hotkey wants them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The subnet.
    pub netuid: NetUid,
    /// The mechanism.
    pub mechanism: MechId,
    /// Uids that get something.
    pub uids: Vec<u16>,
    /// What each of them gets.
    pub values: Vec<u16>,
    /// Version of the rules by which they were found.
    pub version_key: u64,
}

/// One subnet's part of a batch: uids with weights.
pub type BatchItem = Vec<(Compact<u16>, Compact<u16>)>;

/// Sets plain weights.
pub fn set(state: &mut State<'_>, hotkey: AccountId32, request: &Request) -> Result<(), Error> {
    ensure(
        !commit_reveal(state, request.netuid),
        Error::CommitRevealEnabled,
    )?;
    store(state, hotkey, request)
}

/// Sets plain weights in several subnets; a part that fails is named by an event and leaves the
/// others alone.
pub fn set_batch(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuids: &[Compact<NetUid>],
    weights: &[BatchItem],
    version_keys: &[Compact<u64>],
) -> Result<(), Error> {
    ensure(
        netuids.len() == weights.len() && netuids.len() == version_keys.len(),
        Error::InputLengthsUnequal,
    )?;
    let mut all_set = true;
    for ((netuid, weights), version_key) in netuids.iter().zip(weights).zip(version_keys) {
        let request = Request {
            netuid: netuid.0,
            mechanism: MechId(0),
            uids: weights.iter().map(|(uid, _)| uid.0).collect(),
            values: weights.iter().map(|(_, value)| value.0).collect(),
            version_key: version_key.0,
        };
        if let Err(error) = state.transaction(|state| set(state, hotkey, &request)) {
            batch_item_failed(state, netuid.0, error);
            all_set = false;
        }
    }
    finish_batch(state, hotkey, netuids, all_set);
    Ok(())
}

/// Names the failure of a part of a batch.
pub(super) fn batch_item_failed(state: &mut State<'_>, netuid: NetUid, error: Error) {
    let error = error.dispatch_error(system::runtime(state));
    deposit(state, Event::BatchWeightItemFailed(netuid, error));
}

/// Says how a batch went.
pub(super) fn finish_batch(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuids: &[Compact<NetUid>],
    all_done: bool,
) {
    let event = if all_done {
        Event::BatchWeightsCompleted(netuids.to_vec(), hotkey)
    } else {
        Event::BatchCompletedWithErrors()
    };
    deposit(state, event);
}

/// Checks and stores weights, whether they came plain or were revealed.
pub fn store(state: &mut State<'_>, hotkey: AccountId32, request: &Request) -> Result<(), Error> {
    let netuid = request.netuid;
    let index = NetUidStorageIndex::new(netuid, request.mechanism);
    check_shape(state, request)?;
    let uid = check_signer(state, hotkey, request, index)?;
    let entries = check_entries(state, uid, request)?;
    WEIGHTS.put(state, (index, uid), &entries);
    if !commit_reveal(state, netuid) {
        touch(state, index, uid);
    }
    deposit(state, Event::WeightsSet(index, uid));
    Ok(())
}

fn check_shape(state: &State<'_>, request: &Request) -> Result<(), Error> {
    let netuid = request.netuid;
    ensure(netuid != ROOT, Error::CanNotSetRootNetworkWeights)?;
    ensure(
        request.uids.len() == request.values.len(),
        Error::WeightVecNotEqualSize,
    )?;
    ensure(
        mechanism_exists(state, netuid, request.mechanism),
        Error::MechanismDoesNotExist,
    )?;
    ensure(
        request.uids.len() <= usize::from(SUBNETWORK_N.get(state, (netuid,))),
        Error::UidsLengthExceedUidsInSubNet,
    )
}

fn check_signer(
    state: &State<'_>,
    hotkey: AccountId32,
    request: &Request,
    index: NetUidStorageIndex,
) -> Result<u16, Error> {
    let netuid = request.netuid;
    let uid = registered_uid(state, netuid, hotkey)?;
    ensure(
        has_min_stake(state, netuid, hotkey),
        Error::NotEnoughStakeToSetWeights,
    )?;
    let oldest = WEIGHTS_VERSION_KEY.get(state, (netuid,));
    ensure(
        oldest == 0 || request.version_key >= oldest,
        Error::IncorrectWeightVersionKey,
    )?;
    // With commits the pause is between them; their reveals come when they are due.
    ensure(
        commit_reveal(state, netuid) || passes_rate_limit(state, netuid, index, uid),
        Error::SettingWeightsTooFast,
    )?;
    let permits = VALIDATOR_PERMIT.get(state, (netuid,));
    let has_permit = permits.get(usize::from(uid)) == Some(&true);
    ensure(
        has_permit || is_self_weight(uid, request) || is_owner(state, netuid, hotkey),
        Error::NeuronNoValidatorPermit,
    )?;
    Ok(uid)
}

/// Checks the entries and returns them as they are stored.
fn check_entries(state: &State<'_>, uid: u16, request: &Request) -> Result<Vec<(u16, u16)>, Error> {
    let netuid = request.netuid;
    let unique: BTreeSet<u16> = request.uids.iter().copied().collect();
    ensure(unique.len() == request.uids.len(), Error::DuplicateUids)?;
    ensure(
        unique.iter().all(|uid| uid_exists(state, netuid, *uid)),
        Error::UidVecContainInvalidOne,
    )?;
    let neurons = SUBNETWORK_N.get(state, (netuid,));
    let fewest = MIN_ALLOWED_WEIGHTS.get(state, (netuid,)).min(neurons);
    let is_self_weight = is_self_weight(uid, request);
    ensure(
        is_self_weight || request.uids.len() >= usize::from(fewest),
        Error::WeightVecLengthIsLow,
    )?;
    let scaled = max_upscale(&request.values);
    let limit = u64::from(MAX_WEIGHTS_LIMIT.get(state, (netuid,)));
    let sum: u64 = scaled.iter().map(|value| u64::from(*value)).sum();
    let max = scaled.iter().max().map_or(0, |value| u64::from(*value));
    ensure(
        is_self_weight || limit == u64::from(u16::MAX) || max * u64::from(u16::MAX) <= limit * sum,
        Error::MaxWeightExceeded,
    )?;
    Ok(request.uids.iter().copied().zip(scaled).collect())
}

/// One entry, to oneself.
fn is_self_weight(uid: u16, request: &Request) -> bool {
    request.uids.as_slice() == [uid]
}

/// Scales values so that the largest becomes 65,535, rounding half up; zeros stay.
pub fn max_upscale(values: &[u16]) -> Vec<u16> {
    let Some(max) = values.iter().copied().max().filter(|max| *max > 0) else {
        return values.to_vec();
    };
    let max = u32::from(max);
    let scale = |value: &u16| (u32::from(*value) * u32::from(u16::MAX) + max / 2) / max;
    values
        .iter()
        // At most 65,535, since no value is above the largest.
        .map(|value| u16::try_from(scale(value)).unwrap_or(u16::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn upscaling_gives_what_the_real_chain_stores() {
        assert_eq!(max_upscale(&[100, 300]), vec![21_845, 65_535]);
        assert_eq!(max_upscale(&[21_845, 65_535]), vec![21_845, 65_535]);
        assert_eq!(max_upscale(&[0, 0]), vec![0, 0]);
        assert_eq!(max_upscale(&[]), Vec::<u16>::new());
    }

    proptest! {
        #[test]
        fn upscaling_keeps_the_order_and_is_stable(
            values in proptest::collection::vec(any::<u16>(), 0..64)
        ) {
            let once = max_upscale(&values);
            prop_assert_eq!(max_upscale(&once), once.clone());
            for (value, scaled) in values.iter().zip(&once) {
                for (other, other_scaled) in values.iter().zip(&once) {
                    prop_assert!(value > other || scaled <= other_scaled);
                }
            }
        }
    }
}
