//! Axons: the address under which peers find this validator.

use std::net::{IpAddr, SocketAddr};

use subxt::ext::scale_decode::DecodeAsType;

use super::Caller;
use super::invoke::{number, payload};
use super::params::{ensure, uid_of};
use super::pool::best_number;
use super::signing::{Era, sign};
use super::weights::refused;
use crate::call::SignedCall;
use crate::error::Refusal;
use crate::subtensor::fault::Fault;
use crate::subtensor::read::{PALLET, find};

/// The call.
const SERVE_AXON: &str = "serve_axon";

/// Number that the field knows as TCP; of no matter to the chain.
const PROTOCOL: u8 = 4;

/// Version of what is announced.
const AXON_VERSION: u32 = 1;

/// Blocks that can hold the announcement: a call that is lost holds its nonce so long, and weights
/// signed after it wait for it.
const ERA_BLOCKS: u64 = 16;

/// What the chain holds of an axon.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StoredAxon {
    block: u64,
    ip: u128,
    port: u16,
    ip_type: u8,
}

/// Signs the announcement of an address; `None` if the chain shows this address already. Nothing is
/// sent.
///
/// Errors: [`crate::ChainError::Refused`] with what the chain would refuse; addresses that nobody
/// else can reach count as [`Refusal::InvalidIpAddress`], also those that the chain takes.
pub(in crate::subtensor) async fn prepare_axon(
    caller: &Caller<'_>,
    address: SocketAddr,
) -> Result<Option<SignedCall>, Fault> {
    let refuse = |refusal| refused(SERVE_AXON, refusal);
    check_address(address).map_err(refuse)?;
    let (ip, ip_type) = number_of(address.ip());
    let hotkey = caller.signer.hotkey();
    let (uid, stored, pause, best) = tokio::try_join!(
        uid_of(caller.at, caller.netuid, &hotkey),
        find::<_, StoredAxon>(caller.at, PALLET, "Axons", (caller.netuid, hotkey.0)),
        find::<_, u64>(caller.at, PALLET, "ServingRateLimit", (caller.netuid,)),
        best_number(caller.rpc),
    )?;
    ensure(uid.is_some(), Refusal::HotKeyNotRegisteredInNetwork).map_err(refuse)?;
    if let Some(stored) = stored {
        if (stored.ip, stored.port, stored.ip_type) == (ip, address.port(), ip_type) {
            return Ok(None);
        }
        let passed = best.saturating_add(1).saturating_sub(stored.block);
        let is_over = stored.block == 0 || passed >= pause.unwrap_or_default();
        ensure(is_over, Refusal::ServingRateLimitExceeded).map_err(refuse)?;
    }
    let payload = payload(
        caller.at,
        SERVE_AXON,
        &[
            ("netuid", number(caller.netuid)),
            ("version", number(AXON_VERSION)),
            ("ip", number(ip)),
            ("port", number(address.port())),
            ("ip_type", number(ip_type)),
            ("protocol", number(PROTOCOL)),
            ("placeholder1", number(0u8)),
            ("placeholder2", number(0u8)),
        ],
    )?;
    let era = Era::from(caller.head.number, ERA_BLOCKS);
    sign(caller, &payload, era).await.map(Some)
}

/// An address as the chain stores it: a number, and 4 or 6.
fn number_of(ip: IpAddr) -> (u128, u8) {
    match ip.to_canonical() {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 4),
        IpAddr::V6(v6) => (v6.to_bits(), 6),
    }
}

fn check_address(address: SocketAddr) -> Result<(), Refusal> {
    ensure(address.port() != 0, Refusal::InvalidPort)?;
    let is_reachable = match address.ip().to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_unspecified() || v4.is_loopback() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_loopback() || v6.is_multicast()),
    };
    ensure(is_reachable, Refusal::InvalidIpAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Result<(), Refusal> {
        check_address(address.parse().unwrap())
    }

    #[test]
    fn addresses_that_nobody_else_can_reach_are_refused() {
        for address in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "0.0.0.0:1",
            "255.255.255.255:1",
            "224.0.0.1:1",
            "[::1]:1",
            "[::]:1",
            "[ff02::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert_eq!(check(address), Err(Refusal::InvalidIpAddress), "{address}");
        }
        assert_eq!(check("1.2.3.4:0"), Err(Refusal::InvalidPort));
        assert_eq!(check("10.0.0.1:1"), Ok(()));
        assert_eq!(check("[2001:db8::1]:1"), Ok(()));
    }

    #[test]
    fn an_address_of_version_4_inside_6_is_one_of_version_4() {
        let mapped: IpAddr = "::ffff:1.2.3.4".parse().unwrap();
        assert_eq!(number_of(mapped), (0x0102_0304, 4));
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(number_of(v6), (0x2001_0db8 << 96 | 1, 6));
    }
}
