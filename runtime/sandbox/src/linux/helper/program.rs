//! From a plan to a running program.

use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Pid;

use super::super::protocol::Plan;
use super::{Failure, confine};
use crate::environment::PATH;

/// Stack of the child until it is the program, in bytes.
const CHILD_STACK_BYTES: usize = 64 * 1024;
/// Exit code of a child that could not become the program; nobody sees it.
const FAILED_EXIT: libc::c_int = 127;

/// Starts the program as a child that shares nothing but the given streams.
///
/// Like `posix_spawn` it borrows this process' memory until it becomes the program, which spares copying
/// it; unlike that it can limit the program first.
pub fn spawn(
    program: &Path,
    args: &[OsString],
    plan: &Plan,
    streams: [OwnedFd; 3],
) -> Result<Pid, Failure> {
    let image = Image::of(program, args, plan)?;
    // So that none is overwritten before it is in its place.
    let above = |stream: &OwnedFd| {
        let copy = rustix::io::fcntl_dupfd_cloexec(stream, 3);
        copy.map_err(|error| failed(program, error.into()))
    };
    let [stdin, stdout, stderr] = &streams;
    let streams = [above(stdin)?, above(stdout)?, above(stderr)?];
    let mut start = Start {
        image: &image,
        streams: &streams,
        plan,
        errno: 0,
    };
    // Not filled with anything, as hardly any of it is used; aligned as a stack has to be.
    let mut stack = Vec::<u128>::with_capacity(CHILD_STACK_BYTES / size_of::<u128>());
    let top = stack.spare_capacity_mut().as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: with CLONE_VFORK this thread, the only one, waits until the child has become the program or
    // ended; until then the child only makes system calls, on memory and a stack that outlive it.
    let child = unsafe { libc::clone(begin, top.cast(), flags, (&raw mut start).cast()) };
    let errno = start.errno;
    if child == -1 {
        return Err(failed(program, io::Error::last_os_error()));
    }
    let child = Pid::from_raw(child);
    if errno != 0 {
        let _ = nix::sys::wait::waitpid(child, None);
        return Err(failed(program, io::Error::from_raw_os_error(errno)));
    }
    Ok(child)
}

/// All that the child needs, and what it says if it fails.
struct Start<'a> {
    image: &'a Image,
    streams: &'a [OwnedFd; 3],
    plan: &'a Plan,
    errno: i32,
}

extern "C" fn begin(start: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it comes from `spawn`, which waits meanwhile.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    start.errno = become_program(start.image, start.streams, start.plan);
    FAILED_EXIT
}

/// What `execve` wants: texts that end in zero, and lists of them that end in null.
struct Image {
    path: CString,
    _texts: Vec<CString>,
    args: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
}

impl Image {
    fn of(program: &Path, args: &[OsString], plan: &Plan) -> Result<Self, Failure> {
        let text =
            |bytes: &[u8]| CString::new(bytes).map_err(|error| failed(program, error.into()));
        let path = text(find(program)?.as_os_str().as_bytes())?;
        let mut texts = vec![text(program.as_os_str().as_bytes())?];
        for arg in args {
            texts.push(text(arg.as_bytes())?);
        }
        let args_count = texts.len();
        for (name, value) in &plan.env {
            texts.push(text(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        let (args, env) = texts.split_at(args_count);
        let list = |texts: &[CString]| {
            let pointers = texts.iter().map(|text| text.as_ptr());
            pointers.chain([std::ptr::null()]).collect()
        };
        Ok(Self {
            path,
            args: list(args),
            env: list(env),
            _texts: texts,
        })
    }
}

/// Only returns if it failed, with the error's number. Neither allocates nor locks.
fn become_program(image: &Image, streams: &[OwnedFd; 3], plan: &Plan) -> i32 {
    let number = |error: io::Error| error.raw_os_error().unwrap_or(libc::EIO);
    if let Err(error) = confine::limit_program(plan.data_bytes, plan.limits.open_files) {
        return number(error);
    }
    // SAFETY: system calls on numbers and on memory of ours; the lists end in null, their texts in zero.
    unsafe {
        for (to, from) in (0..).zip(streams) {
            if libc::dup2(from.as_raw_fd(), to) == -1 {
                return number(io::Error::last_os_error());
            }
        }
        // As every program expects them; ours ignores broken pipes.
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        libc::execve(image.path.as_ptr(), image.args.as_ptr(), image.env.as_ptr());
    }
    number(io::Error::last_os_error())
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
    let (data_bytes, open_files) = (plan.data_bytes, plan.limits.open_files);
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
    unsafe { command.pre_exec(move || confine::limit_program(data_bytes, open_files)) };
    Ok(command)
}

/// Bare names are looked up here, where the box's own files are seen.
fn find(program: &Path) -> Result<PathBuf, Failure> {
    if program.components().count() != 1 || program.is_absolute() {
        return Ok(program.to_owned());
    }
    let mut places = PATH.split(':').map(|place| Path::new(place).join(program));
    let found = places.find(|path| path.is_file());
    found.ok_or_else(|| failed(program, io::ErrorKind::NotFound.into()))
}

fn failed(program: &Path, error: io::Error) -> Failure {
    Failure {
        stage: format!("executing {}", program.display()),
        reason: error.to_string(),
        program: true,
    }
}
