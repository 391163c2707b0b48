//! Making a block: start of block, time, extrinsics, rounds of the beacon.

use std::collections::BTreeMap;

use parity_scale_codec::Encode;

use super::command::{AdminCommand, auto_pulses, beacon};
use super::header::{Block, Header, extrinsics_root};
use super::pool::Pooled;
use super::validity;
use super::{DevChain, Invalid};
use crate::extrinsic::{self, Extrinsic};
use crate::limits::{
    BLOCK_EXTRINSICS_MAX, BLOCK_HASHES, BLOCK_MAX_BYTES, EXTRINSIC_MAX_BYTES, PULSES_PER_BLOCK_MAX,
};
use crate::pallets::subtensor::{dispatch, epoch};
use crate::pallets::system::{self, DispatchClass, DispatchEventInfo, Event, Pays, Phase, Weight};
use crate::pallets::{RuntimeCall, RuntimeEvent, drand, timestamp};
use crate::storage::{Change, State};
use crate::types::{AccountId32, H256, TaoBalance};

/// A block that nothing has been changed for yet.
#[derive(Debug, Clone)]
pub struct BuiltBlock {
    pub(super) block: Block,
    pub(super) changes: BTreeMap<Vec<u8>, Change>,
    /// Extrinsics that turned out to be invalid.
    pub(super) invalid: Vec<H256>,
    /// Time of the block in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// Signed extrinsics in the block, in order.
    pub included: Vec<Vec<u8>>,
}

/// Where a block takes its extrinsics from.
pub(super) enum Source<'a> {
    Pool,
    Exactly(&'a [Vec<u8>]),
}

/// The state in which the block after the best one begins.
pub(super) fn begin(chain: &DevChain) -> State<'_> {
    let parent = chain.best_number();
    let number = parent + 1;
    let mut state = State::after(&chain.versions, parent);
    let parent_hash = chain.best_hash();
    system::NUMBER.put(&mut state, (), &narrow(number));
    system::PARENT_HASH.put(&mut state, (), &parent_hash);
    system::BLOCK_HASH.put(&mut state, (narrow(parent),), &parent_hash);
    let forgotten = number.saturating_sub(BLOCK_HASHES + 1);
    // That of block 0 stays for extrinsics without era.
    if forgotten > 0 {
        system::BLOCK_HASH.remove(&mut state, (narrow(forgotten),));
    }
    system::EVENTS.put(&mut state, (), &Vec::new());
    system::EVENT_COUNT.put(&mut state, (), &0);
    system::EXECUTION_PHASE.put(&mut state, (), &Phase::Initialization);
    state
}

/// Makes the block after the best one.
pub(super) fn build(chain: &DevChain, timestamp_ms: u64, source: &Source<'_>) -> BuiltBlock {
    let mut state = begin(chain);
    let (at_end, at_start): (Vec<&AdminCommand>, Vec<&AdminCommand>) = chain
        .pending
        .iter()
        .partition(|command| command.is_at_end());
    for command in at_start {
        command.apply(&mut state);
    }
    epoch::block_step(&mut state);

    // Time goes forward whatever the clock does.
    let earliest_ms = timestamp::NOW.get(&state, ()).saturating_add(1);
    let timestamp_ms = timestamp_ms.max(earliest_ms);
    let mut extrinsics = vec![apply_timestamp(&mut state, timestamp_ms)];
    let (included, invalid) = apply_extrinsics(chain, &mut state, source);
    extrinsics.extend(included.iter().cloned());

    system::EXECUTION_PHASE.put(&mut state, (), &Phase::Finalization);
    publish_due_pulses(&mut state, timestamp_ms);
    for command in at_end {
        command.apply(&mut state);
    }
    system::EXECUTION_PHASE.remove(&mut state, ());
    system::EXTRINSIC_COUNT.remove(&mut state, ());
    finish(chain, state, extrinsics, (included, invalid), timestamp_ms)
}

fn finish(
    chain: &DevChain,
    state: State<'_>,
    extrinsics: Vec<Vec<u8>>,
    (included, invalid): (Vec<Vec<u8>>, Vec<H256>),
    timestamp_ms: u64,
) -> BuiltBlock {
    let changes = state.into_changes();
    let header = Header {
        parent_hash: chain.best_hash(),
        number: narrow(chain.best_number() + 1),
        state_root: state_root(chain.best_header().state_root, &changes),
        extrinsics_root: extrinsics_root(&extrinsics),
        digest: Vec::new(),
    };
    BuiltBlock {
        block: Block {
            hash: header.hash(),
            header,
            extrinsics,
        },
        changes,
        invalid,
        timestamp_ms,
        included,
    }
}

/// Digest of a state: of the one before and of what has changed.
pub(super) fn state_root(before: H256, changes: &BTreeMap<Vec<u8>, Change>) -> H256 {
    let mut bytes = before.encode();
    changes.encode_to(&mut bytes);
    H256(sp_crypto_hashing::blake2_256(&bytes))
}

fn apply_timestamp(state: &mut State<'_>, now: u64) -> Vec<u8> {
    system::EXECUTION_PHASE.put(state, (), &Phase::ApplyExtrinsic(0));
    timestamp::NOW.put(state, (), &now);
    let dispatch_info = info(DispatchClass::Mandatory);
    let event = Event::ExtrinsicSuccess { dispatch_info };
    system::deposit(state, RuntimeEvent::System(event));
    let call = RuntimeCall::Timestamp(timestamp::Call::set { now });
    extrinsic::inherent(&call, system::runtime(state))
}

/// Applies what is valid; returns that, and the hashes of what is not.
fn apply_extrinsics(
    chain: &DevChain,
    state: &mut State<'_>,
    source: &Source<'_>,
) -> (Vec<Vec<u8>>, Vec<H256>) {
    let runtime = system::runtime(state);
    let candidates: Vec<(Vec<u8>, Extrinsic)> = match source {
        Source::Pool => {
            let next_nonce = |account| system::ACCOUNT.get(state, (account,)).nonce;
            // The time, which the author puts in, takes some of the bytes.
            let mut left = BLOCK_MAX_BYTES - EXTRINSIC_MAX_BYTES;
            let fits = |pooled: &&Pooled| {
                let rest = left.checked_sub(pooled.bytes.len());
                left = rest.unwrap_or_default();
                rest.is_some()
            };
            let ready = chain.pool.ready(next_nonce).into_iter();
            ready
                .take(BLOCK_EXTRINSICS_MAX)
                .take_while(fits)
                .map(|pooled| (pooled.bytes.clone(), pooled.extrinsic.clone()))
                .collect()
        }
        Source::Exactly(all) => all
            .iter()
            .filter_map(|bytes| Some((bytes.clone(), extrinsic::decode(bytes, runtime).ok()?)))
            .collect(),
    };
    let mut included = Vec::new();
    let mut invalid = Vec::new();
    for (bytes, extrinsic) in candidates {
        // The first one is the time.
        let position = included.len() as u32 + 1;
        system::EXECUTION_PHASE.put(state, (), &Phase::ApplyExtrinsic(position));
        match apply_one(state, chain.genesis_hash(), &extrinsic) {
            Ok(()) => included.push(bytes),
            // Its predecessor fell out; it may come later.
            Err(Invalid::Future) => {}
            Err(_) => invalid.push(extrinsic::hash(&bytes)),
        }
    }
    (included, invalid)
}

fn apply_one(
    state: &mut State<'_>,
    genesis_hash: H256,
    extrinsic: &Extrinsic,
) -> Result<(), Invalid> {
    let signer = validity::check(state, genesis_hash, extrinsic)?;
    if extrinsic.nonce != system::ACCOUNT.get(state, (signer,)).nonce {
        return Err(Invalid::Future);
    }
    let RuntimeCall::SubtensorModule(call) = &extrinsic.call else {
        return Err(Invalid::BadMandatory);
    };
    pay_and_count(state, signer, extrinsic.tip);
    let outcome = state.transaction(|state| dispatch::dispatch(state, signer, call));
    let dispatch_info = info(DispatchClass::Normal);
    let event = match outcome {
        Ok(()) => Event::ExtrinsicSuccess { dispatch_info },
        Err(error) => Event::ExtrinsicFailed {
            dispatch_error: error.dispatch_error(system::runtime(state)),
            dispatch_info,
        },
    };
    system::deposit(state, RuntimeEvent::System(event));
    Ok(())
}

fn pay_and_count(state: &mut State<'_>, signer: AccountId32, tip: u64) {
    system::ACCOUNT.change(state, (signer,), |account| {
        account.nonce = account.nonce.saturating_add(1);
        account.data.free = TaoBalance(account.data.free.0.saturating_sub(tip));
    });
}

/// No call of this chain costs a fee, and none costs anything that is measured.
fn info(class: DispatchClass) -> DispatchEventInfo {
    DispatchEventInfo {
        weight: Weight::default(),
        class,
        pays_fee: Pays::No,
    }
}

/// Stores the rounds of the beacon that were due by the time of the block.
fn publish_due_pulses(state: &mut State<'_>, timestamp_ms: u64) {
    if !auto_pulses(state) {
        return;
    }
    let configuration = drand::BEACON_CONFIG.get(state, ());
    let elapsed_s = (timestamp_ms / 1_000).checked_sub(u64::from(configuration.genesis_time));
    let Some(elapsed_s) = elapsed_s else {
        return;
    };
    // Round 1 is at the beacon's genesis time.
    let due = elapsed_s / u64::from(configuration.period.max(1)) + 1;
    let next = drand::LAST_STORED_ROUND.get(state, ()).saturating_add(1);
    let last = due.min(next.saturating_add(PULSES_PER_BLOCK_MAX - 1));
    if next > last {
        return;
    }
    let beacon = beacon(state);
    let pulses: Vec<drand::Pulse> = (next..=last).map(|round| beacon.pulse(round)).collect();
    drand::store(state, &pulses);
}

/// Block numbers have 32 bits; at four blocks a second they last for 34 years.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
