//! From the first line to the exit: deadlines, the stop ladder, who ended what.

use std::time::Duration;

use amp_process::{Cause, Deadline, Error, ExitStatus, Force, Signal, StopPolicy};

use crate::support::{deadlines, fake, lines, run, text};

#[tokio::test]
async fn lines_come_in_order_and_the_exit_code_follows() {
    let (lines, exit) = run(fake("out one; out two; err trouble; exit 3")).await;
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(exit.status(), ExitStatus::Code(3));
    assert_eq!((exit.cause(), exit.force()), (Cause::Exited, Force::None));
    assert_eq!(exit.stderr().to_string(), "trouble\n");
    assert!(exit.survivors().is_empty() && exit.leaked().is_empty());
}

#[tokio::test]
async fn a_program_that_never_speaks_meets_the_startup_deadline() {
    let spec =
        fake("hang").with_deadlines(deadlines().with_startup(Some(Duration::from_millis(50))));
    let mut process = spec.spawn().await.unwrap();
    let error = lines(&mut process).await.unwrap_err();
    assert_eq!(error.deadline(), Some(Deadline::Startup));
    let exit = process.finish().await;
    assert_eq!(exit.cause(), Cause::DeadlinePassed(Deadline::Startup));
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::TERMINATE));
}

#[tokio::test]
async fn a_program_that_falls_silent_meets_the_idle_deadline() {
    let spec = fake("out hello; hang")
        .with_deadlines(deadlines().with_idle(Some(Duration::from_millis(50))));
    let mut process = spec.spawn().await.unwrap();
    let hello = process.next_line().await.unwrap().unwrap();
    assert_eq!(text(&hello), "hello");
    let error = process.next_line().await.unwrap_err();
    assert!(matches!(error, Error::DeadlinePassed(Deadline::Idle)));
    assert_eq!(process.finish().await.force(), Force::Signalled);
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed_after_the_grace() {
    let spec = fake("ignore SIGTERM; out ready; hang")
        .with_deadlines(deadlines().with_grace(Duration::from_millis(50)));
    let mut process = spec.spawn().await.unwrap();
    process.next_line().await.unwrap();
    let exit = process.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::KILL));
    assert_eq!(
        (exit.cause(), exit.force()),
        (Cause::Stopped, Force::Killed)
    );
}

#[tokio::test]
async fn a_program_that_traps_sigterm_ends_in_its_own_way() {
    let spec = fake("ignore SIGINT; on SIGTERM { out bye; exit 0 }; out ready; hang");
    let mut process = spec.spawn().await.unwrap();
    process.next_line().await.unwrap();
    process.begin_stop();
    let bye = lines(&mut process).await.unwrap();
    assert_eq!(bye.iter().map(text).collect::<Vec<_>>(), ["bye"]);
    let exit = process.finish().await;
    assert_eq!(exit.status(), ExitStatus::Code(0));
    assert_eq!(
        (exit.cause(), exit.force()),
        (Cause::Stopped, Force::Signalled)
    );
}

#[tokio::test]
async fn the_caller_chooses_the_polite_signal() {
    let policy = StopPolicy::default().with_signal(Some(Signal::INTERRUPT));
    let spec = fake("out ready; hang").with_stop_policy(policy);
    let mut process = spec.spawn().await.unwrap();
    process.next_line().await.unwrap();
    let exit = process.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::INTERRUPT));
}
