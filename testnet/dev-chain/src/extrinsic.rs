//! Signed extrinsics of version 4: decoding and the signature, which covers the runtime's
//! version, the genesis hash and the block that the era begins with.

use parity_scale_codec::{Compact, Decode, DecodeAll, Encode};

use crate::limits::EXTRINSIC_MAX_BYTES;
use crate::pallets::RuntimeCall;
use crate::pallets::subtensor::errors::PALLET_INDEX;
use crate::runtime::RuntimeVersion;
use crate::types::{AccountId32, Era, H256, MultiAddress, MultiSignature};

/// First byte of a signed extrinsic of version 4.
const SIGNED_V4: u8 = 0x84;

/// First byte of an extrinsic of version 4 without signature.
const BARE_V4: u8 = 0x04;

/// Signing context of every account of Substrate.
const SIGNING_CONTEXT: &[u8] = b"substrate";

/// Longest payload that is signed itself; of longer ones the hash is.
const SIGNED_AS_IS_MAX_BYTES: usize = 256;

/// Why bytes are no extrinsic that this chain takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtrinsicError {
    /// Too long.
    #[error("expected at most {EXTRINSIC_MAX_BYTES} bytes, got {0}")]
    TooLong(usize),
    /// The length before it is wrong.
    #[error("expected a length of {expected} bytes, {got} follow")]
    Length {
        /// What the length says.
        expected: u32,
        /// What is there.
        got: usize,
    },
    /// Another version, or none at all.
    #[error("expected a signed extrinsic of version 4 (0x84), got {0:#04x}")]
    Version(u8),
    /// Not signed.
    #[error("only signed extrinsics are taken")]
    Bare,
    /// Not SCALE of what it should be.
    #[error("{part}: {reason}")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// A decoded extrinsic whose signature has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extrinsic {
    /// Who should have signed.
    pub address: MultiAddress<AccountId32>,
    /// Nonce of the signer.
    pub nonce: u32,
    /// When it is valid.
    pub era: Era,
    /// What the signer gives for being preferred (rao).
    pub tip: u64,
    /// Whether a hash of the metadata is signed too.
    pub metadata_hash: bool,
    /// What is called.
    pub call: RuntimeCall,
    signature: MultiSignature,
    /// Call and extensions as they were signed.
    signed: Vec<u8>,
}

/// What is signed beside the extrinsic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Implicit {
    /// The runtime.
    pub runtime: RuntimeVersion,
    /// Hash of the first block.
    pub genesis_hash: H256,
    /// Hash of the block that the era begins with.
    pub birth_hash: H256,
}

/// Hash of an extrinsic, with its length before it.
pub fn hash(bytes: &[u8]) -> H256 {
    H256(sp_crypto_hashing::blake2_256(bytes))
}

/// Decodes an extrinsic for a runtime.
pub fn decode(bytes: &[u8], runtime: RuntimeVersion) -> Result<Extrinsic, ExtrinsicError> {
    if bytes.len() > EXTRINSIC_MAX_BYTES {
        return Err(ExtrinsicError::TooLong(bytes.len()));
    }
    let mut rest = bytes;
    let expected = part::<Compact<u32>>("the length", &mut rest)?.0;
    if u32::try_from(rest.len()) != Ok(expected) {
        let got = rest.len();
        return Err(ExtrinsicError::Length { expected, got });
    }
    match part::<u8>("the version", &mut rest)? {
        SIGNED_V4 => {}
        BARE_V4 => return Err(ExtrinsicError::Bare),
        other => return Err(ExtrinsicError::Version(other)),
    }
    let address = part("the address", &mut rest)?;
    let signature = part("the signature", &mut rest)?;
    let extensions = rest;
    let era = part("the era", &mut rest)?;
    let nonce = part::<Compact<u32>>("the nonce", &mut rest)?.0;
    let tip = part::<Compact<u64>>("the tip", &mut rest)?.0;
    let metadata_hash = part("the mode of CheckMetadataHash", &mut rest)?;
    let extensions_bytes = extensions.len() - rest.len();
    let mut signed = rest.to_vec();
    signed.extend(extensions.iter().take(extensions_bytes));
    Ok(Extrinsic {
        address,
        nonce,
        era,
        tip,
        metadata_hash,
        call: decode_call(rest, runtime)?,
        signature,
        signed,
    })
}

/// Decodes a call, wherever the runtime has moved it.
pub fn decode_call(bytes: &[u8], runtime: RuntimeVersion) -> Result<RuntimeCall, ExtrinsicError> {
    let moved = move_call(bytes, runtime.call_shift.wrapping_neg());
    RuntimeCall::decode_all(&mut moved.as_slice()).map_err(|error| ExtrinsicError::Malformed {
        part: "the call",
        reason: error.to_string(),
    })
}

/// Encodes a call for a runtime.
pub fn encode_call(call: &RuntimeCall, runtime: RuntimeVersion) -> Vec<u8> {
    move_call(&call.encode(), runtime.call_shift)
}

/// An extrinsic of the block's author, which nobody signs.
pub fn inherent(call: &RuntimeCall, runtime: RuntimeVersion) -> Vec<u8> {
    let mut bytes = vec![BARE_V4];
    bytes.extend(encode_call(call, runtime));
    bytes.encode()
}

impl Extrinsic {
    /// The signer, if the address is one that this chain knows.
    pub fn signer(&self) -> Option<AccountId32> {
        match self.address {
            MultiAddress::Id(account) => Some(account),
            _ => None,
        }
    }

    /// Whether the signer signed this extrinsic for this chain and runtime.
    pub fn is_signed(&self, implicit: &Implicit) -> bool {
        // Only a runtime that knows the hash of its metadata could check it.
        let (false, Some(signer)) = (self.metadata_hash, self.signer()) else {
            return false;
        };
        let MultiSignature::Sr25519(signature) = self.signature else {
            return false;
        };
        let (Ok(key), Ok(signature)) = (
            schnorrkel::PublicKey::from_bytes(&signer.0),
            schnorrkel::Signature::from_bytes(&signature),
        ) else {
            return false;
        };
        let payload = signing_payload(&self.signed, implicit);
        key.verify_simple(SIGNING_CONTEXT, &payload, &signature)
            .is_ok()
    }
}

/// What is signed: call and extensions, then what is not in the extrinsic.
pub(crate) fn signing_payload(call_and_extensions: &[u8], implicit: &Implicit) -> Vec<u8> {
    let mut payload = call_and_extensions.to_vec();
    implicit.runtime.spec_version.encode_to(&mut payload);
    implicit.runtime.transaction_version.encode_to(&mut payload);
    implicit.genesis_hash.encode_to(&mut payload);
    implicit.birth_hash.encode_to(&mut payload);
    None::<H256>.encode_to(&mut payload);
    if payload.len() > SIGNED_AS_IS_MAX_BYTES {
        return sp_crypto_hashing::blake2_256(&payload).to_vec();
    }
    payload
}

fn part<T: Decode>(part: &'static str, rest: &mut &[u8]) -> Result<T, ExtrinsicError> {
    T::decode(rest).map_err(|error| ExtrinsicError::Malformed {
        part,
        reason: error.to_string(),
    })
}

/// Adds to the number of a call of pallet SubtensorModule.
fn move_call(bytes: &[u8], shift: u8) -> Vec<u8> {
    let mut moved = bytes.to_vec();
    if let [PALLET_INDEX, call, ..] = moved.as_mut_slice() {
        *call = call.wrapping_add(shift);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pallets::subtensor::calls::Call;
    use crate::testkit::{self, Signed};
    use crate::types::{BoundedVec, MechId, NetUid};
    use proptest::prelude::*;

    fn runtime() -> RuntimeVersion {
        RuntimeVersion::default()
    }

    fn implicit() -> Implicit {
        Implicit {
            runtime: runtime(),
            genesis_hash: H256([1; 32]),
            birth_hash: H256([1; 32]),
        }
    }

    /// Bytes of calls by an encoder that isn't ours.
    #[test]
    fn calls_have_the_bytes_of_the_real_chain() {
        let set_weights = RuntimeCall::SubtensorModule(Call::set_weights {
            netuid: NetUid(1),
            dests: vec![2, 3],
            weights: vec![21_845, 65_535],
            version_key: 0,
        });
        assert_eq!(
            hex::encode(encode_call(&set_weights, runtime())),
            "070001000802000300085555ffff0000000000000000"
        );
        let commit = RuntimeCall::SubtensorModule(Call::commit_timelocked_mechanism_weights {
            netuid: NetUid(1),
            mecid: MechId(0),
            commit: BoundedVec(vec![0xaa, 0xbb, 0xcc]),
            reveal_round: 1_000,
            commit_reveal_version: 4,
        });
        assert_eq!(
            hex::encode(encode_call(&commit, runtime())),
            "07760100000caabbcce8030000000000000400"
        );
    }

    /// What an encoder that isn't ours has signed for a node of runtime 461: a transfer with nonce 7
    /// for ever, and with nonce 3 in an era of 64 blocks.
    #[test]
    fn what_is_signed_has_the_bytes_of_the_real_chain() {
        let call = "0503008eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48e5c0";
        let genesis = "1dc00e76a13fc48b9c932e076622c5920295afaad4fd805c284a5cf3222ce452";
        let birth = "d9f2d5c7e6b387e32b3f41d7808094cc966fbbbbd4709d96471c52d9b1a2b2aa";
        let hash = |digits: &str| H256(hex::decode(digits).unwrap().try_into().unwrap());
        let forever = (Era::Immortal, Compact(7u32), genesis, "001c0000");
        let era = Era::Mortal {
            period: 64,
            phase: 2,
        };
        let mortal = (era, Compact(3u32), birth, "25000c0000");
        for (era, nonce, birth, extensions) in [forever, mortal] {
            let tip = Compact(0u64);
            let without_hash = false;
            let encoded = (era, nonce, tip, without_hash).encode();
            assert_eq!(hex::encode(&encoded), extensions);
            let mut signed = hex::decode(call).unwrap();
            signed.extend(encoded);
            let implicit = Implicit {
                runtime: runtime(),
                genesis_hash: hash(genesis),
                birth_hash: hash(birth),
            };
            let versions = "cd01000001000000";
            let expected = format!("{call}{extensions}{versions}{genesis}{birth}00");
            assert_eq!(hex::encode(signing_payload(&signed, &implicit)), expected);
        }
    }

    #[test]
    fn calls_have_the_numbers_of_the_real_chain() {
        let numbers: Vec<u8> = testkit::one_of_each_call()
            .iter()
            .map(|call| call.encode()[0])
            .collect();
        assert_eq!(
            numbers,
            [0, 4, 80, 96, 97, 98, 100, 113, 115, 116, 118, 119]
        );
    }

    #[test]
    fn a_moved_call_is_only_understood_by_its_runtime() {
        let moved = runtime().upgraded(7, 0);
        let call = RuntimeCall::SubtensorModule(testkit::one_of_each_call().remove(0));
        let bytes = encode_call(&call, moved);
        assert_eq!(decode_call(&bytes, moved), Ok(call.clone()));
        assert_ne!(decode_call(&bytes, runtime()), Ok(call));
    }

    #[test]
    fn a_signature_holds_for_one_chain_runtime_and_era_only() {
        let call = RuntimeCall::SubtensorModule(testkit::one_of_each_call().remove(0));
        let bytes = testkit::sign(&Signed::by("alice"), &call, &implicit());
        let extrinsic = decode(&bytes, runtime()).unwrap();
        assert!(extrinsic.is_signed(&implicit()));
        let others = [
            Implicit {
                genesis_hash: H256([2; 32]),
                ..implicit()
            },
            Implicit {
                birth_hash: H256([2; 32]),
                ..implicit()
            },
            Implicit {
                runtime: runtime().upgraded(0, 0),
                ..implicit()
            },
            Implicit {
                runtime: RuntimeVersion {
                    transaction_version: 2,
                    ..runtime()
                },
                ..implicit()
            },
        ];
        for other in others {
            assert!(!extrinsic.is_signed(&other), "{other:?}");
        }
    }

    #[test]
    fn a_long_call_is_signed_by_its_hash() {
        let call = RuntimeCall::SubtensorModule(Call::set_weights {
            netuid: NetUid(1),
            dests: (0..500).collect(),
            weights: vec![1; 500],
            version_key: 0,
        });
        let bytes = testkit::sign(&Signed::by("alice"), &call, &implicit());
        assert!(decode(&bytes, runtime()).unwrap().is_signed(&implicit()));
    }

    #[test]
    fn bytes_that_are_no_extrinsic_are_named() {
        let call = RuntimeCall::SubtensorModule(testkit::one_of_each_call().remove(0));
        let good = testkit::sign(&Signed::by("alice"), &call, &implicit());
        let long = vec![0; EXTRINSIC_MAX_BYTES + 1];
        assert!(matches!(
            decode(&long, runtime()),
            Err(ExtrinsicError::TooLong(_))
        ));
        assert!(matches!(
            decode(&good[..good.len() - 1], runtime()),
            Err(ExtrinsicError::Length { .. })
        ));
        assert_eq!(
            decode(&inherent(&call, runtime()), runtime()),
            Err(ExtrinsicError::Bare)
        );
        assert_eq!(
            decode(&vec![0x45u8].encode(), runtime()),
            Err(ExtrinsicError::Version(0x45))
        );
        let mut trailing = good[2..].to_vec();
        trailing.push(0);
        assert!(matches!(
            decode(&trailing.encode(), runtime()),
            Err(ExtrinsicError::Malformed {
                part: "the call",
                ..
            })
        ));
    }

    fn list() -> impl Strategy<Value = Vec<u16>> {
        proptest::collection::vec(any::<u16>(), 0..300)
    }

    /// Calls that carry lists of any length, in several widths.
    fn any_call() -> impl Strategy<Value = Call> {
        let (netuid, mecid) = (any::<u16>(), any::<u8>());
        let parts = (netuid, mecid, list(), list(), any::<u64>(), any::<u8>());
        parts.prop_map(|(netuid, mecid, uids, values, number, kind)| {
            let (netuid, mecid) = (NetUid(netuid), MechId(mecid));
            match kind % 4 {
                0 => Call::set_mechanism_weights {
                    netuid,
                    mecid,
                    dests: uids,
                    weights: values,
                    version_key: number,
                },
                1 => Call::reveal_mechanism_weights {
                    netuid,
                    mecid,
                    uids: uids.clone(),
                    values,
                    salt: uids,
                    version_key: number,
                },
                2 => Call::batch_set_weights {
                    netuids: uids.iter().map(|uid| Compact(NetUid(*uid))).collect(),
                    weights: vec![
                        uids.iter()
                            .map(|uid| (Compact(*uid), Compact(*uid)))
                            .collect(),
                        Vec::new(),
                    ],
                    version_keys: vec![Compact(number)],
                },
                _ => Call::commit_timelocked_weights {
                    netuid,
                    commit: BoundedVec(values.iter().map(|value| *value as u8).collect()),
                    reveal_round: number,
                    commit_reveal_version: 4,
                },
            }
        })
    }

    #[test]
    fn a_commit_longer_than_its_bound_is_not_decoded() {
        let commit = |length| {
            RuntimeCall::SubtensorModule(Call::commit_timelocked_weights {
                netuid: NetUid(1),
                commit: BoundedVec(vec![0; length]),
                reveal_round: 1,
                commit_reveal_version: 4,
            })
        };
        let decodes = |length| decode_call(&commit(length).encode(), runtime()).is_ok();
        assert_eq!((decodes(5_000), decodes(5_001)), (true, false));
    }

    proptest! {
        #[test]
        fn signed_calls_survive_a_round_trip_wherever_they_have_moved(
            call in any_call(), shift in 0u8..=100, nonce in any::<u32>(),
        ) {
            let moved = runtime().upgraded(shift, 0);
            let implicit = Implicit { runtime: moved, ..implicit() };
            let call = RuntimeCall::SubtensorModule(call);
            let signed = Signed { nonce, ..Signed::by("alice") };
            let decoded = decode(&testkit::sign(&signed, &call, &implicit), moved).unwrap();
            prop_assert!(decoded.is_signed(&implicit));
            prop_assert_eq!((decoded.call, decoded.nonce), (call, nonce));
        }

        #[test]
        fn any_bytes_are_refused_or_decoded_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let _ = decode(&bytes.encode(), runtime());
            let mut signed = vec![SIGNED_V4];
            signed.extend(bytes);
            let _ = decode(&signed.encode(), runtime());
        }
    }
}
