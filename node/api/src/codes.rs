//! JSON-RPC error codes. Those up to −32005 are the existing surface's, the rest are ours.

/// The request is not JSON, or not a JSON-RPC request.
pub const PARSE_ERROR: i64 = -32_700;
/// An element of a batch is not a JSON-RPC request, or the request is too large.
pub const INVALID_REQUEST: i64 = -32_600;
/// No such method.
pub const METHOD_NOT_FOUND: i64 = -32_601;
/// A parameter is missing or malformed.
pub const INVALID_PARAMS: i64 = -32_602;
/// The node failed; not the caller's fault.
pub const INTERNAL_ERROR: i64 = -32_603;
/// No challenge of that name or UUID, or it has no routes.
pub const CHALLENGE_NOT_FOUND: i64 = -32_000;
/// No validator with that hotkey.
pub const VALIDATOR_NOT_FOUND: i64 = -32_001;
/// No job of that id.
pub const JOB_NOT_FOUND: i64 = -32_002;
/// No route matches.
pub const ROUTE_NOT_FOUND: i64 = -32_003;
/// The caller's stake is too small.
pub const INSUFFICIENT_STAKE: i64 = -32_004;
/// The call needs a valid, fresh, unused signature.
pub const UNAUTHORIZED: i64 = -32_005;
/// No submission of that id.
pub const SUBMISSION_NOT_FOUND: i64 = -32_006;
/// The submission was refused; `data` is a [`crate::submission::Reason`].
pub const SUBMISSION_REFUSED: i64 = -32_007;
/// Too many requests, or the node can't take work now: try again later.
pub const BUSY: i64 = -32_008;
/// The node didn't finish within its deadline for one call.
pub const DEADLINE_EXCEEDED: i64 = -32_009;
