//! What came of a run.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::backend::BackendKind;
use crate::layer::Layer;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The program returned; see [`Exit::Code`].
    Exited,
    /// The program died of a signal that was not ours; see [`Exit::Signal`].
    Signalled,
    /// Out of wall clock time.
    Wall,
    /// Out of CPU time.
    Cpu,
    /// Out of memory.
    Memory,
    /// More processes or threads than allowed.
    Processes,
    /// Printed or left more than allowed.
    Output,
}

/// How the first process of the box ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It returned this code, 0 to 255.
    Code(i32),
    /// It was killed by this signal, ours (9) included.
    Signal(i32),
}

/// What a run gave and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What ended it.
    pub end: EndReason,
    /// How its first process ended.
    pub exit: Exit,
    /// From the start of the program to the end of its first process, in microseconds.
    pub wall_us: u64,
    /// User and system time of all its processes, in microseconds.
    pub cpu_us: u64,
    /// Highest use of memory, in bytes: of the whole tree with a memory cgroup, else of the largest
    /// process. `None` where the back end can't tell.
    pub peak_memory_bytes: Option<u64>,
    /// What it printed.
    pub stdout: Captured,
    /// What it complained.
    pub stderr: Captured,
    /// Regular files that it left in `output/`, sorted by path.
    pub files: Vec<OutputFile>,
    /// What it left there and was not taken, sorted by path; at most
    /// [`Limits::output_files`](crate::Limits::output_files).
    pub skipped: Vec<SkippedFile>,
    /// Who ran it.
    pub backend: BackendKind,
    /// What held it, sorted.
    pub layers: Vec<Layer>,
}

/// A bounded copy of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The first bytes, up to the limit.
    pub data: Vec<u8>,
    /// There was more.
    pub truncated: bool,
}

/// A file that the program left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Relative to `output/`; any bytes but `/` and zero may be in its names.
    #[serde(with = "any_path")]
    pub path: PathBuf,
    /// Its content.
    pub data: Vec<u8>,
}

/// Something in `output/` that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SkippedFile {
    /// Relative to `output/`.
    #[serde(with = "any_path")]
    pub path: PathBuf,
    /// Why not.
    pub reason: SkipReason,
}

/// Why something in `output/` was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A symbolic link.
    SymbolicLink,
    /// A pipe, socket or device.
    SpecialFile,
    /// More than one name, or a name on another file system.
    HardLink,
    /// Its apparent size is above the limits of a file or of all files.
    TooLarge,
    /// More files than allowed.
    TooMany,
    /// Deeper, or a longer path, than allowed.
    TooDeep,
    /// Its permissions or the system did not let us read it.
    Unreadable,
}

/// Paths that are not text: in formats for people a text where possible, else a list of bytes.
mod any_path {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrBytes {
        Text(PathBuf),
        Bytes(Vec<u8>),
    }

    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => path.as_os_str().as_bytes().serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            match TextOrBytes::deserialize(deserializer)? {
                TextOrBytes::Text(path) => return Ok(path),
                TextOrBytes::Bytes(bytes) => bytes,
            }
        } else {
            Vec::deserialize(deserializer)?
        };
        Ok(OsString::from_vec(bytes).into())
    }
}

impl Outcome {
    /// Did the program return 0 within its limits?
    pub fn success(&self) -> bool {
        self.end == EndReason::Exited && self.exit == Exit::Code(0)
    }

    /// The exit code, or 128 + signal as shells have it.
    pub fn shell_code(&self) -> i32 {
        match self.exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exited => "exited",
            Self::Signalled => "killed by a signal",
            Self::Wall => "out of wall clock time",
            Self::Cpu => "out of CPU time",
            Self::Memory => "out of memory",
            Self::Processes => "too many processes",
            Self::Output => "too much output",
        })
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}
