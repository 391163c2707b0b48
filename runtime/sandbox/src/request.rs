//! What to run, with what, and how much it may use.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::limits as bounds;

/// One program to run. Paths inside of the box are relative to its work directory, which has the
/// read-only `input/` and the collected `output/`: such paths work in every back end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Absolute path, a path in the work directory (`input/run.sh`), or a bare name that is looked
    /// up in the box. `python3` is the interpreter that the sandbox was configured with.
    pub program: PathBuf,
    /// Arguments without the program's name.
    pub args: Vec<OsString>,
    /// The whole environment besides the fixed variables of [`crate::environment`]; may override them.
    #[serde(with = "pairs")]
    pub env: BTreeMap<OsString, OsString>,
    /// Fed to standard input, which is then closed.
    pub stdin: Vec<u8>,
    /// Seen read-only as `input/`.
    pub input: Option<Input>,
    /// Directory that the program starts in, relative to the work directory.
    pub working_dir: PathBuf,
    /// What it may use.
    pub limits: Limits,
    /// What happens when it prints more than its limits.
    pub flood: Flood,
}

/// Names that are not text can't be keys in every format.
mod pairs {
    use super::{BTreeMap, Deserialize, OsString};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        map: &BTreeMap<OsString, OsString>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<OsString, OsString>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The read-only input of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// Files by relative path, in directories made as needed.
    Files(BTreeMap<PathBuf, Vec<u8>>),
    /// A directory of the host, copied: names are listed in order, times are zero, links and special
    /// files are refused. Bounded by [`bounds::INPUT_MAX_BYTES`].
    Copy(PathBuf),
    /// A directory of the host, seen as it is: for data too large to copy. Order of listing, times
    /// and inodes are the host's; the slot's uid must be allowed to read it.
    Bind(PathBuf),
}

/// What happens to a program that prints more than its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flood {
    /// It is stopped ([`EndReason::Output`](crate::EndReason::Output)).
    Stop,
    /// The rest is read and thrown away.
    Discard,
}

/// Upper bounds of a run. All are checked against the ranges in [`crate::limits`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall clock, in milliseconds.
    pub wall_ms: u64,
    /// CPU time, user and system, of all processes together, in milliseconds.
    pub cpu_ms: u64,
    /// Memory of all processes, page cache and temporary files included, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads at the same time.
    pub processes: u64,
    /// Standard output, in bytes.
    pub stdout_bytes: u64,
    /// Standard error, in bytes.
    pub stderr_bytes: u64,
    /// All output files together, by apparent size, in bytes.
    pub output_bytes: u64,
    /// Output files and directories.
    pub output_files: u64,
    /// Any single file, in bytes.
    pub file_bytes: u64,
    /// Temporary files and shared memory, each, in bytes.
    pub tmp_bytes: u64,
    /// Open descriptors per process.
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 10_000,
            cpu_ms: 10_000,
            memory_bytes: 256 * 1024 * 1024,
            processes: 64,
            stdout_bytes: 1024 * 1024,
            stderr_bytes: 256 * 1024,
            output_bytes: 16 * 1024 * 1024,
            output_files: 256,
            file_bytes: 16 * 1024 * 1024,
            tmp_bytes: 64 * 1024 * 1024,
            open_files: 256,
        }
    }
}

impl Request {
    /// A request with default limits, no input and an empty environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            stdin: Vec::new(),
            input: None,
            working_dir: PathBuf::new(),
            limits: Limits::default(),
            flood: Flood::Stop,
        }
    }

    /// Appends an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Appends arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Checks every bound; back ends only get requests that passed.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] names the first field outside of its bounds.
    pub fn validate(&self) -> Result<(), SandboxError> {
        self.limits.validate()?;
        let program = self.program.as_os_str();
        check_text("program", program, bounds::PROGRAM_MAX_BYTES)?;
        if program.is_empty() {
            return Err(invalid("program", "a path or a name", "nothing"));
        }
        if !self.program.is_absolute() {
            check_relative("program", &self.program)?;
        }
        check_count("args", self.args.len(), bounds::ARGS_MAX_COUNT)?;
        check_count("env", self.env.len(), bounds::ENV_MAX_COUNT)?;
        check_count("stdin bytes", self.stdin.len(), bounds::STDIN_MAX_BYTES)?;
        let mut total = program.len();
        for arg in &self.args {
            check_text("args", arg, bounds::ARG_MAX_BYTES)?;
            total += arg.len() + 1;
        }
        for (name, value) in &self.env {
            check_text("env", name, bounds::ARG_MAX_BYTES)?;
            check_text("env", value, bounds::ARG_MAX_BYTES - name.len())?;
            if name.is_empty() || name.as_bytes().contains(&b'=') {
                return Err(invalid("env", "a name without '='", name.display()));
            }
            total += name.len() + value.len() + 2;
        }
        check_count("bytes of args and env", total, bounds::ARGS_TOTAL_MAX_BYTES)?;
        check_text(
            "working_dir",
            self.working_dir.as_os_str(),
            bounds::PATH_MAX_BYTES,
        )?;
        check_relative("working_dir", &self.working_dir)?;
        match &self.input {
            Some(Input::Files(files)) => check_files(files),
            Some(Input::Copy(path) | Input::Bind(path)) => {
                check_text("input", path.as_os_str(), bounds::PROGRAM_MAX_BYTES)
            }
            None => Ok(()),
        }
    }
}

impl Limits {
    fn validate(&self) -> Result<(), SandboxError> {
        let all = [
            ("limits.wall_ms", self.wall_ms, bounds::WALL_RANGE_MS),
            ("limits.cpu_ms", self.cpu_ms, bounds::CPU_RANGE_MS),
            (
                "limits.memory_bytes",
                self.memory_bytes,
                bounds::MEMORY_RANGE_BYTES,
            ),
            ("limits.processes", self.processes, bounds::PROCESSES_RANGE),
            (
                "limits.stdout_bytes",
                self.stdout_bytes,
                bounds::STREAM_RANGE_BYTES,
            ),
            (
                "limits.stderr_bytes",
                self.stderr_bytes,
                bounds::STREAM_RANGE_BYTES,
            ),
            (
                "limits.output_bytes",
                self.output_bytes,
                bounds::OUTPUT_RANGE_BYTES,
            ),
            (
                "limits.output_files",
                self.output_files,
                bounds::OUTPUT_FILES_RANGE,
            ),
            (
                "limits.file_bytes",
                self.file_bytes,
                bounds::FILE_RANGE_BYTES,
            ),
            ("limits.tmp_bytes", self.tmp_bytes, bounds::TMP_RANGE_BYTES),
            (
                "limits.open_files",
                self.open_files,
                bounds::OPEN_FILES_RANGE,
            ),
        ];
        for (what, value, (least, most)) in all {
            if value < least || value > most {
                return Err(invalid(what, format!("{least} to {most}"), value));
            }
        }
        Ok(())
    }
}

fn check_files(files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), SandboxError> {
    check_count("input files", files.len(), bounds::INPUT_MAX_ENTRIES)?;
    let mut total = 0_u64;
    for (path, data) in files {
        check_text("input path", path.as_os_str(), bounds::PATH_MAX_BYTES)?;
        check_relative("input path", path)?;
        if path.as_os_str().is_empty() {
            return Err(invalid("input path", "a file name", "nothing"));
        }
        check_count(
            "depth of an input path",
            path.components().count(),
            bounds::DIRECTORY_MAX_DEPTH,
        )?;
        total = total.saturating_add(data.len() as u64);
    }
    if total > bounds::INPUT_MAX_BYTES {
        let expected = format!("at most {}", bounds::INPUT_MAX_BYTES);
        return Err(invalid("input bytes", expected, total));
    }
    Ok(())
}

/// Only normal components: nothing that leads out of the directory it starts from.
fn check_relative(what: &'static str, path: &Path) -> Result<(), SandboxError> {
    let normal = |part| matches!(part, Component::Normal(_));
    if path.components().all(normal) {
        return Ok(());
    }
    Err(invalid(
        what,
        "a relative path without '..'",
        path.display(),
    ))
}

fn check_text(what: &'static str, text: &OsStr, most: usize) -> Result<(), SandboxError> {
    if text.as_bytes().contains(&0) {
        return Err(invalid(what, "no zero bytes", "one"));
    }
    if text.len() > most {
        return Err(invalid(what, format!("at most {most} bytes"), text.len()));
    }
    Ok(())
}

fn check_count(what: &'static str, count: usize, most: usize) -> Result<(), SandboxError> {
    if count > most {
        return Err(invalid(what, format!("at most {most}"), count));
    }
    Ok(())
}

fn invalid(
    what: &'static str,
    expected: impl Into<String>,
    got: impl std::fmt::Display,
) -> SandboxError {
    SandboxError::Invalid {
        what,
        expected: expected.into(),
        got: got.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(request: &Request) -> &'static str {
        match request.validate() {
            Err(SandboxError::Invalid { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn default_request_is_valid() {
        Request::new("/bin/true").validate().unwrap();
    }

    #[test]
    fn each_limit_is_checked_on_both_ends() {
        let sets: [fn(&mut Limits, u64); 11] = [
            |l, v| l.wall_ms = v,
            |l, v| l.cpu_ms = v,
            |l, v| l.memory_bytes = v,
            |l, v| l.processes = v,
            |l, v| l.stdout_bytes = v,
            |l, v| l.stderr_bytes = v,
            |l, v| l.output_bytes = v,
            |l, v| l.output_files = v,
            |l, v| l.file_bytes = v,
            |l, v| l.tmp_bytes = v,
            |l, v| l.open_files = v,
        ];
        for (index, set) in sets.into_iter().enumerate() {
            let mut request = Request::new("true");
            set(&mut request.limits, u64::MAX);
            assert!(field(&request).starts_with("limits."), "limit {index}");
        }
        let mut request = Request::new("true");
        request.limits.memory_bytes = 0;
        assert_eq!(field(&request), "limits.memory_bytes");
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        assert_eq!(field(&Request::new("../bin/sh")), "program");
        let mut request = Request::new("true");
        request.working_dir = "/etc".into();
        assert_eq!(field(&request), "working_dir");
        let mut request = Request::new("true");
        request.input = Some(Input::Files([("a/../../b".into(), vec![])].into()));
        assert_eq!(field(&request), "input path");
    }

    #[test]
    fn zero_bytes_and_huge_lists_are_refused() {
        assert_eq!(field(&Request::new("a\0b")), "program");
        assert_eq!(field(&Request::new("true").arg("a\0b")), "args");
        assert_eq!(field(&Request::new("true").env("A=B", "c")), "env");
        let huge = Request::new("true").args(vec!["x"; bounds::ARGS_MAX_COUNT + 1]);
        assert_eq!(field(&huge), "args");
        let long = "x".repeat(bounds::ARG_MAX_BYTES);
        let huge = Request::new("true").args(vec![long; 9]);
        assert_eq!(field(&huge), "bytes of args and env");
    }
}
