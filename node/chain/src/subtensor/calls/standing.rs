//! What the finalised chain holds of weights whose call was taken. When a commit is revealed follows
//! from the epoch that it got into and the subnet's period of now, whatever was expected of both when
//! it was signed.

use std::cmp::Ordering;

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::params::{Params, reveal_period, uid_of};
use super::salted::PendingCommit;
use super::{salted, timelocked};
use crate::chain::{PreparedWeights, WeightsMethod, WeightsStanding};
use crate::subtensor::connection::AtBlock;
use crate::subtensor::fault::Fault;
use crate::subtensor::read::{PALLET, find};
use crate::weights::without_zeros;

/// What the chain holds at the finalised head of weights whose call is in a finalised block.
/// `hotkey` is whose weights they are.
pub(in crate::subtensor) async fn weights_standing(
    at: &AtBlock,
    head: ChainRef,
    netuid: u16,
    hotkey: &Hotkey,
    prepared: &PreparedWeights,
) -> Result<WeightsStanding, Fault> {
    let standing = Standing {
        at,
        head,
        netuid,
        hotkey,
        prepared,
    };
    match &prepared.method {
        WeightsMethod::Plain => {
            standing
                .of_weights(|| "other weights took their place")
                .await
        }
        WeightsMethod::Timelocked {
            commit_hash, round, ..
        } => standing.of_timelocked(commit_hash, *round).await,
        WeightsMethod::Salted { commit_hash, .. } => standing.of_salted(commit_hash).await,
    }
}

struct Standing<'a> {
    at: &'a AtBlock,
    head: ChainRef,
    netuid: u16,
    hotkey: &'a Hotkey,
    prepared: &'a PreparedWeights,
}

impl Standing<'_> {
    /// Compares with the weights that are stored; `otherwise` says why they may differ.
    async fn of_weights<S: Into<String>>(
        &self,
        otherwise: impl FnOnce() -> S,
    ) -> Result<WeightsStanding, Fault> {
        let Some(uid) = uid_of(self.at, self.netuid, self.hotkey).await? else {
            return Ok(gone("the hotkey is not registered any more"));
        };
        let key = (self.netuid, uid);
        let stored = find::<_, Vec<(u16, u16)>>(self.at, PALLET, "Weights", key).await?;
        let stored = significant(&stored.unwrap_or_default());
        if stored == significant(&self.prepared.entries) {
            return Ok(WeightsStanding::Stored);
        }
        let held = match stored.len() {
            0 => "no weights".to_owned(),
            1 => "one weight".to_owned(),
            several => format!("{several} weights"),
        };
        let otherwise = otherwise().into();
        Ok(gone(format!("{otherwise}; the chain holds {held}")))
    }

    async fn of_timelocked(
        &self,
        commit_hash: &Hash,
        round: u64,
    ) -> Result<WeightsStanding, Fault> {
        let period = reveal_period(self.at, self.netuid).await?;
        let reveal_epoch = self.prepared.epoch.saturating_add(period);
        // The subnet's owner can end an epoch before its time; then the commit is in the next.
        for late in 0..=1 {
            let epoch = self.prepared.epoch.saturating_add(late);
            let commits = timelocked::pending(self.at, self.netuid, epoch, self.hotkey).await?;
            if commits.contains(commit_hash) {
                let reveal_epoch = reveal_epoch.saturating_add(late);
                return Ok(WeightsStanding::Committed { reveal_epoch });
            }
        }
        let newest_round = find::<_, u64>(self.at, "Drand", "LastStoredRound", ()).await?;
        let params = Params::read(self.at, self.netuid, self.hotkey).await?;
        // The pause is no matter of the reveal.
        let params = Params {
            last_update: 0,
            ..params
        };
        let entries = &self.prepared.entries;
        let refusal = params.check(entries, u64::MAX, self.head.number).err();
        self.of_weights(|| match refusal {
            _ if self.head.epoch < reveal_epoch => {
                "the commit is gone before its reveal".to_owned()
            }
            _ if newest_round.is_none_or(|newest| newest < round) => {
                format!("round {round} of the beacon did not come in the epoch of the reveal")
            }
            Some(refusal) => format!("the chain revealed the commit and refused it: {refusal}"),
            None => "the chain revealed the commit and did not store it".to_owned(),
        })
        .await
    }

    async fn of_salted(&self, commit_hash: &Hash) -> Result<WeightsStanding, Fault> {
        let commits = salted::pending(self.at, self.netuid, self.hotkey).await?;
        let commit = commits.iter().find(|commit| commit.hash == *commit_hash);
        let Some(PendingCommit { reveal_epoch, .. }) = commit.copied() else {
            return self
                .of_weights(|| "the commit is gone without these weights")
                .await;
        };
        let epoch = self.head.epoch;
        Ok(match epoch.cmp(&reveal_epoch) {
            Ordering::Less => WeightsStanding::Committed { reveal_epoch },
            Ordering::Equal => WeightsStanding::RevealDue,
            Ordering::Greater => gone(format!(
                "the commit was not revealed in epoch {reveal_epoch}, and now is epoch {epoch}"
            )),
        })
    }
}

/// Weights that give something, ascending by uid.
fn significant(entries: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut entries = without_zeros(entries);
    entries.sort_unstable();
    entries
}

fn gone(reason: impl Into<String>) -> WeightsStanding {
    WeightsStanding::Gone {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_order_make_no_difference_between_weights() {
        assert_eq!(significant(&[(3, 5), (2, 0), (1, 9)]), vec![(1, 9), (3, 5)]);
    }
}
