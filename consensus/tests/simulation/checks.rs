//! The invariants of the design, checked while the world runs. A broken one panics.

use std::collections::{BTreeMap, BTreeSet};

use assay_consensus::block::{DecidedBlock, verify_signatures};
use assay_consensus::envelope::NetworkId;
use assay_consensus::guard::{SignRecord, Subject};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::SubmissionId;
use assay_consensus::validators::{Quorum, ValidatorSet};
use assay_consensus::votes::{LogVote, VoteCertificate, WeightsVote};
use assay_consensus::wire::Message;

pub struct Checks {
    network: NetworkId,
    quorum: Quorum,
    /// Invariant 1: the block executed at each height, by whoever was first.
    executed: BTreeMap<u64, Hash>,
    /// Invariant 3: everything ever signed by an honest key, across crashes.
    signed: BTreeMap<Hotkey, BTreeMap<Subject, Message>>,
    /// Invariant 4: what miners were told is taken, and by whom.
    pub acknowledged: BTreeMap<SubmissionId, usize>,
    /// Invariant 5.
    agreed_logs: BTreeMap<SubmissionId, LogVote>,
    agreed_weights: BTreeMap<u64, WeightsVote>,
}

impl Checks {
    pub fn new(network: NetworkId, quorum: Quorum) -> Checks {
        Checks {
            network,
            quorum,
            executed: BTreeMap::new(),
            signed: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            agreed_logs: BTreeMap::new(),
            agreed_weights: BTreeMap::new(),
        }
    }

    /// Invariant 1: the same block for everybody, and proof that it was decided.
    pub fn on_execute(&mut self, decided: &DecidedBlock, set: &ValidatorSet) {
        let height = decided.block.header.height;
        let id = decided.block.id();
        let first = *self.executed.entry(height).or_insert(id);
        assert_eq!(first, id, "two blocks at height {height}");
        decided
            .certificate
            .verify(&self.network, set, self.quorum, height, id)
            .unwrap_or_else(|error| panic!("height {height} was not decided: {error}"));
    }

    /// Invariant 3: never two different things for one subject, whatever happened in between.
    pub fn on_persist(&mut self, signer: Hotkey, record: &SignRecord) {
        let of_signer = self.signed.entry(signer).or_default();
        let before = of_signer.insert(record.subject.clone(), record.message.clone());
        if let Some(before) = before {
            assert_eq!(before, record.message, "signed twice: {:?}", record.subject);
        }
    }

    /// Invariant 3: nothing leaves before it is durable.
    pub fn on_publish(&self, publisher: Hotkey, message: &Message) {
        let is_durable = || {
            let of_publisher = self.signed.get(&publisher);
            of_publisher.is_some_and(|signed| signed.values().any(|known| known == message))
        };
        let needs_key = signer_of(message) == Some(publisher);
        assert!(!needs_key || is_durable(), "published first: {message:?}");
    }

    /// Invariant 5: more than the quorum of stake signed the same, and everybody agrees on it.
    pub fn on_agreed_log(&mut self, certificate: &VoteCertificate<LogVote>, set: &ValidatorSet) {
        let vote = certificate.payload;
        self.verify(&vote, &certificate.signatures, set);
        let first = *self.agreed_logs.entry(vote.submission).or_insert(vote);
        assert_eq!(first, vote, "two agreed results");
    }

    /// Invariant 5, for weights.
    pub fn on_agreed_weights(
        &mut self,
        certificate: &VoteCertificate<WeightsVote>,
        set: &ValidatorSet,
    ) {
        let vote = certificate.payload;
        self.verify(&vote, &certificate.signatures, set);
        let first = *self.agreed_weights.entry(vote.epoch).or_insert(vote);
        assert_eq!(first, vote, "two agreed weights");
    }

    pub fn decided_height(&self) -> u64 {
        self.executed
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default()
    }

    pub fn agreed_epochs(&self) -> BTreeSet<u64> {
        self.agreed_weights.keys().copied().collect()
    }

    pub fn agreed_log(&self, id: &SubmissionId) -> Option<&LogVote> {
        self.agreed_logs.get(id)
    }

    fn verify<P: assay_consensus::envelope::Payload>(
        &self,
        payload: &P,
        signatures: &[(u16, assay_consensus::keys::Signature)],
        set: &ValidatorSet,
    ) {
        verify_signatures(&self.network, set, self.quorum, payload, signatures)
            .unwrap_or_else(|error| panic!("an agreement that proves nothing: {error}"));
    }
}

fn signer_of(message: &Message) -> Option<Hotkey> {
    match message {
        Message::Approval(signed) => Some(signed.signer),
        Message::Rejection(signed) => Some(signed.signer),
        Message::Proposal(signed) => Some(signed.signer),
        Message::Vote(signed) => Some(signed.signer),
        Message::LogVote(signed) => Some(signed.signer),
        Message::WeightsVote(signed) => Some(signed.signer),
        Message::Submission(_) | Message::Status(_) => None,
    }
}
