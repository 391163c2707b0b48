//! Timelocked commits: weights encrypted for a round of the beacon, which the chain itself reveals.

use parity_scale_codec::Encode;
use rand_core::{CryptoRng, RngCore};
use subxt::dynamic::Value;
use subxt::ext::futures::future::try_join_all;
use subxt::ext::scale_decode::DecodeAsType;

use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::Caller;
use super::invoke::{Payload, number, payload};
use super::params::{Params, check_pending};
use super::weights::{MECHANISM, refused};
use crate::beacon::{EncryptError, encrypt};
use crate::chain::{WeightsMethod, WeightsSubmission};
use crate::error::{CallFailure, ChainError};
use crate::subtensor::connection::AtBlock;
use crate::subtensor::fault::Fault;
use crate::subtensor::read::{PALLET, find, storage, unsupported};

/// Forms of the call that commits, the preferred one first.
pub(super) const CALLS: [&str; 2] = [
    "commit_timelocked_mechanism_weights",
    "commit_timelocked_weights",
];

/// Blocks after the first one of the reveal's epoch that the round is aimed at: later blocks of the
/// epoch reveal too, and a round that comes before the epoch could be read too early.
const SECURITY_OFFSET_BLOCKS: u64 = 3;

/// Time between two blocks of the real chain in milliseconds, where the chain is too young to tell.
const DEFAULT_BLOCK_TIME_MS: u64 = 12_000;

/// Blocks between two of the times that are compared.
const SAMPLE_BLOCKS: u64 = 16;

/// How many times before the head's are compared.
const SAMPLES: u64 = 3;

/// Largest commit that the chain takes, in bytes: the bound of its argument.
const COMMIT_MAX_BYTES: usize = 5_000;

/// The beacon as the chain knows it.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct BeaconConfig {
    /// Compressed point of G2.
    public_key: Vec<u8>,
    /// Seconds between rounds.
    period: u32,
    /// Time of round 1 in seconds since 1970.
    genesis_time: u32,
}

/// What is encrypted.
#[derive(Encode)]
struct Sealed {
    hotkey: Vec<u8>,
    uids: Vec<u16>,
    values: Vec<u16>,
    version_key: u64,
}

/// The call that commits weights, and what is needed to follow them.
pub(super) async fn commit(
    caller: &Caller<'_>,
    call: &str,
    params: &Params,
    submission: &WeightsSubmission,
    rng: &mut (impl RngCore + CryptoRng + Send),
) -> Result<(Payload, WeightsMethod), Fault> {
    let at = caller.at;
    let hotkey = caller.signer.hotkey();
    let pending = pending(at, caller.netuid, submission.epoch, &hotkey).await?;
    check_pending(pending.len()).map_err(|refusal| refused(call, refusal))?;
    let (version, beacon, newest_round, block_time_ms) = tokio::try_join!(
        storage::<_, u16>(at, PALLET, "CommitRevealWeightsVersion", ()),
        storage::<_, BeaconConfig>(at, "Drand", "BeaconConfig", ()),
        find::<_, u64>(at, "Drand", "LastStoredRound", ()),
        block_time_ms(caller),
    )?;
    let round = Reveal {
        head: caller.head.number,
        head_time_ms: caller.head.timestamp_ms,
        block_time_ms,
        next_epoch_start: caller.head.next_epoch_start,
        epoch_blocks: caller.epoch_blocks,
        period: params.reveal_period,
        beacon_genesis_s: beacon.genesis_time.into(),
        beacon_period_s: beacon.period.into(),
        newest_round: newest_round.unwrap_or_default(),
    }
    .round();
    let sealed = seal(&hotkey, submission);
    let commit = encrypt(&beacon.public_key, round, &sealed, rng)
        .map_err(|error| cant_encrypt(at, &error))?;
    check_size(call, commit.len())?;
    let payload = payload(
        at,
        call,
        &[
            ("netuid", number(caller.netuid)),
            ("mecid", number(MECHANISM)),
            ("commit", Value::from_bytes(&commit)),
            ("reveal_round", number(round)),
            ("commit_reveal_version", number(version)),
        ],
    )?;
    let method = WeightsMethod::Timelocked {
        commit_hash: commit_hash(&commit),
        round,
        reveal_epoch: submission.epoch.saturating_add(params.reveal_period),
    };
    Ok((payload, method))
}

/// Hashes of a hotkey's commits of an epoch that the chain holds.
pub(super) async fn pending(
    at: &AtBlock,
    netuid: u16,
    epoch: u64,
    hotkey: &Hotkey,
) -> Result<Vec<Hash>, Fault> {
    type Stored = ([u8; 32], u64, Vec<u8>, u64);
    let commits =
        find::<_, Vec<Stored>>(at, PALLET, "TimelockedWeightCommits", (netuid, epoch)).await?;
    let commits = commits.unwrap_or_default().into_iter();
    Ok(commits
        .filter(|(who, ..)| *who == hotkey.0)
        .map(|(_, _, commit, _)| commit_hash(&commit))
        .collect())
}

/// Hash of a commit as the chain's events have it: of its SCALE, whose length comes first.
fn commit_hash(commit: &[u8]) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(&commit.encode()))
}

/// The runtime can't even decode a larger commit, and the subnet's rules about length leave none of
/// the entries out: only its owner can help.
fn check_size(call: &str, size_bytes: usize) -> Result<(), Fault> {
    if size_bytes <= COMMIT_MAX_BYTES {
        return Ok(());
    }
    let name = format!(
        "the encrypted commit has {size_bytes} bytes, and the chain takes at most \
         {COMMIT_MAX_BYTES}: the weights are for too many uids; the subnet's owner has to lower \
         MinAllowedWeights or turn commits off"
    );
    Err(Fault::Chain(ChainError::Refused {
        call: call.to_owned(),
        failure: CallFailure::Other { name },
    }))
}

fn seal(hotkey: &Hotkey, submission: &WeightsSubmission) -> Vec<u8> {
    let (uids, values) = submission.entries.iter().copied().unzip();
    let sealed = Sealed {
        hotkey: hotkey.0.to_vec(),
        uids,
        values,
        version_key: submission.version_key,
    };
    sealed.encode()
}

fn cant_encrypt(at: &AtBlock, error: &EncryptError) -> Fault {
    match error {
        EncryptError::PublicKey(_) => Fault::Chain(ChainError::BadAnswer {
            call: "Drand.BeaconConfig",
            expected: "a beacon with a public key".to_owned(),
            got: error.to_string(),
        }),
        EncryptError::Cipher => unsupported(at, "room for weights of this size".to_owned()),
    }
}

/// Time between two blocks, by the times of some finalised ones.
async fn block_time_ms(caller: &Caller<'_>) -> Result<u64, Fault> {
    let head = caller.head;
    let client = caller.at.online_client();
    // Block 0 has no time.
    let numbers = (1..=SAMPLES)
        .map(|sample| head.number.saturating_sub(sample * SAMPLE_BLOCKS))
        .filter(|number| *number > 0);
    let samples = numbers.map(async |number| -> Result<(u64, u64), Fault> {
        let at = client.at_block(number).await.map_err(Fault::client)?;
        let time_ms = storage::<_, u64>(&at, "Timestamp", "Now", ()).await?;
        Ok((number, time_ms))
    });
    let mut times = vec![(head.number, head.timestamp_ms)];
    times.extend(try_join_all(samples).await?);
    Ok(shortest_block_time_ms(&times))
}

/// The shortest mean time of a block between two of these blocks (number, time), descending. While
/// a chain stands still time goes by without blocks, and a round that is too late is worse than one
/// that is too early: the chain drops a commit whose round doesn't come in the reveal's epoch.
fn shortest_block_time_ms(times: &[(u64, u64)]) -> u64 {
    let means = times.windows(2).filter_map(|pair| match pair {
        [(later, later_ms), (earlier, earlier_ms)] => later_ms
            .saturating_sub(*earlier_ms)
            .checked_div(later.saturating_sub(*earlier)),
        _ => None,
    });
    means.min().unwrap_or(DEFAULT_BLOCK_TIME_MS)
}

/// All that decides which round a commit is encrypted for.
#[derive(Debug, Clone, Copy)]
struct Reveal {
    head: u64,
    head_time_ms: u64,
    block_time_ms: u64,
    next_epoch_start: u64,
    /// Blocks of every epoch from the next on.
    epoch_blocks: u64,
    /// Epochs between commit and reveal, at least 1.
    period: u64,
    beacon_genesis_s: u64,
    beacon_period_s: u64,
    /// The newest round that the chain has.
    newest_round: u64,
}

impl Reveal {
    /// The round that comes soon after the reveal's epoch has begun.
    fn round(&self) -> u64 {
        let epochs_after_next = self.period.saturating_sub(1);
        let reveal_start = epochs_after_next
            .saturating_mul(self.epoch_blocks)
            .saturating_add(self.next_epoch_start);
        // In very short epochs as late as one block can still reveal.
        let offset = SECURITY_OFFSET_BLOCKS.min(self.epoch_blocks.saturating_sub(2));
        let blocks = reveal_start
            .saturating_add(offset)
            .saturating_sub(self.head);
        let target_ms = blocks
            .saturating_mul(self.block_time_ms)
            .saturating_add(self.head_time_ms);
        let since_genesis_s = (target_ms / 1_000).saturating_sub(self.beacon_genesis_s);
        let round = since_genesis_s / self.beacon_period_s.max(1);
        // What has come already can be read by anyone.
        round.max(self.newest_round.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon;
    use proptest::prelude::*;
    use rand_core::OsRng;

    /// Genesis of drand's quicknet, seconds since 1970.
    const QUICKNET_GENESIS_S: u64 = 1_692_803_367;

    const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b45\
         0b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4a\
         f5a6e9c76a4bc09e76eae8991ef5ece45a";

    fn mainnet() -> Reveal {
        Reveal {
            head: 1_000,
            head_time_ms: (QUICKNET_GENESIS_S + 30_000_000) * 1_000,
            block_time_ms: 12_000,
            next_epoch_start: 1_100,
            epoch_blocks: 360,
            period: 1,
            beacon_genesis_s: QUICKNET_GENESIS_S,
            beacon_period_s: 3,
            newest_round: 10_000_000,
        }
    }

    fn submission() -> WeightsSubmission {
        WeightsSubmission {
            epoch: 0,
            entries: vec![(2, 21_845), (3, 65_535)],
            version_key: 7,
        }
    }

    #[test]
    fn what_is_sealed_has_the_layout_of_the_chain() {
        let expected = format!(
            "80{}{}{}{}",
            "09".repeat(32),
            "0802000300",
            "085555ffff",
            "0700000000000000"
        );
        assert_eq!(hex::encode(seal(&Hotkey([9; 32]), &submission())), expected);
    }

    #[test]
    fn a_commit_of_two_uids_has_295_bytes() {
        let key = hex::decode(PUBLIC_KEY).unwrap();
        let sealed = seal(&Hotkey([9; 32]), &submission());
        let commit = beacon::encrypt(&key, 1_000, &sealed, OsRng).unwrap();
        assert_eq!(commit.len(), 295);
    }

    #[test]
    fn the_round_comes_three_blocks_into_the_epoch_of_the_reveal() {
        // 103 blocks of 12 s after second 30,000,000 of the beacon.
        assert_eq!(mainnet().round(), (30_000_000 + 103 * 12) / 3);
        let later = Reveal {
            period: 3,
            ..mainnet()
        };
        assert_eq!(later.round(), (30_000_000 + (103 + 2 * 360) * 12) / 3);
    }

    #[test]
    fn a_round_that_has_come_is_never_taken() {
        let ahead = Reveal {
            newest_round: 20_000_000,
            ..mainnet()
        };
        assert_eq!(ahead.round(), 20_000_001);
        let before_genesis = Reveal {
            head_time_ms: 0,
            newest_round: 0,
            ..mainnet()
        };
        assert_eq!(before_genesis.round(), 1);
    }

    #[test]
    fn in_a_short_epoch_the_round_still_comes_before_its_last_block() {
        let offset = |epoch_blocks| {
            let reveal = Reveal {
                epoch_blocks,
                next_epoch_start: 1_010,
                block_time_ms: 3_000,
                newest_round: 0,
                ..mainnet()
            };
            reveal.round() - (10_000_000 + 10)
        };
        assert_eq!(offset(10), 3);
        assert_eq!(offset(4), 2);
        assert_eq!(offset(2), 0);
        assert_eq!(offset(0), 0);
    }

    #[test]
    fn a_time_without_blocks_does_not_make_blocks_longer() {
        let hour_ms = 3_600_000;
        let times = [
            (1_000, 48 * 12_000 + hour_ms),
            (984, 32 * 12_000 + hour_ms),
            (968, 16 * 12_000),
            (952, 0),
        ];
        assert_eq!(shortest_block_time_ms(&times), 12_000);
        assert_eq!(shortest_block_time_ms(&times[..1]), DEFAULT_BLOCK_TIME_MS);
        assert_eq!(
            shortest_block_time_ms(&[(5, 1), (5, 1)]),
            DEFAULT_BLOCK_TIME_MS
        );
    }

    proptest! {
        #[test]
        fn any_numbers_give_a_round_that_has_not_come(
            numbers in proptest::array::uniform8(any::<u64>()), newest_round in 0..u64::MAX
        ) {
            let [head, head_time_ms, block_time_ms, next_epoch_start, epoch_blocks, period,
                beacon_genesis_s, beacon_period_s] = numbers;
            let reveal = Reveal {
                head, head_time_ms, block_time_ms, next_epoch_start, epoch_blocks, period,
                beacon_genesis_s, beacon_period_s, newest_round,
            };
            prop_assert!(reveal.round() > newest_round);
        }
    }
}
