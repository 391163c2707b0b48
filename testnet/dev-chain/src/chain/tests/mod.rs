//! Tests of the chain as a whole, by what they are about.

mod commits;
mod epochs;
mod history;
mod pool;
mod refusals;
