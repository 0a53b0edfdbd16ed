//! Finding recorded sessions again: list, search, stats, rename, open.

use amp_cli::ExitCode;

use crate::support::{VERSION, World};

/// A world with three sessions: an edit, a command that fails, a refusal.
fn with_three_sessions() -> World {
    let mut world = World::new();
    world.write("project/sub/file", "");
    for (scenario, arguments) in [
        (
            "files",
            &["run", "--name", "edit", "create a file"] as &[&str],
        ),
        (
            "toolerror",
            &["run", "-C", "./sub/../sub", "--mode", "high", "make errors"],
        ),
        ("perm-reject", &["run", "print Something"]),
    ] {
        world = now_replaying(world, scenario);
        assert_eq!(world.run(arguments).code, ExitCode::Done);
    }
    world
}

fn now_replaying(world: World, scenario: &str) -> World {
    let recording = fixtures::recording(VERSION, scenario).expect("a recording");
    let agent = fixtures::fake_agent().to_str().expect("UTF-8");
    let folder = recording.folder.to_str().expect("UTF-8").to_owned();
    world
        .with("AMP_CLI_PATH", agent)
        .with("FAKE_AGENT_REPLAY", &folder)
}

/// Returns what a search found: for each session its title, and the places of the words.
fn found(world: &World, arguments: &[&str]) -> Vec<(String, Vec<String>)> {
    let arguments = [&["sessions", "search", "--json"], arguments].concat();
    let finished = world.run(&arguments);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    let document = finished.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let sessions = document["sessions"].as_array().expect("sessions");
    let session = |found: &serde_json::Value| {
        let excerpts = found["excerpts"].as_array().expect("excerpts");
        let place = |excerpt: &serde_json::Value| {
            format!("{} {}", text(&excerpt["source"]), text(&excerpt["tool"]))
        };
        let places = excerpts
            .iter()
            .map(|excerpt| place(excerpt).trim().to_owned());
        (text(&found["session"]["title"]), places.collect())
    };
    sessions.iter().map(session).collect()
}

fn titles(world: &World, arguments: &[&str]) -> Vec<String> {
    let found = found(world, arguments);
    found.into_iter().map(|(title, _)| title).collect()
}

#[test]
fn words_are_found_in_prompts_answers_calls_and_results() {
    let world = with_three_sessions();
    let edit = |places: &[&str]| {
        let places = places.iter().map(|place| (*place).to_owned());
        ("create a file".to_owned(), places.collect::<Vec<_>>())
    };
    assert_eq!(
        found(&world, &["LINE-2"]),
        [edit(&["call edit_file", "result edit_file", "result Read"])]
    );
    assert_eq!(found(&world, &["edited", "created"]), [edit(&["answer"])]);
    assert_eq!(titles(&world, &["boom"]), ["make errors"]);
    assert_eq!(titles(&world, &["something"]), ["print Something"]);
    assert_eq!(
        titles(&world, &["SOMETHING"]),
        [""; 0],
        "capitals are meant"
    );
    assert_eq!(
        titles(&world, &["err-line >&2; sleep"]),
        ["print Something"],
        "one word with spaces"
    );
    assert_eq!(titles(&world, &["boom", "LINE-2"]), [""; 0]);
}

#[test]
fn a_search_is_narrowed_by_folder_time_tool_and_outcome() {
    let world = with_three_sessions();
    let both = ["print Something", "make errors"];
    assert_eq!(titles(&world, &["echo"]), both, "the newest first");
    assert_eq!(
        titles(&world, &["echo", "--folder", "sub"]),
        ["make errors"]
    );
    assert_eq!(titles(&world, &["echo", "--folder", "."]), both);
    assert_eq!(titles(&world, &["echo", "--folder", "/nowhere"]), [""; 0]);
    assert_eq!(titles(&world, &["echo", "--since", "1h"]), both);
    assert_eq!(titles(&world, &["echo", "-n", "1"]), ["print Something"]);
    assert_eq!(
        titles(&world, &["nope.txt", "--tool", "Read"]),
        ["make errors"]
    );
    assert_eq!(titles(&world, &["nope.txt", "--tool", "Bash"]), [""; 0]);
    assert_eq!(titles(&world, &["echo", "--outcome", "completed"]), both);
    assert_eq!(titles(&world, &["echo", "--outcome", "failed"]), [""; 0]);
    let later = with_failure(world);
    assert_eq!(
        titles(&later, &["spend", "--outcome", "failed"]),
        ["spend it"]
    );
}

fn with_failure(world: World) -> World {
    let world = now_replaying(world, "e402");
    world.write("home/job/file", "");
    let folder = world.home().join("job");
    let arguments = ["run", "-C", folder.to_str().expect("UTF-8"), "spend it"];
    assert_eq!(world.run(&arguments).code, ExitCode::Failed);
    world
}

#[test]
fn what_is_found_is_shown_with_its_place_and_on_no_terminal_steered_by_it() {
    let world = with_three_sessions();
    let shown = world.run(&["sessions", "search", "line-2"]);
    let text = shown.stdout();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("just now  edit"), "{text}");
    assert!(lines[1].starts_with("  1 call edit_file  "), "{text}");
    let nothing = world.run(&["sessions", "search", "nowhere to be found"]);
    assert_eq!(nothing.code, ExitCode::Done);
    assert_eq!(
        (nothing.stdout(), nothing.stderr()),
        (String::new(), "no session has that\n".to_owned())
    );
    assert_eq!(
        world.run(&["sessions", "search", " "]).code,
        ExitCode::Usage
    );
}

#[test]
fn the_list_tells_outcome_tokens_folder_and_first_words() {
    let world = with_failure(with_three_sessions());
    let listed = world.run(&["sessions", "list"]).stdout();
    let seen = |part: &str| listed.lines().any(|line| line.contains(part));
    assert!(seen(" ✗     just now       0  ~/job "), "{listed}");
    assert!(seen(" ✓     just now     440  "), "{listed}");
    assert!(seen("/sub "), "{listed}");
    assert!(
        listed
            .lines()
            .last()
            .is_some_and(|line| line.ends_with("  edit"))
    );
    let here = world.run(&["sessions", "list", "--here"]).stdout();
    assert!(
        !here.contains("/project") && here.contains("print Something"),
        "{here}"
    );
}

#[test]
fn a_session_is_renamed() {
    let world = with_three_sessions();
    assert_eq!(
        world.run(&["sessions", "rename", "edit", "tidy"]).code,
        ExitCode::Done
    );
    assert_eq!(
        world.run(&["sessions", "show", "edit"]).code,
        ExitCode::Usage
    );
    let renamed = world
        .run(&["sessions", "rename", "tidy", "again", "--json"])
        .json();
    assert_eq!(renamed["name"], "again");
}

#[test]
fn stats_add_up_by_day_folder_and_mode() {
    let world = with_three_sessions();
    let project = world.project().canonicalize().expect("a folder");
    for (by, names) in [
        (
            "folder",
            vec![
                format!("{}", project.display()),
                format!("{}/sub", project.display()),
            ],
        ),
        ("mode", vec!["(default)".to_owned(), "high".to_owned()]),
    ] {
        let stats = world
            .run(&["sessions", "stats", "--by", by, "--json"])
            .json();
        let rows = stats["rows"].as_array().expect("rows");
        let seen: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
        assert_eq!(seen, names);
        let turns: Vec<u64> = rows
            .iter()
            .filter_map(|row| row["turns"].as_u64())
            .collect();
        assert_eq!(turns, [2, 1]);
        let total = &stats["total"];
        assert_eq!(
            (
                &total["turns"],
                &total["tool_calls"],
                &total["refused_calls"]
            ),
            (&3.into(), &7.into(), &1.into())
        );
        assert_eq!(total["usage"]["output_tokens"], 440);
    }
    let text = world.run(&["sessions", "stats", "--by", "mode"]).stdout();
    assert!(
        text.contains("(default)  2 turns · 396 in · 264 out · 4 calls · 1 refused · "),
        "{text}"
    );
    assert!(
        text.lines().next().is_some_and(|line| line.ends_with('█')),
        "{text}"
    );
    let by_day = world.run(&["sessions", "stats", "--json"]).json();
    assert_eq!(by_day["rows"].as_array().map(Vec::len), Some(1));
    let none = world.run(&["sessions", "stats", "--since", "0s"]);
    assert_eq!((none.code, none.stdout()), (ExitCode::Done, String::new()));
}

#[test]
fn open_gives_the_address_to_the_browser() {
    let world = with_three_sessions();
    let address = "https://ampcode.com/threads/T-00000000-0000-7000-8000-000000000001\n";
    let printed = world.run(&["sessions", "open", "edit", "--print"]);
    assert_eq!(printed.stdout(), address);
    let opened = world.named_pipe("opened");
    let browser = world.script("project/browser", "echo \"$1\" > opened");
    let world = world.with("BROWSER", browser.to_str().expect("UTF-8"));
    assert_eq!(
        world.run(&["sessions", "open", "edit"]).code,
        ExitCode::Done
    );
    assert_eq!(std::fs::read_to_string(opened).expect("a pipe"), address);
    let world = world.with("BROWSER", "/nowhere/browser");
    assert_eq!(
        world.run(&["sessions", "open", "edit"]).code,
        ExitCode::Failed
    );
}

#[test]
fn a_record_of_a_later_release_is_told_of_and_never_dropped_in_silence() {
    let world = with_three_sessions();
    let listed = world.run(&["sessions", "list", "--json"]).json();
    let id = listed["sessions"][0]["id"].as_str().expect("an id");
    let path = format!("home/.local/state/ampctl/sessions/{id}/session.json");
    let metadata = std::fs::read_to_string(world.home().join("..").join(&path));
    let mut metadata: serde_json::Value =
        serde_json::from_str(&metadata.expect("a record")).expect("JSON");
    metadata["format"] = 9.into();
    world.write(&path, &metadata.to_string());
    let told = format!("session {id} is left out: ");
    for command in [
        &["list"] as &[&str],
        &["search", "echo"],
        &["stats"],
        &["prune", "--older-than", "1000d", "--yes"],
    ] {
        let words = [&["sessions"], command].concat();
        let finished = world.run(&words);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
        assert!(finished.stderr().contains(&told), "{}", finished.document());
        let document = world.run(&[&words as &[&str], &["--json"]].concat()).json();
        let unreadable = &document["unreadable"];
        assert_eq!(unreadable[0]["id"], id, "{document}");
        let reason = unreadable[0]["reason"].as_str().expect("a reason");
        assert!(reason.contains('9'), "{reason}");
    }
    for word in [id, &id[..id.len() - 1]] {
        let shown = world.run(&["sessions", "show", word]);
        assert_eq!(shown.code, ExitCode::Failed, "{}", shown.document());
        assert!(shown.stderr().contains("format"), "{}", shown.document());
    }
    let doctor = world.run(&["doctor", "--json"]).json();
    let checks = doctor["checks"].as_array().expect("checks");
    let sessions = checks.iter().find(|check| check["name"] == "sessions");
    let sessions = sessions.expect("a check of sessions").to_string();
    assert!(sessions.contains("1 that cannot be read"), "{sessions}");
}
