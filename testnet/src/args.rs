//! Command line of the testnet.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use assay_node::args::{init_logs_for, run_node};
use assay_node::config::NodeConfig;
use assay_node::fault::FaultInjection;

use crate::agents::SAMPLES;
use crate::bench::{self, BenchOptions};
use crate::demo::{self, DemoOptions};
use crate::network::{ANY_PORT, Plan, Testnet, WeightsPath, work_dir};

const EXAMPLES: &str = "\
Examples:
  assay-testnet demo                 run to the end and print one table
  assay-testnet demo --crash         the same, with a validator killed and restarted on the way
  assay-testnet demo --tamper --json the same, with a validator that lies
  assay-testnet demo --weights timelocked
                                     the same, with weights that are encrypted until the next epoch
  assay-testnet bench --json         throughput and latency to agreement, and where CPU time goes
  assay-testnet up                   keep a network running; Ctrl-C stops it

Exit codes: 0 all agree and the chain holds the recomputed weights, 1 otherwise, 2 wrong usage.";

/// Local Assay network: development chain, validators as processes, miners with sample agents.
#[derive(Debug, Parser)]
#[command(name = "assay-testnet", version, about, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run miners, validators and chain to agreed weights, then stop.
    Demo {
        #[command(flatten)]
        size: Size,
        /// Epochs whose weights must get to the chain.
        #[arg(long, default_value_t = 2)]
        epochs: u64,
        /// Kill a validator with SIGKILL in the middle and start it again.
        #[arg(long)]
        crash: bool,
        /// Let the last validator tamper with its results.
        #[arg(long)]
        tamper: bool,
        /// Print one JSON object instead of tables.
        #[arg(long)]
        json: bool,
    },
    /// Measure submissions per second to agreement, latency, and the shares of CPU.
    Bench(BenchArgs),
    /// Start a network, print how to reach it, and keep it running until Ctrl-C or SIGTERM.
    Up {
        #[command(flatten)]
        size: Size,
    },
    /// Run one validator; the testnet starts its own processes with this.
    #[command(hide = true)]
    Node {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Misbehave: change every result.
        #[arg(long)]
        tamper_results: bool,
    },
}

/// Size of the benchmark.
#[derive(Debug, clap::Args)]
struct BenchArgs {
    /// Number of validators.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    validators: u8,
    /// Submissions that are measured, each of a miner of its own.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=i64::from(bench::SUBMISSIONS_MAX)))]
    submissions: u16,
    /// Submissions on their way at once, at most.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Submissions sent per second, at most; by default as fast as agreement makes room.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// Time between chain blocks in milliseconds.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(50..))]
    block_time_ms: u64,
    /// Directory for everything; a temporary one by default.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

/// Size and speed of the network.
#[derive(Debug, clap::Args)]
struct Size {
    /// Number of validators.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    validators: u8,
    /// Time between chain blocks in milliseconds.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(50..))]
    block_time_ms: u64,
    /// Length of an epoch in chain blocks.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(30..))]
    tempo: u16,
    /// How weights get to the chain.
    #[arg(long, value_enum, default_value_t = WeightsPath::Plain)]
    weights: WeightsPath,
    /// Address of this machine, not loopback, which validators announce on the chain: they find each
    /// other by the chain alone.
    #[arg(long, value_name = "IP")]
    announce: Option<IpAddr>,
    /// Address of the chain's JSON-RPC; port 0 picks a free one.
    #[arg(long, default_value_t = ANY_PORT)]
    chain_listen: SocketAddr,
    /// Directory for everything; a temporary one by default.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Runs the testnet's command line.
pub fn run(args: Args) -> ExitCode {
    let outcome = match args.command {
        Command::Demo {
            size,
            epochs,
            crash,
            tamper,
            json,
        } => run_demo(&size, epochs, crash, tamper, json),
        Command::Bench(bench) => run_bench(&bench).map(|()| true),
        Command::Up { size } => run_up(&size).map(|()| true),
        Command::Node {
            config,
            tamper_results,
        } => run_one_node(&config, tamper_results).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_demo(
    size: &Size,
    epochs: u64,
    crash: bool,
    tamper: bool,
    json: bool,
) -> anyhow::Result<bool> {
    let (dir, temporary) = work_dir(size.dir.as_deref())?;
    let plan = plan(size, dir, tamper)?;
    let options = DemoOptions {
        plan,
        epochs,
        crash,
    };
    let summary = with_progress(temporary, async |say| demo::run(options, say).await)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&summary)?);
    } else {
        println!("{}", summary.to_text());
    }
    Ok(summary.agreement)
}

fn run_bench(args: &BenchArgs) -> anyhow::Result<()> {
    let (dir, temporary) = work_dir(args.dir.as_deref())?;
    let options = BenchOptions {
        plan: Plan {
            program: std::env::current_exe().context("own executable")?,
            dir,
            validators: usize::from(args.validators),
            miners: Vec::new(),
            block_time_ms: args.block_time_ms,
            tempo_blocks: bench::TEMPO_BLOCKS,
            tamper: None,
            weights: WeightsPath::Plain,
            announce: None,
            chain_listen: ANY_PORT,
            relays: Vec::new(),
        },
        submissions: usize::from(args.submissions),
        concurrency: usize::from(args.concurrency),
        rate_per_second: args.rate,
    };
    let report = with_progress(temporary, async |say| bench::run(options, say).await)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.to_text());
    }
    Ok(())
}

/// Works with a line of progress; keeps the temporary directory if that fails.
fn with_progress<T>(
    temporary: Option<tempfile::TempDir>,
    work: impl AsyncFnOnce(&mut dyn FnMut(String)) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let progress = spinner();
    let mut say = |line: String| show(&progress, line);
    let outcome = runtime()?.block_on(work(&mut say));
    progress.finish_and_clear();
    if outcome.is_err()
        && let Some(temporary) = temporary
    {
        eprintln!("logs are kept in {}", temporary.keep().display());
    }
    outcome
}

fn run_up(size: &Size) -> anyhow::Result<()> {
    let (dir, _temporary) = work_dir(size.dir.as_deref())?;
    let progress = spinner();
    let plan = plan(size, dir, false)?;
    runtime()?.block_on(async {
        // From here on, so that no signal gets lost between two looks at it.
        let mut stop = StopSignals::new()?;
        let starting = Testnet::start(plan, |line| show(&progress, line));
        let mut testnet = tokio::select! {
            started = starting => started?,
            () = stop.wait() => return Ok(()),
        };
        progress.finish_and_clear();
        print_addresses(&testnet)?;
        let outcome = loop {
            tokio::select! {
                biased;
                () = stop.wait() => break Ok(()),
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                    if let Err(error) = testnet.check_alive() {
                        break Err(error);
                    }
                }
            }
        };
        eprintln!("stopping");
        testnet.stop().await?;
        outcome
    })
}

/// SIGINT and SIGTERM: both stop the network in order.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn new() -> anyhow::Result<StopSignals> {
        Ok(StopSignals {
            interrupt: signal(SignalKind::interrupt()).context("SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("SIGTERM")?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Shows what goes on: on the spinner, or as a line where there is no terminal.
fn show(progress: &ProgressBar, line: String) {
    if progress.is_hidden() {
        eprintln!("{line}");
    }
    progress.set_message(line);
}

fn run_one_node(config: &std::path::Path, tamper_results: bool) -> anyhow::Result<()> {
    // A node must not outlive the testnet, however that ends.
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)
        .context("parent death signal")?;
    init_logs_for(1, false);
    run_node(NodeConfig::read(config)?, FaultInjection { tamper_results })
}

fn print_addresses(testnet: &Testnet) -> anyhow::Result<()> {
    println!("chain         {}", testnet.chain_url());
    println!("network id    {}", testnet.genesis.network_id().0);
    let genesis = testnet.plan.dir.join("genesis.json");
    println!("genesis       {}", genesis.display());
    for node in &testnet.nodes {
        println!("{:<13} {}", node.spec.name, node.url());
    }
    let keys = testnet.plan.dir.join("keys");
    std::fs::create_dir_all(&keys)?;
    for agent in &SAMPLES {
        let path = keys.join(format!("{}.json", agent.name));
        Plan::write_key(agent.name, &path)?;
        println!("miner key     {}", path.display());
    }
    let first = testnet.nodes.first().context("a validator")?;
    let url = first.url();
    let key = keys.join(format!("{}.json", SAMPLES[0].name));
    println!("\nWatch it:   assay tui --rpc {url}");
    println!(
        "Submit:     assay submit --package DIR --key {} --rpc {url}",
        key.display()
    );
    println!(
        "Join:       assay-node run --genesis {} --chain-url {} --bootstrap /ip4/127.0.0.1/tcp/{} --data-dir DIR -v",
        genesis.display(),
        testnet.chain_url(),
        first.spec.p2p_port
    );
    println!("Stop:       Ctrl-C");
    Ok(())
}

fn plan(size: &Size, dir: PathBuf, tamper: bool) -> anyhow::Result<Plan> {
    let validators = usize::from(size.validators);
    Ok(Plan {
        program: std::env::current_exe().context("own executable")?,
        dir,
        validators,
        miners: SAMPLES.iter().map(|agent| agent.name.to_owned()).collect(),
        block_time_ms: size.block_time_ms,
        tempo_blocks: size.tempo,
        tamper: tamper.then(|| validators - 1),
        weights: size.weights,
        announce: size.announce,
        chain_listen: size.chain_listen,
        relays: Vec::new(),
    })
}

fn spinner() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}") {
        progress.set_style(style);
    }
    progress.enable_steady_tick(std::time::Duration::from_millis(120));
    progress
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
