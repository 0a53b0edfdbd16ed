//! A prompt that comes while another runs.

use std::time::Duration;

use agent_client_protocol::Agent;
use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{NewSessionRequest, PromptRequest, SessionUpdate};
use anyhow::Result;
use fixtures::backend::Entry;
use fixtures::script::Block;
use tokio::time::{sleep, timeout};

use super::library::{Answers, Editor, prompt, start, wait};
use super::seen::in_word;
use super::{Case, LIMIT, Reply, left, place};
use crate::installed_cli::InstalledCli;

/// The second prompt, which names no script: the model goes on with that of the first.
const SECOND: &str = "and the second";

/// How often it is looked whether the command runs.
const LOOK: Duration = Duration::from_millis(50);

pub(super) fn case() -> Case {
    Case {
        name: "acp, Rust library: a second prompt reaches the running turn".to_owned(),
        expected: Box::new(|_| {
            "end_turn, end_turn; both in one conversation; 1 turn; no process".to_owned()
        }),
        attempt: Box::new(|cli| Box::pin(attempt(cli))),
    }
}

async fn attempt(cli: InstalledCli) -> Result<String> {
    let command = "echo ran > trace; sleep 4".to_owned();
    let blocks = move |_: &std::path::Path| vec![vec![Block::Shell(command)]];
    let place = place(&cli, blocks).await?;
    let mut child = start(&cli, &place)?;
    let editor = Editor::new(Answers::Always(Reply::Allow));
    let (project, trace) = (place.path("project"), place.path("project/trace"));
    let talk = editor.talk(&mut child, async |connection: ConnectionTo<Agent>| {
        let session = connection.send_request(NewSessionRequest::new(project));
        let id = session.block_task().await?.session_id;
        let second = async {
            while !trace.exists() {
                sleep(LOOK).await;
            }
            let request = PromptRequest::new(id.clone(), vec![SECOND.into()]);
            let answer = connection.send_request(request).block_task().await?;
            Ok(in_word(&answer.stop_reason))
        };
        futures::future::try_join(prompt(&connection, id.clone(), None), second).await
    });
    let Ok(ends) = timeout(LIMIT, talk).await else {
        return Ok("no answer".to_owned());
    };
    let (first, second) = ends?;
    wait(&mut child).await?;
    let is_of_both = |entry: &Entry| match entry {
        Entry::Asked(texts) => texts.iter().any(|text| text == SECOND) && texts.len() > 1,
        _ => false,
    };
    let together = match place.backend().journal().iter().any(is_of_both) {
        true => "both in one conversation",
        false => "the second is missing",
    };
    let seen = editor.seen(String::new());
    let is_later = |update: &SessionUpdate| format!("{update:?}").contains("turn-2-");
    let turns = 1 + usize::from(seen.updates.iter().any(is_later));
    let turns = format!("{turns} turn{}", if turns == 1 { "" } else { "s" });
    let left = left(&place).await;
    Ok(format!("{first}, {second}; {together}; {turns}; {left}"))
}
