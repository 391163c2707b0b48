//! Plain weights from preparation to what the chain stores.

use assay_chain::{
    CallFailure, Chain, ChainError, ChainWeights, PreparedWeights, Refusal, Settlement,
    WeightsMethod, WeightsStanding,
};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::{AccountId32, NetUid};

use crate::support::{CALLS_TEMPO, GOOD, NETUID, TestChain, calls_config, hotkey, set, submission};

#[tokio::test]
async fn plain_weights_are_signed_sent_settled_and_stored() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.method, WeightsMethod::Plain);
    assert_eq!(prepared.entries, GOOD);
    let call = &prepared.call;
    assert_eq!(call.name, "set_mechanism_weights");
    assert_eq!((call.nonce, call.signed_at), (0, 3));
    assert!(call.valid_until < u64::from(CALLS_TEMPO));
    assert_eq!(chain.settlement(call).await, Settlement::Waiting);

    chain.send(call).await.unwrap();
    chain.mine(1).await;
    assert_eq!(chain.settlement(call).await, Settlement::Waiting);
    chain.mine(2).await;
    let outcome = chain.settlement(call).await;
    assert_eq!(outcome, Settlement::Done { block: 6 });
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    let shown = ChainWeights {
        hotkey: hotkey("alice"),
        entries: GOOD.to_vec(),
        block: 6,
        epoch: 0,
    };
    assert_eq!(chain.alice.weights_on_chain(None).await, Ok(vec![shown]));
    chain.stop().await;
}

#[tokio::test]
async fn weights_are_not_signed_twice_in_an_epoch_even_if_nobody_remembers_the_first() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.carry_out(&prepared.call).await;
    let again = chain.prepare(GOOD).await;
    let already = ChainError::AlreadySet { epoch: 0, block: 6 };
    assert_eq!(again, Err(already));
    chain.next_epoch().await;
    chain.prepare(GOOD).await.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn a_registration_is_no_setting_of_weights() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let alice = AccountId32(hotkey("alice").0);
    let netuid = NetUid(NETUID);
    let deregister = AdminCommand::Deregister {
        netuid,
        hotkey: alice,
    };
    let register = AdminCommand::Register {
        netuid,
        hotkey: alice,
        coldkey: None,
        uid: Some(0),
        stake: Some(1_000),
    };
    chain.next_epoch().await;
    chain.enact([deregister, register]).await;
    // Permits are given at the end of an epoch; to oneself no permit is needed.
    chain.prepare(&[(0, 65_535)]).await.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_is_sent_five_times_counts_once() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    chain.send(&call).await.unwrap();
    chain.mine(1).await;
    chain.send(&call).await.unwrap();
    chain.mine(3).await;
    chain.send(&call).await.unwrap();
    chain.mine(30).await;
    // Long after its era the node's pool has forgotten it.
    chain.send(&call).await.unwrap();
    chain.mine(3).await;
    let outcome = chain.settlement(&call).await;
    assert_eq!(outcome, Settlement::Done { block: 6 });
    let next = chain.prepare(GOOD).await.unwrap();
    assert_eq!(next.call.nonce, 1);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_no_block_takes_in_time_is_lost_and_the_next_arrives() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    // Never sent: as if the pool had dropped it.
    while chain.head().await.number < prepared.call.valid_until {
        assert_eq!(chain.settlement(&prepared.call).await, Settlement::Waiting);
        chain.mine(1).await;
    }
    assert_eq!(chain.settlement(&prepared.call).await, Settlement::Lost);
    let standing = chain.standing(&prepared).await;
    assert!(matches!(standing, WeightsStanding::Gone { .. }));
    chain.succeeds_in_the_next_epoch().await;
    assert_eq!(chain.settlement(&prepared.call).await, Settlement::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_whose_nonce_another_took_is_lost_at_once() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let first = chain.prepare(GOOD).await.unwrap();
    let second = chain.prepare(&[(1, 65_535)]).await.unwrap();
    assert_eq!(first.call.nonce, second.call.nonce);
    chain.carry_out(&first.call).await;
    assert_eq!(chain.settlement(&second.call).await, Settlement::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn settlement_is_found_long_after() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.mine(33).await;
    let outcome = chain.settlement(&prepared.call).await;
    assert_eq!(outcome, Settlement::Done { block: 6 });
    assert_eq!(chain.settlement(&prepared.call).await, outcome);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_gets_in_late_in_a_long_era_is_found() {
    let chain = TestChain::start(calls_config()).await;
    chain.enact([set(Hyperparameter::Tempo(200))]).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    let call = &prepared.call;
    assert_eq!(call.valid_until, call.signed_at + 63);
    chain.mine(call.valid_until - 1 - 3).await;
    assert_eq!(chain.settlement(call).await, Settlement::Waiting);
    chain.send(call).await.unwrap();
    chain.mine(1).await;
    // The pool has let go of it, the block has it.
    chain.send(call).await.unwrap();
    chain.mine(2).await;
    let outcome = chain.settlement(call).await;
    let block = call.valid_until;
    assert_eq!(outcome, Settlement::Done { block });
    chain.stop().await;
}

#[tokio::test]
async fn a_refusal_in_the_block_has_its_name() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(3))])
        .await;
    assert_eq!(
        chain.settlement(&prepared.call).await,
        Settlement::Failed {
            block: 6,
            failure: CallFailure::from(Refusal::WeightVecLengthIsLow),
        }
    );
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(1))])
        .await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn weights_of_another_epoch_or_too_late_in_it_are_not_signed() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let head = chain.head().await;
    let wrong = submission(head.epoch + 1, GOOD);
    assert_eq!(
        chain.alice.prepare_weights(&wrong).await,
        Err(ChainError::WrongEpoch {
            expected: head.epoch + 1,
            got: head.epoch,
        })
    );
    // The call may go into the third block before the next epoch, but not into a later one.
    let next = head.next_epoch_start;
    chain.mine(next - 4 - 5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.call.valid_until, next - 1);
    chain.mine(1).await;
    let head = chain.head().await.number;
    assert_eq!(
        chain.prepare(GOOD).await.unwrap_err(),
        ChainError::TooLate {
            head,
            next_epoch_start: next,
        }
    );
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_restarted_node_learns_what_became_of_its_call_while_finality_stood_still() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    let kept = serde_json::to_vec(&prepared).unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.command(AdminCommand::StopFinality).await;
    chain.mine(50).await;
    assert_eq!(chain.settlement(&prepared.call).await, Settlement::Waiting);

    let restarted = chain.client();
    let kept: PreparedWeights = serde_json::from_slice(&kept).unwrap();
    let settlement = restarted.settlement(&kept.call).await;
    assert_eq!(settlement, Ok(Settlement::Waiting));
    chain.command(AdminCommand::ResumeFinality).await;
    let settlement = restarted.settlement(&kept.call).await;
    assert_eq!(settlement, Ok(Settlement::Done { block: 6 }));
    let standing = restarted.weights_standing(&kept, 0).await;
    assert_eq!(standing, Ok(WeightsStanding::Stored));
    let shown = restarted.weights_on_chain(None).await.unwrap();
    assert_eq!((shown[0].block, shown[0].epoch), (6, 0));
    chain.stop().await;
}
