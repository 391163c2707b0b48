//! The validator node's binary.

use std::process::ExitCode;

use assay_node::args::{Args, run};
use assay_node::fault::FaultInjection;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    assay_sandbox::helper_main();
    run(Args::parse(), FaultInjection::default())
}
