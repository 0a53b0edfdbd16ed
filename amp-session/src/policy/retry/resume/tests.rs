//! The decision how to go on, whatever the attempts and the thread were.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PROMPT: &str = "do it";

/// A user's message with this text.
fn said(text: &str) -> Value {
    json!({"role": "user", "content": [{"type": "text", "text": text}]})
}

/// A complete message of the model with these calls.
fn answer(calls: &[&str]) -> Value {
    let calls = calls.iter().map(|id| json!({"type": "tool_use", "id": id}));
    let text = json!({"type": "text", "text": "well"});
    let content: Vec<Value> = std::iter::once(text).chain(calls).collect();
    json!({"role": "assistant", "content": content, "state": {"type": "complete"}})
}

/// The result of a call.
fn result(id: &str, status: &str) -> Value {
    let result = json!({"type": "tool_result", "toolUseID": id, "run": {"status": status}});
    json!({"role": "user", "content": [result]})
}

fn holds(messages: &[Value]) -> Evidence {
    let state = ThreadState::of(&json!({ "messages": messages }));
    Evidence::Holds(state.expect("an export"))
}

fn seen(calls: &[(&str, bool)]) -> Seen {
    Seen {
        calls: calls
            .iter()
            .map(|(id, settled)| ((*id).to_owned(), *settled))
            .collect(),
        messages: calls.len() as u64,
    }
}

/// A turn of the build of May that was sent, in a thread of its own.
fn may(seen: &Seen) -> Known<'_> {
    Known {
        prompt: PROMPT,
        is_resumed: false,
        nothing_was_sent: false,
        continued: false,
        is_lost: false,
        tool_calls: seen.calls.len() as u64,
        seen,
        shows_calls_first: true,
        cancels_open_calls: false,
    }
}

#[track_caller]
fn check(known: &Known<'_>, evidence: &Evidence, expected: Result<How, &str>) {
    match (how(known, evidence), expected) {
        (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
        (got, expected) => assert_eq!(got, expected.map_err(str::to_owned)),
    }
}

#[test]
fn a_thread_that_holds_the_prompt_is_continued() {
    let none = Seen::default();
    check(&may(&none), &holds(&[said(PROMPT)]), Ok(How::Continue));
    let once = seen(&[("a", true)]);
    let thread = [said(PROMPT), answer(&["a"]), result("a", "done")];
    check(&may(&once), &holds(&thread), Ok(How::Continue));
    // The build of January ran a call that it did not show.
    check(&may(&none), &holds(&thread), Ok(How::Continue));
    let again = [&thread[..], &[said(CONTINUE)]].concat();
    let known = Known {
        continued: true,
        ..may(&once)
    };
    check(&known, &holds(&again), Ok(How::Continue));
}

#[test]
fn a_thread_that_lacks_what_was_seen_is_left_alone() {
    let once = seen(&[("a", true)]);
    check(
        &may(&once),
        &holds(&[said(PROMPT)]),
        Err("lacks a tool call"),
    );
    let running = [said(PROMPT), answer(&["a"]), result("a", "in-progress")];
    check(&may(&once), &holds(&running), Err("whose result was seen"));
    check(&may(&once), &Evidence::Missing, Err("have run in it"));
}

#[test]
fn a_call_without_a_result_is_gone_on_with_where_the_build_never_runs_it() {
    let open = seen(&[("a", false)]);
    let thread = [said(PROMPT), answer(&["a"])];
    check(
        &may(&open),
        &holds(&thread),
        Err("may still run, or run again"),
    );
    let february = Known {
        cancels_open_calls: true,
        ..may(&open)
    };
    check(&february, &holds(&thread), Ok(How::Continue));
}

#[test]
fn a_missing_thread_is_begun_anew_where_nothing_can_have_run() {
    let none = Seen::default();
    check(&may(&none), &Evidence::Missing, Ok(How::NewThread));
    check(&may(&none), &holds(&[]), Ok(How::NewThread));
    let february = Known {
        shows_calls_first: false,
        ..may(&none)
    };
    check(&february, &Evidence::Missing, Err("without showing it"));
    let resumed = Known {
        is_resumed: true,
        ..may(&none)
    };
    check(&resumed, &Evidence::Missing, Err("not there any more"));
    check(&may(&none), &Evidence::NoThread, Err("may have sent"));
    let subagent = Known {
        tool_calls: 1,
        ..may(&none)
    };
    check(&subagent, &Evidence::Missing, Err("have run in it"));
}

#[test]
fn a_prompt_that_never_left_is_sent_in_the_thread_it_was_for() {
    let none = Seen::default();
    let refused = Known {
        is_resumed: true,
        nothing_was_sent: true,
        ..may(&none)
    };
    let before = [said("earlier"), answer(&[])];
    check(&refused, &holds(&before), Ok(How::SamePrompt));
    let sent = Known {
        nothing_was_sent: false,
        ..refused.clone()
    };
    check(&sent, &holds(&before), Err("not the last"));
    // The very same words were said before, and answered.
    let same = [said(PROMPT), answer(&[])];
    check(&refused, &holds(&same), Err("has an answer"));
    let new = Known {
        is_resumed: false,
        ..refused.clone()
    };
    check(&new, &Evidence::NoThread, Ok(How::NewThread));
    check(&refused, &Evidence::Unasked, Err("cannot say"));
    check(&may(&none), &Evidence::Unasked, Ok(How::Continue));
}

#[test]
fn a_turn_that_the_service_has_gone_on_with_is_not_paid_twice() {
    let none = Seen::default();
    let lost = Known {
        is_lost: true,
        ..may(&none)
    };
    check(&lost, &holds(&[said(PROMPT)]), Ok(How::Continue));
    check(
        &lost,
        &holds(&[said(PROMPT), answer(&[])]),
        Err("has an answer"),
    );
    let unseen = [said(PROMPT), answer(&["a"]), result("a", "done")];
    check(&lost, &holds(&unseen), Err("gone on"));
    let mut writing = answer(&[]);
    writing["state"]["type"] = "streaming".into();
    check(&lost, &holds(&[said(PROMPT), writing]), Err("gone on"));
}

fn any_message() -> impl Strategy<Value = Value> {
    let id = || prop::sample::select(vec!["a", "b"]);
    let status = prop::sample::select(vec!["done", "error", "cancelled", "in-progress", "odd"]);
    prop_oneof![
        prop::sample::select(vec![PROMPT, CONTINUE, "other"]).prop_map(said),
        id().prop_map(|id| answer(&[id])),
        Just(answer(&[])),
        (id(), status).prop_map(|(id, status)| result(id, status)),
    ]
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        Just(Evidence::NoThread),
        Just(Evidence::Unasked),
        Just(Evidence::Missing),
        prop::collection::vec(any_message(), 0..6).prop_map(|messages| holds(&messages)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn nothing_is_paid_twice(
        flags in any::<[bool; 6]>(),
        calls in prop::collection::btree_map(prop::sample::select(vec!["a", "b"]), any::<bool>(), 0..3),
        evidence in any_evidence(),
    ) {
        let [is_resumed, nothing_was_sent, continued, is_lost, shows_calls_first, cancels] = flags;
        let calls: Vec<_> = calls.into_iter().collect();
        let seen = seen(&calls);
        let nothing_was_sent = nothing_was_sent && calls.is_empty();
        let known = Known {
            is_resumed, nothing_was_sent, continued, is_lost, shows_calls_first,
            cancels_open_calls: cancels,
            ..may(&seen)
        };
        let state = match &evidence {
            Evidence::Holds(state) => state.clone(),
            _ => ThreadState::default(),
        };
        match how(&known, &evidence) {
            // The prompt goes out again only where it is nowhere, and nothing can have run.
            Ok(How::NewThread) => {
                prop_assert!(state.is_empty() && calls.is_empty() && evidence != Evidence::Unasked);
                prop_assert!(nothing_was_sent || (evidence != Evidence::NoThread && shows_calls_first && !is_resumed));
            }
            Ok(How::SamePrompt) => {
                prop_assert!(nothing_was_sent && !state.has_text(PROMPT));
            }
            // The thread holds all that was seen, and nothing in it runs by going on.
            Ok(How::Continue) if evidence == Evidence::Unasked => prop_assert!(!is_resumed),
            Ok(How::Continue) => {
                prop_assert!(state.has_text(PROMPT) || continued);
                prop_assert!(!state.is_answered);
                for (id, had_result) in &calls {
                    prop_assert!(state.calls[*id] || (!had_result && cancels));
                }
                prop_assert!(cancels || state.calls.values().all(|is_done| *is_done));
            }
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }
}
