//! Tasks of the driver: owned, counted, and gone soon after it is told to stop.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns tasks that end when the driver ends.
pub(super) struct Background {
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl Background {
    pub(super) fn new(cancel: CancellationToken) -> Background {
        Background {
            tasks: TaskTracker::new(),
            cancel,
        }
    }

    /// Runs a task until it ends or the driver is told to stop: it must bear to be dropped at any
    /// await.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        self.tasks.spawn(async move {
            let _cancelled = cancel.run_until_cancelled_owned(task).await;
        });
    }

    /// Runs something short that blocks.
    pub(super) fn spawn_blocking(&self, task: impl FnOnce() + Send + 'static) {
        self.tasks.spawn_blocking(task);
    }

    /// Waits until all tasks are gone; call it after cancelling.
    pub(super) async fn wait(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
