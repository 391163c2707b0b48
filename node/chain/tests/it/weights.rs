//! Weights and addresses as the chain holds them.

use crate::support::{TestChain, config};

#[tokio::test]
async fn a_chain_without_weights_shows_none() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let client = chain.client();
    assert_eq!(client.weights_on_chain(None).await, Ok(Vec::new()));
    chain.stop().await;
}
