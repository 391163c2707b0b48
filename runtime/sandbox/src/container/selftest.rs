//! Tries every layer in a real container, and says what to do about the missing ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::daemon::setup;
use super::{ContainerBackend, Engine, Ran};
use crate::backend::{BackendKind, CancelToken, Slot};
use crate::environment::HOSTNAME;
use crate::error::SandboxError;
use crate::layer::{BackendReport, Layer, LayerReport, LayerState};
use crate::limits::SLOTS_MAX;
use crate::request::{Input, Limits, Request};

/// Run by the image's interpreter, behind some constants.
const PROBE: &str = include_str!("probe.py");
/// What the probe leaves where it is collected.
const SEEN: &str = "seen";

/// Layers that the probe tells of, by its names for them.
const PROBED: [(&str, Layer, bool); 16] = [
    ("slot_uid", Layer::SlotUid, false),
    ("user_namespace", Layer::UserNamespace, false),
    ("mount_namespace", Layer::MountNamespace, true),
    ("pid_namespace", Layer::PidNamespace, true),
    ("network_namespace", Layer::NetworkNamespace, true),
    ("ipc_namespace", Layer::IpcNamespace, true),
    ("uts_namespace", Layer::UtsNamespace, false),
    ("read_only_root", Layer::ReadOnlyRoot, true),
    ("private_proc", Layer::PrivateProc, false),
    ("disk_quota", Layer::DiskQuota, false),
    ("seccomp", Layer::Seccomp, true),
    ("no_capabilities", Layer::NoCapabilities, true),
    ("no_new_privileges", Layer::NoNewPrivileges, true),
    ("resource_limits", Layer::ResourceLimits, true),
    ("sorted_input", Layer::SortedInput, false),
    ("container_runtime", Layer::ContainerRuntime, false),
];

/// The whole test.
pub fn test(backend: &ContainerBackend) -> BackendReport {
    match try_test(backend) {
        Ok(layers) => {
            let missing: Vec<&str> = layers
                .iter()
                .filter(|report| report.required && report.state != LayerState::Works)
                .map(|report| report.layer.describe())
                .collect();
            BackendReport {
                backend: BackendKind::Container,
                usable: missing.is_empty(),
                reason: if missing.is_empty() {
                    String::new()
                } else {
                    format!("required layers don't work: {}", missing.join(", "))
                },
                layers,
            }
        }
        Err(error) => BackendReport::unusable(BackendKind::Container, error.to_string()),
    }
}

fn try_test(backend: &ContainerBackend) -> Result<Vec<LayerReport>, SandboxError> {
    let engine = backend.engine()?;
    let mut ran = probe(backend, &engine)?;
    let seen = |ran: &Ran| ran.1.files.iter().any(|file| file.path == *SEEN);
    let mut no_quota = engine.no_mounts.clone();
    if !seen(&ran) && engine.mounts.swap(false, Ordering::Relaxed) {
        no_quota = Some("the daemon does not see what the node mounts".to_owned());
        ran = probe(backend, &engine)?;
    }
    if !seen(&ran) {
        let reason = format!(
            "what a container writes to {} is not there: the node and the daemon must see the same \
             state directory by the same path",
            engine.frame.place.display()
        );
        return Err(setup("collecting the output of the probe", reason));
    }
    let mut layers = probed(&ran, no_quota.as_deref());
    layers.extend(known(&engine, &ran));
    layers.sort_by_key(|report| report.layer);
    Ok(layers)
}

fn probe(backend: &ContainerBackend, engine: &std::sync::Arc<Engine>) -> Result<Ran, SandboxError> {
    // Of no run.
    let slot = Slot {
        index: SLOTS_MAX,
        uid: backend.shared.uid_base() + SLOTS_MAX,
    };
    let limits = Limits {
        wall_ms: 60_000,
        output_bytes: 1024 * 1024,
        ..Limits::default()
    };
    let root = rustix::process::geteuid().is_root();
    let uid = if root {
        slot.uid
    } else {
        rustix::process::geteuid().as_raw()
    };
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    let expected = format!(
        "{{'NOFILE': {}, 'FSIZE': {}, 'CORE': 0, 'CPU': {}}}",
        limits.open_files,
        limits.file_bytes,
        limits.cpu_ms.div_ceil(1000) + 1,
    );
    let script = format!(
        "UID, HOSTNAME, RELEASE, QUOTA, LIMITS = {uid}, {HOSTNAME:?}, {release:?}, {}, {expected}\n\
         {PROBE}",
        if engine.mounts.load(Ordering::Relaxed) {
            "True"
        } else {
            "False"
        },
    );
    // Out of order in more than one way, so that no listing is sorted by accident.
    let names = ["m", "b", "z", "a", "y", "c", "x"].map(PathBuf::from);
    let mut request = Request::new("python3")
        .args(["-I", "-S", "-B", "-c"])
        .arg(script);
    request.input = Some(Input::Files(
        names.into_iter().map(|name| (name, vec![])).collect(),
    ));
    request.limits = limits;
    let ran = backend.run_at(engine, slot, &request, &CancelToken::new())?;
    if !ran.0.stderr.data.is_empty() || ran.0.stdout.data.is_empty() {
        let said = String::from_utf8_lossy(&ran.0.stderr.data);
        let reason = format!("{}, {}: {}", ran.0.end, ran.0.exit, said.trim());
        return Err(setup("running the probe in a container", reason));
    }
    Ok(ran)
}

fn probed(ran: &Ran, no_quota: Option<&str>) -> Vec<LayerReport> {
    let printed = String::from_utf8_lossy(&ran.0.stdout.data);
    let findings: BTreeMap<&str, &str> = printed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let report = |(name, layer, required)| {
        let state = match findings.get(name) {
            Some(&"yes") => LayerState::Works,
            Some(found) => missing(layer, found.strip_prefix("no ").unwrap_or(found)),
            None if layer == Layer::DiskQuota => missing(layer, no_quota.unwrap_or("not tried")),
            None => missing(layer, "the probe did not try it"),
        };
        LayerReport {
            layer,
            required,
            state,
        }
    };
    PROBED.into_iter().map(report).collect()
}

/// What the daemon and the trial run tell.
fn known(engine: &Engine, ran: &Ran) -> Vec<LayerReport> {
    let mut layers = Vec::new();
    let mut add = |layer, required, works: bool, why: &str| {
        let state = if works {
            LayerState::Works
        } else {
            missing(layer, why)
        };
        layers.push(LayerReport {
            layer,
            required,
            state,
        });
    };
    let daemon = &engine.daemon;
    let refuses = "the daemon says that it can't";
    add(Layer::MemoryCgroup, true, daemon.limits_memory, refuses);
    add(Layer::PidsCgroup, true, daemon.limits_processes, refuses);
    let used = &ran.0.used;
    add(
        Layer::CpuCgroup,
        false,
        used.cpu_us > 0,
        "nothing was counted",
    );
    add(Layer::UsageWatch, true, true, "");
    if !engine.mounts.load(Ordering::Relaxed) {
        add(Layer::DiskWatch, true, true, "");
    }
    add(Layer::TreeKill, true, true, "");
    add(Layer::Container, true, true, "");
    layers
}

fn missing(layer: Layer, why: &str) -> LayerState {
    LayerState::Missing {
        why: why.to_owned(),
        advice: advice(layer).to_owned(),
    }
}

fn advice(layer: Layer) -> &'static str {
    match layer {
        Layer::SlotUid => "start the node as root; until then programs have the node's uid",
        Layer::UserNamespace => "use a rootless daemon, or one with userns-remap",
        Layer::DiskQuota => {
            "start the node with CAP_SYS_ADMIN in the mount namespace of the daemon; until then \
             disk use is watched"
        }
        Layer::SortedInput => "put the state directory on a tmpfs",
        Layer::MemoryCgroup | Layer::PidsCgroup | Layer::CpuCgroup => {
            "let the daemon use control groups with this controller"
        }
        Layer::ContainerRuntime => "name a runtime with a kernel of its own, such as runsc",
        Layer::Seccomp => "use a daemon and a kernel with seccomp",
        _ => "look at the daemon's settings, and at its log",
    }
}
