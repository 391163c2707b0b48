//! From a package to a signed submission: the bytes that `submission_send` takes.
//!
//! Building does not judge, so that a testnet can send what breaks the rules; [`check_package`] and
//! [`SignedSubmission::check`] say beforehand what the network would refuse. Both use the very rules
//! that validators run.

use assay_api::submission::SubmissionSendParams;
use assay_challenge_term::{PackageError, Submission, signing};
use assay_consensus::codec;
use assay_consensus::envelope::{NetworkId, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_consensus::submission::{HeaderError, SubmissionHeader, SubmissionId, verify_submission};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::results::Reported;

/// Where and when a submission is for: what a miner asks a node before signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Hash of the network's genesis document.
    pub network: NetworkId,
    /// Current chain epoch.
    pub epoch: u64,
}

/// What a submission is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Name of the challenge.
    pub challenge: String,
    /// The miner's name for its agent.
    pub name: String,
    /// Slot within (challenge, miner, epoch).
    pub sequence: u64,
}

/// A submission ready to be sent, any number of times.
#[derive(Debug, Clone)]
pub struct SignedSubmission {
    /// The signed header.
    pub header: Signed<SubmissionHeader>,
    /// The payload that the header names by hash and length.
    pub payload: Vec<u8>,
}

/// Why a submission could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The payload's length doesn't even fit the header.
    #[error("expected a payload of at most {max} bytes, got {got}", max = u32::MAX)]
    PayloadTooLarge {
        /// Its length in bytes.
        got: usize,
    },
    /// The challenge's types could not be encoded.
    #[error("encoding the submission: {0}")]
    Encoding(String),
}

/// Builds and signs a submission to the Term Challenge: its payload with the inner signature, and
/// the header over it. Checks no rule.
pub fn build_term_submission(
    target: &Target,
    label: &Label,
    package_zip: &[u8],
    reported: &Reported,
    keypair: &Keypair,
) -> Result<SignedSubmission, BuildError> {
    let payload = term_payload(target, &label.name, package_zip, reported, keypair)?;
    build_submission(target, label, payload, keypair)
}

/// Signs the header of a submission with any payload. Checks no rule.
pub fn build_submission(
    target: &Target,
    label: &Label,
    payload: Vec<u8>,
    keypair: &Keypair,
) -> Result<SignedSubmission, BuildError> {
    let got = payload.len();
    let payload_len = u32::try_from(got).map_err(|_| BuildError::PayloadTooLarge { got })?;
    let header = SubmissionHeader {
        challenge: label.challenge.clone(),
        hotkey: keypair.hotkey(),
        epoch: target.epoch,
        name: label.name.clone(),
        sequence: label.sequence,
        payload_hash: Hash::of(&payload),
        payload_len,
    };
    Ok(SignedSubmission {
        header: Signed::sign(&target.network, header, keypair).into_signed(),
        payload,
    })
}

/// The Term Challenge's payload: package and results with the miner's inner signature.
pub fn term_payload(
    target: &Target,
    name: &str,
    package_zip: &[u8],
    reported: &Reported,
    keypair: &Keypair,
) -> Result<Vec<u8>, BuildError> {
    let encoding = |error: &dyn std::fmt::Display| BuildError::Encoding(error.to_string());
    let hotkey = keypair.hotkey();
    let agent_hash = signing::agent_hash(package_zip);
    let mut submission = Submission {
        agent_hash: hex::encode(agent_hash),
        miner_hotkey: hotkey.to_ss58(),
        signature: Vec::new(),
        epoch: target.epoch,
        package_zip: package_zip.to_vec(),
        basilica_instance: reported.basilica_instance.clone(),
        executor_url: reported.executor_url.clone(),
        executor_token: String::new(),
        task_results: reported.task_results.clone(),
    };
    let digest = signing::results_digest(&submission).map_err(|error| encoding(&error))?;
    let message = signing::signing_bytes(
        &target.network.0.0,
        &agent_hash,
        &assay_challenge_sdk::Hotkey(hotkey.0),
        target.epoch,
        name,
        &digest,
    )
    .map_err(|error| encoding(&error))?;
    submission.signature = keypair.sign(&message).0.to_vec();
    submission.to_bytes().map_err(|error| encoding(&error))
}

/// Checks a package against the challenge's rules, as every validator will.
pub fn check_package(package_zip: &[u8]) -> Result<PackageFacts, PackageError> {
    let package = assay_challenge_term::read_package(package_zip)?;
    Ok(PackageFacts {
        files: package.files.len(),
        unpacked_bytes: package.files.iter().map(|(_, size)| size).sum(),
        agent_hash: Hash(signing::agent_hash(package_zip)),
    })
}

/// What a sound package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageFacts {
    /// How many files.
    pub files: usize,
    /// Their sizes together, in bytes.
    pub unpacked_bytes: usize,
    /// SHA-256 of the zip.
    pub agent_hash: Hash,
}

impl SignedSubmission {
    /// The submission's identity.
    pub fn id(&self) -> SubmissionId {
        self.header.payload.id()
    }

    /// Checks header and payload length as every node will.
    pub fn check(&self, network: &NetworkId) -> Result<(), HeaderError> {
        verify_submission(self.header.clone(), network).map(drop)
    }

    /// Parameters of `submission_send`.
    pub fn send_params(&self) -> SubmissionSendParams {
        SubmissionSendParams {
            header: hex::encode(codec::encode(&self.header)),
            payload: STANDARD.encode(&self.payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_consensus::keys::Signature;

    use super::*;

    fn target() -> Target {
        Target {
            network: NetworkId(Hash::of(b"network")),
            epoch: 7,
        }
    }

    fn label(name: &str) -> Label {
        Label {
            challenge: assay_challenge_term::NAME.into(),
            name: name.into(),
            sequence: 2,
        }
    }

    #[test]
    fn what_is_sent_decodes_to_the_signed_header_and_payload() {
        let miner = Keypair::insecure_from_name("miner");
        let built = build_term_submission(
            &target(),
            &label("agent"),
            b"zip",
            &Reported::default(),
            &miner,
        )
        .unwrap();
        built.check(&target().network).unwrap();
        let sent = built.send_params();
        let header: Signed<SubmissionHeader> =
            codec::decode(&hex::decode(sent.header).unwrap(), 4_096).unwrap();
        assert_eq!(header, built.header);
        let payload = STANDARD.decode(sent.payload).unwrap();
        assert_eq!(Hash::of(&payload), header.payload.payload_hash);
        assert_eq!(
            Submission::from_bytes(&payload).unwrap().package_zip,
            b"zip"
        );
    }

    #[test]
    fn the_inner_signature_covers_epoch_name_network_and_results() {
        let miner = Keypair::insecure_from_name("miner");
        let payload =
            term_payload(&target(), "agent", b"zip", &Reported::default(), &miner).unwrap();
        let sent = Submission::from_bytes(&payload).unwrap();
        let signature = Signature(sent.signature.as_slice().try_into().unwrap());
        let verifies = |epoch, name: &str, network: NetworkId, url: &str| {
            let changed = Submission {
                executor_url: url.into(),
                ..sent.clone()
            };
            let message = signing::signing_bytes(
                &network.0.0,
                &signing::agent_hash(b"zip"),
                &assay_challenge_sdk::Hotkey(miner.hotkey().0),
                epoch,
                name,
                &signing::results_digest(&changed).unwrap(),
            )
            .unwrap();
            miner.hotkey().verify(&message, &signature).is_ok()
        };
        let network = target().network;
        assert!(verifies(7, "agent", network, ""));
        assert!(!verifies(8, "agent", network, ""));
        assert!(!verifies(7, "other", network, ""));
        assert!(!verifies(7, "agent", NetworkId(Hash::ZERO), ""));
        assert!(!verifies(7, "agent", network, "https://e.example"));
    }

    #[test]
    fn a_name_or_size_that_the_network_refuses_is_found_before_sending() {
        let miner = Keypair::insecure_from_name("miner");
        let network = target().network;
        let unnamed = build_submission(&target(), &label(""), vec![1], &miner).unwrap();
        assert!(matches!(unnamed.check(&network), Err(HeaderError::Name(_))));
        let big = build_submission(&target(), &label("a"), vec![0; 1_600_000], &miner).unwrap();
        assert!(matches!(
            big.check(&network),
            Err(HeaderError::PayloadLength(1_600_000))
        ));
    }

    #[test]
    fn a_packed_directory_keeps_the_challenge_s_own_zip_rules() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("lib")).unwrap();
        for name in ["agent.py", "lib/util.py", "lib/notes.txt"] {
            std::fs::write(dir.path().join(name), "x = 1\n".repeat(50)).unwrap();
        }
        let package = crate::package::load(dir.path()).unwrap();
        let facts = check_package(&package.zip).unwrap();
        assert_eq!((facts.files, facts.unpacked_bytes), (3, 900));
    }
}
