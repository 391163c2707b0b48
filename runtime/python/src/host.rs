//! The analysis as hosts offer it to challenges: nodes and native runs answer with the same code.

use assay_challenge_sdk::abi::{
    PYTHON_SIMILARITY_MAX_OTHERS, PythonCheckRequest, PythonCheckResponse, PythonFingerprint,
    PythonFingerprintRequest, PythonFingerprintResponse, PythonScores, PythonSimilarityRequest,
    PythonSimilarityResponse, PythonVerdict, PythonViolation,
};
use assay_challenge_sdk::python::{PythonAnalysis, PythonFault};

use crate::CheckError;
use crate::similarity::{self, Fingerprint, FingerprintError};

/// This crate behind the host functions of Python.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analysis;

impl From<CheckError> for PythonFault {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Policy(error) => Self::Request(error.to_string()),
            CheckError::Request(reason) => Self::Request(reason),
            CheckError::Host(reason) => Self::Machine(reason),
        }
    }
}

impl PythonAnalysis for Analysis {
    fn check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, PythonFault> {
        Ok(crate::check(request)?)
    }

    fn fingerprint(
        &self,
        request: &PythonFingerprintRequest,
    ) -> Result<PythonFingerprintResponse, PythonFault> {
        let template = match request.template.0.as_slice() {
            [] => None,
            _ => Some(decode(&request.template)?),
        };
        match similarity::fingerprint(&request.files, template.as_ref()) {
            Ok(fingerprint) => Ok(PythonFingerprintResponse::Fingerprint(PythonFingerprint(
                fingerprint.encode(),
            ))),
            Err(FingerprintError::Host(reason)) => Err(PythonFault::Machine(reason)),
            Err(error) => Ok(PythonFingerprintResponse::Refused(violation(error))),
        }
    }

    fn similarity(
        &self,
        request: &PythonSimilarityRequest,
    ) -> Result<PythonSimilarityResponse, PythonFault> {
        if request.others.len() > PYTHON_SIMILARITY_MAX_OTHERS {
            return Err(PythonFault::Request(format!(
                "{} fingerprints to compare with, at most {PYTHON_SIMILARITY_MAX_OTHERS} are accepted",
                request.others.len()
            )));
        }
        let subject = decode(&request.subject)?;
        let scores = request.others.iter().map(|other| {
            let scores = similarity::compare(&subject, &decode(other)?);
            Ok(PythonScores {
                similarity: scores.similarity,
                contained: scores.contained,
                containing: scores.containing,
            })
        });
        Ok(PythonSimilarityResponse {
            scores: scores.collect::<Result<_, PythonFault>>()?,
        })
    }
}

fn decode(fingerprint: &PythonFingerprint) -> Result<Fingerprint, PythonFault> {
    Fingerprint::decode(&fingerprint.0).map_err(|error| PythonFault::Request(error.to_string()))
}

/// What is wrong with a package is the miner's to fix, like a finding of the check.
fn violation(error: FingerprintError) -> PythonViolation {
    let violation = PythonViolation {
        severity: PythonVerdict::Deny,
        ..PythonViolation::default()
    };
    match error {
        FingerprintError::File {
            file,
            line,
            column,
            rule,
            reason,
        } => PythonViolation {
            rule: rule.to_owned(),
            file,
            line,
            column,
            width: u32::from(line > 0),
            message: reason,
            ..violation
        },
        other => PythonViolation {
            rule: "py.size".to_owned(),
            message: other.to_string(),
            ..violation
        },
    }
}

#[cfg(test)]
mod tests {
    use assay_challenge_sdk::abi::PythonFile;

    use super::*;

    const PROGRAM: &str = "import json\n\ndef best(items, limit):\n    chosen = []\n    \
        for item in sorted(items, key=lambda it: it.score):\n        if item.cost <= limit:\n            \
        chosen.append(item.name)\n            limit -= item.cost\n    return json.dumps(chosen)\n";

    fn request(source: &str) -> PythonFingerprintRequest {
        PythonFingerprintRequest {
            files: vec![PythonFile {
                path: "agent.py".into(),
                source: source.into(),
            }],
            template: PythonFingerprint::default(),
        }
    }

    fn fingerprint(request: &PythonFingerprintRequest) -> PythonFingerprint {
        match Analysis.fingerprint(request).unwrap() {
            PythonFingerprintResponse::Fingerprint(fingerprint) => fingerprint,
            PythonFingerprintResponse::Refused(violation) => panic!("{violation:?}"),
        }
    }

    fn refused(request: &PythonFingerprintRequest) -> PythonViolation {
        match Analysis.fingerprint(request).unwrap() {
            PythonFingerprintResponse::Refused(violation) => violation,
            PythonFingerprintResponse::Fingerprint(_) => panic!("has a fingerprint"),
        }
    }

    #[test]
    fn a_program_is_all_in_itself_and_nothing_beside_its_template() {
        let own = fingerprint(&request(PROGRAM));
        let rest = fingerprint(&PythonFingerprintRequest {
            template: own.clone(),
            ..request(PROGRAM)
        });
        let answer = Analysis.similarity(&PythonSimilarityRequest {
            subject: own.clone(),
            others: vec![own, rest],
        });
        let all = PythonScores {
            similarity: 10_000,
            contained: 10_000,
            containing: 10_000,
        };
        let scores = answer.unwrap().scores;
        assert_eq!(scores, [all, PythonScores::default()]);
    }

    #[test]
    fn what_a_miner_broke_is_a_violation_with_its_place() {
        let broken = refused(&request("x = 1\ny = (\n"));
        assert_eq!(
            (broken.rule.as_str(), broken.file.as_str()),
            ("py.syntax", "agent.py")
        );
        assert!(broken.line >= 2, "{broken:?}");
        assert_eq!(refused(&request("x = '\0'")).rule, "py.encoding");
        let mut many = request("");
        many.files = vec![many.files[0].clone(); crate::MAX_FILES + 1];
        assert_eq!(refused(&many).rule, "py.size");
    }

    #[test]
    fn what_is_no_fingerprint_or_too_many_of_them_is_an_invalid_request() {
        let own = fingerprint(&request(PROGRAM));
        let mut damaged = own.clone();
        *damaged.0.last_mut().unwrap() ^= 1;
        let is_invalid = |subject: &PythonFingerprint, others: Vec<PythonFingerprint>| {
            let answer = Analysis.similarity(&PythonSimilarityRequest {
                subject: subject.clone(),
                others,
            });
            matches!(answer, Err(PythonFault::Request(_)))
        };
        let page = vec![own.clone(); PYTHON_SIMILARITY_MAX_OTHERS];
        let more = vec![own.clone(); PYTHON_SIMILARITY_MAX_OTHERS + 1];
        assert!(!is_invalid(&own, page));
        assert!(is_invalid(&own, more));
        assert!(is_invalid(&own, vec![own.clone(), damaged.clone()]));
        assert!(is_invalid(&damaged, vec![]));
        assert!(is_invalid(&PythonFingerprint::default(), vec![]));
        let template = Analysis.fingerprint(&PythonFingerprintRequest {
            template: damaged,
            ..request(PROGRAM)
        });
        assert!(matches!(template, Err(PythonFault::Request(_))));
    }
}
