//! What the screen shows, as the node gave it, and how fresh it is.

use assay_api::challenge::ChallengeList;
use assay_api::epoch::EpochCurrent;
use assay_api::evaluation::EvaluationProgress;
use assay_api::node::NodeStatus;
use assay_api::submission::{Journey, SubmissionSummary};
use assay_api::system::SystemHealth;
use assay_api::validator::Validator;
use assay_api::weights::WeightsReport;
use serde::Deserialize;

use crate::limits::STALE_AFTER_MS;

/// One kind of data: the last answer, when it came, and why there is no newer one.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed<T> {
    value: Option<T>,
    fetched_ms: u64,
    error: Option<String>,
}

/// How far a feed's value can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing came yet and nothing failed.
    Loading,
    /// Nothing came because asking failed.
    Missing,
    /// It is recent.
    Fresh,
    /// It is from this many milliseconds ago, and the node has not confirmed it since.
    Stale(u64),
}

/// A row of the leaderboard as challenges give it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LeaderboardRow {
    /// Place, from 1.
    pub rank: u64,
    /// The miner.
    pub miner_hotkey: String,
    /// Score.
    pub score: f64,
    /// Share of the weights, 0 to 1.
    #[serde(default)]
    pub weight: f64,
    /// Share of the tasks that passed, 0 to 1.
    #[serde(default)]
    pub pass_rate: f64,
    /// Accepted submissions.
    #[serde(default)]
    pub submissions: u64,
    /// Epoch of the last one.
    #[serde(default)]
    pub last_epoch: Option<u64>,
}

/// A challenge's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Stats {
    /// Accepted submissions.
    pub total_submissions: u64,
    /// Miners with at least one.
    pub active_miners: u64,
}

/// The leader's decay.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Decay {
    /// The leading package; empty without a leader.
    pub agent_hash: String,
    /// Its score before decay.
    pub score: f64,
    /// Epoch it was reached in.
    pub achieved_epoch: u64,
    /// Epochs since.
    pub epochs_stale: u64,
    /// Whether it has begun to decay.
    pub decay_active: bool,
    /// Share of its weight that burns, in percent.
    pub current_burn_percent: f64,
}

/// Everything the screen shows.
#[derive(Debug, Default)]
pub struct Feeds {
    /// Whether the node answers at all.
    pub health: Feed<SystemHealth>,
    /// The node itself.
    pub node: Feed<NodeStatus>,
    /// The epoch.
    pub epoch: Feed<EpochCurrent>,
    /// The validators.
    pub validators: Feed<Vec<Validator>>,
    /// The challenges.
    pub challenges: Feed<ChallengeList>,
    /// Agreed weights.
    pub weights: Feed<WeightsReport>,
    /// The chosen challenge's leaderboard.
    pub leaderboard: Feed<Vec<LeaderboardRow>>,
    /// The chosen challenge's counters.
    pub stats: Feed<Stats>,
    /// The chosen challenge's decay.
    pub decay: Feed<Decay>,
    /// The newest submissions of everybody.
    pub recent: Feed<Vec<SubmissionSummary>>,
    /// The chosen miner's submissions.
    pub mine: Feed<Vec<SubmissionSummary>>,
    /// The opened submission.
    pub journey: Feed<Journey>,
    /// Its tasks.
    pub tasks: Feed<EvaluationProgress>,
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, String>;

/// One answer of the worker.
#[derive(Debug)]
pub enum Update {
    /// For [`Feeds::health`].
    Health(Answer<SystemHealth>),
    /// For [`Feeds::node`].
    Node(Answer<NodeStatus>),
    /// For [`Feeds::epoch`].
    Epoch(Answer<EpochCurrent>),
    /// For [`Feeds::validators`].
    Validators(Answer<Vec<Validator>>),
    /// For [`Feeds::challenges`].
    Challenges(Answer<ChallengeList>),
    /// For [`Feeds::weights`].
    Weights(Answer<WeightsReport>),
    /// For [`Feeds::leaderboard`].
    Leaderboard(Answer<Vec<LeaderboardRow>>),
    /// For [`Feeds::stats`].
    Stats(Answer<Stats>),
    /// For [`Feeds::decay`].
    Decay(Answer<Decay>),
    /// For [`Feeds::recent`].
    Recent(Answer<Vec<SubmissionSummary>>),
    /// For [`Feeds::mine`].
    Mine(Answer<Vec<SubmissionSummary>>),
    /// For [`Feeds::journey`].
    Journey(Answer<Journey>),
    /// For [`Feeds::tasks`].
    Tasks(Answer<EvaluationProgress>),
}

impl<T> Default for Feed<T> {
    fn default() -> Feed<T> {
        Feed {
            value: None,
            fetched_ms: 0,
            error: None,
        }
    }
}

impl<T> Feed<T> {
    /// Takes in an answer; a failure keeps the last value.
    pub fn take(&mut self, answer: Answer<T>, now_ms: u64) {
        match answer {
            Ok(value) => {
                *self = Feed {
                    value: Some(value),
                    fetched_ms: now_ms,
                    error: None,
                };
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// The last value.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Why there is no newer value.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// How far the value can be trusted now.
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        let age_ms = now_ms.saturating_sub(self.fetched_ms);
        match (&self.value, &self.error) {
            (None, None) => Freshness::Loading,
            (None, Some(_)) => Freshness::Missing,
            (Some(_), None) if age_ms < STALE_AFTER_MS => Freshness::Fresh,
            (Some(_), _) => Freshness::Stale(age_ms),
        }
    }
}

impl Feeds {
    /// Takes in an answer of the worker.
    pub fn take(&mut self, update: Update, now_ms: u64) {
        match update {
            Update::Health(answer) => self.health.take(answer, now_ms),
            Update::Node(answer) => self.node.take(answer, now_ms),
            Update::Epoch(answer) => self.epoch.take(answer, now_ms),
            Update::Validators(answer) => self.validators.take(answer, now_ms),
            Update::Challenges(answer) => self.challenges.take(answer, now_ms),
            Update::Weights(answer) => self.weights.take(answer, now_ms),
            Update::Leaderboard(answer) => self.leaderboard.take(answer, now_ms),
            Update::Stats(answer) => self.stats.take(answer, now_ms),
            Update::Decay(answer) => self.decay.take(answer, now_ms),
            Update::Recent(answer) => self.recent.take(answer, now_ms),
            Update::Mine(answer) => self.mine.take(answer, now_ms),
            Update::Journey(answer) => self.journey.take(answer, now_ms),
            Update::Tasks(answer) => self.tasks.take(answer, now_ms),
        }
    }

    /// The error that a person should see first. Routes that a challenge need not have are left to
    /// their own place on the screen.
    pub fn first_error(&self) -> Option<&str> {
        [
            self.health.error(),
            self.node.error(),
            self.epoch.error(),
            self.validators.error(),
            self.challenges.error(),
            self.leaderboard.error(),
            self.recent.error(),
            self.mine.error(),
            self.weights.error(),
        ]
        .into_iter()
        .flatten()
        .next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_last_value_and_marks_it_stale() {
        let mut feed = Feed::default();
        assert_eq!(feed.freshness(5), Freshness::Loading);
        feed.take(Err("down".into()), 5);
        assert_eq!(feed.freshness(5), Freshness::Missing);
        feed.take(Ok(7), 10);
        assert_eq!(feed.freshness(10), Freshness::Fresh);
        feed.take(Err("down".into()), 20);
        assert_eq!(feed.value(), Some(&7));
        assert_eq!(feed.freshness(30), Freshness::Stale(20));
        feed.take(Ok(8), 40);
        assert_eq!(feed.error(), None);
    }

    #[test]
    fn a_value_that_nobody_confirms_becomes_stale_by_itself() {
        let mut feed = Feed::default();
        feed.take(Ok(7), 10);
        let late = 10 + STALE_AFTER_MS;
        assert_eq!(feed.freshness(late - 1), Freshness::Fresh);
        assert_eq!(feed.freshness(late), Freshness::Stale(STALE_AFTER_MS));
    }
}
