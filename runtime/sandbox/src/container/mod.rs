//! The container back end: each run is a container of a Docker-compatible daemon on this machine.
//!
//! **Decisions.** The image is named in the configuration and must be there; nothing is ever pulled
//! or built. The first process is the daemon's init, so that signals and orphans are as everywhere.
//! Directories are bound from the node's state directory, on file systems with a size where the node
//! may mount, and collected by the same rules as everywhere. Nothing is logged by the daemon: output
//! comes through an attached stream, bounded while it runs. Every container has a label with the
//! node's place in its state directory; the next node to start removes what a dead one left.
//!
//! **Deliberately not here.** Daemons on other machines, networks, volumes, building images.

mod config;
mod create;
mod daemon;
mod profile;
mod runner;
mod scratch;
mod selftest;
mod transport;
mod usage;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

pub use config::ContainerConfig;

use self::create::{Frame, User};
use self::daemon::{Daemon, setup};
use self::runner::Runner;
use self::scratch::Scratch;
use self::watch::{Ended, Watched};
use crate::backend::{Backend, BackendKind, CancelToken, Slot};
use crate::environment::{INPUT_DIR, PATH};
use crate::error::SandboxError;
use crate::layer::{BackendReport, Layer};
use crate::limits::SLOTS_MAX;
use crate::linux::Shared;
use crate::linux::collect::{self, Collected};
use crate::linux::instance::Instance;
use crate::outcome::{EndReason, Outcome};
use crate::request::Request;

/// File in the node's directory with the list of system calls.
const PROFILE: &str = "seccomp.json";

/// Runs programs in containers.
#[derive(Debug)]
pub struct ContainerBackend {
    config: Option<ContainerConfig>,
    shared: Arc<Shared>,
    engine: Mutex<Option<Arc<Engine>>>,
    layers: OnceLock<Vec<Layer>>,
}

/// What it takes to run, found at the first use.
#[derive(Debug)]
struct Engine {
    daemon: Daemon,
    frame: Frame,
    /// Output directories have a size; set back if the daemon does not see our mounts.
    mounts: AtomicBool,
    /// Why not.
    no_mounts: Option<String>,
    runner: Runner,
}

impl ContainerBackend {
    /// Looks for nothing yet.
    pub fn new(config: Option<ContainerConfig>, shared: Arc<Shared>) -> Self {
        Self {
            config,
            shared,
            engine: Mutex::new(None),
            layers: OnceLock::new(),
        }
    }

    fn instance(&self) -> &Instance {
        self.shared.instance()
    }

    fn engine(&self) -> Result<Arc<Engine>, SandboxError> {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*engine {
            return Ok(Arc::clone(engine));
        }
        let made = Arc::new(self.make_engine()?);
        *engine = Some(Arc::clone(&made));
        Ok(made)
    }

    fn make_engine(&self) -> Result<Engine, SandboxError> {
        let missing = || setup("reading the configuration", "no image is named".to_owned());
        let config = self.config.clone().ok_or_else(missing)?;
        config.validate()?;
        let socket = config
            .find_socket()
            .map_err(|reason| setup("looking for a daemon", reason))?;
        let runner = Runner::start()?;
        let name = config.image.clone();
        let (daemon, image, volumes, containers) = runner.block_on(async move {
            let daemon = Daemon::connect(&socket).await?;
            let (image, volumes) = daemon.image(&name).await?;
            let containers = daemon.made_by_nodes().await?;
            Ok((daemon, image, volumes, containers))
        })?;
        if !volumes.is_empty() {
            let reason = format!(
                "the image has volumes ({}), which programs could fill: use one without",
                volumes.join(", ")
            );
            return Err(setup("looking at the image", reason));
        }
        if daemon.rootless && !daemon.podman {
            let reason =
                "a rootless Docker daemon does not keep users' ids: use a rootful one, or \
                          Podman"
                    .to_owned();
            return Err(setup("looking at the daemon", reason));
        }
        if !(daemon.limits_memory && daemon.limits_processes) {
            let reason = "it can't limit memory or processes of containers (a rootless \
                          one needs control groups of version 2 with both controllers)"
                .to_owned();
            return Err(setup("looking at the daemon", reason));
        }
        if let Some(runtime) = &config.runtime
            && daemon.podman
            && Path::new(&daemon.default_runtime).file_name() != Some(runtime.as_ref())
        {
            let reason = format!(
                "Podman takes no runtime for a single container: make {runtime} the default of the \
                 daemon, which is {}",
                daemon.default_runtime
            );
            return Err(setup("looking at the daemon", reason));
        }
        // Those of this place were made by a node that had it before.
        let left = containers.into_iter().filter(|(_, place)| {
            place == self.instance().directory() || self.instance().is_dead(place)
        });
        for (container, _) in left {
            let daemon = daemon.clone();
            runner.block_on(async move { daemon.remove(&container).await })?;
        }
        let frame = Frame {
            image,
            seccomp: self.profile(&daemon, config.runtime.is_some())?,
            place: self.instance().directory().to_owned(),
            runtime: config.runtime,
            keep_id: daemon.rootless,
            podman: daemon.podman,
        };
        let no_mounts = scratch::can_mount(self.instance(), SLOTS_MAX).err();
        Ok(Engine {
            daemon,
            frame,
            mounts: AtomicBool::new(no_mounts.is_none()),
            no_mounts,
            runner,
        })
    }

    /// Podman takes the path of a file, Docker the text.
    fn profile(&self, daemon: &Daemon, own_kernel: bool) -> Result<String, SandboxError> {
        let profile = profile::profile(own_kernel);
        if !daemon.podman {
            return Ok(format!("seccomp={profile}"));
        }
        let path = self.instance().directory().join(PROFILE);
        let written = std::fs::write(&path, profile).and_then(|()| path.canonicalize());
        let path = written.map_err(SandboxError::system("writing the seccomp profile"))?;
        Ok(format!("seccomp={}", path.display()))
    }

    fn run_at(
        &self,
        engine: &Arc<Engine>,
        slot: Slot,
        request: &Request,
        cancel: &CancelToken,
    ) -> Result<Ran, SandboxError> {
        let euid = rustix::process::geteuid();
        let user = User {
            id: if euid.is_root() {
                slot.uid
            } else {
                euid.as_raw()
            },
            own: euid.is_root(),
        };
        let (scratch, output) = Scratch::prepare(
            self.instance(),
            slot.index,
            user.own.then_some(user.id),
            request,
            engine.mounts.load(Ordering::Relaxed),
        )?;
        check_paths(request, &scratch)?;
        let body = create::body(&engine.frame, user, request, &scratch)?;
        let name = container_name();
        let watched = Watched {
            id: String::new(),
            stdin: request.stdin.clone(),
            limits: request.limits.clone(),
            counted_processes: engine.frame.counted_processes(request.limits.processes),
            flood: request.flood,
            directory: scratch.watched().map(Path::to_owned),
            cancel: cancel.clone(),
        };
        let daemon = engine.daemon.clone();
        let lookups = lookups(&request.program);
        let program = request.program.display().to_string();
        let ran = engine.runner.block_on(async move {
            let ran = run(&daemon, &name, body, watched, lookups).await;
            // Whatever happened; also if the answer about its making got lost.
            daemon.remove(&name).await?;
            ran
        });
        let collected = collect::collect(&output, &request.limits);
        drop(output);
        scratch
            .remove()
            .map_err(SandboxError::system("removing a scratch directory"))?;
        let ended = ran?.map_err(|reason| SandboxError::Program { program, reason })?;
        Ok((ended, collected))
    }
}

/// No other container of any node has it.
fn container_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let process = std::process::id();
    format!("assay-sandbox-{process}-{number}-{:x}", since.as_nanos())
}

/// What a run gave, before it is put into words.
type Ran = (Ended, Collected);

/// One container from its making to its end. The inner error is why the program can't be run.
async fn run(
    daemon: &Daemon,
    name: &str,
    body: bollard::models::ContainerCreateBody,
    mut watched: Watched,
    lookups: Vec<PathBuf>,
) -> Result<Result<Ended, String>, SandboxError> {
    watched.id = daemon.create(name, body).await?;
    let mut found = lookups.is_empty();
    for path in &lookups {
        found = found || daemon.has_file(&watched.id, path).await?;
    }
    if !found {
        return Ok(Err("it is not in the image".to_owned()));
    }
    let attached = daemon.attach(&watched.id, !watched.stdin.is_empty());
    let attached = attached.await?;
    watch::watch(daemon, &watched, attached).await
}

/// Where a program of the image may be: init would report a missing one as if the program had
/// returned. Empty if it is not of the image.
fn lookups(program: &Path) -> Vec<PathBuf> {
    if program.is_absolute() {
        return vec![program.to_owned()];
    }
    if program.components().count() > 1 {
        return Vec::new();
    }
    let directories = PATH.split(':').map(Path::new);
    directories
        .map(|directory| directory.join(program))
        .collect()
}

/// Are the program and the directory of the input there?
fn check_paths(request: &Request, scratch: &Scratch) -> Result<(), SandboxError> {
    let refuse = |reason: &str| {
        Err(SandboxError::Program {
            program: request.program.display().to_string(),
            reason: reason.to_owned(),
        })
    };
    let on_host = |path: &Path| match (&scratch.bound_input, path.strip_prefix(INPUT_DIR)) {
        (Some(input), Ok(below)) => input.join(below),
        _ => scratch.work.join(path),
    };
    let relative = !request.program.is_absolute() && request.program.components().count() > 1;
    if relative && std::fs::symlink_metadata(on_host(&request.program)).is_err() {
        return refuse("it is not in the input");
    }
    if !on_host(&request.working_dir).is_dir() {
        return refuse("its working directory is not there");
    }
    Ok(())
}

impl Backend for ContainerBackend {
    fn kind(&self) -> BackendKind {
        BackendKind::Container
    }

    fn self_test(&self) -> BackendReport {
        let report = selftest::test(self);
        // A second test finds the same.
        let _ = self.layers.set(report.working());
        report
    }

    fn run(
        &self,
        slot: Slot,
        request: &Request,
        cancel: &CancelToken,
    ) -> Result<Outcome, SandboxError> {
        let layers = self.layers.get_or_init(|| selftest::test(self).working());
        let engine = self.engine()?;
        let (ended, collected) = self.run_at(&engine, slot, request, cancel)?;
        let exceeded = ended.end == EndReason::Exited && collected.exceeded();
        Ok(Outcome {
            end: if exceeded {
                EndReason::Output
            } else {
                ended.end
            },
            exit: ended.exit,
            wall_us: ended.wall_us,
            cpu_us: ended.used.cpu_us,
            peak_memory_bytes: ended.used.peak_bytes,
            stdout: ended.stdout,
            stderr: ended.stderr,
            files: collected.files,
            skipped: collected.skipped,
            backend: BackendKind::Container,
            layers: layers.clone(),
        })
    }
}
