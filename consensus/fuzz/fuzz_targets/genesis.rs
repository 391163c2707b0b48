//! A genesis document: what validates survives a round trip with the same network id.
#![no_main]

use assay_consensus::genesis::Genesis;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(genesis) = serde_json::from_slice::<Genesis>(data) else {
        return;
    };
    if genesis.validate().is_ok() {
        let text = serde_json::to_vec(&genesis).expect("serialises");
        let again: Genesis = serde_json::from_slice(&text).expect("parses again");
        assert_eq!(again.network_id(), genesis.network_id());
    }
});
