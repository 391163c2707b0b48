//! What can go wrong on our side; what a program does is an outcome, never an error.

use crate::backend::BackendKind;

/// Why a run could not be started or watched.
///
/// [`Invalid`](Self::Invalid) is the caller's fault, everything else the machine's: neither says
/// anything about the program.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The request is outside its bounds.
    #[error("invalid sandbox request: {what}: expected {expected}, got {got}")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What is allowed.
        expected: String,
        /// What came.
        got: String,
    },
    /// The program does not exist, or can't be seen from inside of the box.
    #[error("program {program:?} can't be run in the box: {reason}")]
    Program {
        /// As requested.
        program: String,
        /// Why not.
        reason: String,
    },
    /// No back end passed its self-test.
    #[error("no sandbox back end works here, untrusted programs are refused: {reason}")]
    Unavailable {
        /// Each back end and what it lacks.
        reason: String,
    },
    /// The operating system has no back end.
    #[error("the {backend} sandbox back end is not supported on this operating system")]
    NotSupported {
        /// The one asked for.
        backend: BackendKind,
    },
    /// The box could not be set up.
    #[error("setting up the {backend} box failed at {stage}: {reason}")]
    Setup {
        /// The back end.
        backend: BackendKind,
        /// What was being done.
        stage: String,
        /// The system's words.
        reason: String,
    },
    /// Everything is in use and stayed so for the allowed time.
    #[error("all {slots} sandbox slots stayed in use for {waited_ms} ms")]
    Busy {
        /// How many there are.
        slots: u32,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// The caller cancelled.
    #[error("the run was cancelled")]
    Cancelled,
    /// A system call of ours failed.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// The system's error.
        source: std::io::Error,
    },
}

impl SandboxError {
    /// Wraps a failed system call; for `map_err`.
    pub fn system<E: Into<std::io::Error>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |source| Self::System {
            doing,
            source: source.into(),
        }
    }

    /// Is the caller at fault?
    pub fn is_invalid_request(&self) -> bool {
        matches!(self, Self::Invalid { .. } | Self::Program { .. })
    }
}
