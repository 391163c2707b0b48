//! Compiles the challenges of this workspace to WebAssembly.
//!
//! A module's hash goes into the genesis, so its bytes must not depend on where the sources lie, on the
//! profile of the outer build, or on flags that somebody set for it: the inner build gets its own target
//! directory, profile and flags, and all paths that the compiler would embed are replaced.

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const TARGET: &str = "wasm32-unknown-unknown";

/// Package, and name of the module in the output directory.
const CHALLENGES: [(&str, &str); 1] = [("assay-challenge-term", "term_challenge.wasm")];

/// Crates and files that modules are made of, relative to the workspace.
const SOURCES: [&str; 8] = [
    "challenge/modules/build.rs",
    "challenge/sdk/Cargo.toml",
    "challenge/sdk/src",
    "challenge/term/Cargo.toml",
    "challenge/term/src",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];

/// Variables of the outer build that would change or break the inner one: wrappers (clippy), flags,
/// profiles, directories and targets.
const OUTER_BUILD_PREFIXES: [&str; 9] = [
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_ENCODED_RUST",
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_INCREMENTAL",
];

/// Small, the same bytes each time.
const PROFILE: [(&str, &str); 7] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "false"),
];

/// Where a submission's time goes: unpacking and hashing. Fast at the cost of a few kilobytes.
const HOT_PACKAGES: [&str; 3] = ["miniz_oxide", "sha2", "crc32fast"];

/// The argument separator of `CARGO_ENCODED_RUSTFLAGS`.
const FLAG_SEPARATOR: &str = "\x1f";

fn main() -> ExitCode {
    match build_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build_all() -> Result<(), Box<dyn Error>> {
    let workspace = workspace_root()?;
    for source in SOURCES {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let target_dir = out_dir.join("wasm-target");
    for (package, module) in CHALLENGES {
        build(&workspace, &target_dir, package)?;
        let artifact = format!("{}.wasm", package.replace('-', "_"));
        let built = target_dir.join(TARGET).join("release").join(&artifact);
        fs::copy(&built, out_dir.join(module))
            .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    }
    Ok(())
}

fn build(workspace: &Path, target_dir: &Path, package: &str) -> Result<(), Box<dyn Error>> {
    let mut cargo = Command::new(variable("CARGO")?);
    for (name, _) in env::vars_os() {
        let inherited = name.to_string_lossy();
        if OUTER_BUILD_PREFIXES
            .iter()
            .any(|prefix| inherited.starts_with(prefix))
        {
            cargo.env_remove(&name);
        }
    }
    cargo
        .current_dir(workspace)
        .envs(PROFILE)
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(workspace)?)
        .args([
            "rustc",
            "--release",
            "--lib",
            "--locked",
            "--crate-type",
            "cdylib",
        ])
        .args(["--target", TARGET, "--package", package])
        .arg("--target-dir")
        .arg(target_dir);
    for hot in HOT_PACKAGES {
        cargo.args([
            "--config",
            &format!("profile.release.package.{hot}.opt-level=3"),
        ]);
    }
    let output = cargo
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    if messages.contains("can't find crate for `core`") || messages.contains("E0463") {
        return Err(format!(
            "the compiler has no {TARGET} target; run: rustup target add {TARGET}"
        )
        .into());
    }
    Err(format!("building {package} for {TARGET} failed:\n{messages}").into())
}

/// Flags that replace every path that depends on the machine.
fn rust_flags(workspace: &Path) -> Result<OsString, Box<dyn Error>> {
    let mut flags = vec![remap(workspace, "/assay")];
    if let Some(cargo_home) = cargo_home() {
        flags.push(remap(&cargo_home, "/cargo"));
        // The directory's name depends on the registry's address. Later rules win.
        let registries = cargo_home.join("registry").join("src");
        for registry in fs::read_dir(registries).into_iter().flatten() {
            flags.push(remap(&registry?.path(), "/registry"));
        }
    }
    Ok(flags.join(std::ffi::OsStr::new(FLAG_SEPARATOR)))
}

fn remap(from: &Path, to: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(from);
    flag.push("=");
    flag.push(to);
    flag
}

fn cargo_home() -> Option<PathBuf> {
    let by_default = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(by_default)
}

fn workspace_root() -> Result<PathBuf, Box<dyn Error>> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest_dir
        .ancestors()
        .nth(2)
        .ok_or("challenge/modules is not in a workspace")?;
    Ok(root.to_path_buf())
}

fn variable(name: &str) -> Result<OsString, Box<dyn Error>> {
    env::var_os(name).ok_or_else(|| format!("{name} is not set: run through cargo").into())
}
