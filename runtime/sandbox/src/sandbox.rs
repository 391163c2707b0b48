//! The front: picks a back end by its self-test and hands out slots.

use std::sync::Arc;

use crate::backend::{Backend, BackendKind, CancelToken};
use crate::config::SandboxConfig;
use crate::error::SandboxError;
use crate::layer::SelfTestReport;
use crate::limits;
use crate::outcome::Outcome;
use crate::request::Request;
use crate::slots::Slots;

/// Runs strangers' programs on the best back end that works here.
///
/// More runs at once than there are slots wait for their turn, in the order they came.
///
/// Calls block. An async caller uses `spawn_blocking` with a clone (clones share everything), and
/// keeps [`CancelToken::cancel_on_drop`] so that a run that nobody waits for any more ends; a host
/// function of a guest may call directly, it has a thread of its own.
#[derive(Debug, Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    backend: Arc<dyn Backend>,
    report: SelfTestReport,
    slots: Slots,
}

impl Sandbox {
    /// Cleans up after dead nodes, makes the configured back ends of this crate, and takes the first
    /// that works. `more` are tried after them.
    ///
    /// # Errors
    ///
    /// As [`choose`](Self::choose); also if the state directory can't be used.
    pub fn start(
        config: &SandboxConfig,
        more: Vec<Arc<dyn Backend>>,
    ) -> Result<Self, SandboxError> {
        let (mut backends, uid_base) = kernel_backends(config)?;
        backends.extend(more);
        Self::choose(backends, config.slots, uid_base)
    }

    /// The self-test of all back ends, without running anything else.
    ///
    /// # Errors
    ///
    /// If the state directory can't be used. That no back end works is not an error here.
    pub fn check(
        config: &SandboxConfig,
        more: Vec<Arc<dyn Backend>>,
    ) -> Result<SelfTestReport, SandboxError> {
        let (mut backends, _) = kernel_backends(config)?;
        backends.extend(more);
        Ok(test_all(&backends).0)
    }

    /// Tests `backends` in the order given and takes the first usable one.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Unavailable`] with each back end's reason if none is usable;
    /// [`SandboxError::Invalid`] if `slots` is outside of 1 to [`limits::SLOTS_MAX`].
    pub fn choose(
        backends: Vec<Arc<dyn Backend>>,
        slots: u32,
        uid_base: u32,
    ) -> Result<Self, SandboxError> {
        let slots = Slots::new(slots, uid_base)?;
        let (report, chosen) = test_all(&backends);
        let backend = chosen.ok_or_else(|| SandboxError::Unavailable {
            reason: report.refusal(),
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                backend,
                report,
                slots,
            }),
        })
    }

    /// The back end in use: recorded with every evaluation.
    pub fn backend(&self) -> BackendKind {
        self.inner.backend.kind()
    }

    /// What the self-test found.
    pub fn report(&self) -> &SelfTestReport {
        &self.inner.report
    }

    /// Runs a program and returns when nothing of it is left.
    ///
    /// # Errors
    ///
    /// As [`run_until`](Self::run_until).
    pub fn run(&self, request: &Request) -> Result<Outcome, SandboxError> {
        self.run_until(request, &CancelToken::new())
    }

    /// The same, but the run ends early once `cancel` is cancelled.
    ///
    /// # Errors
    ///
    /// The request is invalid, no slot came free within [`limits::SLOT_WAIT`], or the back end
    /// failed; never because of what the program does.
    pub fn run_until(
        &self,
        request: &Request,
        cancel: &CancelToken,
    ) -> Result<Outcome, SandboxError> {
        request.validate()?;
        let taken = self.inner.slots.take(limits::SLOT_WAIT, cancel)?;
        self.inner.backend.run(taken.slot(), request, cancel)
    }
}

fn test_all(backends: &[Arc<dyn Backend>]) -> (SelfTestReport, Option<Arc<dyn Backend>>) {
    let mut report = SelfTestReport {
        chosen: None,
        backends: Vec::new(),
    };
    let mut chosen = None;
    for backend in backends {
        let tested = backend.self_test();
        if tested.usable && chosen.is_none() {
            report.chosen = Some(backend.kind());
            chosen = Some(Arc::clone(backend));
        }
        report.backends.push(tested);
    }
    (report, chosen)
}

/// The configured back ends that this crate has itself, and the first uid of their slots.
#[cfg(target_os = "linux")]
fn kernel_backends(config: &SandboxConfig) -> Result<(Vec<Arc<dyn Backend>>, u32), SandboxError> {
    use crate::container::ContainerBackend;
    use crate::linux::{KernelBackend, Shared};

    let shared = Arc::new(Shared::new(config)?);
    let made = config.backends.iter().map(|kind| match kind {
        BackendKind::Native => {
            Arc::new(KernelBackend::native(Arc::clone(&shared))) as Arc<dyn Backend>
        }
        BackendKind::Landlock => Arc::new(KernelBackend::landlock(Arc::clone(&shared))),
        BackendKind::Container => Arc::new(ContainerBackend::new(
            config.container.clone(),
            Arc::clone(&shared),
        )),
    });
    Ok((made.collect(), shared.uid_base()))
}

#[cfg(not(target_os = "linux"))]
fn kernel_backends(config: &SandboxConfig) -> Result<(Vec<Arc<dyn Backend>>, u32), SandboxError> {
    let own = [BackendKind::Native, BackendKind::Landlock];
    let kinds = config.backends.iter().filter(|kind| own.contains(kind));
    let made =
        kinds.map(|kind| Arc::new(crate::unsupported::Unsupported(*kind)) as Arc<dyn Backend>);
    Ok((made.collect(), config.uid_base))
}

impl SelfTestReport {
    fn refusal(&self) -> String {
        let reasons: Vec<String> = self
            .backends
            .iter()
            .map(|tested| format!("{}: {}", tested.backend, tested.reason))
            .collect();
        if reasons.is_empty() {
            return "none is configured".to_owned();
        }
        reasons.join("; ")
    }
}
