//! A bridge that is killed while it works, and the session in the bridge after it.

use std::sync::Arc;

use agent_client_protocol::Agent;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{LoadSessionRequest, NewSessionRequest, PromptRequest};
use anyhow::Result;
use tokio::time::timeout;

use super::library::{Answers, Editor, prompt, start, wait};
use super::seen::prompts;
use super::{Case, Client, LIMIT, Reply, acpx, left, place, python, shell};
use crate::control::place::{PROMPT, Place};
use crate::installed_cli::InstalledCli;

pub(super) fn cases() -> Vec<Case> {
    let cases = Client::ALL.into_iter().map(|client| Case {
        name: format!(
            "acp, {}: a session is {} after its bridge was killed {}",
            client.name(),
            match client {
                Client::Acpx => "resumed",
                _ => "loaded",
            },
            match client {
                Client::Acpx => "between two prompts",
                _ => "in a question",
            }
        ),
        expected: Box::new(move |_| match client {
            Client::Acpx => "no process; the same session; then end_turn; trace".to_owned(),
            _ => "no process; 2 prompts loaded; then end_turn; trace; no process".to_owned(),
        }),
        attempt: Box::new(move |cli| {
            Box::pin(async move {
                let place = place(&cli, |_| vec![vec![shell("trace")]]).await?;
                match client {
                    Client::Acpx => acpx::killed(&cli, &place).await,
                    _ => killed(client, &cli, &place).await,
                }
            })
        }),
    });
    cases.collect()
}

/// Kills the bridge while a question is open, and loads the session with this client.
async fn killed(client: Client, cli: &InstalledCli, place: &Place) -> Result<String> {
    let project = place.path("project");
    let mut child = start(cli, place)?;
    let editor = Editor::new(Answers::AllowFirst);
    let asked = Arc::clone(&editor.asked);
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let session = connection.send_request(NewSessionRequest::new(project.clone()));
        let id = session.block_task().await?.session_id;
        prompt(&connection, id.clone(), None).await?;
        let request = PromptRequest::new(id.clone(), vec![PROMPT.into()]);
        connection.send_request(request).detach();
        asked.notified().await;
        Ok(id)
    });
    let Ok(id) = timeout(LIMIT, talk).await else {
        let seen = editor.seen("no second question".to_owned());
        return Ok(seen.in_words(place));
    };
    let id = id?;
    child.kill().await?;
    let gone = left(place).await;
    std::fs::remove_file(place.path("project/trace"))?;
    let (loaded, end) = match client {
        Client::Python => python::load(&id.0, cli, place).await?,
        _ => {
            let mut child = start(cli, place)?;
            let editor = Editor::new(Answers::Always(Reply::Allow));
            let updates = Arc::clone(&editor.updates);
            let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
                let request = LoadSessionRequest::new(id.clone(), project.clone());
                connection.send_request(request).block_task().await?;
                let loaded = prompts(&updates.lock().expect("a lock"));
                Ok((loaded, prompt(&connection, id, None).await?))
            });
            let Ok(talked) = timeout(LIMIT, talk).await else {
                return Ok("no answer after loading".to_owned());
            };
            let talked = talked?;
            wait(&mut child).await?;
            talked
        }
    };
    let ran = match place.path("project/trace").exists() {
        true => "trace",
        false => "nothing",
    };
    let end = format!("{loaded} prompts loaded; then {end}; {ran}");
    Ok(format!("{gone}; {end}; {}", left(place).await))
}
