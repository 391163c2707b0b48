//! Follows finalised heads in a task of its own. A watch channel holds exactly one head, so a slow
//! reader never piles up memory and never misses the latest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use assay_consensus::block::ChainRef;

use crate::chain::Chain;
use crate::error::ChainError;
use crate::limits::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, BEHIND_MAX_BLOCKS};

/// What a [`HeadWatcher`] last saw.
#[derive(Debug, Clone, Default)]
pub struct HeadStatus {
    /// The latest finalised head; nothing before the first answer.
    pub head: Option<ChainRef>,
    /// The last error, while calls fail.
    pub error: Option<ChainError>,
}

/// Owns the task that follows the chain.
#[derive(Debug)]
pub struct HeadWatcher {
    status: watch::Receiver<HeadStatus>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl HeadWatcher {
    /// Starts following. Must be called inside a tokio runtime.
    pub fn spawn(chain: Arc<dyn Chain>) -> HeadWatcher {
        let (status_sender, status) = watch::channel(HeadStatus::default());
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(follow(chain, status_sender, stopped));
        HeadWatcher { status, stop, task }
    }

    /// A receiver of the latest status: `changed().await` wakes on news, errors included.
    pub fn subscribe(&self) -> watch::Receiver<HeadStatus> {
        self.status.clone()
    }

    /// The latest finalised head.
    pub fn latest(&self) -> Option<ChainRef> {
        self.status.borrow().head
    }

    /// Stops the task and waits for its end.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The task only ends by returning or with the runtime; either way it is gone.
        let _ = self.task.await;
    }
}

async fn follow(
    chain: Arc<dyn Chain>,
    status: watch::Sender<HeadStatus>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut pause_ms = BACK_OFF_FIRST_MS;
    loop {
        let after = status.borrow().head.map(|head| head.number);
        let answer = tokio::select! {
            answer = ask(chain.as_ref(), after) => answer,
            _ = stopped.changed() => return,
        };
        match answer {
            Ok(news) => {
                pause_ms = BACK_OFF_FIRST_MS;
                status.send_if_modified(|status| accept(status, news));
            }
            Err(error) => {
                status.send_modify(|status| status.error = Some(error));
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
                    _ = stopped.changed() => return,
                }
                pause_ms = (pause_ms * 2).min(BACK_OFF_MAX_MS);
            }
        }
    }
}

async fn ask(chain: &dyn Chain, after: Option<u64>) -> Result<Option<ChainRef>, ChainError> {
    match after {
        None => chain.finalized_head().await.map(Some),
        Some(number) => chain.next_head(number).await,
    }
}

/// Takes a newer head; finality never goes back, so one that is a little older is ignored. One that
/// is far below takes the place of a head that was false. Whether anything changed.
fn accept(status: &mut HeadStatus, news: Option<ChainRef>) -> bool {
    let had_error = status.error.take().is_some();
    let is_newer = news.is_some_and(|news| {
        status
            .head
            .is_none_or(|head| replaces(news.number, head.number))
    });
    if is_newer {
        status.head = news;
    }
    is_newer || had_error
}

fn replaces(news: u64, head: u64) -> bool {
    news > head || head - news > BEHIND_MAX_BLOCKS
}
