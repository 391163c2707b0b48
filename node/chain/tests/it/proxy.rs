//! A proxy between client and node that can go silent, hang up and come back.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Open,
    /// Takes connections and requests, and passes nothing on.
    Silent,
    /// Hangs up on everyone at once.
    Closed,
    /// Hangs up as soon as a client asks something, which it doesn't pass on.
    HangUpOnRequest,
    /// Passes requests on, and hangs up instead of passing on the answer.
    HangUpOnAnswer,
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, Default)]
struct Connections {
    made: u64,
    open: u64,
}

/// A running proxy.
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    connections: watch::Receiver<Connections>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy in front of the node at a `ws://` URL.
    pub async fn start(url: &str, mode: Mode) -> Proxy {
        let target: SocketAddr = url.strip_prefix("ws://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, mode_receiver) = watch::channel(mode);
        let (count, connections) = watch::channel(Connections::default());
        let task = tokio::spawn(serve(listener, target, mode_receiver, count));
        Proxy {
            address,
            mode,
            connections,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> u64 {
        self.connections.borrow().made
    }

    /// Hangs up on everyone, and waits until nobody is connected any more.
    pub async fn hang_up(&self) {
        self.set(Mode::Closed);
        let mut connections = self.connections.clone();
        connections.wait_for(|now| now.open == 0).await.unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    target: SocketAddr,
    mode: watch::Receiver<Mode>,
    count: watch::Sender<Connections>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        count.send_modify(|now| {
            now.made += 1;
            now.open += 1;
        });
        let (mode, count) = (mode.clone(), count.clone());
        connections.spawn(async move {
            pass(client, target, mode).await;
            count.send_modify(|now| now.open -= 1);
        });
    }
}

/// Passes bytes on until someone hangs up; whoever is dropped here is hung up on.
async fn pass(mut client: TcpStream, target: SocketAddr, mut mode: watch::Receiver<Mode>) {
    if *mode.borrow() == Mode::Closed {
        return;
    }
    let Ok(mut node) = TcpStream::connect(target).await else {
        return;
    };
    let (mut from_client, mut from_node) = ([0u8; 16_384], [0u8; 16_384]);
    loop {
        let now = *mode.borrow_and_update();
        let (source, length) = match now {
            Mode::Closed => return,
            Mode::Silent => {
                if mode.changed().await.is_err() {
                    return;
                }
                continue;
            }
            Mode::Open | Mode::HangUpOnRequest | Mode::HangUpOnAnswer => tokio::select! {
                biased;
                changed = mode.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                read = client.read(&mut from_client) => (true, read),
                read = node.read(&mut from_node) => (false, read),
            },
        };
        let Ok(length @ 1..) = length else {
            return;
        };
        let passed = if source {
            if now == Mode::HangUpOnRequest {
                return;
            }
            node.write_all(&from_client[..length]).await
        } else {
            if now == Mode::HangUpOnAnswer {
                return;
            }
            client.write_all(&from_node[..length]).await
        };
        if passed.is_err() {
            return;
        }
    }
}
