//! The testnet's binary.

use std::process::ExitCode;

use assay_testnet::args::{Args, run};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Args::parse())
}
