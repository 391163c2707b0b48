//! Key files of Bittensor's wallet package 4.1.1, as it wrote them, and helpers around them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The phrase of every development chain.
pub const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// Its seed.
pub const SEED: &str = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";

/// Its address.
pub const SS58: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";

/// Made of a phrase: every secret is there.
pub const OF_PHRASE: &str = r#"{"secretPhrase":"bottom drive obey lake curtain smoke basket hold race lonely fit walk","secretSeed":"0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e","ss58Address":"5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV","accountId":"0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a","publicKey":"0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a","cryptoType":1,"privateKey":"0x05d65584630d16cd4af6d0bec10f34bb504a5dcb62dba2122d49f5a663763d0afd190cce74df356432b410bd64682309d6dedb27c76845daf388557cbac3ca34"}"#;

/// Imported: only the private key is there.
pub const OF_PRIVATE_KEY: &str = r#"{"publicKey":"0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d","ss58Address":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY","privateKey":"0x33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011","cryptoType":1,"accountId":"0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"}"#;

/// The address of [`OF_PRIVATE_KEY`].
pub const PRIVATE_KEY_SS58: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// Made of a seed that is valid UTF-8, whose characters the package writes instead of its hex.
pub const OF_GARBLED_SEED: &str = r#"{"privateKey":"0xa535c7bfff6f541c20d5d8c4bd3ed35ca3a5800b091545d1c98f69493907050f9c7d6db3506d65dbac7c052aaee4857425210c9bc54030c826e54055983452a5","ss58Address":"5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy","cryptoType":1,"publicKey":"0x7c0f469d3bd340bae718203fa30ca071a5e37c751e891dbded837b213d45d91d","accountId":"0x7c0f469d3bd340bae718203fa30ca071a5e37c751e891dbded837b213d45d91d","secretSeed":"0x\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007\u0007"}"#;

/// The address of [`OF_GARBLED_SEED`].
pub const GARBLED_SEED_SS58: &str = "5EsNLFaGe9XK5LzWH3i6eC2Wqv6YqZS1442N1C4yeSdP6uxy";

/// An ed25519 key.
pub const ED25519: &str = r#"{"publicKey":"0xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c","ss58Address":"5HMuAqymF33H73ZiBpmZ3TigFzHCopV9doyb9UfQdyDgZMUp","privateKey":"0x0707070707070707070707070707070707070707070707070707070707070707","cryptoType":0,"accountId":"0xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"}"#;

/// The public half of [`OF_PHRASE`].
pub const PUBLIC_HALF: &str = r#"{"accountId":"0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a","ss58Address":"5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV","publicKey":"0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a","cryptoType":1}"#;

/// Writes a file with that mode and gives its path.
pub fn put(path: &Path, contents: &[u8], mode: u32) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    path.to_path_buf()
}

/// A private key file in a directory of its own.
pub fn key_file(contents: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = put(&directory.path().join("hotkey"), contents, 0o600);
    (directory, path)
}
