//! JSON-RPC types and clients, one definition for server and clients.
