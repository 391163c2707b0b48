//! Tab 4: the node, validators, epoch, peers, health, decay.

use assay_api::system::HealthLevel;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row};

use super::table::{self, Column};
use super::{block, draw_trend, empty_reason, hotkey, phase};
use crate::text::{clean, percent, short, span, tao};
use crate::tui::app::App;
use crate::weights::{headline, votes};

const COLUMNS: [Column; 5] = [
    ("Validator", Constraint::Fill(1)),
    ("Stake", Constraint::Length(18)),
    ("Share", Constraint::Length(6)),
    ("State", Constraint::Length(10)),
    ("Last heard", Constraint::Length(20)),
];

/// Rows of the block about the node, borders included.
const NODE_ROWS: u16 = 9;

pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [node, body] =
        Layout::vertical([Constraint::Length(NODE_ROWS), Constraint::Min(3)]).areas(area);
    draw_node(app, frame, node);
    let validators = app.validator_rows();
    let total = app
        .feeds
        .validators
        .value()
        .into_iter()
        .flatten()
        .fold(0u64, |sum, one| sum.saturating_add(one.stake));
    let rows = validators.into_iter().map(|one| {
        let (state, color) = match (is_divergent(app, &one.hotkey), one.is_active) {
            (true, _) => ("DIVERGENT", Color::Red),
            (false, true) => ("active", Color::Green),
            (false, false) => ("silent", Color::Yellow),
        };
        Row::new([
            Cell::from(hotkey(&one.hotkey, area.width)),
            Cell::from(tao(one.stake)),
            Cell::from(format!("{}%", percent(one.stake, total))),
            Cell::from(state).style(Style::new().fg(color)),
            Cell::from(last_heard(&one.last_seen)),
        ])
    });
    let content = table::Content {
        block: block("Validators", &app.feeds.validators, app),
        columns: &COLUMNS,
        rows: rows.collect(),
        empty: empty_reason(&app.feeds.validators, app, "The set has no validators."),
    };
    table::draw(app, content, frame, body);
}

fn draw_node(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let block = block("Node", &app.feeds.node, app);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [text, trend] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(inner);
    let mut lines = node_lines(app);
    lines.extend(epoch_line(app));
    lines.extend(decay_line(app));
    lines.extend(weights_line(app));
    frame.render_widget(Paragraph::new(lines), text);
    let peers: Vec<u64> = app.peers.iter().copied().collect();
    draw_trend(frame, trend, "peers  ", &peers);
}

fn node_lines(app: &App) -> Vec<Line<'static>> {
    let Some(node) = app.feeds.node.value() else {
        let text = empty_reason(&app.feeds.node, app, "");
        return vec![Line::from(format!("{}  {text}", clean(&app.rpc_url)))];
    };
    let health = match app.feeds.health.value().map(|health| health.health) {
        Some(HealthLevel::Healthy) => "healthy",
        Some(HealthLevel::Degraded) => "degraded",
        None => "health unknown",
    };
    let mut mode = node.mode.to_string();
    if !node.mode_reason.is_empty() {
        mode.push_str(&format!(" ({})", clean(&node.mode_reason)));
    }
    vec![
        Line::from(format!(
            "{} · {} · subnet {} · version {}",
            clean(&app.rpc_url),
            clean(&node.network),
            node.netuid,
            clean(&node.version)
        )),
        Line::from(format!(
            "{mode} · {health} · {} peers · up {}",
            node.peers,
            span(node.uptime_secs.saturating_mul(1_000))
        )),
        Line::from(format!(
            "ledger height {} · state {} · chain block {}",
            node.ledger_height,
            short(&node.state_root),
            node.chain_block
        )),
    ]
}

fn epoch_line(app: &App) -> Option<Line<'static>> {
    let epoch = app.feeds.epoch.value()?;
    Some(Line::from(format!(
        "epoch {} · {} · block {} of {} · next phase in {} blocks",
        epoch.epoch_number,
        phase(epoch.phase),
        epoch.block_in_epoch,
        epoch.blocks_per_epoch,
        epoch.blocks_until_next_phase
    )))
}

fn decay_line(app: &App) -> Option<Line<'static>> {
    let decay = app.feeds.decay.value()?;
    if decay.agent_hash.is_empty() {
        return Some(Line::from("decay: no leader yet"));
    }
    let state = if decay.decay_active {
        format!("{:.1}% of its weight burns", decay.current_burn_percent)
    } else {
        "it does not decay yet".into()
    };
    Some(Line::from(format!(
        "decay: the leader scored in epoch {}, {state}",
        decay.achieved_epoch
    )))
}

/// The epoch's weights in short; `w` opens the whole story.
fn weights_line(app: &App) -> Option<Line<'static>> {
    let weights = app.feeds.weights.value()?;
    let mut line = format!("weights of {}", headline(weights));
    // What this node does about them needs the room.
    if weights.submission.is_none() {
        line.push_str(&format!(", {} paid", weights.entries.len()));
        line.extend(votes(weights).map(|votes| format!(", {votes}")));
    }
    Some(Line::from(line))
}

/// Validators are hex in one answer and SS58 in the other.
fn is_divergent(app: &App, validator: &str) -> bool {
    let node = app.feeds.node.value();
    let wanted = crate::text::ss58(validator);
    node.is_some_and(|node| {
        node.divergent
            .iter()
            .any(|one| crate::text::ss58(&one.hotkey) == wanted)
    })
}

fn last_heard(rfc3339: &str) -> String {
    if rfc3339 == assay_api::timestamp::UNIX_EPOCH {
        return "never".into();
    }
    clean(rfc3339).chars().take(19).collect()
}
