//! One connection to one endpoint. Metadata is fetched per connection and kept by the version of the
//! runtime, so that a block from before an upgrade is read with the metadata of its time.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parity_scale_codec::Encode;
use subxt::OnlineClient;
use subxt::backend::LegacyBackend;
use subxt::client::OnlineClientAtBlock;
use subxt::config::{Header, RpcConfigFor, SubstrateConfig};
use subxt::ext::jsonrpsee::core::client::Client;
use subxt::ext::jsonrpsee::ws_client::WsClientBuilder;
use subxt::rpcs::methods::legacy::NumberOrHex;
use subxt::rpcs::{LegacyRpcMethods, RpcClient};
use subxt::utils::H256;

use assay_consensus::hash::Hash;

use super::config::Endpoint;
use super::fault::Fault;
use crate::error::ChainError;
use crate::limits::{
    RUNTIMES_KEPT_MAX, WEIGHTS_PAGE_ROWS, WS_ANSWER_MAX_BYTES, WS_HEADS_MAX, WS_REQUESTS_MAX,
};

/// The node's JSON-RPC methods.
pub(super) type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// The chain as it was after one block.
pub(super) type AtBlock = OnlineClientAtBlock<SubstrateConfig>;

/// A connection to an endpoint, on the right chain.
pub(super) struct Connection {
    /// The library's client, over the same socket as `rpc`.
    pub(super) client: OnlineClient<SubstrateConfig>,
    /// The node's JSON-RPC methods.
    pub(super) rpc: Rpc,
    /// The subnet.
    pub(super) netuid: u16,
    /// The endpoint's place in the configuration.
    pub(super) index: usize,
    /// The endpoint, for logs and errors.
    pub(super) endpoint: String,
    socket: Arc<Client>,
    is_retired: AtomicBool,
    runtimes: Mutex<BTreeSet<u32>>,
    /// The finalised head that this endpoint showed last.
    finalized: Mutex<Option<(Hash, u64)>>,
}

/// How a connection is made.
pub(super) struct ConnectOptions {
    /// The endpoint's place in the configuration.
    pub(super) index: usize,
    pub(super) netuid: u16,
    /// Hash of the chain's first block, if it is known.
    pub(super) genesis_hash: Option<Hash>,
    /// Longest that connecting may take, and any request, in milliseconds.
    pub(super) connect_ms: u64,
    pub(super) request_ms: u64,
}

impl Connection {
    /// Connects and checks which chain it is.
    pub(super) async fn open(
        endpoint: &Endpoint,
        options: ConnectOptions,
    ) -> Result<Connection, Fault> {
        let connect_ms = options.connect_ms;
        within(connect_ms, Connection::open_at_leisure(endpoint, options))
            .await
            .unwrap_or_else(|| {
                let reason = format!("no connection within {connect_ms} ms");
                Err(Fault::Unreachable(reason))
            })
    }

    async fn open_at_leisure(
        endpoint: &Endpoint,
        options: ConnectOptions,
    ) -> Result<Connection, Fault> {
        let socket = WsClientBuilder::default()
            .max_response_size(WS_ANSWER_MAX_BYTES)
            .max_frame_size(WS_ANSWER_MAX_BYTES)
            .request_timeout(Duration::from_millis(options.request_ms))
            .connection_timeout(Duration::from_millis(options.connect_ms))
            .max_concurrent_requests(WS_REQUESTS_MAX)
            .max_buffer_capacity_per_subscription(WS_HEADS_MAX)
            .build(&endpoint.url)
            .await
            .map_err(|error| Fault::Unreachable(error.to_string()))?;
        let socket = Arc::new(socket);
        let rpc_client = RpcClient::new(Arc::clone(&socket));
        let rpc = Rpc::new(rpc_client.clone());
        let genesis = rpc.genesis_hash().await.map_err(Fault::client)?;
        let got = Hash(genesis.0);
        if let Some(expected) = options.genesis_hash
            && expected != got
        {
            return Err(Fault::Endpoint(ChainError::WrongChain { expected, got }));
        }
        // The plain methods, which every node has; the library would prefer newer ones that unpin
        // blocks while they are read.
        let backend = LegacyBackend::builder()
            .storage_page_size(WEIGHTS_PAGE_ROWS)
            .build(rpc_client);
        let config = SubstrateConfig::builder().set_genesis_hash(genesis).build();
        let client = OnlineClient::from_backend_with_config(config, Arc::new(backend))
            .await
            .map_err(Fault::client)?;
        Ok(Connection {
            client,
            rpc,
            netuid: options.netuid,
            index: options.index,
            endpoint: endpoint.name.clone(),
            socket,
            is_retired: AtomicBool::new(false),
            runtimes: Mutex::default(),
            finalized: Mutex::default(),
        })
    }

    /// Whether it can be used for another call.
    pub(super) fn is_open(&self) -> bool {
        self.socket.is_connected() && !self.is_retired.load(Ordering::Relaxed)
    }

    /// Lets nobody use it for another call.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Hash of the chain's first block.
    pub(super) fn genesis_hash(&self) -> Hash {
        Hash(self.client.genesis_hash().0)
    }

    /// Hash and number of the finalised head.
    pub(super) async fn finalized(&self) -> Result<(Hash, u64), Fault> {
        let hash = self
            .rpc
            .chain_get_finalized_head()
            .await
            .map_err(Fault::client)?;
        let hash = Hash(hash.0);
        let known = *self
            .finalized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known
            && known.0 == hash
        {
            return Ok(known);
        }
        let head = (hash, self.number_of(hash).await?);
        let mut known = self
            .finalized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|known| known.1 < head.1) {
            *known = Some(head);
        }
        Ok(head)
    }

    /// Whether all blocks up to a number are final for this endpoint.
    pub(super) async fn is_final(&self, number: u64) -> Result<bool, Fault> {
        let known = *self
            .finalized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|(_, finalized)| number <= finalized) {
            return Ok(true);
        }
        let (_, finalized) = self.finalized().await?;
        Ok(number <= finalized)
    }

    /// Number of a block, final or not; its header has to have that hash.
    pub(super) async fn number_of(&self, hash: Hash) -> Result<u64, Fault> {
        let header = self
            .rpc
            .chain_get_header(Some(H256(hash.0)))
            .await
            .map_err(|error| Fault::at_block(hash, error))?;
        let header = header.ok_or(Fault::Elsewhere(ChainError::UnknownBlock(hash)))?;
        let got = Hash(sp_crypto_hashing::blake2_256(&header.encode()));
        if got != hash {
            return Err(Fault::bad_answer(
                format!("the header of block {hash}"),
                format!("one with the hash {got}"),
            ));
        }
        Ok(header.number())
    }

    /// Hash of the block with a number on the endpoint's best chain.
    pub(super) async fn hash_of(&self, number: u64) -> Result<Option<Hash>, Fault> {
        let hash = block_hash(&self.rpc, number).await?;
        Ok(hash.map(|hash| Hash(hash.0)))
    }

    /// The chain after a block, final or not.
    pub(super) async fn at(&self, hash: Hash) -> Result<AtBlock, Fault> {
        let number = self.number_of(hash).await?;
        self.at_number(hash, number).await
    }

    /// The chain after a block whose number is known.
    pub(super) async fn at_number(&self, hash: Hash, number: u64) -> Result<AtBlock, Fault> {
        let at = self
            .client
            .at_block_hash_and_number(H256(hash.0), number)
            .await
            .map_err(|error| Fault::at_block(hash, error))?;
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        runtimes.insert(at.spec_version());
        if runtimes.len() > RUNTIMES_KEPT_MAX {
            self.retire();
        }
        Ok(at)
    }
}

/// Hash of a block that is final, or of the endpoint's best chain.
pub(super) async fn block_hash(rpc: &Rpc, number: u64) -> Result<Option<H256>, Fault> {
    let answer = rpc.chain_get_block_hash(Some(NumberOrHex::Number(number)));
    answer.await.map_err(Fault::client)
}

/// Waits so long for something.
pub(super) async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(ms), work)
        .await
        .ok()
}
