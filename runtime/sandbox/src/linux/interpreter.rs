//! Finds the Python interpreter and what of the host's files it needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An interpreter and the trees that have to be readable for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Absolute.
    pub executable: PathBuf,
    /// Outside of the base system.
    pub trees: Vec<PathBuf>,
}

/// Where to look if the one in use can't be read by the uids of boxes.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";
/// Prints what the interpreter itself knows; version managers put scripts in its place.
const ASK: &str = "import sys
for path in (sys.executable, sys.prefix, sys.base_prefix): print(path)";

/// Asks an interpreter, by path or name, where it is.
pub fn discover(python: &Path) -> Option<Interpreter> {
    let asked = Command::new(python)
        .args(["-I", "-c", ASK])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    let mut lines = text.lines().map(PathBuf::from);
    let executable = lines.next().filter(|path| path.is_absolute())?;
    let mut trees: Vec<PathBuf> = lines
        .filter(|path| path.is_absolute() && path.parent().is_some())
        .filter(|path| !path.starts_with("/usr"))
        .collect();
    trees.sort();
    trees.dedup();
    Some(Interpreter { executable, trees })
}

/// The interpreter for boxes that see the host's own paths with another uid.
pub fn readable_by_others(interpreter: &Interpreter) -> Option<Interpreter> {
    let paths = || interpreter.trees.iter().chain([&interpreter.executable]);
    if paths().all(|path| passable(path)) {
        return Some(interpreter.clone());
    }
    discover(Path::new(SYSTEM_PYTHON))
}

/// May everybody go through all directories above?
fn passable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let above = path.ancestors().skip(1);
    above.into_iter().all(|directory| {
        std::fs::metadata(directory).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    })
}
