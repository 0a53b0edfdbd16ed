//! Runs that go on after the service's limits.

use amp_cli::ExitCode;
use fixtures::backend::{Backend, FaultPlan, Options, Refusal};
use fixtures::scenario::ServiceHealth;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::caps::five_calls;
use crate::ends::run_with_thread;
use crate::support::program::{Program, wait_for_process};
use crate::support::pseudo_terminal::Terminal;
use crate::support::{VERSION, World, without_times};

/// A limit that is gone after a moment.
const LIMIT: &str = r#"429 {"error":{"message":"Please try again in 10ms."}}"#;

/// A world with an agent of this version whose threads last, and these plans for its runs.
fn planned(version: &str, plan: &str) -> World {
    let world = World::playing("exit 1").without("FAKE_AGENT_SCRIPT");
    let threads = world.project().join("../threads");
    std::fs::create_dir(&threads).expect("a folder");
    world
        .with("FAKE_AGENT_VERSION", version)
        .with("FAKE_AGENT_THREADS", threads.to_str().expect("UTF-8"))
        .with("FAKE_AGENT_PLAN", plan)
}

/// Returns what the model was asked, the texts of each request.
fn asked(world: &World) -> Vec<Value> {
    let file = world.project().join("../threads/asked.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON lines")
}

#[test]
fn a_limit_is_waited_for_and_the_thread_goes_on() {
    let world = planned(VERSION, &format!("before {LIMIT}; after-call {LIMIT}"));
    let finished = world.run(&["run", "do it", "--retry", "3"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert_eq!(finished.stdout(), "It is done.\n");
    let said = without_times(&finished.stderr());
    for line in [
        "note: waiting 10 ms: rate limited, attempt 2 of 4",
        "note: waiting 10 ms: rate limited, attempt 3 of 4",
    ] {
        // The wait is a little longer than the service asks, by chance.
        let line = line.replace("10 ms", "1");
        let shown = said
            .replace("waiting 10 ms", "waiting 1")
            .replace("waiting 11 ms", "waiting 1");
        assert!(shown.contains(&line), "{said}");
    }
    assert_eq!(
        asked(&world),
        [
            json!(["do it"]),
            json!(["do it", "continue"]),
            json!(["do it", "continue"]),
            json!(["do it", "continue", "continue"]),
        ]
    );
}

#[test]
fn the_attempts_and_their_cost_are_in_the_document_and_in_the_record() {
    let world = planned(VERSION, &format!("after-call {LIMIT}"));
    let finished = world.run(&["run", "do it", "--retry", "1", "--json"]);
    let document = finished.json();
    assert_eq!(document["outcome"], "completed");
    assert_eq!(document["usage"]["output_tokens"], 10);
    assert_eq!(document["messages"], 1);
    let attempts = document["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["reason"], "rate_limited");
    assert_eq!(attempts[0]["usage"]["output_tokens"], 5);
    assert_eq!(attempts[0]["tool_calls"], 1);
    let then = attempts[0]["then"].as_str().expect("what followed");
    assert!(then.ends_with("rate limited, attempt 2 of 2"), "{then}");
    assert_eq!(attempts[1]["retry"]["how"], "continue");
    assert_eq!(attempts[1]["outcome"], "completed");
    let session = document["session"].as_str().expect("a session");
    let exported = world
        .run(&["sessions", "export", session, "-f", "json"])
        .json();
    assert_eq!(
        exported["turns"][0]["end"]["failure"]["reason"],
        "rate_limited"
    );
    assert_eq!(
        exported["turns"][0]["end"]["totals"]["usage"]["output_tokens"],
        5
    );
    assert_eq!(exported["turns"][1]["start"]["prompt"], "continue");
    assert_eq!(
        exported["turns"][1]["start"]["retry"]["why"],
        "rate limited"
    );
    let shown = world.run(&["sessions", "show", session]).stdout();
    assert!(
        shown.contains("attempt 2, 0.0s later (rate limited): `continue` in the same thread"),
        "{shown}"
    );
}

#[test]
fn nothing_is_tried_again_unless_it_is_asked_for() {
    for options in [
        &[] as &[&str],
        &["--retry", "0"],
        &["--retry", "0", "--wait-for-limits", "1h"],
    ] {
        let world = planned(VERSION, &format!("before {LIMIT}"));
        let finished = world.run(&[&["run", "do it", "--json"], options].concat());
        assert_eq!(finished.code, ExitCode::Failed);
        assert_eq!(finished.json()["attempts"], Value::Null);
        assert_eq!(asked(&world).len(), 1);
    }
}

#[test]
fn either_setting_asks_for_it() {
    for (name, value) in [("AMPCTL_RETRY", "1"), ("AMPCTL_WAIT_FOR_LIMITS", "1m")] {
        let world = planned(VERSION, &format!("before {LIMIT}")).with(name, value);
        let finished = world.run(&["run", "do it"]);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    }
    let world = planned(VERSION, "").with("AMPCTL_RETRY", "often");
    let finished = world.run(&["run", "do it"]);
    assert_eq!(finished.code, ExitCode::Usage);
}

#[test]
fn why_it_was_not_tried_again_is_told() {
    let month = "before 429 try again in 30 days";
    for (name, plan) in [
        ("credits", "before 402 {}"),
        ("month", month),
        ("enough", "before; before"),
    ] {
        let plan = plan.replace("before;", &format!("before {LIMIT};"));
        let world = planned(VERSION, &plan);
        let finished = world.run(&["run", "do it", "--retry", "1", "-q"]);
        assert_eq!(finished.code, ExitCode::Failed);
        insta::assert_snapshot!(format!("not_again_{name}"), finished.document());
    }
}

#[test]
fn a_thread_that_cannot_be_asked_is_asked_again() {
    let world = planned(VERSION, &format!("before+unreadable {LIMIT}"));
    let finished = world.run(&["run", "do it", "--retry", "3"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let stderr = finished.stderr();
    assert!(stderr.contains("the thread could not be asked"), "{stderr}");
    assert!(stderr.contains("attempt 3 of 4"), "{stderr}");
    assert_eq!(asked(&world)[1], json!(["do it", "continue"]));
}

#[test]
fn what_waiting_does_not_help_ends_the_run_at_once() {
    let not_served = "start Error: This version of Amp is no longer supported. Update it.";
    let approval = World::replaying_version("0.0.1773432280-gcd86a7", &["perm-ask"]);
    for (name, world, more, code) in [
        ("approval", approval, &[][..], ExitCode::NobodyToAsk),
        (
            "version",
            planned(VERSION, not_served),
            &[],
            ExitCode::NoUsableAmp,
        ),
        (
            "cap",
            five_calls(),
            &["--max-tool-calls", "0"],
            ExitCode::Capped,
        ),
    ] {
        let options = ["run", "do it", "--retry", "3"];
        let finished = world.run(&[&options, more].concat());
        assert_eq!(finished.code, code, "{name}: {}", finished.stderr());
        let stderr = finished.stderr();
        assert!(!stderr.contains("attempt 2"), "{name}: {stderr}");
    }
    let state = json!({"type": "error", "error": {"message": "max_tokens"}});
    let may = "0.0.1777897475-g2324e1";
    let cut_off = run_with_thread(may, "maxtokens", &state, &["--retry", "3"]);
    assert_eq!(cut_off.code, ExitCode::CutOff, "{}", cut_off.stderr());
    assert!(!cut_off.stderr().contains("attempt 2"));
    let mut program = Program::start(World::playing("hang"), &["run", "do it", "--retry", "3"]);
    wait_for_process(program.world(), "--execute");
    program.signal(Signal::TERM);
    let (status, stderr) = program.wait_for_end();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(!stderr.contains("attempt 2"), "{stderr}");
}

#[test]
fn a_thread_that_lacks_what_was_seen_is_not_gone_on_with() {
    let may = "0.0.1777897475-g2324e1";
    let world = planned(may, &format!("no-result {LIMIT}"));
    let finished = world.run(&["run", "do it", "--retry", "3"]);
    assert_eq!(finished.code, ExitCode::Failed);
    let stderr = finished.stderr();
    assert!(
        stderr.contains("whose result was seen (call-0)"),
        "{stderr}"
    );
    assert_eq!(asked(&world).len(), 2);
}

#[test]
fn a_continued_session_gets_a_prompt_that_never_left() {
    let world = planned(VERSION, "done; start 429; done");
    assert_eq!(world.run(&["run", "first"]).code, ExitCode::Done);
    let finished = world.run(&["continue", "second", "--retry", "1", "--json"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    assert_eq!(
        finished.json()["attempts"][1]["retry"]["how"],
        "same_prompt"
    );
    let last = asked(&world).pop();
    assert_eq!(last, Some(json!(["first", "second"])));
}

#[test]
fn a_check_that_fails_is_told_after_a_limit_as_well() {
    let world = planned(
        VERSION,
        &format!("before {LIMIT}; done; before {LIMIT}; done"),
    );
    let arguments = [
        "run",
        "do it",
        "--retry",
        "5",
        "--check",
        "echo once >> ../count; test $(wc -l < ../count) = 2",
        "--attempts",
        "2",
    ];
    let finished = world.run(&arguments);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let last = asked(&world).pop().expect("a request");
    let texts = last.as_array().expect("texts");
    let checks = texts.iter().filter(|text| {
        text.as_str()
            .is_some_and(|text| text.starts_with("A check"))
    });
    assert_eq!(checks.count(), 1, "{last}");
}

#[test]
fn an_answer_is_put_right_after_a_limit_as_well() {
    let plan = format!("before {LIMIT}; done; before {LIMIT}");
    let world = planned(VERSION, &plan);
    let schema = world.write("schema.json", r#"{"type": "object"}"#);
    let schema = schema.to_str().expect("UTF-8");
    let finished = world.run(&["run", "do it", "--retry", "3", "--schema", schema]);
    assert_eq!(
        finished.code,
        ExitCode::UnfitAnswer,
        "{}",
        finished.stderr()
    );
    let asked = asked(&world);
    let last = asked.last().and_then(Value::as_array).expect("texts");
    let count = |word: &str| {
        let texts = last.iter().filter_map(Value::as_str);
        texts.filter(|text| text.contains(word)).count()
    };
    assert_eq!((last.len(), count("do it")), (4, 1), "{last:?}");
    assert_eq!(last[1], "continue");
    assert_eq!(last[3], "continue");
}

#[test]
fn the_end_of_the_last_attempt_is_the_one_that_is_asked_about() {
    let world = planned(VERSION, &format!("before {LIMIT}"));
    let finished = world.run(&["run", "do it", "--retry", "1", "--confirm-end"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
}

#[test]
fn a_key_that_february_blames_is_asked_about() {
    let february = "0.0.1770734955-g93e689";
    let run = |plan: FaultPlan, health: ServiceHealth| {
        let mut options = Options::default();
        (options.faults, options.health) = (plan, health);
        let service = Backend::start_blocking(options).expect("a stand-in");
        let world = planned(february, "start Invalid or missing API key.");
        let world = world.with("AMP_URL", &service.url());
        let finished = world.run(&["run", "do it", "--wait-for-limits", "20ms"]);
        (finished.code, finished.stderr())
    };
    let fails = FaultPlan::new().with_start(Refusal::Status(503), 1);
    let (code, stderr) = run(fails, ServiceHealth::Well);
    assert_eq!(code, ExitCode::Done, "{stderr}");
    assert!(stderr.contains("the service failed, attempt 2"), "{stderr}");
    let (code, stderr) = run(FaultPlan::new(), ServiceHealth::RefusesKeys);
    assert_eq!(code, ExitCode::Credentials, "{stderr}");
    assert!(
        stderr.contains("not tried again: a key does not"),
        "{stderr}"
    );
}

#[test]
fn ctrl_c_ends_a_wait_at_once() {
    let world = planned(VERSION, "before 429 try again in 20 minutes");
    let mut terminal = Terminal::start(&world, &["run", "do it", "--retry", "1"], (24, 80));
    terminal.wait_for("waiting 2");
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit().code(), Some(130));
    let screen = terminal.screen();
    assert!(screen.contains("rate limited, attempt 2 of 2"), "{screen}");
    assert!(screen.contains("error: interrupted"), "{screen}");
    assert_eq!(asked(&world).len(), 1);
}
