//! The commands of a client: the agent's skills, and `/init`.
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

use crate::text::{fit, one_line};

/// The most columns of what a client is told of a skill; the rest is for the model.
const LONGEST_DESCRIPTION: usize = 200;

/// The command that describes a project for agents, unless a skill is called so.
const INIT: &str = "init";

/// What `/init` asks for.
const INIT_IN_WORDS: &str = "Look at this project and write an `AGENTS.md` at its root, for agents that work on it: \
    what it is, how it is built, tested and run (one test alone, too), how the code is laid out, and \
    which conventions it keeps. Find out from the files, also from instructions that are there for \
    other agents. Where there is an `AGENTS.md` already, improve it. Keep it short.";

/// The commands of a session, whose skills are looked for while it works.
///
/// Looking ends with this.
#[derive(Debug)]
pub(super) struct Commands {
    found: Vec<Skill>,
    looking: Option<(oneshot::Receiver<Vec<Skill>>, AbortHandle)>,
    are_told: bool,
}

impl Commands {
    /// No skills, where nobody may look.
    pub(super) fn without_skills() -> Self {
        Self {
            found: Vec::new(),
            looking: None,
            are_told: false,
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
        let mut commands = Self::without_skills();
        commands.looking = Some((looking, task.abort_handle()));
        commands
    }

    /// Waits until the skills were found, and returns what a client is told of the commands; for
    /// ever, when it was told. Dropping the future loses nothing.
    pub(super) async fn found(&mut self) -> SessionUpdate {
        if let Some((looking, _)) = &mut self.looking {
            let found = looking.await.unwrap_or_default();
            self.looking = None;
            self.found = found;
            // Whose they are first: Amp brings many of its own.
            self.found.sort_by_key(Skill::is_built_in);
        }
        if self.are_told {
            std::future::pending::<()>().await;
        }
        self.are_told = true;
        commands(&self.found)
    }

    /// Puts a prompt that begins with a command into words.
    pub(super) fn in_words(&self, prompt: &str) -> Option<String> {
        let command = prompt.strip_prefix('/')?;
        let (name, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let rest = rest.trim();
        let request = match self.found.iter().find(|skill| skill.name == name) {
            Some(skill) => format!("Load the skill `{}` and do what it says.", skill.name),
            None if name == INIT => INIT_IN_WORDS.to_owned(),
            None => return None,
        };
        Some(match rest.is_empty() {
            true => request,
            false => format!("{request}\n\n{rest}"),
        })
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.looking {
            task.abort();
        }
    }
}

fn commands(skills: &[Skill]) -> SessionUpdate {
    let command = |name: &str, description: String, hint: &str| {
        let input = UnstructuredCommandInput::new(hint);
        AvailableCommand::new(name, description).input(AvailableCommandInput::Unstructured(input))
    };
    let of_skills = skills.iter().map(|skill| {
        let description = fit(&one_line(&skill.description), LONGEST_DESCRIPTION);
        command(&skill.name, description, "what to do with it")
    });
    let init = || {
        let description = "Write or improve the AGENTS.md of this project".to_owned();
        command(INIT, description, "what to pay attention to")
    };
    let has_own = skills.iter().any(|skill| skill.name == INIT);
    let init = (!has_own).then(init);
    SessionUpdate::AvailableCommandsUpdate(AvailableCommandsUpdate::new(
        init.into_iter().chain(of_skills).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(skills: serde_json::Value) -> Commands {
        let mut commands = Commands::without_skills();
        commands.found = serde_json::from_value(skills).unwrap();
        commands
    }

    fn skills() -> Commands {
        with(json!([{"name": "release-notes", "description": "Writes what is new."}]))
    }

    #[test]
    fn init_asks_for_a_description_of_the_project_unless_a_skill_is_called_so() {
        let of_ours = skills().in_words("/init mind the tests").unwrap();
        assert!(of_ours.contains("AGENTS.md") && of_ours.ends_with("\n\nmind the tests"));
        let own = with(json!([{"name": "init", "description": "Mine."}]));
        let of_theirs = own.in_words("/init").unwrap();
        assert_eq!(of_theirs, "Load the skill `init` and do what it says.");
        let told = |commands: &Commands| {
            let told = serde_json::to_value(super::commands(&commands.found)).unwrap();
            let names = told["availableCommands"].as_array().unwrap().iter();
            names
                .map(|command| command["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&own), ["init"]);
        assert_eq!(told(&skills()), ["init", "release-notes"]);
    }

    #[tokio::test]
    async fn commands_are_told_of_once() {
        let mut commands = skills();
        assert!(futures::FutureExt::now_or_never(commands.found()).is_some());
        assert!(futures::FutureExt::now_or_never(commands.found()).is_none());
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
        let command = &told["availableCommands"][1];
        assert_eq!(command["name"], "release-notes");
        let description = command["description"].as_str().unwrap();
        assert!(description.starts_with("First. é"), "{description}");
        assert_eq!(description.chars().count(), LONGEST_DESCRIPTION);
    }
}
