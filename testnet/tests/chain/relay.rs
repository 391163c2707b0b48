//! A relay in front of the chain that can be cut in the middle of everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Passes connections on to the chain until it is cut.
pub struct Relay {
    url: String,
    was_used: Arc<AtomicBool>,
    cut: CancellationToken,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens; connections lead to `target`.
    pub async fn new(target: SocketAddr) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let was_used = Arc::new(AtomicBool::new(false));
        let cut = CancellationToken::new();
        let task = tokio::spawn(accept(listener, target, Arc::clone(&was_used), cut.clone()));
        Relay {
            url,
            was_used,
            cut,
            task,
        }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether anything has come through.
    pub fn was_used(&self) -> bool {
        self.was_used.load(Ordering::Relaxed)
    }

    /// Breaks all connections and takes no more.
    pub async fn cut(self) {
        self.cut.cancel();
        self.task.await.unwrap();
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    was_used: Arc<AtomicBool>,
    cut: CancellationToken,
) {
    let mut open = tokio::task::JoinSet::new();
    loop {
        let near = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = cut.cancelled() => break,
        };
        was_used.store(true, Ordering::Relaxed);
        open.spawn(pass_on(near, target));
    }
    open.shutdown().await;
}

async fn pass_on(mut near: TcpStream, target: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(target).await {
        // Either side may end it at any time.
        let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    }
}
