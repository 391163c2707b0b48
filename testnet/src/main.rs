//! The testnet's binary.

use std::process::ExitCode;

use assay_testnet::args::{Args, run};
use clap::Parser;

fn main() -> ExitCode {
    run(Args::parse())
}
