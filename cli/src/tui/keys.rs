//! What each key does, by what is open: the help, a detail, the filter, or a tab.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Detail, Effect, Tab};
use super::data::{Feed, Feeds};
use crate::limits::FILTER_MAX_CHARS;

/// Keys and what they do, as the help shows them.
pub const HELP: [(&str, &str); 13] = [
    ("Tab, Shift+Tab, 1-4", "switch tabs"),
    ("↑ ↓, j k", "move"),
    ("PgUp PgDn", "move by a page"),
    ("Home End, g G", "first and last row"),
    ("Enter", "open the selected row"),
    ("Esc", "close, or clear the filter"),
    ("/", "filter rows"),
    ("w", "weights on their way to the chain"),
    ("r", "refresh now"),
    ("c", "next challenge"),
    ("s", "submissions of the selected miner"),
    ("a", "submissions of all miners"),
    ("?   q", "this help; quit"),
];

/// Rows around a table: header, borders, table head, status bar.
const CHROME_ROWS: u16 = 8;

impl App {
    pub(super) fn on_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => vec![Effect::Quit],
                _ => Vec::new(),
            };
        }
        if self.is_help_open {
            self.is_help_open = false;
            return Vec::new();
        }
        if self.is_filtering {
            self.on_filter_key(key.code);
            return Vec::new();
        }
        match key.code {
            KeyCode::Char('?') => {
                self.is_help_open = true;
                Vec::new()
            }
            KeyCode::Char('r') => vec![Effect::Ask(self.query.clone())],
            KeyCode::Char('w') => self.toggle_weights(),
            code if self.detail.is_some() => self.on_detail_key(code),
            code => self.on_tab_key(code),
        }
    }

    fn on_filter_key(&mut self, code: KeyCode) {
        let table = self.table_mut();
        match code {
            KeyCode::Char(c) if table.filter.chars().count() < FILTER_MAX_CHARS => {
                table.filter.push(c);
                table.selected = 0;
            }
            KeyCode::Backspace => {
                table.filter.pop();
                table.selected = 0;
            }
            KeyCode::Enter => self.is_filtering = false,
            KeyCode::Esc => {
                table.filter.clear();
                table.selected = 0;
                self.is_filtering = false;
            }
            _ => {}
        }
    }

    fn on_detail_key(&mut self, code: KeyCode) -> Vec<Effect> {
        let page = self.page_rows();
        let Some((detail, scroll)) = &mut self.detail else {
            return Vec::new();
        };
        match code {
            KeyCode::Up | KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => *scroll = scroll.saturating_add(1),
            KeyCode::PageUp => *scroll = scroll.saturating_sub(page),
            KeyCode::PageDown => *scroll = scroll.saturating_add(page),
            KeyCode::Home | KeyCode::Char('g') => *scroll = 0,
            KeyCode::Char('s') => {
                if let Detail::Miner(row) = detail {
                    let hotkey = row.miner_hotkey.clone();
                    return self.show_submissions_of(Some(hotkey));
                }
            }
            KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace | KeyCode::Char('q') => {
                return self.close_detail();
            }
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Char('1'..='4') => {
                self.on_tab_key(code);
                return self.close_detail();
            }
            _ => {}
        }
        Vec::new()
    }

    fn on_tab_key(&mut self, code: KeyCode) -> Vec<Effect> {
        let page = usize::from(self.page_rows());
        let last = self.row_count().saturating_sub(1);
        let selected = self.table(self.tab).selected;
        match code {
            KeyCode::Char('q') => return vec![Effect::Quit],
            KeyCode::Tab | KeyCode::Right => self.tab = self.tab.moved(1),
            KeyCode::BackTab | KeyCode::Left => self.tab = self.tab.moved(Tab::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='4') => {
                let index = digit as usize - '1' as usize;
                self.tab = Tab::Leaderboard.moved(index);
            }
            KeyCode::Up | KeyCode::Char('k') => self.select(selected.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.select(selected.saturating_add(1).min(last)),
            KeyCode::PageUp => self.select(selected.saturating_sub(page)),
            KeyCode::PageDown => self.select(selected.saturating_add(page).min(last)),
            KeyCode::Home | KeyCode::Char('g') => self.select(0),
            KeyCode::End | KeyCode::Char('G') => self.select(last),
            KeyCode::Char('/') => self.is_filtering = true,
            KeyCode::Esc => {
                let table = self.table_mut();
                table.filter.clear();
                table.selected = 0;
            }
            KeyCode::Enter => return self.open_selected(),
            KeyCode::Char('c') => return self.next_challenge(),
            KeyCode::Char('s') => {
                if let Some(hotkey) = self.selected_miner() {
                    return self.show_submissions_of(Some(hotkey));
                }
            }
            KeyCode::Char('a') => return self.show_submissions_of(None),
            _ => {}
        }
        Vec::new()
    }

    fn select(&mut self, index: usize) {
        self.table_mut().selected = index;
    }

    fn page_rows(&self) -> u16 {
        self.height.saturating_sub(CHROME_ROWS).max(1)
    }

    fn open_selected(&mut self) -> Vec<Effect> {
        let index = self.table(self.tab).selected;
        let detail = match self.tab {
            Tab::Leaderboard => self
                .leaderboard_rows()
                .get(index)
                .map(|row| Detail::Miner((*row).clone())),
            Tab::Evaluation | Tab::Submission => self.selected_id().map(Detail::Submission),
            Tab::Network => self
                .validator_rows()
                .get(index)
                .map(|row| Detail::Validator((*row).clone())),
        };
        let Some(detail) = detail else {
            return Vec::new();
        };
        let submission = match &detail {
            Detail::Submission(id) => Some(id.clone()),
            Detail::Miner(_) | Detail::Validator(_) | Detail::Weights => None,
        };
        self.detail = Some((detail, 0));
        self.ask_for_submission(submission)
    }

    /// Opens the weights, in place of whatever is open, or closes them.
    fn toggle_weights(&mut self) -> Vec<Effect> {
        let is_open = matches!(self.detail, Some((Detail::Weights, _)));
        self.detail = (!is_open).then_some((Detail::Weights, 0));
        self.ask_for_submission(None)
    }

    fn close_detail(&mut self) -> Vec<Effect> {
        self.detail = None;
        self.ask_for_submission(None)
    }

    fn ask_for_submission(&mut self, submission: Option<String>) -> Vec<Effect> {
        if self.query.submission == submission {
            return Vec::new();
        }
        self.query.submission = submission;
        self.feeds.journey = Feed::default();
        self.feeds.tasks = Feed::default();
        vec![Effect::Ask(self.query.clone())]
    }

    fn selected_miner(&self) -> Option<String> {
        let index = self.table(self.tab).selected;
        match self.tab {
            Tab::Leaderboard => self
                .leaderboard_rows()
                .get(index)
                .map(|row| row.miner_hotkey.clone()),
            Tab::Evaluation => self.pending_rows().get(index).map(|row| row.hotkey.clone()),
            Tab::Submission => self
                .submission_rows()
                .get(index)
                .map(|row| row.hotkey.clone()),
            Tab::Network => None,
        }
    }

    fn show_submissions_of(&mut self, hotkey: Option<String>) -> Vec<Effect> {
        self.tab = Tab::Submission;
        self.detail = None;
        self.query.submission = None;
        self.query.hotkey = hotkey;
        self.feeds.mine = Feed::default();
        self.table_mut().selected = 0;
        vec![Effect::Ask(self.query.clone())]
    }

    fn next_challenge(&mut self) -> Vec<Effect> {
        let Some(list) = self.feeds.challenges.value() else {
            return Vec::new();
        };
        let current = self.query.challenge.as_deref();
        let place = list
            .challenges
            .iter()
            .position(|one| current.is_some_and(|name| one.name == name || one.id == name));
        let next = place.map_or(0, |place| place + 1) % list.challenges.len().max(1);
        let Some(chosen) = list.challenges.get(next) else {
            return Vec::new();
        };
        self.query.challenge = Some(chosen.name.clone());
        let old = std::mem::take(&mut self.feeds);
        // What was asked of another challenge must not be shown under this one's name.
        self.feeds = Feeds {
            leaderboard: Feed::default(),
            stats: Feed::default(),
            decay: Feed::default(),
            recent: Feed::default(),
            mine: Feed::default(),
            ..old
        };
        vec![Effect::Ask(self.query.clone())]
    }
}
