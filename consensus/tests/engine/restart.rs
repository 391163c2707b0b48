//! A crash must not lose the lock: kill after any signature, restart with what is on disk.

use assay_consensus::block::Block;
use assay_consensus::block::VoteKind::{Precommit, Prevote};
use assay_consensus::engine::EngineEffect;
use assay_consensus::validators::Quorum;

use crate::script::{Actor, Cast, block};

fn cast() -> Cast {
    Cast::new(&[10, 10, 10, 10], Quorum::Supermajority)
}

/// Prevotes and precommits a block in round 0.
fn locked_actor(cast: &Cast, me: usize) -> (Actor<'_>, Block) {
    let mut actor = Actor::started(cast, me);
    let locked = block(cast.keys[cast.proposer(0)].hotkey(), 0);
    if cast.proposer(0) != me {
        actor.step(cast.proposal(0, None, &locked));
    }
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Prevote, Some(locked.id())));
    }
    assert_eq!(actor.voted(0, Precommit), Some(locked.id()));
    (actor, locked)
}

/// Round 0 fails for the others.
fn to_round_1(actor: &mut Actor) {
    let (cast, me) = (actor.cast, actor.me);
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Precommit, None));
    }
    actor.wait_for_round(1);
}

#[test]
fn the_lock_survives_a_crash_after_the_precommit() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1]);
    let (actor, _) = locked_actor(&cast, me);
    let mut actor = actor.restarted();
    assert_eq!(actor.engine.round(), Some(0));
    to_round_1(&mut actor);
    let other = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    actor.step(cast.proposal(1, None, &other));
    assert_eq!(actor.voted(1, Prevote), None, "prevoted against its lock");
}

#[test]
fn without_its_records_the_same_validator_would_break_its_lock() {
    // The control of the test above: it does fail when nothing is restored.
    let cast = cast();
    let me = cast.not_proposing(&[0, 1]);
    let (_, _) = locked_actor(&cast, me);
    let mut amnesiac = Actor::started(&cast, me);
    to_round_1(&mut amnesiac);
    let other = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    amnesiac.step(cast.proposal(1, None, &other));
    assert_eq!(amnesiac.voted(1, Prevote), Some(other.id()));
}

#[test]
fn the_lock_survives_even_without_its_justification() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1]);
    let (mut actor, _) = locked_actor(&cast, me);
    actor.justifications.clear();
    let mut actor = actor.restarted();
    to_round_1(&mut actor);
    let other = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    actor.step(cast.proposal(1, None, &other));
    assert_eq!(actor.voted(1, Prevote), None);
}

#[test]
fn the_locked_block_is_prevoted_again_after_a_crash() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1]);
    let (actor, locked) = locked_actor(&cast, me);
    let mut actor = actor.restarted();
    to_round_1(&mut actor);
    actor.step(cast.proposal(1, Some(0), &locked));
    assert_eq!(actor.voted(1, Prevote), Some(locked.id()));
}

#[test]
fn a_restarted_proposer_proposes_the_locked_block_with_its_polka() {
    let cast = cast();
    let me = cast.proposer(1);
    let (actor, locked) = locked_actor(&cast, me);
    let mut actor = actor.restarted();
    to_round_1(&mut actor);
    let proposals = actor.proposals_in(1);
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].block, locked);
    assert_eq!(proposals[0].pol_round, Some(0));
    // Others can check the polka with what a pull gives them.
    let prevotes = actor.engine.messages().into_iter().filter(|message| {
        matches!(message, assay_consensus::wire::Message::Vote(vote)
            if vote.payload.round == 0 && vote.payload.kind == Prevote)
    });
    assert!(prevotes.count() >= 3);
}

#[test]
fn a_polka_of_a_later_round_still_unlocks_after_a_crash() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1, 2]);
    let (actor, _) = locked_actor(&cast, me);
    let mut actor = actor.restarted();
    to_round_1(&mut actor);
    let other = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    actor.step(cast.proposal(1, None, &other));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 1, Prevote, Some(other.id())));
    }
    assert_eq!(actor.voted(1, Precommit), Some(other.id()));
}

#[test]
fn the_latest_of_two_locks_counts() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1, 2]);
    let (mut actor, first) = locked_actor(&cast, me);
    to_round_1(&mut actor);
    let second = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    actor.step(cast.proposal(1, None, &second));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 1, Prevote, Some(second.id())));
    }
    let mut actor = actor.restarted();
    assert_eq!(actor.engine.round(), Some(1));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 1, Precommit, None));
    }
    actor.wait_for_round(2);
    actor.step(cast.proposal(2, Some(0), &first));
    assert_eq!(actor.voted(2, Prevote), None);
}

#[test]
fn a_crash_after_the_prevote_comes_back_to_its_round_and_asks_for_no_other_vote() {
    let cast = cast();
    let me = cast.not_proposing(&[0]);
    let mut actor = Actor::started(&cast, me);
    let voted = block(cast.keys[cast.proposer(0)].hotkey(), 0);
    actor.step(cast.proposal(0, None, &voted));
    let mut actor = actor.restarted();
    // The proposal is lost, so the driver alone would vote nil; the actor panics if asked to.
    for _ in 0..5 {
        actor.wait();
    }
    assert_eq!(actor.voted(0, Prevote), Some(voted.id()));
    // Nothing stands in the way of the precommit once the others send theirs.
    actor.step(cast.proposal(0, None, &voted));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Prevote, Some(voted.id())));
    }
    assert_eq!(actor.voted(0, Precommit), Some(voted.id()));
}

#[test]
fn a_crash_in_a_late_round_comes_back_there_with_the_lock_of_an_early_one() {
    let cast = cast();
    let rounds: Vec<u32> = (1..=30).collect();
    let me = cast.not_proposing(&[0, 1]);
    let (mut actor, locked) = locked_actor(&cast, me);
    for round in rounds {
        for by in cast.others(me) {
            actor.step(cast.vote(by, round - 1, Precommit, None));
        }
        actor.wait_for_round(round);
        actor.wait();
    }
    let last = actor.engine.round().unwrap();
    assert!(last >= 30);
    let mut actor = actor.restarted();
    assert_eq!(actor.engine.round(), Some(last));
    let next = (last + 1..).find(|r| cast.proposer(*r) != me).unwrap();
    for by in cast.others(me) {
        actor.step(cast.vote(by, next, Precommit, None));
    }
    assert_eq!(actor.engine.round(), Some(next));
    let other = block(cast.keys[cast.proposer(next)].hotkey(), 1);
    actor.step(cast.proposal(next, None, &other));
    assert_eq!(actor.voted(next, Prevote), None);
    // The polka of round 0 is long behind the window and is still known for the re-proposal.
    let next = (next + 1..).find(|r| cast.proposer(*r) != me).unwrap();
    for by in cast.others(me) {
        actor.step(cast.vote(by, next, Precommit, None));
    }
    actor.step(cast.proposal(next, Some(0), &locked));
    assert_eq!(actor.voted(next, Prevote), Some(locked.id()));
}

#[test]
fn a_proposer_that_crashes_after_signing_proposes_nothing_else() {
    let cast = cast();
    let me = cast.proposer(0);
    let actor = Actor::started(&cast, me);
    let before = actor.proposals_in(0);
    assert_eq!(before.len(), 1);
    let actor = actor.restarted();
    assert_eq!(actor.proposals_in(0), before);
    assert!(!actor.engine.messages().is_empty());
}

#[test]
fn a_restarted_proposer_is_not_asked_for_a_second_block() {
    let cast = cast();
    let me = cast.proposer(0);
    let actor = Actor::started(&cast, me);
    let mut engine = cast.engine(Some(me));
    let effects = engine.restore(0, actor.own, actor.justifications);
    let asks = |effect: &EngineEffect| matches!(effect, EngineEffect::BuildBlock { .. });
    assert!(!effects.iter().any(asks), "{effects:?}");
}

#[test]
fn a_nil_precommit_before_a_crash_does_not_become_a_lock_after_it() {
    let cast = cast();
    let me = cast.not_proposing(&[0, 1]);
    let mut actor = Actor::started(&cast, me);
    actor.wait();
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Prevote, None));
    }
    assert_eq!(actor.voted(0, Precommit), None);
    let mut actor = actor.restarted();
    // A polka that comes only now makes the block valid; a lock needs a precommit of ours.
    let late = block(cast.keys[cast.proposer(0)].hotkey(), 0);
    actor.step(cast.proposal(0, None, &late));
    for by in cast.others(me) {
        actor.step(cast.vote(by, 0, Prevote, Some(late.id())));
    }
    to_round_1(&mut actor);
    let other = block(cast.keys[cast.proposer(1)].hotkey(), 1);
    actor.step(cast.proposal(1, None, &other));
    assert_eq!(actor.voted(1, Prevote), Some(other.id()));
}

#[test]
fn the_locked_block_is_still_known_when_its_round_is_long_gone() {
    // So many validators that nobody of us has proposed within the window of rounds.
    let cast = Cast::new(&[10; 24], Quorum::Supermajority);
    let (me, round) = (15..24)
        .map(|round| (cast.proposer(round), round))
        .next()
        .unwrap();
    let (mut actor, locked) = locked_actor(&cast, me);
    for next in 1..=round {
        for by in cast.others(me) {
            actor.step(cast.vote(by, next - 1, Precommit, None));
        }
        actor.wait_for_round(next);
    }
    let proposals = actor.proposals_in(round);
    assert_eq!(proposals.len(), 1);
    assert_eq!(
        (proposals[0].block.id(), proposals[0].pol_round),
        (locked.id(), Some(0))
    );
}

#[test]
fn a_single_validator_that_crashes_before_the_decision_is_stored_decides_again() {
    let cast = Cast::new(&[5], Quorum::Majority);
    let mut actor = Actor::started(&cast, 0);
    let before = actor.decided.take().unwrap();
    let actor = actor.restarted();
    assert_eq!(actor.decided.unwrap().block, before.block);
}

#[test]
fn restoring_from_nothing_is_a_start() {
    let cast = cast();
    let actor = Actor::new(&cast, 0).restarted();
    assert_eq!(actor.engine.round(), Some(0));
}
