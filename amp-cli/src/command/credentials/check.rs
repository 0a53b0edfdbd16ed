//! Whether the service takes a key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::time::Duration;

use amp_bootstrap::{Error, ErrorKind, Limits, Question, ask};
use amp_session::{Credentials, KeyQuestion, KeyVerdict};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, settings_page};
use crate::runtime::{interruptible, on_a_thread};

/// How long the service may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A question to the service about a key.
pub(crate) struct KeyCheck {
    key: String,
    question: KeyQuestion,
    environment: BTreeMap<OsString, OsString>,
    limits: Limits,
}

impl KeyCheck {
    /// Prepares the question.
    pub(crate) fn new(key: &str, credentials: &Credentials, context: &Context) -> Self {
        let mut environment = context.environment.clone();
        // As doctor does: Amp goes through the proxy for `https` alone, by these names alone.
        environment.retain(|name, _| {
            let name = name.to_string_lossy().to_ascii_lowercase();
            name != "all_proxy" && name != "http_proxy"
        });
        Self {
            key: key.to_owned(),
            question: credentials.key_question(),
            environment,
            limits: limits(),
        }
    }

    fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Asks it; the inner error is why there is no answer.
    ///
    /// # Errors
    /// Fails when the machine refuses a thread.
    pub(crate) async fn ask(&self) -> io::Result<Result<KeyVerdict, Error>> {
        let (key, question) = (self.key.clone(), self.question.clone());
        let (environment, limits) = (self.environment.clone(), self.limits.clone());
        let asking = move || {
            let question = Question {
                url: &question.url,
                token: &key,
                body: question.body,
            };
            ask(question, &environment, &limits)
        };
        let answered = on_a_thread(asking).await?;
        Ok(answered.map(|answer| KeyVerdict::of_answer(answer.status, &answer.body)))
    }
}

/// Asks the service about a key that works; returns its user.
///
/// # Errors
/// Fails when the service refuses the key, and when it cannot be told.
pub(super) fn check(
    key: &str,
    credentials: &Credentials,
    context: &Context,
) -> Result<Option<String>, Failure> {
    check_within(&limits(), key, credentials, context)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.deadlines.response = TIMEOUT;
    limits.deadlines.read = TIMEOUT;
    limits
}

fn check_within(
    limits: &Limits,
    key: &str,
    credentials: &Credentials,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let check = KeyCheck::new(key, credentials, context).within(limits.clone());
    let asked = interruptible(&context.signals, async { Ok(check.ask().await?) })?;
    let service = credentials.service_url();
    let verdict = asked.map_err(|error| {
        let code = match error.kind() {
            ErrorKind::Timeout => ExitCode::TimedOut,
            ErrorKind::InvalidInput => ExitCode::Usage,
            _ => ExitCode::Failed,
        };
        unknown(code, service).caused_by(&error)
    })?;
    match verdict {
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
