//! What cannot be done, before any agent is asked: what happened, why, and what to try.

use amp_cli::{Context, ExitCode, Input};

use crate::support::{Finished, World, run_in};

/// Runs a command with bytes on standard input that need not be text.
fn with_bytes(world: &World, arguments: &[&str], input: &[u8]) -> Finished {
    let context: Context = world.context().with_stdin(Input::piped(input));
    run_in(context, arguments)
}

/// Returns the id of the session recorded last.
fn id_of_the_last(world: &World) -> String {
    let listed = world.run(&["sessions", "list", "--json"]).json();
    let id = &listed["sessions"][0]["id"];
    id.as_str().expect("a session").to_owned()
}

#[test]
fn a_prompt_that_cannot_be_read_is_refused() {
    let world = World::replaying(&["text"]);
    world.write("project/notes.md", "Remember the milk.");
    let cases = [
        ("nothing", &["run"] as &[&str], b" \n" as &[u8]),
        ("twice", &["run", "-", "and", "-"], b"hello"),
        ("no_text", &["run", "-"], b"\xff\xfe"),
        ("files_alone", &["run", "@notes.md"], b""),
        ("missing_file", &["run", "explain", "@missing.md"], b""),
    ];
    for (name, arguments, input) in cases {
        let finished = with_bytes(&world, arguments, input);
        assert_eq!(finished.code, ExitCode::Usage, "{name}");
        let document = finished
            .document()
            .replace(world.project().to_str().expect("UTF-8"), "[project]");
        insta::assert_snapshot!(format!("prompt_{name}"), document);
    }
}

#[test]
fn a_key_that_cannot_be_read_is_refused() {
    let world = World::new();
    for (name, input) in [("nothing", b"\n" as &[u8]), ("no_text", b"\xff\xfe")] {
        let finished = with_bytes(&world, &["credentials", "set"], input);
        assert_eq!(finished.code, ExitCode::Usage, "{name}");
        insta::assert_snapshot!(format!("key_{name}"), finished.document());
    }
}

#[test]
fn without_a_home_nothing_can_be_kept() {
    let world = World::replaying(&["text"]).without("HOME");
    for (name, arguments) in [
        ("versions", &["versions"] as &[&str]),
        ("sessions", &["sessions", "list"]),
    ] {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Usage, "{name}");
        insta::assert_snapshot!(format!("homeless_{name}"), finished.document());
    }
}

#[test]
fn the_version_asked_for_is_the_only_one_to_run() {
    let world = World::new().with("AMPCTL_VERSION", crate::support::VERSION);
    let finished = world.run(&["run", "hello"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    insta::assert_snapshot!("version_not_installed", finished.document());
}

#[test]
fn a_run_that_never_had_a_thread_cannot_go_on() {
    let world = World::playing("exit 7");
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::NoResult);
    let id = id_of_the_last(&world);
    let finished = world.run(&["continue", "--session", &id, "and now?"]);
    assert_eq!(finished.code, ExitCode::Usage);
    insta::assert_snapshot!("no_thread", finished.document().replace(&id, "[id]"));
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let world = World::replaying(&["text"]);
    world.write("project/broken.toml", "mode = [");
    world.write("project/taken", "");
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    let id = id_of_the_last(&world);
    let cases = [
        ("folder", &["run", "-C", "nowhere", "hi"] as &[&str]),
        ("rules", &["run", "--rules", "nowhere", "hi"]),
        ("configuration", &["run", "--config", "nowhere", "hi"]),
        ("broken", &["run", "--config", "broken.toml", "hi"]),
        ("export", &["sessions", "export", "last", "--to", "taken"]),
    ];
    for (name, arguments) in cases {
        let finished = world.run(arguments);
        let document = finished.document();
        let advice = ["try: ", "hint: "];
        assert!(
            advice.iter().any(|advice| document.contains(advice)),
            "{document}"
        );
        insta::assert_snapshot!(format!("unusable_{name}"), document.replace(&id, "[id]"));
    }
    let world = world.with("AMPCTL_TIMEOUT", "soon");
    insta::assert_snapshot!("unusable_variable", world.run(&["run", "hi"]).document());
}

#[test]
fn nothing_is_deleted_when_nobody_can_be_asked() {
    let world = World::replaying(&["text"]);
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    let finished = world.run(&["sessions", "delete", "last"]);
    assert_eq!(finished.code, ExitCode::Usage);
    insta::assert_snapshot!("nobody_to_ask", finished.document());
    assert!(world.run(&["sessions", "list"]).stdout().contains("hello"));
}

#[test]
fn a_file_is_no_folder_for_manual_pages() {
    let world = World::new();
    world.write("project/man", "");
    let finished = world.run(&["man", "--directory", "man"]);
    assert_eq!(finished.code, ExitCode::Failed);
    insta::assert_snapshot!("manual_no_folder", finished.document());
}
