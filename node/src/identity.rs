//! The link between a hotkey and the transport key of the node that uses it.

use serde::{Deserialize, Serialize};

use assay_consensus::codec;
use assay_consensus::envelope::{NetworkId, Payload, Signed};
use assay_consensus::keys::Hotkey;

/// Largest statement in bytes.
const STATEMENT_MAX_BYTES: usize = 512;

/// A hotkey says which transport key speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransportLink {
    /// The libp2p peer id, as bytes.
    pub peer_id: Vec<u8>,
}

impl Payload for TransportLink {
    const DOMAIN: &'static str = "assay/transport-link/v1";
}

/// The bytes of a statement, for peers.
pub fn encode(statement: &Signed<TransportLink>) -> Vec<u8> {
    codec::encode(statement)
}

/// The hotkey behind a statement, if its signature holds and it names this very peer.
pub fn verify(statement: &[u8], network: &NetworkId, peer_id: &[u8]) -> Option<Hotkey> {
    let signed: Signed<TransportLink> = codec::decode(statement, STATEMENT_MAX_BYTES).ok()?;
    let verified = signed.verify(network).ok()?;
    (verified.payload.peer_id == peer_id).then_some(verified.signer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_consensus::hash::Hash;
    use assay_consensus::keys::Keypair;

    #[test]
    fn a_statement_counts_only_for_the_peer_and_network_it_names() {
        let network = NetworkId(Hash::of(b"network"));
        let validator = Keypair::insecure_from_name("validator");
        let link = TransportLink {
            peer_id: b"peer".to_vec(),
        };
        let statement = encode(Signed::sign(&network, link, &validator).as_signed());
        assert_eq!(
            verify(&statement, &network, b"peer"),
            Some(validator.hotkey())
        );
        assert_eq!(verify(&statement, &network, b"thief"), None);
        assert_eq!(verify(&statement, &NetworkId(Hash::ZERO), b"peer"), None);
        assert_eq!(verify(b"garbage", &network, b"peer"), None);
    }
}
