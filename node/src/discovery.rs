//! Peers by the chain: validators announce the address of their node as an axon, and every node dials
//! the axons of its metagraph. So whoever knows the chain needs no list of bootstrap peers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use assay_chain::{HeadStatus, Metagraph};
use assay_consensus::keys::Hotkey;
use assay_p2p::{Multiaddr, Protocol};

use crate::shared::Shared;

/// Chain blocks between two looks at the metagraph.
const REFRESH_BLOCKS: u64 = 25;

/// Pause after a look that failed.
const RETRY: Duration = Duration::from_secs(6);

/// The address that is announced for a node: the first external one that an axon can hold.
pub fn axon_of(external: &[Multiaddr]) -> Option<SocketAddr> {
    external.iter().find_map(|address| {
        let mut parts = address.iter();
        let ip = match parts.next()? {
            Protocol::Ip4(ip) => IpAddr::from(ip),
            Protocol::Ip6(ip) => IpAddr::from(ip),
            _ => return None,
        };
        match parts.next()? {
            Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
            _ => None,
        }
    })
}

/// Keeps the network's list of announced addresses up to date until cancelled.
pub async fn run(
    shared: Arc<Shared>,
    mut heads: watch::Receiver<HeadStatus>,
    cancel: CancellationToken,
) {
    let mut looked_at = None;
    loop {
        let head = heads.borrow_and_update().head;
        let due = head.filter(|head| {
            looked_at.is_none_or(|last: u64| head.number >= last.saturating_add(REFRESH_BLOCKS))
        });
        let mut failed = false;
        if let Some(head) = due {
            let metagraph = tokio::select! {
                metagraph = shared.chain.metagraph(head.hash) => metagraph,
                () = cancel.cancelled() => return,
            };
            match metagraph {
                Ok(metagraph) => {
                    let addresses = addresses_of(&metagraph, shared.hotkey);
                    if looked_at.is_none() {
                        info!(
                            addresses = addresses.len(),
                            "addresses of validators by the chain"
                        );
                    }
                    looked_at = Some(head.number);
                    if shared.network.set_announced(addresses).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    debug!(%error, "axons can't be read; trying again");
                    failed = true;
                }
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = heads.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(RETRY), if failed => {}
        }
    }
}

/// Addresses of the validators' nodes, without the own one.
fn addresses_of(metagraph: &Metagraph, own: Option<Hotkey>) -> Vec<Multiaddr> {
    let validators = metagraph
        .neurons()
        .iter()
        .filter(|neuron| neuron.validator_permit && Some(neuron.hotkey) != own);
    validators
        .filter_map(|neuron| neuron.axon)
        .filter(|axon| can_be_dialled(*axon))
        .map(|axon| Multiaddr::from(axon.ip()).with(Protocol::Tcp(axon.port())))
        .collect()
}

fn can_be_dialled(axon: SocketAddr) -> bool {
    let ip = axon.ip();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    axon.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::{Neuron, WeightsRules};
    use assay_consensus::block::ChainRef;
    use assay_consensus::hash::Hash;

    fn neuron(uid: u16, validator_permit: bool, axon: &str) -> Neuron {
        Neuron {
            uid,
            hotkey: Hotkey([uid as u8; 32]),
            stake: 1,
            validator_permit,
            active: true,
            axon: axon.parse().ok(),
        }
    }

    #[test]
    fn only_other_validators_with_a_usable_address_are_dialled() {
        let block = ChainRef {
            number: 1,
            hash: Hash::ZERO,
            epoch: 0,
            next_epoch_start: 10,
            timestamp_ms: 1,
        };
        let neurons = vec![
            neuron(0, true, "192.0.2.1:9000"),
            neuron(1, true, "192.0.2.2:9000"),
            neuron(2, false, "192.0.2.3:9000"),
            neuron(3, true, ""),
            neuron(4, true, "0.0.0.0:9000"),
            neuron(5, true, "192.0.2.4:0"),
            neuron(6, true, "[2001:db8::1]:9000"),
            neuron(7, true, "224.0.0.1:9000"),
        ];
        let metagraph = Metagraph::new(block, neurons, WeightsRules::default()).unwrap();
        let found: Vec<String> = addresses_of(&metagraph, Some(Hotkey([0; 32])))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            ["/ip4/192.0.2.2/tcp/9000", "/ip6/2001:db8::1/tcp/9000"]
        );
    }

    #[test]
    fn the_first_external_tcp_address_is_announced() {
        let parse = |text: &str| text.parse::<Multiaddr>().unwrap();
        let quic = parse("/ip4/192.0.2.1/udp/9000/quic-v1");
        let tcp = parse("/ip4/192.0.2.1/tcp/9001");
        let expected = "192.0.2.1:9001".parse().ok();
        assert_eq!(axon_of(&[quic.clone(), tcp]), expected);
        assert_eq!(axon_of(&[quic]), None);
    }
}
