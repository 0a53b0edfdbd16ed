//! Failures as errors of the protocol.

use agent_client_protocol::{Error, ErrorCode};
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Returns a failure as the client is told of it: what and why on one line, and as `data` what the
/// command line would have said in JSON.
pub(super) fn of_failure(failure: &Failure) -> Error {
    let code = match failure.code() {
        ExitCode::Credentials => ErrorCode::AUTH_REQUIRED,
        ExitCode::Usage => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INTERNAL_ERROR,
    };
    Error::new(code, failure.in_one_line()).data(json!(failure.report()))
}

/// Says that parameters make no sense.
pub(super) fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorCode::INVALID_PARAMS, what)
}

/// Says that there is no such session.
pub(super) fn no_session(id: &str) -> Error {
    let what = format!("there is no session {id}");
    Error::new(ErrorCode::RESOURCE_NOT_FOUND, what).data(json!({"sessionId": id}))
}
