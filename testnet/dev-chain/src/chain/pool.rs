//! Extrinsics that wait for a block.

use std::collections::{BTreeMap, VecDeque};

use super::validity::SubmitError;
use crate::extrinsic::Extrinsic;
use crate::limits::{ENDED_MAX, POOL_MAX, POOL_PER_ACCOUNT_MAX};
use crate::types::{AccountId32, H256};

/// An extrinsic in the pool.
#[derive(Debug, Clone)]
pub(super) struct Pooled {
    pub(super) hash: H256,
    pub(super) bytes: Vec<u8>,
    pub(super) extrinsic: Extrinsic,
    /// First block of its era when it came.
    pub(super) birth: u64,
    /// When it came, among all.
    arrival: u64,
}

/// How an extrinsic that is in no block left the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It became invalid.
    Invalid,
    /// Another one took its nonce.
    Usurped(H256),
}

/// Extrinsics by signer and nonce.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    accounts: BTreeMap<AccountId32, BTreeMap<u32, Pooled>>,
    places: BTreeMap<H256, (AccountId32, u32)>,
    ended: BTreeMap<H256, Ended>,
    ended_order: VecDeque<H256>,
    arrivals: u64,
}

impl Pool {
    /// Takes an extrinsic that was checked.
    pub(super) fn insert(
        &mut self,
        signer: AccountId32,
        hash: H256,
        bytes: Vec<u8>,
        (extrinsic, birth): (Extrinsic, u64),
    ) -> Result<(), SubmitError> {
        if self.places.contains_key(&hash) {
            return Err(SubmitError::AlreadyImported);
        }
        let nonce = extrinsic.nonce;
        let of_signer = self.accounts.get(&signer);
        match of_signer.and_then(|pooled| pooled.get(&nonce)) {
            Some(other) if other.extrinsic.tip >= extrinsic.tip => {
                return Err(SubmitError::TooLowPriority {
                    old: other.extrinsic.tip,
                    new: extrinsic.tip,
                });
            }
            Some(other) => self.end(other.hash, Ended::Usurped(hash)),
            None => {
                let of_signer = of_signer.map_or(0, BTreeMap::len);
                if self.places.len() >= POOL_MAX || of_signer >= POOL_PER_ACCOUNT_MAX {
                    return Err(SubmitError::ImmediatelyDropped);
                }
            }
        }
        self.arrivals += 1;
        let pooled = Pooled {
            hash,
            bytes,
            extrinsic,
            birth,
            arrival: self.arrivals,
        };
        self.ended.remove(&hash);
        self.places.insert(hash, (signer, nonce));
        self.accounts
            .entry(signer)
            .or_default()
            .insert(nonce, pooled);
        Ok(())
    }

    /// What can go into the next block, by arrival, each signer's in the order of nonces.
    pub(super) fn ready(&self, next_nonce: impl Fn(AccountId32) -> u32) -> Vec<&Pooled> {
        let mut ready: Vec<(u64, &Pooled)> = Vec::new();
        for (signer, of_signer) in &self.accounts {
            let mut arrival = 0;
            let mut nonce = next_nonce(*signer);
            while let Some(pooled) = of_signer.get(&nonce) {
                arrival = pooled.arrival.max(arrival);
                ready.push((arrival, pooled));
                let Some(next) = nonce.checked_add(1) else {
                    break;
                };
                nonce = next;
            }
        }
        // Stable, so that those of one signer keep their order.
        ready.sort_by_key(|(arrival, _)| *arrival);
        ready.into_iter().map(|(_, pooled)| pooled).collect()
    }

    /// Every extrinsic.
    pub(super) fn all(&self) -> impl Iterator<Item = &Pooled> {
        self.accounts.values().flat_map(BTreeMap::values)
    }

    /// The next nonce of a signer, after what is ready here.
    pub(super) fn next_nonce(&self, signer: AccountId32, mut nonce: u32) -> u32 {
        let of_signer = self.accounts.get(&signer);
        while of_signer.is_some_and(|pooled| pooled.contains_key(&nonce)) {
            nonce = nonce.saturating_add(1);
        }
        nonce
    }

    /// Signer and nonce of an extrinsic in the pool.
    pub(super) fn place(&self, hash: &H256) -> Option<(AccountId32, u32)> {
        self.places.get(hash).copied()
    }

    /// How an extrinsic left the pool, as far as that is remembered.
    pub(super) fn ended(&self, hash: &H256) -> Option<Ended> {
        self.ended.get(hash).copied()
    }

    /// Takes out an extrinsic that is in a block.
    pub(super) fn remove(&mut self, hash: &H256) {
        if let Some((signer, nonce)) = self.places.remove(hash)
            && let Some(of_signer) = self.accounts.get_mut(&signer)
        {
            of_signer.remove(&nonce);
            if of_signer.is_empty() {
                self.accounts.remove(&signer);
            }
        }
    }

    /// Takes out an extrinsic that will be in no block.
    pub(super) fn end(&mut self, hash: H256, ended: Ended) {
        self.remove(&hash);
        if self.ended.insert(hash, ended).is_none() {
            self.ended_order.push_back(hash);
        }
        while self.ended_order.len() > ENDED_MAX {
            if let Some(oldest) = self.ended_order.pop_front() {
                self.ended.remove(&oldest);
            }
        }
    }
}
