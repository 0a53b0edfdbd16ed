//! Whether the service takes a key.

use std::time::Duration;

use amp_bootstrap::{ErrorKind, Limits, Question, ask};
use amp_session::{Credentials, KeyVerdict};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, settings_page};
use crate::runtime::{interruptible, on_a_thread};

/// How long the service may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks the service about a key that works; returns its user.
///
/// # Errors
/// Fails when the service refuses the key, and when it cannot be told.
pub(super) fn check(
    key: &str,
    credentials: &Credentials,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let mut limits = Limits::default();
    limits.deadlines.response = TIMEOUT;
    limits.deadlines.read = TIMEOUT;
    check_within(&limits, key, credentials, context)
}

fn check_within(
    limits: &Limits,
    key: &str,
    credentials: &Credentials,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let question = credentials.key_question();
    let (key, limits) = (key.to_owned(), limits.clone());
    let mut environment = context.environment.clone();
    // As doctor does: Amp goes through the proxy for `https` alone, by these names alone.
    environment.retain(|name, _| {
        let name = name.to_string_lossy().to_ascii_lowercase();
        name != "all_proxy" && name != "http_proxy"
    });
    let asked = interruptible(&context.signals, async {
        let asking = move || {
            let question = Question {
                url: &question.url,
                token: &key,
                body: question.body,
            };
            ask(question, &environment, &limits)
        };
        Ok(on_a_thread(asking).await?)
    })?;
    let service = credentials.service_url();
    let answer = asked.map_err(|error| {
        let code = match error.kind() {
            ErrorKind::Timeout => ExitCode::TimedOut,
            ErrorKind::InvalidInput => ExitCode::Usage,
            _ => ExitCode::Failed,
        };
        unknown(code, service).caused_by(&error)
    })?;
    match KeyVerdict::of_answer(answer.status, &answer.body) {
        KeyVerdict::Accepted { user } => Ok(user),
        KeyVerdict::Rejected { reason } => Err(Failure::new(
            ExitCode::Credentials,
            format!("{service} rejects the key"),
        )
        .because(reason)
        .hint(format!(
            "keys are made at {}, and belong to one service",
            settings_page(service)
        ))),
        KeyVerdict::Unclear { reason, .. } => {
            Err(unknown(ExitCode::Failed, service).because(reason))
        }
        _ => Err(unknown(ExitCode::Failed, service)),
    }
}

fn unknown(code: ExitCode, service: &str) -> Failure {
    Failure::new(
        code,
        format!("{service} does not say whether the key works"),
    )
    .next(
        "ampctl doctor --network",
        "tells whether the service can be reached",
    )
    .next("ampctl credentials set", "stores the key without asking")
}

#[cfg(test)]
mod tests {
    use amp_session::Effective;
    use fixtures::backend::{Backend, Options};
    use fixtures::scenario::ServiceHealth;

    use super::*;

    #[test]
    fn a_service_that_never_answers_is_given_up() {
        let mut options = Options::default();
        options.health = ServiceHealth::Silent;
        let service = Backend::start_blocking(options).expect("a stand-in");
        let context = Context::new("/").with_environment([("AMP_URL", service.url())]);
        let settings = Effective::read(&context.environment, &context.directory, None);
        let credentials = Credentials::new(&context.environment, &settings);
        let mut limits = Limits::default();
        limits.deadlines.response = Duration::from_millis(50);
        let failure = check_within(&limits, "a-key", &credentials, &context);
        assert_eq!(failure.expect_err("no answer").code(), ExitCode::TimedOut);
    }
}
