//! The challenge modules of this workspace, compiled to WebAssembly by the build script.
//!
//! The bytes follow from sources, lock file and toolchain alone, not from the place of the checkout, so
//! that everybody who builds a release gets the same module hashes.

/// Term Challenge.
pub const TERM_CHALLENGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/term_challenge.wasm"));

/// A module that comes with this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// Name under which the challenge is registered.
    pub name: &'static str,
    /// The WebAssembly module.
    pub bytes: &'static [u8],
}

/// All modules, by name.
#[must_use]
pub const fn modules() -> &'static [Module] {
    &[Module {
        name: "term-challenge",
        bytes: TERM_CHALLENGE,
    }]
}
