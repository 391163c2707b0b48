//! The metagraph after a block, from the runtime's own function for it: the only place where the
//! chain itself adds up stake weights.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use subxt::ext::scale_decode::{self, DecodeAsType};

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::SubtensorChain;
use super::connection::AtBlock;
use super::epochs::API;
use super::fault::Fault;
use super::read::{PALLET, has_runtime_api, has_storage, runtime_api, storage, unsupported};
use crate::error::ChainError;
use crate::limits::NEURONS_MAX;
use crate::metagraph::{Metagraph, Neuron, WeightsRules};

/// The function that answers with the parts of a metagraph that are asked for.
pub(super) const SELECTIVE: &str = "get_selective_metagraph";
const FULL: &str = "get_metagraph";

/// Numbers of the parts that are asked for: block, hotkeys, axons, activity, permits, last updates,
/// total stake.
const PARTS: [u16; 7] = [7, 52, 55, 56, 57, 59, 69];

/// The parts of a metagraph that are used, each a list by uid.
#[derive(Debug, Clone, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub(super) struct Columns {
    block: u64,
    pub(super) hotkeys: Vec<[u8; 32]>,
    axons: Vec<AxonInfo>,
    active: Vec<bool>,
    validator_permit: Vec<bool>,
    pub(super) last_update: Vec<u64>,
    total_stake: Vec<u64>,
}

/// The same where any part may be missing.
#[derive(Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct SelectedColumns {
    block: Option<u64>,
    hotkeys: Option<Vec<[u8; 32]>>,
    axons: Option<Vec<AxonInfo>>,
    active: Option<Vec<bool>>,
    validator_permit: Option<Vec<bool>>,
    last_update: Option<Vec<u64>>,
    total_stake: Option<Vec<u64>>,
}

/// Where a neuron says that it is.
#[derive(Debug, Clone, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AxonInfo {
    ip: u128,
    port: u16,
    ip_type: u8,
}

impl SubtensorChain {
    /// The metagraph after a finalised block.
    pub(super) async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError> {
        self.with("metagraph", |connection| async move {
            let (at, known) = self.state_at(&connection, at_block).await?;
            let netuid = connection.netuid;
            let (columns, rules) =
                tokio::try_join!(read_columns(&at, netuid), read_rules(&at, netuid))?;
            columns.metagraph(known.block, rules)
        })
        .await
    }
}

/// Reads the neurons of a subnet after a block.
pub(super) async fn read_columns(at: &AtBlock, netuid: u16) -> Result<Columns, Fault> {
    let columns = if has_runtime_api(at, API, SELECTIVE) {
        read_selected(at, netuid).await?
    } else {
        read_full(at, netuid).await?
    };
    let columns = columns.ok_or_else(|| unsupported(at, format!("subnet {netuid}")))?;
    columns.check(at.block_number())?;
    Ok(columns)
}

async fn read_selected(at: &AtBlock, netuid: u16) -> Result<Option<Columns>, Fault> {
    let parts = PARTS.to_vec();
    let selected: Option<SelectedColumns> =
        runtime_api(at, API, SELECTIVE, (netuid, parts)).await?;
    let Some(selected) = selected else {
        return Ok(None);
    };
    let complete = selected.complete();
    let incomplete = || Fault::bad_answer("all parts of the metagraph", "some of them");
    complete.map(Some).ok_or_else(incomplete)
}

/// For runtimes that only know the metagraph as a whole.
async fn read_full(at: &AtBlock, netuid: u16) -> Result<Option<Columns>, Fault> {
    runtime_api(at, API, FULL, (netuid,)).await
}

/// Reads what the subnet demands of weights; a runtime without a rule doesn't demand it.
async fn read_rules(at: &AtBlock, netuid: u16) -> Result<WeightsRules, Fault> {
    let none = WeightsRules::default();
    let read = async |entry: &'static str, none: u16| {
        if has_storage(at, PALLET, entry) {
            storage::<_, u16>(at, PALLET, entry, (netuid,)).await
        } else {
            Ok(none)
        }
    };
    let (min_entries, max_share) = tokio::try_join!(
        read("MinAllowedWeights", none.min_entries),
        read("MaxWeightsLimit", none.max_share),
    )?;
    Ok(WeightsRules {
        min_entries,
        max_share,
    })
}

impl SelectedColumns {
    fn complete(self) -> Option<Columns> {
        Some(Columns {
            block: self.block?,
            hotkeys: self.hotkeys?,
            axons: self.axons?,
            active: self.active?,
            validator_permit: self.validator_permit?,
            last_update: self.last_update?,
            total_stake: self.total_stake?,
        })
    }
}

impl Columns {
    /// As many values in each list as neurons, not too many, and of the right block.
    fn check(&self, number: u64) -> Result<(), Fault> {
        if self.block != number {
            return Err(Fault::bad_answer(
                format!("a metagraph of block {number}"),
                format!("one of block {}", self.block),
            ));
        }
        let neurons = self.hotkeys.len();
        if neurons > NEURONS_MAX {
            return Err(Fault::bad_answer(
                format!("at most {NEURONS_MAX} neurons"),
                neurons,
            ));
        }
        for (name, length) in [
            ("axons", self.axons.len()),
            ("active", self.active.len()),
            ("validator_permit", self.validator_permit.len()),
            ("last_update", self.last_update.len()),
            ("total_stake", self.total_stake.len()),
        ] {
            if length != neurons {
                return Err(Fault::bad_answer(
                    format!("{name} of {neurons} neurons"),
                    length,
                ));
            }
        }
        Ok(())
    }

    /// The neurons, whose uids are their positions.
    fn metagraph(self, block: ChainRef, rules: WeightsRules) -> Result<Metagraph, Fault> {
        let columns = self
            .hotkeys
            .into_iter()
            .zip(self.axons)
            .zip(self.active)
            .zip(self.validator_permit)
            .zip(self.total_stake);
        let neurons = (0u16..).zip(columns).map(
            |(uid, ((((hotkey, axon), active), validator_permit), stake))| Neuron {
                uid,
                hotkey: Hotkey(hotkey),
                stake,
                validator_permit,
                active,
                axon: axon.address(),
            },
        );
        // The chain's own doing if it happens, and no reason to leave the endpoint.
        Metagraph::new(block, neurons.collect(), rules).map_err(|error| {
            Fault::Elsewhere(ChainError::BadAnswer {
                call: "metagraph",
                expected: "each uid and each hotkey once".to_owned(),
                got: error.to_string(),
            })
        })
    }
}

impl AxonInfo {
    /// The address; `None` if nobody was ever reachable there.
    fn address(&self) -> Option<SocketAddr> {
        let ip = match self.ip_type {
            4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(self.ip).ok()?)),
            6 => IpAddr::V6(Ipv6Addr::from(self.ip)),
            _ => return None,
        };
        (self.ip != 0 && self.port != 0).then_some(SocketAddr::new(ip, self.port))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::subtensor::config::SubtensorConfig;
    use assay_consensus::keys::Keypair;
    use assay_dev_chain::chain::{ChainConfig, NeuronConfig, SubnetConfig};
    use assay_dev_chain::types::AccountId32;
    use assay_dev_chain::{DevChainServer, ServerOptions};

    fn axon(ip: u128, port: u16, ip_type: u8) -> AxonInfo {
        AxonInfo { ip, port, ip_type }
    }

    fn columns(neurons: usize) -> Columns {
        Columns {
            block: 7,
            hotkeys: vec![[1; 32]; neurons],
            axons: vec![axon(0, 0, 0); neurons],
            active: vec![true; neurons],
            validator_permit: vec![true; neurons],
            last_update: vec![0; neurons],
            total_stake: vec![1; neurons],
        }
    }

    #[test]
    fn an_axon_that_nobody_served_has_no_address() {
        assert_eq!(axon(0, 0, 0).address(), None);
        assert_eq!(axon(0, 8_091, 4).address(), None);
        assert_eq!(axon(0x7f00_0001, 0, 4).address(), None);
        assert_eq!(axon(1 << 32, 8_091, 4).address(), None);
        assert_eq!(axon(1, 8_091, 5).address(), None);
        let v4 = axon(0x0a00_0001, 8_091, 4).address();
        assert_eq!(v4, Some("10.0.0.1:8091".parse().unwrap()));
        let v6 = axon(1, 8_091, 6).address();
        assert_eq!(v6, Some("[::1]:8091".parse().unwrap()));
    }

    #[test]
    fn lists_of_different_length_other_blocks_and_crowds_are_refused() {
        assert!(columns(3).check(7).is_ok());
        assert!(columns(3).check(8).is_err());
        assert!(columns(NEURONS_MAX + 1).check(7).is_err());
        let changes: [fn(&mut Columns); 5] = [
            |columns| columns.axons.truncate(1),
            |columns| columns.active.push(true),
            |columns| columns.validator_permit.clear(),
            |columns| columns.last_update.push(1),
            |columns| columns.total_stake.truncate(2),
        ];
        for change in changes {
            let mut columns = columns(3);
            change(&mut columns);
            assert!(columns.check(7).is_err());
        }
    }

    #[test]
    fn a_hotkey_that_the_chain_lists_twice_takes_no_endpoint_down() {
        let block = ChainRef {
            number: 7,
            hash: Hash::ZERO,
            epoch: 0,
            next_epoch_start: 10,
            timestamp_ms: 0,
        };
        let twice = columns(2).metagraph(block, WeightsRules::default());
        let fault = twice.unwrap_err();
        assert!(!fault.is_broken(), "{fault:?}");
    }

    #[tokio::test]
    async fn the_whole_metagraph_says_the_same_as_its_parts() {
        let neuron = |name: &str, stake| NeuronConfig {
            hotkey: AccountId32(Keypair::insecure_from_name(name).hotkey().0),
            coldkey: None,
            stake,
        };
        let config = ChainConfig {
            subnets: vec![SubnetConfig {
                neurons: vec![neuron("a", 5), neuron("b", 0)],
                ..SubnetConfig::plain()
            }],
            finality_lag_blocks: 0,
            ..ChainConfig::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let options = ServerOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: dir.path().to_owned(),
            block_time_ms: 0,
            admin_token: None,
        };
        let server = DevChainServer::start(config, options).await.unwrap();
        server.mine(3).await.unwrap();
        let config = SubtensorConfig::new(vec![server.url()], 1);
        let chain = SubtensorChain::new(config, None).unwrap();
        let chain = Arc::new(chain);
        let (selected, full) = chain
            .with("test", |connection| {
                let chain = Arc::clone(&chain);
                async move {
                    let (at, _) = chain.state_at_head(&connection).await?;
                    Ok((read_selected(&at, 1).await?, read_full(&at, 1).await?))
                }
            })
            .await
            .unwrap();
        assert_eq!(
            selected.as_ref().map(|columns| columns.hotkeys.len()),
            Some(2)
        );
        assert_eq!(selected, full);
        server.shutdown().await;
    }
}
