//! Two packages to compare, and a fingerprint from a guest: what decodes encodes to the same bytes, and a
//! package is like itself.
#![no_main]

use assay_challenge_sdk::abi::PythonFile;
use assay_python::similarity::{Fingerprint, compare, fingerprint};
use libfuzzer_sys::fuzz_target;

/// Splits the bytes into packages: no UTF-8 text has this byte.
const SEPARATOR: u8 = 0xff;

fuzz_target!(|data: &[u8]| {
    if let Ok(decoded) = Fingerprint::decode(data) {
        assert_eq!(decoded.encode(), data);
    }
    let fingerprints: Vec<Fingerprint> = data
        .splitn(2, |byte| *byte == SEPARATOR)
        .filter_map(|source| {
            let file = PythonFile {
                path: "agent.py".to_owned(),
                source: source.to_vec(),
            };
            fingerprint(&[file], None).ok()
        })
        .collect();
    for fingerprint in &fingerprints {
        let decoded = Fingerprint::decode(&fingerprint.encode()).expect("decodes what was encoded");
        let to_itself = compare(fingerprint, fingerprint);
        assert_eq!(compare(fingerprint, &decoded), to_itself);
        for other in &fingerprints {
            compare(fingerprint, other);
        }
    }
});
