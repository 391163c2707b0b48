//! What decides whether the chain takes weights of a hotkey, and the chain's own checks of it.

use std::collections::BTreeSet;

use subxt::ext::scale_decode::DecodeAsType;

use assay_consensus::keys::Hotkey;

use crate::error::Refusal;
use crate::subtensor::connection::AtBlock;
use crate::subtensor::epochs::API;
use crate::subtensor::fault::Fault;
use crate::subtensor::metagraph::SELECTIVE;
use crate::subtensor::read::{PALLET, find, runtime_api, storage};

/// The subnet that takes no weights.
const ROOT: u16 = 0;

/// Most commits of one hotkey that wait for their reveal.
const UNREVEALED_COMMITS_MAX: usize = 10;

/// Number of the stake weights among the parts of a metagraph.
const TOTAL_STAKE_INDEX: u16 = 69;

/// Parameters of a subnet, which exists, and the standing of one hotkey in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params {
    pub(super) netuid: u16,
    /// Number of neurons; uids have no gaps.
    pub(super) neurons: u16,
    pub(super) uid: Option<u16>,
    pub(super) is_owner: bool,
    pub(super) has_permit: bool,
    /// Stake weight, and what is needed of it (rao).
    pub(super) stake: u64,
    pub(super) stake_threshold: u64,
    /// Oldest version key; 0: any.
    pub(super) version_key: u64,
    /// Block of the last weights or commit, or of the registration; 0: never.
    pub(super) last_update: u64,
    /// Block in which the hotkey got its uid.
    pub(super) registered_in: u64,
    /// Blocks between two of them.
    pub(super) rate_limit: u64,
    pub(super) min_entries: u16,
    /// Largest share of one entry, of 65,535.
    pub(super) max_share: u16,
    pub(super) commit_reveal: bool,
    /// Epochs between commit and reveal.
    pub(super) reveal_period: u64,
}

/// The part of a metagraph that has the stake weights.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StakeWeights {
    total_stake: Option<Vec<u64>>,
}

impl Params {
    /// Reads everything at one block.
    pub(super) async fn read(at: &AtBlock, netuid: u16, hotkey: &Hotkey) -> Result<Params, Fault> {
        let subnet = (netuid,);
        let (neurons, uid, owner) = tokio::try_join!(
            storage::<_, u16>(at, PALLET, "SubnetworkN", subnet),
            uid_of(at, netuid, hotkey),
            find::<_, [u8; 32]>(at, PALLET, "SubnetOwnerHotkey", subnet),
        )?;
        let (version_key, rate_limit, min_entries, max_share) = tokio::try_join!(
            storage::<_, u64>(at, PALLET, "WeightsVersionKey", subnet),
            storage::<_, u64>(at, PALLET, "WeightsSetRateLimit", subnet),
            storage::<_, u16>(at, PALLET, "MinAllowedWeights", subnet),
            find::<_, u16>(at, PALLET, "MaxWeightsLimit", subnet),
        )?;
        let (permits, updates, stake_threshold) = tokio::try_join!(
            storage::<_, Vec<bool>>(at, PALLET, "ValidatorPermit", subnet),
            storage::<_, Vec<u64>>(at, PALLET, "LastUpdate", subnet),
            storage::<_, u64>(at, PALLET, "StakeThreshold", ()),
        )?;
        let (commit_reveal, reveal_period) = tokio::try_join!(
            storage::<_, bool>(at, PALLET, "CommitRevealWeightsEnabled", subnet),
            reveal_period(at, netuid),
        )?;
        let registered_in = match uid {
            Some(uid) => find::<_, u64>(at, PALLET, "BlockAtRegistration", (netuid, uid)).await?,
            None => None,
        };
        let position = usize::from(uid.unwrap_or(u16::MAX));
        let is_owner = owner == Some(hotkey.0);
        let stake = match uid {
            Some(_) if stake_threshold > 0 && !is_owner => {
                let stakes = stake_weights(at, netuid).await?;
                stakes.get(position).copied().unwrap_or_default()
            }
            _ => 0,
        };
        Ok(Params {
            netuid,
            neurons,
            uid,
            is_owner,
            has_permit: permits.get(position).copied().unwrap_or_default(),
            stake,
            stake_threshold,
            version_key,
            last_update: updates.get(position).copied().unwrap_or_default(),
            registered_in: registered_in.unwrap_or_default(),
            rate_limit,
            min_entries,
            max_share: max_share.unwrap_or(u16::MAX),
            commit_reveal,
            reveal_period,
        })
    }

    /// Block in which weights were set or committed since the epoch began. The chain would take more
    /// of them, but whoever lost its records must not set them twice.
    pub(super) fn set_since(&self, epoch_began: u64) -> Option<u64> {
        let is_set = self.last_update > 0
            && self.last_update >= epoch_began
            && self.last_update != self.registered_in;
        is_set.then_some(self.last_update)
    }

    /// The chain's checks in its order, for a call that gets into block `block`.
    pub(super) fn check(
        &self,
        entries: &[(u16, u16)],
        version_key: u64,
        block: u64,
    ) -> Result<(), Refusal> {
        ensure(self.netuid != ROOT, Refusal::CanNotSetRootNetworkWeights)?;
        ensure(
            entries.len() <= usize::from(self.neurons),
            Refusal::UidsLengthExceedUidsInSubNet,
        )?;
        let uid = self.uid.ok_or(Refusal::HotKeyNotRegisteredInSubNet)?;
        ensure(
            self.is_owner || self.stake >= self.stake_threshold,
            Refusal::NotEnoughStakeToSetWeights,
        )?;
        ensure(
            self.version_key == 0 || version_key >= self.version_key,
            Refusal::IncorrectWeightVersionKey,
        )?;
        self.check_pause(block)?;
        let is_self_weight = matches!(entries, [(only, _)] if *only == uid);
        ensure(
            self.has_permit || self.is_owner || is_self_weight,
            Refusal::NeuronNoValidatorPermit,
        )?;
        self.check_entries(entries, is_self_weight)
    }

    fn check_pause(&self, block: u64) -> Result<(), Refusal> {
        let passed = block.saturating_sub(self.last_update);
        ensure(
            self.last_update == 0 || passed >= self.rate_limit,
            if self.commit_reveal {
                Refusal::CommittingWeightsTooFast
            } else {
                Refusal::SettingWeightsTooFast
            },
        )
    }

    fn check_entries(&self, entries: &[(u16, u16)], is_self_weight: bool) -> Result<(), Refusal> {
        let unique: BTreeSet<u16> = entries.iter().map(|(uid, _)| *uid).collect();
        ensure(unique.len() == entries.len(), Refusal::DuplicateUids)?;
        ensure(
            unique.iter().all(|uid| *uid < self.neurons),
            Refusal::UidVecContainInvalidOne,
        )?;
        let fewest = usize::from(self.min_entries.min(self.neurons));
        let sum: u64 = entries.iter().map(|(_, value)| u64::from(*value)).sum();
        // The chain would take nothing but zeros, and there is nothing to say with them.
        ensure(
            sum > 0 && (is_self_weight || entries.len() >= fewest),
            Refusal::WeightVecLengthIsLow,
        )?;
        ensure(
            is_self_weight || crate::weights::is_within_share(entries, self.max_share),
            Refusal::MaxWeightExceeded,
        )
    }
}

/// Uid of a hotkey.
pub(super) async fn uid_of(
    at: &AtBlock,
    netuid: u16,
    hotkey: &Hotkey,
) -> Result<Option<u16>, Fault> {
    find::<_, u16>(at, PALLET, "Uids", (netuid, hotkey.0)).await
}

/// Epochs between commit and reveal, at least 1. It holds for commits that were made before it was
/// set, too.
pub(super) async fn reveal_period(at: &AtBlock, netuid: u16) -> Result<u64, Fault> {
    let period = find::<_, u64>(at, PALLET, "RevealPeriodEpochs", (netuid,)).await?;
    Ok(period.unwrap_or(1).max(1))
}

/// Checks that another commit may wait for its reveal.
pub(super) fn check_pending(commits: usize) -> Result<(), Refusal> {
    ensure(
        commits < UNREVEALED_COMMITS_MAX,
        Refusal::TooManyUnrevealedCommits,
    )
}

/// Stake weights by uid, by the rule of the permits.
async fn stake_weights(at: &AtBlock, netuid: u16) -> Result<Vec<u64>, Fault> {
    let parts = (netuid, vec![TOTAL_STAKE_INDEX]);
    let answer: Option<StakeWeights> = runtime_api(at, API, SELECTIVE, parts).await?;
    Ok(answer.and_then(|part| part.total_stake).unwrap_or_default())
}

/// Fails with `refusal` unless `holds`.
pub(super) fn ensure(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Params {
        Params {
            netuid: 1,
            neurons: 4,
            uid: Some(0),
            is_owner: false,
            has_permit: true,
            stake: 100,
            stake_threshold: 100,
            version_key: 3,
            last_update: 50,
            registered_in: 7,
            rate_limit: 10,
            min_entries: 2,
            max_share: u16::MAX,
            commit_reveal: false,
            reveal_period: 1,
        }
    }

    const ENTRIES: &[(u16, u16)] = &[(1, 65_535), (2, 65_535)];

    fn refusal(params: &Params, entries: &[(u16, u16)]) -> Option<Refusal> {
        params.check(entries, 3, 60).err()
    }

    #[test]
    fn weights_within_all_rules_pass() {
        assert_eq!(refusal(&good(), ENTRIES), None);
    }

    #[test]
    fn checks_come_in_the_order_of_the_chain() {
        // Everything is wrong; what is named first is put right first.
        let mut params = Params {
            netuid: 0,
            neurons: 2,
            uid: None,
            stake: 99,
            version_key: 4,
            last_update: 51,
            has_permit: false,
            min_entries: 4,
            max_share: 1,
            ..good()
        };
        let mut entries = vec![(2, 1), (2, 1), (9, 1)];
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::CanNotSetRootNetworkWeights)
        );
        params.netuid = 1;
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::UidsLengthExceedUidsInSubNet)
        );
        params.neurons = 4;
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::HotKeyNotRegisteredInSubNet)
        );
        params.uid = Some(0);
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::NotEnoughStakeToSetWeights)
        );
        params.is_owner = true;
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::IncorrectWeightVersionKey)
        );
        params.version_key = 0;
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::SettingWeightsTooFast)
        );
        params.commit_reveal = true;
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::CommittingWeightsTooFast)
        );
        params.last_update = 0;
        (params.is_owner, params.stake) = (false, 100);
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::NeuronNoValidatorPermit)
        );
        params.has_permit = true;
        assert_eq!(refusal(&params, &entries), Some(Refusal::DuplicateUids));
        entries.remove(0);
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::UidVecContainInvalidOne)
        );
        entries.pop();
        assert_eq!(
            refusal(&params, &entries),
            Some(Refusal::WeightVecLengthIsLow)
        );
        params.min_entries = 1;
        assert_eq!(refusal(&params, &entries), Some(Refusal::MaxWeightExceeded));
        params.max_share = u16::MAX;
        assert_eq!(refusal(&params, &entries), None);
    }

    #[test]
    fn one_weight_to_oneself_needs_no_permit_no_length_and_no_share() {
        let params = Params {
            has_permit: false,
            max_share: 1,
            ..good()
        };
        assert_eq!(refusal(&params, &[(0, 65_535)]), None);
        assert_eq!(
            refusal(&params, &[(1, 65_535)]),
            Some(Refusal::NeuronNoValidatorPermit)
        );
    }

    #[test]
    fn nothing_but_zeros_is_refused() {
        let params = Params {
            min_entries: 0,
            ..good()
        };
        assert_eq!(refusal(&params, &[]), Some(Refusal::WeightVecLengthIsLow));
        assert_eq!(
            refusal(&params, &[(1, 0), (2, 0)]),
            Some(Refusal::WeightVecLengthIsLow)
        );
    }

    #[test]
    fn the_pause_is_counted_to_the_block_that_takes_the_call() {
        assert_eq!(
            good().check(ENTRIES, 3, 59),
            Err(Refusal::SettingWeightsTooFast)
        );
        let fresh = Params {
            last_update: 0,
            ..good()
        };
        assert_eq!(fresh.check(ENTRIES, 3, 1), Ok(()));
    }

    #[test]
    fn the_eleventh_commit_has_to_wait() {
        assert_eq!(check_pending(9), Ok(()));
        assert_eq!(check_pending(10), Err(Refusal::TooManyUnrevealedCommits));
    }
}
