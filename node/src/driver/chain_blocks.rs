//! Chain blocks for the core: every finalised head, and those in between that the watcher skipped,
//! so that proposals which refer to them can be judged.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tracing::debug;

use assay_consensus::block::ChainRef;
use assay_consensus::core::Input;

use super::background::Background;
use crate::shared::Shared;

/// Blocks before a head that are read at most; what is older is read when a proposal names it.
const GAP_MAX: u64 = 50;

/// Gaps that are read at once; what comes on top is read when a proposal names it.
const GAPS_AT_ONCE: usize = 4;

/// Blocks named by proposals that are read at once; validators hold few proposals at a time.
const NAMED_AT_ONCE: usize = 64;

/// Tries of one read, since the core asks only once.
const TRIES: usize = 4;

/// Pause between two tries.
const RETRY: Duration = Duration::from_millis(500);

/// Which heads the core has got, and the way to get others.
pub(super) struct ChainBlocks {
    shared: Arc<Shared>,
    answers: mpsc::Sender<Input>,
    gaps: Arc<Semaphore>,
    named: Arc<Semaphore>,
    newest: Option<u64>,
}

impl ChainBlocks {
    pub(super) fn new(shared: Arc<Shared>, answers: mpsc::Sender<Input>) -> ChainBlocks {
        ChainBlocks {
            shared,
            answers,
            gaps: Arc::new(Semaphore::new(GAPS_AT_ONCE)),
            named: Arc::new(Semaphore::new(NAMED_AT_ONCE)),
            newest: None,
        }
    }

    /// Takes a new head and reads what was skipped before it.
    pub(super) fn take_head(&mut self, background: &Background, head: ChainRef) -> Input {
        let gap = gap_before(self.newest, head.number);
        self.newest = self.newest.max(Some(head.number));
        self.read(background, &self.gaps, gap);
        Input::ChainHead(head)
    }

    /// Reads one block that the core asks for.
    pub(super) fn load(&self, background: &Background, number: u64) {
        self.read(background, &self.named, number..number.saturating_add(1));
    }

    fn read(&self, background: &Background, slots: &Arc<Semaphore>, numbers: Range<u64>) {
        if numbers.is_empty() {
            return;
        }
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
            debug!(?numbers, "too many reads of chain blocks at once");
            return;
        };
        let (shared, answers) = (Arc::clone(&self.shared), self.answers.clone());
        background.spawn(async move {
            let _slot = slot;
            for number in numbers {
                let Some(block) = read_block(&shared, number).await else {
                    continue;
                };
                if answers.send(Input::ChainHead(block)).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// A finalised block of the chain; nothing if it is not finalised, too old, or can't be read.
async fn read_block(shared: &Shared, number: u64) -> Option<ChainRef> {
    for _ in 0..TRIES {
        match shared.chain.block(number).await {
            Ok(found) => return found,
            Err(error) => debug!(number, %error, "chain block can't be read"),
        }
        tokio::time::sleep(RETRY).await;
    }
    None
}

/// Numbers between the newest known block and a new head, the latest ones if there are many.
fn gap_before(newest: Option<u64>, head: u64) -> Range<u64> {
    let earliest = head.saturating_sub(GAP_MAX);
    let start = newest.map_or(earliest, |newest| newest.saturating_add(1).max(earliest));
    start..head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_heads_are_read_and_no_more_than_the_limit() {
        assert_eq!(gap_before(Some(7), 10), 8..10);
        assert_eq!(gap_before(Some(7), 1_000), 950..1_000);
        assert_eq!(gap_before(None, 1_000), 950..1_000);
        assert_eq!(gap_before(None, 3), 0..3);
    }

    #[test]
    fn the_next_head_and_an_old_one_leave_no_gap() {
        assert!(gap_before(Some(9), 10).is_empty());
        assert!(gap_before(Some(10), 10).is_empty());
        assert!(gap_before(Some(20), 10).is_empty());
    }
}
