//! More runs at once than there are slots, and callers that give up.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assay_sandbox::{
    Backend, BackendKind, BackendReport, CancelToken, Captured, EndReason, Exit, Outcome, Request,
    Sandbox, SandboxConfig, SandboxError, Slot,
};

/// Until the kernel has started or ended something.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Tells which runs began, and ends them when told.
#[derive(Debug)]
struct Obedient {
    began: SyncSender<(Slot, String)>,
    end: Mutex<Receiver<()>>,
    busy: Mutex<BTreeSet<Slot>>,
}

impl Backend for Obedient {
    fn kind(&self) -> BackendKind {
        BackendKind::Native
    }

    fn self_test(&self) -> BackendReport {
        BackendReport {
            backend: self.kind(),
            usable: true,
            reason: String::new(),
            layers: Vec::new(),
        }
    }

    fn run(
        &self,
        slot: Slot,
        request: &Request,
        _cancel: &CancelToken,
    ) -> Result<Outcome, SandboxError> {
        assert!(self.busy.lock().unwrap().insert(slot), "{slot:?} twice");
        let program = request.program.display().to_string();
        self.began.send((slot, program.clone())).unwrap();
        self.end.lock().unwrap().recv().unwrap();
        assert!(self.busy.lock().unwrap().remove(&slot));
        Ok(Outcome {
            end: EndReason::Exited,
            exit: Exit::Code(0),
            wall_us: 0,
            cpu_us: 0,
            peak_memory_bytes: None,
            stdout: Captured {
                data: program.into_bytes(),
                truncated: false,
            },
            stderr: Captured::default(),
            files: Vec::new(),
            skipped: Vec::new(),
            backend: self.kind(),
            layers: Vec::new(),
        })
    }
}

#[test]
fn runs_wait_for_slots_and_each_has_its_own_outcome() {
    const SLOTS: usize = 3;
    const RUNS: usize = 40;
    let (began, begins) = sync_channel(RUNS);
    let (ends, end) = sync_channel(RUNS);
    let backend = Arc::new(Obedient {
        began,
        end: Mutex::new(end),
        busy: Mutex::default(),
    });
    let sandbox = Sandbox::choose(vec![backend], SLOTS as u32, 1).unwrap();
    let runs: Vec<_> = (0..RUNS)
        .map(|number| {
            let sandbox = sandbox.clone();
            std::thread::spawn(move || {
                let program = format!("program-{number}");
                let outcome = sandbox.run(&Request::new(&program)).unwrap();
                assert_eq!(outcome.stdout.data, program.into_bytes());
            })
        })
        .collect();
    let mut slots = BTreeSet::new();
    let mut programs = BTreeSet::new();
    for number in 0..RUNS {
        let (slot, program) = begins.recv_timeout(WAIT_MAX).unwrap();
        slots.insert(slot);
        programs.insert(program);
        // All that may run do, and none more.
        if number + 1 >= SLOTS {
            assert!(begins.try_recv().is_err());
            ends.send(()).unwrap();
        }
    }
    (1..SLOTS).for_each(|_| ends.send(()).unwrap());
    runs.into_iter().for_each(|run| run.join().unwrap());
    assert_eq!((slots.len(), programs.len()), (SLOTS, RUNS));
}

/// On each back end of this machine, with two slots and a mark for programs; says so where there is
/// none.
fn on_each(name: &str, test: impl Fn(&Sandbox, &str)) {
    for backend in [BackendKind::Native, BackendKind::Landlock] {
        let state = tempfile::tempdir().unwrap();
        let config = SandboxConfig {
            slots: 2,
            state_dir: state.path().join("state"),
            backends: vec![backend],
            helper: env!("CARGO_BIN_EXE_assay-sandbox-helper").into(),
            ..SandboxConfig::default()
        };
        match Sandbox::start(&config, Vec::new()) {
            Ok(sandbox) => test(
                &sandbox,
                &format!("assay-{name}-{backend}-{}", std::process::id()),
            ),
            Err(error) => eprintln!("*** NOT TESTED ON THIS MACHINE *** {backend}: {error}"),
        }
    }
}

/// Leaves a process behind that only its box holds.
fn endless(mark: &str) -> Request {
    let script = format!("sleep 1000 & : {mark}; sleep 1000");
    let mut request = Request::new("/bin/sh").args(["-c", &script]);
    request.limits.wall_ms = 1_000_000;
    request
}

fn processes_with(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).contains(mark))
        .count()
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT_MAX, "{what}");
        std::thread::yield_now();
    }
}

fn both_slots_work(sandbox: &Sandbox) {
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let request = Request::new("echo").arg(number.to_string());
                    let outcome = sandbox.run(&request).unwrap();
                    assert_eq!(outcome.stdout.data, format!("{number}\n").into_bytes());
                })
            })
            .collect();
        runs.into_iter().for_each(|run| run.join().unwrap());
    });
}

#[test]
fn cancelled_while_running_and_while_waiting_frees_slots_and_leaves_no_process() {
    on_each("cancelled", |sandbox, mark| {
        let marks = [format!("{mark}-first"), format!("{mark}-second")];
        let cancels = [CancelToken::new(), CancelToken::new()];
        let patient = CancelToken::new();
        let never = format!("{mark}-never");
        std::thread::scope(|scope| {
            let running: Vec<_> = marks
                .iter()
                .zip(&cancels)
                .map(|(mark, cancel)| scope.spawn(|| sandbox.run_until(&endless(mark), cancel)))
                .collect();
            wait_for("both run", || {
                marks.iter().all(|mark| processes_with(mark) > 0)
            });
            // No slot is free: this one can only wait.
            let waiting = scope.spawn(|| sandbox.run_until(&endless(&never), &patient));
            patient.cancel();
            let refused = waiting.join().unwrap().unwrap_err();
            assert!(matches!(refused, SandboxError::Cancelled), "{refused}");
            assert_eq!(processes_with(&never), 0);
            for (cancel, run) in cancels.iter().zip(running) {
                cancel.cancel();
                let ended = run.join().unwrap().unwrap_err();
                assert!(matches!(ended, SandboxError::Cancelled), "{ended}");
            }
        });
        assert_eq!(processes_with(mark), 0);
        both_slots_work(sandbox);
    });
}

#[test]
fn a_dropped_future_ends_its_run() {
    on_each("dropped", |sandbox, mark| {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let (ended, ends) = sync_channel(1);
        let request = endless(mark);
        let run = async {
            let cancel = CancelToken::new();
            let _guard = cancel.cancel_on_drop();
            let sandbox = sandbox.clone();
            let run = move || ended.send(sandbox.run_until(&request, &cancel)).unwrap();
            tokio::task::spawn_blocking(run).await.unwrap();
        };
        runtime.block_on(async {
            let mut run = Box::pin(run);
            let started = std::future::poll_fn(|context| {
                let waits = run.as_mut().poll(context).is_pending();
                std::task::Poll::Ready(waits)
            });
            assert!(started.await);
            wait_for("it runs", || processes_with(mark) > 0);
        });
        let ended = ends.recv_timeout(WAIT_MAX).unwrap().unwrap_err();
        assert!(matches!(ended, SandboxError::Cancelled), "{ended}");
        assert_eq!(processes_with(mark), 0);
        both_slots_work(sandbox);
    });
}

#[test]
fn two_sandboxes_of_one_process_do_not_end_each_others_programs() {
    on_each("one", |one, mark| {
        on_each("other", |other, _| {
            let cancel = CancelToken::new();
            std::thread::scope(|scope| {
                let running = scope.spawn(|| one.run_until(&endless(mark), &cancel));
                wait_for("it runs", || processes_with(mark) > 0);
                both_slots_work(other);
                assert!(
                    processes_with(mark) > 0,
                    "{} by {}",
                    one.backend(),
                    other.backend()
                );
                cancel.cancel();
                let ended = running.join().unwrap().unwrap_err();
                assert!(matches!(ended, SandboxError::Cancelled), "{ended}");
            });
        });
    });
}
