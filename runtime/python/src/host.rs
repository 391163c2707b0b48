//! The analysis as hosts offer it to challenges: nodes and native runs answer with the same code.

use assay_challenge_sdk::abi::{PythonCheckRequest, PythonCheckResponse};
use assay_challenge_sdk::python::{PythonAnalysis, PythonFault};

use crate::CheckError;

/// This crate behind the host functions of Python.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analysis;

impl PythonAnalysis for Analysis {
    fn check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, PythonFault> {
        crate::check(request).map_err(|error| match error {
            CheckError::Policy(error) => PythonFault::Request(error.to_string()),
            CheckError::Request(reason) => PythonFault::Request(reason),
            CheckError::Host(reason) => PythonFault::Machine(reason),
        })
    }
}
