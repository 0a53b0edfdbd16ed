//! The texts that the CLIs, the service and the model's providers write, and what they mean.
//!
//! They are matched where they stand and not somewhere in a text: an error of the model that quotes
//! `terminated` or `does not exist` is no lost connection and no missing thread.

use serde_json::Value;

use super::Reason;

/// What a text, in lower case, has to look like.
#[derive(Clone, Copy)]
enum Shape {
    Is(&'static str),
    Begins(&'static str),
    /// It stands in the middle of a sentence whose beginning differs between builds.
    Holds(&'static str),
    /// It begins in one way and goes on in another, with an id or a name in between.
    Both(&'static str, &'static str),
}

use Shape::{Begins, Both, Holds, Is};

impl Shape {
    fn fits(self, text: &str) -> bool {
        match self {
            Is(whole) => text == whole,
            Begins(beginning) => text.starts_with(beginning),
            Holds(part) => text.contains(part),
            Both(beginning, rest) => text
                .strip_prefix(beginning)
                .is_some_and(|text| text.contains(rest)),
        }
    }
}

type Texts = &'static [(Shape, Reason)];

/// What is said in result lines and on standard error alike.
const ANYWHERE: Texts = &[
    (
        Begins("this version of amp is no longer supported"),
        Reason::VersionNotSupported,
    ),
    (Begins("invalid or missing api key"), Reason::RejectedKey),
    (Begins("access token expired"), Reason::RejectedKey),
    // The build of 2026-01-08 calls it a balance, the later ones credits.
    (Begins("insufficient credit balance"), Reason::OutOfCredits),
    (Begins("out of credits"), Reason::OutOfCredits),
    (Holds("paid credits"), Reason::OutOfCredits),
    (Both("thread t-", " does not exist"), Reason::ThreadNotFound),
    // The builds of September 2026 name it by its address.
    (
        Both("thread http", " does not exist"),
        Reason::ThreadNotFound,
    ),
    (
        Both("thread t-", " not found or you don't have access"),
        Reason::ThreadNotFound,
    ),
    (Begins("invalid url"), Reason::InvalidSettings),
    (Begins("typeerror: invalid url"), Reason::InvalidSettings),
    (Holds("err_invalid_url"), Reason::InvalidSettings),
];

/// What result lines say. Errors of the model's provider come as `STATUS {json}` from the
/// JavaScript builds and as the message alone from the native ones.
const IN_RESULTS: Texts = &[
    (Begins("user cancelled"), Reason::Cancelled),
    (
        Begins("the following tools require user approval"),
        Reason::ApprovalNeeded,
    ),
    (Begins("unauthorized"), Reason::RejectedKey),
    (Begins("invalid x-api-key"), Reason::RejectedKey),
    (Begins("context limit reached"), Reason::ContextTooLong),
    (
        Begins("context window limit reached"),
        Reason::ContextTooLong,
    ),
    (
        Begins("thread context limit reached"),
        Reason::ContextTooLong,
    ),
    (Begins("prompt is too long"), Reason::ContextTooLong),
    (Begins("rate limit"), Reason::RateLimited),
    (Begins("usage quota exceeded"), Reason::RateLimited),
    (Begins("free mode usage limit reached"), Reason::RateLimited),
    (Begins("model provider overloaded"), Reason::Overloaded),
    (Begins("overloaded"), Reason::Overloaded),
    (Begins("invalid json on stdin line"), Reason::InvalidInput),
    (
        Begins("invalid message format on stdin line"),
        Reason::InvalidInput,
    ),
    (
        Begins("no valid messages found in stdin"),
        Reason::InvalidInput,
    ),
    (Begins("connection error"), Reason::ConnectionLost),
    (Begins("network error"), Reason::ConnectionLost),
    (Is("terminated"), Reason::ConnectionLost),
    (
        Begins("stream ended without producing"),
        Reason::ConnectionLost,
    ),
    (
        Begins("stream stalled: no data received"),
        Reason::ServiceError,
    ),
    (Begins("model stream timed out"), Reason::ServiceError),
    (Is("request timed out."), Reason::ServiceError),
    (Begins("internal "), Reason::ServiceError),
];

/// What a line of standard error says when a run ends before, or without, a result line.
const ON_STDERR: Texts = &[
    (Begins("unknown option"), Reason::UnknownOption),
    (Begins("unknown command"), Reason::UnknownOption),
    (Begins("invalid flag"), Reason::UnknownOption),
    (
        Begins("stream json mode is not permitted with"),
        Reason::ModeNotAvailable,
    ),
    (
        Begins("execute mode is not permitted with"),
        Reason::ModeNotAvailable,
    ),
    (
        Begins("option '-m, --mode <value>' argument"),
        Reason::ModeNotAvailable,
    ),
    (Begins("option '"), Reason::UnknownOption),
    (Begins("invalid visibility"), Reason::UnknownOption),
    (
        Both("reasoning effort ", " is not available for"),
        Reason::UnknownOption,
    ),
    (Both("the --", " mutually exclusive"), Reason::UnknownOption),
    (Both("the --", " flag requires"), Reason::UnknownOption),
    (Begins("not logged in"), Reason::RejectedKey),
    (Begins("login failed"), Reason::NotConfigured),
    (
        Begins("couldn't connect to the amp server"),
        Reason::Unreachable,
    ),
    (Begins("cannot reach amp servers"), Reason::Unreachable),
    (Begins("network timeout"), Reason::Unreachable),
    (Begins("websocket connection failed"), Reason::Unreachable),
    (
        Holds("invalid json in settings file"),
        Reason::InvalidSettings,
    ),
    (Holds("--mcp-config"), Reason::InvalidSettings),
    (Begins("invalid thread"), Reason::ThreadNotFound),
    (
        Begins("user message must be provided"),
        Reason::InvalidInput,
    ),
    (Holds("input is too large to send"), Reason::InputTooLarge),
    (
        Begins("api request for getuserinfo failed: 402"),
        Reason::OutOfCredits,
    ),
    (
        Begins("api request for getuserinfo failed: 429"),
        Reason::RateLimited,
    ),
    (
        Begins("api request for getuserinfo failed"),
        Reason::ServiceError,
    ),
    (Begins("getuserinfo error"), Reason::ServiceError),
    (Begins("amp server returned an error"), Reason::ServiceError),
];

/// Tells the reason from the `error` of a result line.
pub(super) fn of_result(error: &str) -> Option<Reason> {
    let text = error.trim().to_lowercase();
    find(&[ANYWHERE, IN_RESULTS], &text).or_else(|| of_status(error))
}

/// Tells the reason from standard error: its lines, without the `Error: ` in front.
pub(super) fn of_stderr(stderr: &str) -> Option<Reason> {
    let text = stderr.to_lowercase();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches("error: "))
        .collect();
    let told = |texts: Texts| {
        let said = |shape: Shape| lines.iter().any(|line| shape.fits(line));
        texts.iter().find(|(shape, _)| said(*shape))
    };
    [ON_STDERR, ANYWHERE]
        .into_iter()
        .find_map(told)
        .map(|(_, reason)| *reason)
}

fn find(tables: &[Texts], text: &str) -> Option<Reason> {
    let fits = |(shape, reason): &(Shape, Reason)| shape.fits(text).then_some(*reason);
    tables.iter().find_map(|texts| texts.iter().find_map(fits))
}

/// Tells the reason from the HTTP status that an error begins with, and from the provider's own
/// message behind it.
fn of_status(error: &str) -> Option<Reason> {
    let (status, body) = error.split_once(' ')?;
    let status: u16 = status.parse().ok().filter(|_| status.len() == 3)?;
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    let said = find(&[ANYWHERE, IN_RESULTS], &message.to_lowercase());
    Some(match (status, body["error"]["type"].as_str()) {
        (_, Some("overloaded_error")) | (529, _) => Reason::Overloaded,
        (401 | 403, _) => Reason::RejectedKey,
        (402, _) => Reason::OutOfCredits,
        (429, _) => Reason::RateLimited,
        (408, _) | (500..=599, _) => Reason::ServiceError,
        (400 | 413, _) => said?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_result_lines_say_is_told_by_where_it_stands() {
        let cases = [
            ("500 oops", Some(Reason::ServiceError)),
            ("503 Service Unavailable", Some(Reason::ServiceError)),
            ("408 {}", Some(Reason::ServiceError)),
            (r#"400 {"type":"error"}"#, None),
            (
                r#"400 {"type":"error","error":{"message":"prompt is too long: 9 tokens"}}"#,
                Some(Reason::ContextTooLong),
            ),
            (
                r#"200 {"type":"error","error":{"type":"overloaded_error"}}"#,
                Some(Reason::Overloaded),
            ),
            (
                r#"401 {"error":{"message":"invalid x-api-key"}}"#,
                Some(Reason::RejectedKey),
            ),
            (
                r#"402 {"error":{"message":"no"}}"#,
                Some(Reason::OutOfCredits),
            ),
            (r#"404 {"error":{"message":"model: x"}}"#, None),
            (
                r#"429 {"error":{"message":"no"}}"#,
                Some(Reason::RateLimited),
            ),
            ("529 Overloaded", Some(Reason::Overloaded)),
            ("read 1500 bytes", None),
            ("5000 things", None),
            ("", None),
            ("terminated", Some(Reason::ConnectionLost)),
            ("The command was terminated by a signal", None),
            ("The model x does not exist", None),
            ("Thread T-1 does not exist.", Some(Reason::ThreadNotFound)),
            ("Connection error.", Some(Reason::ConnectionLost)),
            ("the tool reported: connection error", None),
            (
                "Out of Credits Add credits to keep using Amp.",
                Some(Reason::OutOfCredits),
            ),
            (
                "Insufficient credit balance. Visit https://example.com/pay to buy more credits.",
                Some(Reason::OutOfCredits),
            ),
            (
                "This mode requires paid credits.",
                Some(Reason::OutOfCredits),
            ),
            (
                "This version of Amp is no longer supported. Update it.",
                Some(Reason::VersionNotSupported),
            ),
            ("Request timed out.", Some(Reason::ServiceError)),
            ("Internal server error", Some(Reason::ServiceError)),
            ("an internal affair", None),
        ];
        for (error, reason) in cases {
            assert_eq!(of_result(error), reason, "{error:?}");
        }
    }

    #[test]
    fn what_standard_error_says_is_told_line_by_line() {
        let cases = [
            (
                "Error: error: unknown option '--effort'\n",
                Some(Reason::UnknownOption),
            ),
            ("1 | throw 'unknown option'\nError: oops", None),
            (
                "\nThread T-0 does not exist.\n",
                Some(Reason::ThreadNotFound),
            ),
            (
                "Thread https://example.com/threads/T-0 does not exist.",
                Some(Reason::ThreadNotFound),
            ),
            ("Error: The model x does not exist", None),
            (
                "Error: This version of Amp is no longer supported.",
                Some(Reason::VersionNotSupported),
            ),
            (
                "Error: API request for getUserInfo failed: 429",
                Some(Reason::RateLimited),
            ),
            (
                "Error: API request for getUserInfo failed: 402",
                Some(Reason::OutOfCredits),
            ),
            (
                "Error: API request for getUserInfo failed: 418",
                Some(Reason::ServiceError),
            ),
            (
                "Error: The --a and --b flags are mutually exclusive",
                Some(Reason::UnknownOption),
            ),
            ("", None),
        ];
        for (stderr, reason) in cases {
            assert_eq!(of_stderr(stderr), reason, "{stderr:?}");
        }
    }
}
