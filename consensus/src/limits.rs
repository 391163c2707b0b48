//! Every limit of the protocol, with its unit and its reason.

/// Longest challenge name in bytes; it is part of storage keys and URLs.
pub const CHALLENGE_NAME_MAX_BYTES: usize = 64;

/// Longest name of a miner's submission in bytes; shown in tables.
pub const SUBMISSION_NAME_MAX_BYTES: usize = 64;

/// Largest payload of a submission in bytes: a 1 MiB package plus its reported results.
pub const PAYLOAD_MAX_BYTES: u32 = 1_572_864;

/// Largest block in bytes; a proposal must fit one gossip message of 64 KiB.
pub const BLOCK_MAX_BYTES: usize = 60 * 1024;

/// Largest gossip message in bytes; anything bigger is exchanged as a blob.
pub const GOSSIP_MAX_BYTES: usize = 64 * 1024;

/// Most entries in a block, whatever their size; bounds execution time of a block.
pub const BLOCK_MAX_ENTRIES: usize = 64;

/// Most validators in a set; certificates index them with u16 and stay below 64 KiB.
pub const VALIDATORS_MAX: usize = 256;

/// Largest stake of a whole set; three times it must fit u64 for the finality engine.
pub const TOTAL_STAKE_MAX: u64 = u64::MAX / 4;

/// Longest rejection code in bytes; codes are short identifiers.
pub const REJECTION_CODE_MAX_BYTES: usize = 64;

/// Longest rejection text in bytes.
pub const REJECTION_TEXT_MAX_BYTES: usize = 512;

/// Largest genesis document in bytes.
pub const GENESIS_MAX_BYTES: usize = 1024 * 1024;

/// Most challenges in a genesis document.
pub const CHALLENGES_MAX: usize = 64;

/// Pending submissions of one hotkey that a mempool holds.
pub const MEMPOOL_PER_HOTKEY_MAX: usize = 8;

/// Pending submissions that a mempool holds in total.
pub const MEMPOOL_MAX: usize = 4_096;

/// Submissions whose log votes are still being collected; older ones are settled by sync.
pub const OPEN_AGREEMENTS_MAX: usize = 4_096;

/// Consensus messages that are kept for one height and validator; a round needs three.
pub const ROUND_MESSAGES_MAX: usize = 64;

/// Messages in one pull reply; together they stay below the reply's byte limit.
pub const PULL_REPLY_MAX_MESSAGES: usize = 1_024;

/// Bytes of one pull reply.
pub const PULL_REPLY_MAX_BYTES: usize = 2 * 1024 * 1024;

/// Subjects that one pull request may name.
pub const PULL_REQUEST_MAX_SUBJECTS: usize = 256;

/// Blocks in one sync reply.
pub const SYNC_REPLY_MAX_BLOCKS: usize = 32;

const _: () = assert!(BLOCK_MAX_BYTES + 4 * 1024 <= GOSSIP_MAX_BYTES);
const _: () = assert!(VALIDATORS_MAX <= u16::MAX as usize);
const _: () =
    assert!(SYNC_REPLY_MAX_BLOCKS * (BLOCK_MAX_BYTES + VALIDATORS_MAX * 72) < 4 * 1024 * 1024);
