//! What the endpoint knows beyond the finalised head: its best block and the calls in its pool.

use parity_scale_codec::Decode;
use subxt::config::Header;
use subxt::config::substrate::H256;
use subxt::rpcs;
use subxt::utils::AccountId32;

use assay_consensus::keys::Hotkey;

use super::search::nothing;
use crate::subtensor::connection::Rpc;
use crate::subtensor::fault::{Fault, METHOD_NOT_FOUND};

/// Number of the endpoint's best block.
pub(super) async fn best_number(rpc: &Rpc) -> Result<u64, Fault> {
    let header = rpc.chain_get_header(None).await.map_err(Fault::client)?;
    let header = header.ok_or_else(|| nothing("chain_getHeader", "the best block".to_owned()))?;
    Ok(header.number())
}

/// The next free nonce: after the best block, and after the hotkey's calls in the pool where the
/// endpoint tells of them.
pub(super) async fn next_nonce(rpc: &Rpc, hotkey: &Hotkey) -> Result<u64, Fault> {
    let account = AccountId32(hotkey.0);
    match rpc.system_account_next_index(&account).await {
        Err(error) if is_unknown_method(&error) => nonce_at(rpc, hotkey, None).await,
        answer => answer.map_err(Fault::client),
    }
}

/// The next nonce after a block, the endpoint's best one if none is named.
pub(super) async fn nonce_at(rpc: &Rpc, hotkey: &Hotkey, at: Option<H256>) -> Result<u64, Fault> {
    let function = "AccountNonceApi_account_nonce";
    let answer = rpc.state_call(function, Some(&hotkey.0), at).await;
    let bytes = answer.map_err(Fault::client)?;
    u32::decode(&mut bytes.as_slice())
        .map(u64::from)
        .map_err(|_| {
            Fault::bad_answer(
                format!("a number of 32 bits from {function}"),
                format!("{} bytes", bytes.len()),
            )
        })
}

/// Whether the endpoint doesn't have the method that was called.
pub(super) fn is_unknown_method(error: &rpcs::Error) -> bool {
    matches!(error, rpcs::Error::User(user) if user.code == METHOD_NOT_FOUND)
}
