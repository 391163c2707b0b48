//! Sandboxes in processes of their own, as root and as an ordinary user, on each back end.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{SigHandler, Signal, signal};

use crate::numbers::NUMBERS;
use assay_sandbox::{
    BackendKind, BackendReport, Layer, Outcome, Request, SandboxConfig, SelfTestReport,
};

/// A process with a sandbox.
pub struct Lab {
    pub name: String,
    pub backend: BackendKind,
    pub root: bool,
    uid: u32,
    pub state_dir: PathBuf,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    report: BackendReport,
    home: tempfile::TempDir,
}

impl Lab {
    /// `None`, and loudly, if the back end does not work for that user on this machine.
    pub fn open(backend: BackendKind, uid: u32) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let state_dir = home.path().join("state");
        Self::open_at(backend, uid, home, state_dir)
    }

    pub fn open_at(
        backend: BackendKind,
        uid: u32,
        home: tempfile::TempDir,
        state_dir: PathBuf,
    ) -> Option<Self> {
        let root = uid == 0;
        let name = format!(
            "{backend} as {}",
            if root { "root" } else { "ordinary user" }
        );
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755)).unwrap();
        if !root || is_root() {
            std::os::unix::fs::chown(home.path(), Some(uid), Some(uid)).ok();
        }
        let config = SandboxConfig {
            backends: vec![backend],
            state_dir: state_dir.clone(),
            container: crate::container(),
            ..SandboxConfig::default()
        };
        let mut command = Command::new(HELPER.path().join("helper"));
        command
            .arg("serve")
            .arg(serde_json::to_string(&config).unwrap())
            .env("ASSAY_TEST_SECRET", "secret of the node")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if is_root() {
            command.uid(uid).gid(uid);
        }
        // As a shell starts what it puts into the background.
        let ignore = || {
            // SAFETY: no handler is installed.
            unsafe { signal(Signal::SIGQUIT, SigHandler::SigIgn) }?;
            Ok(())
        };
        // SAFETY: the closure only makes a system call.
        unsafe { command.pre_exec(ignore) };
        let mut child = spawn(&mut command);
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        if line.is_empty() {
            let output = child.wait_with_output().unwrap();
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("*** NOT TESTED ON THIS MACHINE *** {name}: {why}");
            return None;
        }
        let report: SelfTestReport = serde_json::from_str(&line).unwrap();
        let report = report.backends.into_iter().next().unwrap();
        for missing in report
            .layers
            .iter()
            .filter(|layer| !report.has(layer.layer))
        {
            eprintln!("*** LAYER MISSING *** {name}: {missing:?}");
        }
        Some(Self {
            name,
            backend,
            root,
            uid,
            state_dir,
            requests: child.stdin.take(),
            child,
            answers,
            report,
            home,
        })
    }

    pub fn has(&self, layer: Layer) -> bool {
        self.report.has(layer)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The box has file systems and processes of its own.
    pub fn is_native(&self) -> bool {
        self.backend != BackendKind::Landlock
    }

    pub fn is_container(&self) -> bool {
        self.backend == BackendKind::Container
    }

    pub fn send(&mut self, request: &Request) {
        let requests = self.requests.as_mut().unwrap();
        serde_json::to_writer(&mut *requests, request).unwrap();
        writeln!(requests).unwrap();
        requests.flush().unwrap();
    }

    pub fn try_run(&mut self, request: &Request) -> Result<Outcome, String> {
        self.send(request);
        self.answer()
    }

    /// To what was sent.
    pub fn answer(&mut self) -> Result<Outcome, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{}: the node is gone", self.name);
        serde_json::from_str(&line).unwrap()
    }

    pub fn run(&mut self, request: &Request) -> Outcome {
        let ran = self.try_run(request);
        ran.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// As a power failure would end it.
    pub fn kill(mut self) -> tempfile::TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.home
    }

    /// Ends it as a node that is told to stop.
    pub fn close(&mut self) {
        self.requests = None;
        assert!(self.child.wait().unwrap().success(), "{}", self.name);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The build directory may be out of reach for others.
static HELPER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let helper = home.path().join("helper");
    std::fs::copy(env!("CARGO_BIN_EXE_assay-sandbox-helper"), helper).unwrap();
    home
});

/// Another thread's new process may still have the file open for writing.
fn spawn(command: &mut Command) -> Child {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::yield_now();
            }
            spawned => return spawned.unwrap(),
        }
    }
}

type Labs = Vec<Mutex<Lab>>;

static LABS: LazyLock<Labs> = LazyLock::new(|| {
    let uids: &[u32] = if is_root() {
        crate::USERS
    } else {
        eprintln!("*** NOT TESTED *** as root: start the tests as root");
        &[u32::MAX]
    };
    let pairs = crate::BACKENDS
        .iter()
        .flat_map(|backend| uids.iter().map(move |uid| (*backend, *uid)));
    let labs: Labs = pairs
        .filter_map(|(backend, uid)| Lab::open(backend, uid))
        .map(Mutex::new)
        .collect();
    let needed = crate::BACKENDS
        .iter()
        .any(|kind| *kind != BackendKind::Container);
    assert!(
        !labs.is_empty() || !needed && crate::container().is_none(),
        "no back end works on this machine"
    );
    labs
});

/// One after the other, shared by all tests of a binary.
pub fn labs() -> impl Iterator<Item = MutexGuard<'static, Lab>> {
    LABS.iter().map(|lab| {
        let mut lab = lab.lock().unwrap_or_else(PoisonError::into_inner);
        // A test that ended it has failed; the others shall not.
        if lab.child.try_wait().unwrap().is_some() {
            *lab = Lab::open(lab.backend, lab.uid).unwrap();
        }
        lab
    })
}

/// Helpers for hostile programs: `refused` prints `ESCAPED` when something works that must not, and
/// a program that got through prints `HELD` in the end.
pub const PRELUDE: &str = r#"
import ctypes, errno, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def syscall(call, *args):
    number = NUMBERS[call] if isinstance(call, str) else call
    if number is None: raise OSError(errno.EPERM, 'not on this architecture')
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_void_p(a) if isinstance(a, int) else a for a in args])
    if result == -1: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def refused(what, call, *args):
    try: result = call(*args)
    except (OSError, MemoryError, ValueError) as error: print('refused', what, error)
    else: print('ESCAPED', what, result)
def refused_with(numbers, what, call, *args):
    try: result = call(*args)
    except OSError as error:
        print('refused' if error.errno in numbers else 'ESCAPED', what, error)
    else: print('ESCAPED', what, result)
"#;

/// A Python program behind the prelude.
pub fn python(script: &str) -> Request {
    let numbers = &*NUMBERS;
    let program = format!("NUMBERS = {numbers}\n{PRELUDE}\n{script}\nprint('HELD')");
    Request::new("python3")
        .args(["-I", "-S", "-B", "-c"])
        .arg(program)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program came to its end and nothing that it tried worked.
#[track_caller]
pub fn assert_held(name: &str, outcome: &Outcome) {
    let (stdout, stderr) = (text(&outcome.stdout.data), text(&outcome.stderr.data));
    let held = stdout.ends_with("HELD\n") && !stdout.contains("ESCAPED");
    assert!(
        held && outcome.success(),
        "{name}: {:?} {:?}\n{stdout}\n{stderr}",
        outcome.end,
        outcome.exit
    );
}

/// On every lab: nothing worked and the program came to its end.
#[track_caller]
pub fn held(script: &str) {
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
    }
}

/// Numbers of processes whose command line has `mark`.
pub fn processes_with(mark: &str) -> Vec<OsString> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let has = |path: &Path| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        text(&line).contains(mark)
    };
    entries
        .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
        .filter(|entry| has(&entry.path()))
        .map(|entry| entry.file_name())
        .collect()
}
