//! The dev chain's program; all of it is in [`assay_dev_chain::run`].

use std::process::ExitCode;

use assay_dev_chain::run::{RunArgs, run};
use clap::Parser;

/// A development chain that speaks the JSON-RPC and the SCALE of a Subtensor node.
#[derive(Debug, Parser)]
#[command(name = "assay-dev-chain", version, about)]
struct Args {
    #[command(flatten)]
    run: RunArgs,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse().run).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
