//! A program that answers: one run for each question.
//!
//! It is started without a shell and without arguments, in the folder that the agent works in, and
//! finds one JSON object on standard input:
//!
//! ```json
//! {"version": 1, "number": 1, "concern": "call", "tool": "shell_command",
//!  "arguments": {"command": "ls"}, "tool_use_id": null, "thread": "T-…", "folder": "/home/user/project",
//!  "diff": null, "opinion": {"decision": "ask", "reason": "…"},
//!  "similar": {"tool": "shell_command", "matches": {"command": "…"}, "action": "allow"}}
//! ```
//!
//! It answers with one JSON object on standard output and exit code 0: `answer` is `"allow"` or
//! `"reject"`, `reason` is what the agent is told, and `remember`, beside `"allow"`, keeps a rule:
//! `{"for": "session", "rule": {…}}`, where `for` is `"session"`, `"folder"` or `"user"`, and `rule`
//! the one under `similar` when it is left out. Anything else is a no: another exit code, a signal, a
//! field that is not known, more than 64 KiB.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use amp_process::{Completeness, ProcessSpec, StdinSource};
use amp_protocol::PermissionRule;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, Remember};
use super::approver::Approver;
use super::question::{Question, Subject};
use crate::environment::Environment;
use crate::permission::rule_for_similar;
use crate::plain_text::{telling_line, without_escapes};

/// What the object on standard input looks like; a field may come, none goes or changes.
const VERSION: u32 = 1;

/// The longest answer, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

/// Lets a program answer each question; this module's head has what it reads and writes.
///
/// The program runs in a process tree of its own, which is gone when it has answered, when its
/// question is no longer asked, and when this program ends. It has as long as the
/// [deadline](super::Approval::with_deadline) of the question says.
#[derive(Clone)]
pub struct ProgramApprover {
    program: PathBuf,
    environment: Environment,
}

impl std::fmt::Debug for ProgramApprover {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProgramApprover")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// What a program says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    answer: Word,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    remember: Option<ToRemember>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Allow,
    Reject,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToRemember {
    #[serde(rename = "for")]
    remember: Remember,
    #[serde(default)]
    rule: Option<PermissionRule>,
}

impl ProgramApprover {
    /// Names a program by its path, and the environment that it runs in.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, environment: Environment) -> Self {
        Self {
            program: program.into(),
            environment,
        }
    }

    /// Returns the program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs the program.
    ///
    /// # Errors
    ///
    /// Says why it has not answered.
    async fn ask(&self, question: &Question) -> Result<Answer, String> {
        let spec = ProcessSpec::new(&self.program)
            .with_environment(self.environment.clone())
            .with_working_directory(&question.folder)
            .with_stdin(StdinSource::Bytes(document(question).into_bytes()))
            .with_max_line_bytes(LONGEST_ANSWER);
        let mut process = spec.spawn().await.map_err(|error| error.to_string())?;
        let mut output = Vec::new();
        while let Some(line) = process
            .next_line()
            .await
            .map_err(|error| error.to_string())?
        {
            output.extend_from_slice(line.bytes());
            output.push(b'\n');
            let cut = !matches!(
                line.completeness(),
                Completeness::Complete | Completeness::Unterminated
            );
            if cut || output.len() > LONGEST_ANSWER {
                return Err("it said more than 64 KiB".to_owned());
            }
        }
        let exit = process.finish().await;
        if exit.status().code() != Some(0) {
            let stderr = [exit.stderr().head(), &exit.stderr().tail()].concat();
            let stderr = without_escapes(&String::from_utf8_lossy(&stderr));
            let last = || stderr.lines().rev().find(|line| !line.trim().is_empty());
            let said = telling_line(&stderr).or_else(last);
            let said = said.map_or(String::new(), |line| format!(": {}", line.trim()));
            return Err(format!("it ended with {}{said}", exit.status()));
        }
        answer(question, &output)
    }
}

impl Approver for ProgramApprover {
    fn decide(&self, question: Question) -> BoxFuture<'_, Answer> {
        async move {
            let answer = self.ask(&question).await;
            answer.unwrap_or_else(|reason| {
                let program = self.program.display();
                Answer::reject(format!(
                    "{program} did not answer, so the call was refused: {reason}"
                ))
            })
        }
        .boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        self.program.to_string_lossy()
    }
}

/// Returns what the program reads.
fn document(question: &Question) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        #[serde(flatten)]
        subject: &'a Subject,
        folder: Cow<'a, str>,
        diff: Option<String>,
        opinion: Option<Value>,
        similar: Option<PermissionRule>,
    }
    let opinion = question
        .opinion
        .as_ref()
        .map(|opinion| json!({"decision": opinion.decision.action(), "reason": opinion.reason}));
    let document = Document {
        version: VERSION,
        subject: &question.subject,
        folder: question.folder.to_string_lossy(),
        diff: question.diff(),
        opinion,
        similar: rule_for_similar(&question.subject.tool, &question.subject.arguments),
    };
    // Texts, numbers and JSON always can be written.
    let mut text = serde_json::to_string(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads what the program says.
fn answer(question: &Question, output: &[u8]) -> Result<Answer, String> {
    let said: Said = serde_json::from_slice(output)
        .map_err(|error| format!("what it said is no answer: {error}"))?;
    match (said.answer, said.remember) {
        (Word::Reject, None) => Ok(Answer::reject(said.reason.unwrap_or_default())),
        (Word::Reject, Some(_)) => Err("it wants a rejection to be remembered".to_owned()),
        (Word::Allow, None) => Ok(Answer::Allow),
        (Word::Allow, Some(ToRemember { remember, rule })) => {
            let similar = || rule_for_similar(&question.subject.tool, &question.subject.arguments);
            let rule = rule.or_else(similar);
            let rule = rule.ok_or("there is no rule for calls like this")?;
            Ok(Answer::AllowAndRemember { rule, remember })
        }
    }
}

#[cfg(all(test, unix))]
mod tests {

    use serde_json::Map;
    use tempfile::TempDir;

    use super::super::question::Concern;
    use super::*;

    fn question(folder: &Path) -> Question {
        Question {
            subject: Subject {
                number: 1,
                concern: Concern::Call,
                tool: "shell_command".to_owned(),
                arguments: Map::from_iter([("command".to_owned(), json!("cargo test"))]),
                tool_use_id: None,
                thread: None,
            },
            folder: folder.to_path_buf(),
            opinion: None,
        }
    }

    /// Asks a shell script.
    async fn ask(script: &str) -> Answer {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("approve");
        fixtures::write_script(&program, script);
        let environment = Environment::from([("PATH".into(), "/usr/bin:/bin".into())]);
        let approver = ProgramApprover::new(program, environment);
        approver.decide(question(folder.path())).await
    }

    async fn refusal(script: &str) -> String {
        match ask(script).await {
            Answer::Reject { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_program_reads_the_question_and_decides() {
        let by_command =
            "grep -q '\"version\":1.*\"command\":\"cargo test\"' && echo '{\"answer\":\"allow\"}'";
        assert_eq!(ask(by_command).await, Answer::Allow);
        let rejects = "cat > /dev/null; echo '{\"answer\": \"reject\", \"reason\": \"not today\"}'";
        assert_eq!(refusal(rejects).await, "not today");
    }

    #[tokio::test]
    async fn a_program_may_keep_the_rule_that_was_proposed_or_its_own() {
        let proposed = ask("echo '{\"answer\":\"allow\",\"remember\":{\"for\":\"folder\"}}'").await;
        let Answer::AllowAndRemember { rule, remember } = proposed else {
            panic!("{proposed:?}")
        };
        assert_eq!(remember, Remember::Folder);
        assert!(rule.matches.is_some());
        let own = r#"{"answer":"allow","remember":{"for":"session","rule":{"tool":"Read","action":"allow"}}}"#;
        let rule = PermissionRule::allow("Read");
        let remember = Remember::Session;
        assert_eq!(
            ask(&format!("echo '{own}'")).await,
            Answer::AllowAndRemember { rule, remember }
        );
    }

    #[tokio::test]
    async fn whatever_else_a_program_does_is_a_no() {
        let yes = "echo '{\"answer\":\"allow\"}'";
        for (script, said) in [
            ("exit 0".to_owned(), "is no answer"),
            (format!("{yes}; echo broken >&2; exit 1"), "broken"),
            (format!("{yes}; kill -9 $$"), "it ended with"),
            (format!("{yes}; {yes}"), "is no answer"),
            ("echo yes".to_owned(), "is no answer"),
            (
                "echo '{\"answer\":\"allow\",\"unless\":\"late\"}'".to_owned(),
                "unless",
            ),
            (
                "echo '{\"answer\":\"reject\",\"remember\":{\"for\":\"user\"}}'".to_owned(),
                "remembered",
            ),
            ("head -c 200000 /dev/zero".to_owned(), "64 KiB"),
        ] {
            let reason = refusal(&script).await;
            assert!(reason.contains(said), "{script}: {reason}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_a_no() {
        let approver = ProgramApprover::new("/nowhere/approve", Environment::new());
        let answer = approver.decide(question(Path::new("/"))).await;
        assert!(matches!(answer, Answer::Reject { .. }));
    }
}
