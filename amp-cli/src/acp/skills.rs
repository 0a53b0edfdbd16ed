//! The agent's skills as commands of a client.
//!
//! A client offers them as `/NAME`. Amp itself passes such a prompt on as it is when nobody is at its
//! terminal (builds of 2026-05-04 and 2026-09-23, by what the model was asked), so it is put into
//! words here.

use std::path::Path;
use std::sync::Arc;

use agent_client_protocol::v1::schema::{
    AvailableCommand, AvailableCommandInput, AvailableCommandsUpdate, SessionUpdate,
    UnstructuredCommandInput,
};
use amp_session::{Amp, Skill};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::AbortHandle;

use crate::text::one_line;

/// The most characters of what a client is told of a skill; the rest is for the model.
const LONGEST_DESCRIPTION: usize = 200;

/// The skills of a session, which are looked for while it works.
///
/// Looking ends with this.
#[derive(Debug)]
pub(super) struct Skills {
    found: Vec<Skill>,
    looking: Option<(oneshot::Receiver<Vec<Skill>>, AbortHandle)>,
}

impl Skills {
    /// No skills, where nobody may look.
    pub(super) fn none() -> Self {
        Self {
            found: Vec::new(),
            looking: None,
        }
    }

    /// Begins to look, as soon as `turn` lets it: a process of Amp for each session at once would
    /// be many.
    pub(super) fn look(amp: &Amp, folder: &Path, turn: Arc<Semaphore>) -> Self {
        let (amp, folder) = (amp.clone(), folder.to_path_buf());
        let (found, looking) = oneshot::channel();
        let task = tokio::spawn(async move {
            let _turn = turn.acquire_owned().await;
            // An Amp that cannot tell has none to offer.
            let skills = amp.skills(&folder).await.unwrap_or_default();
            // A session that has ended needs none.
            let _ = found.send(skills);
        });
        Self {
            found: Vec::new(),
            looking: Some((looking, task.abort_handle())),
        }
    }

    /// Waits until skills were found, and returns what a client is told of them; for ever, when it
    /// was told or there are none. Dropping the future loses nothing.
    pub(super) async fn found(&mut self) -> SessionUpdate {
        if let Some((looking, _)) = &mut self.looking {
            let found = looking.await.unwrap_or_default();
            self.looking = None;
            self.found = found;
            // Whose they are first: Amp brings many of its own.
            self.found.sort_by_key(Skill::is_built_in);
            if !self.found.is_empty() {
                return commands(&self.found);
            }
        }
        std::future::pending().await
    }

    /// Puts a prompt that begins with the command of a skill into words.
    pub(super) fn in_words(&self, prompt: &str) -> Option<String> {
        let command = prompt.strip_prefix('/')?;
        let (name, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let skill = self.found.iter().find(|skill| skill.name == name)?;
        let rest = rest.trim();
        let request = format!("Load the skill `{}` and do what it says.", skill.name);
        Some(match rest.is_empty() {
            true => request,
            false => format!("{request}\n\n{rest}"),
        })
    }
}

impl Drop for Skills {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.looking {
            task.abort();
        }
    }
}

fn commands(skills: &[Skill]) -> SessionUpdate {
    let command = |skill: &Skill| {
        let mut description: String = one_line(&skill.description)
            .chars()
            .take(LONGEST_DESCRIPTION + 1)
            .collect();
        if let Some((end, _)) = description.char_indices().nth(LONGEST_DESCRIPTION) {
            description.truncate(end);
            description.push('…');
        }
        let input = UnstructuredCommandInput::new("what to do with it");
        AvailableCommand::new(skill.name.clone(), description)
            .input(AvailableCommandInput::Unstructured(input))
    };
    let commands = skills.iter().map(command).collect();
    SessionUpdate::AvailableCommandsUpdate(AvailableCommandsUpdate::new(commands))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn skills() -> Skills {
        let skills = json!([{"name": "release-notes", "description": "Writes what is new."}]);
        Skills {
            found: serde_json::from_value(skills).unwrap(),
            looking: None,
        }
    }

    #[test]
    fn the_command_of_a_skill_is_put_into_words_and_nothing_else_is() {
        let skills = skills();
        let alone = "Load the skill `release-notes` and do what it says.";
        assert_eq!(skills.in_words("/release-notes").as_deref(), Some(alone));
        let more = format!("{alone}\n\nof version 2\nplease");
        let prompt = "/release-notes of version 2\nplease";
        assert_eq!(skills.in_words(prompt), Some(more));
        for other in [
            "",
            "/",
            "/other",
            "/etc/hosts",
            "release-notes",
            "/release-notes2 x",
        ] {
            assert_eq!(skills.in_words(other), None, "{other}");
        }
    }

    #[test]
    fn a_client_is_told_of_a_skill_in_short() {
        let mut skills = skills();
        skills.found[0].description = format!("First.\n{}", "é".repeat(500));
        let told = serde_json::to_value(commands(&skills.found)).unwrap();
        assert_eq!(told["sessionUpdate"], "available_commands_update");
        let command = &told["availableCommands"][0];
        assert_eq!(command["name"], "release-notes");
        let description = command["description"].as_str().unwrap();
        assert!(description.starts_with("First. é"), "{description}");
        assert_eq!(description.chars().count(), LONGEST_DESCRIPTION + 1);
    }
}
