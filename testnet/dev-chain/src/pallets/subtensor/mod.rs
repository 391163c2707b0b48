//! Pallet SubtensorModule: subnets, neurons, stake, weights and commits.

pub mod calls;
pub mod commits;
pub mod dispatch;
pub mod epoch;
pub mod errors;
pub mod events;
pub mod network;
pub mod pool_checks;
pub mod registration;
pub mod serving;
pub mod storage;
pub mod timelocked;
pub mod weights;

use self::events::Event;
use super::RuntimeEvent;
use super::system;
use crate::storage::State;

/// Adds an event of the pallet to the block.
fn deposit(state: &mut State<'_>, event: Event) {
    system::deposit(state, RuntimeEvent::SubtensorModule(event));
}
