//! Follows one run from outside: feeds and drains its streams, stops it at its limits, and says
//! what ended it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::channel;
use super::protocol::{Report, Stop};
use super::usage::{Exceeded, Meter};
use crate::backend::{BackendKind, CancelToken};
use crate::error::SandboxError;
use crate::limits::CANCEL_POLL;
use crate::outcome::{Captured, EndReason, Exit};
use crate::request::{Flood, Limits, Request};

/// Longest time to make a box, input included; longer means that something hangs.
const SETUP_MAX: Duration = Duration::from_secs(60);
/// Longest time for a box to end after it was told to.
const STOP_MAX: Duration = Duration::from_secs(30);
/// First look at what a run uses; later ones come further apart.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// Furthest apart.
const LOOK_MAX: Duration = Duration::from_millis(50);
/// Read from a stream at once, in bytes: what a pipe holds.
const CHUNK_BYTES: usize = 64 * 1024;

/// Our ends of what a run was given.
pub struct Streams {
    /// To standard input; closed when all is written.
    pub stdin: Option<OwnedFd>,
    /// From standard output.
    pub stdout: OwnedFd,
    /// From standard error.
    pub stderr: OwnedFd,
}

/// What is known when nothing of the box is left.
#[derive(Debug)]
pub struct Watched {
    /// What ended it.
    pub end: EndReason,
    /// How the program ended.
    pub exit: Exit,
    /// Wall clock, in microseconds.
    pub wall_us: u64,
    /// User and system time that processes reported, in microseconds.
    pub cpu_us: u64,
    /// Largest resident set of a process, in bytes.
    pub largest_bytes: u64,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// The output directory.
    pub output: Option<OwnedFd>,
}

/// Why a run is being ended by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Limit(EndReason),
    Cancelled,
    /// The box takes too long to make.
    Stuck,
}

struct Watch<'a> {
    backend: BackendKind,
    reports: &'a OwnedFd,
    request: &'a Request,
    meter: &'a mut Meter<'a>,
    stdin: Option<(File, usize)>,
    stdout: Stream,
    stderr: Stream,
    output: Option<OwnedFd>,
    began: Instant,
    started_ns: Option<u64>,
    started: Option<Instant>,
    exited: Option<(u64, i32)>,
    stopped: Option<(Stopped, Instant)>,
    chunk: Vec<u8>,
}

struct Stream {
    file: Option<File>,
    captured: Captured,
    limit: usize,
}

/// Follows a run to its end.
pub fn watch<'a>(
    backend: BackendKind,
    reports: &'a OwnedFd,
    streams: Streams,
    request: &'a Request,
    meter: &'a mut Meter<'a>,
    cancel: &CancelToken,
) -> Result<Watched, SandboxError> {
    let limits = &request.limits;
    let watch = Watch {
        backend,
        reports,
        request,
        meter,
        stdin: streams.stdin.map(|pipe| (pipe.into(), 0)),
        stdout: Stream::new(streams.stdout, limits.stdout_bytes),
        stderr: Stream::new(streams.stderr, limits.stderr_bytes),
        output: None,
        began: Instant::now(),
        started_ns: None,
        started: None,
        exited: None,
        stopped: None,
        chunk: vec![0; CHUNK_BYTES],
    };
    watch.run(cancel)
}

impl Watch<'_> {
    fn run(mut self, cancel: &CancelToken) -> Result<Watched, SandboxError> {
        let mut step = FIRST_LOOK;
        let mut look = Instant::now() + step;
        loop {
            let reported = self.wait(look)?;
            if reported && let Some(finished) = self.report()? {
                return self.finish(finished);
            }
            let now = Instant::now();
            self.check_time(now)?;
            if now >= look {
                step = (step * 2).min(LOOK_MAX);
                look = now + step.min(CANCEL_POLL);
                if cancel.is_cancelled() {
                    self.stop(Stopped::Cancelled);
                }
                if self.started.is_some()
                    && self.exited.is_none()
                    && let Some(exceeded) = self.meter.look()
                {
                    self.stop(Stopped::Limit(reason(exceeded)));
                }
            }
        }
    }

    /// Waits for something to happen, until `look` or the wall limit, and moves streams. True if
    /// there is a report.
    fn wait(&mut self, look: Instant) -> Result<bool, SandboxError> {
        let until = self.deadline().map_or(look, |deadline| deadline.min(look));
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut events = vec![PollFd::new(self.reports, PollFlags::IN)];
        let streams = [&self.stdout.file, &self.stderr.file];
        for file in streams.into_iter().flatten() {
            events.push(PollFd::new(file, PollFlags::IN));
        }
        if let Some((file, _)) = &self.stdin {
            events.push(PollFd::new(file, PollFlags::OUT));
        }
        match rustix::event::poll(&mut events, Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => {}
            polled => {
                polled.map_err(SandboxError::system("waiting for a box"))?;
            }
        }
        let reported = events
            .first()
            .is_some_and(|event| !event.revents().is_empty());
        drop(events);
        self.move_streams();
        Ok(reported)
    }

    /// None of these block.
    fn move_streams(&mut self) {
        self.feed();
        let chunk = &mut self.chunk;
        let flooded = self.stdout.drain(chunk) | self.stderr.drain(chunk);
        if flooded && self.request.flood == Flood::Stop {
            self.stop(Stopped::Limit(EndReason::Output));
        }
    }

    fn feed(&mut self) {
        while let Some((file, written)) = &mut self.stdin {
            let rest = self.request.stdin.get(*written..).unwrap_or_default();
            if rest.is_empty() {
                self.stdin = None;
                return;
            }
            match file.write(rest) {
                Ok(more) => *written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Nobody reads it any more.
                Err(_) => self.stdin = None,
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        if self.stopped.is_some() {
            return None;
        }
        let wall = Duration::from_millis(self.request.limits.wall_ms);
        Some(self.started? + wall)
    }

    fn check_time(&mut self, now: Instant) -> Result<(), SandboxError> {
        if self.exited.is_none() && self.deadline().is_some_and(|deadline| now >= deadline) {
            self.stop(Stopped::Limit(EndReason::Wall));
        }
        if self.started.is_none() && now.duration_since(self.began) > SETUP_MAX {
            self.stop(Stopped::Stuck);
        }
        match self.stopped {
            Some((_, since)) if now.duration_since(since) > STOP_MAX => {
                Err(self.failed("ending a box", "it did not end in time"))
            }
            _ => Ok(()),
        }
    }

    /// The first reason counts. If the supervisor is gone already, its socket says so.
    fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() {
            self.stopped = Some((why, Instant::now()));
            let _ = channel::send(self.reports, &Stop, &[]);
        }
    }

    /// Takes one report. `Some` when nothing of the box is left.
    fn report(&mut self) -> Result<Option<Finished>, SandboxError> {
        let received = channel::receive::<Report>(self.reports)
            .map_err(SandboxError::system("listening to a box"))?;
        let Some((report, handles)) = received else {
            return Ok(Some(Finished::default()));
        };
        match report {
            Report::Placed { pid } => self.meter.follow(pid),
            Report::Started { at_ns } => {
                self.started_ns = Some(at_ns);
                self.started = Some(Instant::now());
                self.output = handles.into_iter().next();
            }
            Report::Exited { at_ns, status } => self.exited = Some((at_ns, status)),
            Report::Finished {
                at_ns,
                status,
                cpu_us,
                largest_bytes,
            } => {
                return Ok(Some(Finished {
                    ended: Some((at_ns, status)),
                    cpu_us,
                    largest_bytes,
                }));
            }
            Report::Failed {
                stage,
                reason,
                program: false,
            } => return Err(self.failed(&stage, &reason)),
            Report::Failed { stage, reason, .. } => {
                return Err(SandboxError::Program {
                    program: self.request.program.display().to_string(),
                    reason: format!("{stage}: {reason}"),
                });
            }
        }
        Ok(None)
    }

    fn finish(mut self, finished: Finished) -> Result<Watched, SandboxError> {
        match self.stopped {
            Some((Stopped::Cancelled, _)) => return Err(SandboxError::Cancelled),
            Some((Stopped::Stuck, _)) => {
                return Err(self.failed("making a box", "it took too long"));
            }
            _ => {}
        }
        let Some(started_ns) = self.started_ns else {
            return Err(self.failed("making a box", "it ended before its program began"));
        };
        self.move_streams();
        let killed = (started_ns, libc::SIGKILL);
        let (ended_ns, status) = self.exited.or(finished.ended).unwrap_or(killed);
        let exit = exit(status);
        let end = self.end(exit, finished.ended.is_some());
        let elapsed = self
            .started
            .map_or(Duration::ZERO, |started| started.elapsed());
        let wall_us = match ended_ns.checked_sub(started_ns) {
            Some(wall_ns) if wall_ns > 0 => wall_ns / 1000,
            _ => u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        };
        Ok(Watched {
            end,
            exit,
            wall_us,
            cpu_us: finished.cpu_us.max(self.meter.cpu_us()),
            largest_bytes: finished.largest_bytes,
            stdout: self.stdout.captured,
            stderr: self.stderr.captured,
            output: self.output,
        })
    }

    /// What ended the program: we, the kernel at a limit, or itself.
    fn end(&mut self, exit: Exit, supervised: bool) -> EndReason {
        if let Some((Stopped::Limit(reason), _)) = self.stopped {
            return reason;
        }
        let used = self.meter.used();
        let flooded = self.stdout.captured.truncated || self.stderr.captured.truncated;
        match exit {
            _ if flooded && self.request.flood == Flood::Stop => EndReason::Output,
            Exit::Code(0) => EndReason::Exited,
            _ if used.out_of_memory > 0 => EndReason::Memory,
            Exit::Signal(libc::SIGXCPU) => EndReason::Cpu,
            Exit::Signal(libc::SIGXFSZ) => EndReason::Output,
            // Killed from outside together with its supervisor: only the kernel does that.
            Exit::Signal(libc::SIGKILL) if !supervised => EndReason::Memory,
            Exit::Signal(libc::SIGKILL) if over_cpu(&self.request.limits, used.cpu_us) => {
                EndReason::Cpu
            }
            _ if used.forks_refused > 0 => EndReason::Processes,
            Exit::Code(_) => EndReason::Exited,
            Exit::Signal(_) => EndReason::Signalled,
        }
    }

    fn failed(&self, stage: &str, reason: &str) -> SandboxError {
        SandboxError::Setup {
            backend: self.backend,
            stage: stage.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// The last report of a supervisor; without `ended` it was killed itself.
#[derive(Default)]
struct Finished {
    ended: Option<(u64, i32)>,
    cpu_us: u64,
    largest_bytes: u64,
}

impl Stream {
    fn new(pipe: OwnedFd, limit: u64) -> Self {
        Self {
            file: Some(pipe.into()),
            captured: Captured::default(),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// Reads what is there. True if there was more than the limit.
    fn drain(&mut self, chunk: &mut [u8]) -> bool {
        while let Some(file) = &mut self.file {
            match file.read(chunk) {
                Ok(0) => self.file = None,
                Ok(read) => {
                    let room = self.limit.saturating_sub(self.captured.data.len());
                    let kept = chunk.get(..read.min(room)).unwrap_or_default();
                    self.captured.data.extend_from_slice(kept);
                    self.captured.truncated |= read > room;
                    // Others have to be looked after as well while this one floods.
                    if read > room {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.file = None,
            }
        }
        self.captured.truncated
    }
}

fn reason(exceeded: Exceeded) -> EndReason {
    match exceeded {
        Exceeded::Cpu => EndReason::Cpu,
        Exceeded::Memory => EndReason::Memory,
        Exceeded::Processes => EndReason::Processes,
        Exceeded::Disk => EndReason::Output,
    }
}

fn over_cpu(limits: &Limits, cpu_us: Option<u64>) -> bool {
    cpu_us.is_some_and(|cpu_us| cpu_us / 1000 >= limits.cpu_ms)
}

fn exit(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    }
}

/// A pipe whose given end does not block. Neither end survives an exec.
pub fn pipe(reading_end_is_ours: bool) -> Result<(OwnedFd, OwnedFd), SandboxError> {
    let make = || {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let ours = if reading_end_is_ours {
            read.as_fd()
        } else {
            write.as_fd()
        };
        rustix::fs::fcntl_setfl(ours, rustix::fs::OFlags::NONBLOCK)?;
        Ok::<_, rustix::io::Errno>((read, write))
    };
    make().map_err(SandboxError::system("making a pipe"))
}
