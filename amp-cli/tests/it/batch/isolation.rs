//! Tasks in work trees of their own.

use std::path::Path;
use std::process::Command;

use amp_cli::ExitCode;

use super::place::Place;

/// Runs Git in a folder of the project, and returns what it writes.
#[expect(clippy::disallowed_methods, reason = "the repository of a test")]
fn git(place: &Place, folder: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .current_dir(place.world.project().join(folder))
        .env("HOME", place.world.home())
        .output()
        .expect("Git");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn with_repository(tasks: usize) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.world.project().join("repo")).expect("a folder");
    place.world.write("project/repo/file", "as it was\n");
    git(&place, "repo", &["init", "-q", "-b", "main"]);
    git(&place, "repo", &["add", "-A"]);
    git(&place, "repo", &["commit", "-qm", "first"]);
    let line =
        |number: usize| format!(r#"{{"id":"t{number}","prompt":"write {number}","repo":"repo"}}"#);
    place.write(&(1..=tasks).map(line).collect::<Vec<_>>());
    place
}

fn patch(place: &Place, id: &str) -> String {
    let path = place
        .results()
        .join("tasks")
        .join(id)
        .join("attempt-1/patch.diff");
    std::fs::read_to_string(path).expect("a patch")
}

#[test]
fn each_task_has_a_patch_and_the_repository_stays_as_it_is() {
    for how in ["worktree", "clone"] {
        let place = with_repository(6);
        let finished = place.run(&["-j4", "--isolate", how]);
        assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
        for number in 1..=6 {
            let id = format!("t{number}");
            let patch = patch(&place, &id);
            assert!(patch.contains(&format!("+write {number}\n")), "{patch}");
            let work = &place.result(&id)["work"];
            assert_eq!(work["files"], serde_json::json!(["written"]));
            assert_eq!(work["head"], work["base"]);
        }
        assert_eq!(git(&place, "repo", &["status", "--porcelain"]), "");
        assert_eq!(
            git(&place, "repo", &["worktree", "list"]).lines().count(),
            1
        );
        let left = std::fs::read_dir(place.results().join("work")).expect("a folder");
        assert_eq!(left.count(), 0, "{how}");
    }
}

#[test]
fn the_work_tree_of_a_task_that_failed_stays_until_it_is_begun_anew() {
    let place = with_repository(2);
    let failed = place.run(&["--check", "! grep -q 1 written"]);
    assert_eq!(failed.code, ExitCode::Failed, "{failed:?}");
    assert_eq!(failed.stdout(), "1 ok, 1 failed\n");
    let work = place.result("t1")["work"].clone();
    let left_at = work["left_at"].as_str().expect("a place").to_owned();
    let written = Path::new(&left_at).join("written");
    assert_eq!(
        std::fs::read_to_string(&written).expect("a file"),
        "write 1\n"
    );
    assert!(place.result("t2")["work"]["left_at"].is_null());
    let report = place.world.run(&["batch", "report", "out"]);
    assert!(
        report
            .stdout()
            .contains(&format!("its work is in {left_at}")),
        "{}",
        report.stdout()
    );
    let again = place.run(&["--check", "true", "--rerun-failed"]);
    assert_eq!(again.code, ExitCode::Done, "{again:?}");
    assert!(!Path::new(&left_at).exists());
    let trees = git(&place, "repo", &["worktree", "list"]);
    assert_eq!(trees.lines().count(), 1, "{trees}");
}

#[test]
fn a_full_disk_pauses_the_batch_where_work_trees_are_made() {
    let place = with_repository(3).with_program(
        "git",
        "case \"$*\" in *'worktree add'*) [ -e \"$HOME/roomy\" ] || {\n\
         echo 'fatal: cannot create directory: No space left on device' >&2; exit 128; };; esac\n\
         exec /usr/bin/git \"$@\"",
    );
    let paused = place.run(&["-j2"]);
    assert_eq!(paused.code, ExitCode::Paused, "{paused:?}");
    assert_eq!(paused.stdout(), "0 ok, 3 left\n");
    assert!(
        paused.stderr().contains("No space left on device"),
        "{paused:?}"
    );
    assert!(!place.results().join("tasks/t1/result.json").exists());
    std::fs::write(place.world.home().join("roomy"), "").expect("a file");
    let finished = place.run(&["-j2"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    assert_eq!(place.sent().len(), 3);
}

#[test]
fn without_isolation_the_agent_works_in_the_repository() {
    let place = with_repository(1);
    assert_eq!(place.run(&["--isolate", "none"]).code, ExitCode::Done);
    assert!(place.world.project().join("repo/written").exists());
    assert!(place.result("t1")["work"].is_null());
}

#[test]
fn a_task_whose_process_died_keeps_its_work_tree_until_somebody_decides() {
    let place = with_repository(1).with("NAP", "60");
    let mut child = place.start(&[]);
    let written = place.results().join("work/t1/written");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !written.exists() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::yield_now();
    }
    child.kill().expect("a process");
    child.wait().expect("its end");
    let place = place.with("NAP", "0");
    let held = place.run(&[]);
    assert_eq!(held.code, ExitCode::Failed, "{held:?}");
    assert!(
        held.stdout().starts_with("0 ok, 1 held"),
        "{}",
        held.stdout()
    );
    assert!(written.exists());
    let rerun = place.run(&["--on-interrupted", "rerun"]);
    assert_eq!(rerun.code, ExitCode::Done, "{rerun:?}");
    assert_eq!(place.result("t1")["attempt"], 2);
    assert!(!Path::new(&written).exists());
}
