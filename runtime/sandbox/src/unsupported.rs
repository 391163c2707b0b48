//! Stands in for the back ends of Linux elsewhere, so that a node says why it refuses programs.

use crate::backend::{Backend, BackendKind, CancelToken, Slot};
use crate::error::SandboxError;
use crate::layer::BackendReport;
use crate::outcome::Outcome;
use crate::request::Request;

/// A back end that this operating system does not have.
#[derive(Debug)]
pub struct Unsupported(pub BackendKind);

impl Backend for Unsupported {
    fn kind(&self) -> BackendKind {
        self.0
    }

    fn self_test(&self) -> BackendReport {
        let reason = SandboxError::NotSupported { backend: self.0 };
        BackendReport::unusable(self.0, reason.to_string())
    }

    fn run(&self, _: Slot, _: &Request, _: &CancelToken) -> Result<Outcome, SandboxError> {
        Err(SandboxError::NotSupported { backend: self.0 })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sandbox::Sandbox;

    #[test]
    fn an_unsupported_system_refuses_programs_and_says_so() {
        let backend = Arc::new(Unsupported(BackendKind::Native));
        let refused = Sandbox::choose(vec![backend], 1, 1)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("not supported on this operating system"),
            "{refused}"
        );
    }
}
