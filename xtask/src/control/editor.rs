//! `ampctl acp` with real CLIs, driven by the client of the protocol's own library.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    CancelNotification, InitializeRequest, LoadSessionRequest, NewSessionRequest,
    PermissionOptionKind, PromptRequest, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, SelectedPermissionOutcome, SessionId, SessionNotification,
    SessionUpdate, StopReason, ToolCallContent, ToolCallStatus,
};
use agent_client_protocol::{Agent, Client, Lines, on_receive_notification, on_receive_request};
use anyhow::{Context, Result};
use fixtures::script::{Answer, Block, Script};
use futures::stream;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Case;
use super::killed_host::{GOING, processes_of, until};
use super::place::{LIMIT, PROMPT, Place};
use crate::installed_cli::InstalledCli;

/// What the client answers to a question.
#[derive(Clone, Copy)]
enum Reply {
    Allow,
    Reject,
    /// Allows what names this file, and rejects anything else.
    AllowOnly(&'static str),
    /// Cancels the turn.
    Cancel,
    /// Allows the first call, and says nothing about the second.
    AllowFirst,
}

/// What the model wants, what the client answers, and how it should end.
struct Try {
    name: &'static str,
    blocks: fn(&Path) -> Vec<Vec<Block>>,
    reply: Reply,
    expected: &'static str,
}

const TRIES: [Try; 4] = [
    Try {
        name: "acp: a file is written and a command run after their questions",
        blocks: |folder| {
            let path = folder.join("project/new.txt");
            let input = json!({"path": path, "content": "one\ntwo\n"});
            let name = "create_file".to_owned();
            vec![vec![Block::Tool { name, input }], vec![shell("trace")]]
        },
        reply: Reply::Allow,
        expected: "EndTurn; asked 2, with a diff; new.txt, trace; calls Completed, Completed",
    },
    Try {
        name: "acp: a command is rejected",
        blocks: |_| vec![vec![shell("trace")]],
        reply: Reply::Reject,
        expected: "EndTurn; asked 1; nothing; calls Failed",
    },
    Try {
        name: "acp: a turn is cancelled during a question",
        blocks: |_| vec![vec![shell("trace")]],
        reply: Reply::Cancel,
        expected: "Cancelled; asked 1; nothing; calls Failed",
    },
    Try {
        name: "acp: of two commands at once one is allowed",
        blocks: |_| vec![vec![shell("trace"), shell("second")]],
        reply: Reply::AllowOnly("second"),
        expected: "EndTurn; asked 2; second; calls Completed, Failed",
    },
];

pub(super) fn cases() -> Vec<Case> {
    let cases = TRIES.iter().map(|case| Case {
        name: case.name.to_owned(),
        expected: Box::new(|_| case.expected.to_owned()),
        attempt: Box::new(|cli| Box::pin(attempt(case, cli))),
    });
    let killed = Case {
        name: "acp: a session is loaded after its bridge was killed in a question".to_owned(),
        expected: Box::new(|_| "no process; 2 prompts loaded; then EndTurn; trace".to_owned()),
        attempt: Box::new(|cli| Box::pin(killed(cli))),
    };
    cases.chain([killed]).collect()
}

fn shell(file: &str) -> Block {
    Block::Shell(format!("echo ran > {file}"))
}

async fn place(cli: &InstalledCli, blocks: fn(&Path) -> Vec<Vec<Block>>) -> Result<Place> {
    Place::with(cli, |folder| {
        let end = vec![Block::Text("It is done.".to_owned())];
        let answers = blocks(folder).into_iter().chain([end]);
        let answers = answers.map(|blocks| Answer {
            blocks,
            ..Answer::default()
        });
        Script {
            answers: answers.collect(),
            ..Script::default()
        }
    })
    .await
}

async fn attempt(case: &'static Try, cli: InstalledCli) -> Result<String> {
    let place = place(&cli, case.blocks).await?;
    let editor = Editor::new(case.reply);
    let project = place.path("project");
    let mut child = start(&cli, &place)?;
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let session = connection.send_request(NewSessionRequest::new(project.clone()));
        let id = session.block_task().await?.session_id;
        prompt(&connection, id).await
    });
    let Ok(said) = timeout(LIMIT, talk).await else {
        return Ok(format!("no answer; {}", editor.seen(&place)));
    };
    timeout(LIMIT, child.wait())
        .await
        .context("the bridge stays")??;
    Ok(format!("{:?}; {}", said?, editor.seen(&place)))
}

/// Kills the bridge while a question is open, and loads the session in another.
async fn killed(cli: InstalledCli) -> Result<String> {
    let place = place(&cli, |_| vec![vec![shell("trace")]]).await?;
    let project = place.path("project");
    let mut child = start(&cli, &place)?;
    let editor = Editor::new(Reply::AllowFirst);
    let asked = Arc::clone(&editor.asked);
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let session = connection.send_request(NewSessionRequest::new(project.clone()));
        let id = session.block_task().await?.session_id;
        prompt(&connection, id.clone()).await?;
        let request = PromptRequest::new(id.clone(), vec![PROMPT.into()]);
        connection.send_request(request).detach();
        asked.notified().await;
        Ok(id)
    });
    let Ok(id) = timeout(LIMIT, talk).await else {
        return Ok(format!("no second question; {}", editor.seen(&place)));
    };
    let id = id?;
    child.kill().await?;
    let home = place.path("home");
    let gone = until(GOING, || processes_of(&home).is_ok_and(|count| count == 0)).await;
    let mut child = start(&cli, &place)?;
    let editor = Editor::new(Reply::Allow);
    let updates = Arc::clone(&editor.updates);
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let request = LoadSessionRequest::new(id.clone(), project.clone());
        connection.send_request(request).block_task().await?;
        let prompts =
            |update: &&SessionUpdate| matches!(update, SessionUpdate::UserMessageChunk(_));
        let loaded = updates
            .lock()
            .expect("a lock")
            .iter()
            .filter(prompts)
            .count();
        Ok((loaded, prompt(&connection, id).await?))
    });
    let Ok(talked) = timeout(LIMIT, talk).await else {
        return Ok(format!("no answer after loading; {}", editor.seen(&place)));
    };
    let (loaded, stop_reason) = talked?;
    timeout(LIMIT, child.wait())
        .await
        .context("the bridge stays")??;
    let left = if gone {
        "no process"
    } else {
        "processes are left"
    };
    let ran = place.path("project/trace").exists();
    let ran = if ran { "trace" } else { "nothing" };
    Ok(format!(
        "{left}; {loaded} prompts loaded; then {stop_reason:?}; {ran}"
    ))
}

async fn prompt(
    connection: &ConnectionTo<Agent>,
    session: SessionId,
) -> agent_client_protocol::Result<StopReason> {
    let request = PromptRequest::new(session, vec![PROMPT.into()]);
    let answer = connection.send_request(request).block_task().await?;
    Ok(answer.stop_reason)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an editor owns nothing but its bridge"
)]
fn start(cli: &InstalledCli, place: &Place) -> Result<Child> {
    let started = Command::new(std::env::current_exe()?)
        .args(["ampctl", "acp", "--amp"])
        .arg(&cli.executable)
        .env_clear()
        .envs(place.environment())
        .current_dir(place.path("project"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn();
    started.context("the bridge cannot be started")
}

/// A client and what it has seen.
struct Editor {
    reply: Reply,
    updates: Arc<Mutex<Vec<SessionUpdate>>>,
    questions: Arc<Mutex<Vec<RequestPermissionRequest>>>,
    asked: Arc<Notify>,
}

impl Editor {
    fn new(reply: Reply) -> Self {
        Self {
            reply,
            updates: Arc::default(),
            questions: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// Introduces itself to a bridge and says something to it; closes the connection then.
    async fn talk<T>(
        &self,
        child: &mut Child,
        say: impl AsyncFnOnce(ConnectionTo<Agent>) -> agent_client_protocol::Result<T>,
    ) -> Result<T> {
        let stdin = child.stdin.take().context("no input")?;
        let stdout = BufReader::new(child.stdout.take().context("no output")?);
        let outgoing = futures::sink::unfold(stdin, async |mut stdin, line: String| {
            stdin.write_all(format!("{line}\n").as_bytes()).await?;
            Ok::<_, std::io::Error>(stdin)
        });
        let incoming = stream::try_unfold(stdout.lines(), async |mut lines| {
            Ok(lines.next_line().await?.map(|line| (line, lines)))
        });
        let reply = self.reply;
        let updates = Arc::clone(&self.updates);
        let questions = Arc::clone(&self.questions);
        let asked = Arc::clone(&self.asked);
        let said = Client
            .v1()
            .on_receive_notification(
                async move |notification: SessionNotification, _| {
                    updates.lock().expect("a lock").push(notification.update);
                    Ok(())
                },
                on_receive_notification!(),
            )
            .on_receive_request(
                async move |request: RequestPermissionRequest, responder, connection| {
                    let count = {
                        let mut questions = questions.lock().expect("a lock");
                        questions.push(request.clone());
                        questions.len()
                    };
                    let connection: ConnectionTo<Agent> = connection;
                    let outcome = match reply {
                        Reply::Allow => selected(&request, true),
                        Reply::AllowFirst if count == 1 => selected(&request, true),
                        Reply::Reject => selected(&request, false),
                        Reply::AllowOnly(file) => {
                            let input = request.tool_call.fields.raw_input.as_ref();
                            let names = input.is_some_and(|input| input.to_string().contains(file));
                            selected(&request, names)
                        }
                        Reply::Cancel => {
                            let cancel = CancelNotification::new(request.session_id.clone());
                            connection.send_notification(cancel)?;
                            RequestPermissionOutcome::Cancelled
                        }
                        Reply::AllowFirst => {
                            asked.notify_one();
                            return connection.spawn(async move {
                                std::future::pending::<()>().await;
                                drop(responder);
                                Ok(())
                            });
                        }
                    };
                    responder.respond(RequestPermissionResponse::new(outcome))
                },
                on_receive_request!(),
            )
            .connect_with(
                Lines::new(outgoing, incoming),
                async move |connection: ConnectionTo<Agent>| {
                    let request = InitializeRequest::new(ProtocolVersion::V1);
                    connection.send_request(request).block_task().await?;
                    say(connection).await
                },
            )
            .await;
        said.map_err(|error| anyhow::anyhow!("{error:?}"))
    }

    /// Says what was asked, what has run, and how the calls ended.
    fn seen(&self, place: &Place) -> String {
        let questions = self.questions.lock().expect("a lock");
        let is_diff = |content: &ToolCallContent| matches!(content, ToolCallContent::Diff(_));
        let has_diff = questions.iter().any(|question| {
            let content = question.tool_call.fields.content.as_deref();
            content.unwrap_or_default().iter().any(is_diff)
        });
        let diff = if has_diff { ", with a diff" } else { "" };
        let files = ["new.txt", "trace", "second"].into_iter();
        let there = files.filter(|name| place.path("project").join(name).exists());
        let there: Vec<&str> = there.collect();
        let there = match there.is_empty() {
            true => "nothing".to_owned(),
            false => there.join(", "),
        };
        let mut calls: Vec<(String, ToolCallStatus)> = Vec::new();
        for update in self.updates.lock().expect("a lock").iter() {
            match update {
                SessionUpdate::ToolCall(call) => {
                    calls.push((call.tool_call_id.0.to_string(), call.status));
                }
                SessionUpdate::ToolCallUpdate(update) => {
                    let known = calls
                        .iter_mut()
                        .find(|(id, _)| **id == *update.tool_call_id.0);
                    if let (Some((_, status)), Some(now)) = (known, update.fields.status) {
                        *status = now;
                    }
                }
                _ => {}
            }
        }
        let mut ended: Vec<String> = calls
            .iter()
            .map(|(_, status)| format!("{status:?}"))
            .collect();
        ended.sort();
        let asked = questions.len();
        format!("asked {asked}{diff}; {there}; calls {}", ended.join(", "))
    }
}

fn selected(request: &RequestPermissionRequest, allow: bool) -> RequestPermissionOutcome {
    let kind = match allow {
        true => PermissionOptionKind::AllowOnce,
        false => PermissionOptionKind::RejectOnce,
    };
    let option = request.options.iter().find(|option| option.kind == kind);
    match option {
        Some(option) => {
            let id = option.option_id.clone();
            RequestPermissionOutcome::Selected(SelectedPermissionOutcome::new(id))
        }
        None => RequestPermissionOutcome::Cancelled,
    }
}
