//! Batches, from the outside: what is sent, what is kept, and what a second start makes of it.

mod interruptions;
mod isolation;
mod pauses;
mod place;
mod told;

use amp_cli::ExitCode;

use self::place::Place;

#[test]
fn every_task_is_sent_once_and_has_its_result() {
    let place = Place::new();
    place.tasks(9);
    let finished = place.run(&["-j", "3"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    assert_eq!(finished.stdout(), "9 ok\n");
    assert_eq!(place.sent().len(), 9);
    let result = place.result("t4");
    assert_eq!(result["status"], "ok");
    assert_eq!(result["text"], "did 4");
    assert_eq!(result["usage"]["output_tokens"], 5);
    assert_eq!(result["meta"]["number"], 4);
    // Nothing is left to do, and nothing is done.
    let again = place.run(&[]);
    assert_eq!(again.code, ExitCode::Done, "{again:?}");
    assert_eq!(place.sent().len(), 9);
}

#[test]
fn shards_work_on_different_tasks_and_their_report_is_that_of_one_process() {
    let (whole, parts) = (Place::new(), Place::new());
    whole.tasks(10);
    parts.tasks(10);
    assert_eq!(whole.run(&[]).code, ExitCode::Done);
    for shard in ["3/3", "1/3", "2/3"] {
        let finished = parts.run(&["--shard", shard]);
        assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    }
    let mut sent = parts.sent();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 10);
    assert_eq!(parts.report(), whole.report());
}

#[test]
fn an_engine_that_has_started_the_process_tells_the_shard() {
    let place = Place::new().with("HQ_TASK_ID", "1");
    place.tasks(4);
    let finished = place.run(&[]);
    assert_eq!(finished.code, ExitCode::Usage);
    assert!(finished.stderr().contains("AMPCTL_SHARD_TOTAL"));
    let place = place.with("AMPCTL_SHARD_TOTAL", "2");
    let finished = place.run(&["-j1"]);
    assert_eq!(finished.code, ExitCode::Done, "{finished:?}");
    assert_eq!(place.sent(), ["do 2", "do 4"]);
}

#[test]
fn other_tasks_and_other_shards_do_not_come_into_the_same_folder() {
    let place = Place::new();
    place.tasks(4);
    assert_eq!(place.run(&["--shard", "1/2"]).code, ExitCode::Done);
    for arguments in [&[][..], &["--shard", "1/3"], &["--shard", "hash:1/2"]] {
        let refused = place.run(arguments);
        assert_eq!(refused.code, ExitCode::Usage, "{refused:?}");
    }
    place.tasks(5);
    let refused = place.run(&["--shard", "2/2"]);
    assert_eq!(refused.code, ExitCode::Usage);
    assert!(
        refused.stderr().contains("other tasks"),
        "{}",
        refused.stderr()
    );
    assert_eq!(place.sent().len(), 2);
}

#[test]
fn tasks_that_fail_say_why_and_are_begun_anew_when_that_is_wanted() {
    let place = Place::new();
    place.write(&[
        r#"{"id":"well","prompt":"do it"}"#,
        r#"{"id":"bad","prompt":"fail"}"#,
        r#"{"id":"unchecked","prompt":"do that","check":["true","test -e nowhere"]}"#,
        r#"{"id":"nowhere","prompt":"do","cwd":"no/such/folder"}"#,
        r#"{"id":"unset","prompt":"do","env":["NO_SUCH_VARIABLE"]}"#,
    ]);
    let finished = place.run(&["-j1"]);
    assert_eq!(finished.code, ExitCode::Failed);
    assert_eq!(finished.stdout(), "1 ok, 4 failed\n");
    let status = |id| place.result(id)["status"].as_str().map(str::to_owned);
    let statuses = ["bad", "unchecked", "nowhere", "unset"].map(|id| status(id).unwrap());
    assert_eq!(statuses, ["failed", "check_failed", "failed", "failed"]);
    let said = finished.stderr();
    for why in [
        "bad: failed:",
        "no/such/folder is not a folder",
        "NO_SUCH_VARIABLE is not set",
    ] {
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(place.sent(), ["do it", "fail", "do that"]);
    let again = place.run(&["-j1", "--rerun-failed"]);
    assert_eq!(again.code, ExitCode::Failed);
    assert_eq!(
        place.sent(),
        ["do it", "fail", "do that", "fail", "do that"]
    );
    assert_eq!(place.result("bad")["attempt"], 2);
}

#[test]
fn no_more_tasks_begin_after_so_many_failures_or_tokens() {
    let place = Place::new();
    let tasks = (0..6).map(|number| format!(r#"{{"id":"t{number}","prompt":"fail {number}"}}"#));
    place.write(&tasks.collect::<Vec<_>>());
    let finished = place.run(&["-j1", "--stop-after-failures", "2"]);
    assert_eq!(finished.code, ExitCode::Paused, "{finished:?}");
    assert_eq!(place.sent().len(), 2);
    let place = Place::new();
    place.tasks(6);
    let finished = place.run(&["-j1", "--stop-after-tokens", "40"]);
    assert_eq!(finished.code, ExitCode::Paused, "{finished:?}");
    assert_eq!(place.sent().len(), 3, "15 tokens each");
    assert_eq!(place.run(&[]).code, ExitCode::Done);
    assert_eq!(place.sent().len(), 6);
}

#[test]
fn nobody_is_asked_in_a_batch() {
    let place = Place::new();
    place.tasks(1);
    let refused = place.run(&["--approve", "ask"]);
    assert_eq!(refused.code, ExitCode::Usage);
    assert!(place.sent().is_empty());
}

#[test]
fn what_would_be_done_is_told_and_nothing_is_done() {
    let place = Place::new();
    place.tasks(5);
    let shown = place.run(&["--shard", "2/2", "-j3", "--dry-run"]);
    assert_eq!(shown.code, ExitCode::Done);
    insta::assert_snapshot!(shown.stdout(), @r"
    shard   2/2 (by --shard)
    tasks   2 of 5
    agents  3 at once; 6 if all shards work at once
    done    0
    begin   2
    go on   0
    held    0
    ");
    assert!(!place.results().exists());
}

#[test]
fn a_status_counts_what_is_done_and_what_is_not() {
    let place = Place::new();
    place.tasks(6);
    assert_eq!(place.run(&["--shard", "1/2"]).code, ExitCode::Done);
    let status = place.world.run(&["batch", "status", "out"]);
    insta::assert_snapshot!(status.stdout(), @r"
    3 of 6 tasks are done
           3  ok
           3  waiting
    ");
    let none = place.world.run(&["batch", "status", "."]);
    assert_eq!(none.code, ExitCode::Usage);
}

#[test]
fn a_job_file_is_shown_and_written_and_handed_over_when_that_is_wanted() {
    let place = Place::new();
    place.tasks(4);
    let submit = [
        "batch",
        "submit",
        "--engine",
        "slurm",
        "tasks.jsonl",
        "--results",
        "out",
    ];
    let options = ["--shards", "2", "--", "--jobs", "3"];
    let shown = place.world.run(&[&submit[..], &options].concat());
    assert_eq!(shown.code, ExitCode::Done, "{}", shown.document());
    let written = std::fs::read_to_string(place.results().join("submit/slurm.sbatch"));
    assert_eq!(shown.stdout(), written.expect("a job file"));
    assert!(
        shown
            .stdout()
            .contains("--jobs 3 --shard \"$SLURM_ARRAY_TASK_ID/2\"")
    );
    let place = place.with_program("sbatch", "cat \"$1\" > taken");
    let handed = place
        .world
        .run(&[&submit[..], &["--yes"], &options].concat());
    assert_eq!(handed.code, ExitCode::Done, "{}", handed.document());
    let taken = std::fs::read_to_string(place.world.project().join("taken"));
    assert_eq!(taken.expect("a job"), shown.stdout());
    let place = place.with_program("sbatch", "echo no partition >&2; exit 1");
    let refused = place
        .world
        .run(&[&submit[..], &["--yes"], &options].concat());
    assert_eq!(refused.code, ExitCode::Failed);
    assert!(
        refused.stderr().contains("no partition"),
        "{}",
        refused.stderr()
    );
}
