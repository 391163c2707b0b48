//! Where a block is within the subnet's epochs. A pure function of the state after that block, so
//! that every node gets the same answer from every endpoint.

use super::connection::AtBlock;
use super::fault::Fault;
use super::read::{PALLET, has_runtime_api, has_storage, runtime_api, storage, unsupported};

/// The runtime's functions about subnets.
pub(super) const API: &str = "SubnetInfoRuntimeApi";
/// The function that says which block begins the next epoch; the oldest runtimes lack it.
pub(super) const NEXT_EPOCH: &str = "get_next_epoch_start_block";
const EPOCH_INDEX: &str = "SubnetEpochIndex";

/// The epoch that a block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EpochPosition {
    /// Number of the epoch.
    pub(super) epoch: u64,
    /// The block that began it, as far as this block's state tells; never a later one.
    pub(super) began: u64,
    /// The block that begins the next one, always a later one; the largest number if none does.
    pub(super) next: u64,
    /// Blocks of an epoch, at least 1.
    pub(super) length: u64,
}

/// What the state after a block says of the subnet's epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EpochState {
    /// The chain counts epochs and notes when the last one began.
    Counted {
        index: u64,
        last: u64,
        next: Option<u64>,
        tempo: u64,
    },
    /// An old runtime: the number of the block decides.
    ByNumber { netuid: u64, tempo: u64 },
}

/// Where the block is that is read.
pub(super) async fn position(at: &AtBlock, netuid: u16) -> Result<EpochPosition, Fault> {
    let key = (netuid,);
    let exists = storage::<_, bool>(at, PALLET, "NetworksAdded", key);
    let tempo = storage::<_, u16>(at, PALLET, "Tempo", key);
    let state = if has_storage(at, PALLET, EPOCH_INDEX) {
        let index = storage::<_, u64>(at, PALLET, EPOCH_INDEX, key);
        let last = storage::<_, u64>(at, PALLET, "LastEpochBlock", key);
        let next = next_epoch_start(at, netuid);
        let (exists, tempo, index, last, next) =
            tokio::try_join!(exists, tempo, index, last, next)?;
        check_subnet(at, netuid, exists)?;
        EpochState::Counted {
            index,
            last,
            next,
            tempo: tempo.into(),
        }
    } else {
        let (exists, tempo) = tokio::try_join!(exists, tempo)?;
        check_subnet(at, netuid, exists)?;
        EpochState::ByNumber {
            netuid: netuid.into(),
            tempo: tempo.into(),
        }
    };
    Ok(state.position(at.block_number()))
}

/// The epoch of a block by the rule of old runtimes.
pub(super) fn epoch_by_number(number: u64, netuid: u16, tempo: u16) -> u64 {
    let (netuid, tempo) = (netuid.into(), tempo.into());
    EpochState::ByNumber { netuid, tempo }
        .position(number)
        .epoch
}

fn check_subnet(at: &AtBlock, netuid: u16, exists: bool) -> Result<(), Fault> {
    if exists {
        Ok(())
    } else {
        Err(unsupported(at, format!("subnet {netuid}")))
    }
}

/// Asks the runtime for the first block of the next epoch, or computes it where it has no such
/// function.
async fn next_epoch_start(at: &AtBlock, netuid: u16) -> Result<Option<u64>, Fault> {
    if has_runtime_api(at, API, NEXT_EPOCH) {
        return runtime_api(at, API, NEXT_EPOCH, (netuid,)).await;
    }
    let key = (netuid,);
    let (tempo, last, pending) = tokio::try_join!(
        storage::<_, u16>(at, PALLET, "Tempo", key),
        storage::<_, u64>(at, PALLET, "LastEpochBlock", key),
        storage::<_, u64>(at, PALLET, "PendingEpochAt", key),
    )?;
    let regular = last.saturating_add(tempo.into());
    Ok((tempo > 0).then(|| match pending {
        0 => regular,
        pending => regular.min(pending),
    }))
}

impl EpochState {
    fn position(self, number: u64) -> EpochPosition {
        // A tempo that shrank can put the next epoch before the present block; it then begins as
        // soon as it can.
        let soonest = number.saturating_add(1);
        match self {
            EpochState::Counted {
                index,
                last,
                next,
                tempo,
            } => EpochPosition {
                epoch: index,
                began: last.min(number),
                next: next.map_or(u64::MAX, |next| next.max(soonest)),
                length: tempo.max(1),
            },
            EpochState::ByNumber { tempo: 0, .. } => EpochPosition {
                epoch: 0,
                began: 0,
                next: u64::MAX,
                length: 1,
            },
            EpochState::ByNumber { netuid, tempo } => {
                let length = tempo.saturating_add(1);
                let shifted = number.saturating_add(netuid).saturating_add(1);
                let offset = shifted % length;
                EpochPosition {
                    epoch: shifted / length,
                    began: number.saturating_sub(offset),
                    next: number.saturating_add(length - offset),
                    length,
                }
            }
        }
    }
}

impl EpochPosition {
    /// The epoch of an earlier block, if all epochs since were as long as the present one is. The
    /// states that would tell exactly may be gone.
    pub(super) fn epoch_of_earlier(&self, number: u64) -> u64 {
        if number >= self.began {
            return self.epoch;
        }
        let epochs_ago = (self.began - number).div_ceil(self.length.max(1));
        self.epoch.saturating_sub(epochs_ago)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn old_runtimes_begin_epochs_where_block_and_netuid_say() {
        let at = |number| {
            EpochState::ByNumber {
                netuid: 1,
                tempo: 10,
            }
            .position(number)
        };
        // (9 + 1 + 1) % 11 == 0.
        assert_eq!(at(8).epoch, 0);
        assert_eq!((at(8).began, at(8).next), (0, 9));
        assert_eq!(at(9).epoch, 1);
        assert_eq!((at(9).began, at(9).next), (9, 20));
        assert_eq!((at(19).began, at(19).next), (9, 20));
        assert_eq!(at(20).epoch, 2);
    }

    #[test]
    fn an_epoch_that_is_overdue_begins_with_the_next_block() {
        let position = EpochState::Counted {
            index: 3,
            last: 100,
            next: Some(110),
            tempo: 10,
        }
        .position(150);
        assert_eq!((position.began, position.next), (100, 151));
    }

    #[test]
    fn a_subnet_without_epochs_never_gets_another() {
        for state in [
            EpochState::ByNumber {
                netuid: 1,
                tempo: 0,
            },
            EpochState::Counted {
                index: 0,
                last: 0,
                next: None,
                tempo: 0,
            },
        ] {
            assert_eq!(state.position(77).next, u64::MAX);
        }
    }

    #[test]
    fn earlier_blocks_are_counted_back_in_whole_epochs() {
        let position = EpochPosition {
            epoch: 5,
            began: 50,
            next: 60,
            length: 10,
        };
        let epochs = [55, 50, 49, 40, 39, 0].map(|number| position.epoch_of_earlier(number));
        assert_eq!(epochs, [5, 5, 4, 4, 3, 0]);
    }

    proptest! {
        #[test]
        fn every_block_is_within_its_epoch(number: u64, netuid: u16, tempo: u16) {
            let state = EpochState::ByNumber { netuid: netuid.into(), tempo: tempo.into() };
            let position = state.position(number);
            prop_assert!(position.began <= number);
            prop_assert!(position.next > number || number == u64::MAX);
        }

        #[test]
        fn epochs_follow_on_one_another(number in 0u64..1 << 40, netuid: u16, tempo in 1u16..) {
            let state = EpochState::ByNumber { netuid: netuid.into(), tempo: tempo.into() };
            let position = state.position(number);
            let next = state.position(position.next);
            prop_assert_eq!(next.epoch, position.epoch + 1);
            prop_assert_eq!(next.began, position.next);
            prop_assert_eq!(state.position(position.began).epoch, position.epoch);
        }
    }
}
