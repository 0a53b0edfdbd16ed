//! Turns from their start to their outcome, against the fake agent.

use std::time::Duration;

use amp_session::process::{ExitStatus, Force, Signal};
use amp_session::protocol::UserInput;
use amp_session::{
    Amp, Deadlines, Error, ErrorKind, Options, Reason, Session, SessionConfig, Status, ThreadId,
    TurnItem, default_deadlines, execute,
};
use fixtures::Recording;
use futures::StreamExt;
use tempfile::TempDir;

use crate::support::{
    FEBRUARY, INIT, KEY, SEPTEMBER, SUCCESS, arguments, environment, playing, replaying,
};

/// Runs one prompt to its end.
async fn outcome(amp: &Amp, config: SessionConfig) -> amp_session::Outcome {
    let session = amp.start(config).unwrap();
    session.prompt("Do it.").await.unwrap().finish().await
}

fn with_deadlines(deadlines: Deadlines) -> SessionConfig {
    SessionConfig::new().with_deadlines(deadlines)
}

#[tokio::test]
async fn every_byte_of_a_recording_reaches_the_caller_in_order() {
    let home = TempDir::new().unwrap();
    let amp = replaying(&home, SEPTEMBER, &["bash"]);
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    let mut seen = Vec::new();
    let mut outcome = None;
    while let Some(item) = turn.next().await {
        match item {
            TurnItem::Line(line) => seen.push(line.bytes().to_vec()),
            TurnItem::End(end) => outcome = Some(*end),
            _ => unreachable!("a turn without questions"),
        }
    }
    assert_eq!(seen, Recording::at(SEPTEMBER, "bash").lines().unwrap());
    let outcome = outcome.expect("the last item");
    assert_eq!(outcome.tool_calls, 1);
    assert_eq!(outcome.refused_tools, 0);
    assert!(outcome.usage.output_tokens > 0, "{:?}", outcome.usage);
    assert_eq!(outcome.status, Status::Completed);
    assert_eq!(outcome.exit.unwrap().status(), ExitStatus::Code(0));
    session.prompt("Go on.").await.unwrap().kill().await;
    assert_eq!(turn.finish().await.text, outcome.text, "it is told again");
}

#[tokio::test]
async fn the_same_program_talks_to_an_amp_of_february_and_to_one_of_september() {
    for version in [FEBRUARY, SEPTEMBER] {
        let home = TempDir::new().unwrap();
        let amp = replaying(&home, version, &["continue-first", "continue-second"]);
        let session = amp.start(SessionConfig::new()).unwrap();
        let first = session.prompt("Begin.").await.unwrap().finish().await;
        assert_eq!(first.status, Status::Completed, "{version}");
        assert_eq!(first.thread, session.thread());
        let second = session.prompt("Go on.").await.unwrap().finish().await;
        assert_eq!(second.status, Status::Completed, "{version}");
        assert!(second.text.is_some());
    }
}

#[tokio::test]
async fn the_text_of_a_turn_is_its_final_answer_or_why_there_is_none() {
    let home = TempDir::new().unwrap();
    for (script, expected) in [
        (format!("{INIT}; {SUCCESS}"), Ok("Done.".to_owned())),
        (format!("{INIT}; exit 0"), Err(Reason::ExitedUnexpectedly)),
    ] {
        let amp = playing(&home, SEPTEMBER, &script);
        let session = amp.start(SessionConfig::new()).unwrap();
        let text = session.prompt("Do it.").await.unwrap().text().await;
        assert_eq!(text.map_err(|failure| failure.reason), expected);
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_started() {
    let home = TempDir::new().unwrap();
    let marker = home.path().join("started");
    let script = format!("err {}; exit 0", marker.display());
    let mut environment = environment(home.path(), &[("FAKE_AGENT_SCRIPT", &script)]);
    environment.insert("AMP_API_KEY".into(), "".into());
    // An executable that does not exist would fail to start: it is not even tried.
    let amp = Amp::new("/nonexistent/amp", SEPTEMBER).with_environment(environment);
    let session = amp.start(SessionConfig::new()).unwrap();
    let error = session.prompt("Do it.").await.unwrap_err();
    assert!(matches!(error, Error::NotConfigured { .. }));
    assert!(error.to_string().starts_with("AMP_API_KEY not configured"));
}

#[tokio::test]
async fn a_missing_executable_is_told_before_anything_is_sent() {
    let home = TempDir::new().unwrap();
    let amp =
        Amp::new("/nonexistent/amp", SEPTEMBER).with_environment(environment(home.path(), &[]));
    let session = amp.start(SessionConfig::new()).unwrap();
    let error = session.prompt("Do it.").await.unwrap_err();
    assert!(matches!(error, Error::Process { .. }), "{error:?}");
}

#[tokio::test]
async fn an_option_that_the_build_lacks_is_refused_when_the_session_starts() {
    let amp = Amp::new("/nonexistent/amp", FEBRUARY);
    let mut config = SessionConfig::new();
    config.title = Some("A title".to_owned());
    let error = amp.start(config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Amp 0.0.1770734955-g93e689 has no --title (since 0.0.1788854443-g7f007d)"
    );
}

#[tokio::test]
async fn a_session_has_one_turn_at_a_time() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, &format!("{INIT}; hang"));
    let session = amp.start(SessionConfig::new()).unwrap();
    let turn = session.prompt("Do it.").await.unwrap();
    assert!(matches!(
        session.prompt("Again.").await,
        Err(Error::TurnInProgress)
    ));
    drop(turn);
    assert!(session.prompt("Again.").await.is_ok());
}

#[tokio::test]
async fn a_cancelled_turn_ends_in_an_outcome_and_the_session_goes_on() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, &format!("{INIT}; hang"));
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    assert!(turn.next_line().await.is_some());
    let canceller = turn.canceller();
    let ended = tokio::spawn(turn.finish());
    canceller.cancel();
    let outcome = ended.await.unwrap();
    assert_eq!(outcome.status, Status::Cancelled);
    assert_eq!(
        outcome.exit.unwrap().status(),
        ExitStatus::Signal(Signal::TERMINATE)
    );
    assert_eq!(outcome.thread, session.thread());
    assert!(session.prompt("Again.").await.is_ok());
}

#[tokio::test]
async fn a_killed_turn_is_cancelled_without_asking_the_agent() {
    let home = TempDir::new().unwrap();
    let amp = playing(
        &home,
        SEPTEMBER,
        &format!("on SIGTERM {{ exit 0 }}; {INIT}; hang"),
    );
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    assert!(turn.next_line().await.is_some());
    let outcome = turn.kill().await;
    assert_eq!(outcome.status, Status::Cancelled);
    let exit = outcome.exit.unwrap();
    assert_eq!(exit.force(), Force::Killed);
    assert!(exit.leaked().is_empty(), "{exit:?}");
    assert!(session.prompt("Again.").await.is_ok());
}

#[tokio::test]
async fn the_cancelled_result_line_of_the_cli_is_cancelled_too() {
    for version in [FEBRUARY, SEPTEMBER] {
        let home = TempDir::new().unwrap();
        let amp = replaying(&home, version, &["sigterm"]);
        let outcome = outcome(&amp, SessionConfig::new()).await;
        assert_eq!(outcome.status, Status::Cancelled, "{version}");
    }
}

#[tokio::test]
async fn silence_from_the_start_ends_at_the_startup_deadline() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "hang");
    let deadlines = default_deadlines().with_startup(Some(Duration::from_millis(100)));
    let outcome = outcome(&amp, with_deadlines(deadlines)).await;
    assert_eq!(outcome.status, Status::TimedOut);
    assert_eq!(outcome.reason(), Some(Reason::SilentStart));
    let message = outcome.failure.unwrap().message;
    assert_eq!(message, "the startup deadline passed: nothing was written");
}

#[tokio::test]
async fn an_amp_that_writes_to_standard_error_alone_is_not_said_to_be_silent() {
    let home = TempDir::new().unwrap();
    let amp = playing(
        &home,
        SEPTEMBER,
        "err starting; err waiting for the proxy; hang",
    );
    let deadlines = default_deadlines().with_startup(Some(Duration::from_millis(500)));
    let outcome = outcome(&amp, with_deadlines(deadlines)).await;
    assert_eq!(outcome.reason(), Some(Reason::SilentStart));
    let expected = "the startup deadline passed: standard output stayed empty, standard error \
                    ends with: waiting for the proxy";
    assert_eq!(outcome.failure.unwrap().message, expected);
}

#[tokio::test]
async fn silence_in_the_middle_ends_at_the_idle_deadline() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, &format!("{INIT}; hang"));
    let deadlines = default_deadlines().with_idle(Some(Duration::from_millis(100)));
    let outcome = outcome(&amp, with_deadlines(deadlines)).await;
    assert_eq!(outcome.reason(), Some(Reason::IdleTimeout));
    assert_eq!(outcome.lines.events, 1);
}

#[tokio::test]
async fn deadlines_are_kept_for_a_caller_that_is_busy_with_a_line() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, &format!("{INIT}; hang"));
    let deadlines = default_deadlines().with_total(Some(Duration::from_secs(1)));
    let session = amp.start(with_deadlines(deadlines)).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    turn.next_line().await.unwrap();
    turn.until_deadline().await;
    let outcome = turn.finish().await;
    assert_eq!(outcome.reason(), Some(Reason::TotalTimeout));
}

#[tokio::test]
async fn a_turn_without_end_ends_at_the_total_deadline() {
    let home = TempDir::new().unwrap();
    let amp = playing(
        &home,
        SEPTEMBER,
        &format!("{INIT}; repeat 1000000 sleep 5ms"),
    );
    let deadlines = default_deadlines().with_total(Some(Duration::from_millis(200)));
    let outcome = outcome(&amp, with_deadlines(deadlines)).await;
    assert_eq!(outcome.reason(), Some(Reason::TotalTimeout));
}

#[tokio::test]
async fn a_result_counts_although_the_process_stays_and_exits_badly() {
    let home = TempDir::new().unwrap();
    let script = format!("ignore SIGTERM; {INIT}; {SUCCESS}; hang");
    let amp = playing(&home, SEPTEMBER, &script);
    let deadlines = default_deadlines()
        .with_drain(Duration::from_millis(50))
        .with_grace(Duration::from_millis(50));
    let outcome = outcome(&amp, with_deadlines(deadlines)).await;
    assert_eq!(outcome.status, Status::Completed);
    assert_eq!(outcome.text.as_deref(), Some("Done."));
    assert_eq!(outcome.exit.unwrap().force(), Force::Killed);
}

#[tokio::test]
async fn an_exit_without_a_result_is_unexpected_whatever_its_code() {
    for (end, shown) in [
        ("exit 0", "exit code 0"),
        ("exit 7", "exit code 7"),
        ("die SIGKILL", "SIGKILL"),
    ] {
        let home = TempDir::new().unwrap();
        let amp = playing(&home, SEPTEMBER, &format!("{INIT}; {end}"));
        let outcome = outcome(&amp, SessionConfig::new()).await;
        assert_eq!(outcome.status, Status::NoResult, "{end}");
        let message = outcome.failure.unwrap().message;
        let expected = format!("Amp process exited unexpectedly ({shown}) without a result");
        assert_eq!(message, expected);
    }
}

#[tokio::test]
async fn a_resumed_turn_that_fails_early_still_names_its_thread() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "err Error: nothing works; exit 1");
    let thread: ThreadId = "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap();
    let session = amp.resume(thread.clone(), SessionConfig::new()).unwrap();
    let outcome = session.prompt("Go on.").await.unwrap().finish().await;
    assert_eq!(outcome.status, Status::NoResult);
    assert_eq!(outcome.thread, Some(thread));
}

#[tokio::test]
async fn the_login_flow_is_stopped_at_once() {
    let home = TempDir::new().unwrap();
    let script = "out No API key found. Starting login flow...; hang";
    let outcome = outcome(&playing(&home, SEPTEMBER, script), SessionConfig::new()).await;
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(outcome.reason(), Some(Reason::NotConfigured));
    assert_eq!(outcome.lines.malformed, 1);
}

#[tokio::test]
async fn one_bad_line_never_ends_a_stream() {
    let home = TempDir::new().unwrap();
    let script = format!(
        "out plain text; {INIT}; out {{\"type\":\"novelty\"}}; out {{\"type\":\"result\"}}; {SUCCESS}"
    );
    let outcome = outcome(&playing(&home, SEPTEMBER, &script), SessionConfig::new()).await;
    assert_eq!(outcome.status, Status::Completed);
    let counts = (
        outcome.lines.events,
        outcome.lines.unrecognised,
        outcome.lines.malformed,
    );
    assert_eq!(counts, (2, 1, 2));
}

#[tokio::test]
async fn what_is_on_standard_error_is_seen_while_the_turn_runs_without_secrets() {
    let home = TempDir::new().unwrap();
    let amp = playing(
        &home,
        SEPTEMBER,
        &format!("err \x1b[31mkey {KEY}\x1b[0m; echo"),
    );
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    assert_eq!(turn.stderr_so_far(), "");
    // Either pipe may be read first.
    while turn.stderr_so_far().is_empty() {
        input.send(&UserInput::text("one more")).unwrap();
        assert!(turn.next_line().await.is_some());
    }
    assert_eq!(turn.stderr_so_far(), "key [redacted]\n");
    input.close();
    assert_eq!(turn.finish().await.stderr, "key [redacted]\n");
}

#[tokio::test]
async fn lines_of_standard_error_are_items_as_they_come_and_the_last_comes_before_the_end() {
    let home = TempDir::new().unwrap();
    let script = format!("err key {KEY}; {INIT}; {SUCCESS}; err the last");
    let amp = playing(&home, SEPTEMBER, &script);
    let session = amp.start(SessionConfig::new()).unwrap();
    let turn = session.prompt("hi").await.unwrap();
    let items: Vec<TurnItem> = turn.collect().await;
    let told = items.iter().filter_map(|item| match item {
        TurnItem::StandardError(line) => Some(line.as_str()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["key [redacted]", "the last"]);
    assert!(matches!(items.last(), Some(TurnItem::End(_))));
}

#[tokio::test]
async fn options_count_for_one_call_and_changes_of_them_for_the_turns_to_come() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "show arguments");
    let labelled = |label: &str| SessionConfig::new().with_label(label);
    let mut environment = amp.environment().clone();
    environment.insert("FAKE_AGENT_VERSION".into(), SEPTEMBER.into());
    let options = Options::of(amp.clone().with_environment(environment));
    let options = options.with_config(labelled("one"));
    let turn = execute("Do it.", options).await.unwrap();
    assert!(arguments(turn).await.contains(&"--label=one".to_owned()));

    let mut session = amp.start(labelled("one")).unwrap();
    session.config_mut().labels = vec!["two".to_owned()];
    let turn = session.prompt("Do it.").await.unwrap();
    let arguments = arguments(turn).await;
    assert!(
        arguments.contains(&"--label=two".to_owned()),
        "{arguments:?}"
    );
    assert!(
        !arguments.contains(&"--label=one".to_owned()),
        "{arguments:?}"
    );
}

/// Returns a session of a thread that was begun elsewhere.
fn resumed(amp: &Amp) -> Session {
    let thread = "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap();
    amp.resume(thread, SessionConfig::new()).unwrap()
}

#[tokio::test]
async fn a_thread_has_one_turn_at_a_time_whichever_session_runs_it() {
    let home = TempDir::new().unwrap();
    let hanging = playing(&home, SEPTEMBER, &format!("{INIT}; hang"));
    let quick = playing(&home, SEPTEMBER, &format!("read-all; {INIT}; {SUCCESS}"));
    let (first, second) = (resumed(&hanging), resumed(&quick));
    // The lock comes before the start: an executable that is not there is not even missed.
    let nobody = resumed(
        &Amp::new("/nonexistent/amp", SEPTEMBER).with_environment(environment(home.path(), &[])),
    );
    let begun = hanging.start(SessionConfig::new()).unwrap();
    for first in [first, begun] {
        let mut turn = first.prompt("One.").await.unwrap();
        assert!(turn.next_line().await.is_some(), "it names its thread");
        let error = second.prompt("Two.").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let error = nobody.prompt("Two.").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        turn.kill().await;
        let outcome = second.prompt("Two.").await.unwrap().finish().await;
        assert_eq!(outcome.status, Status::Completed);
    }
}

#[tokio::test]
async fn a_title_is_for_the_first_turn_of_a_new_thread() {
    let home = TempDir::new().unwrap();
    let amp = playing(
        &home,
        SEPTEMBER,
        &format!("show arguments; {INIT}; {SUCCESS}"),
    );
    let mut config = SessionConfig::new();
    config.title = Some("A title".to_owned());
    config.archive = Some(true);
    let session = amp.start(config.clone()).unwrap();
    for has_title in [true, false] {
        let mut turn = session.prompt("Do it.").await.unwrap();
        let mut arguments = Vec::new();
        while let Some(line) = turn.next_line().await {
            arguments.push(line.bytes().to_vec());
        }
        turn.finish().await;
        assert_eq!(arguments.contains(&b"--title=A title".to_vec()), has_title);
    }
    let thread = session.thread().unwrap();
    for (title, archive, reason) in [
        (Some("A title"), None, "title: only a new thread takes one"),
        (
            None,
            Some(true),
            "archive: this Amp archives only the threads that it begins",
        ),
    ] {
        config.title = title.map(str::to_owned);
        config.archive = archive;
        let error = amp.resume(thread.clone(), config.clone()).unwrap_err();
        assert_eq!(error.to_string(), reason);
    }
}

#[tokio::test]
async fn the_key_is_in_the_environment_only_and_never_in_an_outcome() {
    let home = TempDir::new().unwrap();
    let script = format!("show arguments; err Error: {KEY} is wrong; exit 1");
    let amp = playing(&home, SEPTEMBER, &script);
    let session = amp.start(SessionConfig::new()).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    while let Some(line) = turn.next_line().await {
        assert!(!String::from_utf8_lossy(line.bytes()).contains(KEY));
    }
    let outcome = turn.finish().await;
    assert_eq!(outcome.stderr, "Error: [redacted] is wrong\n");
    assert!(!serde_json::to_string(&outcome).unwrap().contains(KEY));
}

#[test]
fn no_key_is_in_what_is_printed_for_debugging() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "exit 0");
    let mut config = SessionConfig::new().with_variable("SOME_KEY", KEY);
    let server = serde_json::json!({"command": "server", "env": {"TOKEN": KEY}});
    config.mcp_servers.insert("server".to_owned(), server);
    let session = amp.start(config).unwrap();
    let preview = session.preview("Do it.").unwrap();
    let shown = format!("{session:?} {preview:?} {:?}", session.credentials());
    assert!(shown.contains("AMP_API_KEY"), "{shown}");
    assert!(!shown.contains(KEY), "{shown}");
}

#[tokio::test]
async fn files_of_a_run_are_private_and_gone_afterwards() {
    let home = TempDir::new().unwrap();
    let amp = playing(&home, SEPTEMBER, "show arguments; hang");
    let config = SessionConfig::new().with_setting("amp.tools.disable", vec!["oracle"]);
    let session = amp.start(config).unwrap();
    let mut turn = session.prompt("Do it.").await.unwrap();
    let path = loop {
        let line = turn.next_line().await.unwrap();
        let text = String::from_utf8(line.bytes().to_vec()).unwrap();
        if let Some(path) = text.strip_prefix("--settings-file=") {
            break std::path::PathBuf::from(path);
        }
    };
    assert!(std::fs::read_to_string(&path).unwrap().contains("oracle"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(turn);
    assert!(!path.exists());
}
