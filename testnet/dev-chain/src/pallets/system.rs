//! Pallet System: accounts with nonces, block numbers and hashes, events.

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

use super::RuntimeEvent;
use crate::runtime::RuntimeVersion;
use crate::storage::{State, storage};
use crate::types::{AccountId32, Cow, H256, TaoBalance};

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountInfo {
    /// Nonce of its next extrinsic.
    pub nonce: u32,
    /// Reasons not to remove it.
    pub consumers: u32,
    /// Reasons for it to exist.
    pub providers: u32,
    /// Reasons for it to exist by itself.
    pub sufficients: u32,
    /// Its money.
    pub data: AccountData,
}

/// An account's money.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountData {
    /// What it may spend (rao).
    pub free: TaoBalance,
    /// What is set aside (rao).
    pub reserved: TaoBalance,
    /// What of `free` may not go below (rao).
    pub frozen: TaoBalance,
    /// Marks of the real pallet.
    pub flags: ExtraFlags,
}

/// Marks of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ExtraFlags(pub u128);

impl Default for ExtraFlags {
    fn default() -> ExtraFlags {
        // The account has the layout in which the real pallet keeps its money today.
        ExtraFlags(1 << 127)
    }
}

/// When in a block something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Phase {
    /// In the extrinsic with this number.
    ApplyExtrinsic(u32),
    /// After all extrinsics.
    Finalization,
    /// Before all extrinsics.
    Initialization,
}

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct EventRecord {
    /// When it happened.
    pub phase: Phase,
    /// What happened.
    pub event: RuntimeEvent,
    /// Topics; this chain uses none.
    pub topics: Vec<H256>,
}

/// Cost of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Weight {
    /// Time in picoseconds.
    #[codec(compact)]
    pub ref_time: u64,
    /// Proof in bytes.
    #[codec(compact)]
    pub proof_size: u64,
}

/// Class of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum DispatchClass {
    /// Of a user.
    Normal,
    /// For the chain's operation.
    Operational,
    /// Of the block's author.
    Mandatory,
}

/// Whether a call costs a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Pays {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// What carrying out a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DispatchEventInfo {
    /// Its cost.
    pub weight: Weight,
    /// Its class.
    pub class: DispatchClass,
    /// Whether it cost a fee.
    pub pays_fee: Pays,
}

/// An error of a pallet, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ModuleError {
    /// The pallet.
    pub index: u8,
    /// The error, its fields encoded after its number.
    pub error: [u8; 4],
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum DispatchError {
    /// Something else.
    Other,
    /// An address that leads nowhere.
    CannotLookup,
    /// Not a call for this origin.
    BadOrigin,
    /// An error of a pallet.
    Module(ModuleError),
}

/// Events of the pallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Event {
    /// A call was carried out.
    ExtrinsicSuccess {
        /// What it cost.
        dispatch_info: DispatchEventInfo,
    },
    /// A call failed.
    ExtrinsicFailed {
        /// Why.
        dispatch_error: DispatchError,
        /// What it cost.
        dispatch_info: DispatchEventInfo,
    },
    /// The runtime was replaced.
    CodeUpdated,
}

/// The runtime since its last upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LastRuntimeUpgradeInfo {
    /// Its version.
    #[codec(compact)]
    pub spec_version: u32,
    /// Its name.
    pub spec_name: Cow<String>,
}

storage! {
    pallet "System";
    /// Accounts with their nonces.
    ACCOUNT "Account" (Blake2_128Concat AccountId32) => AccountInfo;
    /// Number of extrinsics in the block.
    EXTRINSIC_COUNT "ExtrinsicCount" () => u32, optional;
    /// Hashes of the latest blocks.
    BLOCK_HASH "BlockHash" (Twox64Concat u32) => H256;
    /// Number of the block.
    NUMBER "Number" () => u32;
    /// Hash of the block before.
    PARENT_HASH "ParentHash" () => H256;
    /// What happened in the block.
    EVENTS "Events" () => Vec<EventRecord>;
    /// What is being carried out.
    EXECUTION_PHASE "ExecutionPhase" () => Phase = Phase::Initialization, optional;
    /// How many events there are.
    EVENT_COUNT "EventCount" () => u32;
    /// The runtime since its last upgrade.
    LAST_RUNTIME_UPGRADE "LastRuntimeUpgrade" () => LastRuntimeUpgradeInfo, optional;
}

/// Number of the block that a state belongs to or that is being made.
pub fn block_number(state: &State<'_>) -> u64 {
    u64::from(NUMBER.get(state, ()))
}

/// Adds an event to the block, where it is being carried out.
pub fn deposit(state: &mut State<'_>, event: RuntimeEvent) {
    let record = EventRecord {
        phase: EXECUTION_PHASE.get(state, ()),
        event,
        topics: Vec::new(),
    };
    EVENTS.change(state, (), |events| events.push(record));
    EVENT_COUNT.change(state, (), |count| *count = count.saturating_add(1));
}

/// Where the runtime's code would be; here its version.
pub const CODE_KEY: &[u8] = b":code";

/// The runtime of a state.
pub fn runtime(state: &State<'_>) -> RuntimeVersion {
    let stored = state.get(CODE_KEY);
    stored
        .and_then(|mut bytes| RuntimeVersion::decode(&mut bytes).ok())
        .unwrap_or_default()
}

/// Replaces the runtime.
pub fn set_runtime(state: &mut State<'_>, runtime: RuntimeVersion) {
    state.set(CODE_KEY.to_vec(), Some(runtime.encode()));
    let info = LastRuntimeUpgradeInfo {
        spec_version: runtime.spec_version,
        spec_name: Cow(crate::runtime::SPEC_NAME.to_owned()),
    };
    LAST_RUNTIME_UPGRADE.put(state, (), &info);
}
