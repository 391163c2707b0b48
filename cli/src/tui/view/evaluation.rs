//! Tab 2: submissions under way.

use assay_api::submission::{SubmissionStatus, SubmissionSummary};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Row;

use super::table::{self, Column};
use super::{block, draw_trend, empty_reason, hotkey};
use crate::text::{clean, score, span, took};
use crate::tui::app::App;

const COLUMNS: [Column; 6] = [
    ("Agent", Constraint::Fill(1)),
    ("Miner", Constraint::Fill(1)),
    ("Progress", Constraint::Length(16)),
    ("Score", Constraint::Length(8)),
    ("Epoch", Constraint::Length(7)),
    ("Age", Constraint::Length(8)),
];

pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [summary, trend, body] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
    ])
    .areas(area);
    let times = app.agreement_times_ms();
    if let Some(last) = times.last() {
        let text = format!(" last agreement took {}", took(*last));
        frame.render_widget(text, summary);
        draw_trend(frame, trend, " time to agreement  ", &times);
    }
    let rows = app.pending_rows();
    let rows = rows.into_iter().map(|row| to_row(app, row, area.width));
    let content = table::Content {
        block: block("Under way", &app.feeds.recent, app),
        columns: &COLUMNS,
        rows: rows.collect(),
        empty: empty_reason(&app.feeds.recent, app, "No submission is under way."),
    };
    table::draw(app, content, frame, body);
}

fn to_row(app: &App, row: &SubmissionSummary, width: u16) -> Row<'static> {
    Row::new([
        clean(&row.name),
        hotkey(&row.hotkey, width),
        progress(row.status),
        row.score.map_or("-".into(), score),
        row.epoch.to_string(),
        span(app.now_ms.saturating_sub(row.received_ms)),
    ])
}

/// One mark per step that is done, and the name of the last.
fn progress(status: SubmissionStatus) -> String {
    let marks = match status {
        SubmissionStatus::Received => "■□□□□",
        SubmissionStatus::Approved => "■■□□□",
        SubmissionStatus::Ordered => "■■■□□",
        SubmissionStatus::Executed => "■■■■□",
        SubmissionStatus::Agreed => "■■■■■",
        SubmissionStatus::Failed => "×",
    };
    format!("{marks} {status}")
}
