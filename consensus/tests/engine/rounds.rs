//! Rounds, thresholds, late and double messages, seen by one engine.

use assay_consensus::block::VoteKind::{Precommit, Prevote};
use assay_consensus::block::{ConsensusVote, VoteKind};
use assay_consensus::engine::EngineInput;
use assay_consensus::envelope::Signed;
use assay_consensus::keys::Keypair;
use assay_consensus::validators::Quorum;

use crate::script::{Actor, Cast, HEIGHT, NETWORK, block};

fn four() -> Cast {
    Cast::new(&[10, 10, 10, 10], Quorum::Majority)
}

#[test]
fn a_single_validator_decides_alone() {
    let cast = Cast::new(&[5], Quorum::Supermajority);
    let actor = Actor::started(&cast, 0);
    let decided = actor.decided.unwrap();
    assert_eq!(decided.certificate.signatures.len(), 1);
    assert_eq!(actor.engine.next_deadline_ms(), None);
}

#[test]
fn an_observer_decides_without_voting() {
    let cast = four();
    let mut engine = cast.engine(None);
    assert!(engine.start(0).is_empty());
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    assert!(engine.step(1, cast.proposal(0, None, &block)).is_empty());
    let mut effects = Vec::new();
    for by in 0..3 {
        effects.extend(engine.step(2, cast.vote(by, 0, Precommit, Some(block.id()))));
    }
    assert_eq!(effects.len(), 1);
}

#[test]
fn precommits_before_the_proposal_decide_when_it_comes() {
    let cast = four();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Precommit, Some(block.id())));
    }
    assert_eq!(actor.decided, None);
    actor.wait_for_round(1);
    actor.step(cast.proposal(0, None, &block));
    assert_eq!(actor.decided.unwrap().block, block);
}

#[test]
fn messages_before_the_start_count_after_it() {
    let cast = four();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::new(&cast, me);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    actor.step(cast.proposal(0, None, &block));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Precommit, Some(block.id())));
    }
    assert!(!actor.engine.is_started());
    assert_eq!(actor.engine.messages().len(), 4);
    let effects = actor.engine.start(5);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, assay_consensus::engine::EngineEffect::Decided(_)))
    );
}

#[test]
fn a_silent_proposer_costs_one_round() {
    let cast = four();
    let me = cast.proposer(1);
    let mut actor = Actor::started(&cast, me);
    actor.wait();
    assert_eq!(actor.voted(0, Prevote), None);
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Prevote, None));
    }
    assert_eq!(actor.voted(0, Precommit), None);
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Precommit, None));
    }
    actor.wait_for_round(1);
    assert_eq!(actor.proposals_in(1).len(), 1);
}

#[test]
fn a_proposal_of_somebody_else_is_ignored() {
    let cast = four();
    let me = cast.not_proposing(&[0, 1]);
    let mut actor = Actor::started(&cast, me);
    let block = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    let EngineInput::Proposal { proposal, .. } = cast.proposal(1, None, &block) else {
        panic!("expected a proposal");
    };
    let mut moved = proposal.as_signed().payload.clone();
    moved.round = 0;
    let usurper = Signed::sign(&NETWORK, moved, &cast.keys[cast.proposer(1)]);
    actor.step(EngineInput::Proposal {
        proposal: usurper,
        valid: true,
    });
    assert_eq!(actor.vote_in(0, Prevote), None);
    assert!(actor.engine.messages().is_empty());
}

#[test]
fn an_invalid_block_gets_a_nil_vote() {
    let cast = four();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    let EngineInput::Proposal { proposal, .. } = cast.proposal(0, None, &block) else {
        panic!("expected a proposal");
    };
    actor.step(EngineInput::Proposal {
        proposal,
        valid: false,
    });
    assert_eq!(actor.voted(0, Prevote), None);
}

#[test]
fn a_double_vote_is_evidence_once_and_counts_once() {
    let cast = four();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    actor.step(cast.proposal(0, None, &block));
    let cheat = cast.others(me)[0];
    for id in [None, Some(block.id()), None, Some(block.id())] {
        actor.step(cast.vote(cheat, 0, Precommit, id));
    }
    assert_eq!(actor.evidence.len(), 1);
    let author = actor.evidence[0].clone().verify(&NETWORK).unwrap();
    assert_eq!(author, cast.keys[cheat].hotkey());
    // Two honest precommits and the cheat's second one would be a majority of 4.
    for by in &cast.others(me)[1..3] {
        actor.step(cast.vote(*by, 0, Precommit, Some(block.id())));
    }
    assert_eq!(actor.decided, None);
    let double = actor.engine.messages();
    let of_cheat = double.iter().filter(|message| {
        matches!(message, assay_consensus::wire::Message::Vote(vote)
            if vote.signer == cast.keys[cheat].hotkey())
    });
    assert_eq!(of_cheat.count(), 2, "others must get the evidence as well");
}

#[test]
fn a_polka_counts_even_if_a_double_voter_showed_its_other_vote_first() {
    let cast = Cast::new(&[10, 10, 10, 10], Quorum::Supermajority);
    let me = cast.not_proposing(&[0, 1]);
    let mut actor = Actor::started(&cast, me);
    // No proposal in time: this validator votes nil, so the polka needs the cheat.
    actor.wait();
    let others = cast.others(me);
    actor.step(cast.vote(others[0], 0, Prevote, None));
    for by in &others {
        actor.step(cast.vote(*by, 0, Precommit, None));
    }
    actor.wait_for_round(1);
    let locked = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    actor.step(cast.proposal(1, Some(0), &locked));
    assert_eq!(actor.vote_in(1, Prevote), None, "there is no polka yet");
    for by in &others {
        actor.step(cast.vote(*by, 0, Prevote, Some(locked.id())));
    }
    assert_eq!(actor.voted(1, Prevote), Some(locked.id()));
}

#[test]
fn exactly_half_of_the_stake_decides_nothing() {
    let cast = Cast::new(&[10, 10, 10, 10], Quorum::Majority);
    let me = cast.not_proposing(&[0]);
    let mut engine = cast.engine(None);
    engine.start(0);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    engine.step(0, cast.proposal(0, None, &block));
    let others = cast.others(me);
    for by in &others[..2] {
        let effects = engine.step(0, cast.vote(*by, 0, Precommit, Some(block.id())));
        assert!(effects.is_empty());
    }
    let effects = engine.step(0, cast.vote(others[2], 0, Precommit, Some(block.id())));
    assert_eq!(effects.len(), 1);
}

#[test]
fn stake_counts_and_not_heads() {
    let cast = Cast::new(&[1_000_000_000_000, 1, 1, 1], Quorum::Supermajority);
    let mut engine = cast.engine(None);
    engine.start(0);
    let block = block(cast.keys[cast.proposer(0)].hotkey(), 1);
    engine.step(0, cast.proposal(0, None, &block));
    for by in 1..4 {
        assert!(
            engine
                .step(0, cast.vote(by, 0, Precommit, Some(block.id())))
                .is_empty()
        );
    }
    let effects = engine.step(0, cast.vote(0, 0, Precommit, Some(block.id())));
    assert_eq!(effects.len(), 1);
}

#[test]
fn votes_of_strangers_and_of_other_heights_are_ignored() {
    let cast = four();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let before = actor.engine.messages().len();
    let vote = |height| ConsensusVote {
        height,
        round: 0,
        kind: Prevote,
        block: None,
    };
    let stranger = Keypair::insecure_from_name("stranger");
    let member = &cast.keys[cast.others(me)[0]];
    actor.step(EngineInput::Vote(Signed::sign(
        &NETWORK,
        vote(HEIGHT),
        &stranger,
    )));
    actor.step(EngineInput::Vote(Signed::sign(
        &NETWORK,
        vote(HEIGHT + 1),
        member,
    )));
    assert_eq!(actor.engine.messages().len(), before);
}

fn vote_in_rounds(actor: &mut Actor, by: usize, kind: VoteKind, rounds: &[u32]) {
    let cast = actor.cast;
    for round in rounds {
        actor.step(cast.vote(by, *round, kind, None));
    }
}

#[test]
fn one_small_validator_far_ahead_moves_nobody_and_fills_nothing() {
    let cast = Cast::new(&[10, 10, 10, 10, 10], Quorum::Majority);
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let cheat = cast.others(me)[0];
    let rounds: Vec<u32> = (0..2_000).map(|i| i * 7).chain([u32::MAX]).collect();
    vote_in_rounds(&mut actor, cheat, Prevote, &rounds);
    assert_eq!(actor.engine.round(), Some(0));
    assert!(actor.engine.messages().len() < 10);
}

#[test]
fn a_validator_left_behind_jumps_to_where_enough_others_are() {
    for (quorum, needed) in [(Quorum::Majority, 2), (Quorum::Supermajority, 2)] {
        let cast = Cast::new(&[10, 10, 10, 10], quorum);
        let me = cast.not_proposing(&[40]);
        let mut actor = Actor::started(&cast, me);
        let others = cast.others(me);
        // Not in the same round: both have at least reached round 40.
        for (i, by) in others[..needed].iter().enumerate() {
            assert_eq!(actor.engine.round(), Some(0));
            actor.step(cast.vote(*by, 40 + 3 * i as u32, Prevote, None));
        }
        assert_eq!(actor.engine.round(), Some(40), "{quorum:?}");
        // What they voted there is not lost.
        assert!(actor.engine.messages().len() >= 2);
    }
}

#[test]
fn a_stalled_majority_follows_the_only_other_validator_that_is_up() {
    // The third is gone for good: the first two are a majority, but only together, and the small
    // one is below any threshold that a single vote should meet at once.
    let cast = Cast::new(&[60, 12, 68], Quorum::Majority);
    let mut actor = Actor::started(&cast, 0);
    actor.step(cast.vote(1, 4, Prevote, None));
    assert_eq!(actor.engine.round(), Some(0));
    actor.wait_for_round(4);
}

#[test]
fn rounds_get_longer() {
    let cast = four();
    let me = cast.not_proposing(&[0, 1, 2]);
    let mut actor = Actor::started(&cast, me);
    let mut lengths = Vec::new();
    for round in 0..3 {
        let entered = actor.now_ms;
        actor.wait();
        for by in cast.others(me) {
            actor.step(cast.vote(by, round, Prevote, None));
            actor.step(cast.vote(by, round, Precommit, None));
        }
        actor.wait_for_round(round + 1);
        lengths.push(actor.now_ms - entered);
    }
    assert_eq!(lengths, [2_200, 3_200, 4_200]);
}

#[test]
fn a_flood_of_proposals_does_not_keep_out_the_one_that_is_voted_for() {
    let cast = Cast::new(&[10, 10, 10, 10], Quorum::Supermajority);
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let proposer = cast.keys[cast.proposer(0)].hotkey();
    for salt in 0..50 {
        actor.step(cast.proposal(0, None, &block(proposer, salt)));
    }
    let proposals = |actor: &Actor| actor.engine.messages().len();
    assert!(proposals(&actor) < 5);
    let chosen = block(proposer, 1_000);
    actor.step(cast.proposal(0, None, &chosen));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Precommit, Some(chosen.id())));
    }
    assert_eq!(actor.decided, None);
    actor.step(cast.proposal(0, None, &chosen));
    assert_eq!(actor.decided.unwrap().block, chosen);
}

#[test]
fn a_late_answer_to_build_block_is_ignored() {
    let cast = four();
    let me = cast.proposer(0);
    let mut engine = cast.engine(Some(me));
    assert_eq!(engine.start(0).len(), 1);
    let deadline = engine.next_deadline_ms().unwrap();
    engine.step(deadline, EngineInput::Tick);
    let late = block(cast.keys[me].hotkey(), 0);
    let effects = engine.step(
        deadline,
        EngineInput::Propose {
            round: 0,
            block: late,
        },
    );
    assert!(effects.is_empty());
}
