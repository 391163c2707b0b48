//! A small root file system from this machine's Python and a few programs.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: [&str; 9] = [
    "/usr/bin/tr",
    "/bin/sh",
    "/bin/true",
    "/bin/false",
    "/bin/echo",
    "/bin/cat",
    "/bin/ls",
    "/bin/sleep",
    "/usr/bin/env",
];
const PYTHON: &str = "/usr/bin/python3";

/// Fills an empty directory.
pub fn make(tree: &Path) -> Result<(), String> {
    let say = |error: std::io::Error| error.to_string();
    for name in ["bin", "lib", "lib64", "sbin"] {
        std::fs::create_dir_all(tree.join("usr").join(name)).map_err(say)?;
        symlink(format!("usr/{name}"), tree.join(name)).map_err(say)?;
    }
    for name in [
        "dev", "proc", "sys", "tmp", "work", "run", "var/tmp", "etc", "root",
    ] {
        std::fs::create_dir_all(tree.join(name)).map_err(say)?;
    }
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    std::fs::set_permissions(tree.join("tmp"), everybody).map_err(say)?;
    std::fs::write(tree.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").map_err(say)?;
    let python = Command::new(PYTHON)
        .args(["-I", "-S", "-c"])
        .arg("import sys, sysconfig; print(sys.version_info[:2] >= (3, 9) and sysconfig.get_paths()['stdlib'])")
        .output()
        .map_err(|error| format!("{PYTHON}: {error}"))?;
    let library = String::from_utf8_lossy(&python.stdout).trim().to_owned();
    if !library.starts_with("/usr/lib/") {
        return Err(format!(
            "{PYTHON} has its library at {library:?}, expected it below /usr/lib"
        ));
    }
    let copied = Command::new("cp")
        .args(["-a", &library])
        .arg(tree.join("usr/lib"))
        .status();
    if !copied.map_err(say)?.success() {
        return Err(format!("copying {library} failed"));
    }
    let mut files: BTreeSet<PathBuf> = PROGRAMS.map(PathBuf::from).into();
    files.insert(PYTHON.into());
    let mut linked = files.clone();
    let modules = std::fs::read_dir(Path::new(&library).join("lib-dynload")).map_err(say)?;
    linked.extend(modules.flatten().map(|entry| entry.path()));
    files.extend(libraries(&linked)?);
    for file in files {
        let inside = file.strip_prefix("/").map_err(|error| error.to_string())?;
        let to = tree.join(inside);
        let directory = to.parent().unwrap();
        std::fs::create_dir_all(directory).map_err(say)?;
        std::fs::copy(&file, &to).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// What the dynamic linker would load.
fn libraries(files: &BTreeSet<PathBuf>) -> Result<BTreeSet<PathBuf>, String> {
    let output = Command::new("ldd").args(files).output();
    let output = output.map_err(|error| format!("ldd: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text.lines().filter(|line| line.starts_with('\t'));
    let paths = paths.flat_map(|line| line.split_whitespace());
    Ok(paths
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect())
}
