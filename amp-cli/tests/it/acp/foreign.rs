//! The client of the protocol's own library, which nobody here has written.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    InitializeRequest, ListSessionsRequest, NewSessionRequest, PermissionOptionKind, PromptRequest,
    RequestPermissionOutcome, RequestPermissionRequest, RequestPermissionResponse,
    SelectedPermissionOutcome, SessionInfo, SessionNotification, SessionUpdate, StopReason,
    ToolCallStatus,
};
use agent_client_protocol::{Agent, Client, Lines, on_receive_notification, on_receive_request};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use super::{call, doing, exists};
use crate::support::World;
use crate::support::program::wait_until_gone;

/// What a client has seen of a prompt.
struct Seen {
    updates: Vec<SessionUpdate>,
    stop_reason: StopReason,
    sessions: Vec<SessionInfo>,
}

/// Sends a prompt, answers every question with an option of this kind, and lists the sessions.
#[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
fn prompt(world: &World, kind: PermissionOptionKind) -> Seen {
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
    let folder = world.project();
    let talk = Client
        .v1()
        .on_receive_notification(
            async move |notification: SessionNotification, _| {
                kept.lock().expect("a lock").push(notification.update);
                Ok(())
            },
            on_receive_notification!(),
        )
        .on_receive_request(
            async move |request: RequestPermissionRequest, responder, _| {
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
            let id = session.block_task().await?.session_id;
            let request = PromptRequest::new(id, vec!["go".into()]);
            let answer = connection.send_request(request).block_task().await?;
            let request = ListSessionsRequest::new();
            let listed = connection.send_request(request).block_task().await?;
            Ok((answer.stop_reason, listed.sessions))
        });
    let (stop_reason, sessions) = futures::executor::block_on(talk).expect("a conversation");
    wait_until_gone(child.id());
    assert!(child.wait().expect("a status").success());
    let updates = std::mem::take(&mut *updates.lock().expect("a lock"));
    Seen {
        updates,
        stop_reason,
        sessions,
    }
}

#[test]
fn the_protocols_own_client_is_served() {
    for (kind, runs) in [
        (PermissionOptionKind::AllowOnce, true),
        (PermissionOptionKind::RejectOnce, false),
    ] {
        let world = doing(&call("cargo test", "ran"));
        let seen = prompt(&world, kind);
        assert_eq!(seen.stop_reason, StopReason::EndTurn);
        assert_eq!(exists(&world, "ran"), runs);
        assert_eq!(seen.sessions.len(), 1);
        let last = seen.updates.iter().rev().find_map(|update| match update {
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
