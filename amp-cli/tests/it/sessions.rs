//! Recorded sessions: continue, list, show, export, replay, delete.

use amp_cli::ExitCode;

use crate::support::{VERSION, World};

const THREAD: &str = "T-00000000-0000-7000-8000-000000000001";

/// A world in which two turns of one session were taken.
fn with_two_turns() -> World {
    let world = World::replaying(&["continue-first", "continue-second"]);
    assert_eq!(
        world.run(&["run", "--name", "greeting", "hello"]).code,
        ExitCode::Done
    );
    assert_eq!(world.run(&["continue", "and again"]).code, ExitCode::Done);
    world
}

/// Returns the prompts of a session that was shown as JSON.
fn prompts(shown: &serde_json::Value) -> Vec<&str> {
    let turns = shown["turns"].as_array().expect("turns");
    let prompts = turns.iter().map(|turn| &turn["start"]["prompt"]);
    prompts
        .map(|prompt| prompt.as_str().expect("a prompt"))
        .collect()
}

fn count(world: &World) -> usize {
    let listed = world.run(&["sessions", "list", "--json"]).json();
    listed["sessions"].as_array().expect("a list").len()
}

#[test]
fn continue_adds_a_turn_to_the_last_session_of_the_folder() {
    let world = with_two_turns();
    assert_eq!(count(&world), 1);
    let shown = world.run(&["sessions", "show", "last", "--json"]).json();
    assert_eq!(prompts(&shown), ["hello", "and again"]);
    assert_eq!(shown["session"]["thread"], THREAD);
}

#[test]
fn a_session_is_found_by_thread_link_name_or_the_word_last() {
    let world = with_two_turns();
    let link = format!("https://ampcode.com/threads/{THREAD}");
    for word in [THREAD, &link, "greeting", "last"] {
        assert_eq!(
            world.run(&["continue", "-s", word, "more"]).code,
            ExitCode::Done,
            "{word}"
        );
        assert_eq!(
            world.run(&["run", "-c", word, "more"]).code,
            ExitCode::Done,
            "{word}"
        );
    }
    assert_eq!(count(&world), 1);
}

#[test]
fn a_thread_begun_elsewhere_is_continued_and_recorded() {
    let world = World::replaying(&["continue-first", "continue-second"]);
    let finished = world.run(&["run", "--continue", THREAD, "go on"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert_eq!(count(&world), 1);
}

#[test]
fn the_thread_travels_as_an_argument_of_its_own_command() {
    let world = World::playing("show arguments; read-all");
    let shown = world
        .run(&["run", "-ostream-json", "-c", THREAD, "go on"])
        .stdout();
    assert!(
        shown.contains(&format!("threads\ncontinue\n{THREAD}\n")),
        "{shown}"
    );
}

#[test]
fn without_a_session_there_is_nothing_to_continue() {
    let world = World::replaying(&["text"]);
    let finished = world.run(&["continue", "more"]);
    assert_eq!(finished.code, ExitCode::Usage);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn an_unknown_name_is_no_session() {
    let world = with_two_turns();
    for arguments in [
        &["continue", "-s", "nobody", "more"] as &[&str],
        &["sessions", "show", "nobody"],
        &["sessions", "export", "nobody"],
        &["sessions", "replay", "nobody"],
        &["sessions", "delete", "nobody", "--yes"],
    ] {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Usage, "{arguments:?}");
        assert!(
            finished
                .stderr()
                .contains("no recorded session is called `nobody`")
        );
    }
}

#[test]
fn a_name_given_twice_means_the_newer_session() {
    let world = World::replaying(&["text"]);
    for prompt in ["older", "newer"] {
        let finished = world.run(&["run", "--name", "twin", prompt]);
        assert_eq!(finished.code, ExitCode::Done);
    }
    let finished = world.run(&["continue", "-s", "twin", "more"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    let shown = world.run(&["sessions", "show", "twin", "--json"]).json();
    assert_eq!(prompts(&shown), ["newer", "more"]);
}

#[test]
fn an_ambiguous_beginning_of_an_id_is_not_guessed() {
    let world = World::replaying(&["text"]);
    for _ in 0..2 {
        assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    }
    let finished = world.run(&["sessions", "show", "2"]);
    assert_eq!(finished.code, ExitCode::Usage);
    assert!(
        finished.stderr().contains("`2` means several sessions"),
        "{}",
        finished.stderr()
    );
}

#[test]
fn continue_in_another_folder_goes_on_with_the_session_of_that_folder() {
    let world = World::replaying(&["text"]);
    world.write("project/there/file", "");
    for arguments in [
        &["run", "-C", "there", "--name", "there", "first there"] as &[&str],
        &["run", "first here"],
        &["continue", "-C", "there", "second there"],
    ] {
        assert_eq!(world.run(arguments).code, ExitCode::Done);
    }
    let shown = world.run(&["sessions", "show", "there", "--json"]).json();
    assert_eq!(prompts(&shown), ["first there", "second there"]);
}

#[test]
fn a_run_that_never_had_a_thread_is_not_the_last_session() {
    let world = World::replaying(&["text"]);
    assert_eq!(world.run(&["run", "first"]).code, ExitCode::Done);
    let world = world.with("FAKE_AGENT_SCRIPT", "read-all; exit 1");
    assert_eq!(world.run(&["run", "lost"]).code, ExitCode::NoResult);
    let world = world.without("FAKE_AGENT_SCRIPT");
    for arguments in [
        &["continue", "second"] as &[&str],
        &["continue", "-s", "last", "third"],
    ] {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    }
    let shown = world.run(&["sessions", "show", THREAD, "--json"]).json();
    assert_eq!(prompts(&shown), ["first", "second", "third"]);
}

#[test]
fn nothing_is_recorded_when_told_so() {
    let world = World::replaying(&["text"]);
    assert_eq!(
        world.run(&["run", "--no-record", "hello"]).code,
        ExitCode::Done
    );
    assert_eq!(
        world
            .with("AMPCTL_RECORD", "false")
            .run(&["run", "hello"])
            .code,
        ExitCode::Done
    );
}

#[test]
fn the_list_and_the_page_of_a_session_are_readable() {
    let world = with_two_turns();
    let id = world.run(&["sessions", "list", "--json"]).json()["sessions"][0]["id"].clone();
    let id = id.as_str().expect("an id");
    let listed = world
        .run(&["sessions", "list"])
        .document()
        .replace(id, "[session]");
    insta::assert_snapshot!(listed);
    let shown = world
        .run(&["sessions", "show", id])
        .document()
        .replace(id, "[session]");
    let stable = shown.lines().map(|line| match line.split_once(" in ") {
        Some((before, _)) if line.starts_with("   completed") => format!("{before} in [time]"),
        _ => match line.rsplit_once(" (") {
            Some((before, _)) if line.contains("  record") => format!("{before} ([size])"),
            _ => line.to_owned(),
        },
    });
    insta::assert_snapshot!(stable.collect::<Vec<_>>().join("\n"));
}

#[test]
fn exports_hold_the_whole_session() {
    let world = with_two_turns();
    let lines = world.run(&["sessions", "export", "greeting", "-f", "stream-json"]);
    let recorded = |scenario| {
        fixtures::recording(VERSION, scenario)
            .expect("a recording")
            .stdout()
            .expect("lines")
    };
    let both = [recorded("continue-first"), recorded("continue-second")].concat();
    assert_eq!(lines.stdout_bytes(), both);
    let json = world
        .run(&["sessions", "export", "greeting", "-f", "json"])
        .json();
    assert_eq!(json["turns"].as_array().map(Vec::len), Some(2));
    insta::assert_snapshot!(world.run(&["sessions", "export", "greeting"]).stdout());
}

#[test]
fn an_export_never_overwrites_a_file() {
    let world = with_two_turns();
    let arguments = ["sessions", "export", "last", "--to", "out.md"];
    assert_eq!(world.run(&arguments).code, ExitCode::Done);
    let first = std::fs::read(world.project().join("out.md")).expect("an export");
    assert_eq!(world.run(&arguments).code, ExitCode::Failed);
    assert_eq!(
        std::fs::read(world.project().join("out.md")).expect("an export"),
        first
    );
}

#[test]
fn a_replay_shows_prompts_and_answers_without_an_agent() {
    let world = with_two_turns().with("AMP_CLI_PATH", "/nowhere");
    let finished = world.run(&["sessions", "replay", "greeting"]);
    assert_eq!(finished.code, ExitCode::Done);
    insta::assert_snapshot!(finished.stdout());
}

#[test]
fn a_replay_of_a_failure_says_how_it_failed() {
    let world = World::replaying(&["e402"]);
    assert_eq!(world.run(&["run", "spend it"]).code, ExitCode::Failed);
    let finished = world.run(&["sessions", "replay", "last"]);
    assert_eq!(finished.code, ExitCode::Done);
    assert!(
        finished.stdout().contains("failed: Out of Credits"),
        "{}",
        finished.stdout()
    );
}

#[test]
fn what_a_record_lost_is_an_error_and_no_shorter_session() {
    let world = with_two_turns();
    let shown = world.run(&["sessions", "show", "last", "--json"]).json();
    let turn = std::path::Path::new(shown["folder"].as_str().expect("a folder"));
    let turn = turn.join("turns/0002");
    let fails = |arguments: &[&str], file: &str| {
        let finished = world.run(&[&["sessions"], arguments, &["last"]].concat());
        assert_eq!(finished.code, ExitCode::Failed, "{arguments:?}");
        assert!(finished.stderr().contains(file), "{}", finished.stderr());
    };
    std::fs::write(turn.join("turn.json"), "{").expect("a file");
    fails(&["show"], "turn.json");
    fails(&["export"], "turn.json");
    std::fs::remove_file(turn.join("events.jsonl")).expect("a file less");
    fails(&["replay"], "events.jsonl");
    fails(&["export", "-f", "stream-json"], "events.jsonl");
    // It opens, and cannot be read.
    std::fs::create_dir(turn.join("events.jsonl")).expect("a folder");
    fails(&["replay"], "the rest of the record cannot be read");
}

#[test]
fn deleting_without_a_person_needs_a_word() {
    let world = with_two_turns();
    let refused = world.run(&["sessions", "delete", "greeting"]);
    assert_eq!(refused.code, ExitCode::Usage);
    assert_eq!(count(&world), 1);
    assert_eq!(
        world.run(&["sessions", "delete", "greeting", "--yes"]).code,
        ExitCode::Done
    );
    assert_eq!(count(&world), 0);
    let empty = world.run(&["sessions", "list"]);
    assert_eq!(
        (empty.code, empty.stdout()),
        (ExitCode::Done, String::new())
    );
}

/// Makes the last of several sessions, called `old`, one that was used forty days ago.
fn with_an_old_session() -> World {
    let world = World::replaying(&["text"]);
    for name in ["new", "old"] {
        let finished = world.run(&["run", "hello", "--name", name]);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    }
    let shown = world.run(&["sessions", "show", "old", "--json"]).json();
    let folder = shown["folder"].as_str().expect("a folder");
    let path = std::path::Path::new(folder).join("session.json");
    let text = std::fs::read_to_string(&path).expect("a record");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let used = record["updated_at"].as_u64().expect("a moment");
    record["updated_at"] = (used - 40 * 86_400_000).into();
    std::fs::write(path, record.to_string()).expect("a file of ours");
    world
}

/// Returns the names of the sessions that are left.
fn names(world: &World) -> Vec<String> {
    let listed = world.run(&["sessions", "list", "--json"]).json();
    let sessions = listed["sessions"].as_array().expect("a list").clone();
    let name = |session: &serde_json::Value| session["name"].as_str().expect("a name").to_owned();
    sessions.iter().map(name).collect()
}

#[test]
fn pruning_says_what_would_go_and_deletes_what_is_old() {
    let world = with_an_old_session();
    let prune =
        |more: &[&str]| world.run(&[&["sessions", "prune", "--older-than", "30d"], more].concat());
    let planned = prune(&["--dry-run"]);
    assert_eq!(planned.code, ExitCode::Done, "{}", planned.document());
    let text = planned.stdout();
    assert!(text.starts_with("would delete "), "{text}");
    assert!(
        text.contains("  40 days ago  ") && text.contains("  old\n"),
        "{text}"
    );
    assert!(
        text.contains("would delete 1 session, would free "),
        "{text}"
    );
    assert_eq!(names(&world), ["new", "old"]);

    let refused = prune(&[]);
    assert_eq!(refused.code, ExitCode::Usage);
    assert!(
        refused.stderr().contains("ampctl sessions prune --yes"),
        "{}",
        refused.stderr()
    );
    assert_eq!(names(&world), ["new", "old"]);

    let done = prune(&["--yes", "--json"]).json();
    assert_eq!(done["dry_run"], false);
    assert_eq!(done["sessions"][0]["name"], "old");
    assert_eq!(done["freed_bytes"], done["sessions"][0]["bytes"]);
    assert_eq!(names(&world), ["new"]);

    let nothing = prune(&[]);
    assert_eq!(nothing.stdout(), "deleted no sessions, freed 0 B\n");
}

#[test]
fn pruning_by_size_keeps_the_newest() {
    let world = with_an_old_session();
    let shown = world.run(&["sessions", "show", "new", "--json"]).json();
    let size = shown["bytes"].to_string();
    let prune = |size: &str| world.run(&["sessions", "prune", "--max-size", size, "--yes"]);
    assert_eq!(prune("1G").stdout(), "deleted no sessions, freed 0 B\n");
    assert_eq!(prune(&size).code, ExitCode::Done);
    assert_eq!(names(&world), ["new"]);
    assert_eq!(prune("0").code, ExitCode::Done);
    assert_eq!(names(&world), [""; 0]);
}

#[test]
fn pruning_needs_a_limit_that_makes_sense() {
    let world = World::new();
    for arguments in [
        &[] as &[&str],
        &["--yes"],
        &["--older-than", "soon"],
        &["--max-size", "much"],
    ] {
        let finished = world.run(&[&["sessions", "prune"], arguments].concat());
        assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
    }
}
