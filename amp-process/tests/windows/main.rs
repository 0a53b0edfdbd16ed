//! Job objects: whoever a program starts ends with it, whatever the host's fate.
//!
//! The programs are copies of this one, started once more with a part to play. Each answers the
//! test's questions as long as it is alive, and has a file open that nobody else can open before
//! it is gone.
//!
//! `cargo xtask windows` runs these tests under Wine. That proves what our side does: a job that
//! is there before the program's first instruction, that nobody may leave, and that ends with its
//! last handle. It does not prove how Windows itself keeps such a job, for Wine has its own; CI
//! runs the same tests on Windows.
#![cfg(windows)]

mod parts;

use std::time::Duration;

use amp_process::{
    Cause, Containment, ContainmentKind, ErrorKind, ExitStatus, Force, ProcessSpec, StdinSource,
    StopPolicy,
};
use parts::{
    Audience, DESCENDANTS, LIMIT, Part, Player, WRITTEN, deadlines, environment, lines, spec,
};

/// Also the entry of the programs that the tests start: with a part it plays only that.
#[test]
fn a_program_reads_writes_and_exits_as_everywhere() {
    if let Some(part) = Part::of_this_process() {
        part.play();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(a_whole_run());
}

async fn a_whole_run() {
    let audience = Audience::open();
    let input = StdinSource::Bytes(b"one\r\ntwo\n".to_vec());
    let mut process = spec(Part::Echo, &audience)
        .with_stdin(input)
        .spawn()
        .await
        .unwrap();
    assert_eq!(process.containment(), ContainmentKind::Job);
    assert_eq!(lines(&mut process).await, ["said one", "said two"]);
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Code(7));
    assert_eq!((exit.cause(), exit.force()), (Cause::Exited, Force::None));
    assert!(exit.stderr().to_string().contains("heard 2"), "{exit:?}");
    assert!(exit.is_proven_empty());
}

#[tokio::test]
async fn a_reader_that_is_late_gets_all_that_was_written() {
    let audience = Audience::open();
    // The deadline for what comes after the exit has passed whenever anybody looks.
    let deadlines = deadlines().with_drain(Duration::ZERO);
    let program = spec(Part::Writer, &audience).with_deadlines(deadlines);
    let mut process = program.spawn().await.unwrap();
    let mut writer = audience.admit(1);
    writer.values_mut().for_each(Player::is_gone);
    assert_eq!(lines(&mut process).await.len(), WRITTEN);
    let exit = process.finish().await;
    assert_eq!(exit.cause(), Cause::Exited);
}

#[tokio::test]
async fn without_a_job_descendants_outlive_their_parent() {
    // What the other tests see the end of does not end by itself.
    let audience = Audience::open();
    let mut parent = parts::uncontained(Part::Parent, &audience);
    let mut tree = audience.admit(1 + DESCENDANTS);
    parent.kill().unwrap();
    parent.wait().unwrap();
    tree.remove("Parent").unwrap().is_gone();
    for descendant in tree.values_mut() {
        descendant.is_alive();
    }
}

#[tokio::test]
async fn a_stop_ends_the_whole_tree() {
    let audience = Audience::open();
    let mut process = spec(Part::Parent, &audience)
        .with_stop_policy(StopPolicy::default().with_signal(None))
        .spawn()
        .await
        .unwrap();
    let mut tree = audience.admit(1 + DESCENDANTS);
    tree.values_mut().for_each(Player::is_alive);
    let exit = process.stop().await;
    assert_eq!(exit.force(), Force::Killed);
    assert_eq!(exit.cause(), Cause::Stopped);
    assert!(exit.is_proven_empty() && exit.leaked().is_empty());
    tree.values_mut().for_each(Player::is_gone);
}

/// Checks that a stop ends a program that exits with its input, and needs no force for it.
async fn ends_with_its_input(policy: StopPolicy) {
    let audience = Audience::open();
    let mut process = spec(Part::Echo, &audience)
        .with_stdin(StdinSource::Piped)
        .with_stop_policy(policy)
        .spawn()
        .await
        .unwrap();
    let exit = process.stop().await;
    assert_eq!(exit.status(), ExitStatus::Code(7));
    assert_eq!(exit.force(), Force::StdinClosed);
}

#[tokio::test]
async fn a_program_that_ends_with_its_input_is_stopped_without_force() {
    ends_with_its_input(StopPolicy::default().with_stdin_grace(LIMIT)).await;
}

#[tokio::test]
async fn the_first_step_of_the_escalation_is_the_end_of_input() {
    // There are no signals: the time for one is time to exit on the end of input.
    ends_with_its_input(StopPolicy::default()).await;
}

#[tokio::test]
async fn a_drop_ends_the_whole_tree() {
    let audience = Audience::open();
    let process = spec(Part::Parent, &audience).spawn().await.unwrap();
    let mut tree = audience.admit(1 + DESCENDANTS);
    drop(process);
    tree.values_mut().for_each(Player::is_gone);
}

#[test]
fn a_runtime_that_is_torn_down_ends_the_whole_tree() {
    let audience = Audience::open();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let process = runtime.block_on(spec(Part::Parent, &audience).spawn());
    let mut tree = audience.admit(1 + DESCENDANTS);
    runtime.shutdown_background();
    drop(process);
    tree.values_mut().for_each(Player::is_gone);
}

#[tokio::test]
async fn whoever_the_program_leaves_behind_is_ended() {
    let audience = Audience::open();
    let mut process = spec(Part::ParentThatLeaves, &audience)
        .spawn()
        .await
        .unwrap();
    let mut tree = audience.admit(1 + DESCENDANTS);
    // One of them still holds standard output, which ends nothing and keeps nothing waiting.
    assert_eq!(lines(&mut process).await, ["left"]);
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Code(0));
    assert!(exit.is_proven_empty());
    tree.values_mut().for_each(Player::is_gone);
}

#[test]
fn a_host_that_is_killed_takes_the_whole_tree_along() {
    let audience = Audience::open();
    let mut host = parts::uncontained(Part::Host, &audience);
    let mut tree = audience.admit(2 + DESCENDANTS);
    tree.values_mut().for_each(Player::is_alive);
    host.kill().unwrap();
    host.wait().unwrap();
    tree.values_mut().for_each(Player::is_gone);
}

#[tokio::test]
async fn a_containment_that_windows_lacks_is_refused() {
    let audience = Audience::open();
    let wanted = Containment::Require(ContainmentKind::Group);
    let spec = spec(Part::Echo, &audience).with_containment(wanted);
    let error = spec.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContainmentUnavailable);
    let found = spec.probe_containment().await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, &found[0].unavailable),
        (ContainmentKind::Job, &None)
    );
}

#[tokio::test]
async fn a_bare_name_is_found_through_path_with_the_suffixes_of_pathext() {
    let audience = Audience::open();
    let folder = tempfile::tempdir().unwrap();
    // Beside the program lies a script for other systems, as npm puts it there.
    std::fs::write(folder.path().join("player"), "#!/bin/sh").unwrap();
    let player = folder.path().join("player.exe");
    std::fs::copy(std::env::current_exe().unwrap(), player).unwrap();
    for suffixes in [".EXE", ".CMD;.EXE"] {
        let mut process = parts::by_name("player", Part::Echo, &audience)
            .with_variable("Path", folder.path())
            .with_variable("PathExt", suffixes)
            .with_stdin(StdinSource::Bytes(b"one\n".to_vec()))
            .spawn()
            .await
            .unwrap();
        assert_eq!(lines(&mut process).await, ["said one"]);
        assert_eq!(process.finish().await.status(), ExitStatus::Code(7));
    }
    let none = parts::by_name("player", Part::Echo, &audience)
        .with_variable("Path", folder.path())
        .with_variable("PathExt", ".CMD");
    let error = none.spawn().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProgramNotFound);
}

#[tokio::test]
async fn a_script_of_cmd_runs_by_its_bare_name_with_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let script = "@echo said %1\r\n@exit /b 5\r\n";
    std::fs::write(folder.path().join("hello.cmd"), script).unwrap();
    let mut environment = environment();
    environment.retain(|name, _| !name.eq_ignore_ascii_case("PATH"));
    let mut process = ProcessSpec::new("hello")
        .with_argument("one")
        .with_environment(environment)
        .with_variable("Path", folder.path())
        .with_deadlines(deadlines())
        .spawn()
        .await
        .unwrap();
    let said = lines(&mut process).await;
    // It ends its lines as Windows does.
    let said: Vec<&str> = said.iter().map(|line| line.trim_end()).collect();
    assert_eq!(said, ["said one"]);
    assert_eq!(process.finish().await.status(), ExitStatus::Code(5));
}

#[tokio::test]
async fn programs_that_cannot_be_started_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.exe");
    std::fs::write(&text, "no program").unwrap();
    let missing = folder.path().join("missing.exe");
    for (program, kind) in [
        (missing, ErrorKind::ProgramNotFound),
        (text, ErrorKind::NotExecutable),
    ] {
        let spec = ProcessSpec::new(program).with_environment(environment());
        assert_eq!(spec.spawn().await.unwrap_err().kind(), kind);
    }
}
