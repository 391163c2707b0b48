//! Landlock: which files may be touched, no TCP, no signals and abstract sockets out of the box.

use std::io;
use std::path::Path;

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
};

/// What may be done where. Paths that don't exist are left out.
pub struct Rules<'a> {
    /// Read and execute.
    pub readable: Vec<&'a Path>,
    /// Everything but devices.
    pub writable: Vec<&'a Path>,
    /// Read and write, existing files only.
    pub devices: Vec<&'a Path>,
}

/// The newest interface that this crate knows the meaning of; older kernels enforce what they can.
const NEWEST: ABI = ABI::V6;

/// Confines this thread and its descendants for good.
pub fn restrict(rules: &Rules<'_>) -> io::Result<()> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let devices = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    let write = all & !(AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::IoctlDev);
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .and_then(|rules| rules.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp))
        .and_then(|rules| rules.scope(Scope::AbstractUnixSocket | Scope::Signal))
        .and_then(|rules| rules.create());
    let mut ruleset = ruleset.map_err(io::Error::other)?;
    let granted = [
        (&rules.readable, read),
        (&rules.writable, write),
        (&rules.devices, devices),
    ];
    for (paths, access) in granted {
        for path in paths {
            ruleset = allow(ruleset, path, access)?;
        }
    }
    let status = ruleset.restrict_self().map_err(io::Error::other)?;
    if status.ruleset == ::landlock::RulesetStatus::NotEnforced {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    }
    Ok(())
}

fn allow(
    ruleset: ::landlock::RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> io::Result<::landlock::RulesetCreated> {
    let Ok(file) = PathFd::new(path) else {
        return Ok(ruleset);
    };
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(NEWEST)
    };
    let rule = PathBeneath::new(file, access);
    ruleset.add_rule(rule).map_err(io::Error::other)
}

/// The version of the kernel's interface, 0 without Landlock.
pub fn version() -> i64 {
    let no_attributes = std::ptr::null::<libc::c_void>();
    // SAFETY: with a null pointer and size 0 the flag only asks for the version.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            no_attributes,
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    version.max(0)
}

const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
