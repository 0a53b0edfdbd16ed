//! One question to a real CLI: `amp permissions test`, offline, in a home of its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fixtures::permissions::{PermissionCase, Verdict};
use serde_json::Value;

use crate::command;
use crate::installed_cli::InstalledCli;

/// The longest time for one answer; on an idle machine the slowest takes about a second.
const LIMIT: Duration = Duration::from_secs(120);

/// Where nobody listens.
const NO_SERVICE: &str = "http://127.0.0.1:9";

/// Tells whether `amp permissions test` can be asked: it takes texts that are not empty, and runs
/// the programs of `delegate` rules.
pub(super) fn can_be_asked(case: &PermissionCase) -> bool {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let is_name = |name: &String| !name.is_empty() && !name.contains('=');
    case.arguments.values().all(is_text)
        && case.arguments.keys().all(is_name)
        && !case.rules.get().contains("delegate")
        && !case.tool.is_empty()
}

/// Asks a CLI.
///
/// # Errors
/// When it cannot be started, takes too long or says something else than an answer.
pub(super) async fn ask(cli: &InstalledCli, case: &PermissionCase) -> Result<Verdict> {
    let home = tempfile::tempdir()?;
    write_rules(home.path(), case)?;
    let mut environment = cli.environment(home.path());
    environment.insert("AMP_API_KEY".into(), "fake".into());
    environment.insert("AMP_URL".into(), NO_SERVICE.into());
    let mut spec = cli
        .spec(home.path())
        .with_environment(environment)
        .with_working_directory(home.path())
        .with_arguments(["permissions", "test", "--json"]);
    if let Some(context) = &case.context {
        spec = spec.with_arguments(["--context", context.as_str()]);
    }
    spec = spec.with_argument(&case.tool);
    for (name, value) in &case.arguments {
        let value = value.as_str().context("a text")?;
        spec = spec.with_argument(format!("--{name}")).with_argument(value);
    }
    let finished = command::run(spec, LIMIT).await?;
    read_answer(&finished.stdout)
        .with_context(|| format!("{}: {case}\n{}", cli.version, finished.exit.stderr()))
}

/// Writes the rules of a case into the settings of the user at home there.
pub(super) fn write_rules(home: &Path, case: &PermissionCase) -> Result<()> {
    let folder = home.join(".config/amp");
    fs::create_dir_all(&folder)?;
    let settings = format!(r#"{{"amp.permissions":{}}}"#, case.rules.get());
    Ok(fs::write(folder.join("settings.json"), settings)?)
}

/// Reads what `amp permissions test --json` prints.
fn read_answer(text: &str) -> Result<Verdict> {
    let answer: Value = serde_json::from_str(text).with_context(|| format!("`{text}`"))?;
    if answer["success"] == false {
        return Ok(Verdict::new(Some("config-error"), None));
    }
    let Some(action) = answer.get("action") else {
        bail!("no action in `{text}`");
    };
    let index = answer["matchIndex"].as_u64();
    let index = index.and_then(|index| usize::try_from(index).ok());
    let matched = index.zip(answer["source"].as_str());
    Ok(Verdict::new(action.as_str(), matched))
}
