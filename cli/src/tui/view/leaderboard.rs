//! Tab 1: scores, ranks, weights, hotkeys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Row;

use super::table::{self, Column};
use super::{block, draw_trend, empty_reason, hotkey};
use crate::tui::app::App;

const COLUMNS: [Column; 7] = [
    ("Rank", Constraint::Length(5)),
    ("Miner", Constraint::Fill(1)),
    ("Score", Constraint::Length(8)),
    ("Weight", Constraint::Length(8)),
    ("Passed", Constraint::Length(7)),
    ("Subs", Constraint::Length(6)),
    ("Epoch", Constraint::Length(7)),
];

pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [summary, trend, body] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
    ])
    .areas(area);
    frame.render_widget(format!(" {}", summary_text(app)), summary);
    draw_score_trend(app, frame, trend);
    let rows = app.leaderboard_rows();
    let rows = rows.into_iter().map(|row| {
        Row::new([
            row.rank.to_string(),
            hotkey(&row.miner_hotkey, area.width),
            format!("{:.4}", row.score),
            format!("{:.4}", row.weight),
            format!("{:.0}%", row.pass_rate * 100.0),
            row.submissions.to_string(),
            row.last_epoch.map_or("-".into(), |epoch| epoch.to_string()),
        ])
    });
    let content = table::Content {
        block: block("Leaderboard", &app.feeds.leaderboard, app),
        columns: &COLUMNS,
        rows: rows.collect(),
        empty: empty_text(app),
    };
    table::draw(app, content, frame, body);
}

fn summary_text(app: &App) -> String {
    let mut parts = Vec::new();
    if let Some(stats) = app.feeds.stats.value() {
        parts.push(format!(
            "{} submissions by {} miners",
            stats.total_submissions, stats.active_miners
        ));
    }
    match app.feeds.decay.value() {
        Some(decay) if decay.agent_hash.is_empty() => parts.push("no leader yet".into()),
        Some(decay) => parts.push(format!(
            "leader {:.4} since epoch {}, {:.1}% burns",
            decay.score, decay.achieved_epoch, decay.current_burn_percent
        )),
        None => {}
    }
    parts.join(" · ")
}

fn draw_score_trend(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let scores = app.scores_by_epoch();
    let (Some((first, _)), Some((last, _))) = (scores.first(), scores.last()) else {
        return;
    };
    let points: Vec<u64> = scores
        .iter()
        .map(|(_, score)| u64::try_from(*score).unwrap_or(0))
        .collect();
    let label = format!(" best score, epochs {first} to {last}  ");
    draw_trend(frame, area, &label, &points);
}

fn empty_text(app: &App) -> String {
    if app.query.challenge.is_some() {
        return empty_reason(&app.feeds.leaderboard, app, "Nobody has a score yet.");
    }
    match app.feeds.challenges.value() {
        Some(list) if list.challenges.is_empty() => "The network has no challenge.".into(),
        Some(list) => format!(
            "There are {} challenges: press c to choose one.",
            list.challenges.len()
        ),
        None => empty_reason(&app.feeds.challenges, app, ""),
    }
}
