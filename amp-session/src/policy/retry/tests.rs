//! What follows a failed turn, and for how long.

use amp_protocol::decode_line;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::outcome::{Ending, Observer, Reason};
use crate::secrets::Secrets;
use crate::version::AmpVersion;

const FEBRUARY: &str = "0.0.1770734955-g93e689";
const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

fn dialect(version: &str) -> Dialect {
    Dialect::for_version(&AmpVersion::new(version))
}

/// The outcome of a turn with this error in its result line.
fn failed(error: &str) -> Outcome {
    let thread = "T-5928a90d-d53b-488f-a829-4e36442142ee";
    let line = json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
        "duration_ms": 1, "num_turns": 0, "error": error, "session_id": thread});
    let mut observer = Observer::default();
    observer.observe(&decode_line(line.to_string().as_bytes()), false);
    observer.conclude(&Ending::default(), &Secrets::default())
}

/// The outcome of a start that failed with this on standard error.
fn not_started(stderr: &str) -> Outcome {
    let ending = Ending {
        stderr: stderr.to_owned(),
        ..Ending::default()
    };
    Observer::default().conclude(&ending, &Secrets::default())
}

fn retries(retry: Retry) -> Retries {
    Retries::new(retry, dialect(SEPTEMBER), "do it", false)
}

#[track_caller]
fn pause(after: AfterTurn) -> Pause {
    match after {
        AfterTurn::Wait(pause) => pause,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn stop(after: AfterTurn) -> String {
    match after {
        AfterTurn::Stop(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wait_is_told_in_words() {
    let mut retries = retries(Retry::default().with_tries(3));
    let first = pause(retries.after_with(&failed("429 {}"), 1.0));
    assert_eq!(
        first.to_string(),
        "waiting 30 s: rate limited, attempt 2 of 4"
    );
    let second = pause(retries.after_with(&failed("529 {}"), 1.0));
    assert_eq!(
        second.to_string(),
        "waiting 10 s: overloaded, attempt 3 of 4"
    );
    let then: Vec<_> = retries
        .attempts()
        .iter()
        .map(|one| one.then.clone())
        .collect();
    assert_eq!(then, [Some(first.to_string()), Some(second.to_string())]);
}

#[test]
fn tries_come_to_an_end() {
    let mut retries = retries(Retry::default().with_tries(2));
    for attempt in [2, 3] {
        assert_eq!(
            pause(retries.after_with(&failed("500 {}"), 0.0)).attempt,
            attempt
        );
    }
    let why = stop(retries.after_with(&failed("500 {}"), 0.0));
    assert_eq!(why, "3 attempts were made");
}

#[test]
fn waiting_comes_to_an_end() {
    let waiting = Duration::from_secs(12);
    let mut retries = retries(Retry::default().with_waiting(waiting));
    assert_eq!(
        pause(retries.after_with(&failed("500 {}"), 1.0))
            .wait
            .as_secs(),
        5
    );
    assert_eq!(
        pause(retries.after_with(&failed("500 {}"), 1.0))
            .wait
            .as_secs(),
        7
    );
    let why = stop(retries.after_with(&failed("500 {}"), 1.0));
    assert_eq!(why, "it was waited for 12 s already");
}

#[test]
fn the_time_that_the_service_names_is_waited_or_not_at_all() {
    let asked = failed(r#"429 {"error":{"message":"Please try again in 100s."}}"#);
    let mut usual = retries(Retry::default());
    assert_eq!(pause(usual.after_with(&asked, 0.5)).wait.as_secs(), 105);
    let mut short = retries(Retry::default().with_waiting(Duration::from_secs(60)));
    let why = stop(short.after_with(&asked, 0.5));
    let expected = "the service asks to wait 1 min 40 s, and 1 min of waiting are left";
    assert_eq!(why, expected);
}

#[test]
fn what_waiting_does_not_mend_is_not_tried_again() {
    let cases = [
        ("402 {}", "credits do not"),
        (
            "Out of Credits Add credits to keep using Amp.",
            "credits do not",
        ),
        ("401 {}", "a key does not"),
        ("User cancelled", "cancelled"),
        (
            "The following tools require user approval: Bash",
            "approval",
        ),
        (
            "This version of Amp is no longer supported.",
            "no longer served",
        ),
        ("I give up", "does not help"),
        ("prompt is too long", "does not help"),
    ];
    for (error, part) in cases {
        let why = stop(retries(Retry::default()).after(&failed(error)));
        assert!(why.contains(part), "{error}: {why}");
    }
}

#[test]
fn what_is_left_of_the_caps_is_for_the_attempts_to_come() {
    let mut outcome = failed("500 {}");
    outcome.usage.output_tokens = 60;
    outcome.tool_calls = 3;
    outcome.seen.messages = 2;
    let caps = Caps::default()
        .with_tokens(100)
        .with_tool_calls(3)
        .with_messages(9);
    let evidence = Evidence::Holds(
        thread_state::ThreadState::of(&json!({"messages": [
            {"role": "user", "content": [{"type": "text", "text": "do it"}]}]}))
        .unwrap(),
    );
    let mut retries = retries(Retry::default());
    pause(retries.after_with(&outcome, 0.0));
    let again = retries.resume(&evidence, caps, None).unwrap();
    let left = Caps::default()
        .with_tokens(40)
        .with_tool_calls(0)
        .with_messages(7);
    assert_eq!(again.caps, left);
    pause(retries.after_with(&outcome, 0.0));
    let why = retries.resume(&evidence, caps, None).unwrap_err();
    assert_eq!(why, "120 tokens of at most 100 are used");
}

#[test]
fn the_total_deadline_is_of_all_attempts() {
    let mut outcome = failed("500 {}");
    outcome.wall_time = Duration::from_secs(20);
    let mut retries = retries(Retry::default());
    pause(retries.after_with(&outcome, 1.0));
    let total = |seconds| Some(Duration::from_secs(seconds));
    let unasked = Evidence::Unasked;
    let again = retries
        .resume(&unasked, Caps::default(), total(60))
        .unwrap();
    assert_eq!(again.total, total(35));
    let why = retries
        .resume(&unasked, Caps::default(), total(25))
        .unwrap_err();
    assert_eq!(why, "its time is up");
}

#[test]
fn the_key_of_february_is_believed_by_what_the_service_says() {
    use crate::credentials::KeyVerdict;

    let said = "Error: Invalid or missing API key. Run 'amp login' to authenticate.";
    let unclear = |status: u16| KeyVerdict::Unclear {
        reason: format!("it answers HTTP {status}"),
        status,
    };
    let rejected = KeyVerdict::Rejected {
        reason: String::new(),
    };
    let after = |verdict: Option<KeyVerdict>| {
        let mut outcome = not_started(said);
        if let Some(verdict) = verdict {
            outcome.believe_key(&verdict);
        }
        let mut retries = Retries::new(Retry::default(), dialect(FEBRUARY), "do it", false);
        match retries.after_with(&outcome, 0.0) {
            AfterTurn::Wait(pause) => pause.why,
            AfterTurn::Stop(why) => why,
            AfterTurn::Done => String::new(),
        }
    };
    let key = "a key does not become a good one by waiting";
    assert_eq!(after(None), key);
    assert_eq!(after(Some(rejected)), key);
    assert_eq!(after(Some(unclear(429))), "rate limited");
    assert_eq!(after(Some(unclear(503))), "the service failed");
    assert_eq!(
        after(Some(unclear(402))),
        "credits do not come back by waiting"
    );
    assert_eq!(after(Some(unclear(404))), key);
    let accepted = KeyVerdict::Accepted { user: None };
    assert_eq!(after(Some(accepted)), "the service failed");
}

#[test]
fn a_lost_connection_is_known_by_the_log_and_a_slow_tool_by_the_stream() {
    use crate::service_log::Told;

    let lost = Told {
        is_reconnecting: true,
        ..Told::default()
    };
    let mut outcome = failed("x");
    let failure = outcome.failure.as_mut().unwrap();
    failure.reason = Reason::IdleTimeout;
    let mut slow = outcome.clone();
    slow.seen.calls.insert("a".to_owned(), false);
    outcome.add_service_log(&lost, 0, &Secrets::default());
    assert_eq!(outcome.reason(), Some(Reason::ConnectionLost));
    slow.add_service_log(&lost, 0, &Secrets::default());
    assert_eq!(slow.reason(), Some(Reason::IdleTimeout));
    stop(retries(Retry::default()).after(&slow));
}

#[test]
fn the_log_tells_the_code_and_the_time() {
    use crate::service_log::Told;

    let told = Told {
        code: Some("overloaded_error".to_owned()),
        retry_at: Some(70_000),
        is_reconnecting: false,
    };
    let mut outcome = failed("Try again, please");
    outcome.add_service_log(&told, 10_000, &Secrets::default());
    let pause = pause(retries(Retry::default()).after_with(&outcome, 0.0));
    assert_eq!(pause.to_string(), "waiting 1 min: overloaded, attempt 2");
}

proptest! {
    #[test]
    fn bounds_hold_whatever_happens(
        errors in prop::collection::vec(
            prop::sample::select(vec![
                "429 {}", "529 {}", "500 {}", "terminated", "Connection error.",
                "429 try again in 40s", "402 {}", "401 {}",
            ]),
            1..40,
        ),
        shares in prop::collection::vec(0.0..=1.0_f64, 40),
        tries in prop::option::of(0_u32..6),
        waiting in 0_u64..400,
    ) {
        let mut retry = Retry::default().with_waiting(Duration::from_secs(waiting));
        retry.tries = tries;
        let mut retries = retries(retry);
        let (mut waited, mut attempts) = (Duration::ZERO, 0);
        for (error, share) in errors.iter().zip(shares) {
            attempts += 1;
            match retries.after_with(&failed(error), share) {
                AfterTurn::Wait(pause) => {
                    prop_assert!(!error.starts_with("40"), "{error}");
                    prop_assert!(!pause.wait.is_zero());
                    waited += pause.wait;
                }
                AfterTurn::Stop(_) => break,
                AfterTurn::Done => prop_assert!(false, "{error} is no success"),
            }
        }
        prop_assert!(waited <= Duration::from_secs(waiting));
        prop_assert!(tries.is_none_or(|tries| attempts <= tries + 1));
    }
}
