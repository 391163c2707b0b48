//! A request to check: any bytes as one file, or as several files that import each other. Whatever they are,
//! there is a verdict, the same twice, and a rejected file has a reason.
#![no_main]

use assay_challenge_sdk::abi::{PythonCheckRequest, PythonFile, PythonVerdict};
use libfuzzer_sys::fuzz_target;

/// Splits the bytes into files: no UTF-8 text has this byte.
const SEPARATOR: u8 = 0xff;
const PATHS: [&str; 4] = ["agent.py", "helper.py", "pkg/__init__.py", "pkg/sub.py"];

fuzz_target!(|data: &[u8]| {
    let files = data
        .splitn(PATHS.len(), |byte| *byte == SEPARATOR)
        .zip(PATHS)
        .map(|(source, path)| PythonFile {
            path: path.to_owned(),
            source: source.to_vec(),
        })
        .collect();
    let request = PythonCheckRequest {
        files,
        policy: "term".to_owned(),
    };
    let response = assay_python::check(&request).expect("a request within its limits is checked");
    assert!(response.verdict == PythonVerdict::Allow || !response.violations.is_empty());
    let again = assay_python::check(&request).expect("a request within its limits is checked");
    assert_eq!(response, again);
    for file in &request.files {
        if let Ok(survey) = assay_python::testing::survey(&file.source) {
            assert!(
                survey.height <= survey.bound,
                "{} over {}",
                survey.height,
                survey.bound
            );
        }
    }
});
