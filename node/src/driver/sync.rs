//! Asking peers and the chain in the background, and answering peers from the store.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::{debug, warn};

use assay_chain::Metagraph;
use assay_consensus::codec;
use assay_consensus::core::{Input, Origin};
use assay_consensus::limits::{
    PULL_REPLY_MAX_BYTES, PULL_REPLY_MAX_MESSAGES, PULL_REQUEST_MAX_SUBJECTS, SYNC_REPLY_MAX_BLOCKS,
};
use assay_consensus::wire::{Message, PullRequest, SyncReply, SyncRequest};
use assay_p2p::{PeerId, ReplyHandle};

use super::background::Background;
use crate::shared::Shared;

/// Largest sync request in bytes: a full pull request is about 10 KiB.
pub(super) const REQUEST_MAX_BYTES: usize = 64 * 1024;

/// Peers that are asked for blocks before the core is told that nobody answered.
const BLOCK_PEERS: usize = 3;

/// Asks peers for decided blocks.
pub(super) fn request_blocks(
    background: &Background,
    shared: Arc<Shared>,
    from_height: u64,
    answers: mpsc::Sender<Input>,
) {
    background.spawn(async move {
        let request = codec::encode(&SyncRequest::Blocks { from_height });
        for peer in some_peers(&shared).await.into_iter().take(BLOCK_PEERS) {
            match ask(&shared, peer, request.clone()).await {
                Some(SyncReply::Blocks(blocks)) if !blocks.is_empty() => {
                    let _stopped = answers.send(Input::Blocks(blocks)).await;
                    return;
                }
                _ => debug!(%peer, from_height, "peer has no blocks for us"),
            }
        }
        let _stopped = answers.send(Input::Blocks(Vec::new())).await;
    });
}

/// Asks one peer for messages that this node may have missed.
pub(super) fn pull(
    background: &Background,
    shared: Arc<Shared>,
    request: PullRequest,
    answers: mpsc::Sender<Input>,
) {
    background.spawn(async move {
        let request = codec::encode(&SyncRequest::Pull(request));
        let Some(peer) = some_peers(&shared).await.into_iter().next() else {
            return;
        };
        if let Some(SyncReply::Messages(messages)) = ask(&shared, peer, request).await {
            for message in messages.into_iter().take(PULL_REPLY_MAX_MESSAGES) {
                let input = Input::Message {
                    message: Box::new(message),
                    origin: Origin::Pull,
                };
                if answers.send(input).await.is_err() {
                    return;
                }
            }
        }
    });
}

/// Reads the metagraph of an epoch for the core.
pub(super) fn load_metagraph(
    background: &Background,
    shared: Arc<Shared>,
    epoch: u64,
    answers: mpsc::Sender<Input>,
) {
    background.spawn(async move {
        let metagraph = match metagraph_of(&shared, epoch).await {
            Ok(metagraph) => metagraph,
            Err(error) => {
                warn!(epoch, error, "metagraph can't be read; trying again");
                return;
            }
        };
        match metagraph.validator_set(epoch, shared.genesis.min_stake_rao) {
            Ok(set) => {
                let registered = metagraph
                    .neurons()
                    .iter()
                    .map(|neuron| neuron.hotkey)
                    .collect();
                let _stopped = answers.send(Input::Metagraph { set, registered }).await;
            }
            Err(error) => warn!(epoch, %error, "metagraph gives no validator set; trying again"),
        }
    });
}

/// The metagraph at the first finalised block of an epoch.
pub(super) async fn metagraph_of(
    shared: &Arc<Shared>,
    epoch: u64,
) -> Result<Arc<Metagraph>, String> {
    let metagraph = shared.metagraphs.of_epoch(epoch).await;
    metagraph.map_err(|error| error.to_string())
}

/// Answers a peer's request for blocks from the store.
pub(super) fn answer_blocks(
    background: &Background,
    shared: Arc<Shared>,
    reply: ReplyHandle,
    from_height: u64,
) {
    background.spawn_blocking(move || {
        let blocks = shared
            .storage
            .blocks_from(from_height, SYNC_REPLY_MAX_BLOCKS)
            .unwrap_or_else(|error| {
                warn!(%error, from_height, "blocks can't be read");
                Vec::new()
            });
        // The asker may have gone.
        let _gone = reply.send(codec::encode(&SyncReply::Blocks(blocks)));
    });
}

/// Answers a peer's pull: what the core holds, and votes of older subjects from the store.
pub(super) fn answer_pull(
    background: &Background,
    shared: Arc<Shared>,
    reply: ReplyHandle,
    request: &PullRequest,
    mut messages: Vec<Message>,
) {
    let request = request.clone();
    background.spawn_blocking(move || {
        let mut bytes: usize = messages
            .iter()
            .map(|message| codec::encode(message).len())
            .sum();
        let logs = request
            .submissions
            .iter()
            .take(PULL_REQUEST_MAX_SUBJECTS)
            .flat_map(|id| shared.storage.log_votes(id).unwrap_or_default());
        let weights = request
            .weights_epochs
            .iter()
            .take(PULL_REQUEST_MAX_SUBJECTS)
            .flat_map(|e| shared.storage.weights_votes(*e).unwrap_or_default());
        for message in logs
            .map(Message::LogVote)
            .chain(weights.map(Message::WeightsVote))
        {
            bytes += codec::encode(&message).len();
            if messages.len() >= PULL_REPLY_MAX_MESSAGES || bytes > PULL_REPLY_MAX_BYTES {
                break;
            }
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        // The asker may have gone.
        let _gone = reply.send(codec::encode(&SyncReply::Messages(messages)));
    });
}

async fn ask(shared: &Arc<Shared>, peer: PeerId, request: Vec<u8>) -> Option<SyncReply> {
    let answer = match shared.network.request(peer, request).await {
        Ok(answer) => answer,
        Err(error) => {
            debug!(%peer, %error, "no answer");
            return None;
        }
    };
    match SyncReply::decode(&answer) {
        Ok(reply) => Some(reply),
        Err(error) => {
            warn!(%peer, %error, "answer does not decode");
            None
        }
    }
}

/// Connected peers in an order that changes from call to call, so that questions spread.
async fn some_peers(shared: &Arc<Shared>) -> Vec<PeerId> {
    let mut peers: Vec<PeerId> = match shared.network.peers().await {
        Ok(peers) => peers.into_iter().map(|peer| peer.peer_id).collect(),
        Err(_) => Vec::new(),
    };
    peers.sort();
    if !peers.is_empty() {
        let turn = shared.metrics.questions.inc();
        let start = usize::try_from(turn).unwrap_or(0) % peers.len();
        peers.rotate_left(start);
    }
    peers
}
