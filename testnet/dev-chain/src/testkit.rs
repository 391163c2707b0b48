//! What the unit tests of several modules share: keys, signing, calls, small chains.

use parity_scale_codec::{Compact, Decode, Encode};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

use crate::chain::{AdminCommand, ChainConfig, DevChain, NeuronConfig, SubmitError, SubnetConfig};
use crate::extrinsic::{Implicit, encode_call, signing_payload};
use crate::pallets::subtensor::calls::Call;
use crate::pallets::subtensor::errors::Error;
use crate::pallets::subtensor::storage as subtensor;
use crate::pallets::system::{self, DispatchError};
use crate::pallets::{RuntimeCall, RuntimeEvent};
use crate::types::{
    AccountId32, BoundedVec, Era, H256, MechId, MultiAddress, MultiSignature, NetUid,
    NetUidStorageIndex,
};

/// The subnet of the small chains.
pub const NETUID: NetUid = NetUid(1);

/// A keypair that anyone can make of a name.
pub fn keypair(name: &str) -> Keypair {
    let seed = sp_crypto_hashing::blake2_256(name.as_bytes());
    MiniSecretKey::from_bytes(&seed)
        .unwrap()
        .expand_to_keypair(ExpansionMode::Ed25519)
}

/// The account of a name.
pub fn account(name: &str) -> AccountId32 {
    AccountId32(keypair(name).public.to_bytes())
}

/// Who signs an extrinsic, and how.
pub struct Signed {
    pub name: String,
    pub nonce: u32,
    pub era: Era,
    pub tip: u64,
}

impl Signed {
    pub fn by(name: &str) -> Signed {
        Signed {
            name: name.to_owned(),
            nonce: 0,
            era: Era::Immortal,
            tip: 0,
        }
    }
}

/// A signed extrinsic as bytes, with its length before it.
pub fn sign(signed: &Signed, call: &RuntimeCall, implicit: &Implicit) -> Vec<u8> {
    let extensions = (signed.era, Compact(signed.nonce), Compact(signed.tip), 0u8).encode();
    let mut call = encode_call(call, implicit.runtime);
    let mut payload = call.clone();
    payload.extend_from_slice(&extensions);
    let payload = signing_payload(&payload, implicit);
    let keypair = keypair(&signed.name);
    let signature = keypair.sign_simple(b"substrate", &payload);
    let address = MultiAddress::Id(AccountId32(keypair.public.to_bytes()));
    let mut bytes = vec![0x84];
    address.encode_to(&mut bytes);
    MultiSignature::Sr25519(signature.to_bytes()).encode_to(&mut bytes);
    bytes.extend(extensions);
    bytes.append(&mut call);
    bytes.encode()
}

/// Every call, ascending by its number.
pub fn one_of_each_call() -> Vec<Call> {
    let (netuid, mecid) = (NETUID, MechId(0));
    let commit = BoundedVec(vec![1, 2, 3]);
    vec![
        set_weights(&[(0, 1)]),
        Call::serve_axon {
            netuid,
            version: 1,
            ip: 0x0a00_0001,
            port: 8_091,
            ip_type: 4,
            protocol: 0,
            placeholder1: 0,
            placeholder2: 0,
        },
        Call::batch_set_weights {
            netuids: vec![Compact(netuid)],
            weights: vec![vec![(Compact(0), Compact(1))]],
            version_keys: vec![Compact(0)],
        },
        Call::commit_weights {
            netuid,
            commit_hash: H256([7; 32]),
        },
        Call::reveal_weights {
            netuid,
            uids: vec![0],
            values: vec![1],
            salt: vec![2],
            version_key: 0,
        },
        Call::batch_reveal_weights {
            netuid,
            uids_list: vec![vec![0]],
            values_list: vec![vec![1]],
            salts_list: vec![vec![2]],
            version_keys: vec![0],
        },
        Call::batch_commit_weights {
            netuids: vec![Compact(netuid)],
            commit_hashes: vec![H256([7; 32])],
        },
        Call::commit_timelocked_weights {
            netuid,
            commit: commit.clone(),
            reveal_round: 1_000,
            commit_reveal_version: 4,
        },
        Call::commit_mechanism_weights {
            netuid,
            mecid,
            commit_hash: H256([7; 32]),
        },
        Call::reveal_mechanism_weights {
            netuid,
            mecid,
            uids: vec![0],
            values: vec![1],
            salt: vec![2],
            version_key: 0,
        },
        Call::commit_timelocked_mechanism_weights {
            netuid,
            mecid,
            commit,
            reveal_round: 1_000,
            commit_reveal_version: 4,
        },
        Call::set_mechanism_weights {
            netuid,
            mecid,
            dests: vec![0],
            weights: vec![1],
            version_key: 0,
        },
    ]
}

/// A call that sets weights of [`NETUID`].
pub fn set_weights(entries: &[(u16, u16)]) -> Call {
    Call::set_weights {
        netuid: NETUID,
        dests: entries.iter().map(|(uid, _)| *uid).collect(),
        weights: entries.iter().map(|(_, value)| *value).collect(),
        version_key: 0,
    }
}

/// A subnet of ten-block epochs with `alice`, `bob` (both with stake) and `miner`, that takes
/// plain weights of any length at any pace.
pub fn config() -> ChainConfig {
    let neuron = |name: &str, stake| NeuronConfig {
        hotkey: account(name),
        coldkey: None,
        stake,
    };
    ChainConfig {
        subnets: vec![SubnetConfig {
            netuid: NETUID,
            tempo: 10,
            neurons: vec![
                neuron("alice", 1_000),
                neuron("bob", 500),
                neuron("miner", 0),
            ],
            ..SubnetConfig::plain()
        }],
        ..ChainConfig::default()
    }
}

/// Signs for the next block of a chain.
pub fn sign_for(chain: &DevChain, signed: &Signed, call: Call) -> Vec<u8> {
    let birth = signed.era.birth(chain.best_number());
    let implicit = Implicit {
        runtime: chain.runtime(),
        genesis_hash: chain.genesis_hash(),
        birth_hash: chain.hash_of(birth).unwrap(),
    };
    sign(signed, &RuntimeCall::SubtensorModule(call), &implicit)
}

/// A chain with its signers' nonces.
pub struct Net {
    pub chain: DevChain,
}

impl Net {
    pub fn new(config: ChainConfig) -> Net {
        let chain = DevChain::new(config, 1_700_000_000_000).unwrap();
        Net { chain }
    }

    /// Signs a call and hands it in.
    pub fn submit(&mut self, name: &str, call: Call) -> Result<H256, SubmitError> {
        let signed = Signed {
            nonce: self.chain.next_nonce(account(name)),
            ..Signed::by(name)
        };
        let bytes = sign_for(&self.chain, &signed, call);
        self.chain.submit(&bytes)
    }

    /// Makes blocks, one second apart.
    pub fn mine(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let now_ms = 1_700_000_000_000 + (self.chain.best_number() + 1) * 1_000;
            let built = self.chain.build(now_ms);
            self.chain.add(built);
        }
    }

    /// Carries out a command with the next block.
    pub fn command(&mut self, command: AdminCommand) {
        self.chain.check_command(&command).unwrap();
        self.chain.command(command);
        self.mine(1);
    }

    /// Hands a call in, makes a block and says how the call went.
    pub fn call(&mut self, name: &str, call: Call) -> Result<(), Error> {
        self.submit(name, call).unwrap();
        self.mine(1);
        let shift = self.chain.runtime().error_shift;
        for event in self.events().into_iter().rev() {
            match event {
                RuntimeEvent::System(system::Event::ExtrinsicSuccess { .. }) => return Ok(()),
                RuntimeEvent::System(system::Event::ExtrinsicFailed {
                    dispatch_error: DispatchError::Module(error),
                    ..
                }) => {
                    let number = error.error[0].wrapping_sub(shift);
                    return Err(Error::decode(&mut &[number][..]).unwrap());
                }
                _ => {}
            }
        }
        panic!("the call is in no block");
    }

    /// Events of the best block.
    pub fn events(&self) -> Vec<RuntimeEvent> {
        let records = system::EVENTS.get(&self.chain.best_state(), ());
        records.into_iter().map(|record| record.event).collect()
    }

    /// Weights of a uid after the best block.
    pub fn weights(&self, uid: u16) -> Vec<(u16, u16)> {
        let index = NetUidStorageIndex::from(NETUID);
        subtensor::WEIGHTS.get(&self.chain.best_state(), (index, uid))
    }
}
