//! Which flags a CLI version takes, learned by asking it.
//!
//! Each question is `amp FLAG [VALUE] --not-an-option-of-amp`. The parser of every version recorded
//! names the first option that it does not know and stops there, so the answer tells our flag from
//! the last one and nothing is ever run.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt};

use crate::installed_cli::InstalledCli;
use crate::{command, machine};

/// The option that no version knows.
pub const SENTINEL: &str = "--not-an-option-of-amp";

/// A flag as it is asked for: its name and, where it wants one, a value.
pub type Question = &'static [&'static str];

/// The flags that any version was seen with, and those that documentation or other drivers name.
pub const QUESTIONS: &[Question] = &[
    &["--archive"],
    &["--color"],
    &["--continue"],
    &["-c"],
    &["--cwd", "."],
    &["--dangerously-allow-all"],
    &["--dangerously-skip-permissions"],
    &["--effort", "high"],
    &["--execute"],
    &["-x"],
    &["--executor", "local"],
    &["--fast"],
    &["--features", "a"],
    &["--ide"],
    &["--no-ide"],
    &["--interactive"],
    &["--jetbrains"],
    &["--no-jetbrains"],
    &["--label", "a"],
    &["-l", "a"],
    &["--log-file", "amp.log"],
    &["--log-level", "info"],
    &["--max-turns", "1"],
    &["--mcp-config", "{}"],
    &["--mode", "bogus"],
    &["--mode", "deep"],
    &["--mode", "free"],
    &["--mode", "large"],
    &["--mode", "low"],
    &["--mode", "medium"],
    &["--mode", "rush"],
    &["--mode", "smart"],
    &["-m", "smart"],
    &["--model", "a"],
    &["--no-archive-after-execute"],
    &["--no-color"],
    &["--no-notifications"],
    &["--notifications"],
    &["--orb-execute"],
    &["--output-format", "json"],
    &["--output-format", "stream-json"],
    &["--plugin-ready-timeout", "1"],
    &["--print"],
    &["-p"],
    &["--project", "a"],
    &["--resume"],
    &["--settings-file", "settings.json"],
    &["--stats"],
    &["--stream-json"],
    &["--stream-json-input"],
    &["--stream-json-thinking"],
    &["--system-prompt", "a"],
    &["--thread", "a"],
    &["--title", "a"],
    &["--toolbox", "a"],
    &["--version"],
    &["-V"],
    &["-v"],
    &["--visibility", "bogus"],
    &["--visibility", "private"],
];

/// Time for one answer; half a second is usual.
const LIMIT: Duration = Duration::from_secs(60);

/// Where nothing listens, in case a version should go further than its parser.
const CLOSED_URL: &str = "http://127.0.0.1:9";

/// What a version said about a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It takes the flag and lists it in its help.
    Listed,
    /// It takes the flag and its help does not say so.
    Hidden,
    /// It has no such flag.
    Unknown,
    /// It has the flag and refuses the value; the values it allows, when it named them.
    Refused(Option<String>),
    /// It did something else than parse: the first line of what it said.
    Other(String),
}

/// Asks a version about every flag and returns the table as text.
///
/// # Errors
/// When it cannot be run, or does not answer in time.
pub async fn probe(cli: &InstalledCli) -> Result<String> {
    let help = ask(cli, &["--help"], None).await?;
    let help = help.as_str();
    let answers = futures::stream::iter(QUESTIONS)
        .map(|question| async move {
            let output = ask(cli, question, Some(SENTINEL)).await?;
            anyhow::Ok((*question, read_answer(question, &output, help)))
        })
        .buffered(machine::parallelism())
        .try_collect::<Vec<_>>()
        .await?;
    Ok(render(&cli.version, &answers))
}

/// Returns what the CLI says to arguments, standard output first, terminal sequences removed.
async fn ask(cli: &InstalledCli, arguments: &[&str], last: Option<&str>) -> Result<String> {
    let home = tempfile::tempdir()?;
    let spec = cli
        .spec(home.path())
        .with_arguments(arguments.iter().chain(&last))
        .with_variable("AMP_URL", CLOSED_URL)
        .with_variable("AMP_API_KEY", "fake")
        .with_working_directory(home.path());
    let finished = command::run(spec, LIMIT).await?;
    let text = format!("{}{}", finished.stdout, finished.exit.stderr());
    Ok(without_terminal_sequences(&text))
}

/// Removes control sequences, such as those with which some versions restore the cursor.
fn without_terminal_sequences(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        clean.push_str(before);
        let end = after.find(|letter: char| letter.is_ascii_alphabetic());
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    clean + rest
}

/// Reads the answer to a question from what the CLI said and from its help.
#[must_use]
pub fn read_answer(question: Question, output: &str, help: &str) -> Answer {
    let flag = question.first().copied().unwrap_or_default();
    let said = |option: &str| output.contains(&format!("unknown option '{option}'"));
    // `--version` answers at once and reads no further.
    let printed_version = output.starts_with("0.0.");
    if said(SENTINEL) || printed_version {
        return if lists(help, flag) {
            Answer::Listed
        } else {
            Answer::Hidden
        };
    }
    if said(flag) {
        return Answer::Unknown;
    }
    if output.contains("is invalid") {
        let allowed = output
            .split_once("Allowed choices are ")
            .and_then(|(_, rest)| rest.lines().next())
            .map(|choices| choices.trim_end_matches('.').to_owned());
        return Answer::Refused(allowed);
    }
    let first = output.lines().find(|line| !line.trim().is_empty());
    Answer::Other(first.unwrap_or("nothing").trim().to_owned())
}

/// Returns whether the options section of a help text lists a flag.
fn lists(help: &str, flag: &str) -> bool {
    help.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('-'))
        .any(|line| {
            line.split([' ', ',', '='])
                .take_while(|word| word.is_empty() || word.starts_with(['-', '<', '[']))
                .any(|word| word == flag)
        })
}

/// Returns the table as text, one question a line.
#[must_use]
pub fn render(version: &str, answers: &[(Question, Answer)]) -> String {
    let mut text = format!(
        "# What {version} says to `amp FLAG [VALUE] {SENTINEL}`.\n\
         # listed: taken and in its help; hidden: taken and not in its help.\n\n"
    );
    for (question, answer) in answers {
        let flag = question.join(" ");
        let answer = match answer {
            Answer::Listed => "listed".to_owned(),
            Answer::Hidden => "hidden".to_owned(),
            Answer::Unknown => "unknown".to_owned(),
            Answer::Refused(None) => "refused".to_owned(),
            Answer::Refused(Some(allowed)) => format!("refused; allowed: {allowed}"),
            Answer::Other(said) => format!("other: {said}"),
        };
        let _ = writeln!(text, "{flag:<32} {answer}");
    }
    text
}
