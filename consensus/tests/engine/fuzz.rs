//! Whatever signed messages come in whatever order: the engine never panics, never asks for two
//! different votes in one step, and stays small.

use assay_consensus::block::{Proposal, VoteKind};
use assay_consensus::engine::EngineInput;
use assay_consensus::envelope::Signed;
use assay_consensus::limits::ROUND_MESSAGES_MAX;
use assay_consensus::validators::Quorum;
use proptest::prelude::*;

use crate::script::{Actor, Cast, NETWORK, block};

#[derive(Debug, Clone)]
enum Move {
    Vote {
        by: usize,
        round: u32,
        kind: VoteKind,
        block: Option<u64>,
    },
    Proposal {
        by: Option<usize>,
        round: u32,
        pol_round: Option<u32>,
        block: u64,
        valid: bool,
    },
    Build {
        round: u32,
    },
    Wait,
    Back(u64),
    Start,
    Restart {
        keep_justifications: bool,
    },
}

fn rounds() -> impl Strategy<Value = u32> {
    prop_oneof![
        6 => 0u32..4,
        2 => 0u32..40,
        1 => any::<u32>(),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    let kinds = prop_oneof![Just(VoteKind::Prevote), Just(VoteKind::Precommit)];
    prop_oneof![
        12 => (0usize..4, rounds(), kinds, prop::option::weighted(0.8, 0u64..3))
            .prop_map(|(by, round, kind, block)| Move::Vote { by, round, kind, block }),
        6 => (
            prop::option::weighted(0.2, 0usize..4),
            rounds(),
            prop::option::of(rounds()),
            0u64..3,
            prop::bool::weighted(0.8),
        )
            .prop_map(|(by, round, pol_round, block, valid)| {
                Move::Proposal { by, round, pol_round, block, valid }
            }),
        1 => rounds().prop_map(|round| Move::Build { round }),
        4 => Just(Move::Wait),
        1 => (0u64..10_000).prop_map(Move::Back),
        1 => Just(Move::Start),
        1 => any::<bool>().prop_map(|keep_justifications| Move::Restart { keep_justifications }),
    ]
}

fn play<'a>(mut actor: Actor<'a>, cast: &'a Cast, a_move: Move) -> Actor<'a> {
    let hotkey = cast.keys[0].hotkey();
    match a_move {
        Move::Vote {
            by,
            round,
            kind,
            block: salt,
        } => {
            // Only the actor signs for itself.
            if by != actor.me {
                let id = salt.map(|salt| block(hotkey, salt).id());
                actor.step(cast.vote(by, round, kind, id));
            }
        }
        Move::Proposal {
            by,
            round,
            pol_round,
            block: salt,
            valid,
        } => {
            let by = by.unwrap_or_else(|| cast.proposer(round));
            if by != actor.me {
                let proposal = Proposal {
                    round,
                    pol_round,
                    block: block(hotkey, salt),
                };
                let proposal = Signed::sign(&NETWORK, proposal, &cast.keys[by]);
                actor.step(EngineInput::Proposal { proposal, valid });
            }
        }
        Move::Build { round } => {
            let block = block(hotkey, 0);
            actor.step(EngineInput::Propose { round, block });
        }
        Move::Wait => {
            if actor.engine.next_deadline_ms().is_some() {
                actor.wait();
            }
        }
        Move::Back(by_ms) => {
            actor.now_ms = actor.now_ms.saturating_sub(by_ms);
            actor.step(EngineInput::Tick);
        }
        Move::Start => actor.start(),
        Move::Restart {
            keep_justifications,
        } => {
            if !keep_justifications {
                actor.justifications.clear();
            }
            actor.decided = None;
            actor = actor.restarted();
        }
    }
    actor
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_order_of_messages_breaks_the_engine(
        stakes in prop::collection::vec(1u64..50, 4),
        me in 0usize..4,
        supermajority in any::<bool>(),
        moves in prop::collection::vec(moves(), 1..120),
    ) {
        let quorum = if supermajority { Quorum::Supermajority } else { Quorum::Majority };
        let cast = Cast::new(&stakes, quorum);
        let mut actor = Actor::new(&cast, me);
        for a_move in moves {
            actor = play(actor, &cast, a_move);
            let kept = actor.engine.messages().len();
            prop_assert!(kept <= 2 * 4 * ROUND_MESSAGES_MAX, "{kept} messages");
        }
    }
}
