//! A thread with an event loop of its own, so that callers may block wherever they are.

use std::future::Future;
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::SandboxError;

/// Dropping ends the thread.
#[derive(Debug)]
pub struct Runner {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts the thread.
    pub fn start() -> Result<Self, SandboxError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(SandboxError::system("making an event loop"))?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("assay-container".to_owned())
            .spawn(move || {
                // Also if the sender is gone.
                let _ = runtime.block_on(stopped);
            });
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread.map_err(SandboxError::system("starting a thread"))?),
        })
    }

    /// Runs to the end, blocking the caller.
    pub fn block_on<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SandboxError>> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let (done, result) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // The caller waits, so this never blocks.
            let _ = done.send(work.await);
        });
        let lost = |_| std::io::Error::other("it ended early");
        let received = result.recv().map_err(lost);
        received.map_err(SandboxError::system("waiting for the event loop"))?
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn works_and_ends_within_another_event_loop() {
        let runner = Runner::start().unwrap();
        let answer = runner.block_on(async {
            tokio::task::yield_now().await;
            Ok(7)
        });
        assert_eq!(answer.unwrap(), 7);
        drop(runner);
    }

    #[test]
    fn lost_work_is_an_error() {
        let runner = Runner::start().unwrap();
        let answer = runner.block_on(async {
            if std::hint::black_box(true) {
                panic!("lost");
            }
            Ok(())
        });
        assert!(answer.is_err());
    }
}
