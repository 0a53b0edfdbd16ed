//! What a batch tells while it goes on: events for programs, results for a program of one's own,
//! and lines on a terminal.

use amp_cli::ExitCode;
use serde_json::Value;

use super::place::{Place, Ran};
use crate::support::pseudo_terminal::Terminal;

/// Returns the events without what differs from run to run.
fn events(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout().lines().map(serde_json::from_str);
    let mut events = lines
        .collect::<Result<Vec<Value>, _>>()
        .expect("JSON lines");
    for event in &mut events {
        let fields = event.as_object_mut().expect("an object");
        assert!(
            fields
                .shift_remove("time")
                .is_some_and(|time| time.is_u64())
        );
        for name in ["duration_ms", "results", "left_at"] {
            if let Some(field) = fields.get_mut(name).filter(|field| !field.is_null()) {
                *field = Value::from(format!("[{name}]"));
            }
        }
    }
    events
}

#[test]
fn what_happens_is_told_as_lines_of_json() {
    let place = Place::new();
    place.write(&[
        r#"{"id":"well","prompt":"do it"}"#,
        r#"{"id":"bad","prompt":"fail"}"#,
        r#"{"id":"broke","prompt":"credits"}"#,
        r#"{"id":"after","prompt":"do that"}"#,
    ]);
    let paused = place.run(&["-j1", "--json"]);
    assert_eq!(paused.code, ExitCode::Paused, "{paused:?}");
    let mut events = events(&paused);
    let mut number = 0;
    for event in &mut events {
        number += 1;
        let fields = event.as_object_mut().expect("an object");
        assert_eq!(fields.shift_remove("number"), Some(number.into()));
    }
    let of_batch = |event: &Value| event.get("task").is_none();
    assert!(events.first().is_some_and(of_batch) && events.last().is_some_and(of_batch));
    // A result is written while the next agent begins.
    events.sort_by_key(|event| event["task"].as_str().map(str::to_owned));
    let lines = events.iter().map(|event| format!("{event}\n"));
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn the_calls_of_an_agent_are_told() {
    let place = Place::with_threads("done");
    place.tasks(1);
    let done = place.run(&["--json"]);
    let events = events(&done);
    let of_kind = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(of_kind("task_progress"), 1, "{events:?}");
    let last = events.last().expect("an event");
    assert_eq!(
        (&last["event"], &last["ok"]),
        (&"batch_ended".into(), &1.into())
    );
}

#[test]
fn a_program_hears_of_each_result_and_again_of_those_it_did_not_take() {
    let place = Place::new();
    let hearer = place.world.script(
        "hearer",
        "#!/bin/sh\n[ \"${AMP_API_KEY-}\" = '' ] || exit 3\nid=$(basename \"$1\")\n\
         if [ $id = t2 ] && ! [ -e ../refused ]; then touch ../refused; echo full >&2; exit 1; fi\n\
         cat >> ../heard\n",
    );
    place.tasks(3);
    let hearer = hearer.to_str().expect("UTF-8");
    let done = place.run(&["-j1", "--on-result", hearer]);
    assert_eq!(done.code, ExitCode::Done, "{done:?}");
    let said = done.stderr();
    assert!(
        said.contains("t2 was not taken, and is told again at the end") && said.contains("full"),
        "{said}"
    );
    let heard = std::fs::read_to_string(place.world.project().join("heard")).expect("a file");
    let heard = serde_json::Deserializer::from_str(&heard).into_iter::<Value>();
    let ids: Vec<String> = heard
        .map(|result| {
            result.expect("JSON")["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    assert_eq!(ids, ["t1", "t3", "t2"]);
}

#[test]
fn a_program_that_takes_no_result_loses_none() {
    let place = Place::new();
    place.tasks(1);
    let done = place.run(&["--on-result", "/bin/false"]);
    assert_eq!(done.code, ExitCode::Done, "{done:?}");
    assert!(
        done.stderr().contains("the result of t1 was not taken"),
        "{done:?}"
    );
    assert_eq!(place.result("t1")["status"], "ok");
}

#[test]
fn a_program_hears_of_a_result_whose_process_died_before_it_could_say_so() {
    let place = Place::new();
    place.tasks(1);
    assert_eq!(place.run(&[]).code, ExitCode::Done);
    place.forget_what_follows_the_prompt();
    let hearer = place.world.script("hearer", "#!/bin/sh\ncat > ../heard\n");
    let hearer = hearer.to_str().expect("UTF-8");
    let found = place.run(&["--on-result", hearer]);
    assert_eq!(found.code, ExitCode::Done, "{found:?}");
    let heard = std::fs::read_to_string(place.world.project().join("heard")).expect("a file");
    assert!(heard.contains("\"id\": \"t1\""), "{heard}");
    assert_eq!(place.sent().len(), 1);
}

const RUN: [&str; 6] = ["batch", "run", "tasks.jsonl", "--results", "out", "-j2"];

/// A failure, and two agents that go on until they are stopped.
fn busy() -> Place {
    let place = Place::new();
    place.write(&[
        r#"{"id":"bad","prompt":"fail"}"#,
        r#"{"id":"first-of-two","prompt":"hang a"}"#,
        r#"{"id":"second-of-two","prompt":"hang b"}"#,
    ]);
    place
}

#[test]
fn a_terminal_shows_each_agent_and_keeps_what_has_failed_alone() {
    for columns in [80, 40] {
        let place = busy();
        let mut terminal = Terminal::start(&place.world, &RUN, (24, columns));
        terminal.wait_for("] 1/3");
        terminal.wait_for("second-of-two");
        let moving = ["first-of-two", "second-of-two", "] 1/3"];
        let is_moving = |row: &&String| moving.iter().any(|text| row.contains(text));
        let rows = terminal.rows();
        assert_eq!(
            rows.iter().filter(is_moving).count(),
            3,
            "{}",
            terminal.screen()
        );
        let widest = rows.iter().map(|row| row.chars().count()).max();
        assert!(widest <= Some(columns.into()), "{}", terminal.screen());
        terminal.resize((24, 60));
        terminal.wait_until("all for the new size", |screen| {
            screen.contains("first-of-two") && screen.contains("] 1/3")
        });
        terminal.type_keys("\x03");
        assert_eq!(
            terminal.wait_for_exit().code(),
            Some(75),
            "{}",
            terminal.screen()
        );
        let left = terminal.screen();
        assert!(left.contains("bad: failed:"), "{left}");
        assert!(
            !left.contains("] 1/3") && !left.contains("starting"),
            "{left}"
        );
    }
}

#[test]
fn without_colour_nothing_is_coloured_and_a_log_has_no_moving_lines() {
    let place = busy().with("NO_COLOR", "1");
    let mut terminal = Terminal::start(&place.world, &RUN, (24, 80));
    terminal.wait_for("] 1/3");
    terminal.type_keys("\x03");
    terminal.wait_for_exit();
    let raw = terminal.raw();
    let is_colour = |sequence: &str| {
        let end = sequence.find(|one: char| one.is_ascii_alphabetic());
        end.is_some_and(|end| &sequence[end..=end] == "m" && !matches!(&sequence[..end], "" | "0"))
    };
    assert!(!raw.split("\x1b[").skip(1).any(is_colour), "{raw:?}");

    let place = Place::new();
    place.tasks(3);
    let logged = place.run(&[]);
    assert_eq!((logged.stdout(), logged.stderr()), ("3 ok\n", ""));
}
