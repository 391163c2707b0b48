//! The terminal interface: four tabs over one node.
//!
//! A functional core ([`app`], [`keys`]: state and `update(event) -> effects`), a pure view
//! ([`view`]), and this shell, which owns the terminal and the [`worker`] task. The worker may
//! hang as long as it likes: keys and clock go on, and what is old is marked as such.

mod app;
mod data;
mod keys;
#[cfg(test)]
mod tests;
mod view;
mod worker;

use std::io::IsTerminal;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use assay_api::{ClientOptions, RpcClient};
use assay_consensus::keys::Hotkey;
use crossterm::event::{Event as TerminalEvent, EventStream};
use futures::StreamExt;
use ratatui::DefaultTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use self::app::{App, Effect, Event, Query, Tab};
use crate::args::{Global, TabArg, TuiArgs};
use crate::exit::{Exit, Failure};
use crate::limits::{TUI_CALL_TIMEOUT_MS, TUI_EVENTS_MAX, TUI_TICK_MS};

/// Runs the terminal interface until the person quits.
pub async fn run(global: &Global, args: &TuiArgs) -> Result<Exit, Failure> {
    let client = client(global)?;
    let query = Query {
        challenge: args.challenge.clone(),
        hotkey: hotkey(args)?,
        submission: None,
    };
    if !std::io::stdout().is_terminal() {
        return Err(Failure::usage(anyhow::anyhow!(
            "the terminal interface needs a terminal; for scripts use `assay status --json`"
        )));
    }
    let app = App::new(&global.rpc_url, tab(args.tab), query.clone());
    let (query_sender, query_receiver) = watch::channel(query);
    let (event_sender, event_receiver) = mpsc::channel(TUI_EVENTS_MAX);
    let worker = tokio::spawn(worker::run(client, query_receiver, event_sender));
    // From here on a panic restores the terminal, too: ratatui's hook does.
    let terminal = ratatui::try_init().context("can't take over the terminal")?;
    let ended = show(terminal, app, query_sender, event_receiver).await;
    ratatui::restore();
    worker.abort();
    match worker.await {
        Err(error) if error.is_panic() => {
            return Err(Failure::from(anyhow::anyhow!(
                "the refresh task died: {error}"
            )));
        }
        _ => {}
    }
    ended?;
    Ok(Exit::Ok)
}

async fn show(
    mut terminal: DefaultTerminal,
    mut app: App,
    queries: watch::Sender<Query>,
    mut events: mpsc::Receiver<Event>,
) -> anyhow::Result<()> {
    let mut input = EventStream::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut ticks = interval(Duration::from_millis(TUI_TICK_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    app.update(Event::Resize {
        height: terminal.size()?.height,
    });
    loop {
        app.update(Event::Tick { now_ms: now_ms() });
        terminal.draw(|frame| view::draw(&app, frame))?;
        let event = tokio::select! {
            input = input.next() => match input {
                Some(event) => from_terminal(event?),
                // Standard input is gone, and with it whoever was looking.
                None => return Ok(()),
            },
            event = events.recv() => match event {
                Some(event) => Some(event),
                None => anyhow::bail!("the refresh task ended"),
            },
            _ = ticks.tick() => None,
            _ = terminate.recv() => return Ok(()),
        };
        let Some(event) = event else { continue };
        for effect in app.update(event) {
            match effect {
                Effect::Quit => return Ok(()),
                Effect::Ask(query) => {
                    queries.send_replace(query);
                }
            }
        }
    }
}

fn from_terminal(event: TerminalEvent) -> Option<Event> {
    match event {
        TerminalEvent::Key(key) => Some(Event::Key(key)),
        TerminalEvent::Resize(_, height) => Some(Event::Resize { height }),
        _ => None,
    }
}

fn client(global: &Global) -> Result<RpcClient, Failure> {
    let timeout = Duration::from_millis(TUI_CALL_TIMEOUT_MS);
    let options = ClientOptions {
        connect_timeout: timeout,
        request_timeout: timeout,
        ..ClientOptions::default()
    };
    RpcClient::with_options(&global.rpc_url, options).map_err(Failure::usage)
}

fn hotkey(args: &TuiArgs) -> Result<Option<String>, Failure> {
    let parsed = args.hotkey.as_deref().map(Hotkey::parse).transpose();
    Ok(parsed
        .map_err(Failure::usage)?
        .map(|hotkey| hotkey.to_ss58()))
}

fn tab(arg: TabArg) -> Tab {
    match arg {
        TabArg::Leaderboard => Tab::Leaderboard,
        TabArg::Evaluation => Tab::Evaluation,
        TabArg::Submission => Tab::Submission,
        TabArg::Network => Tab::Network,
    }
}

fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(0))
}
