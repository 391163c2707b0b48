//! Weights as the chain holds them.

use std::collections::BTreeMap;

use subxt::dynamic;

use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::SubtensorChain;
use super::connection::AtBlock;
use super::epochs::EpochPosition;
use super::fault::Fault;
use super::metagraph::{Columns, read_columns};
use super::read::{PALLET, hash_at};
use crate::chain::ChainWeights;
use crate::error::ChainError;
use crate::limits::NEURONS_MAX;

/// Weights of one validator by uid.
type Row = Vec<(u16, u16)>;

impl SubtensorChain {
    /// The latest weights of every validator after a finalised block, ascending by hotkey; at the
    /// finalised head when no block is named. The epoch of weights from before the present epoch is
    /// counted back in epochs of the present length, since older states may be gone.
    pub(super) async fn weights_on_chain(
        &self,
        at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError> {
        self.with("weights_on_chain", |connection| async move {
            let (at, known) = match at_block {
                Some(hash) => self.state_at(&connection, hash).await?,
                None => self.state_at_head(&connection).await?,
            };
            let netuid = connection.netuid;
            let (columns, rows) =
                tokio::try_join!(read_columns(&at, netuid), read_rows(&at, netuid))?;
            Ok(join(&columns, rows, &known.position))
        })
        .await
    }
}

/// Reads all rows of the weights of mechanism 0, whose index is the netuid.
async fn read_rows(at: &AtBlock, netuid: u16) -> Result<BTreeMap<u16, Row>, Fault> {
    let fault = |error: subxt::error::StorageError| Fault::at_block(hash_at(at), error);
    let address = dynamic::storage::<(u16, u16), Row>(PALLET, "Weights");
    let mut found = at.storage().iter(address, (netuid,)).await.map_err(fault)?;
    let mut rows = BTreeMap::new();
    while let Some(entry) = found.next().await {
        let entry = entry.map_err(fault)?;
        let (_, uid) = entry
            .key()
            .and_then(|key| key.decode())
            .map_err(Fault::client)?;
        let row = entry.value().decode().map_err(Fault::client)?;
        if row.len() > NEURONS_MAX || rows.len() >= NEURONS_MAX {
            return Err(Fault::bad_answer(
                format!("weights of at most {NEURONS_MAX} neurons for as many"),
                "more",
            ));
        }
        rows.insert(uid, row);
    }
    Ok(rows)
}

/// Puts hotkeys to the rows; a uid that nobody has any more is left out.
fn join(
    columns: &Columns,
    mut rows: BTreeMap<u16, Row>,
    position: &EpochPosition,
) -> Vec<ChainWeights> {
    let neurons = (0u16..).zip(columns.hotkeys.iter().zip(&columns.last_update));
    let mut weights: Vec<ChainWeights> = neurons
        .filter_map(|(uid, (hotkey, block))| {
            let entries = tidy(rows.remove(&uid)?);
            (!entries.is_empty()).then(|| ChainWeights {
                hotkey: Hotkey(*hotkey),
                entries,
                block: *block,
                epoch: position.epoch_of_earlier(*block),
            })
        })
        .collect();
    weights.sort_by_key(|weights| weights.hotkey);
    weights
}

/// Entries that count, ascending by uid.
fn tidy(mut row: Row) -> Row {
    row.retain(|(_, weight)| *weight > 0);
    row.sort_unstable();
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_weight_are_left_out_and_the_rest_is_sorted() {
        assert_eq!(
            tidy(vec![(3, 7), (1, 0), (0, 65_535)]),
            [(0, 65_535), (3, 7)]
        );
        assert_eq!(tidy(vec![(1, 0)]), []);
    }
}
