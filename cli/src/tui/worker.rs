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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use assay_api::ClientOptions;
    use assay_api::envelope::Response;
    use axum::routing::post;
    use axum::{Json, Router};
    use serde_json::{Value, json};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::fixtures;

    const LONG: Duration = Duration::from_secs(3_600);

    struct Screen {
        events: mpsc::Receiver<Event>,
        queries: watch::Sender<Query>,
        worker: JoinHandle<()>,
    }

    fn screen(url: &str, query: Query, timeout: Duration) -> Screen {
        let options = ClientOptions {
            connect_timeout: timeout,
            request_timeout: timeout,
            ..ClientOptions::default()
        };
        let client = RpcClient::with_options(url, options).unwrap();
        let (queries, query_receiver) = watch::channel(query);
        let (event_sender, events) = mpsc::channel(2);
        Screen {
            events,
            queries,
            worker: tokio::spawn(run(client, query_receiver, event_sender)),
        }
    }

    /// Takes connections and never answers.
    fn hung_node() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, url)
    }

    async fn answer_like_a_node(Json(request): Json<Value>) -> Json<Response> {
        let called = |body| json!({"challengeId": "x", "status": 200, "headers": {}, "body": body});
        let id = fixtures::submissions()[0].submission_id.clone();
        let status = assay_api::submission::SubmissionStatus::Agreed;
        let fault = assay_api::submission::Fault::Miner;
        let submissions = json!({"total": 10, "submissions": fixtures::submissions()});
        let result = match request["method"].as_str().unwrap() {
            "system_health" => json!(fixtures::health()),
            "node_status" => json!(fixtures::node_status()),
            "epoch_current" => json!(fixtures::epoch()),
            "validator_list" => json!(fixtures::validators()),
            "challenge_list" => json!(fixtures::challenges(&["term-challenge"])),
            "weights_get" => json!(fixtures::weights()),
            "submission_list" => submissions,
            "submission_get" => json!(fixtures::journey(&id, status, fault)),
            "evaluation_getProgress" => json!(fixtures::tasks()),
            "challenge_call" => called(match request["params"]["path"].as_str().unwrap() {
                "/leaderboard" => fixtures::leaderboard(),
                "/stats" => fixtures::stats(),
                _ => fixtures::decay(),
            }),
            other => panic!("{other} is not asked"),
        };
        Json(Response::result(request["id"].clone(), result))
    }

    #[tokio::test]
    async fn one_refresh_fills_every_part_of_the_screen() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(answer_like_a_node));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let query = Query {
            challenge: Some("term-challenge".into()),
            hotkey: Some(fixtures::miner(1).to_ss58()),
            submission: Some(fixtures::submissions()[0].submission_id.clone()),
        };
        let mut screen = screen(&url, query, LONG);
        let mut feeds = crate::tui::data::Feeds::default();
        loop {
            match screen.events.recv().await.unwrap() {
                Event::Data { update, .. } => feeds.take(*update, 1),
                Event::RefreshEnded => break,
                _ => {}
            }
        }
        assert_eq!(feeds.first_error(), None);
        assert!(feeds.health.value().is_some() && feeds.node.value().is_some());
        assert!(feeds.epoch.value().is_some() && feeds.weights.value().is_some());
        assert!(feeds.stats.value().is_some() && feeds.decay.value().is_some());
        assert!(feeds.journey.value().is_some() && feeds.tasks.value().is_some());
        assert_eq!(feeds.validators.value().map(Vec::len), Some(4));
        assert_eq!(feeds.leaderboard.value().map(Vec::len), Some(2));
        assert_eq!(feeds.recent.value().map(Vec::len), Some(10));
        assert_eq!(feeds.mine.value().map(Vec::len), Some(10));
        server.abort();
    }

    #[tokio::test]
    async fn a_hung_node_ends_the_refresh_at_its_deadline_with_an_error() {
        let (_listener, url) = hung_node();
        let mut screen = screen(&url, Query::default(), Duration::from_millis(200));
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(screen.events.recv().await.unwrap());
        }
        assert!(matches!(&seen[1], Event::Data { update, .. }
            if matches!(&**update, Update::Health(Err(error)) if error.contains("200 ms"))));
        assert!(matches!(seen[2], Event::RefreshEnded));
    }

    #[tokio::test]
    async fn a_new_question_interrupts_a_refresh_that_hangs() {
        let (_listener, url) = hung_node();
        let mut screen = screen(&url, Query::default(), LONG);
        assert!(matches!(
            screen.events.recv().await,
            Some(Event::RefreshStarted)
        ));
        screen.queries.send_replace(Query::default());
        assert!(matches!(
            screen.events.recv().await,
            Some(Event::RefreshStarted)
        ));
    }

    #[tokio::test]
    async fn the_worker_ends_when_the_screen_is_gone() {
        let (_listener, url) = hung_node();
        let Screen {
            events,
            queries,
            worker,
        } = screen(&url, Query::default(), LONG);
        drop(events);
        drop(queries);
        worker.await.unwrap();
    }
}
