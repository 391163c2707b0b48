//! The helper process: everything that runs between the node and a program.
//!
//! It has no threads, so it may fork. It keeps no state between runs: a plan is decoded only in
//! the supervisor that was forked for it.

mod confine;
mod inside;
mod plain;
mod probe;
mod program;
mod scratch;
mod supervisor;
mod template;
mod tree;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::sys::signal::{SigHandler, Signal};
use nix::unistd::{ForkResult, fork};

use super::channel;
use super::protocol::{Facts, HELPER_NAME, Handles, Mode, Order, Ready, Setup};

/// Why a box could not be made.
#[derive(Debug)]
struct Failure {
    stage: String,
    reason: String,
    program: bool,
}

/// Turns a system error into a [`Failure`]; for `map_err`.
fn at<E: std::fmt::Display>(stage: impl Into<String>) -> impl FnOnce(E) -> Failure {
    let stage = stage.into();
    move |error| Failure {
        stage,
        reason: error.to_string(),
        program: false,
    }
}

/// Was this process started to be a helper?
pub fn is_helper() -> bool {
    let name = std::env::args_os().next();
    name.is_some_and(|name| name.as_bytes() == HELPER_NAME.as_bytes())
}

/// Serves until the node is gone.
pub fn serve() -> ! {
    end(i32::from(try_serve().is_err()))
}

/// Ends this process and no other way: what libraries do at an exit concerns the node alone, and
/// takes as long as a tenth of a run.
fn end(code: i32) -> ! {
    // SAFETY: nothing here holds what only an orderly exit would save.
    unsafe { libc::_exit(code) }
}

fn try_serve() -> io::Result<()> {
    close_inherited()?;
    let control = take_control()?;
    let Some((setup, _)) = channel::receive::<Setup>(&control)? else {
        return Ok(());
    };
    // A program that reads its own terminal is not to be reached by signals meant for the node.
    let _ = nix::unistd::setsid();
    confine::raise_open_files();
    default_signals();
    ignore_children(true)?;
    adopt(setup.mode)?;
    let facts = match prepare(&setup) {
        Ok(facts) => facts,
        Err(failure) => {
            let Failure { stage, reason, .. } = failure;
            return channel::send(&control, &Ready::No { stage, reason }, &[]);
        }
    };
    channel::send(&control, &Ready::Yes(facts), &[])?;
    let server = Server {
        mode: setup.mode,
        facts,
        filter: super::seccomp::Filter::compile(setup.mode, facts.slot_uids),
    };
    server.serve(control)
}

/// What every run needs and none changes.
struct Server {
    mode: Mode,
    facts: Facts,
    filter: super::seccomp::Filter,
}

impl Server {
    /// Returns when the other end of `control` is gone, in this process and in all that were forked
    /// for something else.
    fn serve(&self, control: OwnedFd) -> io::Result<()> {
        let mut control = Some(control);
        while let Some(socket) = &control
            && let Some((order, handles)) = channel::receive::<Order>(socket)?
        {
            match order {
                // SAFETY: this process has one thread, so its child may do anything.
                Order::Slot { uid } => match unsafe { fork() } {
                    Ok(ForkResult::Child) => control = Some(self.become_slot(uid, handles)?),
                    // The end of the handles tells the node if there is no child.
                    Ok(ForkResult::Parent { .. }) | Err(_) => drop(handles),
                },
                Order::Launch { input } => {
                    if let Some(handles) = Handles::from_received(input, handles) {
                        self.launch(handles, &mut control)?;
                    }
                }
            }
        }
        if control.is_some() && self.mode == Mode::Landlock {
            tree::end_descendants();
        }
        Ok(())
    }

    /// `control` is empty afterwards in a process that has nothing more to serve.
    fn launch(&self, handles: Handles, control: &mut Option<OwnedFd>) -> io::Result<()> {
        if self.mode == Mode::Landlock {
            // SAFETY: this process has one thread, so its child may do anything.
            match unsafe { fork() } {
                Ok(ForkResult::Child) => *control = None,
                Ok(ForkResult::Parent { .. }) | Err(_) => return Ok(()),
            }
            ignore_children(false)?;
        }
        supervisor::run(self.mode, self.facts, &self.filter, handles, control);
        Ok(())
    }

    /// The socket to serve from now on.
    fn become_slot(&self, uid: Option<u32>, handles: Vec<OwnedFd>) -> io::Result<OwnedFd> {
        let mut handles = handles.into_iter();
        let control = handles.next().ok_or(io::ErrorKind::InvalidData)?;
        let joined = supervisor::join_cgroups(handles.collect());
        let entered = joined.and_then(|()| match self.mode {
            Mode::Native => supervisor::enter_slot(uid),
            Mode::Landlock => Ok(()),
        });
        let ready = match entered {
            Ok(()) => Ready::Yes(self.facts),
            Err(Failure { stage, reason, .. }) => Ready::No { stage, reason },
        };
        ignore_children(self.mode == Mode::Landlock)?;
        adopt(self.mode)?;
        channel::send(&control, &ready, &[])?;
        Ok(control)
    }
}

/// Where no namespace ends what is in a box, somebody has to find it if its supervisor is killed.
fn adopt(mode: Mode) -> io::Result<()> {
    if mode == Mode::Landlock {
        nix::sys::prctl::set_child_subreaper(true)?;
    }
    Ok(())
}

fn prepare(setup: &Setup) -> Result<Facts, Failure> {
    match setup.mode {
        Mode::Native => template::enter(setup),
        Mode::Landlock => Ok(plain::prepare()),
    }
}

/// Whatever the node, or who started it, forgot to keep from its children.
fn close_inherited() -> io::Result<()> {
    // SAFETY: this process has only just begun; it owns no descriptor above these yet.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    if closed == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The control socket comes as standard input, so that it needs nothing unusual to pass on.
fn take_control() -> io::Result<OwnedFd> {
    let control = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let null = rustix::fs::open("/dev/null", flags, rustix::fs::Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    Ok(control)
}

/// What the node was told to ignore, by a shell that put it into the background for one, programs are
/// not to inherit. Broken pipes stay errors until a program begins.
fn default_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        if signal != libc::SIGPIPE {
            // SAFETY: no handler is installed. What can't be changed, or is a library's own, fails.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Ended supervisors are nobody's concern but the node's, and it hears of them by their sockets.
fn ignore_children(ignore: bool) -> io::Result<()> {
    let handler = if ignore {
        SigHandler::SigIgn
    } else {
        SigHandler::SigDfl
    };
    // SAFETY: no function of ours is installed as a handler.
    unsafe { nix::sys::signal::signal(Signal::SIGCHLD, handler) }?;
    Ok(())
}
