//! What a container is made of.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig,
    Mount, MountType, ResourcesUlimits,
};

use super::daemon::PLACE_LABEL;
use super::scratch::Scratch;
use crate::environment::{self, HOSTNAME, INPUT_DIR, OUTPUT_DIR, WORK_DIR};
use crate::error::SandboxError;
use crate::linux::own_processes;
use crate::request::Request;

/// In a container besides the program: the first process.
const INIT: u64 = 1;
/// Threads that a kernel of its own may have for itself; control groups count them with the
/// program's.
const RUNTIME_THREADS: u64 = 256;
/// More than the limit, so that the control group is what refuses.
const PROCESSES_SLACK: u64 = 8;
/// What else a user may start while a program runs.
const OTHERS_MAX: u64 = 1024;
/// Between the signal for used up CPU time and the end, in seconds.
const CPU_GRACE_S: u64 = 1;
/// Temporary directory in a container.
const TMP: &str = "/tmp";
/// Podman puts writable file systems there unless told otherwise.
const CLOSED: [&str; 2] = ["/run", "/var/tmp"];
/// Private memory of each process may be this many times the limit of all together: programs
/// reserve more than they use.
const DATA_FACTOR: u64 = 4;
/// And never less than this more, in bytes.
const DATA_MARGIN_BYTES: u64 = 64 * 1024 * 1024;
/// Stack of the first thread of each process, in bytes.
const STACK_BYTES: u64 = 8 * 1024 * 1024;
/// Signals that wait for a process.
const SIGNALS_PENDING: u64 = 1024;
/// What tells about the host, besides what daemons hide themselves; Docker takes the whole list.
const MASKED: [&str; 29] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/bus",
    "/proc/cmdline",
    "/proc/config.gz",
    "/proc/cpuinfo",
    "/proc/fs",
    "/proc/interrupts",
    "/proc/irq",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/partitions",
    "/proc/scsi",
    "/proc/sched_debug",
    "/proc/stat",
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmstat",
    "/sys",
];
/// Ended before anything else when the machine is out of memory.
const OOM_SCORE: i64 = 1000;

/// What does not change from run to run.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Id of the image.
    pub image: String,
    /// Text of the option with the profile of system calls.
    pub seccomp: String,
    /// Directory of the node.
    pub place: PathBuf,
    /// Another runtime than the daemon's own.
    pub runtime: Option<String>,
    /// For the daemon of a user: its uids stay what they are.
    pub keep_id: bool,
    /// The daemon is Podman.
    pub podman: bool,
}

impl Frame {
    /// What control groups may count when a program has so many processes.
    pub fn counted_processes(&self, processes: u64) -> u64 {
        let own = if self.runtime.is_some() {
            RUNTIME_THREADS
        } else {
            0
        };
        processes + INIT + own
    }
}

/// Who the program is.
#[derive(Debug, Clone, Copy)]
pub struct User {
    /// Uid and gid.
    pub id: u32,
    /// Nobody else on the machine has it.
    pub own: bool,
}

/// The description of the container of one run.
pub fn body(
    frame: &Frame,
    user: User,
    request: &Request,
    scratch: &Scratch,
) -> Result<ContainerCreateBody, SandboxError> {
    let program = program(&request.program);
    let args = request.args.iter().map(|arg| text("args", arg));
    let env = environment::environment(&request.env, WORK_DIR, TMP);
    let env = env.iter().map(|(name, value)| {
        let (name, value) = (text("env", name)?, text("env", value)?);
        Ok(format!("{name}={value}"))
    });
    let stdin = !request.stdin.is_empty();
    Ok(ContainerCreateBody {
        image: Some(frame.image.clone()),
        entrypoint: Some(vec![text("program", program.as_os_str())?]),
        cmd: Some(args.collect::<Result<_, _>>()?),
        env: Some(env.collect::<Result<_, SandboxError>>()?),
        user: Some(format!("{0}:{0}", user.id)),
        working_dir: Some(text(
            "working_dir",
            Path::new(WORK_DIR).join(&request.working_dir).as_os_str(),
        )?),
        hostname: Some(HOSTNAME.to_owned()),
        labels: Some(HashMap::from([(
            PLACE_LABEL.to_owned(),
            text("state_dir", frame.place.as_os_str())?,
        )])),
        attach_stdin: Some(stdin),
        open_stdin: Some(stdin),
        stdin_once: Some(stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        network_disabled: Some(true),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        host_config: Some(host_config(frame, user, request, scratch)?),
        ..ContainerCreateBody::default()
    })
}

fn host_config(
    frame: &Frame,
    user: User,
    request: &Request,
    scratch: &Scratch,
) -> Result<HostConfig, SandboxError> {
    let limits = &request.limits;
    let memory = signed(limits.memory_bytes);
    let mut tmp = format!("rw,exec,nosuid,nodev,size={},mode=1777", limits.tmp_bytes);
    if frame.podman {
        // Neither files nor permissions of the image.
        tmp.push_str(",notmpcopyup");
    }
    let mut tmpfs = HashMap::from([(TMP.to_owned(), tmp)]);
    let mut security_opt = vec!["no-new-privileges".to_owned(), frame.seccomp.clone()];
    let mut masked_paths = None;
    if frame.podman {
        security_opt.push(format!("mask={}", MASKED.join(":")));
        let closed = "rw,noexec,nosuid,nodev,size=65536,mode=0755".to_owned();
        tmpfs.extend(CLOSED.map(|path| (path.to_owned(), closed.clone())));
    } else {
        masked_paths = Some(MASKED.map(str::to_owned).to_vec());
    }
    Ok(HostConfig {
        network_mode: Some("none".to_owned()),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        userns_mode: frame.keep_id.then(|| "keep-id".to_owned()),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(security_opt),
        masked_paths,
        privileged: Some(false),
        init: Some(true),
        pids_limit: Some(signed(frame.counted_processes(limits.processes))),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: Some(processors() * 1_000_000_000),
        oom_score_adj: Some(OOM_SCORE),
        ulimits: Some(ulimits(user, request)),
        shm_size: Some(signed(limits.tmp_bytes)),
        tmpfs: Some(tmpfs),
        mounts: Some(mounts(scratch)?),
        // Nothing on the daemon's disk.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        runtime: frame.runtime.clone(),
        ..HostConfig::default()
    })
}

fn ulimits(user: User, request: &Request) -> Vec<ResourcesUlimits> {
    let limits = &request.limits;
    let cpu_s = limits.cpu_ms.div_ceil(1000);
    let data_bytes = limits.memory_bytes.saturating_mul(DATA_FACTOR);
    let data_bytes = data_bytes.saturating_add(DATA_MARGIN_BYTES);
    let mut all = vec![
        ("nofile", limits.open_files, limits.open_files),
        ("fsize", limits.file_bytes, limits.file_bytes),
        ("cpu", cpu_s, cpu_s + CPU_GRACE_S),
        ("core", 0, 0),
        ("msgqueue", 0, 0),
        ("data", data_bytes, data_bytes),
        ("stack", STACK_BYTES, STACK_BYTES),
        ("sigpending", SIGNALS_PENDING, SIGNALS_PENDING),
    ];
    let mut processes = limits.processes + INIT + PROCESSES_SLACK;
    if !user.own {
        // The kernel counts everything else of this user as well. Without a number of ours, daemons
        // may take one that they can't set.
        processes += own_processes() + OTHERS_MAX;
    }
    all.push(("nproc", processes, processes));
    let limit = |(name, soft, hard): (&str, u64, u64)| ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(signed(soft)),
        hard: Some(signed(hard)),
    };
    all.into_iter().map(limit).collect()
}

/// Outer ones first.
fn mounts(scratch: &Scratch) -> Result<Vec<Mount>, SandboxError> {
    let bind = |source: &Path, target: String, read_only: bool| {
        Ok::<_, SandboxError>(Mount {
            typ: Some(MountType::BIND),
            source: Some(text("directory", source.as_os_str())?),
            target: Some(target),
            read_only: Some(read_only),
            ..Mount::default()
        })
    };
    let mut mounts = vec![bind(&scratch.work, WORK_DIR.to_owned(), true)?];
    if let Some(input) = &scratch.bound_input {
        mounts.push(bind(input, format!("{WORK_DIR}/{INPUT_DIR}"), true)?);
    }
    mounts.push(bind(
        &scratch.output,
        format!("{WORK_DIR}/{OUTPUT_DIR}"),
        false,
    )?);
    Ok(mounts)
}

/// A bare name is looked up in the container, other relative paths start in the work directory.
fn program(program: &Path) -> PathBuf {
    if program.is_absolute() || program.components().count() == 1 {
        return program.to_owned();
    }
    Path::new(WORK_DIR).join(program)
}

fn processors() -> i64 {
    let processors = std::thread::available_parallelism();
    processors.map_or(1, |processors| i64::try_from(processors.get()).unwrap_or(1))
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Daemons take text only.
fn text(what: &'static str, bytes: &OsStr) -> Result<String, SandboxError> {
    let text = bytes.to_str().map(str::to_owned);
    text.ok_or_else(|| SandboxError::Invalid {
        what,
        expected: "text in UTF-8, in a container".to_owned(),
        got: bytes.display().to_string(),
    })
}
