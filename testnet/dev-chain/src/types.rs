//! Types of the chain's primitives as SCALE has them. What clients look up by path in the metadata
//! gets the path of the real runtime's type in [`crate::metadata`].

use parity_scale_codec::{Compact, CompactAs, Decode, Encode};
use scale_info::build::{Fields, Variants};
use scale_info::{Path, Type, TypeInfo};
use serde::{Deserialize, Serialize};

/// A 32-byte hash.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, TypeInfo,
)]
pub struct H256(pub [u8; 32]);

/// A public key, shown as SS58 with prefix 42.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, TypeInfo)]
pub struct AccountId32(pub [u8; 32]);

/// Number of a subnet.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    CompactAs,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct NetUid(pub u16);

/// Number of a mechanism within a subnet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, TypeInfo)]
pub struct MechId(pub u8);

/// Subnet and mechanism in one number, the key of weights: `mechanism * 4096 + netuid`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, TypeInfo)]
pub struct NetUidStorageIndex(pub u16);

/// A share, of 65,535.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, CompactAs, TypeInfo)]
pub struct PerU16(pub u16);

/// An amount of TAO in rao.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, CompactAs, TypeInfo)]
pub struct TaoBalance(pub u64);

/// An amount of a subnet's token in its smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, CompactAs, TypeInfo)]
pub struct AlphaBalance(pub u64);

/// What the real runtime owns or borrows, which is the same to SCALE.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Cow<T>(pub T);

/// A vector with a bound, encoded like any vector; a longer one isn't decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode)]
pub struct BoundedVec<T, const MAX: usize>(pub Vec<T>);

/// An address of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum MultiAddress<AccountId> {
    /// The public key.
    Id(AccountId),
    /// An index; this chain has none.
    Index(Compact<()>),
    /// Some bytes; this chain has none.
    Raw(Vec<u8>),
    /// 32 bytes that are no key; this chain has none.
    Address32([u8; 32]),
    /// An Ethereum address; this chain has none.
    Address20([u8; 20]),
}

/// A signature of any of the schemes that clients know.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum MultiSignature {
    /// Ed25519; refused by this chain.
    Ed25519([u8; 64]),
    /// Sr25519, in the context `substrate`.
    Sr25519([u8; 64]),
    /// ECDSA; refused by this chain.
    Ecdsa([u8; 65]),
}

/// How long an extrinsic is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// For ever.
    Immortal,
    /// In a span of blocks.
    Mortal {
        /// Length of the span in blocks, a power of two of 4 to 65,536.
        period: u64,
        /// Offset of the span's first block within the period.
        phase: u64,
    },
}

impl NetUidStorageIndex {
    /// The index of a mechanism of a subnet.
    pub fn new(netuid: NetUid, mechanism: MechId) -> NetUidStorageIndex {
        let offset = u16::from(mechanism.0).wrapping_mul(crate::limits::NETUIDS_PER_MECHANISM);
        NetUidStorageIndex(offset.wrapping_add(netuid.0))
    }
}

impl From<NetUid> for NetUidStorageIndex {
    fn from(netuid: NetUid) -> NetUidStorageIndex {
        NetUidStorageIndex(netuid.0)
    }
}

impl<T: Decode, const MAX: usize> Decode for BoundedVec<T, MAX> {
    fn decode<I: parity_scale_codec::Input>(
        input: &mut I,
    ) -> Result<BoundedVec<T, MAX>, parity_scale_codec::Error> {
        let items = Vec::decode(input)?;
        if items.len() > MAX {
            return Err("a bounded vector is longer than its bound".into());
        }
        Ok(BoundedVec(items))
    }
}

impl<T: TypeInfo + 'static, const MAX: usize> TypeInfo for BoundedVec<T, MAX> {
    type Identity = Self;

    fn type_info() -> Type {
        Type::builder()
            .path(Path::new("BoundedVec", "bounded_collections::bounded_vec"))
            .composite(Fields::unnamed().field(|field| field.ty::<Vec<T>>().type_name("Vec<T>")))
    }
}

impl Era {
    /// The first block of the span that `current` is in.
    pub fn birth(self, current: u64) -> u64 {
        match self {
            Era::Immortal => 0,
            Era::Mortal { period, phase } => {
                (current.max(phase) - phase) / period.max(1) * period.max(1) + phase
            }
        }
    }
}

impl Encode for Era {
    fn encode_to<O: parity_scale_codec::Output + ?Sized>(&self, output: &mut O) {
        match *self {
            Era::Immortal => output.push_byte(0),
            Era::Mortal { period, phase } => {
                let factor = (period >> 12).max(1);
                let exponent = period.trailing_zeros().saturating_sub(1).clamp(1, 15);
                let encoded = u64::from(exponent) | ((phase / factor) << 4);
                // Below 65,536: four bits of exponent, twelve of phase.
                u16::try_from(encoded).unwrap_or(u16::MAX).encode_to(output);
            }
        }
    }
}

impl Decode for Era {
    fn decode<I: parity_scale_codec::Input>(
        input: &mut I,
    ) -> Result<Era, parity_scale_codec::Error> {
        let first = input.read_byte()?;
        if first == 0 {
            return Ok(Era::Immortal);
        }
        let encoded = u64::from(first) | u64::from(input.read_byte()?) << 8;
        let period = 2u64 << (encoded % 16);
        let factor = (period >> 12).max(1);
        let phase = (encoded >> 4) * factor;
        if period >= 4 && phase < period {
            Ok(Era::Mortal { period, phase })
        } else {
            Err("expected an era with a period of at least 4 and a phase within it".into())
        }
    }
}

impl TypeInfo for Era {
    type Identity = Self;

    fn type_info() -> Type {
        // The first byte of a mortal era is never zero, so clients see 255 variants with a byte
        // each; the metadata numbers their names.
        let mortal = (1u8..=255).fold(
            Variants::new().variant("Immortal", |v| v.index(0)),
            |variants, index| {
                variants.variant("Mortal", |v| {
                    v.index(index)
                        .fields(Fields::unnamed().field(|field| field.ty::<u8>()))
                })
            },
        );
        Type::builder()
            .path(Path::new("Era", "sp_runtime::generic::era"))
            .variant(mortal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eras_are_encoded_as_the_real_chain_does() {
        // Values of sp-runtime's own documentation: period 64, phase 42, and a quantised one.
        let era = Era::Mortal {
            period: 64,
            phase: 42,
        };
        assert_eq!(era.encode(), vec![5 + 42 % 16 * 16, 42 / 16]);
        let era = Era::Mortal {
            period: 32_768,
            phase: 20_000,
        };
        assert_eq!(
            era.encode(),
            vec![(14 + 2_500 % 16 * 16) as u8, (2_500 / 16) as u8]
        );
        assert_eq!(Era::Immortal.encode(), vec![0]);
    }

    #[test]
    fn an_era_begins_where_its_phase_says() {
        let era = Era::Mortal {
            period: 4,
            phase: 1,
        };
        assert_eq!(
            (1..10).map(|block| era.birth(block)).collect::<Vec<_>>(),
            vec![1, 1, 1, 1, 5, 5, 5, 5, 9]
        );
    }

    #[test]
    fn a_phase_outside_its_period_is_refused() {
        assert!(Era::decode(&mut &[0x01u8, 0xff][..]).is_err());
        assert!(Era::decode(&mut &[0x10u8, 0x00][..]).is_err());
    }

    proptest! {
        #[test]
        fn eras_survive_a_round_trip(exponent in 2u32..=16, phase in any::<u64>()) {
            let period = 1u64 << exponent;
            let factor = (period >> 12).max(1);
            let era = Era::Mortal { period, phase: phase % period / factor * factor };
            prop_assert_eq!(Era::decode(&mut &era.encode()[..]), Ok(era));
        }
    }
}
