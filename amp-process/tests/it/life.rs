//! From the first line to the exit: deadlines, escalation, who ended what.

use std::task::Poll;
use std::time::Duration;

use amp_process::{
    Cause, Completeness, Deadline, Error, Exit, ExitStatus, Force, Process, ProcessSpec, Signal,
    StdinSource, StopPolicy,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::support::{deadlines, fake, lines, run, start, state_of, text, wait_until};

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
async fn deadlines_are_kept_for_a_caller_that_is_busy_with_a_line() {
    let limits = deadlines()
        .with_idle(Some(Duration::from_millis(500)))
        .with_total(Some(Duration::from_secs(1)));
    let mut process = start(&fake("out hello; hang").with_deadlines(limits)).await;
    // Silence does not count while nobody waits for a line.
    let error = process.until_deadline().await;
    assert_eq!(error.deadline(), Some(Deadline::Total));
    let exit = process.finish().await;
    assert_eq!(exit.cause(), Cause::DeadlinePassed(Deadline::Total));
}

#[tokio::test]
async fn reading_begins_again_after_a_wait_for_a_deadline_was_dropped() {
    let spec = fake("out one; out two");
    let mut process = start(&spec).await;
    let waited = tokio::time::timeout(Duration::from_millis(1), process.until_deadline()).await;
    assert!(waited.is_err());
    let rest = lines(&mut process).await.unwrap();
    assert_eq!(rest.iter().map(text).collect::<Vec<_>>(), ["two"]);
    assert_eq!(process.finish().await.cause(), Cause::Exited);
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
async fn the_caller_chooses_the_first_signal() {
    let policy = StopPolicy::default().with_signal(Some(Signal::INTERRUPT));
    let spec = fake("out ready; hang").with_stop_policy(policy);
    let mut process = spec.spawn().await.unwrap();
    process.next_line().await.unwrap();
    let exit = process.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::INTERRUPT));
}

#[tokio::test]
async fn bytes_without_a_newline_count_against_silence() {
    // It drips for longer than the idle deadline.
    let script = "write x; sleep 50ms; ".repeat(30);
    let spec = fake(&script).with_deadlines(deadlines().with_idle(Some(Duration::from_secs(1))));
    let (lines, _) = run(spec).await;
    assert_eq!(lines, ["x".repeat(30)]);
}

#[tokio::test]
async fn the_total_deadline_passes_in_the_middle_of_a_line_and_keeps_it() {
    let spec = fake("write half; hang")
        .with_deadlines(deadlines().with_total(Some(Duration::from_millis(300))));
    let mut process = spec.spawn().await.unwrap();
    let error = process.next_line().await.unwrap_err();
    assert_eq!(error.deadline(), Some(Deadline::Total));
    let half = process.next_line().await.unwrap().unwrap();
    assert_eq!(half.bytes(), b"half");
    assert_eq!(half.completeness(), Completeness::Unterminated);
    assert_eq!(process.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn a_program_that_stays_after_its_result_is_pushed_out() {
    let spec =
        fake("out result; hang").with_deadlines(deadlines().with_drain(Duration::from_millis(50)));
    let exit = start(&spec).await.finish().await;
    assert_eq!(
        (exit.cause(), exit.force()),
        (Cause::Finished, Force::Signalled)
    );
}

#[tokio::test]
async fn a_program_that_exits_after_its_result_is_not_pushed() {
    let spec = fake("out result; read-all; exit 9").with_stdin(StdinSource::Piped);
    let exit = start(&spec).await.finish().await;
    assert_eq!((exit.cause(), exit.force()), (Cause::Finished, Force::None));
    assert_eq!(exit.status(), ExitStatus::Code(9));
}

#[tokio::test]
async fn a_program_without_any_output_has_an_exit_all_the_same() {
    let (lines, exit) = run(fake("exit 0")).await;
    assert!(lines.is_empty() && exit.status().is_success());
}

#[tokio::test]
async fn the_signal_that_ended_a_program_is_named() {
    for (name, signal) in [("SIGSEGV", 11), ("SIGKILL", 9), ("SIGABRT", 6)] {
        let (lines, exit) = run(fake(&format!("out last; die {name}"))).await;
        assert_eq!(lines, ["last"]);
        assert_eq!(
            exit.status(),
            ExitStatus::Signal(Signal::from_number(signal))
        );
        assert_eq!(exit.status().to_string(), name);
        assert_eq!(exit.cause(), Cause::Exited);
    }
}

#[tokio::test]
async fn a_suspended_program_is_woken_to_obey() {
    let mut process = start(&fake("on SIGTERM { exit 6 }; out ready; die SIGSTOP; hang")).await;
    let pid = process.id();
    wait_until("it is suspended", || {
        state_of(pid).is_some_and(|(state, _)| state == 'T')
    });
    process.begin_stop();
    lines(&mut process).await.unwrap();
    let exit = process.finish().await;
    assert_eq!(
        (exit.status(), exit.force()),
        (ExitStatus::Code(6), Force::Signalled)
    );
}

#[tokio::test]
async fn a_suspended_program_that_ignores_the_signal_is_killed() {
    let spec = fake("ignore SIGTERM; out ready; die SIGSTOP; hang")
        .with_deadlines(deadlines().with_grace(Duration::from_millis(50)));
    let exit = start(&spec).await.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::KILL));
}

#[tokio::test]
async fn a_closed_standard_output_does_not_end_the_run() {
    let spec = fake("out one; close stdout; read-all; exit 5").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    process.take_stdin().unwrap().close();
    assert_eq!(process.next_line().await.unwrap(), None);
    assert_eq!(process.status(), Some(ExitStatus::Code(5)));
}

#[tokio::test]
async fn a_closed_standard_output_still_meets_the_idle_deadline() {
    let spec = fake("out one; close stdout; hang")
        .with_deadlines(deadlines().with_idle(Some(Duration::from_millis(50))));
    let mut process = start(&spec).await;
    let error = process.next_line().await.unwrap_err();
    assert_eq!(error.deadline(), Some(Deadline::Idle));
}

#[tokio::test]
async fn a_pipe_made_nonblocking_by_the_program_changes_nothing_for_us() {
    let (lines, _) = run(fake(
        "nonblocking stdout; out one; nonblocking stderr; out two",
    ))
    .await;
    assert_eq!(lines, ["one", "two"]);
}

#[tokio::test]
async fn a_pause_suspends_the_program_and_its_deadlines() {
    let limit = Duration::from_millis(400);
    let spec = fake("out ready; read-line; out awake")
        .with_stdin(StdinSource::Piped)
        .with_deadlines(deadlines().with_idle(Some(limit)));
    let mut process = start(&spec).await;
    let pid = process.id();
    process.pause().unwrap();
    wait_until("it is suspended", || {
        state_of(pid).is_some_and(|(state, _)| state == 'T')
    });
    process.take_stdin().unwrap().send(b"go\n").await.unwrap();
    // Far beyond the idle deadline nothing happens.
    let nothing = tokio::time::timeout(3 * limit, process.next_line()).await;
    assert!(nothing.is_err());
    process.resume().unwrap();
    assert_eq!(text(&process.next_line().await.unwrap().unwrap()), "awake");
}

#[tokio::test]
async fn a_dropped_wait_for_a_line_loses_nothing() {
    let spec = fake("out one; read-line; out two").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    let nothing = tokio::time::timeout(Duration::from_millis(20), process.next_line()).await;
    assert!(nothing.is_err());
    process.take_stdin().unwrap().send(b"go\n").await.unwrap();
    assert_eq!(text(&process.next_line().await.unwrap().unwrap()), "two");
}

#[test]
fn every_flavour_of_runtime_will_do() {
    let mut flavours = [
        tokio::runtime::Builder::new_current_thread(),
        tokio::runtime::Builder::new_multi_thread(),
    ];
    for flavour in &mut flavours {
        let runtime = flavour.enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        let (lines, exit) = local.block_on(&runtime, run(fake("out one; exit 2")));
        assert_eq!(
            (lines, exit.status().code()),
            (vec!["one".to_owned()], Some(2))
        );
    }
}

#[tokio::test]
async fn a_flood_does_not_outrun_the_total_deadline() {
    let spec = fake("flood stdout 1000g")
        .with_max_line_bytes(1000)
        .with_deadlines(deadlines().with_total(Some(Duration::from_millis(200))));
    let mut process = spec.spawn().await.unwrap();
    let error = process.next_line().await.unwrap_err();
    assert_eq!(error.deadline(), Some(Deadline::Total));
}

#[tokio::test]
async fn a_flood_does_not_outrun_the_escalation() {
    let spec = fake("ignore SIGTERM; out ready; flood stdout 1000g 80")
        .with_deadlines(deadlines().with_grace(Duration::from_millis(50)));
    let exit = start(&spec).await.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::KILL));
}

#[tokio::test]
async fn a_paused_program_can_be_stopped() {
    let mut process = start(&fake("out ready; hang")).await;
    process.pause().unwrap();
    let exit = process.stop().await;
    assert_eq!(exit.status(), ExitStatus::Signal(Signal::TERMINATE));
}

#[tokio::test]
async fn the_longest_deadlines_are_no_overflow() {
    let longest = deadlines()
        .with_startup(Some(Duration::MAX))
        .with_idle(Some(Duration::MAX))
        .with_total(Some(Duration::MAX))
        .with_drain(Duration::MAX)
        .with_grace(Duration::MAX)
        .with_proof(Duration::MAX);
    let (lines, _) = run(fake("out one").with_deadlines(longest)).await;
    assert_eq!(lines, ["one"]);
}

#[tokio::test]
async fn waiting_lets_a_program_finish_by_itself() {
    let spec = fake("out one; read-all; out two; exit 9").with_stdin(StdinSource::Piped);
    let mut process = start(&spec).await;
    // Nobody has taken its input, so it is closed.
    let exit = process.wait().await;
    assert_eq!(exit.status(), ExitStatus::Code(9));
    assert_eq!((exit.cause(), exit.force()), (Cause::Exited, Force::None));
    assert_eq!(exit.discarded_bytes(), 4);
}

#[tokio::test]
async fn waiting_still_keeps_the_deadlines() {
    let spec = fake("out one; hang")
        .with_deadlines(deadlines().with_total(Some(Duration::from_millis(300))));
    let exit = start(&spec).await.wait().await;
    assert_eq!(exit.cause(), Cause::DeadlinePassed(Deadline::Total));
}

/// Ends a run in one of the four ways, by futures each of which is polled twice and dropped, unless
/// it comes to its end before.
async fn end_in_pieces(process: &mut Process, way: &str) -> Exit {
    loop {
        let mut end: BoxFuture<'_, Exit> = match way {
            "wait" => process.wait().boxed(),
            "finish" => process.finish().boxed(),
            "stop" => process.stop().boxed(),
            _ => process.kill().boxed(),
        };
        let mut left = 2;
        let polled = std::future::poll_fn(|context| match left {
            0 => Poll::Ready(None),
            _ => {
                left -= 1;
                end.poll_unpin(context).map(Some)
            }
        });
        if let Some(exit) = polled.await {
            return exit;
        }
    }
}

#[tokio::test]
async fn an_end_that_was_dropped_at_any_await_is_taken_up_again() {
    let stubborn = "ignore SIGTERM; err note; out one; hang";
    let killed = ExitStatus::Signal(Signal::KILL);
    for (way, script, status, cause, force) in [
        (
            "wait",
            "err note; out one; exit 9",
            ExitStatus::Code(9),
            Cause::Exited,
            Force::None,
        ),
        ("finish", stubborn, killed, Cause::Finished, Force::Killed),
        ("stop", stubborn, killed, Cause::Stopped, Force::Killed),
        ("kill", stubborn, killed, Cause::Stopped, Force::Killed),
    ] {
        let quickly = Duration::from_millis(5);
        let limits = deadlines().with_grace(quickly).with_drain(quickly);
        let mut process = start(&fake(script).with_deadlines(limits)).await;
        let exit = end_in_pieces(&mut process, way).await;
        for exit in [exit, process.finish().await] {
            assert_eq!(exit.status(), status, "{way}");
            assert_eq!((exit.cause(), exit.force()), (cause, force), "{way}");
            assert_eq!(exit.stderr().to_string(), "note\n", "{way}");
        }
    }
}

#[tokio::test]
async fn a_program_is_not_hurried_unless_that_is_asked_for() {
    let default = amp_process::Deadlines::default();
    assert_eq!(
        (default.startup, default.idle, default.total),
        (None, None, None)
    );
    // Nothing but what to run is said, as for any program.
    let spec = ProcessSpec::new(fixtures::fake_agent())
        .with_variable("FAKE_AGENT_SCRIPT", "out one; read-all; err two; exit 3");
    let mut process = spec.spawn().await.unwrap();
    let line = process.next_line().await.unwrap().unwrap();
    assert_eq!(line.as_ref(), b"one");
    assert!(process.next_line().await.unwrap().is_none());
    let exit = process.wait().await;
    assert_eq!(
        (exit.status(), exit.cause()),
        (ExitStatus::Code(3), Cause::Exited)
    );
    assert_eq!(exit.stderr().to_string(), "two\n");
}

#[tokio::test]
async fn standard_error_is_a_sign_of_life() {
    // It writes nothing else for longer than the start-up deadline.
    let script = format!("{}out ready", "err working; sleep 50ms; ".repeat(30));
    let limits = deadlines().with_startup(Some(Duration::from_secs(1)));
    let (lines, exit) = run(fake(&script).with_deadlines(limits)).await;
    assert_eq!(
        (lines, exit.cause()),
        (vec!["ready".to_owned()], Cause::Exited)
    );

    let script = format!(
        "out ready; {}out done",
        "err working; sleep 50ms; ".repeat(30)
    );
    let limits = deadlines().with_idle(Some(Duration::from_secs(1)));
    let (lines, exit) = run(fake(&script).with_deadlines(limits)).await;
    assert_eq!((lines.len(), exit.cause()), (2, Cause::Exited));
}

#[tokio::test]
async fn a_program_that_falls_silent_on_standard_error_meets_the_startup_deadline() {
    let limits = deadlines().with_startup(Some(Duration::from_millis(200)));
    let mut process = fake("err working; hang")
        .with_deadlines(limits)
        .spawn()
        .await
        .unwrap();
    let error = process.next_line().await.unwrap_err();
    assert_eq!(error.deadline(), Some(Deadline::Startup));
    assert_eq!(process.finish().await.stderr().to_string(), "working\n");
}

#[test]
fn a_process_can_be_sent_and_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<amp_process::Process>();
    check::<amp_process::StdinWriter>();
    check::<amp_process::Exit>();
}
