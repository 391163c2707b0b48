//! The core by events, and the screen by snapshots.

use assay_api::submission::{Fault, SubmissionStatus};
use assay_api::weights::{SubmissionMethod, SubmissionStage, WeightsStatus};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::app::{App, Detail, Effect, Event, Query, Tab};
use super::data::Update;
use super::view;
use crate::fixtures;
use crate::limits::STALE_AFTER_MS;

const URL: &str = "http://127.0.0.1:8080";

fn empty(tab: Tab) -> App {
    let mut app = App::new(URL, tab, Query::default());
    app.update(Event::Tick {
        now_ms: fixtures::NOW_MS,
    });
    app
}

/// An app after one refresh; a few earlier ones left a trend of peers.
fn loaded(tab: Tab) -> App {
    let mut app = empty(tab);
    take(
        &mut app,
        Update::Challenges(Ok(fixtures::challenges(&["term-challenge"]))),
    );
    for peers in [1, 2, 2, 3] {
        let mut health = fixtures::health();
        health.peers = peers;
        take(&mut app, Update::Health(Ok(health)));
    }
    take(&mut app, Update::Node(Ok(fixtures::node_status())));
    take(&mut app, Update::Epoch(Ok(fixtures::epoch())));
    take(
        &mut app,
        Update::Validators(Ok(fixtures::validators().validators)),
    );
    take(&mut app, Update::Weights(Ok(fixtures::weights())));
    take(
        &mut app,
        Update::Leaderboard(Ok(parsed(fixtures::leaderboard()))),
    );
    take(&mut app, Update::Stats(Ok(parsed(fixtures::stats()))));
    take(&mut app, Update::Decay(Ok(parsed(fixtures::decay()))));
    take(&mut app, Update::Recent(Ok(fixtures::submissions())));
    app
}

fn parsed<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

fn take(app: &mut App, update: Update) -> Vec<Effect> {
    let query = app.query.clone();
    let update = Box::new(update);
    app.update(Event::Data { query, update })
}

fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        press(app, KeyCode::Char(c));
    }
}

fn screen(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::draw(app, frame)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn screens_of_a_node_that_has_not_answered_yet_invent_no_rows() {
    for tab in Tab::ALL {
        let mut app = empty(tab);
        app.update(Event::RefreshStarted);
        assert_snapshot!(format!("loading_{}", tab.title()), screen(&app, 80, 24));
    }
}

#[test]
fn screens_with_data_fit_80_by_24() {
    for tab in Tab::ALL {
        assert_snapshot!(
            format!("loaded_{}", tab.title()),
            screen(&loaded(tab), 80, 24)
        );
    }
}

#[test]
fn wide_screens_show_whole_hotkeys() {
    for tab in Tab::ALL {
        let text = screen(&loaded(tab), 140, 30);
        assert_snapshot!(format!("wide_{}", tab.title()), text);
    }
}

#[test]
fn screens_of_an_empty_network_say_that_it_is_empty() {
    for tab in Tab::ALL {
        let mut app = empty(tab);
        take(
            &mut app,
            Update::Challenges(Ok(fixtures::challenges(&["term-challenge"]))),
        );
        take(&mut app, Update::Health(Ok(fixtures::health())));
        take(&mut app, Update::Leaderboard(Ok(Vec::new())));
        take(&mut app, Update::Recent(Ok(Vec::new())));
        take(&mut app, Update::Validators(Ok(Vec::new())));
        assert_snapshot!(format!("empty_{}", tab.title()), screen(&app, 80, 24));
    }
}

#[test]
fn a_node_that_stops_answering_leaves_its_data_marked_stale_with_the_error() {
    for tab in Tab::ALL {
        let mut app = loaded(tab);
        app.update(Event::Tick {
            now_ms: fixtures::NOW_MS + 25_000,
        });
        let error = "no answer from http://127.0.0.1:8080/ within 4000 ms";
        take(&mut app, Update::Health(Err(error.into())));
        assert_snapshot!(format!("stale_{}", tab.title()), screen(&app, 80, 24));
    }
}

#[test]
fn a_hung_refresh_marks_data_stale_by_the_clock_alone_and_keys_go_on() {
    let mut app = loaded(Tab::Leaderboard);
    app.update(Event::RefreshStarted);
    assert!(!screen(&app, 80, 24).contains("STALE"));
    app.update(Event::Tick {
        now_ms: fixtures::NOW_MS + STALE_AFTER_MS,
    });
    press(&mut app, KeyCode::Down);
    assert_snapshot!("hung", screen(&app, 80, 24));
}

#[test]
fn a_node_that_is_down_from_the_start_shows_why() {
    let mut app = empty(Tab::Network);
    take(&mut app, Update::Health(Err("can't reach the node".into())));
    app.update(Event::RefreshEnded);
    assert_snapshot!("down", screen(&app, 80, 24));
}

#[test]
fn details_show_the_whole_journey_miner_and_validator() {
    let mut app = loaded(Tab::Submission);
    press(&mut app, KeyCode::Enter);
    assert_snapshot!("detail_loading", screen(&app, 80, 24));
    let id = app.query.submission.clone().unwrap();
    let journey = fixtures::journey(&id, SubmissionStatus::Agreed, Fault::Miner);
    take(&mut app, Update::Journey(Ok(journey)));
    take(&mut app, Update::Tasks(Ok(fixtures::tasks())));
    assert_snapshot!("detail_submission", screen(&app, 80, 24));
    press(&mut app, KeyCode::PageDown);
    assert_snapshot!("detail_submission_scrolled", screen(&app, 80, 24));

    let mut app = loaded(Tab::Leaderboard);
    press(&mut app, KeyCode::Enter);
    assert_snapshot!("detail_miner", screen(&app, 80, 24));
    let mut app = loaded(Tab::Network);
    press(&mut app, KeyCode::End);
    press(&mut app, KeyCode::Enter);
    assert_snapshot!("detail_validator", screen(&app, 80, 24));
}

#[test]
fn weights_are_opened_from_every_tab_and_closed_by_the_same_key() {
    for tab in Tab::ALL {
        let mut app = loaded(tab);
        assert_eq!(press(&mut app, KeyCode::Char('w')), []);
        assert_eq!(app.detail, Some((Detail::Weights, 0)));
        press(&mut app, KeyCode::Char('w'));
        assert_eq!(app.detail, None);
    }
    let mut app = loaded(Tab::Submission);
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Char('w'));
    assert!(matches!(&effects[..], [Effect::Ask(query)] if query.submission.is_none()));
    assert_eq!(app.detail, Some((Detail::Weights, 0)));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.detail, None);
    press(&mut app, KeyCode::Char('/'));
    press(&mut app, KeyCode::Char('w'));
    assert_eq!(app.detail, None);
}

fn with_weights_open(mut app: App) -> App {
    press(&mut app, KeyCode::Char('w'));
    app
}

#[test]
fn weights_show_their_way_to_the_chain_at_every_width() {
    let mut app = with_weights_open(loaded(Tab::Leaderboard));
    assert_snapshot!("weights_top", screen(&app, 80, 24));
    press(&mut app, KeyCode::PageDown);
    assert_snapshot!("weights_scrolled", screen(&app, 80, 24));
    press(&mut app, KeyCode::Home);
    assert_snapshot!("weights_narrow", screen(&app, 40, 70));
    assert_snapshot!("weights_wide", screen(&app, 140, 46));
}

#[test]
fn the_last_line_of_weights_is_in_reach_on_a_narrow_screen() {
    let mut app = with_weights_open(loaded(Tab::Network));
    for _ in 0..100 {
        press(&mut app, KeyCode::PageDown);
    }
    let text = screen(&app, 30, 12);
    assert!(text.contains("sent by this node"), "{text}");
}

#[test]
fn weights_that_are_not_there_say_why() {
    let mut app = with_weights_open(empty(Tab::Network));
    app.update(Event::RefreshStarted);
    assert_snapshot!("weights_loading", screen(&app, 80, 24));
    let error = "the node says -32603: state_getKeys: no answer of the chain within 5000 ms";
    take(&mut app, Update::Weights(Err(error.into())));
    assert_snapshot!("weights_missing", screen(&app, 80, 24));

    let mut app = with_weights_open(loaded(Tab::Network));
    take(&mut app, Update::Weights(Ok(fixtures::no_weights())));
    assert_snapshot!("weights_empty", screen(&app, 80, 24));
}

#[test]
fn weights_of_a_chain_that_stopped_answering_are_marked_stale_with_the_error() {
    let mut app = with_weights_open(loaded(Tab::Network));
    app.update(Event::Tick {
        now_ms: fixtures::NOW_MS + 5_000,
    });
    let error = "the node says -32603: state_getKeys: no answer of the chain within 5000 ms";
    take(&mut app, Update::Weights(Err(error.into())));
    assert_snapshot!("weights_stale", screen(&app, 80, 24));
}

#[test]
fn weights_under_way_name_commits_double_votes_and_the_unregistered() {
    let mut report = fixtures::weights();
    let timelocked = SubmissionMethod::Timelocked;
    report.submission = Some(fixtures::submission(11, SubmissionStage::Taken, timelocked));
    report.status = WeightsStatus::Committed;
    report.votes[1].agrees = None;
    report.votes[2].double_vote = true;
    report.votes.remove(0);
    report.entries[1].uid = None;
    report.history.truncate(1);
    let mut app = with_weights_open(loaded(Tab::Network));
    take(&mut app, Update::Weights(Ok(report)));
    assert_snapshot!("weights_committed", screen(&app, 80, 40));
    press(&mut app, KeyCode::Esc);
    let text = screen(&app, 80, 24);
    let line = "weights of epoch 11: committed, to be revealed in epoch 13 (timelocked)";
    assert!(text.contains(line), "{text}");
}

#[test]
fn the_node_panel_tells_a_bystander_how_the_votes_stand() {
    let mut report = fixtures::weights();
    report.submission = None;
    let mut app = loaded(Tab::Network);
    take(&mut app, Update::Weights(Ok(report.clone())));
    let line = "weights of epoch 11: agreed, on the chain, 2 paid, 75% of the stake agrees";
    assert!(screen(&app, 80, 24).contains(line));
    report.status = WeightsStatus::Voting;
    take(&mut app, Update::Weights(Ok(report)));
    let line = "being voted on, 2 paid, 4 validators voted, no majority yet";
    assert!(screen(&app, 90, 24).contains(line));
}

#[test]
fn weights_that_pay_hundreds_leave_what_follows_in_reach() {
    let mut report = fixtures::weights();
    let one = report.entries[0].clone();
    report.entries = vec![one; 250];
    let mut app = with_weights_open(loaded(Tab::Network));
    take(&mut app, Update::Weights(Ok(report)));
    let text = screen(&app, 80, 60);
    assert!(text.contains("and 230 more: assay status --json shows all"));
    assert!(text.contains("Attempts of this node"));
}

#[test]
fn words_of_the_chain_about_weights_cannot_steer_the_terminal() {
    let mut report = fixtures::weights();
    let evil = "evil\x1b[2J\u{202e}name".to_owned();
    report.weights_hash = Some(evil.clone());
    report.votes[3].weights_hash = evil.clone();
    report.entries[0].hotkey = evil.clone();
    report.chain[0].hotkey = evil.clone();
    let submission = report.submission.as_mut().unwrap();
    submission.reason = Some(evil.clone());
    submission.attempts[0].result = evil.clone();
    submission.attempts[1].call = Some(evil);
    let mut app = with_weights_open(loaded(Tab::Network));
    take(&mut app, Update::Weights(Ok(report)));
    let text = screen(&app, 140, 60);
    assert!(text.contains("evil") && !text.contains('\x1b') && !text.contains('\u{202e}'));
}

#[test]
fn the_help_names_the_keys() {
    let mut app = loaded(Tab::Leaderboard);
    press(&mut app, KeyCode::Char('?'));
    assert_snapshot!("help", screen(&app, 80, 24));
    press(&mut app, KeyCode::Char('q'));
    assert!(!app.is_help_open);
}

#[test]
fn no_terminal_is_too_small_to_draw() {
    for tab in Tab::ALL {
        for (width, height) in [(1, 1), (10, 3), (20, 8), (80, 5), (300, 100)] {
            let mut app = loaded(tab);
            screen(&app, width, height);
            press(&mut app, KeyCode::Enter);
            press(&mut app, KeyCode::Char('?'));
            screen(&app, width, height);
            press(&mut app, KeyCode::Esc);
            press(&mut app, KeyCode::Char('w'));
            screen(&app, width, height);
        }
    }
}

#[test]
fn tabs_go_around_both_ways_and_by_number() {
    let mut app = loaded(Tab::Leaderboard);
    press(&mut app, KeyCode::BackTab);
    assert_eq!(app.tab, Tab::Network);
    press(&mut app, KeyCode::Tab);
    assert_eq!(app.tab, Tab::Leaderboard);
    press(&mut app, KeyCode::Char('3'));
    assert_eq!(app.tab, Tab::Submission);
}

#[test]
fn the_selection_stays_inside_the_rows_and_each_tab_has_its_own() {
    let mut app = loaded(Tab::Submission);
    for _ in 0..50 {
        press(&mut app, KeyCode::Char('j'));
    }
    assert_eq!(app.table(Tab::Submission).selected, 9);
    press(&mut app, KeyCode::PageUp);
    press(&mut app, KeyCode::Char('k'));
    assert_eq!(app.table(Tab::Submission).selected, 0);
    press(&mut app, KeyCode::End);
    press(&mut app, KeyCode::Tab);
    assert_eq!(app.table(Tab::Network).selected, 0);
    assert_eq!(app.table(Tab::Submission).selected, 9);
}

#[test]
fn the_selection_follows_its_row_when_a_refresh_moves_it() {
    let mut app = loaded(Tab::Submission);
    press(&mut app, KeyCode::Down);
    let chosen = app.selected_id();
    let mut moved = fixtures::submissions();
    moved.rotate_left(1);
    take(&mut app, Update::Recent(Ok(moved)));
    assert_eq!(app.table(Tab::Submission).selected, 0);
    assert_eq!(app.selected_id(), chosen);
    take(&mut app, Update::Recent(Ok(Vec::new())));
    assert_eq!(app.selected_id(), None);
}

#[test]
fn a_filter_narrows_rows_says_when_nothing_matches_and_is_cleared_by_esc() {
    let mut app = loaded(Tab::Submission);
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "AGENT-7");
    assert_snapshot!("filtering", screen(&app, 80, 24));
    assert_eq!(app.submission_rows().len(), 1);
    press(&mut app, KeyCode::Enter);
    assert_eq!(press(&mut app, KeyCode::Char('q')), [Effect::Quit]);
    press(&mut app, KeyCode::Char('/'));
    type_text(&mut app, "q");
    assert!(screen(&app, 80, 24).contains("Nothing matches"));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.submission_rows().len(), 10);
}

#[test]
fn the_only_challenge_is_picked_and_of_several_none() {
    let mut app = empty(Tab::Leaderboard);
    let one = fixtures::challenges(&["term-challenge"]);
    let effects = take(&mut app, Update::Challenges(Ok(one)));
    assert!(matches!(&effects[..], [Effect::Ask(query)]
        if query.challenge.as_deref() == Some("term-challenge")));

    let mut app = empty(Tab::Leaderboard);
    let two = fixtures::challenges(&["a", "b"]);
    assert_eq!(take(&mut app, Update::Challenges(Ok(two))), []);
    assert!(screen(&app, 80, 24).contains("press c"));
    for expected in ["a", "b", "a"] {
        press(&mut app, KeyCode::Char('c'));
        assert_eq!(app.query.challenge.as_deref(), Some(expected));
    }
}

#[test]
fn an_answer_to_a_replaced_question_is_dropped() {
    let mut app = loaded(Tab::Submission);
    let old = app.query.clone();
    press(&mut app, KeyCode::Char('s'));
    assert!(app.query.hotkey.is_some());
    let update = Box::new(Update::Mine(Ok(fixtures::submissions())));
    app.update(Event::Data { query: old, update });
    assert_eq!(app.submission_rows().len(), 0);
}

#[test]
fn opening_a_submission_asks_for_it_and_closing_stops_asking() {
    let mut app = loaded(Tab::Evaluation);
    let effects = press(&mut app, KeyCode::Enter);
    let id = fixtures::submissions()[0].submission_id.clone();
    assert!(matches!(&effects[..], [Effect::Ask(query)] if query.submission == Some(id)));
    let effects = press(&mut app, KeyCode::Esc);
    assert!(matches!(&effects[..], [Effect::Ask(query)] if query.submission.is_none()));
}

#[test]
fn ctrl_c_quits_from_anywhere_and_r_asks_at_once() {
    let mut app = loaded(Tab::Leaderboard);
    let query = app.query.clone();
    assert_eq!(press(&mut app, KeyCode::Char('r')), [Effect::Ask(query)]);
    press(&mut app, KeyCode::Char('/'));
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(app.update(Event::Key(ctrl_c)), [Effect::Quit]);
}

#[test]
fn texts_of_miners_cannot_steer_the_terminal() {
    let mut app = loaded(Tab::Submission);
    let mut rows = fixtures::submissions();
    rows[0].name = "evil\x1b[2J\u{202e}name".into();
    take(&mut app, Update::Recent(Ok(rows)));
    let text = screen(&app, 140, 24);
    assert!(!text.contains('\x1b') && !text.contains('\u{202e}'));
}

fn any_key() -> impl Strategy<Value = KeyCode> {
    let special = proptest::sample::select(vec![
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
    ]);
    let letter = proptest::sample::select("jkgGqrsacw/?1234x".chars().collect::<Vec<_>>());
    prop_oneof![special, letter.prop_map(KeyCode::Char)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sequence_of_keys_and_answers_loses_the_selection_or_breaks_the_screen(
        keys in proptest::collection::vec((any_key(), 0usize..12), 0..60),
        width in 1u16..160,
        height in 1u16..50,
    ) {
        let mut app = loaded(Tab::Leaderboard);
        app.update(Event::Resize { height });
        let all = fixtures::submissions();
        for (key, rows) in keys {
            press(&mut app, key);
            prop_assert!(app.table(app.tab).selected < app.row_count().max(1));
            take(&mut app, Update::Recent(Ok(all.iter().take(rows).cloned().collect())));
            prop_assert!(app.table(app.tab).selected < app.row_count().max(1));
        }
        screen(&app, width, height);
    }
}
