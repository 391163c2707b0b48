//! A running hash over every event, to show that a seed decides all that happens. Signatures are
//! random, so neither they nor the ids of blocks that carry them go in.

use assay_consensus::block::{Block, Entry};
use assay_consensus::core::Input;
use assay_consensus::hash::Hash;
use assay_consensus::wire::Message;

pub struct Trace {
    hash: Hash,
    pub events: u64,
    is_printed: bool,
}

impl Trace {
    pub fn new() -> Trace {
        Trace {
            hash: Hash::ZERO,
            events: 0,
            is_printed: std::env::var_os("SIMULATION_TRACE").is_some(),
        }
    }

    pub fn hash(&self) -> Hash {
        self.hash
    }

    pub fn note(&mut self, now_ms: u64, node: usize, event: &str) {
        if self.is_printed {
            println!("{now_ms:>8} node {node}: {event}");
        }
        self.events += 1;
        self.hash = Hash::of_value("simulation/event", &(self.hash, now_ms, node, event));
    }
}

pub fn describe_input(input: &Input) -> String {
    match input {
        Input::Tick => "tick".into(),
        Input::Message { message, origin } => format!("{origin:?} {}", describe(message)),
        Input::ChainHead(head) => format!("chain head {}", head.number),
        Input::Metagraph { set, .. } => format!("metagraph of epoch {}", set.epoch()),
        Input::Reviewed { submission, review } => format!("reviewed {submission} {review:?}"),
        Input::Executed(executed) => format!("executed {}", executed.height),
        Input::Blocks(blocks) => format!("{} blocks", blocks.len()),
        Input::Pull { token, request } => format!("pull {token} {request:?}"),
    }
}

pub fn describe(message: &Message) -> String {
    match message {
        Message::Submission(signed) => format!("submission {}", signed.payload.id()),
        Message::Approval(signed) => {
            format!(
                "approval {} by {:?}",
                signed.payload.submission, signed.signer
            )
        }
        Message::Rejection(signed) => {
            format!(
                "rejection {} by {:?}",
                signed.payload.submission, signed.signer
            )
        }
        Message::Proposal(signed) => format!(
            "proposal in round {} after {:?} by {:?}: {}",
            signed.payload.round,
            signed.payload.pol_round,
            signed.signer,
            describe_block(&signed.payload.block)
        ),
        Message::Vote(signed) => format!(
            "{:?} {}/{} by {:?} for {}",
            signed.payload.kind,
            signed.payload.height,
            signed.payload.round,
            signed.signer,
            if signed.payload.block.is_some() {
                "a block"
            } else {
                "nil"
            }
        ),
        Message::LogVote(signed) => {
            format!(
                "log vote {} by {:?}",
                signed.payload.submission, signed.signer
            )
        }
        Message::WeightsVote(signed) => {
            format!(
                "weights vote {} by {:?}",
                signed.payload.epoch, signed.signer
            )
        }
        Message::Status(status) => format!("status {}", status.height),
    }
}

fn describe_block(block: &Block) -> String {
    let entries: Vec<String> = block
        .entries
        .iter()
        .map(|entry| match entry {
            Entry::Admit(admit) => admit.submission.payload.id().to_string(),
            Entry::Evidence(evidence) => format!("evidence {:?}", evidence.first.signer),
        })
        .collect();
    let header = &block.header;
    format!(
        "height {} by {:?} at chain block {} {entries:?}",
        header.height, header.proposer, header.chain.number
    )
}
