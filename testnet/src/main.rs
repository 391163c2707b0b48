//! The testnet's binary.

use std::process::ExitCode;

use assay_testnet::args::{Args, run};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Validators are processes of this binary, and so are the helpers of their sandboxes.
    assay_sandbox::helper_main();
    run(Args::parse())
}
