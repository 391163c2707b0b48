//! The one table of all tabs: head, rows, selection, or the reason why there are no rows.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table, TableState, Wrap};

use crate::tui::app::App;

/// A column: title and width.
pub type Column = (&'static str, Constraint);

/// What is drawn.
pub struct Content<'a> {
    /// The frame around it.
    pub block: Block<'a>,
    /// The columns.
    pub columns: &'a [Column],
    /// The rows; each has a cell per column.
    pub rows: Vec<Row<'a>>,
    /// Shown instead of no rows.
    pub empty: String,
}

/// Draws the table of the shown tab.
pub fn draw(app: &App, content: Content<'_>, frame: &mut Frame<'_>, area: Rect) {
    let mut block = content.block;
    let view = app.table(app.tab);
    if !view.filter.is_empty() {
        block = block.title_bottom(Line::from(format!(" filter: {} ", view.filter)).cyan());
    }
    if content.rows.is_empty() {
        let text = Paragraph::new(content.empty)
            .wrap(Wrap { trim: true })
            .style(Style::new().fg(Color::DarkGray))
            .block(block);
        frame.render_widget(text, area);
        return;
    }
    let count = content.rows.len();
    let selected = view.selected.min(count - 1);
    block =
        block.title_bottom(Line::from(format!(" {} of {count} ", selected + 1)).right_aligned());
    let head = content.columns.iter().map(|(title, _)| Cell::from(*title));
    let widths = content.columns.iter().map(|(_, width)| *width);
    let table = Table::new(content.rows, widths)
        .header(Row::new(head).style(Style::new().add_modifier(Modifier::BOLD)))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .block(block);
    let mut state = TableState::new().with_selected(selected);
    frame.render_stateful_widget(table, area, &mut state);
}
