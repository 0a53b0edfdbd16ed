//! One case with one version: a thread through `amp-session`, its end in a word or two.

use std::path::Path;
use std::time::Duration;

use amp_session::protocol::{ImageBlock, UserInput};
use amp_session::{
    Amp, Effective, ErrorKind, Outcome, Session, SessionConfig, ThreadId, Turn, default_deadlines,
};
use anyhow::Result;
use fixtures::backend::{Backend, Options};
use fixtures::scenario::ServiceHealth;
use serde_json::json;

use super::case::{Case, Service};
use super::threads;
use crate::installed_cli::InstalledCli;

/// Where nothing listens.
const CLOSED_URL: &str = "http://127.0.0.1:9";

/// A transparent image of one pixel.
const IMAGE: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/// Drives a case and says how it ended, such as `completed` or `failed: rate_limited`.
///
/// What is refused before the CLI starts is `refused: KIND`.
///
/// # Errors
/// When the stand-in or the throw-away folders cannot be made.
pub async fn drive(case: &Case, cli: &InstalledCli) -> Result<String> {
    let place = tempfile::tempdir()?;
    let workspace = place.path().join("project");
    std::fs::create_dir(&workspace)?;
    let mut options = Options::for_workspace(&workspace);
    if case.service == Service::RefusesKeys {
        options.health = ServiceHealth::RefusesKeys;
    }
    let backend = Backend::start(options).await?;
    let url = match case.service {
        Service::Closed => CLOSED_URL.to_owned(),
        Service::StandIn | Service::RefusesKeys => backend.url(),
    };
    let mut environment = cli.environment(place.path());
    environment.insert("AMP_URL".into(), url.into());
    if !case.without_key {
        environment.insert("AMP_API_KEY".into(), "fake".into());
    }
    let amp = Amp::new(&cli.executable, cli.version.as_str()).with_environment(environment.clone());
    let session = match amp.start(config(case, &workspace)) {
        Ok(session) => session,
        Err(error) => return Ok(refused(&error)),
    };
    let (end, thread) = converse(case, &session).await;
    Ok(match (case.then, thread) {
        (Some(question), Some(thread)) if end == "completed" => {
            let service = Effective::read(&environment, &workspace, None).service(&environment);
            let answer = threads::ask(&amp, &service, question, &thread, case).await;
            answer.unwrap_or_else(|error| refused(&error))
        }
        _ => end,
    })
}

fn config(case: &Case, workspace: &Path) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_working_directory(workspace)
        .with_deadlines(
            default_deadlines().with_total(Some(Duration::from_secs(case.total_seconds))),
        );
    config.mode.clone_from(&case.mode);
    config.thinking = case.thinking;
    config.dangerously_allow_all = case.allow_all;
    config.caps.tool_calls = case.max_tool_calls;
    config.caps.messages = case.max_messages;
    config.settings.clone_from(&case.settings);
    if case.mcp_server {
        let program = fixtures::mcp_server().to_string_lossy();
        let server = json!({ "command": program, "args": [] });
        config.mcp_servers.insert("stand-in".to_owned(), server);
    }
    config
}

/// Sends every prompt, until one does not complete. Says how it ended, and in which thread.
async fn converse(case: &Case, session: &Session) -> (String, Option<ThreadId>) {
    if case.messages {
        let end = match session.converse().await {
            Ok(turn) => send_messages(case, turn).await,
            Err(error) => refused(&error),
        };
        return (end, None);
    }
    let mut thread = None;
    let mut end = String::new();
    for prompt in &case.prompts {
        let turn = match session.prompt(message(case, prompt)).await {
            Ok(turn) => turn,
            Err(error) => return (refused(&error), None),
        };
        let mut outcome = read(case, turn).await;
        if case.confirm
            && session.may_be_unfinished(&outcome)
            && let Err(error) = session.confirm(&mut outcome).await
        {
            return (format!("not confirmed: {error}"), None);
        }
        end = describe(&outcome);
        if !outcome.is_success() {
            break;
        }
        if thread.is_some() && thread != outcome.thread {
            return (format!("{end} in another thread"), None);
        }
        thread = outcome.thread;
    }
    (end, thread)
}

/// Returns what is sent for a prompt.
fn message(case: &Case, prompt: &str) -> UserInput {
    match case.image {
        true => UserInput::text(prompt).with_image(ImageBlock::from_base64("image/gif", IMAGE)),
        false => UserInput::text(prompt),
    }
}

/// Sends every prompt into one turn, then reads it to its end.
async fn send_messages(case: &Case, mut turn: Turn) -> String {
    let Some(mut input) = turn.take_input() else {
        return "refused: no input".to_owned();
    };
    for prompt in &case.prompts {
        match input.send(&message(case, prompt)) {
            Err(error) if error.kind() == ErrorKind::Usage => return refused(&error),
            // An agent that does not read on has its end told by the outcome.
            Err(_) => break,
            Ok(()) => {}
        }
    }
    input.close();
    describe(&read(case, turn).await)
}

/// Reads a turn to its end, cancelling it where the case says so.
async fn read(case: &Case, mut turn: Turn) -> Outcome {
    while let Some(line) = turn.next_line().await {
        let found = |text: &String| memchr::memmem::find(line.bytes(), text.as_bytes()).is_some();
        if case.cancel_after.as_ref().is_some_and(found) {
            turn.cancel();
        }
    }
    turn.finish().await
}

/// Says what was refused before anything was sent.
fn refused(error: &amp_session::Error) -> String {
    let kind = match error.kind() {
        ErrorKind::NotConfigured => "not configured",
        ErrorKind::Usage => "usage",
        ErrorKind::Executable => "executable",
        ErrorKind::Refused => "unsafe rules",
        _ => return format!("refused: {error}"),
    };
    format!("refused: {kind}")
}

/// Says how a turn ended, and what of its stream was not as it should be.
fn describe(outcome: &Outcome) -> String {
    let mut text = outcome.status.to_string();
    if let Some(reason) = outcome.reason()
        && reason.as_str() != text
    {
        text = format!("{text}: {reason}");
    }
    if outcome.refused_tools > 0 {
        text = format!("{text}, {} refused", outcome.refused_tools);
    }
    let unreadable = outcome.lines.unrecognised + outcome.lines.malformed;
    if unreadable > 0 {
        text = format!("{text}, {unreadable} lines not understood");
    }
    text
}
