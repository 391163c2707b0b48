//! Every limit of the challenge, with its unit and its reason.

use assay_challenge_sdk::arena::ARENA_BYTES;

/// An encoded submission, in bytes: a package of 1 MiB plus the reported results.
pub const SUBMISSION_MAX_BYTES: usize = 1_572_864;
/// The package, in bytes: contract with miners.
pub const PACKAGE_MAX_BYTES: usize = 1_048_576;
/// Entries of the package, directories included: agents are small; bounds work per submission.
pub const PACKAGE_MAX_ENTRIES: usize = 100;
/// One unpacked file, in bytes.
pub const FILE_MAX_BYTES: usize = 1_048_576;
/// All unpacked files together, in bytes.
pub const UNPACKED_MAX_BYTES: usize = 10 * 1_048_576;
/// Unpacked to packed size of one file: source code stays far below, bombs far above.
pub const COMPRESSION_RATIO_MAX: usize = 100;
/// Files up to this many bytes are exempt from the ratio: a short repetitive text may exceed it.
pub const COMPRESSION_RATIO_FREE_BYTES: usize = 64 * 1024;
/// A path in the package, in bytes: what every file system takes.
pub const PATH_MAX_BYTES: usize = 255;
/// Components of a path: bounds directories that a package can make.
pub const PATH_MAX_DEPTH: usize = 16;

/// Tasks of the dataset and results of a submission: contract with miners.
pub const TASKS_MAX: usize = 256;
/// A task's id, in bytes.
pub const TASK_ID_MAX_BYTES: usize = 128;
/// Any other text of a task definition, in bytes.
pub const TASK_TEXT_MAX_BYTES: usize = 512;
/// Longest time budget of a task, in seconds: one day.
pub const TASK_TIMEOUT_MAX_SECS: u64 = 86_400;
/// Output that a result carries for each of test and agent, in bytes: four times what logs show.
pub const RESULT_OUTPUT_MAX_BYTES: usize = 16 * 1024;
/// Error text of a result, in bytes.
pub const RESULT_ERROR_MAX_BYTES: usize = 4 * 1024;

/// Encoded parameters, in bytes: 256 tasks with all their texts.
pub const PARAMS_MAX_BYTES: usize = 1_048_576;
/// Name of a Python policy, or the policy itself as TOML, in bytes.
pub const PYTHON_POLICY_MAX_BYTES: usize = 64 * 1024;

/// Name of a submission, in bytes: as the ledger allows.
pub const NAME_MAX_BYTES: usize = 64;
/// A hotkey as text, in bytes: hex is the longer spelling.
pub const HOTKEY_TEXT_MAX_BYTES: usize = 64;
/// Name of a Basilica instance, in bytes.
pub const BASILICA_INSTANCE_MAX_BYTES: usize = 128;
/// An executor's URL, in bytes.
pub const EXECUTOR_URL_MAX_BYTES: usize = 512;

/// A reason or message that reaches the miner, in bytes: what a rejection on the network carries.
pub const REASON_MAX_BYTES: usize = 480;
/// Preview of a task's output in the logs, in bytes: contract with clients.
pub const OUTPUT_PREVIEW_MAX_BYTES: usize = 4_096;
/// Error text in the logs, in bytes.
pub const LOG_ERROR_MAX_BYTES: usize = 512;
/// Logs of an evaluation, in bytes: contract with clients.
pub const LOGS_MAX_BYTES: usize = 262_144;
/// A package that is kept in the challenge's storage, in bytes; a larger one is kept as its hash.
pub const INLINE_CODE_MAX_BYTES: usize = 60 * 1024;
/// Findings of the AST review that are kept: the rest only repeats.
pub const VIOLATIONS_KEPT_MAX: usize = 50;
/// Text of one kept finding, in bytes.
pub const VIOLATION_TEXT_MAX_BYTES: usize = 256;
/// Submissions that the history of a miner lists: keeps the record far below 64 KiB.
pub const MINER_HISTORY_MAX: usize = 50;
/// Versions that the history of a name lists.
pub const VERSION_HISTORY_MAX: usize = 50;
/// Miners that weights are computed for and that a leaderboard can show: a subnet holds 256 at a time.
pub const MINERS_MAX: u32 = 10_000;
/// Rows of one leaderboard answer.
pub const LEADERBOARD_PAGE_MAX: usize = 1_000;
/// Rows of one page of submissions.
pub const SUBMISSIONS_PAGE_MAX: u64 = 100;
/// A stored record, in bytes, when it is read back.
pub const RECORD_MAX_BYTES: u64 = 64 * 1024;
// The largest record is a package that is kept inline.
const _: () = assert!(INLINE_CODE_MAX_BYTES as u64 + 1_024 <= RECORD_MAX_BYTES);

/// Epochs from one submission of a miner to the next: contract with miners.
pub const RATE_LIMIT_EPOCHS: u64 = 3;

// Input and output of one call must fit the module's arena together.
const _: () =
    assert!(SUBMISSION_MAX_BYTES + PARAMS_MAX_BYTES + 2 * LOGS_MAX_BYTES + 4_096 <= ARENA_BYTES);
