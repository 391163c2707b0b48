//! A node that is killed in the middle leaves nothing, at the latest after the next start.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use assay_sandbox::BackendKind;

use crate::ORDINARY_UID;
use crate::support::{Lab, assert_held, labs, processes_with, python};

/// Until the kernel has ended what was killed.
const END_MAX: Duration = Duration::from_secs(20);

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < END_MAX, "{what}");
        std::thread::yield_now();
    }
}

fn cgroups_of(pid: u32) -> Vec<PathBuf> {
    let mut waiting = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if path
                    .to_string_lossy()
                    .contains(&format!("assay-sandbox-{pid}-"))
                {
                    found.push(path.clone());
                }
                waiting.push(path);
            }
        }
    }
    found
}

fn crash(backend: BackendKind, uid: u32) {
    let home = tempfile::tempdir().unwrap();
    let state_dir = home.path().join("state");
    let Some(mut lab) = Lab::open_at(backend, uid, home, state_dir.clone()) else {
        return;
    };
    let mark = format!("assay-crash-{backend}-{uid}-{}", std::process::id());
    let script = format!(
        "'{mark}'
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
open('output/left', 'w').write('left')
time.sleep(1000)"
    );
    let mut request = python(&script);
    request.limits.wall_ms = 1_000_000;
    lab.send(&request);
    wait_for("the program starts", || processes_with(&mark).len() >= 2);
    let (name, pid) = (lab.name.clone(), lab.pid());
    let home = lab.kill();
    wait_for(&format!("{name}: processes stay"), || {
        processes_with(&mark).is_empty()
    });
    let mut next = Lab::open_at(backend, uid, home, state_dir.clone()).unwrap();
    assert_eq!(cgroups_of(pid), Vec::<PathBuf>::new(), "{name}");
    next.close();
    let left: Vec<_> = std::fs::read_dir(&state_dir).unwrap().flatten().collect();
    let left: Vec<_> = left.iter().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["lock"], "{name}");
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(state_dir.to_str().unwrap()), "{name}");
}

/// By a person, say; it is not the program's fault.
#[test]
fn a_killed_supervisor_is_an_error_and_leaves_nothing() {
    for mut lab in labs() {
        // Outside of the namespaces, if there are some.
        let above = usize::from(lab.is_native());
        kill_a_parent(&mut lab, above);
    }
}

#[test]
fn a_killed_first_process_is_an_error_and_leaves_nothing() {
    for mut lab in labs().filter(|lab| lab.is_native()) {
        kill_a_parent(&mut lab, 0);
    }
}

/// The program's, or one above it. Both processes of the program announce by their names that they
/// are what they stay: the one that it left behind first.
fn kill_a_parent(lab: &mut Lab, above: usize) {
    let mark = format!("assay-unwatched-{}-{}", std::process::id(), lab.pid());
    let mut request = python(&format!(
        "def become(what):
    os.execv(sys.executable, ['{mark}' + '-' + what, '-I', '-S', '-c', 'import time; time.sleep(1000)'])
became, becomes = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    for fd in range(3): os.close(fd)
    become('orphan')
os.close(becomes)
os.wait()
# It ends when the last one that had it has become something else.
os.read(became, 1)
become('program')"
    ));
    request.limits.wall_ms = 1_000_000;
    lab.send(&request);
    let program_mark = format!("{mark}-program");
    let mut program = Vec::new();
    wait_for("the program starts", || {
        program = processes_with(&program_mark);
        !program.is_empty()
    });
    assert_eq!(program.len(), 1, "{}", lab.name);
    let orphans = processes_with(&format!("{mark}-orphan"));
    assert_eq!(orphans.len(), 1, "{}", lab.name);
    let ours = format!("{}", lab.pid());
    let mut supervisor = parent(program[0].to_str().unwrap());
    for _ in 0..above {
        supervisor = parent(&supervisor);
    }
    assert!(supervisor != "1" && supervisor != ours, "{}", lab.name);
    let pid = rustix::process::Pid::from_raw(supervisor.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let error = lab.answer().unwrap_err();
    assert!(
        error.contains("supervisor was killed"),
        "{}: {error}",
        lab.name
    );
    wait_for(&format!("{}: processes stay", lab.name), || {
        processes_with(&mark).is_empty()
    });
    let next = lab.run(&python("pass"));
    assert_held(&lab.name, &next);
}

fn parent(pid: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap().trim().to_owned()
}

#[test]
fn killed_native_node_as_root() {
    crash(BackendKind::Native, 0);
}

#[test]
fn killed_native_node_as_ordinary_user() {
    crash(BackendKind::Native, ORDINARY_UID);
}

#[test]
fn killed_landlock_node_as_root() {
    crash(BackendKind::Landlock, 0);
}

#[test]
fn killed_landlock_node_as_ordinary_user() {
    crash(BackendKind::Landlock, ORDINARY_UID);
}
