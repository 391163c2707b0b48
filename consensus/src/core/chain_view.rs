//! What the core knows of the chain: recent finalised blocks and the members of recent epochs.

use std::collections::BTreeMap;

use super::Members;
use crate::block::ChainRef;

/// Finalised chain blocks that a proposal may refer to; an hour of 12-second blocks.
const HEADS_KEPT: usize = 300;

/// Epochs whose members are kept: log votes of the last epoch still come in.
const EPOCHS_KEPT: usize = 4;

/// Pause before the metagraph of the same epoch is asked for again.
const METAGRAPH_RETRY_MS: u64 = 2_000;

/// Skipped or older chain blocks that were looked up because a proposal refers to them.
const LOOKED_UP_KEPT: usize = 64;

/// Recent finalised chain blocks.
#[derive(Debug, Default)]
pub(super) struct Heads {
    known: BTreeMap<u64, ChainRef>,
    looked_up: BTreeMap<u64, ChainRef>,
}

/// What the core can say about a chain reference.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeadCheck {
    /// It is a finalised block as we know it.
    True,
    /// We have not seen the chain get there.
    Ahead,
    /// We have not seen this number, though the chain is beyond it.
    Unknown,
    /// It contradicts what we know.
    False,
}

/// Members of recent epochs.
#[derive(Debug, Default)]
pub(super) struct MemberTable {
    known: BTreeMap<u64, Members>,
    asked_ms: BTreeMap<u64, u64>,
}

impl Heads {
    /// Remembers a finalised block. False if it was known.
    pub(super) fn insert(&mut self, head: ChainRef) -> bool {
        let is_newest = self
            .latest()
            .is_none_or(|latest| head.number > latest.number);
        let (table, kept) = if is_newest {
            (&mut self.known, HEADS_KEPT)
        } else {
            (&mut self.looked_up, LOOKED_UP_KEPT)
        };
        let new = table.insert(head.number, head).is_none();
        while table.len() > kept {
            table.pop_first();
        }
        new
    }

    /// The newest finalised block.
    pub(super) fn latest(&self) -> Option<&ChainRef> {
        self.known.values().next_back()
    }

    pub(super) fn check(&self, chain: &ChainRef) -> HeadCheck {
        let known = self.known.get(&chain.number);
        match known.or_else(|| self.looked_up.get(&chain.number)) {
            Some(known) if known == chain => HeadCheck::True,
            Some(_) => HeadCheck::False,
            None if self
                .latest()
                .is_none_or(|latest| latest.number < chain.number) =>
            {
                HeadCheck::Ahead
            }
            None => HeadCheck::Unknown,
        }
    }
}

impl MemberTable {
    pub(super) fn insert(&mut self, epoch: u64, members: Members) {
        self.asked_ms.remove(&epoch);
        self.known.insert(epoch, members);
        while self.known.len() > EPOCHS_KEPT {
            // Never the one that was just asked for.
            let oldest = self.known.keys().find(|known| **known != epoch).copied();
            oldest.and_then(|oldest| self.known.remove(&oldest));
        }
    }

    pub(super) fn get(&self, epoch: u64) -> Option<&Members> {
        self.known.get(&epoch)
    }

    /// Whether the metagraph of an epoch should be asked for now; notes that it is.
    pub(super) fn should_ask(&mut self, epoch: u64, now_ms: u64) -> bool {
        if self.known.contains_key(&epoch) {
            return false;
        }
        let recent = self
            .asked_ms
            .get(&epoch)
            .is_some_and(|asked| now_ms < asked + METAGRAPH_RETRY_MS);
        if !recent {
            self.asked_ms.insert(epoch, now_ms);
        }
        !recent
    }
}
