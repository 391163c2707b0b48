//! What a box costs: start-up against a bare process and against bubblewrap, in turns, in one run.
//!
//! `cargo bench -p assay-sandbox` prints medians in milliseconds and what each adds to a bare
//! process. `ROUNDS` in the environment changes the number of turns, 200 by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assay_sandbox::{BackendKind, Request, Sandbox, SandboxConfig, environment};

const ROUNDS: usize = 200;
/// Rounds before anything is measured.
const WARM_UP: usize = 10;

/// Runs a program with arguments to its successful end.
type Run<'a> = Box<dyn Fn(&Path, &[&str]) + 'a>;

/// One way to run a program.
struct Way<'a> {
    name: &'static str,
    run: Run<'a>,
}

fn main() {
    assay_sandbox::helper_main();
    let rounds = std::env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let state = tempfile::tempdir().unwrap();
    let start = |backend, name| {
        let config = SandboxConfig {
            state_dir: state.path().join(name),
            backends: vec![backend],
            ..SandboxConfig::default()
        };
        Sandbox::start(&config, Vec::new())
    };
    let native = start(BackendKind::Native, "native");
    let landlock = start(BackendKind::Landlock, "landlock");
    let mut ways = vec![Way {
        name: "bare",
        run: Box::new(bare),
    }];
    for (name, sandbox) in [("native", &native), ("landlock", &landlock)] {
        match sandbox {
            Ok(sandbox) => ways.push(Way {
                name,
                run: Box::new(move |program, args| boxed(sandbox, program, args)),
            }),
            Err(error) => println!("NOT MEASURED: {name}: {error}"),
        }
    }
    if Command::new("bwrap").arg("--version").output().is_ok() {
        ways.push(Way {
            name: "bubblewrap",
            run: Box::new(bubblewrap),
        });
    } else {
        println!("NOT MEASURED: bubblewrap is not installed");
    }
    let python = python();
    measure(&ways, rounds, Path::new("/bin/true"), &[]);
    measure(&ways, rounds, &python, &["-I", "-S", "-c", "pass"]);
}

fn measure(ways: &[Way<'_>], rounds: usize, program: &Path, args: &[&str]) {
    let mut times: Vec<Vec<Duration>> = ways.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds + WARM_UP {
        for (way, times) in ways.iter().zip(&mut times) {
            let begun = Instant::now();
            (way.run)(program, args);
            if round >= WARM_UP {
                times.push(begun.elapsed());
            }
        }
    }
    println!(
        "{} {}: median of {rounds}, ms",
        program.display(),
        args.join(" ")
    );
    let medians: Vec<f64> = times.into_iter().map(median_ms).collect();
    for (way, median) in ways.iter().zip(&medians) {
        let added = median - medians[0];
        println!("  {:<12}{median:8.3}   added {added:7.3}", way.name);
    }
    let added = |name| {
        let index = ways.iter().position(|way| way.name == name)?;
        Some(medians[index] - medians[0])
    };
    if let (Some(ours), Some(theirs)) = (added("native"), added("bubblewrap")) {
        println!(
            "  bubblewrap adds {:.1} times as much as native",
            theirs / ours
        );
    }
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn bare(program: &Path, args: &[&str]) {
    finish(Command::new(program).args(args));
}

fn bubblewrap(program: &Path, args: &[&str]) {
    let prefix = program.ancestors().nth(2).unwrap();
    let mut command = Command::new("bwrap");
    command.args(["--unshare-all", "--die-with-parent", "--new-session"]);
    command.args(["--ro-bind", "/usr", "/usr"]);
    for link in ["/bin", "/lib", "/lib64"] {
        if let Ok(target) = std::fs::read_link(link) {
            command.arg("--symlink").arg(target).arg(link);
        } else if Path::new(link).exists() {
            command.args(["--ro-bind", link, link]);
        }
    }
    if !program.starts_with("/usr") && !program.starts_with("/bin") {
        command.arg("--ro-bind").args([prefix, prefix]);
    }
    command.args([
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/work",
    ]);
    command.args(["--cap-drop", "ALL", "--chdir", "/work", "--"]);
    finish(command.arg(program).args(args));
}

/// With the environment of a box, as what a program does at its start depends on it.
fn finish(command: &mut Command) {
    let env = environment::environment(&BTreeMap::new(), "/work", "/tmp");
    command.env_clear().envs(env).stdin(Stdio::null());
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn boxed(sandbox: &Sandbox, program: &Path, args: &[&str]) {
    // By name, as each back end may have an interpreter of its own.
    let python = program.to_string_lossy().contains("python");
    let program = if python {
        Path::new("python3")
    } else {
        program
    };
    let done = sandbox.run(&Request::new(program).args(args.iter().copied()));
    let done = done.unwrap();
    assert!(done.success(), "{done:?}");
}

fn python() -> PathBuf {
    let ask = ["-I", "-c", "import sys; print(sys.executable)"];
    let asked = Command::new("python3").args(ask).output().unwrap();
    PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim())
}
