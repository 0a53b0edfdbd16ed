//! The client of the protocol's own Rust library.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    CancelNotification, ContentBlock, ImageContent, InitializeRequest, NewSessionRequest,
    PermissionOptionKind, PromptRequest, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, SelectedPermissionOutcome, SessionId, SessionNotification,
    SessionUpdate,
};
use agent_client_protocol::{Agent, Client, Lines, on_receive_notification, on_receive_request};
use anyhow::{Context, Result};
use futures::stream;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::seen::{Seen, in_word};
use super::{IMAGE, LIMIT, Reply, Try, With, mcp_server};
use crate::control::place::{PROMPT, Place};
use crate::installed_cli::InstalledCli;

pub(super) async fn drive(case: &Try, cli: &InstalledCli, place: &Place) -> Result<Seen> {
    let editor = Editor::new(Answers::Always(case.reply));
    let mut child = start(cli, place)?;
    let mut request = NewSessionRequest::new(place.path("project"));
    if case.with == With::Mcp {
        request = request.mcp_servers(vec![mcp_server()]);
    }
    let image = (case.with == With::Image)
        .then(|| ContentBlock::Image(ImageContent::new(IMAGE, "image/gif")));
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let session = connection.send_request(request).block_task().await?;
        prompt(&connection, session.session_id, image).await
    });
    let end = match timeout(LIMIT, talk).await {
        Ok(said) => said?,
        Err(_) => "no answer".to_owned(),
    };
    wait(&mut child).await?;
    Ok(editor.seen(end))
}

/// Sends the prompt and returns the reason to stop.
pub(super) async fn prompt(
    connection: &ConnectionTo<Agent>,
    session: SessionId,
    more: Option<ContentBlock>,
) -> agent_client_protocol::Result<String> {
    let blocks = std::iter::once(PROMPT.into()).chain(more).collect();
    let request = PromptRequest::new(session, blocks);
    let answer = connection.send_request(request).block_task().await?;
    Ok(in_word(&answer.stop_reason))
}

/// Waits until a bridge whose client has gone has ended.
pub(super) async fn wait(child: &mut Child) -> Result<()> {
    let ended = timeout(LIMIT, child.wait()).await;
    ended.context("the bridge stays")??;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an editor owns nothing but its bridge"
)]
pub(super) fn start(cli: &InstalledCli, place: &Place) -> Result<Child> {
    let [program, arguments @ ..] = &super::bridge(cli)?[..] else {
        unreachable!("a command has a program");
    };
    let started = Command::new(program)
        .args(arguments)
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

/// How a client answers.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    Always(Reply),
    /// Allows the first call, and says nothing about the second.
    AllowFirst,
}

/// A client and what it has seen.
pub(super) struct Editor {
    answers: Answers,
    pub(super) updates: Arc<Mutex<Vec<SessionUpdate>>>,
    questions: Arc<Mutex<Vec<RequestPermissionRequest>>>,
    /// Told of a question that nobody answers.
    pub(super) asked: Arc<Notify>,
}

impl Editor {
    pub(super) fn new(answers: Answers) -> Self {
        Self {
            answers,
            updates: Arc::default(),
            questions: Arc::default(),
            asked: Arc::default(),
        }
    }

    pub(super) fn seen(&self, end: String) -> Seen {
        Seen {
            end,
            questions: self.questions.lock().expect("a lock").clone(),
            updates: self.updates.lock().expect("a lock").clone(),
        }
    }

    /// Introduces itself to a bridge and says something to it; closes the connection then.
    pub(super) async fn talk<T>(
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
        let answers = self.answers;
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
                    let reply = match answers {
                        Answers::Always(reply) => reply,
                        Answers::AllowFirst if count == 1 => Reply::Allow,
                        Answers::AllowFirst => {
                            asked.notify_one();
                            return connection.spawn(async move {
                                std::future::pending::<()>().await;
                                drop(responder);
                                Ok(())
                            });
                        }
                    };
                    let outcome = match reply {
                        Reply::Allow => selected(&request, true),
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
