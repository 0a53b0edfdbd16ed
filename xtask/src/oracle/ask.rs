//! One question to a real CLI: `amp permissions test`, offline, in a home of its own.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::question::Question;
use crate::command;
use crate::installed_cli::InstalledCli;

/// The longest time for one answer; on an idle machine the slowest takes about a second.
const LIMIT: Duration = Duration::from_secs(120);

/// Where nobody listens.
const NO_SERVICE: &str = "http://127.0.0.1:9";

/// What was made of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// `allow`, `ask`, `reject`, `config-error`, or nothing where no rule matched.
    pub action: Option<String>,
    /// The position of the rule that matched.
    pub index: Option<usize>,
    /// `user` or `built-in`.
    pub source: Option<String>,
}

/// Asks a CLI.
///
/// # Errors
/// When it cannot be started, takes too long or says something else than an answer.
pub(super) async fn ask(cli: &InstalledCli, question: &Question) -> Result<Answer> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join(".config/amp");
    fs::create_dir_all(&folder)?;
    let settings = format!(r#"{{"amp.permissions":{}}}"#, question.rules.get());
    fs::write(folder.join("settings.json"), settings)?;
    let mut environment = cli.environment(home.path());
    environment.insert("AMP_API_KEY".into(), "fake".into());
    environment.insert("AMP_URL".into(), NO_SERVICE.into());
    let mut spec = cli
        .spec(home.path())
        .with_environment(environment)
        .with_working_directory(home.path())
        .with_arguments(["permissions", "test", "--json"]);
    if let Some(context) = &question.context {
        spec = spec.with_arguments(["--context", context.as_str()]);
    }
    spec = spec.with_argument(&question.tool);
    for (name, value) in &question.arguments {
        let value = value.as_str().context("a text")?;
        spec = spec.with_argument(format!("--{name}")).with_argument(value);
    }
    let finished = command::run(spec, LIMIT).await?;
    read_answer(&finished.stdout)
        .with_context(|| format!("{}: {question}\n{}", cli.version, finished.exit.stderr()))
}

/// Reads what `amp permissions test --json` prints.
///
/// # Errors
/// When it is no answer.
pub fn read_answer(text: &str) -> Result<Answer> {
    let answer: Value = serde_json::from_str(text).with_context(|| format!("`{text}`"))?;
    if answer["success"] == false {
        return Ok(Answer {
            action: Some("config-error".to_owned()),
            ..Answer::default()
        });
    }
    let Some(action) = answer.get("action") else {
        bail!("no action in `{text}`");
    };
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    let index = answer["matchIndex"].as_u64();
    Ok(Answer {
        action: action.as_str().map(str::to_owned),
        index: index.and_then(|index| usize::try_from(index).ok()),
        source: action.as_str().and_then(|_| text("source")),
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.action.as_deref().unwrap_or("no match"))?;
        if let (Some(index), Some(source)) = (self.index, &self.source) {
            write!(formatter, " by {source} rule at {index}")?;
        }
        Ok(())
    }
}
