//! Tries every layer of a back end in a real box, and says what to do about the missing ones.

use std::path::PathBuf;

use super::cgroup::Controller;
use super::channel;
use super::engine::KernelBackend;
use super::protocol::{Facts, Finding, Mode};
use crate::backend::Backend;
use crate::error::SandboxError;
use crate::layer::{BackendReport, Layer, LayerReport, LayerState};
use crate::request::{Input, Request};

/// Longest list of findings, in bytes.
const FINDINGS_MAX_BYTES: usize = 64 * 1024;

/// What each layer of the native back end needs.
const NATIVE: [(Layer, bool); 15] = [
    (Layer::UserNamespace, true),
    (Layer::MountNamespace, true),
    (Layer::PidNamespace, true),
    (Layer::NetworkNamespace, true),
    (Layer::IpcNamespace, true),
    (Layer::UtsNamespace, false),
    (Layer::CgroupNamespace, false),
    (Layer::ReadOnlyRoot, true),
    (Layer::PrivateProc, false),
    (Layer::DiskQuota, true),
    (Layer::LandlockFiles, false),
    (Layer::LandlockNetwork, false),
    (Layer::LandlockScope, false),
    (Layer::Seccomp, true),
    (Layer::SortedInput, false),
];
/// And of the landlock back end.
const LANDLOCK: [(Layer, bool); 6] = [
    (Layer::DiskQuota, false),
    (Layer::LandlockFiles, true),
    (Layer::LandlockNetwork, false),
    (Layer::LandlockScope, false),
    (Layer::Seccomp, true),
    (Layer::SortedInput, false),
];
/// Of both.
const COMMON: [(Layer, bool); 3] = [
    (Layer::NoCapabilities, true),
    (Layer::NoNewPrivileges, true),
    (Layer::ResourceLimits, true),
];

/// The whole test of one back end.
pub fn test(backend: &KernelBackend) -> BackendReport {
    let facts = match backend.facts() {
        Ok(facts) => facts,
        Err(error) => return unusable(backend, &error),
    };
    let findings = match probe(backend) {
        Ok(findings) => findings,
        Err(error) => return unusable(backend, &error),
    };
    let mut layers = probed(backend.mode(), facts, &findings);
    layers.extend(known(backend, facts, &layers));
    layers.sort_by_key(|report| report.layer);
    let missing: Vec<&str> = layers
        .iter()
        .filter(|report| report.required && report.state != LayerState::Works)
        .map(|report| report.layer.describe())
        .collect();
    BackendReport {
        backend: backend.kind(),
        usable: missing.is_empty(),
        reason: if missing.is_empty() {
            String::new()
        } else {
            format!("required layers don't work: {}", missing.join(", "))
        },
        layers,
    }
}

fn unusable(backend: &KernelBackend, error: &SandboxError) -> BackendReport {
    let advice = match backend.mode() {
        Mode::Native => {
            " (native boxes need user namespaces: check user.max_user_namespaces, \
             kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns, and \
             the seccomp profile of the container that the node runs in)"
        }
        Mode::Landlock => "",
    };
    BackendReport::unusable(backend.kind(), format!("{error}{advice}"))
}

fn probe(backend: &KernelBackend) -> Result<Vec<Finding>, SandboxError> {
    // Out of order in more than one way, so that no listing is sorted by accident.
    let names = ["m", "b", "z", "a", "y", "c", "x"].map(PathBuf::from);
    let mut request = Request::new("probe");
    request.input = Some(Input::Files(
        names.into_iter().map(|name| (name, vec![])).collect(),
    ));
    let printed = backend.probe(&request)?;
    let findings = channel::decode(&printed, FINDINGS_MAX_BYTES);
    findings.map_err(SandboxError::system("reading the findings of the probe"))
}

fn probed(mode: Mode, facts: Facts, findings: &[Finding]) -> Vec<LayerReport> {
    // Nothing else keeps programs from ending the node, whose uid they have.
    let scope = mode == Mode::Landlock && !facts.slot_uids;
    let promised: &[_] = match mode {
        Mode::Native => &NATIVE,
        Mode::Landlock => &LANDLOCK,
    };
    let promised = promised.iter().chain(&COMMON);
    promised
        .map(|(layer, required)| {
            let found = findings.iter().find(|(found, _)| found == layer);
            let state = match found {
                Some((_, Ok(()))) => LayerState::Works,
                Some((_, Err(why))) => missing(*layer, why),
                None => missing(*layer, "the probe did not try it"),
            };
            let required = *required || (scope && *layer == Layer::LandlockScope);
            report(*layer, required, state)
        })
        .collect()
}

/// What the helper and the control groups tell without a box.
fn known(backend: &KernelBackend, facts: Facts, probed: &[LayerReport]) -> Vec<LayerReport> {
    let mut layers = Vec::new();
    let slot_uid = if facts.slot_uids {
        LayerState::Works
    } else {
        missing(Layer::SlotUid, "the node may not change uids")
    };
    layers.push(report(Layer::SlotUid, false, slot_uid));
    layers.push(report(Layer::TreeKill, true, LayerState::Works));
    let cgroups = backend.shared().cgroups();
    let mut counted = true;
    for (layer, controller) in [
        (Layer::MemoryCgroup, Controller::Memory),
        (Layer::PidsCgroup, Controller::Pids),
        (Layer::CpuCgroup, Controller::Cpu),
    ] {
        let state = match cgroups.missing(controller) {
            None => LayerState::Works,
            Some(why) => missing(layer, why),
        };
        counted &= state == LayerState::Works;
        layers.push(report(layer, false, state));
    }
    if !counted {
        layers.push(report(Layer::UsageWatch, true, LayerState::Works));
    }
    let quota = probed
        .iter()
        .find(|report| report.layer == Layer::DiskQuota);
    if quota.is_some_and(|report| report.state != LayerState::Works) {
        layers.push(report(Layer::DiskWatch, true, LayerState::Works));
    }
    layers
}

fn report(layer: Layer, required: bool, state: LayerState) -> LayerReport {
    LayerReport {
        layer,
        required,
        state,
    }
}

fn missing(layer: Layer, why: &str) -> LayerState {
    LayerState::Missing {
        why: why.to_owned(),
        advice: advice(layer).to_owned(),
    }
}

fn advice(layer: Layer) -> &'static str {
    match layer {
        Layer::SlotUid => "start the node as root with CAP_SETUID and CAP_SETGID",
        Layer::PrivateProc => {
            "do not mask parts of /proc in the container that the node runs in \
             (Docker: --security-opt systempaths=unconfined; Kubernetes: procMount: Unmasked)"
        }
        Layer::DiskQuota => "start the node with CAP_SYS_ADMIN; until then disk use is watched",
        Layer::LandlockFiles => "use Linux 5.13 or later with landlock in the lsm= list",
        Layer::LandlockNetwork => "use Linux 6.7 or later; until then seccomp refuses sockets",
        Layer::LandlockScope => {
            "use Linux 6.12 or later, or start the node as root with CAP_SETUID and CAP_SETGID"
        }
        Layer::MemoryCgroup | Layer::PidsCgroup | Layer::CpuCgroup => {
            "let the node manage control groups (systemd: Delegate=yes); until then it looks at \
             its processes now and then"
        }
        Layer::SortedInput => "put the state directory on a tmpfs",
        Layer::Seccomp => "use a kernel with CONFIG_SECCOMP_FILTER",
        _ => "use a kernel with this kind of namespace and limit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requires_scope(mode: Mode, slot_uids: bool) -> bool {
        let facts = Facts {
            slot_uids,
            mounts: false,
        };
        let layers = probed(mode, facts, &[]);
        layers
            .iter()
            .any(|report| report.layer == Layer::LandlockScope && report.required)
    }

    #[test]
    fn with_the_nodes_uid_and_no_namespaces_the_scope_of_signals_is_required() {
        assert!(requires_scope(Mode::Landlock, false));
        assert!(!requires_scope(Mode::Landlock, true));
        assert!(!requires_scope(Mode::Native, false));
    }
}
