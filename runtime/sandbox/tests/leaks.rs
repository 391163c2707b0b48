//! Many runs, one after the other and at the same time, leave nothing behind.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use assay_sandbox::{BackendKind, CancelToken, EndReason, Request, Sandbox, SandboxConfig};

/// Descriptors, children and mounts belong to the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Until the kernel has ended what has nothing more to do.
const END_MAX: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
struct Traces {
    descriptors: usize,
    children: BTreeSet<u32>,
    mounts: BTreeSet<String>,
    cgroups: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Traces {
    fn look(state: &Path) -> Self {
        let own = format!("assay-sandbox-{}-", std::process::id());
        Self {
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            children: descendants(),
            mounts: std::fs::read_to_string("/proc/self/mountinfo")
                .unwrap()
                .lines()
                .filter(|line| line.contains(state.to_str().unwrap()) || is_of_a_box(line))
                .map(str::to_owned)
                .collect(),
            cgroups: below(Path::new("/sys/fs/cgroup"))
                .into_iter()
                .filter(|path| path.to_string_lossy().contains(&own))
                .filter(|path| path.is_dir())
                .collect(),
            files: below(state),
        }
    }
}

/// Others on this machine may mount things meanwhile.
fn is_of_a_box(mount: &str) -> bool {
    let point = mount.split(' ').nth(4).unwrap();
    point == "/work/input" || point == "/work/output" || mount.contains("hidepid=invisible")
}

fn below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut waiting = vec![directory.to_owned()];
    let mut found = BTreeSet::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
            found.insert(entry.path());
        }
    }
    found
}

/// Of this process, zombies included.
fn descendants() -> BTreeSet<u32> {
    let parent_of = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    let parents: Vec<(u32, u32)> = all.filter_map(|pid| Some((pid, parent_of(pid)?))).collect();
    let mut found = BTreeSet::new();
    let mut waiting = vec![std::process::id()];
    while let Some(parent) = waiting.pop() {
        for (pid, _) in parents.iter().filter(|(_, of)| *of == parent) {
            found.insert(*pid);
            waiting.push(*pid);
        }
    }
    found
}

/// Runs `work` in a sandbox of its own; nothing must be left of the runs while the sandbox is
/// there, and nothing of the sandbox when it is gone.
fn leaves_nothing(backend: BackendKind, slots: u32, work: impl Fn(&Sandbox)) {
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let state = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        slots,
        state_dir: state.path().join("state"),
        backends: vec![backend],
        helper: env!("CARGO_BIN_EXE_assay-sandbox-helper").into(),
        ..SandboxConfig::default()
    };
    let before = Traces::look(state.path());
    let sandbox = match Sandbox::start(&config, Vec::new()) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("*** NOT TESTED ON THIS MACHINE *** {backend}: {error}");
            return;
        }
    };
    work(&sandbox);
    let settled = Traces::look(state.path());
    work(&sandbox);
    let slots = slots as usize + 1;
    let begun = Instant::now();
    let after = loop {
        let after = Traces::look(state.path());
        // A supervisor that has reported the end of its box ends itself next.
        let few = after.children.len() <= slots + 1;
        assert!(few || begun.elapsed() < END_MAX, "{backend}: {after:?}");
        if few {
            break after;
        }
        std::thread::yield_now();
    };
    assert_eq!(settled.mounts, after.mounts, "{backend}");
    assert_eq!(settled.mounts, before.mounts, "{backend}");
    assert_eq!(settled.files, after.files, "{backend}");
    // A slot is first used when all others are taken, so there may be more of them now, but each
    // has one helper and its groups.
    assert!(after.cgroups.len() <= slots * 3, "{backend}: {after:?}");
    // Five files of its groups and a socket.
    assert!(
        after.descriptors <= before.descriptors + 10 + slots * 6,
        "{backend}: {after:?}"
    );
    drop(sandbox);
    let mut end = Traces::look(state.path());
    end.files
        .retain(|path| !path.ends_with("state") && !path.ends_with("state/lock"));
    assert_eq!(end, before, "{backend}");
}

fn thousand(sandbox: &Sandbox) {
    for run in 0..500 {
        // Every kind of end.
        let (request, end) = match run % 10 {
            0 => (daemon(), EndReason::Exited),
            1 => (limited(Request::new("sleep").arg("100")), EndReason::Wall),
            _ => (Request::new("true"), EndReason::Exited),
        };
        let outcome = sandbox.run(&request).unwrap();
        assert_eq!(outcome.end, end, "run {run}: {outcome:?}");
    }
}

fn daemon() -> Request {
    let script = "echo x > output/x; (sleep 100 > /dev/null 2>&1 &) ; exit 0";
    Request::new("/bin/sh").args(["-c", script])
}

fn limited(mut request: Request) -> Request {
    request.limits.wall_ms = 20;
    request
}

fn hundred_at_once(sandbox: &Sandbox) {
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..100)
            .map(|run| {
                scope.spawn(move || {
                    let script = format!("echo {run}; echo {run} > output/{run}; sleep 0.2");
                    let request = Request::new("/bin/sh").args(["-c", &script]);
                    let outcome = sandbox.run(&request).unwrap();
                    assert!(outcome.success(), "{outcome:?}");
                    let expected = format!("{run}\n").into_bytes();
                    assert_eq!(outcome.stdout.data, expected);
                    assert_eq!(outcome.files.len(), 1);
                    assert_eq!(outcome.files[0].data, expected);
                })
            })
            .collect();
        for run in runs {
            run.join().unwrap();
        }
    });
}

#[test]
fn thousand_native_runs() {
    leaves_nothing(BackendKind::Native, 2, thousand);
}

#[test]
fn thousand_landlock_runs() {
    leaves_nothing(BackendKind::Landlock, 2, thousand);
}

#[test]
fn hundred_native_runs_at_once() {
    leaves_nothing(BackendKind::Native, 100, hundred_at_once);
}

#[test]
fn hundred_landlock_runs_at_once() {
    leaves_nothing(BackendKind::Landlock, 100, hundred_at_once);
}

#[test]
fn cancelled_runs() {
    for backend in [BackendKind::Native, BackendKind::Landlock] {
        leaves_nothing(backend, 2, |sandbox| {
            let cancel = CancelToken::new();
            let request = Request::new("sleep").arg("9");
            std::thread::scope(|scope| {
                let run = || sandbox.run_until(&request, &cancel);
                let runs = [scope.spawn(run), scope.spawn(run), scope.spawn(run)];
                cancel.cancel();
                for run in runs {
                    let ended = run.join().unwrap().unwrap_err();
                    assert!(
                        matches!(ended, assay_sandbox::SandboxError::Cancelled),
                        "{ended}"
                    );
                }
            });
            assert!(sandbox.run(&Request::new("true")).unwrap().success());
        });
    }
}

#[test]
fn no_back_end_is_refused_with_reasons() {
    let state = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        state_dir: state.path().join("state"),
        // Does not know how to be a helper.
        helper: "/bin/true".into(),
        ..SandboxConfig::default()
    };
    let refused = Sandbox::start(&config, Vec::new()).unwrap_err().to_string();
    assert!(
        refused.contains("native: ") && refused.contains("landlock: "),
        "{refused}"
    );
    assert!(
        refused.contains("untrusted programs are refused"),
        "{refused}"
    );
}

#[test]
fn a_state_directory_that_others_can_write_to_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(state.path(), mode).unwrap();
    let config = SandboxConfig {
        state_dir: state.path().to_owned(),
        ..SandboxConfig::default()
    };
    let refused = Sandbox::start(&config, Vec::new()).unwrap_err().to_string();
    assert!(refused.contains("only its owner"), "{refused}");
}
