//! Every bound of this crate, with its unit and reason. Values that decide a result (they can turn a
//! call into a guest fault) must be the same on all validators: changing one changes consensus.

use assay_challenge_sdk::abi::{PYTHON_REQUEST_MAX_BYTES, buffers};

/// Bytes in a KiB.
pub const KIB: usize = 1024;
/// Bytes in a MiB.
pub const MIB: usize = 1024 * KIB;
/// Bytes in one page of linear memory.
pub const WASM_PAGE_BYTES: u64 = 65_536;

// --- What a module may look like, checked before the compiler sees it -------------------------

/// Bytes of a module. The largest known one has 457 KB.
pub const MAX_MODULE_BYTES: usize = 4 * MIB;
/// Functions a module defines. Large Rust modules have about 2,000.
pub const MAX_FUNCTIONS: u32 = 16_384;
/// Bytes of one function body: compile time grows faster than linearly with it.
pub const MAX_FUNCTION_BYTES: usize = 256 * KIB;
/// Nested blocks in one function. LLVM emits one per `br_table` target of a large match.
pub const MAX_BLOCK_NESTING: u32 = 1_024;
/// Parameters and locals of one function.
pub const MAX_LOCALS: u32 = 4_096;
/// Blocks of one function. Compile time grows with their square where locals live across them.
pub const MAX_BLOCKS: u64 = 10_000;
/// Loops of one function: their back edges cost the compiler most. 30,000 take minutes.
pub const MAX_LOOPS: u64 = 1_000;
/// Locals times blocks of one function: bounds the values the compiler joins at branches.
pub const MAX_LOCALS_TIMES_BLOCKS: u64 = 2_000_000;
/// The same, summed over a module: many bombs within the limit for one are one as well.
pub const MAX_MODULE_LOCALS_TIMES_BLOCKS: u64 = 8_000_000;
/// Targets of one `br_table`.
pub const MAX_BR_TABLE_TARGETS: u32 = 4_096;
/// Function types of a module.
pub const MAX_TYPES: u32 = 4_096;
/// Parameters, and results, of one type.
pub const MAX_TYPE_ARITY: usize = 64;
/// Imports of a module; all known host functions together are fewer.
pub const MAX_IMPORTS: u32 = 128;
/// Exports of a module.
pub const MAX_EXPORTS: u32 = 512;
/// Bytes of an import's or export's name.
pub const MAX_NAME_BYTES: usize = 256;
/// Globals a module defines.
pub const MAX_GLOBALS: u32 = 4_096;
/// Tables of a module.
pub const MAX_TABLES: u32 = 4;
/// Entries of one table, initially and after growth: tables live in host memory.
pub const MAX_TABLE_ENTRIES: u32 = 65_536;
/// Data and element segments, each.
pub const MAX_SEGMENTS: u32 = 16_384;
/// Wall-clock milliseconds for one compilation; beyond it the caller gets a host fault. The largest
/// known module takes 500 ms of an idle machine.
pub const COMPILE_DEADLINE_MS: u64 = 60_000;
/// Threads one compilation may use.
pub const COMPILE_THREADS: usize = 2;
/// Compiled modules kept in memory; the least recently loaded goes first.
pub const MAX_MODULES_IN_MEMORY: usize = 32;
/// Bytes of one file of the compiled-module cache; compiled code is about 6 times the module.
pub const MAX_CACHE_FILE_BYTES: u64 = 128 * MIB as u64;
/// Files of the compiled-module cache; the oldest go at the next start.
pub const MAX_CACHE_FILES: usize = 256;

// --- What one call may use ---------------------------------------------------------------------

/// Default fuel of a call: 0.2 to 2 s of a 3 GHz core, by how well the code runs (3 to 25 units a
/// nanosecond were measured). Known modules need a hundredth of it.
pub const DEFAULT_FUEL: u64 = 5_000_000_000;
/// Most fuel a call may be given: bounds how long an abandoned guest still runs.
pub const MAX_FUEL: u64 = 50_000_000_000;
/// Default bytes of linear memory of a call.
pub const DEFAULT_MEMORY_BYTES: u64 = 256 * MIB as u64;
/// Most linear memory a call may be granted, in bytes.
pub const MAX_MEMORY_BYTES: u64 = 1024 * MIB as u64;
/// Call depth in frame units (see `middleware`), counted the same way on every machine.
pub const MAX_STACK_UNITS: u32 = 131_072;
/// Bytes of native stack under a guest. Sixteen 8-byte slots a unit, so that the counted limit
/// always strikes first; a native overflow is a host fault.
pub const NATIVE_STACK_BYTES: usize = 16 * MIB;
/// Default milliseconds of CPU time after which a call is given up as a host fault. Far above what
/// `DEFAULT_FUEL` takes, so that it only strikes on a machine in trouble.
pub const DEFAULT_CPU_LIMIT_MS: u64 = 60_000;
/// A call's wall-clock limit as a multiple of its CPU limit: an overloaded machine is no fault yet.
pub const WALL_TO_CPU_FACTOR: u32 = 5;
/// Milliseconds a call may wait for a free worker.
pub const QUEUE_DEADLINE_MS: u64 = 120_000;
/// Calls waiting for a worker; further callers block.
pub const QUEUE_LENGTH: usize = 256;

/// Bytes passed into a module in one call: the largest arena of the guest SDK.
pub const MAX_INPUT_BYTES: usize = 16 * MIB;
/// Bytes a module may return from one call: the largest arena of the guest SDK.
pub const MAX_OUTPUT_BYTES: usize = 16 * MIB;
/// Bytes of the name and version strings.
pub const MAX_LABEL_BYTES: usize = 256;
/// Bytes of all log lines of one call, the design's limit for agreed logs.
pub const MAX_LOG_BYTES: usize = 256 * KIB;
/// Bytes of one log line, the rest is cut.
pub const MAX_LOG_LINE_BYTES: usize = 4 * KIB;
/// Log lines of one call.
pub const MAX_LOG_LINES: usize = 4_096;

// --- Storage -----------------------------------------------------------------------------------

/// Bytes of a storage key.
pub const MAX_STORAGE_KEY_BYTES: usize = KIB;
/// Keys asked from the storage view at a time while listing: values may have 5 MiB each.
pub const LIST_PAGE_ENTRIES: usize = 16;
/// Distinct keys one call may write.
pub const MAX_WRITTEN_KEYS: usize = 4_096;
/// Bytes of keys and values one call may write.
pub const MAX_WRITTEN_BYTES: usize = 16 * MIB;

// --- Live calls --------------------------------------------------------------------------------

/// Bytes of an encoded HTTP request.
pub const MAX_HTTP_REQUEST_BYTES: usize = MIB;
/// Bytes of an encoded request to run a program; its standard input is most of it.
pub const MAX_EXEC_REQUEST_BYTES: usize = 16 * MIB;
/// Longest run of a program, in milliseconds: an hour, as the longest task of a challenge takes.
pub const MAX_EXEC_MS: u64 = 3_600_000;
/// Bytes of each stream of a program: both fit into the answer buffer of guests (4 MiB).
pub const MAX_EXEC_STREAM_BYTES: u64 = 1024 * 1024;
/// Bytes of an encoded LLM request.
pub const MAX_LLM_REQUEST_BYTES: usize = 4 * MIB;

// --- Fuel of host functions --------------------------------------------------------------------

// Calibrated at 5 units a nanosecond, so that fuel bounds time in host functions as it does in guests.

/// Fuel of any host function that touches guest memory.
pub const HOST_CALL_FUEL: u64 = 1_000;
/// Fuel of a storage access on top of that: a cached read takes 1 to 2 µs.
pub const STORAGE_ACCESS_FUEL: u64 = 10_000;
/// Fuel per key counted or listed.
pub const STORAGE_ENTRY_FUEL: u64 = 1_000;
/// Fuel per byte moved between guest and host: copied, checked and encoded on the way.
pub const MOVED_BYTE_FUEL: u64 = 2;
/// Fuel per byte hashed.
pub const HASHED_BYTE_FUEL: u64 = 10;
/// Fuel of one signature check: about 60 µs.
pub const SIGNATURE_FUEL: u64 = 300_000;
/// Fuel per byte of Python source checked: reading and parsing take 45 ns a byte.
pub const PYTHON_BYTE_FUEL: u64 = 200;
/// Fuel per unit of work of a Python check: about 50 ns each, of which ordinary programs take two a byte
/// and the most tangled ones 12 million in all.
pub const PYTHON_WORK_FUEL: u64 = 200;
/// Fuel of a Python check or fingerprint whatever its size: it starts a thread, which takes 70 µs.
pub const PYTHON_CALL_FUEL: u64 = 500_000;
/// Fuel per byte of Python source that gets a fingerprint: takes a little longer than a check, and both
/// of the largest package pass together.
pub const PYTHON_FINGERPRINT_BYTE_FUEL: u64 = 250;
/// Fuel per byte of each of two fingerprints that are compared: decoding and merging take 0.2 to 1 ns.
pub const PYTHON_COMPARED_BYTE_FUEL: u64 = 5;

const _: () = assert!(MAX_INPUT_BYTES == PYTHON_REQUEST_MAX_BYTES);
const _: () = assert!(MAX_INPUT_BYTES as u64 * PYTHON_FINGERPRINT_BYTE_FUEL < DEFAULT_FUEL);
const _: () = assert!(MAX_WRITTEN_BYTES > buffers::STORAGE_GET_BYTES);
const _: () = assert!(
    assay_python::MAX_PACKAGE_BYTES as u64 * PYTHON_BYTE_FUEL
        + assay_python::MAX_WORK as u64 * PYTHON_WORK_FUEL
        < DEFAULT_FUEL
);
const _: () = assert!(DEFAULT_FUEL <= MAX_FUEL && DEFAULT_MEMORY_BYTES <= MAX_MEMORY_BYTES);
const _: () = assert!(NATIVE_STACK_BYTES >= MAX_STACK_UNITS as usize * 16 * 8);
const _: () = assert!(MAX_MEMORY_BYTES.is_multiple_of(WASM_PAGE_BYTES));
