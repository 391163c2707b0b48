//! The command line: every flag, its default and its help with examples.

use std::path::PathBuf;

use assay_wallet::wallet::DEFAULT_NAME;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// Where a node listens unless told otherwise.
pub const DEFAULT_RPC_URL: &str = "http://127.0.0.1:8080";

/// Name of the challenge that `submit` means unless told otherwise.
pub const DEFAULT_CHALLENGE: &str = "term-challenge";

/// Name of the policy that `check` applies unless told otherwise.
pub const DEFAULT_POLICY: &str = "term";

const EXIT_CODES: &str = "\
Exit codes:
  0    done; for a followed submission: agreed and accepted, whatever the score
  1    any other error
  2    wrong usage, or input that can't be sent: nothing was sent
  3    the submission was refused, rejected or not accepted, and it is yours to fix
  4    the node or network failed or was too slow: try again later
  130  stopped with Ctrl-C; a submission that was sent goes on";

const TOP_EXAMPLES: &str = "\
Examples:
  assay keys generate                        make a hotkey in ~/.assay/hotkey.json
  assay check my-agent                       what validators will say to its sources
  assay submit --package my-agent            pack, sign, send and follow to the end
  assay status                               the network at a glance
  assay tui                                  watch it live";

const GENERATE_EXAMPLES: &str = "\
Examples:
  assay keys generate
  assay keys generate --out miner-2.json
  assay keys generate --out miner-2.json --json | jq -r .ss58";

const IMPORT_EXAMPLES: &str = "\
Examples:
  assay keys import --wallet miner --hotkey default
  assay keys import --wallet miner --wallet-path /mnt/wallets --out miner.json
  assay keys import --file hotkey.txt        JSON, a seed or a phrase
  assay keys import --wallet miner --password-file password.txt

An encrypted hotkey is copied without its encryption, as a node needs it. Its password comes from
--password-file, else from BT_PW_... or BT_WALLET_PASSWORD, else you are asked.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  assay keys inspect                         your own key, ~/.assay/hotkey.json
  assay keys inspect miner-2.json
  assay keys inspect 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY
  assay keys inspect d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

const SUBMIT_EXAMPLES: &str = "\
Examples:
  assay submit --package my-agent
  assay submit --package my-agent.zip --results results.json --key miner-2.json
  assay submit --package my-agent --no-follow --json | jq -r .submissionId
  assay submit --challenge my-challenge --payload input.bin --name attempt

A directory is packed the same way every time: hidden files and __pycache__ are left out, and a
task_results.json at its root is sent as the reported results:
  {\"basilica_instance\": \"…\", \"executor_url\": \"https://…\",
   \"task_results\": [{\"task_id\": \"…\", \"passed\": true}]}";

const CHECK_EXAMPLES: &str = "\
Examples:
  assay check my-agent                       a directory with agent.py
  assay check my-agent.zip
  assay check agent.py --policy bitsec
  assay check my-agent --policy my-policy.toml
  assay check my-agent --json | jq -r '.violations[].rule'

A policy file can build upon a named one and say only what differs:
  extends = \"term\"
  [imports]
  allowed = [\"subprocess\"]

Of a directory, hidden folders and __pycache__ are left out and links are not followed.

Exit codes:
  0    allowed
  1    denied, or somebody should look at it
  2    wrong usage, or files that can't be read: nothing was checked";

const SIMILARITY_EXAMPLES: &str = "\
Examples:
  assay similarity my-agent other-agent.zip
  assay similarity a.py b.py --show          with the code of the largest regions
  assay similarity my-agent other --template starter
  assay similarity my-agent other --fail-over 80 && assay submit --package my-agent
  assay similarity my-agent other --json | jq .similarity

Names, layout, comments and values of literals don't count, nor does the order of functions.
What is in the template is left out on both sides. JSON has scores in 1/10,000: \"contained\" is
how much of A is in B, \"containing\" how much of B is in A.

Exit codes:
  0    compared
  1    the similarity is above --fail-over
  2    wrong usage, or files that can't be read or are not Python: nothing was compared";

const SUBMISSION_EXAMPLES: &str = "\
Examples:
  assay submission 3f1c…                     the whole id, as `assay submit` prints it
  assay submission 3f1c… --follow            stay until it is agreed or failed
  assay submission 3f1c… --json | jq .status";

const STATUS_EXAMPLES: &str = "\
Examples:
  assay status
  assay status --rpc http://10.0.0.7:8080
  assay status --json | jq .epoch.epochNumber";

const TUI_EXAMPLES: &str = "\
Examples:
  assay tui
  assay tui --tab network
  assay tui --challenge term-challenge --hotkey 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY

Keys: Tab and Shift+Tab switch tabs, arrows or j and k move, Enter opens a row, w opens the weights,
/ filters, r refreshes, ? helps, q quits.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  assay completions bash > ~/.local/share/bash-completion/completions/assay
  assay completions zsh > ~/.zfunc/_assay
  assay completions fish > ~/.config/fish/completions/assay.fish";

/// Submit agents, watch them being judged, and look at the network.
#[derive(Debug, Parser)]
#[command(name = "assay", version, after_help = format!("{TOP_EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The node to talk to
    #[arg(long = "rpc", visible_alias = "rpc-url", env = "ASSAY_RPC", default_value = DEFAULT_RPC_URL, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub rpc_url: String,
    /// Print one JSON object on standard output, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more about what happens, on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make and look at hotkeys
    #[command(subcommand, after_help = GENERATE_EXAMPLES)]
    Keys(KeysCommand),
    /// Sign a package, send it and follow it until it is agreed or failed
    #[command(after_help = format!("{SUBMIT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Submit(SubmitArgs),
    /// Check Python sources against a challenge's policy, exactly as validators do
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Compare two packages: how alike they are, and which lines match
    #[command(after_help = SIMILARITY_EXAMPLES)]
    Similarity(SimilarityArgs),
    /// Show the journey of one submission
    #[command(after_help = format!("{SUBMISSION_EXAMPLES}\n\n{EXIT_CODES}"))]
    Submission(SubmissionArgs),
    /// Show node, epoch, validators, challenges and weights
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// Watch leaderboard, evaluations, submissions and network live
    #[command(after_help = TUI_EXAMPLES)]
    Tui(TuiArgs),
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
}

/// Commands on hotkeys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a hotkey and write it to a file that only you can read
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
    /// Copy the hotkey of a Bittensor wallet to a key file that only you can read
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Show the hotkey of a key file or address in all its spellings; never shows a secret
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
}

/// Flags of `assay keys generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Where to write it [default: ~/.assay/hotkey.json]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Replace the key that is there, for good
    #[arg(long)]
    pub force: bool,
}

/// Flags of `assay keys import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Name of the wallet
    #[arg(long, default_value = DEFAULT_NAME, value_name = "NAME")]
    pub wallet: String,
    /// Name of the hotkey in the wallet
    #[arg(long, default_value = DEFAULT_NAME, value_name = "NAME")]
    pub hotkey: String,
    /// Directory of wallets [default: ~/.bittensor/wallets]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub wallet_path: Option<PathBuf>,
    /// A single key file instead of a wallet
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["wallet", "hotkey", "wallet_path"])]
    pub file: Option<PathBuf>,
    /// File with the password of an encrypted hotkey
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// Where to write it [default: ~/.assay/hotkey.json]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Replace the key that is there, for good
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `assay keys inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A key file, an SS58 address, or 64 hex digits of a public key [default: ~/.assay/hotkey.json]
    #[arg(value_name = "FILE|SS58|HEX", value_hint = ValueHint::FilePath)]
    pub subject: Option<String>,
}

/// Flags of `assay submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Name of the challenge
    #[arg(long, default_value = DEFAULT_CHALLENGE)]
    pub challenge: String,
    /// The agent: a directory with agent.py, or a zip of one
    #[arg(long, value_name = "DIR|ZIP", value_hint = ValueHint::AnyPath, required_unless_present = "payload")]
    pub package: Option<PathBuf>,
    /// Bytes to send as they are, for challenges other than term-challenge
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["package", "results"])]
    pub payload: Option<PathBuf>,
    /// Your reported results as JSON [default: task_results.json in the package directory]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub results: Option<PathBuf>,
    /// File with the hotkey that signs [default: ~/.assay/hotkey.json]
    #[arg(long, env = "ASSAY_KEY", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Name of the agent; versions are counted per name [default: the package's file name]
    #[arg(long)]
    pub name: Option<String>,
    /// Slot within the epoch: validators approve one package per slot [default: the next free one]
    #[arg(long, value_name = "N")]
    pub sequence: Option<u64>,
    /// Return as soon as the node has it
    #[arg(long)]
    pub no_follow: bool,
    #[command(flatten)]
    /// How long to follow.
    pub follow: FollowArgs,
}

/// How long to follow a submission.
#[derive(Debug, Clone, Args)]
pub struct FollowArgs {
    /// Stop following after this many seconds; the submission goes on without you
    #[arg(long = "timeout", default_value_t = 900, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub timeout_secs: u64,
}

/// Arguments of `assay check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A .py file, a directory or a zip
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
    /// Policy of a challenge (term, data-fabrication, bitsec), or a TOML file
    #[arg(long, default_value = DEFAULT_POLICY, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub policy: String,
}

/// Arguments of `assay similarity`.
#[derive(Debug, Args)]
pub struct SimilarityArgs {
    /// A .py file, a directory or a zip
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub a: PathBuf,
    /// What it is compared with: the same kinds
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub b: PathBuf,
    /// What both may have started from; it doesn't count
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub template: Option<PathBuf>,
    /// Show the code of the largest matching regions
    #[arg(long)]
    pub show: bool,
    /// Exit with 1 when the similarity is above this many percent
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub fail_over: Option<u32>,
}

/// A percentage with up to two decimals, in 1/10,000.
fn parse_percent(text: &str) -> Result<u32, String> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let is_percent = (1..=3).contains(&whole.len()) && decimals.len() <= 2;
    let number = format!("{whole}{decimals:0<2}");
    match number.parse::<u32>() {
        Ok(parts @ 0..=10_000) if is_percent && is_number(&number) => Ok(parts),
        _ => Err("expected 0 to 100 with at most two decimals, as 80 or 87.5".to_owned()),
    }
}

/// Arguments of `assay submission`.
#[derive(Debug, Args)]
pub struct SubmissionArgs {
    /// Id of the submission: 64 hex digits
    pub id: String,
    /// Stay until it is agreed or failed
    #[arg(long)]
    pub follow: bool,
    #[command(flatten)]
    /// How long to follow.
    pub limits: FollowArgs,
}

/// Flags of `assay status`.
#[derive(Debug, Args)]
pub struct StatusArgs {}

/// Flags of `assay tui`.
#[derive(Debug, Args)]
pub struct TuiArgs {
    /// The miner whose submissions are shown: SS58 or hex
    #[arg(long)]
    pub hotkey: Option<String>,
    /// Name or id of the challenge; not needed when there is only one
    #[arg(long)]
    pub challenge: Option<String>,
    /// The tab to start with
    #[arg(long, value_enum, default_value_t = TabArg::Leaderboard)]
    pub tab: TabArg,
}

/// The tabs of the terminal interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TabArg {
    /// Scores, ranks, weights, hotkeys
    Leaderboard,
    /// Live progress of pending submissions
    Evaluation,
    /// History and journey of one miner
    Submission,
    /// Validators, epoch, phase, peers, health, decay
    Network,
}

/// Arguments of `assay completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn percentages_are_read_exactly_or_not_at_all() {
        let read = |text| parse_percent(text).ok();
        assert_eq!(
            ["0", "80", "87.5", "99.99", "100", "100.00", "5."].map(read),
            [0, 8_000, 8_750, 9_999, 10_000, 10_000, 500].map(Some)
        );
        for text in [
            "", "-1", "+1", "100.01", "1.234", ".5", "1e1", "٣", "1.+5", "0001",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
