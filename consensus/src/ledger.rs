//! The ledger state machine.
