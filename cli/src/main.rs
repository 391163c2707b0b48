//! The binary `assay`: parses the command line, runs the command, turns its end into an exit code.

use std::io::ErrorKind;
use std::process::ExitCode;

use assay_cli::args::Cli;
use assay_cli::commands;
use assay_cli::exit::{Exit, Failure};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_json = cli.global.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(is_json, &Failure::from(error)).into(),
    };
    let ended = runtime.block_on(commands::run(cli));
    // A request to a node that hangs must not delay the way out.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => report(is_json, &failure).into(),
    }
}

/// Says what went wrong, for people on standard error and for scripts as JSON.
fn report(is_json: bool, failure: &Failure) -> Exit {
    let io_error = failure.error.downcast_ref::<std::io::Error>();
    if io_error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        // The reader, as `head`, has seen enough.
        return Exit::Ok;
    }
    eprintln!("error: {failure}");
    if is_json {
        println!(
            "{}",
            serde_json::json!({ "error": failure.to_string(), "exitCode": failure.exit as u8 })
        );
    }
    failure.exit
}
