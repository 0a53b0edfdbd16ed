//! Runs that are over without the work being done, each with an exit code of its own.

use amp_cli::ExitCode;
use serde_json::json;

use crate::support::{Finished, VERSION, World};

const MARCH: &str = "0.0.1773432280-gcd86a7";
const MAY: &str = "0.0.1777897475-g2324e1";
const THREAD: &str = "T-00000000-0000-7000-8000-000000000001";

#[test]
fn an_agent_that_is_done_without_a_word_is_told_by_exit_code_11() {
    let world = World::replaying(&["emptytext"]);
    let finished = world.run(&["run", "hi", "--json"]);
    assert_eq!(finished.code, ExitCode::NoAnswer, "{}", finished.stderr());
    let document = finished.json();
    assert_eq!(document["outcome"], "completed");
    assert_eq!(document["error"]["kind"], "no_answer");
    let checked = world.run(&["run", "hi", "--check", "true"]);
    assert_eq!(checked.code, ExitCode::Done, "{}", checked.stderr());
}

#[test]
fn an_approval_that_nobody_could_give_is_told_by_exit_code_14() {
    for version in [MARCH, MAY] {
        let finished = World::replaying_version(version, &["perm-ask"]).run(&["run", "hi"]);
        assert_eq!(
            finished.code,
            ExitCode::NobodyToAsk,
            "{}",
            finished.stderr()
        );
    }
}

/// Runs an Amp that plays a recording and waits where that was killed, and whose threads end so.
#[cfg(unix)]
pub(crate) fn run_with_thread(
    version: &str,
    scenario: &str,
    state: &serde_json::Value,
    more: &[&str],
) -> Finished {
    let recording = fixtures::recording(version, scenario).expect("a recording");
    let recorded = recording.folder.join("stdout.jsonl");
    let export = json!({"id": THREAD, "messages": [{"role": "assistant", "state": state}]});
    let world = World::new();
    let export = world.write("export", &export.to_string());
    let world = world.with_amp_script(&format!(
        r#"
        case "$1 $2 $3" in
          "--version "*) echo '{version} (released 2026-01-01)';;
          "threads export {THREAD}") grep -q '"state":null' '{0}' && {{ echo "Error: it is gone" >&2; exit 1; }}; cat '{0}';;
          *) cat '{1}'; grep -q '"type":"result"' '{1}' || exec sleep 1000;;
        esac"#,
        export.display(),
        recorded.display(),
    ));
    world.run(&[&["run", "hi"], more].concat())
}

#[cfg(unix)]
#[test]
fn a_model_that_was_cut_off_is_told_by_exit_code_12_and_one_that_refused_by_13() {
    let error = |message: &str| json!({"type": "error", "error": {"message": message}});
    let complete = |reason: &str| json!({"type": "complete", "stopReason": reason});
    let refused = error("The model refused to respond to this request.");
    let confirm: &[&str] = &["--confirm-end"];
    for (version, scenario, state, more, code) in [
        (
            MAY,
            "maxtokens",
            error("max_tokens"),
            &[][..],
            ExitCode::CutOff,
        ),
        (MAY, "refusal", refused, &[], ExitCode::ModelRefused),
        (
            MAY,
            "pauseturn",
            error("something else"),
            &[],
            ExitCode::CutOff,
        ),
        (
            VERSION,
            "maxtokens",
            complete("max_tokens"),
            confirm,
            ExitCode::CutOff,
        ),
        (
            VERSION,
            "refusal",
            complete("refusal"),
            confirm,
            ExitCode::ModelRefused,
        ),
        (
            VERSION,
            "text",
            complete("end_turn"),
            confirm,
            ExitCode::Done,
        ),
        // Nobody has asked.
        (VERSION, "refusal", complete("refusal"), &[], ExitCode::Done),
    ] {
        let finished = run_with_thread(version, scenario, &state, more);
        assert_eq!(
            finished.code,
            code,
            "{version} {scenario} {}",
            finished.stderr()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_thread_that_cannot_be_asked_is_no_success() {
    let gone = serde_json::Value::Null;
    let finished = run_with_thread(VERSION, "text", &gone, &["--confirm-end", "--json"]);
    assert_eq!(finished.code, ExitCode::Failed, "{}", finished.stderr());
    assert_eq!(finished.json()["outcome"], "completed");
    let said = finished.stderr();
    assert!(
        said.contains("could not be found out") && said.contains("is gone"),
        "{said}"
    );
    // A message that was cut has failed anyway.
    let finished = run_with_thread(MAY, "maxtokens", &gone, &[]);
    assert_eq!(finished.code, ExitCode::CutOff, "{}", finished.stderr());
}
