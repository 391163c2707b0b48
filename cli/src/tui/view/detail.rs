//! What is opened over a tab: a miner, a submission's journey, a validator, the weights.

use assay_api::evaluation::TaskProgress;
use assay_api::validator::Validator;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

use super::{block, empty_reason, weights};
use crate::journey::describe;
use crate::text::{clean, fold, ss58, tao};
use crate::tui::app::{App, Detail};
use crate::tui::data::LeaderboardRow;

pub fn draw(app: &App, opened: &Detail, scroll: u16, frame: &mut Frame<'_>, area: Rect) {
    let (block, lines) = match opened {
        Detail::Miner(row) => (Block::bordered().title(" Miner "), plain(miner_lines(row))),
        Detail::Validator(one) => (
            Block::bordered().title(" Validator "),
            plain(validator_lines(one)),
        ),
        Detail::Submission(id) => (
            block("Submission", &app.feeds.journey, app),
            plain(submission_lines(app, id)),
        ),
        Detail::Weights => (
            block("Weights", &app.feeds.weights, app),
            weights::lines(app, area.width),
        ),
    };
    let block = block.title_bottom(" Esc closes · ↑↓ scroll ");
    let width = usize::from(block.inner(area).width);
    // Folded here rather than by the widget, which doesn't say how many lines come of it.
    let text: Vec<Line<'_>> = lines
        .into_iter()
        .flat_map(|(line, style)| {
            let rows = fold(&line, width).into_iter();
            rows.map(move |row| Line::styled(row, style))
        })
        .collect();
    // Scrolling ends with the last line at the top.
    let last = u16::try_from(text.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let paragraph = Paragraph::new(text)
        .scroll((scroll.min(last), 0))
        .block(block);
    frame.render_widget(Clear, area);
    frame.render_widget(paragraph, area);
}

fn plain(lines: Vec<String>) -> Vec<(String, Style)> {
    lines.into_iter().map(|line| (line, Style::new())).collect()
}

fn miner_lines(row: &LeaderboardRow) -> Vec<String> {
    let hotkey = ss58(&row.miner_hotkey);
    vec![
        format!("Hotkey       {hotkey}"),
        format!("Rank         {}", row.rank),
        format!("Score        {:.4}", row.score),
        format!("Weight       {:.4}", row.weight),
        format!("Passed       {:.1}% of the tasks", row.pass_rate * 100.0),
        format!("Submissions  {}", row.submissions),
        format!(
            "Last epoch   {}",
            row.last_epoch
                .map_or("unknown".into(), |epoch| epoch.to_string())
        ),
        String::new(),
        "s shows this miner's submissions".into(),
    ]
}

fn validator_lines(one: &Validator) -> Vec<String> {
    vec![
        format!("Hotkey      {}", ss58(&one.hotkey)),
        format!("Public key  {}", clean(&one.hotkey)),
        format!("Stake       {}", tao(one.stake)),
        format!(
            "State       {}",
            if one.is_active { "active" } else { "silent" }
        ),
        format!("Last heard  {}", clean(&one.last_seen)),
        format!(
            "Peer        {}",
            one.peer_id.as_deref().map_or("unknown".into(), clean)
        ),
    ]
}

fn submission_lines(app: &App, id: &str) -> Vec<String> {
    let Some(journey) = app.feeds.journey.value() else {
        return vec![
            format!("Submission  {}", clean(id)),
            String::new(),
            empty_reason(&app.feeds.journey, app, ""),
        ];
    };
    let mut lines = describe(journey);
    let tasks = app.feeds.tasks.value();
    let tasks = tasks
        .map(|tasks| tasks.progress.as_slice())
        .unwrap_or_default();
    if !tasks.is_empty() {
        lines.push(String::new());
        lines.push("Tasks".into());
        lines.extend(tasks.iter().map(task_line));
    }
    lines
}

fn task_line(task: &TaskProgress) -> String {
    let mut line = format!(
        "  {:<30} {:<8} {:.4}  {}",
        clean(&task.task_id),
        clean(&task.status),
        task.score,
        crate::text::span(task.duration_ms)
    );
    if let Some(error) = &task.error {
        line.push_str(&format!("  {}", clean(error)));
    }
    line
}
