//! The background task that asks the node. A refresh is two rounds: first whether the node answers
//! at all, then everything else at once; each call has a deadline, failures lengthen the pause.

use std::time::Duration;

use assay_api::challenge::ChallengeCallParams;
use assay_api::submission::{SubmissionListParams, SubmissionSummary};
use assay_api::validator::PageParams;
use assay_api::{ClientError, RpcClient};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};

use super::app::{Event, Query};
use super::data::{Answer, LeaderboardRow, Update};
use crate::limits::{
    REFRESH_BACKOFF_MAX_MS, REFRESH_INTERVAL_MS, TUI_LEADERBOARD_MAX, TUI_SUBMISSIONS_MAX,
};
use crate::text::clean;

/// HTTP status of a route that answered.
const HTTP_OK: u16 = 200;

/// The screen is gone; nobody listens any more.
struct ScreenGone;

/// Asks the node until the screen is gone. A new query interrupts whatever goes on.
pub async fn run(
    client: RpcClient,
    mut queries: watch::Receiver<Query>,
    events: mpsc::Sender<Event>,
) {
    let mut pause_ms = REFRESH_INTERVAL_MS;
    loop {
        let query = queries.borrow_and_update().clone();
        let worker = Worker {
            client: &client,
            query,
            events: &events,
        };
        let refreshed = tokio::select! {
            refreshed = worker.refresh() => refreshed,
            changed = queries.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        pause_ms = match refreshed {
            Ok(true) => REFRESH_INTERVAL_MS,
            Ok(false) => (pause_ms * 2).min(REFRESH_BACKOFF_MAX_MS),
            Err(ScreenGone) => return,
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
            changed = queries.changed() => if changed.is_err() { return },
        }
    }
}

struct Worker<'a> {
    client: &'a RpcClient,
    query: Query,
    events: &'a mpsc::Sender<Event>,
}

impl Worker<'_> {
    /// Whether the node answered.
    async fn refresh(&self) -> Result<bool, ScreenGone> {
        self.send(Event::RefreshStarted).await?;
        let health = answer(self.client.system_health().await);
        let is_up = health.is_ok();
        self.data(Update::Health(health)).await?;
        if is_up {
            self.ask_the_rest().await?;
        }
        self.send(Event::RefreshEnded).await?;
        Ok(is_up)
    }

    /// All at once; each answer is shown as soon as it is there.
    async fn ask_the_rest(&self) -> Result<(), ScreenGone> {
        let client = self.client;
        let page = PageParams {
            limit: Some(assay_api::limits::PAGE_MAX_ENTRIES),
            offset: None,
        };
        tokio::try_join!(
            async {
                self.data(Update::Node(answer(client.node_status().await)))
                    .await
            },
            async {
                self.data(Update::Epoch(answer(client.epoch_current().await)))
                    .await
            },
            async {
                let list = client.validator_list(&page).await;
                self.data(Update::Validators(answer(list).map(|list| list.validators)))
                    .await
            },
            async {
                let list = answer(client.challenge_list(false).await);
                self.data(Update::Challenges(list)).await
            },
            async {
                let weights = answer(client.weights_get(None).await);
                self.data(Update::Weights(weights)).await
            },
            async {
                self.data(Update::Recent(self.submissions(None).await))
                    .await
            },
            self.ask_challenge(),
            self.ask_miner(),
            self.ask_submission(),
        )?;
        Ok(())
    }

    async fn ask_challenge(&self) -> Result<(), ScreenGone> {
        let Some(challenge) = &self.query.challenge else {
            return Ok(());
        };
        tokio::try_join!(
            async {
                let rows: Answer<Vec<LeaderboardRow>> = self.route(challenge, "/leaderboard").await;
                let rows = rows.map(|mut rows| {
                    rows.truncate(TUI_LEADERBOARD_MAX);
                    rows
                });
                self.data(Update::Leaderboard(rows)).await
            },
            async {
                self.data(Update::Stats(self.route(challenge, "/stats").await))
                    .await
            },
            async {
                self.data(Update::Decay(self.route(challenge, "/decay").await))
                    .await
            },
        )?;
        Ok(())
    }

    async fn ask_miner(&self) -> Result<(), ScreenGone> {
        match &self.query.hotkey {
            Some(hotkey) => {
                let mine = self.submissions(Some(hotkey)).await;
                self.data(Update::Mine(mine)).await
            }
            None => Ok(()),
        }
    }

    async fn ask_submission(&self) -> Result<(), ScreenGone> {
        let Some(id) = &self.query.submission else {
            return Ok(());
        };
        tokio::try_join!(
            async {
                let journey = answer(self.client.submission_get(id).await);
                self.data(Update::Journey(journey)).await
            },
            async {
                let tasks = answer(self.client.evaluation_get_progress(id).await);
                self.data(Update::Tasks(tasks)).await
            },
        )?;
        Ok(())
    }

    async fn submissions(&self, hotkey: Option<&str>) -> Answer<Vec<SubmissionSummary>> {
        let params = SubmissionListParams {
            hotkey: hotkey.map(str::to_owned),
            challenge: self.query.challenge.clone(),
            limit: Some(TUI_SUBMISSIONS_MAX),
            ..SubmissionListParams::default()
        };
        answer(self.client.submission_list(&params).await).map(|list| list.submissions)
    }

    async fn route<T: DeserializeOwned>(&self, challenge: &str, path: &str) -> Answer<T> {
        let params = ChallengeCallParams {
            challenge_id: challenge.to_owned(),
            method: Some("GET".into()),
            path: Some(path.to_owned()),
            ..ChallengeCallParams::default()
        };
        let result = answer(self.client.challenge_call(&params).await)?;
        if result.status != HTTP_OK {
            let text = clean(&result.body.to_string());
            return Err(format!("{path}: status {}: {text}", result.status));
        }
        serde_json::from_value(result.body)
            .map_err(|error| clean(&format!("{path}: not what was expected: {error}")))
    }

    async fn data(&self, update: Update) -> Result<(), ScreenGone> {
        let query = self.query.clone();
        let update = Box::new(update);
        self.send(Event::Data { query, update }).await
    }

    async fn send(&self, event: Event) -> Result<(), ScreenGone> {
        self.events.send(event).await.map_err(|_| ScreenGone)
    }
}

fn answer<T>(result: Result<T, ClientError>) -> Answer<T> {
    result.map_err(|error| clean(&error.to_string()))
}
