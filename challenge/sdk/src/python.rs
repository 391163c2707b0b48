//! Python analysis as hosts offer it: nodes to modules, [`crate::MemoryHost`] to native runs. One
//! implementation behind both keeps their answers the same.

use alloc::{borrow::ToOwned, string::String};

use thiserror::Error;

use crate::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFingerprintRequest, PythonFingerprintResponse,
    PythonSimilarityRequest, PythonSimilarityResponse,
};

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PythonFault {
    /// It is over a limit, names an unknown policy, or holds bytes that are no fingerprint. The same on
    /// every machine.
    #[error("invalid request: {0}")]
    Request(String),
    /// A fault of this machine.
    #[error("{0}")]
    Machine(String),
}

/// What stands behind the functions of [`crate::abi::names::ASSAY_PYTHON`].
pub trait PythonAnalysis: Send + Sync {
    /// Checks Python sources against a policy.
    ///
    /// # Errors
    /// [`PythonFault`] when they could not be checked.
    fn check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, PythonFault>;

    /// Fingerprint of a package.
    ///
    /// # Errors
    /// [`PythonFault`] when it could not be looked at.
    fn fingerprint(
        &self,
        _request: &PythonFingerprintRequest,
    ) -> Result<PythonFingerprintResponse, PythonFault> {
        Err(no_fingerprints())
    }

    /// Compares a fingerprint with others.
    ///
    /// # Errors
    /// [`PythonFault`] when they could not be compared.
    fn similarity(
        &self,
        _request: &PythonSimilarityRequest,
    ) -> Result<PythonSimilarityResponse, PythonFault> {
        Err(no_fingerprints())
    }
}

fn no_fingerprints() -> PythonFault {
    PythonFault::Request("this analysis knows no fingerprints".to_owned())
}
