//! The view: `draw(state, frame)`, without a decision of its own about data.
//!
//! Laid out for 80×24; wider terminals show whole hotkeys. Where there is nothing, it says why.

mod detail;
mod evaluation;
mod leaderboard;
mod network;
mod submission;
mod table;
mod weights;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Sparkline};

use assay_api::epoch::Phase;

use super::app::{App, Tab};
use super::data::{Feed, Freshness};
use super::keys::HELP;
use crate::text::{clean, short, span, ss58};

/// From this width on, hotkeys are shown whole.
const WIDE_COLUMNS: u16 = 120;

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let [header, body, status, hints] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(header_line(app), header);
    match app.tab {
        Tab::Leaderboard => leaderboard::draw(app, frame, body),
        Tab::Evaluation => evaluation::draw(app, frame, body),
        Tab::Submission => submission::draw(app, frame, body),
        Tab::Network => network::draw(app, frame, body),
    }
    frame.render_widget(status_line(app), status);
    frame.render_widget(hint_line(app), hints);
    if let Some((opened, scroll)) = &app.detail {
        detail::draw(app, opened, *scroll, frame, body);
    }
    if app.is_help_open {
        draw_help(frame, body);
    }
}

fn header_line(app: &App) -> Line<'static> {
    let mut spans = vec![" Assay ".bold().reversed(), " ".into()];
    for (index, tab) in Tab::ALL.into_iter().enumerate() {
        let title = format!(" {} {} ", index + 1, tab.title());
        let style = if tab == app.tab {
            Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            Style::new().fg(Color::DarkGray)
        };
        spans.push(Span::styled(title, style));
    }
    if let Some(challenge) = &app.query.challenge {
        spans.push(format!("  {}", clean(challenge)).cyan());
    }
    Line::from(spans)
}

/// Epoch, phase, progress, block, validators, last refresh.
fn status_line(app: &App) -> Line<'static> {
    let mut parts = Vec::new();
    match app.feeds.epoch.value() {
        Some(epoch) => {
            parts.push(format!("epoch {}", epoch.epoch_number));
            parts.push(phase(epoch.phase).to_owned());
            parts.push(format!("{:.0}%", epoch.progress * 100.0));
            parts.push(format!("block {}", epoch.current_block));
        }
        None => parts.push("epoch unknown".into()),
    }
    if let Some(validators) = app.feeds.validators.value() {
        parts.push(format!("{} validators", validators.len()));
    }
    parts.push(match (app.answered_ms, app.is_refreshing) {
        (Some(at), _) => format!("seen {} ago", span(app.now_ms.saturating_sub(at))),
        (None, true) => "asking the node …".into(),
        (None, false) => "no answer yet".into(),
    });
    let mark = match app.feeds.health.freshness(app.now_ms) {
        Freshness::Stale(_) => " STALE ",
        Freshness::Missing => " NO ANSWER ",
        Freshness::Loading | Freshness::Fresh => "",
    };
    // The mark comes first: a narrow terminal cuts the end off.
    Line::from(vec![
        mark.bold().red().reversed(),
        format!(" {}", parts.join(" · ")).reversed(),
    ])
}

/// What a person should know first: the filter being typed, an error, or which keys there are.
fn hint_line(app: &App) -> Line<'static> {
    if app.is_filtering {
        return Line::from(vec![
            " filter: ".bold(),
            app.table(app.tab).filter.clone().into(),
            "▏".into(),
            "  Enter keeps, Esc clears".dark_gray(),
        ]);
    }
    if let Some(error) = app.feeds.first_error() {
        return Line::from(format!(" {}", clean(error))).red();
    }
    Line::from(" Tab switch · ↑↓ move · Enter open · w weights · / filter · ? help · q quit")
        .dark_gray()
}

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'_>> = HELP
        .into_iter()
        .map(|(keys, what)| Line::from(vec![format!(" {keys:<21}").bold(), what.into()]))
        .collect();
    let area = centered(area, 60, HELP.len() as u16 + 2);
    frame.render_widget(Clear, area);
    let block = Block::bordered()
        .title(" Keys ")
        .title_bottom(" any key closes ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// A block whose title says how fresh its content is.
fn block<T>(title: &str, feed: &Feed<T>, app: &App) -> Block<'static> {
    let block = Block::bordered().title(format!(" {title} "));
    match feed.freshness(app.now_ms) {
        Freshness::Stale(age_ms) => block.title(
            format!(" STALE, from {} ago ", span(age_ms))
                .yellow()
                .bold(),
        ),
        Freshness::Loading | Freshness::Missing | Freshness::Fresh => block,
    }
}

/// Why a table has no rows: not asked yet, failed, filtered away, or really empty.
fn empty_reason<T>(feed: &Feed<T>, app: &App, nothing: &str) -> String {
    match feed.freshness(app.now_ms) {
        Freshness::Loading => match app.feeds.health.error() {
            Some(error) => format!("The node does not answer: {}", clean(error)),
            None => "Asking the node …".into(),
        },
        Freshness::Missing => format!("No data: {}", clean(feed.error().unwrap_or_default())),
        Freshness::Fresh | Freshness::Stale(_) => {
            let filter = &app.table(app.tab).filter;
            if filter.is_empty() {
                nothing.to_owned()
            } else {
                format!("Nothing matches {filter:?}; Esc clears the filter")
            }
        }
    }
}

/// A line of text with a trend to its right, when there is one.
fn draw_trend(frame: &mut Frame<'_>, area: Rect, label: &str, points: &[u64]) {
    if points.len() < 2 {
        return;
    }
    let [text, chart] = Layout::horizontal([
        Constraint::Length(label.chars().count() as u16),
        Constraint::Min(4),
    ])
    .areas(area);
    frame.render_widget(Line::from(label.to_owned()).dark_gray(), text);
    // Only the newest points fit; the widget would show the oldest.
    let visible = usize::from(chart.width).min(points.len());
    let newest = points.get(points.len() - visible..).unwrap_or_default();
    let sparkline = Sparkline::default()
        .data(newest.iter().copied())
        .style(Style::new().fg(Color::Cyan));
    frame.render_widget(sparkline, chart);
}

/// A hotkey as long as the screen allows.
fn hotkey(text: &str, width: u16) -> String {
    let whole = ss58(text);
    if width >= WIDE_COLUMNS {
        whole
    } else {
        short(&whole)
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Evaluation => "evaluation",
        Phase::Commit => "commit",
        Phase::Reveal => "reveal",
    }
}

fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}
