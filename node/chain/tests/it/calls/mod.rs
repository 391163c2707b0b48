//! Calls: what is refused, what is taken, and what became of it.

mod axon;
mod endpoints;
mod plain;
mod pool;
mod refusals;
mod salted;
mod timelocked;
mod upgrade;
