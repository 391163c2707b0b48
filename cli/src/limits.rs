//! Every limit of the command line client, with its unit and its reason.

/// Largest file with reported results in bytes: 256 results with room for error texts.
pub const RESULTS_FILE_MAX_BYTES: u64 = 1024 * 1024;

/// Most bytes read into memory from a package directory or zip: far above what the network
/// accepts, so that the check can say by how much a package is too big.
pub const PACKAGE_READ_MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Most files read from a package directory, for the same reason.
pub const PACKAGE_READ_MAX_FILES: usize = 4_096;

/// Deepest folder in a package directory; ends a walk through a loop of mounts.
pub const PACKAGE_MAX_DEPTH: usize = 32;

/// Most entries of a directory that `check` and `similarity` look at for Python files.
pub const SOURCES_MAX_ENTRIES: usize = 65_536;

/// Largest policy file read in bytes; the check's own limit is smaller and says so.
pub const POLICY_READ_MAX_BYTES: u64 = 1024 * 1024;

/// Columns of source code shown where the width of the terminal is unknown.
pub const CODE_COLUMNS: usize = 120;

/// Fewest and most columns of source code shown, whatever the terminal says.
pub const CODE_COLUMNS_RANGE: (usize, usize) = (40, 240);

/// Matching regions of two packages that are listed for people; JSON has all.
pub const REGIONS_LISTED_MAX: usize = 20;

/// Matching regions whose code is shown when asked for.
pub const REGIONS_SHOWN_MAX: usize = 3;

/// Lines of code shown of one matching region.
pub const REGION_LINES_MAX: usize = 40;

/// Largest raw payload file read in bytes; the network's own limit is checked afterwards.
pub const PAYLOAD_READ_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Most reported results read from a file; the challenge allows fewer and says so.
pub const RESULTS_MAX: usize = 1_024;

/// How often a followed submission is asked for, in milliseconds.
pub const FOLLOW_INTERVAL_MS: u64 = 400;

/// Longest pause between two questions to a node that does not answer, in milliseconds.
pub const FOLLOW_BACKOFF_MAX_MS: u64 = 5_000;

/// How often sending is tried; the same signed bytes each time, so no try counts twice.
pub const SEND_TRIES: u32 = 4;

/// First pause between two tries of sending, in milliseconds; doubles each time.
pub const SEND_PAUSE_MS: u64 = 500;

/// Longest text of a node or validator that is shown on one line, in characters.
pub const SHOWN_TEXT_MAX_CHARS: usize = 512;

/// Paid hotkeys that the terminal interface lists, the heaviest first: what is below stays in reach.
pub const PAID_SHOWN_MAX: usize = 20;

/// Paid hotkeys that `assay status` lists; JSON has all.
pub const STATUS_PAID_MAX: usize = 10;

/// Newest attempts to bring weights to the chain that `assay status` lists; JSON has all.
pub const STATUS_ATTEMPTS_MAX: usize = 3;

/// Earlier epochs' weights that `assay status` lists; JSON has all.
pub const STATUS_EPOCHS_MAX: usize = 5;

/// Pause between two refreshes of the terminal interface, in milliseconds.
pub const REFRESH_INTERVAL_MS: u64 = 3_000;

/// Longest pause between two refreshes of a node that fails, in milliseconds.
pub const REFRESH_BACKOFF_MAX_MS: u64 = 30_000;

/// Deadline of one call of the terminal interface, in milliseconds; a refresh has two rounds.
pub const TUI_CALL_TIMEOUT_MS: u64 = 4_000;

/// Age from which data is marked stale, in milliseconds: three refreshes were missed.
pub const STALE_AFTER_MS: u64 = 3 * REFRESH_INTERVAL_MS + TUI_CALL_TIMEOUT_MS;

/// How often ages on the screen move on, in milliseconds.
pub const TUI_TICK_MS: u64 = 500;

/// Events that wait for the screen; the worker waits when they are this many.
pub const TUI_EVENTS_MAX: usize = 64;

/// Submissions asked for in one refresh.
pub const TUI_SUBMISSIONS_MAX: u64 = 200;

/// Rows of a leaderboard that are kept; what the RPC surface gives at most.
pub const TUI_LEADERBOARD_MAX: usize = 1_000;

/// Points of a trend that are kept: more than a wide screen shows.
pub const TREND_MAX_POINTS: usize = 240;

/// Longest filter, in characters.
pub const FILTER_MAX_CHARS: usize = 64;

const _: () = assert!(STALE_AFTER_MS > REFRESH_INTERVAL_MS + 2 * TUI_CALL_TIMEOUT_MS);
