//! Every bound of the crate: what a request may ask for and what is believed of a box.

use std::time::Duration;

/// Longest program path, in bytes: the kernel's own limit.
pub const PROGRAM_MAX_BYTES: usize = 4096;
/// Most arguments of a program; far above what a challenge needs, far below the kernel's bound.
pub const ARGS_MAX_COUNT: usize = 4096;
/// Longest single argument or environment variable, in bytes: the kernel's limit is 128 KiB.
pub const ARG_MAX_BYTES: usize = 128 * 1024 - 1;
/// All arguments and variables together, in bytes: half of what the kernel takes by default.
pub const ARGS_TOTAL_MAX_BYTES: usize = 1024 * 1024;
/// Most environment variables.
pub const ENV_MAX_COUNT: usize = 256;
/// Longest standard input, in bytes.
pub const STDIN_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Most files and directories of an input that is copied into the box.
pub const INPUT_MAX_ENTRIES: usize = 16_384;
/// All bytes of an input that is copied into the box; larger ones are bound.
pub const INPUT_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Deepest directory of an input or output.
pub const DIRECTORY_MAX_DEPTH: usize = 32;
/// Longest path inside of an input or output, in bytes.
pub const PATH_MAX_BYTES: usize = 1024;

/// Range of the wall clock limit, in milliseconds: at least a few scheduler ticks, at most a day.
pub const WALL_RANGE_MS: (u64, u64) = (10, 24 * 3600 * 1000);
/// Range of the CPU time limit, in milliseconds.
pub const CPU_RANGE_MS: (u64, u64) = (10, 7 * 24 * 3600 * 1000);
/// Range of the memory limit, in bytes: an interpreter needs some MiB to say that it has too little.
pub const MEMORY_RANGE_BYTES: (u64, u64) = (8 * 1024 * 1024, 1 << 40);
/// Range of the limit of processes and threads.
pub const PROCESSES_RANGE: (u64, u64) = (1, 4096);
/// Range of the limits of standard output and standard error, in bytes; both are held in memory.
pub const STREAM_RANGE_BYTES: (u64, u64) = (0, 64 * 1024 * 1024);
/// Range of the limit of collected output, in bytes; it is held in memory.
pub const OUTPUT_RANGE_BYTES: (u64, u64) = (4096, 1 << 30);
/// Range of the number of output files and directories.
pub const OUTPUT_FILES_RANGE: (u64, u64) = (1, 65_536);
/// Range of the largest single file, in bytes.
pub const FILE_RANGE_BYTES: (u64, u64) = (4096, 1 << 40);
/// Range of the temporary directory's size, in bytes.
pub const TMP_RANGE_BYTES: (u64, u64) = (4096, 1 << 34);
/// Range of open descriptors per process.
pub const OPEN_FILES_RANGE: (u64, u64) = (16, 65_536);

/// Most concurrent runs of one sandbox: each has an uid of its own, the next is the self-test's.
pub const SLOTS_MAX: u32 = 1023;
/// Uids of one node.
pub const UIDS_PER_NODE: u32 = SLOTS_MAX + 1;
/// First uid of the slots: far above accounts, below the ranges that container tools hand out.
pub const SLOT_UID_BASE: u32 = 300_000;
/// How long a caller waits for a free slot unless it says otherwise.
pub const SLOT_WAIT: Duration = Duration::from_secs(600);
/// How long a cancelled run may take to notice.
pub const CANCEL_POLL: Duration = Duration::from_millis(50);
