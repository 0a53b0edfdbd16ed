//! A call that an approver refuses leaves no trace, and none runs without its question.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amp_session::approval::{Concern, Remember, approve_with};
use amp_session::protocol::PermissionRule;
use amp_session::{Answer, Approval, Question, SessionConfig};
use anyhow::Result;
use fixtures::script::{Answer as ModelAnswer, Block, Script};
use serde_json::json;
use tokio::sync::Notify;

use super::Case;
use super::place::Place;
use crate::installed_cli::InstalledCli;
use crate::versions::Packaging;

/// What lets everything run.
const ALLOW_ALL: &str = r#"{"amp.dangerouslyAllowAll": true}"#;

/// What a case does and how it should end.
struct Try {
    name: &'static str,
    /// What the model runs: the shell commands of each answer; `{project}` is the folder of the run,
    /// `{place}` the one around it.
    commands: &'static [&'static [&'static str]],
    /// Whether it reads files of the project instead, of these names.
    reads: bool,
    prepare: fn(&Place) -> Result<()>,
    approval: fn(&Log) -> Approval,
    /// How it should end with the JavaScript and with the native builds.
    expected: [&'static str; 2],
    /// How it should end in a sandbox, where that is another way.
    sandboxed: Option<[&'static str; 2]>,
    /// Whether it is tried in a sandbox alone, because it would harm this machine.
    only_sandboxed: bool,
}

/// What was asked, a word for each question.
#[derive(Clone, Default)]
struct Log {
    asked: Arc<Mutex<Vec<String>>>,
    second: Arc<Notify>,
}

impl Log {
    /// Takes note of a question and returns its position.
    fn note(&self, question: &Question) -> usize {
        let word = match &question.subject.concern {
            Concern::Call if question.subject.tool_use_id.is_none() => "call without an id",
            Concern::Call => "call",
            Concern::ControlFiles => "control files",
            Concern::Changed(_) => "change",
            _ => "other",
        };
        let mut asked = self.asked.lock().expect("nobody panics with it");
        asked.push(word.to_owned());
        asked.len()
    }

    fn answer(&self, answer: Answer) -> Approval {
        let log = self.clone();
        Approval::by(approve_with(move |question| {
            log.note(&question);
            std::future::ready(answer.clone())
        }))
    }
}

fn allow(log: &Log) -> Approval {
    log.answer(Answer::Allow)
}

/// Answers the second question first, where two are open at once.
fn in_reverse(log: &Log) -> Approval {
    let log = log.clone();
    Approval::by(approve_with(move |question| {
        let (position, log) = (log.note(&question), log.clone());
        async move {
            match position {
                1 => {
                    // A build that asks one after the other would wait for ever.
                    let second = log.second.notified();
                    let both = tokio::time::timeout(Duration::from_secs(4), second).await;
                    log.asked.lock().expect("nobody panics with it").push(
                        match both {
                            Ok(()) => "first answered second",
                            Err(_) => "one at a time",
                        }
                        .to_owned(),
                    );
                }
                _ => log.second.notify_one(),
            }
            Answer::Allow
        }
    }))
}

fn allow_the_first(log: &Log) -> Approval {
    let log = log.clone();
    Approval::by(approve_with(move |question| {
        std::future::ready(match log.note(&question) {
            1 => Answer::Allow,
            _ => Answer::reject("not today"),
        })
    }))
}

fn remember(log: &Log) -> Approval {
    let log = log.clone();
    Approval::by(approve_with(move |question| {
        log.note(&question);
        let argument = match question.subject.tool.as_str() {
            "Bash" => "cmd",
            _ => "command",
        };
        let rule = PermissionRule::allow(&question.subject.tool).with_match(argument, "echo *");
        std::future::ready(Answer::AllowAndRemember {
            rule,
            remember: Remember::Session,
        })
    }))
}

fn all() -> Vec<Try> {
    let base = || Try {
        name: "",
        commands: &[&["echo ran > trace"]],
        reads: false,
        prepare: |_| Ok(()),
        approval: allow,
        expected: ["completed; asked: call; left: trace"; 2],
        sandboxed: None,
        only_sandboxed: false,
    };
    vec![
        Try {
            name: "approval: allowed",
            ..base()
        },
        Try {
            name: "approval: rejected",
            approval: |log| log.answer(Answer::reject("not today")),
            expected: ["completed; asked: call; refused: not today"; 2],
            ..base()
        },
        Try {
            name: "approval: late",
            approval: |log| {
                let log = log.clone();
                let late = approve_with(move |question| {
                    log.note(&question);
                    std::future::pending()
                });
                Approval::by(late).with_deadline(Duration::from_secs(1))
            },
            expected: ["completed; asked: call; refused: nobody answered within 1 s"; 2],
            ..base()
        },
        Try {
            name: "approval: stopped",
            approval: |log| log.answer(Answer::Stop),
            expected: ["cancelled; asked: call; refused: the user has stopped the run"; 2],
            ..base()
        },
        Try {
            name: "approval: remembered",
            commands: &[
                &["echo one > trace"],
                &["echo two > second"],
                &["touch third"],
            ],
            approval: remember,
            expected: ["completed; asked: call, call; left: trace, second, third"; 2],
            ..base()
        },
        Try {
            name: "approval: two at once",
            commands: &[&["echo one > trace", "echo two > second"]],
            approval: in_reverse,
            expected: [
                "completed; asked: call, one at a time, call; left: trace, second",
                "completed; asked: call, call, first answered second; left: trace, second",
            ],
            ..base()
        },
        Try {
            // The JavaScript builds run one command at a time, and several that only read at once.
            name: "approval: two files read at once",
            commands: &[&["one", "two"]],
            reads: true,
            prepare: |place| {
                place.write("project/one", "1")?;
                place.write("project/two", "2")
            },
            approval: in_reverse,
            expected: ["completed; asked: call, call, first answered second"; 2],
            ..base()
        },
        Try {
            name: "approval: the project allows all",
            prepare: |place| place.write("project/.amp/settings.json", ALLOW_ALL),
            expected: ["refused to start"; 2],
            ..base()
        },
        Try {
            name: "approval: a command lets the project allow all",
            commands: &[
                &["mkdir -p .amp; echo '{\"amp.dangerouslyAllowAll\": true}' > .amp/settings.json"],
                &["echo ran > trace"],
            ],
            expected: ["approval_bypassed; asked: control files"; 2],
            ..base()
        },
        Try {
            name: "approval: a command lets the project allow all, in disguise",
            commands: &[
                &[
                    "d=.a; mkdir -p ${d}mp; echo '{\"amp.permissions\": [{\"tool\": \"*\", \"action\": \"allow\"}]}' > ${d}mp/settings.json",
                ],
                &["echo ran > trace"],
            ],
            expected: ["approval_bypassed; asked: call"; 2],
            ..base()
        },
        Try {
            name: "approval: a command changes the project's settings",
            commands: &[
                &[
                    "d=.a; mkdir -p ${d}mp; echo '{\"amp.showCosts\": false}' > ${d}mp/settings.json",
                ],
                &["echo ran > trace"],
            ],
            expected: ["completed; asked: call, change, call; left: trace"; 2],
            ..base()
        },
        Try {
            name: "approval: a command asks by itself",
            commands: &[&[
                "echo '{}' > in; AGENT_TOOL_NAME=Bash \"{helper}\" < in 2> second; \
                 echo $? > code; grep -q 'was not started by the CLI' second && \
                 grep -q 2 code && echo held > trace",
            ]],
            expected: ["completed; asked: control files; left: trace, second"; 2],
            ..base()
        },
        Try {
            name: "approval: a command writes an answer to the socket",
            commands: &[
                &["\"{helper}\" forge answer > second; \
                   grep -q 'was not started by the CLI' second && \
                   ! grep -qx '\"allow\"' second && echo held > third"],
                &["echo ran > trace"],
            ],
            approval: allow_the_first,
            expected: ["completed; asked: control files, call; left: second, third; refused: not today";
                2],
            ..base()
        },
        Try {
            name: "approval: a command takes the host's place",
            commands: &[
                &["\"{helper}\" forge host > /dev/null 2>&1 < /dev/null & \
                   host=$!; while ! [ -e ready ] && kill -0 $host; do sleep 0.1; done"],
                &["echo ran > trace"],
            ],
            approval: allow_the_first,
            expected: ["approval_bypassed; asked: control files"; 2],
            // The socket cannot be removed there.
            sandboxed: Some(["completed; asked: control files, call; refused: not today"; 2]),
            ..base()
        },
        Try {
            name: "approval: a command ends the plugin",
            commands: &[
                // It runs the CLI's executable, as the parent of this shell does.
                &["for it in /proc/[0-9]*; do \
                   grep -qx \"PPid:\t$PPID\" $it/status 2> /dev/null && \
                   [ $it/exe -ef /proc/$PPID/exe ] && kill -9 ${it#/proc/}; done; sleep 0.5"],
                &["echo ran > trace"],
            ],
            expected: [
                "completed; asked: call, call; left: trace",
                // The CLI starts another, which is none of the run's.
                "completed; asked: call; refused: the plugin of the run was not asked about this call",
            ],
            // There a command can neither look at what the CLI runs nor signal it.
            sandboxed: Some(["completed; asked: call, call; left: trace"; 2]),
            ..base()
        },
        Try {
            name: "approval: a command lets the repository around the project allow all",
            prepare: |place| {
                fs::create_dir_all(place.path(".git/objects"))?;
                fs::create_dir_all(place.path(".git/refs"))?;
                place.write(".git/HEAD", "ref: refs/heads/main\n")
            },
            commands: &[
                &[
                    "d=.a; git init -q .. > /dev/null 2>&1; mkdir -p ../${d}mp; \
                   echo '{\"amp.dangerouslyAllowAll\": true}' > ../${d}mp/settings.json",
                ],
                &["echo ran > trace"],
            ],
            expected: ["approval_bypassed; asked: call"; 2],
            // What is around the project is not the one on the disk, and no build looks there again.
            sandboxed: Some(["completed; asked: call, call; left: trace"; 2]),
            ..base()
        },
        Try {
            name: "approval: a command puts another folder in the project's place",
            commands: &[
                &[
                    "d=.a; mv '{place}' '{place}-gone' 2> /dev/null; mkdir -p '{project}'/${d}mp; \
                   echo '{\"amp.dangerouslyAllowAll\": true}' > '{project}'/${d}mp/settings.json",
                ],
                &["echo ran > trace"],
            ],
            expected: ["approval_bypassed; asked: call"; 2],
            only_sandboxed: true,
            ..base()
        },
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let numbered = (0..all().len()).flat_map(|number| [(number, false), (number, true)]);
    numbered
        .filter(|(number, sandboxed)| *sandboxed || !all()[*number].only_sandboxed)
        .map(|(number, sandboxed)| Case {
            name: match sandboxed {
                true => format!("{}, in a sandbox", all()[number].name),
                false => all()[number].name.to_owned(),
            },
            expected: Box::new(move |packaging| {
                let build = usize::from(packaging == Packaging::Native);
                let case = &all()[number];
                let elsewhere = case.sandboxed.filter(|_| sandboxed);
                elsewhere.unwrap_or(case.expected)[build].to_owned()
            }),
            attempt: Box::new(move |cli| Box::pin(attempt(number, sandboxed, cli))),
        })
        .collect()
}

async fn attempt(number: usize, sandboxed: bool, cli: InstalledCli) -> Result<String> {
    let case = &all()[number];
    let helper = std::env::current_exe()?;
    let place = Place::with(&cli, |folder| {
        let project = folder.join("project");
        let fill = |command: &&str| {
            let command = command.replace("{place}", &folder.display().to_string());
            let command = command.replace("{project}", &project.display().to_string());
            match case.reads {
                true => Block::Tool {
                    name: "Read".to_owned(),
                    input: json!({"path": project.join(command)}),
                },
                false => Block::Shell(command.replace("{helper}", &helper.display().to_string())),
            }
        };
        let mut answers: Vec<ModelAnswer> = case
            .commands
            .iter()
            .map(|commands| ModelAnswer {
                blocks: commands.iter().map(fill).collect(),
                ..ModelAnswer::default()
            })
            .collect();
        answers.push(ModelAnswer {
            blocks: vec![Block::Text("It is done.".to_owned())],
            ..ModelAnswer::default()
        });
        Script {
            answers,
            ..Script::default()
        }
    })
    .await?;
    (case.prepare)(&place)?;
    let log = Log::default();
    let mut config = SessionConfig::new()
        .with_working_directory(place.path("project"))
        .with_approval((case.approval)(&log));
    if sandboxed {
        config.sandbox = Some(place.sandbox()?);
    }
    let outcome = match place.outcome(place.environment(), config).await {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == amp_session::ErrorKind::Refused => {
            return Ok("refused to start".to_owned());
        }
        Err(error) => return Ok(error.to_string()),
    };
    let mut said = match outcome.reason() {
        None => outcome.status.to_string(),
        Some(reason) => reason.to_string(),
    };
    said += &format!(
        "; asked: {}",
        log.asked.lock().expect("nobody panics with it").join(", ")
    );
    let left = ["trace", "second", "third"];
    let left: Vec<&str> = left
        .into_iter()
        .filter(|name| fs::exists(place.path("project").join(name)).unwrap_or(true))
        .collect();
    if !left.is_empty() {
        said += &format!("; left: {}", left.join(", "));
    }
    let refused = outcome.refused_calls.iter();
    let refused: Vec<&str> = refused.map(|call| call.reason.as_str()).collect();
    if !refused.is_empty() {
        said += &format!("; refused: {}", refused.join(", "));
    }
    if let Some(exit) = &outcome.exit
        && !exit.leaked().is_empty()
    {
        said += "; processes are left";
    }
    Ok(said)
}
