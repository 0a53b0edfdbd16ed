//! The client of the protocol's own library, which nobody here has written.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::{
    InitializeRequest, ListSessionsRequest, NewSessionRequest, PermissionOptionKind, PromptRequest,
    PromptResponse, RequestPermissionOutcome, RequestPermissionRequest, RequestPermissionResponse,
    SelectedPermissionOutcome, SessionId, SessionNotification, SessionUpdate, StopReason,
    ToolCallStatus,
};
use agent_client_protocol::v1::{ConnectionTo, Responder, SentRequest};
use agent_client_protocol::{
    Agent, Client, Error, ErrorCode, Lines, on_receive_notification, on_receive_request,
};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use super::{call, doing, exists};
use crate::support::World;
use crate::support::program::wait_until_gone;

/// What the client answers to questions.
#[derive(Clone, Copy)]
enum Answers {
    /// The option of this kind.
    With(PermissionOptionKind),
    Never,
}

/// A conversation of the client in a new session.
struct Talk {
    connection: ConnectionTo<Agent>,
    session: SessionId,
    /// Tells of every question.
    asked: mpsc::UnboundedReceiver<()>,
}

impl Talk {
    fn prompt(&self) -> SentRequest<PromptResponse> {
        let request = PromptRequest::new(self.session.clone(), vec!["go".into()]);
        self.connection.send_request(request)
    }
}

/// Connects the client with `ampctl acp`, and returns what came of a conversation, with the updates.
#[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
fn talk<T>(
    world: &World,
    answers: Answers,
    talk: impl AsyncFnOnce(Talk) -> Result<T, Error>,
) -> (T, Vec<SessionUpdate>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ampctl"))
        .arg("acp")
        .env_clear()
        .envs(world.environment())
        .current_dir(world.project())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ampctl starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let (outgoing, mut to_write) = mpsc::unbounded::<String>();
    let (read, incoming) = mpsc::unbounded();
    std::thread::spawn(move || {
        while let Some(line) = futures::executor::block_on(to_write.next()) {
            writeln!(stdin, "{line}").expect("a reader");
        }
    });
    std::thread::spawn(move || {
        for line in stdout.lines() {
            if read.unbounded_send(line).is_err() {
                return;
            }
        }
    });
    let lines = Lines::new(outgoing.sink_map_err(std::io::Error::other), incoming);
    let updates = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&updates);
    let unanswered = Mutex::new(Vec::new());
    let (ask, asked) = mpsc::unbounded();
    let folder = world.project();
    let conversation = Client
        .v1()
        .on_receive_notification(
            async move |notification: SessionNotification, _| {
                kept.lock().expect("a lock").push(notification.update);
                Ok(())
            },
            on_receive_notification!(),
        )
        .on_receive_request(
            async move |request: RequestPermissionRequest,
                        responder: Responder<RequestPermissionResponse>,
                        _| {
                let _ = ask.unbounded_send(());
                let Answers::With(kind) = answers else {
                    // Dropped, it would be answered with an error.
                    unanswered.lock().expect("a lock").push(responder);
                    return Ok(());
                };
                let mut options = request.options.into_iter();
                let option = options.find(|option| option.kind == kind);
                let id = option.expect("an option").option_id;
                let selected = SelectedPermissionOutcome::new(id);
                let outcome = RequestPermissionOutcome::Selected(selected);
                responder.respond(RequestPermissionResponse::new(outcome))
            },
            on_receive_request!(),
        )
        .connect_with(lines, async move |connection: ConnectionTo<Agent>| {
            let request = InitializeRequest::new(ProtocolVersion::V1);
            connection.send_request(request).block_task().await?;
            let session = connection.send_request(NewSessionRequest::new(folder));
            let session = session.block_task().await?.session_id;
            let begun = Talk {
                connection,
                session,
                asked,
            };
            talk(begun).await
        });
    let come_to = futures::executor::block_on(conversation).expect("a conversation");
    wait_until_gone(child.id());
    assert!(child.wait().expect("a status").success());
    let updates = std::mem::take(&mut *updates.lock().expect("a lock"));
    (come_to, updates)
}

#[test]
fn the_protocols_own_client_is_served() {
    for (kind, runs) in [
        (PermissionOptionKind::AllowOnce, true),
        (PermissionOptionKind::RejectOnce, false),
        (PermissionOptionKind::RejectAlways, false),
    ] {
        let world = doing(&call("cargo test", "ran"));
        let ((stop_reason, sessions), updates) =
            talk(&world, Answers::With(kind), async |talk: Talk| {
                let answer = talk.prompt().block_task().await?;
                let request = ListSessionsRequest::new();
                let listed = talk.connection.send_request(request).block_task().await?;
                Ok((answer.stop_reason, listed.sessions))
            });
        assert_eq!(stop_reason, StopReason::EndTurn);
        assert_eq!(exists(&world, "ran"), runs);
        assert_eq!(sessions.len(), 1);
        let last = updates.iter().rev().find_map(|update| match update {
            SessionUpdate::ToolCallUpdate(update) => update.fields.status,
            _ => None,
        });
        let expected = match runs {
            true => ToolCallStatus::Completed,
            false => ToolCallStatus::Failed,
        };
        assert_eq!(last, Some(expected));
    }
}

#[test]
fn requests_that_the_protocols_own_client_cancels_are_answered_so() {
    // A build whose running turns take no other prompt: the second one waits.
    let world = doing(&call("cargo test", "ran"));
    let world = world.with("FAKE_AGENT_VERSION", "0.0.1770734955-g93e689");
    let (codes, _) = talk(&world, Answers::Never, async |mut talk: Talk| {
        let running = talk.prompt();
        talk.asked.next().await;
        let mut codes = Vec::new();
        for sent in [talk.prompt(), running] {
            sent.cancellation_handle().cancel()?;
            codes.push(sent.block_task().await.expect_err("cancelled").code);
        }
        Ok(codes)
    });
    assert_eq!(codes, [ErrorCode::REQUEST_CANCELLED; 2]);
    assert!(!exists(&world, "ran"));
}

/// Tells whether a program that a page or a manifest names, with its arguments, is this one.
fn is_served(program: &str, arguments: &Value) {
    assert_eq!(program.trim_start_matches("./"), "ampctl");
    assert_eq!(*arguments, json!(["acp"]));
}

#[test]
fn what_the_page_and_the_manifest_enter_is_started() {
    let page = include_str!("../../../docs/editors.md");
    let (_, json) = page.split_once("```json\n").expect("settings");
    let (json, _) = json.split_once("```").expect("their end");
    let settings: Value = serde_json::from_str(json).expect("JSON");
    let amp = &settings["agent_servers"]["Amp"];
    is_served(amp["command"].as_str().expect("a program"), &amp["args"]);
    let others: Vec<&str> = page.split("```text\n").skip(1).collect();
    assert_eq!(others.len(), 2);
    for other in others {
        let (text, _) = other.split_once("```").expect("its end");
        assert!(
            text.contains("\"ampctl\"") && text.contains("\"acp\""),
            "{text}"
        );
    }
    let manifest: Value =
        serde_json::from_str(include_str!("../../../registry.json")).expect("JSON");
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    for target in manifest["distribution"]["binary"]
        .as_object()
        .expect("targets")
        .values()
    {
        is_served(target["cmd"].as_str().expect("a program"), &target["args"]);
    }
}
