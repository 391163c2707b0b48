//! Plain weights from preparation to what the chain stores.

use assay_chain::subtensor::calls::{CommitMode, Outcome, prepare_weights};
use assay_chain::{CallFailure, ChainError, Refusal, WeightsMethod, WeightsStanding};
use assay_dev_chain::chain::Hyperparameter;
use rand_core::OsRng;

use crate::support::{GOOD, TEMPO, TestChain, config, error, key, set, submission};

#[tokio::test]
async fn plain_weights_are_signed_sent_settled_and_stored() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.method, WeightsMethod::Plain);
    assert_eq!(prepared.entries, GOOD);
    let call = &prepared.call;
    assert_eq!(call.name, "set_mechanism_weights");
    assert_eq!((call.nonce, call.signed_at), (0, 3));
    assert!(call.valid_until < u64::from(TEMPO));
    assert_eq!(chain.settlement(call).await, Outcome::Waiting);

    chain.send(call).await.unwrap();
    chain.mine(1).await;
    assert_eq!(chain.settlement(call).await, Outcome::Waiting);
    chain.mine(2).await;
    let outcome = chain.settlement(call).await;
    assert!(
        matches!(outcome, Outcome::Done { block: 6, .. }),
        "{outcome:?}"
    );
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    assert_eq!(chain.weights(0).await, GOOD);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_is_sent_five_times_counts_once() {
    let chain = TestChain::start(config()).await;
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
    assert!(
        matches!(outcome, Outcome::Done { block: 6, .. }),
        "{outcome:?}"
    );
    let next = chain.prepare(GOOD).await.unwrap();
    assert_eq!(next.call.nonce, 1);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_no_block_takes_in_time_is_lost_and_the_next_arrives() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    // Never sent: as if the pool had dropped it.
    while chain.head().await.block.number < prepared.call.valid_until {
        assert_eq!(chain.settlement(&prepared.call).await, Outcome::Waiting);
        chain.mine(1).await;
    }
    assert_eq!(chain.settlement(&prepared.call).await, Outcome::Lost);
    let standing = chain.standing(&prepared).await;
    assert!(matches!(standing, WeightsStanding::Gone { .. }));
    chain.succeeds_in_the_next_epoch().await;
    assert_eq!(chain.settlement(&prepared.call).await, Outcome::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_whose_nonce_another_took_is_lost_at_once() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let first = chain.prepare(GOOD).await.unwrap();
    let second = chain.prepare(&[(1, 65_535)]).await.unwrap();
    assert_eq!(first.call.nonce, second.call.nonce);
    chain.carry_out(&first.call).await;
    assert_eq!(chain.settlement(&second.call).await, Outcome::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn settlement_is_found_long_after() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.mine(33).await;
    let outcome = chain.settlement(&prepared.call).await;
    assert!(
        matches!(outcome, Outcome::Done { block: 6, .. }),
        "{outcome:?}"
    );
    assert_eq!(chain.settlement(&prepared.call).await, outcome);
    chain.stop().await;
}

#[tokio::test]
async fn a_refusal_in_the_block_has_its_name() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain
        .command([set(Hyperparameter::MinAllowedWeights(3))])
        .await;
    assert_eq!(
        chain.settlement(&prepared.call).await,
        Outcome::Failed {
            block: 6,
            failure: CallFailure::from(Refusal::WeightVecLengthIsLow),
        }
    );
    chain
        .command([set(Hyperparameter::MinAllowedWeights(1))])
        .await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn weights_of_another_epoch_or_too_late_in_it_are_not_signed() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let head = chain.head().await;
    let alice = key("alice");
    let mut stale = submission(&head, GOOD);
    stale.epoch += 1;
    let caller = chain.caller(&head, &alice);
    let prepared = prepare_weights(&caller, &stale, CommitMode::Auto, &mut OsRng).await;
    assert_eq!(
        error(prepared),
        ChainError::WrongEpoch {
            expected: head.block.epoch + 1,
            got: head.block.epoch,
        }
    );
    // The call may go into the third block before the next epoch, but not into a later one.
    let next = head.block.next_epoch_start;
    chain.mine(next - 4 - 5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.call.valid_until, next - 1);
    chain.mine(1).await;
    let head = chain.head().await.block.number;
    assert_eq!(
        error(chain.prepare(GOOD).await),
        ChainError::TooLate {
            head,
            next_epoch_start: next,
        }
    );
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}
