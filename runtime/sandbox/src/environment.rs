//! The fixed part of every program's environment: what makes its output depend on nothing but
//! program and input.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Host name inside of a box.
pub const HOSTNAME: &str = "sandbox";
/// Where programs are looked for by bare name.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// The work directory inside of a box with a root of its own.
pub const WORK_DIR: &str = "/work";
/// Name of the read-only input, in the work directory.
pub const INPUT_DIR: &str = "input";
/// Name of the collected output, in the work directory.
pub const OUTPUT_DIR: &str = "output";

/// Variables that are the same in every run.
const FIXED: [(&str, &str); 8] = [
    ("PATH", PATH),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONNOUSERSITE", "1"),
    ("SOURCE_DATE_EPOCH", "0"),
];

/// The whole environment of a program: the fixed variables, directories, and what was asked for,
/// which wins. `work` and `tmp` are paths as the program sees them.
pub fn environment(
    requested: &BTreeMap<OsString, OsString>,
    work: &str,
    tmp: &str,
) -> BTreeMap<OsString, OsString> {
    let mut env: BTreeMap<OsString, OsString> = FIXED
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    env.insert("HOME".into(), tmp.into());
    env.insert("TMPDIR".into(), tmp.into());
    env.insert("ASSAY_INPUT".into(), format!("{work}/{INPUT_DIR}").into());
    env.insert("ASSAY_OUTPUT".into(), format!("{work}/{OUTPUT_DIR}").into());
    env.extend(requested.clone());
    env
}

/// Name of the work directory in a scratch directory of the host.
pub const SCRATCH_WORK_DIR: &str = "work";
/// Name of the temporary directory in a scratch directory of the host.
pub const SCRATCH_TMP_DIR: &str = "tmp";
