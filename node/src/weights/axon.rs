//! The announcement of the node's address on the chain: looked at once per epoch, since a neuron that
//! was replaced and registered again has none.

use std::net::SocketAddr;

use tracing::{info, warn};

use assay_chain::{Advice, Chain, Settlement, SignedCall};
use assay_consensus::block::ChainRef;

/// Blocks before the end of an epoch in which no announcement begins: weights need the nonce then.
const ROOM_BLOCKS: u64 = 40;

/// How far the announcement of an address is.
#[derive(Debug)]
pub struct Axon {
    address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing to do until an epoch.
    Rest { until_epoch: u64 },
    /// To be looked at.
    Due,
    /// On its way.
    Sent(SignedCall),
}

impl Axon {
    /// An address to announce.
    pub fn new(address: SocketAddr) -> Axon {
        Axon {
            address,
            state: State::Due,
        }
    }

    /// Whether a call of it may still get into a block.
    pub fn is_under_way_at(&self, head: &ChainRef) -> bool {
        matches!(&self.state, State::Sent(call) if call.valid_until >= head.number)
    }

    /// Moves on as far as this head allows. No call is begun while others are on their way.
    pub async fn look(&mut self, chain: &dyn Chain, head: &ChainRef, busy: bool) {
        match &self.state {
            State::Rest { until_epoch } if head.epoch >= *until_epoch => self.state = State::Due,
            State::Rest { .. } | State::Due => {}
            State::Sent(call) => {
                let call = call.clone();
                self.settle(chain, head, &call).await;
            }
        }
        let has_room = head.number.saturating_add(ROOM_BLOCKS) < head.next_epoch_start;
        if matches!(self.state, State::Due) && !busy && has_room {
            self.begin(chain, head).await;
        }
    }

    async fn settle(&mut self, chain: &dyn Chain, head: &ChainRef, call: &SignedCall) {
        let address = self.address;
        match chain.settlement(call).await {
            Ok(Settlement::Waiting) => {
                // The pool may have lost it; of a call that it holds it says so.
                if let Err(error) = chain.send(call).await {
                    warn!(%address, %error, "the address can't be announced again");
                }
            }
            Ok(Settlement::Done { block }) => {
                info!(%address, block, "address announced on the chain");
                self.rest(head);
            }
            Ok(Settlement::Failed { failure, .. }) => {
                warn!(%address, %failure, "the chain does not take the address");
                self.after(failure.advice(), head);
            }
            Ok(Settlement::Lost) => self.state = State::Due,
            Err(error) => {
                warn!(%address, %error, "blocks can't be read; trying again");
                if call.valid_until < head.number {
                    self.state = State::Due;
                }
            }
        }
    }

    async fn begin(&mut self, chain: &dyn Chain, head: &ChainRef) {
        let sent = match chain.prepare_axon(self.address).await {
            Ok(None) => return self.rest(head),
            Ok(Some(call)) => chain.send(&call).await.map(|()| call),
            Err(error) => Err(error),
        };
        match sent {
            Ok(call) => self.state = State::Sent(call),
            Err(error) => {
                warn!(address = %self.address, %error, "the address can't be announced");
                self.after(error.advice(), head);
            }
        }
    }

    fn after(&mut self, advice: Advice, head: &ChainRef) {
        match advice {
            Advice::RetryLater | Advice::WaitForChain => self.state = State::Due,
            Advice::TellOperator | Advice::GiveUp => self.rest(head),
        }
    }

    fn rest(&mut self, head: &ChainRef) {
        self.state = State::Rest {
            until_epoch: head.epoch.saturating_add(1),
        };
    }
}
