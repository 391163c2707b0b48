//! What only containers have: nothing of them stays, and clear words if something is missing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_sandbox::{
    BackendKind, CancelToken, ContainerConfig, EndReason, Limits, Sandbox, SandboxConfig,
    SandboxError,
};

use crate::daemon::daemon;
use crate::support::{Lab, assert_held, processes_with, python};

/// Until something that was killed is gone.
const END_MAX: Duration = Duration::from_secs(60);

fn config(home: &tempfile::TempDir, container: ContainerConfig) -> SandboxConfig {
    SandboxConfig {
        backends: vec![BackendKind::Container],
        state_dir: home.path().join("state"),
        container: Some(container),
        ..SandboxConfig::default()
    }
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < END_MAX, "{what}");
        std::thread::yield_now();
    }
}

/// Of a node whose state directory is there.
fn containers_of(home: &tempfile::TempDir) -> String {
    let home = home.path().canonicalize().unwrap();
    let all = daemon()
        .unwrap()
        .client(&["ps", "--all", "--format", "{{.Labels}} {{.Names}}"]);
    let ours = all
        .lines()
        .filter(|line| line.contains(home.to_str().unwrap()));
    ours.collect::<Vec<_>>().join("\n")
}

#[test]
fn twenty_at_once_leave_nothing() {
    let Some(daemon) = daemon() else { return };
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(&config(&home, daemon.config()), Vec::new()).unwrap();
    let runs: Vec<_> = (0..20)
        .map(|number| {
            let sandbox = sandbox.clone();
            std::thread::spawn(move || {
                let script = format!("open('output/x', 'w').write('{number}')");
                let mut request = python(&script);
                request.limits.wall_ms = 120_000;
                (number, sandbox.run(&request).unwrap())
            })
        })
        .collect();
    for run in runs {
        let (number, outcome) = run.join().unwrap();
        assert_held("container", &outcome);
        assert_eq!(outcome.files[0].data, number.to_string().into_bytes());
    }
    assert_eq!(containers_of(&home), "");
    drop(sandbox);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(home.path().to_str().unwrap()), "{mounts}");
    let left: Vec<_> = std::fs::read_dir(home.path().join("state"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn cancelled_run_leaves_nothing() {
    let Some(daemon) = daemon() else { return };
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(&config(&home, daemon.config()), Vec::new()).unwrap();
    let mark = format!("assay-cancel-{}", std::process::id());
    let mut request = python(&format!("'{mark}'\ntime.sleep(1000)"));
    request.limits.wall_ms = 1_000_000;
    let cancel = CancelToken::new();
    let running = std::thread::spawn({
        let (sandbox, cancel) = (sandbox.clone(), cancel.clone());
        move || sandbox.run_until(&request, &cancel)
    });
    wait_for("the program starts", || !processes_with(&mark).is_empty());
    cancel.cancel();
    let ended = running.join().unwrap().unwrap_err();
    assert!(matches!(ended, SandboxError::Cancelled), "{ended}");
    assert!(processes_with(&mark).is_empty());
    assert_eq!(containers_of(&home), "");
}

#[test]
fn containers_of_a_killed_node_are_removed_by_the_next() {
    if daemon().is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let state_dir = home.path().join("state");
    let mut lab = Lab::open_at(BackendKind::Container, 0, home, state_dir.clone()).unwrap();
    let mark = format!("assay-left-{}", std::process::id());
    let mut request = python(&format!("'{mark}'\ntime.sleep(1000)"));
    request.limits.wall_ms = 1_000_000;
    lab.send(&request);
    wait_for("the program starts", || !processes_with(&mark).is_empty());
    let home = lab.kill();
    assert_ne!(containers_of(&home), "", "nothing to clean up");
    let next = tempfile::tempdir().unwrap();
    let other = Lab::open_at(BackendKind::Container, 0, next, home.path().join("other")).unwrap();
    assert_ne!(containers_of(&home), "", "somebody else's");
    drop(other);
    let mut next = Lab::open_at(BackendKind::Container, 0, home, state_dir.clone()).unwrap();
    assert!(processes_with(&mark).is_empty());
    let all = daemon()
        .unwrap()
        .client(&["ps", "--all", "--format", "{{.Labels}}"]);
    assert!(
        !all.contains(&format!("{}/0", state_dir.display())),
        "{all}"
    );
    next.close();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(state_dir.to_str().unwrap()), "{mounts}");
}

#[test]
fn called_from_a_worker_of_an_event_loop() {
    let Some(daemon) = daemon() else { return };
    let home = tempfile::tempdir().unwrap();
    let config = config(&home, daemon.config());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async {
        let sandbox = Sandbox::start(&config, Vec::new()).unwrap();
        sandbox.run(&python("pass")).unwrap()
    });
    assert_held("container", &outcome);
}

#[test]
fn missing_image_and_socket_are_named() {
    let home = tempfile::tempdir().unwrap();
    let reason = |container: Option<ContainerConfig>| {
        let config = SandboxConfig {
            container,
            ..config(&home, ContainerConfig::of("none"))
        };
        let report = Sandbox::check(&config, Vec::new()).unwrap();
        assert!(report.chosen.is_none());
        report.backends[0].reason.clone()
    };
    assert!(reason(None).contains("no image is named"));
    let mut container = ContainerConfig::of("../x");
    assert!(reason(Some(container)).contains("container image"));
    container = ContainerConfig::of("assay-test");
    container.socket = Some("/nowhere/daemon.sock".into());
    assert!(reason(Some(container)).contains("/nowhere/daemon.sock"));
    let Some(daemon) = daemon() else { return };
    let mut container = daemon.config();
    container.image = "localhost/assay-sandbox-missing:1".to_owned();
    let missing = reason(Some(container));
    assert!(missing.contains("is not on this machine"), "{missing}");
    let mut container = daemon.config();
    container.runtime = Some("assay-no-such-runtime".to_owned());
    let missing = reason(Some(container));
    assert!(missing.contains("assay-no-such-runtime"), "{missing}");
}

#[test]
fn answers_of_a_daemon_are_bounded() {
    use std::io::{Read, Write};
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("liar.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    std::thread::spawn({
        let sent = Arc::clone(&sent);
        move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\"")
                .unwrap();
            while stream.write_all(&[b'x'; 65536]).is_ok() {
                sent.fetch_add(65536, std::sync::atomic::Ordering::Relaxed);
            }
        }
    });
    let mut container = ContainerConfig::of("assay-test");
    container.socket = Some(socket);
    let report = Sandbox::check(&config(&home, container), Vec::new()).unwrap();
    let reason = &report.backends[0].reason;
    assert!(
        !report.backends[0].usable && reason.contains("talking to the daemon"),
        "{reason}"
    );
    let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent < 16 << 20, "{sent}");
}

#[test]
fn start_up_is_measured() {
    let Some(daemon) = daemon() else { return };
    let home = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(&config(&home, daemon.config()), Vec::new()).unwrap();
    let mut request = assay_sandbox::Request::new("/bin/true");
    request.limits = Limits::default();
    let mut times: Vec<Duration> = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let outcome = sandbox.run(&request).unwrap();
            assert_eq!(outcome.end, EndReason::Exited);
            assert!(outcome.success(), "{outcome:?}");
            begun.elapsed()
        })
        .collect();
    times.sort();
    eprintln!(
        "/bin/true in a container: {:?} median, {:?} to {:?}",
        times[5], times[0], times[9]
    );
}
