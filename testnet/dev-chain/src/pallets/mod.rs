//! The pallets: their storage, calls, events and errors, and the enums that hold those of all.

pub mod balances;
pub mod drand;
pub mod subtensor;
pub mod system;
pub mod timestamp;

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

/// A call of any pallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum RuntimeCall {
    /// Of pallet Timestamp.
    #[codec(index = 2)]
    Timestamp(timestamp::Call),
    /// Of pallet SubtensorModule.
    #[codec(index = 7)]
    SubtensorModule(subtensor::calls::Call),
}

/// An event of any pallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum RuntimeEvent {
    /// Of pallet System.
    #[codec(index = 0)]
    System(system::Event),
    /// Of pallet SubtensorModule.
    #[codec(index = 7)]
    SubtensorModule(subtensor::events::Event),
    /// Of pallet Drand.
    #[codec(index = 26)]
    Drand(drand::Event),
}

/// An error of any pallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum RuntimeError {
    /// Of pallet SubtensorModule.
    #[codec(index = 7)]
    SubtensorModule(subtensor::errors::Error),
}
