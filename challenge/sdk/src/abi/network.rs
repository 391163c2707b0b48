//! Requests and responses of `platform_network`.
//!
//! What a host writes is a bincode `Result<T, NetworkError>`: `u32` 0 and the value, or `u32` 1 and
//! the error.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// HTTP method of [`HttpRequest`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpMethod {
    /// GET
    #[default]
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
    /// HEAD
    Head,
    /// OPTIONS
    Options,
}

/// Request of `http_request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Method.
    pub method: HttpMethod,
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Request of `http_get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpGetRequest {
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
}

/// Request of `http_post`. The call's fifth argument is ignored: the body travels in here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpPostRequest {
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Response of the three HTTP calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers; duplicates are joined with `,`.
    pub headers: BTreeMap<String, String>,
    /// Body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Record type of [`DnsRequest`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DnsRecordType {
    /// IPv4 address.
    #[default]
    A,
    /// IPv6 address.
    Aaaa,
    /// Canonical name.
    Cname,
    /// Text.
    Txt,
}

/// Request of `dns_resolve`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRequest {
    /// Name to resolve.
    pub hostname: String,
    /// Kind of record.
    pub record_type: DnsRecordType,
}

/// Response of `dns_resolve`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsResponse {
    /// Records as text.
    pub records: Vec<String>,
}

/// Why a network call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum NetworkError {
    /// The module has no network.
    #[error("network is disabled for this module")]
    NetworkDisabled,
    /// The policy forbids this request.
    #[error("policy forbids the request: {0}")]
    PolicyViolation(String),
    /// Too many or too large.
    #[error("limit exceeded: {0}")]
    LimitExceeded(String),
    /// The name doesn't resolve.
    #[error("name resolution failed: {0}")]
    DnsFailure(String),
    /// The request failed.
    #[error("request failed: {0}")]
    HttpFailure(String),
    /// No answer in time.
    #[error("request timed out")]
    Timeout,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::codec::encode;

    #[test]
    fn results_and_error_variants_are_numbered_as_in_the_abi() {
        let timeout: Result<DnsResponse, NetworkError> = Err(NetworkError::Timeout);
        assert_eq!(encode(&timeout).unwrap(), [1, 0, 0, 0, 5, 0, 0, 0]);
        let empty: Result<DnsResponse, NetworkError> = Ok(DnsResponse::default());
        assert_eq!(encode(&empty).unwrap(), [0; 12]);
        assert_eq!(encode(&HttpMethod::Options).unwrap(), [6, 0, 0, 0]);
        assert_eq!(encode(&DnsRecordType::Txt).unwrap(), [3, 0, 0, 0]);
    }
}
