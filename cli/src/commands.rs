//! The commands: each takes its arguments and says how it ended.

mod check;
mod keys;
mod output;
mod similarity;
mod status;
mod submission;
mod submit;

use std::io::{self, Write};
use std::path::PathBuf;

use assay_api::submission::{Fault, Reason};
use assay_api::{ClientError, RpcClient, codes};
use clap::CommandFactory;
use serde::Serialize;

use crate::args::{Cli, Command, CompletionsArgs, Global, KeysCommand};
use crate::exit::{Exit, Failure};
use crate::journey::reason_text;
use crate::text::clean;
use crate::tui;

/// Runs a command to its end.
pub async fn run(cli: Cli) -> Result<Exit, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Keys(KeysCommand::Generate(args)) => keys::generate(global, &args),
        Command::Keys(KeysCommand::Import(args)) => keys::import(global, &args),
        Command::Keys(KeysCommand::Inspect(args)) => keys::inspect(global, &args),
        Command::Submit(args) => submit::run(global, &args).await,
        Command::Submission(args) => submission::run(global, &args).await,
        Command::Check(args) => check::run(global, &args),
        Command::Similarity(args) => similarity::run(global, &args),
        Command::Status(_) => status::run(global).await,
        Command::Tui(args) => tui::run(global, &args).await,
        Command::Completions(args) => completions(&args),
    }
}

/// A client of the node that the flags name.
pub(crate) fn client(global: &Global) -> Result<RpcClient, Failure> {
    RpcClient::new(&global.rpc_url).map_err(Failure::usage)
}

/// What a failed call means for the exit code. A refusal says whose fault it is.
pub(crate) fn call_failure(error: ClientError) -> Failure {
    if let Some(reason) = refusal(&error) {
        let text = anyhow::anyhow!("the node refused the submission: {}", reason_text(&reason));
        return match reason.fault {
            Fault::Miner => Failure::miner(text),
            Fault::Validator | Fault::Platform => Failure::platform(text),
        };
    }
    let code = error.rpc_code();
    let shown = anyhow::anyhow!("{}", clean(&error.to_string()));
    match (&error, code) {
        (ClientError::BadUrl { .. }, _) => Failure::usage(shown),
        (_, Some(codes::METHOD_NOT_FOUND)) => {
            Failure::from(shown.context("the node is of another version"))
        }
        (_, Some(codes::INVALID_PARAMS | codes::SUBMISSION_NOT_FOUND)) => Failure::from(shown),
        _ => Failure::platform(shown),
    }
}

/// The reason inside a refused `submission_send`.
fn refusal(error: &ClientError) -> Option<Reason> {
    match error {
        ClientError::Rpc { error, .. } if error.code == codes::SUBMISSION_REFUSED => {
            serde_json::from_value(error.data.clone()?).ok()
        }
        _ => None,
    }
}

/// Prints lines to standard output.
pub(crate) fn print_lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{}", line.as_ref())?;
    }
    out.flush()
}

/// Prints one JSON object to standard output.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(print_lines([text])?)
}

/// Where the person's own key is unless told otherwise.
pub(crate) fn default_key_path() -> Result<PathBuf, Failure> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    home.map(|home| PathBuf::from(home).join(".assay").join("hotkey.json"))
        .ok_or_else(|| {
            Failure::usage(anyhow::anyhow!(
                "HOME is not set, so there is no default key file: name one"
            ))
        })
}

fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "assay", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Ok)
}
