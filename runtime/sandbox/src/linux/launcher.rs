//! The node's side of a helper: starts it, hands it runs, starts it again if it died.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::channel;
use super::protocol::{Facts, HELPER_NAME, Order, Ready, Setup};
use crate::backend::BackendKind;
use crate::error::SandboxError;

/// Longest time for a helper to start or to fork; longer means that something hangs.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A helper for one back end.
#[derive(Debug)]
pub struct Launcher {
    backend: BackendKind,
    program: PathBuf,
    setup: Setup,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    control: OwnedFd,
    child: Child,
    facts: Facts,
}

impl Launcher {
    /// Starts nothing yet. `program` calls [`crate::helper_main`] first of all.
    pub fn new(backend: BackendKind, program: PathBuf, setup: Setup) -> Self {
        Self {
            backend,
            program,
            setup,
            running: Mutex::new(None),
        }
    }

    /// Starts the helper if needed; what it found out.
    pub fn facts(&self) -> Result<Facts, SandboxError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        self.ensure(&mut running).map(|running| running.facts)
    }

    /// Makes the helper fork for a slot, which joins the given control groups. Runs are handed over
    /// on the socket that this returns; closing that ends the fork.
    pub fn slot(&self, uid: u32, cgroups: &[OwnedFd]) -> Result<OwnedFd, SandboxError> {
        let talking = "talking to the sandbox helper";
        let (ours, theirs) = channel::pair().map_err(SandboxError::system("making a socket"))?;
        let mut handles = vec![theirs.as_fd()];
        handles.extend(cgroups.iter().map(AsFd::as_fd));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Running { control, facts, .. } = self.ensure(&mut running)?;
        let uid = facts.slot_uids.then_some(uid);
        if channel::send(control, &Order::Slot { uid }, &handles).is_err() {
            // It was killed: by the kernel for lack of memory, or by a person.
            *running = None;
            let control = &self.ensure(&mut running)?.control;
            channel::send(control, &Order::Slot { uid }, &handles)
                .map_err(SandboxError::system(talking))?;
        }
        drop(running);
        drop(theirs);
        let answer =
            channel::receive_within(&ours, ANSWER_MAX).map_err(SandboxError::system(talking))?;
        self.ready(answer.map(|(ready, _)| ready))?;
        Ok(ours)
    }

    fn ready(&self, answer: Option<Ready>) -> Result<Facts, SandboxError> {
        let (stage, reason) = match answer {
            Some(Ready::Yes(facts)) => return Ok(facts),
            Some(Ready::No { stage, reason }) => (stage, reason),
            None => (
                "starting the sandbox helper".to_owned(),
                "the binary does not call helper_main first, or it died".to_owned(),
            ),
        };
        Err(SandboxError::Setup {
            backend: self.backend,
            stage,
            reason,
        })
    }

    fn ensure<'a>(&self, running: &'a mut Option<Running>) -> Result<&'a Running, SandboxError> {
        match running {
            Some(running) => Ok(running),
            None => Ok(running.insert(self.start()?)),
        }
    }

    fn start(&self) -> Result<Running, SandboxError> {
        let (ours, theirs) = channel::pair().map_err(SandboxError::system("making a socket"))?;
        let child = Command::new(&self.program)
            .arg0(HELPER_NAME)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(SandboxError::system("starting the sandbox helper"))?;
        let mut running = Running {
            control: ours,
            child,
            facts: Facts {
                slot_uids: false,
                mounts: false,
            },
        };
        let answer = channel::send(&running.control, &self.setup, &[])
            .and_then(|()| channel::receive_within::<Ready>(&running.control, ANSWER_MAX))
            .map_err(SandboxError::system("talking to the sandbox helper"))?;
        running.facts = self.ready(answer.map(|(ready, _)| ready))?;
        Ok(running)
    }
}

impl Drop for Running {
    /// The end of the socket ends the helper; boxes that still run have sockets of their own.
    fn drop(&mut self) {
        let closed: io::Result<()> = channel::pair().map(|(empty, _)| self.control = empty);
        if closed.is_ok() {
            let _ = self.child.wait();
        }
    }
}
