//! A miner's submission: the signed header that is gossiped and ordered, and the validators'
//! approvals and rejections of it. The payload itself is a blob named by its hash.

use serde::{Deserialize, Serialize};

use crate::envelope::{NetworkId, Payload, Signed, Verified};
use crate::genesis::is_challenge_name;
use crate::hash::Hash;
use crate::keys::{Hotkey, KeyError, Signature};
use crate::limits::{
    PAYLOAD_MAX_BYTES, REJECTION_CODE_MAX_BYTES, REJECTION_TEXT_MAX_BYTES,
    SUBMISSION_NAME_MAX_BYTES,
};

/// Identity of a submission: hash of its header, so that a re-signed copy is the same submission.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SubmissionId(pub Hash);

/// What a miner signs. The signer must be `hotkey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionHeader {
    /// Name of the challenge.
    pub challenge: String,
    /// The miner.
    pub hotkey: Hotkey,
    /// Chain epoch the submission is for; it can only be ordered in this epoch.
    pub epoch: u64,
    /// Name the miner gives it; versions are counted per name.
    pub name: String,
    /// Slot within (challenge, hotkey, epoch): a validator approves at most one header per slot.
    pub sequence: u64,
    /// SHA-256 of the payload blob.
    pub payload_hash: Hash,
    /// Length of the payload blob in bytes.
    pub payload_len: u32,
}

/// A validator's approval, signed after the challenge's `validate` accepted the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Approval {
    /// The approved submission.
    pub submission: SubmissionId,
    /// Epoch of the validator set whose stake it counts in.
    pub set_epoch: u64,
}

/// A validator's rejection with the reason that reaches the miner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rejection {
    /// The rejected submission.
    pub submission: SubmissionId,
    /// Epoch of the validator set whose stake it counts in.
    pub set_epoch: u64,
    /// Short stable identifier of the reason.
    pub code: String,
    /// The reason for people.
    pub text: String,
}

/// Approvals of more than the quorum of stake, as carried by an `Admit` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalCertificate {
    /// Epoch of the validator set that the indices refer to.
    pub set_epoch: u64,
    /// Validator index and signature over [`Approval`], ascending by index.
    pub signatures: Vec<(u16, Signature)>,
}

/// Why a submission header is refused. All of these are the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not signed by the hotkey it names, or the signature is wrong.
    #[error(transparent)]
    Signature(#[from] KeyError),
    /// Signed by somebody else than the miner it names.
    #[error("expected the signer to be the miner {expected}, got {got}")]
    WrongSigner {
        /// The miner in the header.
        expected: Hotkey,
        /// Who signed.
        got: Hotkey,
    },
    /// Not a possible challenge name.
    #[error("not a challenge name: {0:?}")]
    ChallengeName(String),
    /// Name empty, too long, or with control characters.
    #[error(
        "expected a submission name of 1 to {SUBMISSION_NAME_MAX_BYTES} printable bytes, got {0:?}"
    )]
    Name(String),
    /// Payload empty or over the limit.
    #[error("expected a payload of 1 to {PAYLOAD_MAX_BYTES} bytes, got {0}")]
    PayloadLength(u32),
}

impl Payload for SubmissionHeader {
    const DOMAIN: &'static str = "assay/submission/v1";
}

impl Payload for Approval {
    const DOMAIN: &'static str = "assay/approval/v1";
}

impl Payload for Rejection {
    const DOMAIN: &'static str = "assay/rejection/v1";
}

impl SubmissionHeader {
    /// The submission's identity.
    pub fn id(&self) -> SubmissionId {
        SubmissionId(Hash::of_value("assay/submission-id/v1", self))
    }

    /// The slot this header takes.
    pub fn slot(&self) -> Slot {
        Slot {
            challenge: self.challenge.clone(),
            hotkey: self.hotkey,
            epoch: self.epoch,
            sequence: self.sequence,
        }
    }

    fn check_fields(&self) -> Result<(), HeaderError> {
        let short = |text: &str| text.chars().take(80).collect::<String>();
        if !is_challenge_name(&self.challenge) {
            return Err(HeaderError::ChallengeName(short(&self.challenge)));
        }
        let printable = self.name.chars().all(|c| !c.is_control());
        if self.name.is_empty() || self.name.len() > SUBMISSION_NAME_MAX_BYTES || !printable {
            return Err(HeaderError::Name(short(&self.name)));
        }
        if self.payload_len == 0 || self.payload_len > PAYLOAD_MAX_BYTES {
            return Err(HeaderError::PayloadLength(self.payload_len));
        }
        Ok(())
    }
}

/// What a validator approves at most one submission for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// Name of the challenge.
    pub challenge: String,
    /// The miner.
    pub hotkey: Hotkey,
    /// Chain epoch.
    pub epoch: u64,
    /// The header's sequence number.
    pub sequence: u64,
}

/// Checks fields, signer and signature of a submission from outside.
pub fn verify_submission(
    signed: Signed<SubmissionHeader>,
    network: &NetworkId,
) -> Result<Verified<SubmissionHeader>, HeaderError> {
    signed.payload.check_fields()?;
    if signed.signer != signed.payload.hotkey {
        return Err(HeaderError::WrongSigner {
            expected: signed.payload.hotkey,
            got: signed.signer,
        });
    }
    Ok(signed.verify(network)?)
}

impl Rejection {
    /// Builds a rejection with code and text cut to their limits.
    pub fn new(submission: SubmissionId, set_epoch: u64, code: &str, text: &str) -> Rejection {
        Rejection {
            submission,
            set_epoch,
            code: truncate(code, REJECTION_CODE_MAX_BYTES),
            text: truncate(text, REJECTION_TEXT_MAX_BYTES),
        }
    }

    /// Whether code and text keep their limits.
    pub fn is_bounded(&self) -> bool {
        self.code.len() <= REJECTION_CODE_MAX_BYTES && self.text.len() <= REJECTION_TEXT_MAX_BYTES
    }
}

impl core::fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// Cuts a text to at most `max_bytes` at a character boundary.
fn truncate(text: &str, max_bytes: usize) -> String {
    let end = text.floor_char_boundary(max_bytes);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keypair;

    fn header(miner: &Keypair) -> SubmissionHeader {
        SubmissionHeader {
            challenge: "term-challenge".into(),
            hotkey: miner.hotkey(),
            epoch: 3,
            name: "agent".into(),
            sequence: 0,
            payload_hash: Hash::of(b"payload"),
            payload_len: 7,
        }
    }

    fn network() -> NetworkId {
        NetworkId(Hash::of(b"network"))
    }

    #[test]
    fn a_header_signed_by_somebody_else_is_refused() {
        let (alice, mallory) = (
            Keypair::insecure_from_name("alice"),
            Keypair::insecure_from_name("mallory"),
        );
        let signed = Signed::sign(&network(), header(&alice), &mallory).into_signed();
        assert!(matches!(
            verify_submission(signed, &network()),
            Err(HeaderError::WrongSigner { .. })
        ));
    }

    #[test]
    fn a_signature_for_another_network_is_refused() {
        let alice = Keypair::insecure_from_name("alice");
        let other = NetworkId(Hash::of(b"other"));
        let signed = Signed::sign(&other, header(&alice), &alice).into_signed();
        assert!(matches!(
            verify_submission(signed, &network()),
            Err(HeaderError::Signature(_))
        ));
    }

    #[test]
    fn an_empty_or_oversized_payload_is_refused() {
        let alice = Keypair::insecure_from_name("alice");
        for len in [0, PAYLOAD_MAX_BYTES + 1] {
            let bad = SubmissionHeader {
                payload_len: len,
                ..header(&alice)
            };
            let signed = Signed::sign(&network(), bad, &alice).into_signed();
            assert_eq!(
                verify_submission(signed, &network()),
                Err(HeaderError::PayloadLength(len))
            );
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character_boundary() {
        let rejection = Rejection::new(SubmissionId(Hash::ZERO), 0, "code", &"ü".repeat(400));
        assert!(rejection.is_bounded());
        assert_eq!(rejection.text.chars().count(), 256);
    }
}
