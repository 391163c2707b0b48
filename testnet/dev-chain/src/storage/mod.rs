//! Storage as the real chain lays it out: an ordered map of bytes, whose keys are built of the
//! hashes of pallet and item names and of hashed SCALE values. [`Entry`] describes an item once,
//! for reading, writing and for the metadata.

mod state;
mod versions;

use frame_metadata::v14::{
    StorageEntryMetadata, StorageEntryModifier, StorageEntryType, StorageHasher,
};
use parity_scale_codec::{Decode, DecodeAll, Encode};
use scale_info::form::MetaForm;
use scale_info::{MetaType, TypeInfo, meta_type};

pub use state::State;
pub use versions::{Change, Versions};

/// How a part of a key is hashed; all of them can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hasher {
    /// The value itself.
    Identity,
    /// Eight bytes of XXH64, then the value.
    Twox64Concat,
    /// Sixteen bytes of BLAKE2b, then the value.
    Blake2_128Concat,
}

/// An item of a pallet's storage.
pub struct Entry<K, V> {
    /// Name of the pallet.
    pub pallet: &'static str,
    /// Name of the item.
    pub name: &'static str,
    /// A hasher for each part of the key.
    pub hashers: &'static [Hasher],
    /// What clients are told about absence.
    pub modifier: Modifier,
    /// What is read where nothing is stored.
    pub default: fn() -> V,
    /// The type of the key, which no value holds.
    pub key: std::marker::PhantomData<fn(&K)>,
}

/// What absence means to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// There is nothing.
    Optional,
    /// The default holds.
    Default,
}

/// The key of an item: nothing, one value or two.
pub trait StorageKey {
    /// Each part, encoded.
    fn parts(&self) -> Vec<Vec<u8>>;
    /// The type that the metadata names; none for a plain value.
    fn key_type() -> Option<MetaType>;
}

impl Hasher {
    /// The hashed form of an encoded value.
    pub fn hash(self, encoded: &[u8]) -> Vec<u8> {
        let mut hashed = match self {
            Hasher::Identity => Vec::new(),
            Hasher::Twox64Concat => sp_crypto_hashing::twox_64(encoded).to_vec(),
            Hasher::Blake2_128Concat => sp_crypto_hashing::blake2_128(encoded).to_vec(),
        };
        hashed.extend_from_slice(encoded);
        hashed
    }

    /// Bytes before the value.
    const fn prefix_bytes(self) -> usize {
        match self {
            Hasher::Identity => 0,
            Hasher::Twox64Concat => 8,
            Hasher::Blake2_128Concat => 16,
        }
    }

    fn metadata(self) -> StorageHasher {
        match self {
            Hasher::Identity => StorageHasher::Identity,
            Hasher::Twox64Concat => StorageHasher::Twox64Concat,
            Hasher::Blake2_128Concat => StorageHasher::Blake2_128Concat,
        }
    }
}

impl StorageKey for () {
    fn parts(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn key_type() -> Option<MetaType> {
        None
    }
}

impl<A: Encode + TypeInfo + 'static> StorageKey for (A,) {
    fn parts(&self) -> Vec<Vec<u8>> {
        vec![self.0.encode()]
    }

    fn key_type() -> Option<MetaType> {
        Some(meta_type::<A>())
    }
}

impl<A: Encode + TypeInfo + 'static, B: Encode + TypeInfo + 'static> StorageKey for (A, B) {
    fn parts(&self) -> Vec<Vec<u8>> {
        vec![self.0.encode(), self.1.encode()]
    }

    fn key_type() -> Option<MetaType> {
        Some(meta_type::<(A, B)>())
    }
}

impl<K: StorageKey, V: Encode + Decode + TypeInfo + 'static> Entry<K, V> {
    /// The first 32 bytes of every key of the item.
    pub fn prefix(&self) -> Vec<u8> {
        let mut prefix = sp_crypto_hashing::twox_128(self.pallet.as_bytes()).to_vec();
        prefix.extend(sp_crypto_hashing::twox_128(self.name.as_bytes()));
        prefix
    }

    /// The whole key.
    pub fn key(&self, key: &K) -> Vec<u8> {
        let mut whole = self.prefix();
        for (hasher, part) in self.hashers.iter().zip(key.parts()) {
            whole.extend(hasher.hash(&part));
        }
        whole
    }

    /// What is stored.
    pub fn find(&self, state: &State<'_>, key: K) -> Option<V> {
        // Only this chain writes its storage, through the same types, so that it always decodes.
        state
            .get(&self.key(&key))
            .and_then(|bytes| V::decode_all(&mut &bytes[..]).ok())
    }

    /// What is stored, or the default.
    pub fn get(&self, state: &State<'_>, key: K) -> V {
        self.find(state, key).unwrap_or_else(self.default)
    }

    /// Whether anything is stored.
    pub fn contains(&self, state: &State<'_>, key: K) -> bool {
        state.get(&self.key(&key)).is_some()
    }

    /// Stores a value.
    pub fn put(&self, state: &mut State<'_>, key: K, value: &V) {
        state.set(self.key(&key), Some(value.encode()));
    }

    /// Stores what `change` makes of the value or the default.
    pub fn change<T>(&self, state: &mut State<'_>, key: K, change: impl FnOnce(&mut V) -> T) -> T {
        let key = self.key(&key);
        let stored = state.get(&key);
        let decoded = stored.and_then(|bytes| V::decode_all(&mut &bytes[..]).ok());
        let mut value = decoded.unwrap_or_else(self.default);
        let outcome = change(&mut value);
        state.set(key, Some(value.encode()));
        outcome
    }

    /// Removes what is stored.
    pub fn remove(&self, state: &mut State<'_>, key: K) {
        state.set(self.key(&key), None);
    }

    /// What the metadata says of the item.
    pub fn metadata(&self, docs: &[&'static str]) -> StorageEntryMetadata<MetaForm> {
        let value = meta_type::<V>();
        StorageEntryMetadata {
            name: self.name,
            modifier: match self.modifier {
                Modifier::Optional => StorageEntryModifier::Optional,
                Modifier::Default => StorageEntryModifier::Default,
            },
            ty: match K::key_type() {
                None => StorageEntryType::Plain(value),
                Some(key) => StorageEntryType::Map {
                    hashers: self
                        .hashers
                        .iter()
                        .map(|hasher| hasher.metadata())
                        .collect(),
                    key,
                    value,
                },
            },
            default: match self.modifier {
                Modifier::Optional => vec![0],
                Modifier::Default => (self.default)().encode(),
            },
            docs: docs.to_vec(),
        }
    }

    /// The last part of every key that begins with `prefix`, in the order of the stored keys.
    fn last_parts<L: Decode>(&self, state: &State<'_>, prefix: &[u8]) -> Vec<L> {
        let hashed = self
            .hashers
            .last()
            .map_or(0, |hasher| hasher.prefix_bytes());
        let keys = state.keys_with_prefix(prefix);
        keys.iter()
            .filter_map(|key| key.get(prefix.len() + hashed..))
            .filter_map(|part| L::decode_all(&mut &part[..]).ok())
            .collect()
    }
}

impl<A, V> Entry<(A,), V>
where
    A: Encode + Decode + TypeInfo + 'static,
    V: Encode + Decode + TypeInfo + 'static,
{
    /// Every key, in the order of the stored keys.
    pub fn keys(&self, state: &State<'_>) -> Vec<A> {
        self.last_parts(state, &self.prefix())
    }
}

impl<A, B, V> Entry<(A, B), V>
where
    A: Encode + TypeInfo + 'static,
    B: Encode + Decode + TypeInfo + 'static,
    V: Encode + Decode + TypeInfo + 'static,
{
    /// Every second part under a first one, in the order of the stored keys.
    pub fn second_keys(&self, state: &State<'_>, first: &A) -> Vec<B> {
        let mut prefix = self.prefix();
        if let Some(hasher) = self.hashers.first() {
            prefix.extend(hasher.hash(&first.encode()));
        }
        self.last_parts(state, &prefix)
    }
}

/// Declares the storage of a pallet: an [`Entry`] constant for each item and `entries()` for the
/// metadata. `CONSTANT "Name" (keys with hashers) => type`, then `= default` or `?` for absence.
macro_rules! storage {
    (
        pallet $pallet:literal;
        $(
            $(#[doc = $doc:literal])+
            $constant:ident $name:literal ($($hasher:ident $key:ty),*) => $value:ty
                $(= $default:expr)? $(, $optional:ident)?;
        )*
    ) => {
        $(
            $(#[doc = $doc])+
            pub const $constant: $crate::storage::Entry<($($key,)*), $value> =
                $crate::storage::Entry {
                    pallet: $pallet,
                    name: $name,
                    hashers: &[$($crate::storage::Hasher::$hasher),*],
                    modifier: storage!(@modifier $($optional)?),
                    default: storage!(@default $($default)?),
                    key: std::marker::PhantomData,
                };
        )*

        /// Every item, for the metadata.
        pub fn entries() -> Vec<frame_metadata::v14::StorageEntryMetadata<scale_info::form::MetaForm>> {
            vec![$($constant.metadata(&[$($doc),+])),*]
        }
    };
    (@modifier) => { $crate::storage::Modifier::Default };
    (@modifier optional) => { $crate::storage::Modifier::Optional };
    (@default) => { Default::default };
    (@default $default:expr) => { || $default };
}
pub(crate) use storage;

#[cfg(test)]
mod tests {
    use crate::pallets::subtensor::storage as subtensor;
    use crate::pallets::{drand, system};
    use crate::types::{AccountId32, NetUid, NetUidStorageIndex};

    /// Keys by an implementation that isn't ours.
    #[test]
    fn keys_are_those_of_the_real_chain() {
        let alice: AccountId32 = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
            .parse()
            .unwrap();
        let (netuid, index) = (NetUid(1), NetUidStorageIndex(1));
        let keys = [
            (
                subtensor::UIDS.key(&(netuid, alice)),
                "658faa385070e074c85bf6b568cf0555aab1b4e78e1ea8305462ee53b3686dc80100de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
            ),
            (
                subtensor::WEIGHTS.key(&(index, 0)),
                "658faa385070e074c85bf6b568cf0555a1e7036061f484bc3048a64b64e35ec401000000",
            ),
            (
                subtensor::TEMPO.key(&(netuid,)),
                "658faa385070e074c85bf6b568cf05557641384bb339f3758acddfd7053d33170100",
            ),
            (
                subtensor::TIMELOCKED_WEIGHT_COMMITS.key(&(index, 5)),
                "658faa385070e074c85bf6b568cf0555119e1c428ff5c7c6dac4c888a10d1443f1577fbf1d628fdd01003d59c2d52d0bbe890500000000000000",
            ),
            (
                subtensor::TOTAL_HOTKEY_ALPHA.key(&(alice, netuid)),
                "658faa385070e074c85bf6b568cf0555ee25c3b5b1886863480497907f1829e6de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d0100",
            ),
            (
                subtensor::REVEAL_PERIOD_EPOCHS.key(&(netuid,)),
                "658faa385070e074c85bf6b568cf05558f232bcbac768c1d6201850c60f161edf1577fbf1d628fdd0100",
            ),
            (
                system::ACCOUNT.key(&(alice,)),
                "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
            ),
            (
                system::EVENTS.key(&()),
                "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7",
            ),
            (
                drand::PULSES.key(&(1_000,)),
                "a285cdb66e8b8524ea70b1693c7b1e050d8e70fd32bfb1639703f9a23d15b15e646b8858c86fefefe34a7c69e60c9917e803000000000000",
            ),
        ];
        for (key, expected) in keys {
            assert_eq!(hex::encode(key), expected);
        }
    }
}
