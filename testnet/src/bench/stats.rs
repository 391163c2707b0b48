//! Percentiles, and the stages of a submission's way.

use assay_api::submission::{JourneyStep, SubmissionStatus};
use serde::Serialize;

/// Order statistics of durations, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: u64,
    /// Nine of ten are not above it.
    pub p90: u64,
    /// 99 of 100 are not above it.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// Time that submissions spent in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// What the stage ended with.
    pub until: SubmissionStatus,
    /// Submissions that were seen to pass it.
    pub submissions: usize,
    /// Milliseconds in it.
    pub ms: Percentiles,
}

/// The stages in order.
pub struct Stages;

impl Percentiles {
    /// By the nearest rank: each is one of the values. None of no values.
    pub fn of(values: impl IntoIterator<Item = u64>) -> Option<Percentiles> {
        let mut sorted: Vec<u64> = values.into_iter().collect();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.checked_sub(1)?).copied()
        };
        Some(Percentiles {
            p50: rank(50)?,
            p90: rank(90)?,
            p99: rank(99)?,
            max: rank(100)?,
        })
    }
}

impl Stages {
    /// From when submissions were sent (Unix milliseconds) and their steps. A step that a journey
    /// skipped, since a later one came first, leaves its time to the next.
    pub fn of<'a>(journeys: impl IntoIterator<Item = (u64, &'a [JourneyStep])>) -> Vec<Stage> {
        let mut times: Vec<(SubmissionStatus, Vec<u64>)> = SubmissionStatus::ALL
            .into_iter()
            .map(|status| (status, Vec::new()))
            .collect();
        for (sent_ms, steps) in journeys {
            let mut from = sent_ms;
            for step in steps {
                if let Some((_, stage)) = times.iter_mut().find(|(until, _)| *until == step.status)
                {
                    stage.push(step.time_ms.saturating_sub(from));
                }
                from = step.time_ms;
            }
        }
        let stages = times.into_iter().filter_map(|(until, stage)| {
            Some(Stage {
                until,
                submissions: stage.len(),
                ms: Percentiles::of(stage)?,
            })
        });
        stages.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred_are_their_ranks_whatever_the_order() {
        let expected = Percentiles {
            p50: 50,
            p90: 90,
            p99: 99,
            max: 100,
        };
        assert_eq!(Percentiles::of((1..=100).rev()), Some(expected));
    }

    #[test]
    fn few_values_give_values_that_occurred() {
        let of = |values: &[u64]| Percentiles::of(values.iter().copied()).unwrap();
        assert_eq!(of(&[7]).p99, 7);
        assert_eq!((of(&[1, 2]).p50, of(&[1, 2]).p90), (1, 2));
        assert_eq!((of(&[3, 1, 2]).p50, of(&[3, 1, 2]).max), (2, 3));
        assert_eq!(Percentiles::of([]), None);
    }

    fn step(status: SubmissionStatus, time_ms: u64) -> JourneyStep {
        JourneyStep {
            status,
            time_ms,
            height: None,
            chain_block: None,
            reason: None,
        }
    }

    #[test]
    fn a_skipped_step_leaves_its_time_to_the_next() {
        use SubmissionStatus::{Agreed, Approved, Ordered, Received};
        let whole = [
            step(Received, 110),
            step(Approved, 130),
            step(Ordered, 160),
            step(Agreed, 200),
        ];
        let skipping = [step(Received, 105), step(Ordered, 160), step(Agreed, 161)];
        let stages = Stages::of([(100, whole.as_slice()), (100, skipping.as_slice())]);
        let seen: Vec<_> = stages
            .iter()
            .map(|stage| (stage.until, stage.submissions, stage.ms.p50, stage.ms.max))
            .collect();
        let expected = [
            (Received, 2, 5, 10),
            (Approved, 1, 20, 20),
            (Ordered, 2, 30, 55),
            (Agreed, 2, 1, 40),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_huge_times() {
        let steps = [step(SubmissionStatus::Received, 90)];
        let stages = Stages::of([(100, steps.as_slice())]);
        assert_eq!(stages.first().unwrap().ms.max, 0);
    }
}
