//! Follows one container from its start to its end: feeds and drains its streams, stops it at its
//! limits, and says what ended it.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bollard::container::{AttachContainerResults, LogOutput};
use futures::StreamExt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::daemon::{Attached, Daemon, State, setup};
use super::usage::{Groups, Roots, Used};
use crate::backend::CancelToken;
use crate::error::SandboxError;
use crate::limits::CANCEL_POLL;
use crate::linux::usage::holds_more;
use crate::outcome::{Captured, EndReason, Exit};
use crate::request::{Flood, Limits};

/// Longest time for a container to end after it was killed.
const STOP_MAX: Duration = Duration::from_secs(60);
/// Killed again after this.
const KILL_AGAIN: Duration = Duration::from_secs(5);
/// Longest time for the last output to come after the end.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// First look at what a run uses; later ones come further apart.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// Furthest apart: the groups are gone with the container, and what was used after the last look
/// with them.
const LOOK_MAX: Duration = Duration::from_millis(10);
/// While it starts.
const START_LOOK: Duration = Duration::from_millis(2);
/// Asking the daemon costs it some milliseconds.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Codes from here are signals, as shells have it: daemons tell no difference.
const SIGNAL_CODES: i64 = 128;
/// Highest signal.
const SIGNAL_MAX: i64 = 64;

/// What the watch needs to know of a request.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Id of the container.
    pub id: String,
    /// Fed to standard input.
    pub stdin: Vec<u8>,
    /// Upper bounds.
    pub limits: Limits,
    /// What control groups may count of processes.
    pub counted_processes: u64,
    /// What happens with too much output.
    pub flood: Flood,
    /// The output directory if it has no size of its own.
    pub directory: Option<PathBuf>,
    /// Stops the run.
    pub cancel: CancelToken,
}

/// What is known when the container has ended.
#[derive(Debug)]
pub struct Ended {
    /// What ended it.
    pub end: EndReason,
    /// How the program ended.
    pub exit: Exit,
    /// Wall clock, in microseconds.
    pub wall_us: u64,
    /// What was used.
    pub used: Used,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Limit(EndReason),
    Cancelled,
}

struct Watch<'a> {
    daemon: &'a Daemon,
    watched: &'a Watched,
    groups: Option<Groups>,
    used: Used,
    asked: Instant,
    disk_looked: Instant,
    stdout: Captured,
    stderr: Captured,
    stopped: Option<(Stopped, Instant)>,
    killed: Instant,
    /// Ended with this at the latest.
    kills: JoinSet<()>,
    /// All output came.
    drained: Option<Instant>,
    ended: Option<Instant>,
}

/// Starts a container that is attached to, and follows it to its end. The inner error is the
/// daemon's refusal to start it.
pub async fn watch(
    daemon: &Daemon,
    watched: &Watched,
    attached: Attached,
) -> Result<Result<Ended, String>, SandboxError> {
    let begun = SystemTime::now();
    let mut used = Used::default();
    let (refused, found) = start(daemon, &watched.id, &mut used).await?;
    if let Err(refusal) = refused {
        return Ok(Err(refusal));
    }
    let started = Instant::now();
    let waiting = daemon.wait(&watched.id);
    let groups = match found {
        Some(groups) => Some(groups),
        None => Groups::of_process(daemon.state(&watched.id).await?.pid, &watched.id),
    };
    let mut watch = Watch {
        daemon,
        watched,
        groups,
        used,
        asked: started,
        disk_looked: started,
        stdout: Captured::default(),
        stderr: Captured::default(),
        stopped: None,
        killed: started,
        kills: JoinSet::new(),
        drained: None,
        ended: None,
    };
    watch.follow(started, waiting, attached).await?;
    watch.finish(begun, started).await.map(Ok)
}

/// Starts a container, and looks at what it uses already: a short program is over before the
/// daemon says that it began.
async fn start(
    daemon: &Daemon,
    id: &str,
    used: &mut Used,
) -> Result<(Result<(), String>, Option<Groups>), SandboxError> {
    let roots = Roots::look();
    let mut groups = None;
    let mut starting = std::pin::pin!(daemon.start(id));
    loop {
        tokio::select! {
            started = &mut starting => return Ok((started?, groups)),
            () = tokio::time::sleep(START_LOOK) => match &groups {
                Some(groups) => Groups::look(groups, used),
                None => groups = Groups::find(&roots, id),
            }
        }
    }
}

impl Watch<'_> {
    async fn follow(
        &mut self,
        started: Instant,
        waiting: impl futures::Stream<Item = impl Sized> + Unpin,
        attached: Attached,
    ) -> Result<(), SandboxError> {
        let Attached {
            mut output,
            budget,
            mut input,
        } = attached;
        let mut feeding = std::pin::pin!(feed(input.as_mut(), &self.watched.stdin));
        let mut fed = false;
        let mut waiting = waiting.into_future();
        let mut step = FIRST_LOOK;
        let mut look = started + step;
        let deadline = started + Duration::from_millis(self.watched.limits.wall_ms);
        loop {
            if self.ended.is_some() && self.drained.is_some() {
                return Ok(());
            }
            let wake = if self.stopped.is_none() && self.ended.is_none() {
                look.min(deadline)
            } else {
                look
            };
            tokio::select! {
                piece = output.next(), if self.drained.is_none() => match piece {
                    Some(Ok(piece)) => {
                        budget.refill();
                        self.take(piece);
                        if self.flooded() {
                            self.stop(Stopped::Limit(EndReason::Output)).await;
                        }
                    }
                    // A broken stream is seen again by whoever asks for the end.
                    Some(Err(_)) | None => {
                        self.drained = Some(Instant::now());
                        // The groups are about to go.
                        self.look().await;
                        step = FIRST_LOOK;
                        look = Instant::now();
                    }
                },
                () = &mut feeding, if !fed => fed = true,
                _ = &mut waiting, if self.ended.is_none() => self.ended = Some(Instant::now()),
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            if self.ended.is_none() && now >= deadline {
                self.stop(Stopped::Limit(EndReason::Wall)).await;
            }
            if now >= look {
                self.look_around(now).await?;
                step = (step * 2).min(LOOK_MAX);
                look = Instant::now() + step;
            }
        }
    }

    async fn look_around(&mut self, now: Instant) -> Result<(), SandboxError> {
        if self.watched.cancel.is_cancelled() {
            self.stop(Stopped::Cancelled).await;
        }
        if let Some(ended) = self.ended {
            if now.duration_since(ended) > DRAIN_MAX {
                self.drained = Some(now);
            }
            return Ok(());
        }
        self.look().await;
        if let Some(reason) = self.used.exceeded(&self.watched.limits) {
            self.stop(Stopped::Limit(reason)).await;
        }
        if now.duration_since(self.disk_looked) >= CANCEL_POLL && self.disk_is_full().await {
            self.stop(Stopped::Limit(EndReason::Output)).await;
        }
        // Usually it ended; daemons that wait may look less often.
        if self.drained.is_some() && !self.daemon.state(&self.watched.id).await?.running {
            self.ended = Some(now);
            return Ok(());
        }
        if let Some((_, since)) = self.stopped {
            if now.duration_since(since) > STOP_MAX {
                let reason = "it did not end in time".to_owned();
                return Err(setup("ending a container", reason));
            }
            if now.duration_since(self.killed) > KILL_AGAIN {
                self.kill();
            }
        }
        Ok(())
    }

    fn take(&mut self, piece: LogOutput) {
        let limits = &self.watched.limits;
        let (captured, most, bytes) = match piece {
            LogOutput::StdErr { message } => (&mut self.stderr, limits.stderr_bytes, message),
            LogOutput::StdOut { message }
            | LogOutput::StdIn { message }
            | LogOutput::Console { message } => (&mut self.stdout, limits.stdout_bytes, message),
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let room = most.saturating_sub(captured.data.len());
        let kept = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        captured.data.extend_from_slice(kept);
        captured.truncated |= bytes.len() > room;
    }

    fn flooded(&self) -> bool {
        let truncated = self.stdout.truncated || self.stderr.truncated;
        truncated && self.watched.flood == Flood::Stop
    }

    /// The first reason counts.
    async fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() && self.ended.is_none() {
            let now = Instant::now();
            self.stopped = Some((why, now));
            self.look().await;
            self.kill();
        }
    }

    /// Without waiting: Docker answers after the end, which waits for its output to be read.
    fn kill(&mut self) {
        let (daemon, id) = (self.daemon.clone(), self.watched.id.clone());
        self.killed = Instant::now();
        self.kills.spawn(async move { daemon.kill(&id).await });
    }

    async fn look(&mut self) {
        if let Some(groups) = &self.groups {
            groups.look(&mut self.used);
            return;
        }
        if self.asked.elapsed() < ASK_EVERY {
            return;
        }
        if let Some(stats) = self.daemon.stats(&self.watched.id).await {
            self.used.add(&stats, self.watched.counted_processes);
        }
        self.asked = Instant::now();
    }

    async fn disk_is_full(&mut self) -> bool {
        self.disk_looked = Instant::now();
        let Some(directory) = self.watched.directory.clone() else {
            return false;
        };
        let limits = &self.watched.limits;
        let (bytes, files) = (limits.output_bytes, limits.output_files);
        let full = tokio::task::spawn_blocking(move || holds_more(&directory, bytes, files));
        full.await.unwrap_or(false)
    }

    async fn finish(self, begun: SystemTime, started: Instant) -> Result<Ended, SandboxError> {
        if let Some((Stopped::Cancelled, _)) = self.stopped {
            return Err(SandboxError::Cancelled);
        }
        let state = self.daemon.state(&self.watched.id).await?;
        if state.running {
            let reason = "the daemon says that it ended, and that it runs".to_owned();
            return Err(setup("waiting for a container", reason));
        }
        let mut used = self.used;
        used.out_of_memory |= state.oom_killed;
        let exit = exit(state.exit_code);
        let ended = self.ended.unwrap_or(started);
        let wall_us = wall_us(begun, started, ended, &state);
        Ok(Ended {
            end: self.end(exit, used),
            exit,
            wall_us,
            used,
            stdout: self.stdout,
            stderr: self.stderr,
        })
    }

    /// What ended the program: we, the kernel at a limit, or itself.
    fn end(&self, exit: Exit, used: Used) -> EndReason {
        if let Some((Stopped::Limit(reason), _)) = self.stopped {
            return reason;
        }
        match exit {
            _ if self.flooded() => EndReason::Output,
            Exit::Code(0) => EndReason::Exited,
            _ if used.out_of_memory => EndReason::Memory,
            Exit::Signal(libc::SIGXCPU) => EndReason::Cpu,
            Exit::Signal(libc::SIGXFSZ) => EndReason::Output,
            Exit::Signal(libc::SIGKILL) if used.over_cpu(&self.watched.limits) => EndReason::Cpu,
            _ if used.too_many_processes => EndReason::Processes,
            Exit::Code(_) => EndReason::Exited,
            Exit::Signal(_) => EndReason::Signalled,
        }
    }
}

/// Writes all and closes. Nobody may read it.
async fn feed(streams: Option<&mut AttachContainerResults>, bytes: &[u8]) {
    if let Some(streams) = streams
        && streams.input.write_all(bytes).await.is_ok()
    {
        let _ = streams.input.shutdown().await;
    }
}

fn exit(code: i64) -> Exit {
    let signal = code - SIGNAL_CODES;
    if (1..=SIGNAL_MAX).contains(&signal) {
        Exit::Signal(i32::try_from(signal).unwrap_or(libc::SIGKILL))
    } else {
        Exit::Code(i32::try_from(code & 0xff).unwrap_or(0xff))
    }
}

/// By the clock that daemon and node share; what we saw ourselves is the upper bound. Starting the
/// container counts.
fn wall_us(begun: SystemTime, started: Instant, ended: Instant, state: &State) -> u64 {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let starting = begun.elapsed().unwrap_or_default();
    let starting = starting.saturating_sub(started.elapsed());
    let seen = starting + ended.duration_since(started);
    let finished = OffsetDateTime::parse(&state.finished_at, &Rfc3339).ok();
    let told = finished.and_then(|finished| SystemTime::from(finished).duration_since(begun).ok());
    micros(told.map_or(seen, |told| told.min(seen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_signals_are_signals() {
        for (code, expected) in [
            (0, Exit::Code(0)),
            (127, Exit::Code(127)),
            (128, Exit::Code(128)),
            (137, Exit::Signal(9)),
            (192, Exit::Signal(64)),
            (193, Exit::Code(193)),
            (255, Exit::Code(255)),
        ] {
            assert_eq!(exit(code), expected, "{code}");
        }
    }

    #[tokio::test]
    async fn wall_clock_is_what_the_daemon_tells_but_never_more_than_was_seen() {
        let (begun, started) = (SystemTime::now(), Instant::now());
        let ended = started + Duration::from_secs(10);
        let at = |after: u64| {
            let finished = OffsetDateTime::from(begun + Duration::from_secs(after));
            State {
                finished_at: finished.format(&Rfc3339).unwrap(),
                ..State::default()
            }
        };
        let told = wall_us(begun, started, ended, &at(3));
        assert_eq!(told, 3_000_000);
        assert!(wall_us(begun, started, ended, &at(1000)) < 11_000_000);
        assert!(wall_us(begun, started, ended, &State::default()) >= 10_000_000);
    }
}
