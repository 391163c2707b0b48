//! The native and the landlock back end: one engine, two ways of isolation.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::{CWD, MemfdFlags};
use rustix::mount::OpenTreeFlags;

use super::cgroup::{Cgroups, Controller, SlotGroups};
use super::instance::Instance;
use super::interpreter::{self, Interpreter};
use super::launcher::Launcher;
use super::protocol::{Facts, Handles, InputKind, Mode, Order, Plan, Setup, Task};
use super::usage::{Counted, Meter};
use super::watch::{self, Streams, Watched};
use super::{archive, channel, collect, processes, remove, selftest};
use crate::backend::{Backend, BackendKind, CancelToken, Slot};
use crate::config::SandboxConfig;
use crate::environment::{self, SCRATCH_TMP_DIR, SCRATCH_WORK_DIR, WORK_DIR};
use crate::error::SandboxError;
use crate::layer::{BackendReport, Layer};
use crate::limits::SLOTS_MAX;
use crate::outcome::{EndReason, Outcome};
use crate::request::{Input, Request};

/// More than the limit, so that a refused fork can be told from a used up limit by looking.
const PROCESSES_SLACK: u64 = 8;
/// In the control groups besides the program: the helper of the slot, and the first process of the
/// box or the supervisor.
const HELPERS: u64 = 2;
/// Private memory of each process may be this many times the limit where the kernel counts all
/// together: programs reserve more than they use.
const DATA_FACTOR: u64 = 4;
/// And so many times where we only look now and then.
const DATA_FACTOR_WATCHED: u64 = 2;
/// And never less than this more, in bytes.
const DATA_MARGIN_BYTES: u64 = 64 * 1024 * 1024;
/// Files in a temporary directory without a size of its own.
const TMP_FILES: u64 = 16 * 1024;

/// What the back ends of one node have in common.
#[derive(Debug)]
pub struct Shared {
    cgroups: Cgroups,
    python: Option<Interpreter>,
    config: SandboxConfig,
    instance: Instance,
}

/// One of the two back ends.
#[derive(Debug)]
pub struct KernelBackend {
    mode: Mode,
    launcher: Launcher,
    shared: Arc<Shared>,
    python: Option<Interpreter>,
    trees: Vec<PathBuf>,
    layers: OnceLock<Vec<Layer>>,
    /// Kept from run to run.
    places: Mutex<BTreeMap<u32, Place>>,
}

/// What a slot keeps. Nobody else has the slot while a run has it. The helper goes first when this
/// is dropped, so that its groups can be removed.
#[derive(Debug)]
struct Place {
    helper: OwnedFd,
    groups: SlotGroups,
}

impl Shared {
    /// Cleans up after dead nodes, and looks at the machine.
    pub fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        Ok(Self {
            instance: Instance::open(&config.state_dir, config.uid_base)?,
            cgroups: Cgroups::discover(),
            python: interpreter::discover(&config.python),
            config: config.clone(),
        })
    }

    /// First uid of the slots.
    pub fn uid_base(&self) -> u32 {
        self.instance.uid_base()
    }

    /// The place in the state directory.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The control groups.
    pub fn cgroups(&self) -> &Cgroups {
        &self.cgroups
    }

    fn counted(&self) -> Counted {
        let usable = |controller| self.cgroups.missing(controller).is_none();
        Counted {
            memory: usable(Controller::Memory),
            processes: usable(Controller::Pids),
            cpu: usable(Controller::Cpu),
        }
    }
}

impl KernelBackend {
    /// The native back end.
    pub fn native(shared: Arc<Shared>) -> Self {
        let python = shared.python.clone();
        Self::new(Mode::Native, shared, python)
    }

    /// The landlock back end.
    pub fn landlock(shared: Arc<Shared>) -> Self {
        let other_uids = rustix::process::geteuid().is_root();
        let python = shared.python.clone();
        let python = if other_uids {
            python.as_ref().and_then(interpreter::readable_by_others)
        } else {
            python
        };
        Self::new(Mode::Landlock, shared, python)
    }

    fn new(mode: Mode, shared: Arc<Shared>, python: Option<Interpreter>) -> Self {
        let mut trees = shared.config.trees.clone();
        trees.extend(python.iter().flat_map(|python| python.trees.clone()));
        trees.sort();
        trees.dedup();
        let setup = Setup {
            mode,
            trees: trees.clone(),
            fallback_uid: shared.uid_base(),
        };
        Self {
            launcher: Launcher::new(kind(mode), shared.config.helper.clone(), setup),
            mode,
            shared,
            python,
            trees,
            layers: OnceLock::new(),
            places: Mutex::new(BTreeMap::new()),
        }
    }

    /// How it isolates.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What its helper found out.
    pub fn facts(&self) -> Result<Facts, SandboxError> {
        self.launcher.facts()
    }

    /// What it has in common with others.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Runs the self-test's probe in a box like any other; what it printed.
    pub fn probe(&self, request: &Request) -> Result<Vec<u8>, SandboxError> {
        // Of no run.
        let slot = Slot {
            index: SLOTS_MAX,
            uid: self.shared.uid_base() + SLOTS_MAX,
        };
        let done = self.run_task(slot, request, Task::Probe, &CancelToken::new())?;
        Ok(done.0.stdout.data)
    }

    fn layers(&self) -> Vec<Layer> {
        let tested = || selftest::test(self).working();
        self.layers.get_or_init(tested).clone()
    }

    fn run_task(
        &self,
        slot: Slot,
        request: &Request,
        task: Task,
        cancel: &CancelToken,
    ) -> Result<(Watched, Option<u64>), SandboxError> {
        let facts = self.facts()?;
        let kept = self.lock_places().remove(&slot.index);
        let mut place = match kept {
            Some(place) => place,
            None => self.make_place(slot)?,
        };
        // Whatever failed: the place is not used again, and what is in it ends with it.
        let watched = self.run_at(&mut place, slot, request, task, cancel, facts)?;
        let peak = place.groups.peak_memory();
        if !place.groups.worn_out() {
            self.lock_places().insert(slot.index, place);
        }
        Ok((watched, peak))
    }

    fn make_place(&self, slot: Slot) -> Result<Place, SandboxError> {
        let name = format!("{}-{}", kind(self.mode), slot.index);
        let making = "making control groups";
        let groups = self.shared.cgroups.make(&name, &self.shared.instance);
        let groups = groups.map_err(SandboxError::system(making))?;
        Ok(Place {
            helper: self.make_helper(slot, &groups)?,
            groups,
        })
    }

    fn make_helper(&self, slot: Slot, groups: &SlotGroups) -> Result<OwnedFd, SandboxError> {
        let procs = groups.procs();
        let procs = procs.map_err(SandboxError::system("opening control groups"))?;
        self.launcher.slot(slot.uid, &procs)
    }

    fn lock_places(&self) -> MutexGuard<'_, BTreeMap<u32, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_at(
        &self,
        place: &mut Place,
        slot: Slot,
        request: &Request,
        task: Task,
        cancel: &CancelToken,
        facts: Facts,
    ) -> Result<Watched, SandboxError> {
        let limits = &request.limits;
        let counted = self.shared.counted();
        // The first process of a box with namespaces is ours.
        let of_the_box = u64::from(self.mode == Mode::Native);
        place
            .groups
            .prepare(limits.memory_bytes, limits.processes + HELPERS)
            .map_err(SandboxError::system("preparing control groups"))?;
        let places = self.places(slot)?;
        let (kind, input) = self.input(request, facts)?;
        let plan = self.plan(slot, request, task, facts, &places, kind);

        let (stdin_read, stdin_write) = watch::pipe(false)?;
        let (stdout_read, stdout_write) = watch::pipe(true)?;
        let (stderr_read, stderr_write) = watch::pipe(true)?;
        let (reports, theirs) = channel::pair().map_err(SandboxError::system("making a socket"))?;
        let handles = Handles {
            reports: theirs,
            plan: plan_file(&plan)?,
            streams: [stdin_read, stdout_write, stderr_write],
            input,
        };
        let order = Order::Launch {
            input: handles.input.is_some(),
        };
        if channel::send(&place.helper, &order, &handles.borrow()).is_err() {
            // It was killed: by the kernel for lack of memory, or by a person.
            place.helper = self.make_helper(slot, &place.groups)?;
            channel::send(&place.helper, &order, &handles.borrow())
                .map_err(SandboxError::system("handing a run to the sandbox helper"))?;
        }
        drop(handles);
        let streams = Streams {
            stdin: (!request.stdin.is_empty()).then_some(stdin_write),
            stdout: stdout_read,
            stderr: stderr_read,
        };
        let mut watched_directories = Vec::new();
        if self.mode == Mode::Landlock && !facts.mounts {
            let tmp = places.base.join(SCRATCH_TMP_DIR);
            watched_directories.push((tmp, limits.tmp_bytes, TMP_FILES));
            let output = places.work.join(environment::OUTPUT_DIR);
            watched_directories.push((output, limits.output_bytes, limits.output_files));
        }
        let groups = Some(&place.groups);
        let mut meter = Meter::new(limits, groups, counted, watched_directories, of_the_box);
        watch::watch(
            kind_of(self),
            &reports,
            streams,
            request,
            &mut meter,
            cancel,
        )
    }

    /// Where the program finds its directories.
    fn places(&self, slot: Slot) -> Result<Places, SandboxError> {
        if self.mode == Mode::Native {
            return Ok(Places {
                base: PathBuf::new(),
                work: WORK_DIR.into(),
                tmp: "/tmp".into(),
            });
        }
        let base = self.shared.instance.slot_directory(slot.index);
        let base = base.map_err(SandboxError::system("making a scratch directory"))?;
        Ok(Places {
            work: base.join(SCRATCH_WORK_DIR),
            tmp: base.join(SCRATCH_TMP_DIR),
            base,
        })
    }

    fn plan(
        &self,
        slot: Slot,
        request: &Request,
        task: Task,
        facts: Facts,
        places: &Places,
        input: InputKind,
    ) -> Plan {
        let limits = &request.limits;
        let counted = self.shared.counted();
        let work = places.work.to_string_lossy();
        let env = environment::environment(&request.env, &work, &places.tmp.to_string_lossy());
        let factor = if counted.memory {
            DATA_FACTOR
        } else {
            DATA_FACTOR_WATCHED
        };
        let data_bytes = limits.memory_bytes.saturating_mul(factor);
        let uid = facts.slot_uids.then_some(slot.uid);
        let mut processes = limits.processes + PROCESSES_SLACK;
        if uid.is_none() && self.mode == Mode::Landlock {
            // The kernel counts everything else of this user as well.
            processes += own_processes();
        }
        let mut trees = self.trees.clone();
        if let (InputKind::Directory, Some(Input::Bind(path))) = (input, &request.input) {
            trees.push(path.clone());
        }
        Plan {
            task,
            working_dir: places.work.join(&request.working_dir),
            env: env.into_iter().collect(),
            uid,
            limits: limits.clone(),
            data_bytes: data_bytes.saturating_add(DATA_MARGIN_BYTES),
            input,
            scratch: places.base.clone(),
            trees,
            processes,
        }
    }

    fn task(&self, request: &Request, places: &Path) -> Task {
        let program = &request.program;
        let python = [Path::new("python3"), Path::new("python")].contains(&program.as_path());
        let program = match &self.python {
            Some(found) if python => found.executable.clone(),
            // A bare name is looked up in the box.
            _ if program.is_absolute() || program.components().count() == 1 => program.clone(),
            _ => places.join(program),
        };
        Task::Run {
            program,
            args: request.args.clone(),
        }
    }

    fn input(
        &self,
        request: &Request,
        facts: Facts,
    ) -> Result<(InputKind, Option<OwnedFd>), SandboxError> {
        let archive = |packed| (InputKind::Archive, Some(packed));
        match &request.input {
            None => Ok((InputKind::None, None)),
            Some(Input::Files(files)) => {
                let files = files.iter();
                let files = files.map(|(path, data)| (path.as_path(), data.as_slice()));
                archive::pack_files(files).map(archive)
            }
            Some(Input::Copy(path)) => archive::pack_directory(path).map(archive),
            Some(Input::Bind(_)) if self.mode == Mode::Landlock => Ok((InputKind::Directory, None)),
            Some(Input::Bind(path)) if facts.slot_uids => {
                let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
                let doing = format!("binding the input directory {}", path.display());
                let tree = rustix::mount::open_tree(CWD, path, flags);
                let tree = tree.map_err(SandboxError::system(doing))?;
                Ok((InputKind::Mount, Some(tree)))
            }
            // Only root can pass a mount on.
            Some(Input::Bind(path)) => archive::pack_directory(path).map(archive),
        }
    }

    fn clean(&self, slot: Slot) -> Result<(), SandboxError> {
        if self.mode == Mode::Native {
            return Ok(());
        }
        let emptied = self.shared.instance.slot_directory(slot.index);
        let emptied = emptied.and_then(|directory| remove::tree(&directory));
        emptied.map_err(SandboxError::system("removing a scratch directory"))
    }
}

impl Backend for KernelBackend {
    fn kind(&self) -> BackendKind {
        kind_of(self)
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
        let layers = self.layers();
        let work = match self.mode {
            Mode::Native => WORK_DIR.into(),
            Mode::Landlock => self.places(slot)?.work,
        };
        let task = self.task(request, &work);
        let ran = self.run_task(slot, request, task, cancel);
        let collected = ran.map(|(watched, peak)| {
            let output = watched.output.as_ref();
            let collected = output.map(|output| collect::collect(output, &request.limits));
            (watched, peak, collected.unwrap_or_default())
        });
        self.clean(slot)?;
        let (watched, peak, collected) = collected?;
        let exceeded = watched.end == EndReason::Exited && collected.exceeded();
        Ok(Outcome {
            end: if exceeded {
                EndReason::Output
            } else {
                watched.end
            },
            exit: watched.exit,
            wall_us: watched.wall_us,
            cpu_us: watched.cpu_us,
            peak_memory_bytes: Some(peak.unwrap_or(watched.largest_bytes)),
            stdout: watched.stdout,
            stderr: watched.stderr,
            files: collected.files,
            skipped: collected.skipped,
            backend: kind_of(self),
            layers,
        })
    }
}

struct Places {
    base: PathBuf,
    work: PathBuf,
    tmp: PathBuf,
}

fn kind(mode: Mode) -> BackendKind {
    match mode {
        Mode::Native => BackendKind::Native,
        Mode::Landlock => BackendKind::Landlock,
    }
}

fn kind_of(backend: &KernelBackend) -> BackendKind {
    kind(backend.mode)
}

/// Processes and threads of this user, anywhere.
pub fn own_processes() -> u64 {
    let own = rustix::process::geteuid().as_raw();
    let all = processes::all().into_iter();
    all.filter(|process| processes::uid(process.pid) == Some(own))
        .map(|process| process.threads)
        .sum()
}

fn plan_file(plan: &Plan) -> Result<OwnedFd, SandboxError> {
    let write = || {
        let memory = rustix::fs::memfd_create("assay-plan", MemfdFlags::CLOEXEC)?;
        let mut file = File::from(memory);
        file.write_all(&channel::encode(plan)?)?;
        file.rewind()?;
        Ok(file.into())
    };
    write().map_err(SandboxError::system::<std::io::Error>("writing a plan"))
}
