//! The whole validator as one state machine.
