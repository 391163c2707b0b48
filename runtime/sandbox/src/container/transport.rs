//! Bytes between us and the daemon: one connection to a unix socket per call, and no more of an
//! answer than its budget.

use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bollard::errors::Error;
use bollard::{BollardRequest, ClientVersion, Docker};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

/// Longest answer to a call that is not a stream, in bytes: lists of containers and descriptions of
/// the daemon take some tens of KiB.
pub const ANSWER_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Our own deadline is always shorter; the library wants one, in seconds.
const LIBRARY_TIMEOUT_S: u64 = 600;

/// How much more may be read. What is consumed piece by piece gets it refilled.
#[derive(Debug, Clone)]
pub struct Budget {
    left: Arc<AtomicUsize>,
    full: usize,
}

impl Budget {
    /// Room for so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(bytes)),
            full: bytes,
        }
    }

    /// What was read so far is gone.
    pub fn refill(&self) {
        self.left.store(self.full, Ordering::Relaxed);
    }

    fn is_empty(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn take(&self, bytes: usize) {
        let left = self.left.load(Ordering::Relaxed).saturating_sub(bytes);
        self.left.store(left, Ordering::Relaxed);
    }
}

/// A client of the daemon at `socket`. With a budget all its calls share that one, else each has
/// its own.
pub fn client(
    socket: &Path,
    version: &ClientVersion,
    shared: Option<&Budget>,
) -> Result<Docker, Error> {
    let socket: Arc<Path> = socket.into();
    let shared = shared.cloned();
    let transport = move |request: BollardRequest| {
        let budget = shared.clone();
        let budget = budget.unwrap_or_else(|| Budget::new(ANSWER_MAX_BYTES));
        call(socket.to_path_buf(), budget, request)
    };
    Docker::connect_with_custom_transport(
        transport,
        Some("http://localhost"),
        LIBRARY_TIMEOUT_S,
        version,
    )
}

/// One question whose answer is not what the library expects of every daemon: status and text.
pub async fn get(socket: &Path, path: &str) -> Result<(u16, Vec<u8>), Error> {
    let request = Request::get(path).body(bollard::body_full(Bytes::new()))?;
    let response = call(socket.to_owned(), Budget::new(ANSWER_MAX_BYTES), request).await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            text.extend(data);
        }
    }
    Ok((status, text))
}

fn call(
    socket: PathBuf,
    budget: Budget,
    mut request: BollardRequest,
) -> Pin<Box<dyn Future<Output = Result<Response<Incoming>, Error>> + Send>> {
    Box::pin(async move {
        let stream = UnixStream::connect(&socket).await?;
        let bounded = TokioIo::new(Bounded { stream, budget });
        let (mut sender, connection) = hyper::client::conn::http1::handshake(bounded).await?;
        // Ends by itself when answer or upgraded stream are dropped.
        tokio::spawn(connection.with_upgrades());
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let target = target.parse::<Uri>().map_err(io::Error::other)?;
        *request.uri_mut() = target;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        Ok(sender.send_request(request).await?)
    })
}

struct Bounded {
    stream: UnixStream,
    budget: Budget,
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.budget.is_empty() {
            let reason = "the daemon's answer is longer than it may be";
            return Poll::Ready(Err(io::Error::other(reason)));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.budget.take(buffer.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
