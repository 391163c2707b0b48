//! The functional core of the terminal interface: `update(event) -> effects`. No clock, no
//! terminal, no network; the shell supplies events and carries out effects.

use std::collections::{BTreeMap, VecDeque};

use assay_api::submission::{SubmissionStatus, SubmissionSummary};
use assay_api::validator::Validator;
use crossterm::event::KeyEvent;

use super::data::{Feed, Feeds, LeaderboardRow, Update};
use crate::limits::TREND_MAX_POINTS;
use crate::text::ss58;

/// The tabs, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Scores, ranks, weights.
    Leaderboard,
    /// Submissions under way.
    Evaluation,
    /// Submissions of one miner.
    Submission,
    /// Node and validators.
    Network,
}

/// What happens to the app.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has this many rows now.
    Resize {
        /// Rows.
        height: u16,
    },
    /// Time has passed.
    Tick {
        /// Milliseconds since the Unix epoch.
        now_ms: u64,
    },
    /// The worker asks the node.
    RefreshStarted,
    /// The worker is done asking.
    RefreshEnded,
    /// The worker has an answer to a question.
    Data {
        /// The question it answers.
        query: Query,
        /// The answer.
        update: Box<Update>,
    },
}

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Ask the node now, and from now on this.
    Ask(Query),
}

/// What the worker asks for beside what is always shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The chosen challenge.
    pub challenge: Option<String>,
    /// The chosen miner.
    pub hotkey: Option<String>,
    /// The opened submission.
    pub submission: Option<String>,
}

/// The selected row and filter of one tab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableView {
    /// Index among the rows that pass the filter.
    pub selected: usize,
    /// Only rows that contain this are shown.
    pub filter: String,
}

/// What is opened over the tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// A row of the leaderboard.
    Miner(LeaderboardRow),
    /// A submission by id; its journey is in [`Feeds::journey`].
    Submission(String),
    /// A validator.
    Validator(Validator),
    /// The weights on their way to the chain; they are in [`Feeds::weights`].
    Weights,
}

/// The state of the terminal interface.
#[derive(Debug)]
pub struct App {
    /// Where the node is.
    pub rpc_url: String,
    /// The shown tab.
    pub tab: Tab,
    /// What the worker asks for.
    pub query: Query,
    /// What the node gave.
    pub feeds: Feeds,
    /// Whether the help is open.
    pub is_help_open: bool,
    /// Whether keys go into the filter.
    pub is_filtering: bool,
    /// What is opened, and how far it is scrolled.
    pub detail: Option<(Detail, u16)>,
    /// Connected peers at each refresh.
    pub peers: VecDeque<u64>,
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Whether the worker is asking.
    pub is_refreshing: bool,
    /// When the node last answered.
    pub answered_ms: Option<u64>,
    /// Rows of the terminal.
    pub height: u16,
    tables: [TableView; 4],
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Tab; 4] = [
        Tab::Leaderboard,
        Tab::Evaluation,
        Tab::Submission,
        Tab::Network,
    ];

    /// The title.
    pub fn title(self) -> &'static str {
        match self {
            Tab::Leaderboard => "Leaderboard",
            Tab::Evaluation => "Evaluation",
            Tab::Submission => "Submission",
            Tab::Network => "Network",
        }
    }

    /// The tab `steps` further, around the end.
    pub fn moved(self, steps: usize) -> Tab {
        let index = (self as usize + steps) % Tab::ALL.len();
        Tab::ALL.get(index).copied().unwrap_or(Tab::Leaderboard)
    }
}

impl App {
    /// An app that knows nothing yet.
    pub fn new(rpc_url: &str, tab: Tab, query: Query) -> App {
        App {
            rpc_url: rpc_url.to_owned(),
            tab,
            query,
            feeds: Feeds::default(),
            is_help_open: false,
            is_filtering: false,
            detail: None,
            peers: VecDeque::new(),
            now_ms: 0,
            is_refreshing: false,
            answered_ms: None,
            height: 24,
            tables: Default::default(),
        }
    }

    /// Takes in an event and says what the shell must do.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.apply(event);
        // Rows of a hidden tab may have gone since it was shown last.
        let last = self.row_count().saturating_sub(1);
        let table = self.table_mut();
        table.selected = table.selected.min(last);
        effects
    }

    fn apply(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) => self.on_key(key),
            Event::Resize { height } => {
                self.height = height;
                Vec::new()
            }
            Event::Tick { now_ms } => {
                self.now_ms = now_ms;
                Vec::new()
            }
            Event::RefreshStarted => {
                self.is_refreshing = true;
                Vec::new()
            }
            Event::RefreshEnded => {
                self.is_refreshing = false;
                Vec::new()
            }
            // An answer to a question that was replaced belongs to another challenge or miner.
            Event::Data { query, .. } if query != self.query => Vec::new(),
            Event::Data { update, .. } => self.on_data(*update),
        }
    }

    /// Selection and filter of a tab.
    pub fn table(&self, tab: Tab) -> &TableView {
        let [leaderboard, evaluation, submission, network] = &self.tables;
        match tab {
            Tab::Leaderboard => leaderboard,
            Tab::Evaluation => evaluation,
            Tab::Submission => submission,
            Tab::Network => network,
        }
    }

    pub(super) fn table_mut(&mut self) -> &mut TableView {
        let [leaderboard, evaluation, submission, network] = &mut self.tables;
        match self.tab {
            Tab::Leaderboard => leaderboard,
            Tab::Evaluation => evaluation,
            Tab::Submission => submission,
            Tab::Network => network,
        }
    }

    /// Rows of the leaderboard that pass the filter.
    pub fn leaderboard_rows(&self) -> Vec<&LeaderboardRow> {
        let rows = self.feeds.leaderboard.value().into_iter().flatten();
        self.filtered(Tab::Leaderboard, rows, |row| row.miner_hotkey.clone())
    }

    /// Submissions that have not ended and pass the filter, newest first.
    pub fn pending_rows(&self) -> Vec<&SubmissionSummary> {
        let rows = self.feeds.recent.value().into_iter().flatten();
        let pending = rows.filter(|row| !row.status.is_terminal());
        self.filtered(Tab::Evaluation, pending, submission_text)
    }

    /// Submissions of the chosen miner, or of everybody, that pass the filter, newest first.
    pub fn submission_rows(&self) -> Vec<&SubmissionSummary> {
        let rows = self.submission_feed().value().into_iter().flatten();
        self.filtered(Tab::Submission, rows, submission_text)
    }

    /// Where the rows of the Submission tab come from.
    pub fn submission_feed(&self) -> &Feed<Vec<SubmissionSummary>> {
        if self.query.hotkey.is_some() {
            &self.feeds.mine
        } else {
            &self.feeds.recent
        }
    }

    /// Validators that pass the filter, as the node sorts them.
    pub fn validator_rows(&self) -> Vec<&Validator> {
        let rows = self.feeds.validators.value().into_iter().flatten();
        self.filtered(Tab::Network, rows, |row| {
            format!("{} {}", row.hotkey, ss58(&row.hotkey))
        })
    }

    /// How many rows the shown tab has.
    pub fn row_count(&self) -> usize {
        self.row_ids().len()
    }

    /// Best agreed score of each epoch, oldest first.
    pub fn scores_by_epoch(&self) -> Vec<(u64, i64)> {
        let mut best = BTreeMap::new();
        for row in self.feeds.recent.value().into_iter().flatten() {
            if let (SubmissionStatus::Agreed, Some(score)) = (row.status, row.score) {
                let slot = best.entry(row.epoch).or_insert(score);
                *slot = score.max(*slot);
            }
        }
        best.into_iter().collect()
    }

    /// Milliseconds from receipt to agreement of the newest agreed submissions, oldest first.
    pub fn agreement_times_ms(&self) -> Vec<u64> {
        let rows = self.feeds.recent.value().into_iter().flatten();
        let mut times: Vec<u64> = rows
            .filter(|row| row.status == SubmissionStatus::Agreed)
            .map(|row| row.updated_ms.saturating_sub(row.received_ms))
            .collect();
        times.reverse();
        times
    }

    fn on_data(&mut self, update: Update) -> Vec<Effect> {
        let selected = self.selected_id();
        if let Update::Health(Ok(health)) = &update {
            self.answered_ms = Some(self.now_ms);
            self.peers.push_back(health.peers);
            if self.peers.len() > TREND_MAX_POINTS {
                self.peers.pop_front();
            }
        }
        self.feeds.take(update, self.now_ms);
        self.select_id(selected);
        self.choose_only_challenge()
    }

    /// Without a chosen challenge, the only one is meant.
    fn choose_only_challenge(&mut self) -> Vec<Effect> {
        let Some(list) = self.feeds.challenges.value() else {
            return Vec::new();
        };
        match (&self.query.challenge, list.challenges.as_slice()) {
            (None, [only]) => {
                self.query.challenge = Some(only.name.clone());
                vec![Effect::Ask(self.query.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// The selected row, by what stays when rows move.
    pub(super) fn selected_id(&self) -> Option<String> {
        let index = self.table(self.tab).selected;
        self.row_ids().into_iter().nth(index)
    }

    /// Selects a row again after rows have moved; one that is gone leaves the place.
    fn select_id(&mut self, id: Option<String>) {
        let ids = self.row_ids();
        if let Some(place) = id.and_then(|id| ids.iter().position(|other| *other == id)) {
            self.table_mut().selected = place;
        }
    }

    fn row_ids(&self) -> Vec<String> {
        let submission_ids = |rows: Vec<&SubmissionSummary>| {
            rows.into_iter()
                .map(|row| row.submission_id.clone())
                .collect()
        };
        match self.tab {
            Tab::Leaderboard => self
                .leaderboard_rows()
                .into_iter()
                .map(|row| row.miner_hotkey.clone())
                .collect(),
            Tab::Evaluation => submission_ids(self.pending_rows()),
            Tab::Submission => submission_ids(self.submission_rows()),
            Tab::Network => self
                .validator_rows()
                .into_iter()
                .map(|row| row.hotkey.clone())
                .collect(),
        }
    }

    fn filtered<'a, T>(
        &self,
        tab: Tab,
        rows: impl Iterator<Item = &'a T>,
        text: impl Fn(&T) -> String,
    ) -> Vec<&'a T> {
        let wanted = self.table(tab).filter.to_lowercase();
        rows.filter(|row| wanted.is_empty() || text(row).to_lowercase().contains(&wanted))
            .collect()
    }
}

fn submission_text(row: &SubmissionSummary) -> String {
    format!(
        "{} {} {} {} {}",
        row.submission_id, row.name, row.hotkey, row.status, row.challenge
    )
}
