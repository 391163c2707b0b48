//! The CPython 3.11 that tests and benchmarks compare with.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names the interpreter, where it is none of [`USUAL`].
const VARIABLE: &str = "ASSAY_PYTHON";
const USUAL: [&str; 2] = ["python3.11", "python3"];

/// A command that starts CPython 3.11. Fails without one: a comparison with another version, or with none,
/// would say nothing.
pub fn python() -> Command {
    static FOUND: OnceLock<Result<OsString, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(program) => Command::new(program),
        Err(reason) => panic!("{reason}"),
    }
}

fn find() -> Result<OsString, String> {
    let candidates: Vec<OsString> = match std::env::var_os(VARIABLE) {
        Some(named) => vec![named],
        None => USUAL.map(OsString::from).to_vec(),
    };
    let mut seen = Vec::new();
    for program in candidates {
        match version(&program) {
            Ok(version) if version == "cpython 3.11" => return Ok(program),
            Ok(other) => seen.push(format!("{} is {other}", program.display())),
            Err(reason) => seen.push(format!("{}: {reason}", program.display())),
        }
    }
    Err(format!(
        "this compares with CPython 3.11, the sandbox's Python, and finds none ({}): install it, for example \
         as Debian's python3.11, or set {VARIABLE} to it",
        seen.join("; ")
    ))
}

fn version(program: &OsString) -> Result<String, String> {
    let code = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])";
    let output = Command::new(program)
        .args(["-I", "-c", code])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(errors.lines().next().unwrap_or("fails").to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
