//! Tab 3: submissions of one miner, or of everybody.

use assay_api::submission::SubmissionStatus;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::widgets::{Cell, Row};

use super::table::{self, Column};
use super::{block, empty_reason, hotkey};
use crate::text::{clean, score, short, span, ss58};
use crate::tui::app::App;

const COLUMNS: [Column; 7] = [
    ("Submission", Constraint::Length(12)),
    ("Agent", Constraint::Fill(1)),
    ("Miner", Constraint::Fill(1)),
    ("Epoch", Constraint::Length(7)),
    ("Status", Constraint::Length(9)),
    ("Score", Constraint::Length(8)),
    ("Age", Constraint::Length(8)),
];

pub fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [summary, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(3)]).areas(area);
    let whose = match &app.query.hotkey {
        Some(miner) => format!(" Miner {} · a shows all miners", ss58(miner)),
        None => " All miners · s shows only the selected row's miner".into(),
    };
    frame.render_widget(whose, summary);
    let rows = app.submission_rows();
    let rows = rows.into_iter().map(|row| {
        Row::new([
            Cell::from(short(&row.submission_id)),
            Cell::from(clean(&row.name)),
            Cell::from(hotkey(&row.hotkey, area.width)),
            Cell::from(row.epoch.to_string()),
            Cell::from(row.status.as_str()).style(status_style(row.status)),
            Cell::from(row.score.map_or("-".into(), score)),
            Cell::from(span(app.now_ms.saturating_sub(row.received_ms))),
        ])
    });
    let feed = app.submission_feed();
    let content = table::Content {
        block: block("Submissions", feed, app),
        columns: &COLUMNS,
        rows: rows.collect(),
        empty: empty_reason(feed, app, "No submissions yet: assay submit --package DIR"),
    };
    table::draw(app, content, frame, body);
}

fn status_style(status: SubmissionStatus) -> Style {
    match status {
        SubmissionStatus::Agreed => Style::new().fg(Color::Green),
        SubmissionStatus::Failed => Style::new().fg(Color::Red),
        _ => Style::new().fg(Color::Yellow),
    }
}
