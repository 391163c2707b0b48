//! Listening, connections and shutdown.
//!
//! HTTP/1.1 only. Connections are limited in total and by address; the head of a request has a
//! deadline, which also closes idle connections. Shutdown stops accepting, lets running calls
//! finish within a grace time, then cuts the rest.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};

use crate::backend::Backend;
use crate::config::RpcConfig;
use crate::limits::{ACCEPT_PAUSE, HTTP_HEAD_MAX_BYTES, HTTP_HEADERS_MAX};
use crate::service::{Peer, Service};
use crate::throttle::{ConnectionCounter, ConnectionSlot};
use crate::{jsonrpc, rest};

/// A running server. Dropping it asks for shutdown without waiting.
#[derive(Debug)]
pub struct ServerHandle {
    local_addr: SocketAddr,
    stop: CancellationToken,
    accepting: Option<JoinHandle<()>>,
}

/// What the accept loop and its connections share.
struct Listener {
    tcp: TcpListener,
    router: Router,
    http: http1::Builder,
    slots: Arc<Semaphore>,
    counter: Arc<ConnectionCounter>,
    stop: CancellationToken,
}

/// Serves until the handle is shut down or dropped. Must be called within a tokio runtime.
pub fn serve(
    listener: TcpListener,
    backend: Arc<dyn Backend>,
    config: RpcConfig,
) -> io::Result<ServerHandle> {
    let local_addr = listener.local_addr()?;
    let stop = CancellationToken::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.head_deadline)
        .max_headers(HTTP_HEADERS_MAX)
        .max_buf_size(HTTP_HEAD_MAX_BYTES);
    let listener = Listener {
        tcp: listener,
        http,
        slots: Arc::new(Semaphore::new(config.connections_max)),
        counter: ConnectionCounter::new(config.connections_per_address_max),
        stop: stop.clone(),
        router: router(Arc::new(Service::new(backend, config.clone()))),
    };
    let accepting = tokio::spawn(async move {
        let connections = listener.accept_until_stopped().await;
        // From here on the system refuses connections.
        drop(listener);
        drain(connections, config.shutdown_grace).await;
    });
    Ok(ServerHandle {
        local_addr,
        stop,
        accepting: Some(accepting),
    })
}

impl ServerHandle {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops accepting, waits for running calls (at most the grace time of the configuration).
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(accepting) = self.accepting.take() {
            report_panic(accepting.await);
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn router(service: Arc<Service>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any);
    Router::new()
        .route("/", post(jsonrpc::handle))
        .route("/rpc", post(jsonrpc::handle))
        .route("/health", get(rest::health))
        .route("/metrics", get(rest::metrics))
        .route("/challenge/{id}", any(rest::challenge_root))
        .route("/challenge/{id}/", any(rest::challenge_root))
        .route("/challenge/{id}/{*path}", any(rest::challenge_path))
        .fallback(rest::not_found)
        // Bodies are bounded where they are read.
        .layer(DefaultBodyLimit::disable())
        .layer(cors)
        .with_state(service)
}

impl Listener {
    async fn accept_until_stopped(&self) -> JoinSet<()> {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return connections,
                Some(ended) = connections.join_next() => {
                    report_panic(ended);
                    continue;
                }
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, address, slot)) => {
                    // Over the address's limit: dropping the stream closes it.
                    if let Some(counted) = self.counter.open(address.ip()) {
                        connections.spawn(self.connection(stream, address, slot, counted));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "RPC listener can't accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Waits for room first, so that waiting connections stay with the system.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, address) = self.tcp.accept().await?;
        Ok((stream, address, slot))
    }

    fn connection(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        slot: OwnedSemaphorePermit,
        counted: ConnectionSlot,
    ) -> impl Future<Output = ()> + Send + 'static {
        let router = self.router.clone().layer(Extension(Peer(address.ip())));
        let service = TowerToHyperService::new(router);
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let stop = self.stop.clone();
        async move {
            let _held = (slot, counted);
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%address, %error, "RPC connection ended");
            }
        }
    }
}

async fn drain(mut connections: JoinSet<()>, grace: std::time::Duration) {
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report_panic(ended);
        }
    };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        tracing::warn!(open = connections.len(), "cutting RPC connections");
        connections.shutdown().await;
    }
}

fn report_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "RPC task panicked");
    }
}
