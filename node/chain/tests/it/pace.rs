//! Blocks as far apart as on the real chain, though they are made at once: rounds of the beacon are
//! aimed by the times of blocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde_json::{Value, json};
use subxt::rpcs::client::{RpcClient, rpc_params};

/// Token of the admin calls.
pub const TOKEN: &str = "secret";

/// Time between two blocks in milliseconds, as on the real chain.
const BLOCK_TIME_MS: u64 = 12_000;

/// What makes blocks with times.
pub struct Pace {
    admin: RpcClient,
    /// Time of the latest block in milliseconds since 1970.
    time_ms: AtomicU64,
}

impl Pace {
    /// For the chain at a URL, which was begun just now.
    pub async fn of(url: &str) -> Pace {
        let begun = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
        Pace {
            admin: RpcClient::from_insecure_url(url).await.unwrap(),
            time_ms: AtomicU64::new(begun.try_into().unwrap()),
        }
    }

    /// Makes blocks as far apart as the real chain's.
    pub async fn mine(&self, blocks: u64) {
        self.mine_every(BLOCK_TIME_MS, blocks).await;
    }

    /// Makes blocks with a time between two of them.
    pub async fn mine_every(&self, block_time_ms: u64, blocks: u64) {
        for _ in 0..blocks {
            let before = self.time_ms.fetch_add(block_time_ms, Ordering::Relaxed);
            let block = json!({ "blocks": 1, "timestampMs": before + block_time_ms });
            let mined = self.admin.request("dev_mine", rpc_params![TOKEN, block]);
            let _: Value = mined.await.unwrap();
        }
    }
}
