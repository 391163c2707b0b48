//! The agreement protocol of Assay as pure state machines: keys, messages, ledger, votes.
