//! What a turn did to files, and how it is undone.

use std::process::Command;
#[cfg(feature = "acp")]
use std::sync::Arc;

use amp_cli::ExitCode;

#[cfg(feature = "acp")]
use crate::support::editor::Editor;
use crate::support::{INIT, SUCCESS, VERSION, World};

/// A world with a Git work tree, whose agent runs a script of the shell.
fn world_of(deed: &str) -> World {
    let line = |command: &str| command.trim_start_matches("out ").to_owned();
    let agent = format!(
        "case \"$*\" in *--version*) echo '{VERSION} (released)'; exit;; *--execute*);; *) exit 1;; \
         esac\n\
         echo '{}'\n{deed}\necho '{}'",
        line(INIT),
        line(SUCCESS),
    );
    let world = World::new().with_amp_script(&agent);
    git(&world, &["init", "-q"]);
    world.write("project/changed.txt", "one\ntwo\n");
    world.write("project/deleted.txt", "gone\n");
    world
}

#[expect(clippy::disallowed_methods, reason = "Git prepares the test")]
fn git(world: &World, arguments: &[&str]) -> String {
    let git = Command::new("git")
        .args(arguments)
        .current_dir(world.project())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", world.home())
        .output()
        .expect("git");
    assert!(git.status.success(), "{git:?}");
    String::from_utf8(git.stdout).expect("UTF-8")
}

fn read(world: &World, name: &str) -> Option<String> {
    std::fs::read_to_string(world.project().join(name)).ok()
}

const DEED: &str = "printf 'one\\n2\\n' > changed.txt; rm deleted.txt; echo new > new.txt";

#[test]
fn a_turn_is_shown_and_undone() {
    let world = world_of(DEED);
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
    let shown = world.run(&["diff"]);
    insta::assert_snapshot!(shown.stdout());
    let document = world.run(&["diff", "last", "1", "--json"]).json();
    let files = serde_json::json!(["changed.txt", "deleted.txt", "new.txt"]);
    assert_eq!(
        (&document["files"], &document["whole"]),
        (&files, &true.into())
    );
    assert_eq!(document["diff"].as_str(), Some(shown.stdout().as_str()));

    let asked = world.run(&["undo"]);
    assert_eq!(asked.code, ExitCode::Usage);
    assert!(
        asked.stderr().contains("ampctl undo --yes"),
        "{}",
        asked.stderr()
    );
    assert_eq!(read(&world, "new.txt").as_deref(), Some("new\n"));

    let undone = world.run(&["undo", "--yes", "--json"]);
    assert_eq!(undone.json()["restored"], files, "{}", undone.stderr());
    assert_eq!(read(&world, "changed.txt").as_deref(), Some("one\ntwo\n"));
    assert_eq!(read(&world, "deleted.txt").as_deref(), Some("gone\n"));
    assert_eq!(read(&world, "new.txt"), None);
    assert_eq!(
        git(&world, &["status", "--short"]),
        "?? changed.txt\n?? deleted.txt\n"
    );
    let again = world.run(&["undo", "--yes"]);
    assert!(
        again.stderr().contains("nothing to undo"),
        "{}",
        again.stderr()
    );
}

#[test]
fn files_that_others_have_changed_since_stop_an_undo() {
    let world = world_of(DEED);
    world.run(&["run", "hi"]);
    world.write("project/changed.txt", "mine\n");
    let finished = world.run(&["undo", "--yes"]);
    assert_eq!(finished.code, ExitCode::Failed);
    let said = finished.stderr();
    assert!(
        said.contains("1 file changed since the turn") && said.contains("changed.txt"),
        "{said}"
    );
    assert_eq!(read(&world, "new.txt").as_deref(), Some("new\n"));
}

#[test]
fn one_turn_or_all_turns_of_a_session_are_undone() {
    let world = world_of("echo more >> changed.txt");
    world.run(&["run", "hi"]);
    world.run(&["continue", "more"]);
    assert_eq!(
        read(&world, "changed.txt").as_deref(),
        Some("one\ntwo\nmore\nmore\n")
    );
    let first = world.run(&["undo", "last", "1", "--yes"]);
    assert_eq!(
        first.code,
        ExitCode::Failed,
        "the second turn changed it as well"
    );
    world.run(&["undo", "--yes"]);
    assert_eq!(
        read(&world, "changed.txt").as_deref(),
        Some("one\ntwo\nmore\n")
    );
    world.run(&["undo", "--all", "--yes"]);
    assert_eq!(read(&world, "changed.txt").as_deref(), Some("one\ntwo\n"));
    let none = world.run(&["undo", "last", "3", "--yes"]);
    assert_eq!(none.code, ExitCode::Usage, "{}", none.stderr());
}

#[test]
fn snapshots_go_with_their_session() {
    let world = world_of(DEED);
    world.run(&["run", "hi"]);
    let refs = || {
        git(
            &world,
            &["for-each-ref", "--format=%(objecttype)", "refs/amp-session"],
        )
    };
    assert_eq!(refs(), "tree\ntree\n");
    assert_eq!(
        world.run(&["sessions", "delete", "last", "--yes"]).code,
        ExitCode::Done
    );
    assert_eq!(refs(), "");
}

#[cfg(feature = "acp")]
#[test]
fn what_an_editors_turn_did_is_undone_and_its_snapshots_go_with_its_session() {
    let (mut editor, session) = Editor::with_session(world_of(DEED), &["--approve", "none"]);
    let prompt = editor.prompt(&session, "hi");
    assert_eq!(editor.answer_to(prompt)["result"]["stopReason"], "end_turn");
    let world = Arc::clone(&editor.world);
    let undone = world.run(&["undo", "--yes"]);
    assert_eq!(undone.code, ExitCode::Done, "{}", undone.stderr());
    assert_eq!(read(&world, "new.txt"), None);
    let deleted = editor.ask("session/delete", serde_json::json!({"sessionId": session}));
    assert_eq!(deleted["result"], serde_json::json!({}));
    assert_eq!(git(&world, &["for-each-ref"]), "");
}

#[test]
fn without_snapshots_there_is_nothing_to_undo_and_the_reason_is_told() {
    let world = world_of(DEED);
    world.run(&["run", "--no-snapshots", "hi"]);
    let finished = world.run(&["undo", "--yes"]);
    assert_eq!(finished.code, ExitCode::Failed);
    assert!(
        finished.stderr().contains("none was asked for"),
        "{}",
        finished.stderr()
    );
    std::fs::remove_dir_all(world.project().join(".git")).expect("a folder of ours");
    world.run(&["run", "hi"]);
    let finished = world.run(&["diff"]);
    assert_eq!(finished.code, ExitCode::Failed);
    assert!(
        finished.stderr().contains("there is no Git work tree"),
        "{}",
        finished.stderr()
    );
}
