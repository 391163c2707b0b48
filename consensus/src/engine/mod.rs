//! Finality of one height at a time, on Malachite's Tendermint driver.
