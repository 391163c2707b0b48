//! Sends what the core publishes and the verdicts it gives, in a task of its own, so that the
//! driver never waits for the network.

use std::sync::Arc;

use tokio::sync::mpsc;
use tracing::{debug, warn};

use assay_consensus::wire::{Message, Topic};
use assay_p2p::{MessageHandle, PublishError, Verdict};

use super::background::Background;
use crate::shared::Shared;

/// Messages that wait to be sent. What does not fit is dropped: peers pull what they miss.
const QUEUE: usize = 8_192;

/// Something to send.
pub(super) enum Outgoing {
    /// Gossip.
    Publish(Message),
    /// A verdict on gossip.
    Verdict(MessageHandle, Verdict),
}

/// The way to the sending task.
pub(super) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl Outbox {
    pub(super) fn spawn(background: &Background, shared: Arc<Shared>) -> Outbox {
        let (queue, waiting) = mpsc::channel(QUEUE);
        background.spawn(run(Arc::clone(&shared), waiting));
        Outbox { queue, shared }
    }

    pub(super) fn send(&self, outgoing: Outgoing) {
        if self.queue.try_send(outgoing).is_err() {
            self.shared.metrics.outbox_dropped.inc();
            warn!("outgoing queue is full, message dropped");
        }
    }
}

async fn run(shared: Arc<Shared>, mut waiting: mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = waiting.recv().await {
        match outgoing {
            Outgoing::Publish(message) => {
                let topic = network_topic(message.topic());
                match shared.network.publish(topic, message.encode()).await {
                    Ok(_) => {}
                    Err(PublishError::Closed(_)) => return,
                    Err(error) => debug!(?topic, %error, "not published"),
                }
            }
            Outgoing::Verdict(id, verdict) => {
                if shared.network.report(id, verdict).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn network_topic(topic: Topic) -> assay_p2p::Topic {
    match topic {
        Topic::Submissions => assay_p2p::Topic::Submissions,
        Topic::Approvals => assay_p2p::Topic::Approvals,
        Topic::Consensus => assay_p2p::Topic::Consensus,
        Topic::LogVotes => assay_p2p::Topic::LogVotes,
        Topic::WeightsVotes => assay_p2p::Topic::WeightsVotes,
        Topic::Status => assay_p2p::Topic::Status,
    }
}
