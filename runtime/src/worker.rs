//! Threads on which guests and the compiler run, watched by the caller.
//!
//! A guest can't be interrupted from outside, but its fuel bounds it. So the caller waits with a limit
//! on CPU time; when it strikes, the caller gets a host fault and abstains, and the thread ends by
//! itself when the fuel is used up. Until then the thread is not available for other calls: a machine
//! never runs more guests at once than it has workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::HostFault;
use crate::limits;

/// How often the caller looks at a running job's CPU time.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

type Job = Box<dyn FnOnce() + Send>;

/// A fixed set of threads.
pub(crate) struct Workers {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// When a job is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobLimits {
    /// CPU time of the job's thread.
    pub(crate) cpu: Duration,
    /// Time since the job started.
    pub(crate) wall: Duration,
}

impl Workers {
    pub(crate) fn new(count: usize) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(limits::QUEUE_LENGTH);
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..count.max(1))
            .map(|number| {
                let queue = Arc::clone(&queue);
                std::thread::Builder::new()
                    .name(format!("guest-{number}"))
                    .spawn(move || work(&queue))
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self {
            jobs: Some(jobs),
            threads,
        })
    }

    /// Runs a job on a worker and waits for it within its limits.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        limits: JobLimits,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HostFault> {
        let started = Arc::new(OnceLock::new());
        let (answer, result) = sync_channel(1);
        let clock = Arc::clone(&started);
        let boxed: Job = Box::new(move || {
            if clock.set(Start::now()).is_err() {
                return; // The caller gave up waiting for a worker.
            }
            let outcome = catch_unwind(AssertUnwindSafe(job));
            // Nobody listens any more when the caller gave up: the outcome is dropped.
            let _ = answer.send(outcome);
        });
        let closed = || HostFault::Internal("worker threads are gone".to_owned());
        self.jobs
            .as_ref()
            .ok_or_else(closed)?
            .send(boxed)
            .map_err(|_| closed())?;
        watch(limits, &started, &result)?
            .map_err(|_| HostFault::Internal("a call panicked".to_owned()))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs = None;
        let current = std::thread::current().id();
        for thread in self.threads.drain(..) {
            if thread.thread().id() != current {
                // A panic in a job was already reported to its caller.
                let _ = thread.join();
            }
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

fn watch<T>(
    limits: JobLimits,
    started: &OnceLock<Start>,
    result: &Receiver<T>,
) -> Result<T, HostFault> {
    let queued = Instant::now();
    let queue_limit = Duration::from_millis(limits::QUEUE_DEADLINE_MS);
    loop {
        match result.recv_timeout(WATCH_INTERVAL) {
            Ok(outcome) => return Ok(outcome),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(HostFault::Internal("a worker ended early".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        match started.get() {
            Some(start) => start.check(limits)?,
            None if queued.elapsed() > queue_limit && started.set(Start::now()).is_ok() => {
                return Err(HostFault::Overloaded(limits::QUEUE_DEADLINE_MS));
            }
            None => {}
        }
    }
}

/// When and on which thread a job started.
#[derive(Debug)]
struct Start {
    wall: Instant,
    cpu: Option<ThreadCpuClock>,
}

impl Start {
    fn now() -> Self {
        Self {
            wall: Instant::now(),
            cpu: ThreadCpuClock::of_this_thread(),
        }
    }

    fn check(&self, limits: JobLimits) -> Result<(), HostFault> {
        if let Some(used) = self.cpu.as_ref().and_then(ThreadCpuClock::elapsed)
            && used > limits.cpu
        {
            return Err(HostFault::Watchdog("CPU-time"));
        }
        if self.wall.elapsed() > limits.wall {
            return Err(HostFault::Watchdog("wall-clock"));
        }
        Ok(())
    }
}

/// The CPU clock of one thread, readable from other threads of the process. Only Linux has a clock id
/// that can be computed from the thread id; elsewhere the wall-clock limit stands alone.
#[derive(Debug)]
struct ThreadCpuClock {
    #[cfg(target_os = "linux")]
    clock: nix::time::ClockId,
    #[cfg(target_os = "linux")]
    start: Duration,
}

#[cfg(target_os = "linux")]
impl ThreadCpuClock {
    fn of_this_thread() -> Option<Self> {
        // Linux encodes a thread's scheduler clock as the complement of its id with the low bits
        // "per thread" (4) and "scheduler" (2).
        let clock = nix::time::ClockId::from_raw((!nix::unistd::gettid().as_raw() << 3) | 6);
        let start = Duration::from(clock.now().ok()?);
        Some(Self { clock, start })
    }

    fn elapsed(&self) -> Option<Duration> {
        let now = Duration::from(self.clock.now().ok()?);
        now.checked_sub(self.start)
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadCpuClock {
    fn of_this_thread() -> Option<Self> {
        None
    }

    fn elapsed(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const ENDLESS: Duration = Duration::from_secs(600);

    #[test]
    fn spinning_job_is_given_up_by_its_cpu_time_and_the_worker_survives() {
        let workers = Workers::new(1).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let limits = JobLimits {
            cpu: Duration::from_millis(50),
            wall: ENDLESS,
        };
        let flag = Arc::clone(&stop);
        let outcome = workers.run(limits, move || {
            while !flag.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        assert_eq!(outcome, Err(HostFault::Watchdog("CPU-time")));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(workers.run(limits, || 7), Ok(7));
    }

    #[test]
    fn waiting_job_is_given_up_by_the_wall_clock() {
        let workers = Workers::new(1).unwrap();
        let limits = JobLimits {
            cpu: ENDLESS,
            wall: Duration::from_millis(1),
        };
        let (release, blocked) = sync_channel::<()>(1);
        let outcome = workers.run(limits, move || blocked.recv().is_ok());
        assert_eq!(outcome, Err(HostFault::Watchdog("wall-clock")));
        release.send(()).unwrap();
    }

    #[test]
    fn panicking_job_is_a_host_fault_and_the_worker_survives() {
        let workers = Workers::new(1).unwrap();
        let limits = JobLimits {
            cpu: ENDLESS,
            wall: ENDLESS,
        };
        let outcome = workers.run(limits, || -> u8 { panic!("provoked") });
        assert!(matches!(outcome, Err(HostFault::Internal(_))));
        assert_eq!(workers.run(limits, || 7), Ok(7));
    }
}
