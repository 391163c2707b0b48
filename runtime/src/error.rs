//! Errors, kept apart by whose fault they are. A [`LoadError`] names what is wrong with a module. A
//! [`CallError::Guest`] is the guest's own and deterministic: every validator sees it. A
//! [`CallError::Host`] is this machine's: the caller must abstain and never vote "failed" for it.

use crate::context::GuestLog;

/// Why a module is refused, or could not be loaded here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The module's bytes exceed the cap.
    #[error("module has {size_bytes} bytes, at most {max_bytes} are allowed")]
    TooLarge {
        /// Size found.
        size_bytes: usize,
        /// Cap.
        max_bytes: usize,
    },
    /// Not valid WebAssembly with the features allowed here.
    #[error("invalid module: {0}")]
    Invalid(String),
    /// A static limit that keeps compilation cheap is exceeded.
    #[error("module exceeds a static limit: {what} is {found}, at most {max} allowed")]
    StaticLimit {
        /// What was counted.
        what: &'static str,
        /// The count found.
        found: u64,
        /// The most allowed.
        max: u64,
    },
    /// Something the ABI has no use for and determinism can't afford.
    #[error("module uses {0}, which is not allowed")]
    NotAllowed(&'static str),
    /// An import that no host function answers to.
    #[error("unknown import {namespace}.{name}")]
    UnknownImport {
        /// Import namespace.
        namespace: String,
        /// Import name.
        name: String,
    },
    /// A known import or export with another signature than the ABI's.
    #[error("{item} has signature {found}, expected {expected}")]
    Signature {
        /// `namespace.name` of an import or the name of an export.
        item: String,
        /// The ABI's signature.
        expected: String,
        /// The module's signature.
        found: String,
    },
    /// No memory exported as `memory`.
    #[error("module does not export a memory named `memory`")]
    NoMemory,
    /// The compiler refused it.
    #[error("compilation failed: {0}")]
    Compile(String),
    /// A fault of this machine.
    #[error(transparent)]
    Host(#[from] HostFault),
}

impl LoadError {
    /// Whether this machine, not the module, is at fault.
    pub fn is_host_fault(&self) -> bool {
        matches!(self, Self::Host(_))
    }
}

/// A fault of the guest: deterministic, so all validators reach the same one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestFault {
    /// The module lacks the export.
    #[error("module does not export `{0}`")]
    MissingExport(String),
    /// The export exists with a signature that can't be called this way.
    #[error("export `{export}` has signature {found}, expected {expected}")]
    ExportSignature {
        /// Export name.
        export: String,
        /// Signature found.
        found: String,
        /// Signature expected.
        expected: String,
    },
    /// All fuel was used.
    #[error("out of fuel after {limit}")]
    OutOfFuel {
        /// Fuel the call was given.
        limit: u64,
    },
    /// Calls nested deeper than the counted limit.
    #[error("call stack deeper than {0} units")]
    StackDepth(u32),
    /// The module's initial memory exceeds the grant.
    #[error("module needs {needed_bytes} bytes of memory, {granted_bytes} are granted")]
    MemoryGrant {
        /// Initial memory of the module.
        needed_bytes: u64,
        /// Memory granted to the call.
        granted_bytes: u64,
    },
    /// A trap.
    #[error("trap: {0}")]
    Trap(String),
    /// Input that the host refuses to pass.
    #[error("input of {size_bytes} bytes, at most {max_bytes} can be passed")]
    InputTooLarge {
        /// Size of the input.
        size_bytes: usize,
        /// Cap.
        max_bytes: usize,
    },
    /// The allocator answered 0.
    #[error("input too large for module arena: {size_bytes} bytes")]
    ArenaFull {
        /// Size of the input.
        size_bytes: usize,
    },
    /// A pointer or length outside linear memory.
    #[error(
        "{what} points outside memory: pointer {pointer}, length {length_bytes}, memory {memory_bytes} bytes"
    )]
    OutOfBounds {
        /// What the pointer was for.
        what: &'static str,
        /// Offset in linear memory.
        pointer: u32,
        /// Length in bytes.
        length_bytes: u32,
        /// Size of linear memory.
        memory_bytes: u64,
    },
    /// Output longer than the cap.
    #[error("output of {size_bytes} bytes, at most {max_bytes} are accepted")]
    OutputTooLarge {
        /// Size claimed.
        size_bytes: usize,
        /// Cap.
        max_bytes: usize,
    },
    /// The guest returned "nothing" where an answer is required.
    #[error("`{0}` returned no output: input not decoded, or arena full")]
    NoOutput(String),
    /// Output that does not decode.
    #[error("`{export}` returned {what}")]
    BadOutput {
        /// Export name.
        export: String,
        /// What is wrong with it.
        what: String,
    },
}

/// A fault of this machine. The caller abstains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// The watchdog gave up on the call.
    #[error("call exceeded the {0} limit of this machine")]
    Watchdog(&'static str),
    /// No worker became free in time.
    #[error("no free worker within {0} ms")]
    Overloaded(u64),
    /// Compilation took too long here.
    #[error("compilation did not finish within {0} ms")]
    CompileDeadline(u64),
    /// The storage view failed.
    #[error("storage: {0}")]
    Storage(String),
    /// A live call could not be made or replayed.
    #[error("live call: {0}")]
    LiveCall(String),
    /// The native stack overflowed before the counted limit.
    #[error("native stack exhausted before the counted limit")]
    NativeStack,
    /// Memory or another resource of the machine ran out.
    #[error("resource: {0}")]
    Resource(String),
    /// The processor lacks features that compiled code is pinned to.
    #[error("processor lacks required features: {0}")]
    CpuFeatures(String),
    /// Disk.
    #[error("cache directory: {0}")]
    Io(String),
    /// A defect of this program.
    #[error("internal: {0}")]
    Internal(String),
}

/// A guest fault with what was observed until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestFailure {
    /// What happened.
    pub fault: GuestFault,
    /// Fuel used until the fault.
    pub fuel_used: u64,
    /// Log lines until the fault.
    pub logs: Vec<GuestLog>,
}

/// Why a call has no result. Its writes are dropped in either case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Deterministic: may be voted on.
    #[error("guest: {}", .0.fault)]
    Guest(Box<GuestFailure>),
    /// Local: abstain.
    #[error("host: {0}")]
    Host(HostFault),
}

impl CallError {
    /// The guest's fault, if it is one.
    pub fn guest_fault(&self) -> Option<&GuestFault> {
        match self {
            Self::Guest(failure) => Some(&failure.fault),
            Self::Host(_) => None,
        }
    }

    /// This machine's fault, if it is one.
    pub fn host_fault(&self) -> Option<&HostFault> {
        match self {
            Self::Guest(_) => None,
            Self::Host(fault) => Some(fault),
        }
    }
}

/// Either kind of fault, on the way to a [`CallError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Guest(GuestFault),
    Host(HostFault),
}

impl From<GuestFault> for Fault {
    fn from(fault: GuestFault) -> Self {
        Self::Guest(fault)
    }
}

impl From<HostFault> for Fault {
    fn from(fault: HostFault) -> Self {
        Self::Host(fault)
    }
}
