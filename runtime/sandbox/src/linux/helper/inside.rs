//! The first process of a box with namespaces: mounts what belongs to this run alone, gives up all
//! rights, starts the program and reaps. When it ends, the kernel ends everything in the box.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::{MountFlags, MoveMountFlags};

use super::super::landlock::Rules;
use super::super::mounts::{self, Attributes};
use super::super::protocol::{Handles, InputKind, Plan, Report, Task};
use super::super::seccomp::Filter;
use super::super::{archive, channel};
use super::{Failure, at, confine, probe, program, supervisor, tree};
use crate::limits::{INPUT_MAX_BYTES, INPUT_MAX_ENTRIES};

const INPUT: &str = "/work/input";
const OUTPUT: &str = "/work/output";
const TMP: &str = "/tmp";
/// Files in `/tmp` and shared memory: enough for caches, few enough for the kernel's memory.
const TMP_FILES: u64 = 16 * 1024;
/// Nothing but devices that are writable by their nature, on a root that is not.
const DEVICES: &str = "/dev";

/// Does everything; the exit code.
pub fn run(plan: &Plan, filter: &Filter, handles: Handles) -> i32 {
    let Handles {
        reports,
        streams,
        input,
        ..
    } = handles;
    match try_run(plan, filter, &reports, streams, input) {
        Ok(()) => 0,
        Err(failure) => {
            supervisor::report_failure(&reports, failure);
            1
        }
    }
}

fn try_run(
    plan: &Plan,
    filter: &Filter,
    reports: &OwnedFd,
    streams: [OwnedFd; 3],
    input: Option<OwnedFd>,
) -> Result<(), Failure> {
    confine::die_with_parent()?;
    let _ = nix::unistd::setsid();
    confine::end_first();
    mount_proc()?;
    let limits = &plan.limits;
    mount_tmpfs(TMP, limits.tmp_bytes, TMP_FILES, 0o1777)?;
    mount_tmpfs(OUTPUT, limits.output_bytes, limits.output_files, 0o755)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let output = rustix::fs::open(OUTPUT, flags, Mode::empty());
    let output = output.map_err(at("opening the output directory"))?;
    if let Some(input) = input {
        place_input(plan.input, input)?;
    }
    std::env::set_current_dir(&plan.working_dir).map_err(program_at("entering working_dir"))?;
    confine::set_dumpable(false)?;
    let rules = Rules {
        readable: vec![Path::new("/")],
        writable: vec![Path::new(TMP), Path::new(OUTPUT)],
        devices: vec![Path::new(DEVICES)],
    };
    confine::confine(plan, plan.processes, &rules, filter)?;

    let at_ns = supervisor::now_ns();
    channel::send(reports, &Report::Started { at_ns }, &[output.as_fd()])
        .map_err(at("reporting the start"))?;
    drop(output);
    let status = match &plan.task {
        Task::Run { program, args } => {
            let child = program::spawn(program, args, plan, streams)?;
            reap_until(child)?
        }
        Task::Probe => {
            let [_, stdout, _] = streams;
            probe::run(stdout, Path::new(OUTPUT)).map_err(at("reporting the probe"))?;
            0
        }
    };
    let at_ns = supervisor::now_ns();
    // If the node is gone, the supervisor knows as well.
    let _ = channel::send(reports, &Report::Exited { at_ns, status }, &[]);
    Ok(())
}

/// Only processes of the box, and nothing about the host. Where `/proc` may not be mounted, as in
/// containers that mask parts of it, nothing at all is shown.
fn mount_proc() -> Result<(), Failure> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let options = c"subset=pid,hidepid=invisible";
    if rustix::mount::mount("proc", "/proc", "proc", flags, options).is_ok() {
        return Ok(());
    }
    let options = c"size=4k,nr_inodes=2,mode=555";
    let flags = flags | MountFlags::RDONLY;
    rustix::mount::mount("tmpfs", "/proc", "tmpfs", flags, options).map_err(at("hiding /proc"))
}

/// One more for the root directory itself.
fn mount_tmpfs(path: &str, bytes: u64, files: u64, mode: u32) -> Result<(), Failure> {
    let stage = format!("mounting {path}");
    let files = files.saturating_add(1);
    let options = format!("size={bytes},nr_inodes={files},mode={mode:o}");
    let options = CString::new(options).map_err(at(stage.clone()))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let options = options.as_c_str();
    rustix::mount::mount("tmpfs", path, "tmpfs", flags, options).map_err(at(stage))
}

fn place_input(kind: InputKind, input: OwnedFd) -> Result<(), Failure> {
    let stage = "placing the input";
    match kind {
        InputKind::Archive => {
            let (bytes, files) = (INPUT_MAX_BYTES, INPUT_MAX_ENTRIES as u64);
            // Room for the rounding of each file to whole pages.
            mount_tmpfs(INPUT, bytes + files * 4096, files, 0o755)?;
            let directory = rustix::fs::open(INPUT, OFlags::DIRECTORY, Mode::empty());
            let directory = directory.map_err(at(stage))?;
            archive::unpack(input, &directory).map_err(at(stage))?;
        }
        InputKind::Mount => {
            let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            rustix::mount::move_mount(&input, "", CWD, INPUT, flags).map_err(at(stage))?;
        }
        InputKind::None | InputKind::Directory => return Ok(()),
    }
    let attributes = Attributes::READ_ONLY | Attributes::NO_DEVICES | Attributes::NO_SET_UID;
    mounts::set_attributes(CWD, INPUT, attributes, true).map_err(at(stage))
}

/// Also reaps what other processes of the box left behind.
fn reap_until(child: nix::unistd::Pid) -> Result<i32, Failure> {
    loop {
        let (pid, status) = tree::wait_any().map_err(at("waiting for the program"))?;
        if pid == child {
            return Ok(status);
        }
    }
}

/// The request is at fault.
fn program_at<E: std::fmt::Display>(stage: &str) -> impl FnOnce(E) -> Failure {
    move |error| Failure {
        program: true,
        ..at(stage)(error)
    }
}
