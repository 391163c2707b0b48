//! What goes wrong inside one connection, before it is known which call it was part of.

use crate::error::ChainError;

/// Why work on one connection ended.
#[derive(Debug)]
pub enum Fault {
    /// Said already in the words of this crate; another endpoint would say the same.
    Chain(ChainError),
    /// The client library's error: connection, metadata, decoding.
    Client(Box<subxt::Error>),
}

impl Fault {
    /// Any of the library's errors; for `map_err`.
    pub fn client(error: impl Into<subxt::Error>) -> Fault {
        Fault::Client(Box::new(error.into()))
    }
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Fault {
        Fault::Chain(error)
    }
}
