//! Signed envelopes: every signature is over `domain ‖ network id ‖ bincode(payload)`, one domain
//! per kind of message, so that a signature can't be moved to another kind or network.
//!
//! Types carry trust: a [`Signed`] came from somewhere, a [`Verified`] can only be made by
//! checking the signature (or by signing).

use core::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::Hash;
use crate::keys::{Hotkey, KeyError, Keypair, Signature};

/// Hash of the genesis document; part of every signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetworkId(pub Hash);

/// A kind of message that is signed.
pub trait Payload: Serialize {
    /// Domain string, unique per kind; none may be a prefix of another.
    const DOMAIN: &'static str;
}

/// A payload with its claimed signer, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<P> {
    /// What was signed.
    pub payload: P,
    /// Who claims to have signed it.
    pub signer: Hotkey,
    /// Signature over [`signing_bytes`].
    pub signature: Signature,
}

/// A payload whose signature has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<P>(Signed<P>);

/// The exact bytes that are signed for a payload.
pub fn signing_bytes<P: Payload>(network: &NetworkId, payload: &P) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(P::DOMAIN.as_bytes());
    bytes.extend_from_slice(&network.0.0);
    bytes.extend_from_slice(&codec::encode(payload));
    bytes
}

/// Checks one signature over a payload, as certificates carry them without an envelope.
pub fn verify_detached<P: Payload>(
    network: &NetworkId,
    payload: &P,
    signer: &Hotkey,
    signature: &Signature,
) -> Result<(), KeyError> {
    signer.verify(&signing_bytes(network, payload), signature)
}

impl<P: Payload> Signed<P> {
    /// Signs a payload.
    pub fn sign(network: &NetworkId, payload: P, keypair: &Keypair) -> Verified<P> {
        let signature = keypair.sign(&signing_bytes(network, &payload));
        Verified(Signed {
            payload,
            signer: keypair.hotkey(),
            signature,
        })
    }

    /// Checks the signature.
    pub fn verify(self, network: &NetworkId) -> Result<Verified<P>, KeyError> {
        verify_detached(network, &self.payload, &self.signer, &self.signature)?;
        Ok(Verified(self))
    }
}

impl<P> Verified<P> {
    /// The envelope, for sending.
    pub fn into_signed(self) -> Signed<P> {
        self.0
    }

    /// The envelope.
    pub fn as_signed(&self) -> &Signed<P> {
        &self.0
    }
}

impl<P> Deref for Verified<P> {
    type Target = Signed<P>;

    fn deref(&self) -> &Signed<P> {
        &self.0
    }
}
