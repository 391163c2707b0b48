//! From a plan to a running program.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Pid;

use super::super::protocol::Plan;
use super::{Failure, confine};
use crate::environment::PATH;

/// Starts the program as a child that shares nothing but the given streams.
pub fn spawn(
    program: &Path,
    args: &[OsString],
    plan: &Plan,
    streams: [OwnedFd; 3],
) -> Result<Pid, Failure> {
    let mut command = command(program, args, plan, streams)?;
    let child = command.spawn().map_err(|error| failed(program, error))?;
    Ok(Pid::from_raw(child.id().cast_signed()))
}

/// Becomes the program. Only returns if that failed.
pub fn exec(program: &Path, args: &[OsString], plan: &Plan, streams: [OwnedFd; 3]) -> Failure {
    match command(program, args, plan, streams) {
        Ok(mut command) => failed(program, command.exec()),
        Err(failure) => failure,
    }
}

fn command(
    program: &Path,
    args: &[OsString],
    plan: &Plan,
    streams: [OwnedFd; 3],
) -> Result<Command, Failure> {
    let [stdin, stdout, stderr] = streams.map(Stdio::from);
    let data_bytes = plan.data_bytes;
    let mut command = Command::new(find(program)?);
    command
        .arg0(program)
        .args(args)
        .env_clear()
        .envs(plan.env.iter().map(|(name, value)| (name, value)))
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr);
    // SAFETY: the closure only makes system calls, which is what is allowed between fork and exec.
    unsafe { command.pre_exec(move || confine::limit_data(data_bytes)) };
    Ok(command)
}

/// Bare names are looked up here, where the box's own files are seen.
fn find(program: &Path) -> Result<PathBuf, Failure> {
    if program.components().count() != 1 || program.is_absolute() {
        return Ok(program.to_owned());
    }
    let mut places = PATH.split(':').map(|place| Path::new(place).join(program));
    let found = places.find(|path| path.is_file());
    found.ok_or_else(|| failed(program, std::io::ErrorKind::NotFound.into()))
}

fn failed(program: &Path, error: std::io::Error) -> Failure {
    Failure {
        stage: format!("executing {}", program.display()),
        reason: error.to_string(),
        program: true,
    }
}
