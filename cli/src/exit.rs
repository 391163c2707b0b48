//! What a command's outcome means to a script: exit codes and error output.

use std::fmt;
use std::process::ExitCode;

/// How a command ended. The numbers are a contract with scripts; `assay --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for a followed submission: agreed and accepted.
    Ok = 0,
    /// Anything that has no code of its own, and what `check` and `similarity` find.
    Other = 1,
    /// Wrong usage or input that can't be sent: nothing was sent.
    Usage = 2,
    /// The submission was refused, rejected or not accepted, and it is the miner's to fix.
    MinerFault = 3,
    /// The network or the node failed or was too slow; trying again later is right.
    Platform = 4,
    /// Ctrl-C; what was sent goes on.
    Interrupted = 130,
}

/// An error with the exit code it leads to.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do next.
    pub error: anyhow::Error,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl Failure {
    /// An error of usage or of input found before anything was sent.
    pub fn usage(error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit: Exit::Usage,
            error: error.into(),
        }
    }

    /// A submission that the miner has to change.
    pub fn miner(error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit: Exit::MinerFault,
            error: error.into(),
        }
    }

    /// A node or network that failed.
    pub fn platform(error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit: Exit::Platform,
            error: error.into(),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure {
            exit: Exit::Other,
            error: error.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}
