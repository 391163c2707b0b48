//! `assay-node sandbox …`: what isolates miners' programs on this machine, and running one by hand.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

use assay_sandbox::{
    BackendKind, ContainerConfig, EndReason, Exit, Input, Outcome, Request, Sandbox, SandboxConfig,
    limits,
};

/// Exit code when the sandbox failed, as `env` and container tools have it.
const FAILED: u8 = 125;

/// The sandbox of miners' programs.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Try every layer of isolation and say what to do about the missing ones.
    #[command(after_help = "\
Examples:
  assay-node sandbox check
  assay-node sandbox check --image python:3.11-slim

Exit codes: 0 some back end works, 1 none does.")]
    Check {
        /// Also try containers of this image, which must be on the machine.
        #[arg(long)]
        image: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Run a program as miners' programs are run.
    #[command(after_help = "\
Examples:
  assay-node sandbox run -- python3 -c 'print(1)'
  assay-node sandbox run --input ./package --output ./result --wall 30s -- python3 input/main.py
  assay-node sandbox run --backend container --image python:3.11-slim -- python3 -V

The program starts in a work directory with the read-only input/ and the writable output/. Standard
input is passed on unless it is a terminal.

Exit codes: the program's own, 128 + n if signal n ended it, 125 if the sandbox failed.")]
    Run(Box<RunArgs>),
}

/// Limits and surroundings of one run.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Only this back end: native, landlock or container.
    #[arg(long)]
    backend: Option<BackendKind>,
    /// The image of the container back end; it is never pulled or built.
    #[arg(long, required_if_eq("backend", "container"))]
    image: Option<String>,
    /// Longest time on the wall clock: 500ms, 10s, 2m.
    #[arg(long, default_value = "10s", value_parser = duration_ms)]
    wall: u64,
    /// Longest time of all processes together on processors.
    #[arg(long, default_value = "5s", value_parser = duration_ms)]
    cpu: u64,
    /// Most memory of all processes together: 64M, 1G.
    #[arg(long, default_value = "256M", value_parser = size_bytes)]
    memory: u64,
    /// Most processes and threads.
    #[arg(long, default_value_t = 32)]
    processes: u64,
    /// Directory to copy into the box as input/.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Directory to write the collected output to; existing files are not overwritten.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Environment variable, NAME=VALUE; may be given several times.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
    /// Print one JSON object instead of the program's output.
    #[arg(long)]
    json: bool,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Runs a sandbox command.
pub fn run(command: SandboxCommand) -> ExitCode {
    let done = match command {
        SandboxCommand::Check { image, json } => check(image, json),
        SandboxCommand::Run(args) => run_program(*args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(FAILED)
    })
}

fn check(image: Option<String>, json: bool) -> anyhow::Result<ExitCode> {
    let mut config = SandboxConfig::default();
    if let Some(image) = image {
        config.backends.push(BackendKind::Container);
        config.container = Some(ContainerConfig::of(image));
    }
    let report = Sandbox::check(&config, Vec::new())?;
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::from(u8::from(report.chosen.is_none())))
}

fn run_program(args: RunArgs) -> anyhow::Result<ExitCode> {
    let mut config = SandboxConfig {
        slots: 1,
        container: args.image.clone().map(ContainerConfig::of),
        ..SandboxConfig::default()
    };
    if let Some(backend) = args.backend {
        config.backends = vec![backend];
    }
    let request = request(&args)?;
    let sandbox = Sandbox::start(&config, Vec::new())?;
    let outcome = sandbox.run(&request)?;
    if let Some(directory) = &args.output {
        write_files(&outcome, directory)?;
    }
    if args.json {
        println!("{}", to_json(&outcome));
    } else {
        std::io::stdout().write_all(&outcome.stdout.data)?;
        std::io::stderr().write_all(&outcome.stderr.data)?;
        eprintln!("{}", summary(&outcome));
    }
    let code = u8::try_from(outcome.shell_code()).unwrap_or(u8::MAX);
    Ok(ExitCode::from(code))
}

fn request(args: &RunArgs) -> anyhow::Result<Request> {
    let (program, rest) = args.command.split_first().context("no program given")?;
    let mut request = Request::new(program).args(rest.iter().cloned());
    for (name, value) in &args.env {
        request = request.env(name, value);
    }
    request.limits.wall_ms = args.wall;
    request.limits.cpu_ms = args.cpu;
    request.limits.memory_bytes = args.memory;
    request.limits.processes = args.processes;
    request.input = args.input.clone().map(Input::Copy);
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let most = limits::STDIN_MAX_BYTES as u64 + 1;
        stdin.lock().take(most).read_to_end(&mut request.stdin)?;
    }
    Ok(request)
}

/// Paths are relative and lead nowhere else; that was seen to when they were collected.
fn write_files(outcome: &Outcome, directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    for file in &outcome.files {
        let path = directory.join(&file.path);
        let write = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut out = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)?;
            out.write_all(&file.data)
        };
        write().with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn to_json(outcome: &Outcome) -> serde_json::Value {
    let files = outcome.files.iter().map(|file| {
        let path = file.path.to_string_lossy();
        json!({ "path": path, "size_bytes": file.data.len() })
    });
    json!({
        "end": outcome.end,
        "exit": outcome.exit,
        "wall_us": outcome.wall_us,
        "cpu_us": outcome.cpu_us,
        "peak_memory_bytes": outcome.peak_memory_bytes,
        "stdout": String::from_utf8_lossy(&outcome.stdout.data),
        "stdout_truncated": outcome.stdout.truncated,
        "stderr": String::from_utf8_lossy(&outcome.stderr.data),
        "stderr_truncated": outcome.stderr.truncated,
        "files": files.collect::<Vec<_>>(),
        "skipped": outcome.skipped,
        "backend": outcome.backend,
        "layers": outcome.layers,
    })
}

fn summary(outcome: &Outcome) -> String {
    let end = match (outcome.end, outcome.exit) {
        (EndReason::Exited, Exit::Code(code)) => format!("exit code {code}"),
        (EndReason::Signalled, Exit::Signal(signal)) => format!("killed by signal {signal}"),
        (reason, _) => format!("ended: {reason}"),
    };
    let peak = outcome.peak_memory_bytes.map_or(String::new(), |bytes| {
        format!(", {:.1} MiB", bytes as f64 / 1_048_576.0)
    });
    format!(
        "[{}] {end}, {:.1} ms wall, {:.1} ms CPU{peak}, {} output files, {} not taken",
        outcome.backend,
        outcome.wall_us as f64 / 1000.0,
        outcome.cpu_us as f64 / 1000.0,
        outcome.files.len(),
        outcome.skipped.len(),
    )
}

/// `500ms`, `10s`, `2m`, in milliseconds.
fn duration_ms(text: &str) -> Result<u64, String> {
    scaled(
        text,
        &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)],
    )
    .ok_or_else(|| format!("expected a time like 500ms, 10s or 2m, got {text:?}"))
}

/// `1024`, `64K`, `256M`, `1G`, in bytes.
fn size_bytes(text: &str) -> Result<u64, String> {
    scaled(
        text,
        &[("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("", 1)],
    )
    .ok_or_else(|| format!("expected a size like 64K, 256M or 1G, got {text:?}"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = text.strip_prefix(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

fn variable(text: &str) -> Result<(String, String), anyhow::Error> {
    let Some((name, value)) = text.split_once('=') else {
        bail!("expected NAME=VALUE, got {text:?}");
    };
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(duration_ms("500ms"), Ok(500));
        assert_eq!(duration_ms("10s"), Ok(10_000));
        assert_eq!(duration_ms("2m"), Ok(120_000));
        assert_eq!(size_bytes("64K"), Ok(65_536));
        assert_eq!(size_bytes("1G"), Ok(1 << 30));
        assert_eq!(size_bytes("12"), Ok(12));
        for wrong in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "10 s",
            "99999999999999999999s",
        ] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "M", "1T", "18446744073709551615G"] {
            assert!(size_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
