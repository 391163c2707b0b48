//! A sandbox on its own, for tests, benchmarks and trying things out; the node has the same built
//! in.
//!
//! `assay-sandbox-helper serve CONFIG` reads requests from standard input, one JSON object a line,
//! and answers each with a line of JSON: `{"Ok": outcome}` or `{"Err": text}`. The first line that
//! it prints is the self-test's report.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use assay_sandbox::{Request, Sandbox, SandboxConfig};

/// Allocators of real binaries reserve as much, which must not count against programs.
const RESERVED_BYTES: usize = 1 << 30;

fn main() -> ExitCode {
    let _reserved = std::hint::black_box(Vec::<u8>::with_capacity(RESERVED_BYTES));
    assay_sandbox::helper_main();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let served = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", config] => serve(config),
        _ => Err(io::Error::other("usage: assay-sandbox-helper serve CONFIG")),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assay-sandbox-helper: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: &str) -> io::Result<()> {
    let config: SandboxConfig = serde_json::from_str(config)?;
    let sandbox = Sandbox::start(&config, Vec::new()).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, sandbox.report())?;
    writeln!(out)?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let answer = sandbox.run(&request).map_err(|error| error.to_string());
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
        out.flush()?;
    }
    Ok(())
}
