//! Failures that a node can't go on without: they end the driver, and with it the process.

use tokio::sync::mpsc;

use crate::storage::StorageError;

/// The way to tell the driver that it has to end.
#[derive(Clone)]
pub(super) struct Failure(mpsc::Sender<String>);

impl Failure {
    /// The way and its end.
    pub(super) fn channel() -> (Failure, mpsc::Receiver<String>) {
        // One failure is enough to end.
        let (sender, receiver) = mpsc::channel(1);
        (Failure(sender), receiver)
    }

    /// Ends the driver with an error.
    pub(super) fn report(&self, error: &StorageError) {
        // When there is one already, that one ends the driver.
        let _already = self.0.try_send(error.to_string());
    }
}
