//! The skills that an Amp finds in a folder, as its own `skill list` tells of them.
//!
//! The builds of 2026-01-08 to 2026-09-23 were asked: it needs no key and no network, and takes about
//! a second. The oldest writes an array, the others an object with `skills` in it; the newest one
//! alone says where a skill comes from. Each names a skill's folder, `builtin:` for its own.

use std::path::Path;

use serde::Deserialize;

use super::Amp;
use super::probe::with_no_update;
use crate::error::Error;
use crate::plain_text::{telling_line, without_escapes};

/// A skill that the agent may use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Skill {
    /// Its name.
    pub name: String,
    /// What it is for, in words for the model.
    #[serde(default)]
    pub description: String,
    /// Where it is, as an address.
    #[serde(default, rename = "baseDir")]
    pub folder: String,
}

impl Skill {
    /// Tells whether it comes with Amp.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.folder.starts_with("builtin:")
    }
}

/// What `skill list --json` writes.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    /// Up to January 2026.
    Bare(Vec<Skill>),
    Within {
        skills: Vec<Skill>,
    },
}

impl Amp {
    /// Returns the skills that Amp finds when it works in a folder: the folder's, the user's and its
    /// own.
    ///
    /// It is Amp itself that looks, outside of any sandbox.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be started, or does not answer.
    pub async fn skills(&self, folder: &Path) -> Result<Vec<Skill>, Error> {
        let environment = with_no_update(self.environment.clone());
        let spec = self
            .process(["skill", "list", "--json"], environment)
            .with_working_directory(folder);
        let (answer, exit) = self.question(spec, "skill list").await?;
        match serde_json::from_str(&answer) {
            Ok(List::Bare(skills) | List::Within { skills }) => Ok(skills),
            Err(error) => {
                let stderr = without_escapes(&exit.stderr().to_string());
                let complaint = telling_line(&stderr).map_or(error.to_string(), str::to_owned);
                Err(self.not_amp(format!("skill list: {complaint}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_list_are_read() {
        let skill = r#"{"name":"a","description":"Does a.","baseDir":"builtin:///skills"}"#;
        let own = r#"{"name":"b","baseDir":"file:///b","source":"workspace-agents"}"#;
        let bare = format!("[{skill},{own}]");
        let within = format!(r#"{{"skills":{bare},"errors":[]}}"#);
        for list in [bare, within] {
            let (List::Bare(skills) | List::Within { skills }) =
                serde_json::from_str(&list).unwrap();
            let names: Vec<_> = skills.iter().map(|skill| skill.name.as_str()).collect();
            assert_eq!(names, ["a", "b"], "{list}");
            assert!(skills[0].is_built_in() && !skills[1].is_built_in());
            assert_eq!(skills[1].description, "");
        }
    }
}
