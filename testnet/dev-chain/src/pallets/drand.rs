//! Pallet Drand: the beacon's parameters and its pulses, with which commits are decrypted.

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

use super::RuntimeEvent;
use super::system;
use crate::limits::PULSES_MAX;
use crate::storage::{State, storage};
use crate::types::BoundedVec;

/// What a beacon is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BeaconConfiguration {
    /// Its public key in G2, compressed.
    pub public_key: BoundedVec<u8, 96>,
    /// Seconds between rounds.
    pub period: u32,
    /// Time of round 1 in seconds since 1970.
    pub genesis_time: u32,
    /// Hash of the beacon's parameters.
    pub hash: BoundedVec<u8, 32>,
    /// Hash of its group.
    pub group_hash: BoundedVec<u8, 32>,
    /// Its signature scheme.
    pub scheme_id: BoundedVec<u8, 32>,
    /// Its name.
    pub metadata: Metadata,
}

/// A beacon's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Metadata {
    /// The name.
    pub beacon_id: BoundedVec<u8, 32>,
}

/// A round of a beacon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Pulse {
    /// Its number.
    pub round: u64,
    /// SHA-256 of the signature.
    pub randomness: BoundedVec<u8, 32>,
    /// Signature in G1, compressed.
    pub signature: BoundedVec<u8, 144>,
}

/// Events of the pallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Event {
    /// The beacon was replaced.
    BeaconConfigChanged,
    /// Rounds were stored.
    NewPulse {
        /// Their numbers.
        rounds: Vec<u64>,
    },
}

storage! {
    pallet "Drand";
    /// The beacon.
    BEACON_CONFIG "BeaconConfig" () => BeaconConfiguration;
    /// Rounds of the beacon.
    PULSES "Pulses" (Blake2_128Concat u64) => Pulse, optional;
    /// The newest round.
    LAST_STORED_ROUND "LastStoredRound" () => u64;
    /// The oldest round that is kept.
    OLDEST_STORED_ROUND "OldestStoredRound" () => u64;
}

/// Stores rounds, ascending, and lets go of the oldest.
pub fn store(state: &mut State<'_>, pulses: &[Pulse]) {
    let (Some(first), Some(last)) = (pulses.first(), pulses.last()) else {
        return;
    };
    for pulse in pulses {
        PULSES.put(state, (pulse.round,), pulse);
    }
    let newest = LAST_STORED_ROUND.get(state, ()).max(last.round);
    LAST_STORED_ROUND.put(state, (), &newest);
    let stored = OLDEST_STORED_ROUND.get(state, ());
    let oldest = if stored == 0 { first.round } else { stored };
    let kept = oldest.max(newest.saturating_sub(PULSES_MAX));
    forget(state, oldest, kept);
    OLDEST_STORED_ROUND.put(state, (), &kept);
    let rounds = pulses.iter().map(|pulse| pulse.round).collect();
    system::deposit(state, RuntimeEvent::Drand(Event::NewPulse { rounds }));
}

fn forget(state: &mut State<'_>, oldest: u64, kept: u64) {
    // Rounds that a test brings may be far apart; then only what is stored is looked at.
    let rounds: Vec<u64> = if kept.saturating_sub(oldest) <= PULSES_MAX {
        (oldest..kept).collect()
    } else {
        let mut stored = PULSES.keys(state);
        stored.retain(|round| *round < kept);
        stored
    };
    for round in rounds {
        PULSES.remove(state, (round,));
    }
}
