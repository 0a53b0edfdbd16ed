//! Tells somebody who looks elsewhere that a run is done, has failed, or asks something.
//!
//! A program is run without a shell and without arguments, in the folder of the run, and finds one
//! JSON object on standard input:
//!
//! ```json
//! {"version": 1, "event": "failed", "title": "the agent reported a failure", "text": "…",
//!  "folder": "/home/user/project", "session": "…", "thread": "T-…", "exit_code": 1}
//! ```
//!
//! `event` is `"done"`, `"failed"` or `"question"`; `exit_code` is null for a question. What the program
//! writes and how it ends counts for nothing, and the key is not in its environment.
//!
//! Whoever sits at a terminal gets the prompt back at once: what is told of the end goes on by itself
//! there, however long it takes. Elsewhere nobody may be left when `ampctl` has ended, in a container
//! for one: the program has [`DEADLINE`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use amp_session::process::{ProcessSpec, StdinSource};
use amp_session::{Question, no_deadlines};
use serde::Serialize;

use crate::arguments::Notifier;
use crate::context::{Context, Output};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::outliving;
use crate::runtime::block_on;
use crate::text::{fit, one_line};

/// What the object on standard input looks like; a field may come, none goes or changes.
const VERSION: u32 = 1;

/// How long a program may take that `ampctl` waits for.
const DEADLINE: Duration = Duration::from_secs(5);

/// The most columns of an answer, a reason or a question that are told.
const LONGEST_TEXT: usize = 300;

/// The most columns that a terminal is given to show.
const LONGEST_SHOWN: usize = 120;

/// What has happened to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Done,
    Failed,
    Question,
}

/// What is told, and what is known of the run.
#[derive(Clone, Debug, Serialize)]
struct Notice {
    version: u32,
    event: Event,
    title: String,
    text: String,
    folder: PathBuf,
    session: Option<String>,
    thread: Option<String>,
    exit_code: Option<u8>,
}

/// Tells everybody who is to hear of one run.
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    notifiers: Vec<Notifier>,
    environment: BTreeMap<OsString, OsString>,
    home: Option<PathBuf>,
    /// How long a program may take.
    deadline: Duration,
    /// The terminal of the run, if there is one.
    terminal: Option<Output>,
    run: Run,
}

/// What is known of a run; it grows while the run goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) session: Option<String>,
    pub(crate) thread: Option<String>,
    /// The agent's last words.
    pub(crate) answer: String,
}

impl Notices {
    /// Names who is to hear.
    pub(crate) fn new(notifiers: &[Notifier], context: &Context) -> Self {
        // `none` silences what weaker places name.
        let silent = notifiers.contains(&Notifier::None);
        let environment = context.environment_without_key();
        let outputs = [&context.stderr, &context.stdout];
        let terminal = outputs
            .into_iter()
            .find(|output| output.terminal().is_some());
        Self {
            notifiers: match silent {
                true => Vec::new(),
                false => notifiers.to_vec(),
            },
            environment,
            home: context.home(),
            deadline: DEADLINE,
            terminal: terminal.cloned(),
            run: Run {
                folder: context.directory.clone(),
                ..Run::default()
            },
        }
    }

    /// Takes note of what is known of the run.
    pub(crate) fn know(&mut self, learn: impl FnOnce(&mut Run)) {
        learn(&mut self.run);
    }

    /// Tells of a question, while its run goes on.
    pub(crate) fn of_question(&self, question: &Question) {
        let arguments = serde_json::to_string(&question.subject.arguments).unwrap_or_default();
        let text = format!("{} {arguments}", question.subject.tool);
        let notice = self.notice(Event::Question, "the agent asks", &text, None);
        self.show(&notice);
        let notices = self.clone();
        // It ends with its deadline, or with the run.
        std::thread::spawn(move || notices.run_programs(&notice));
    }

    /// Tells how a run has ended; `ampctl` waits for the thread, if there is one. A run that its user
    /// has stopped is no news.
    pub(crate) fn of_end(self, ended: &Result<ExitCode, Failure>) -> Option<JoinHandle<()>> {
        let (event, title, text, code) = match ended {
            Ok(code) => (
                Event::Done,
                "the agent is done".to_owned(),
                self.run.answer.clone(),
                *code,
            ),
            Err(failure) if failure.code() == ExitCode::Interrupted || failure.is_quiet() => {
                return None;
            }
            Err(failure) => (
                Event::Failed,
                "the run failed".to_owned(),
                failure.in_one_line(),
                failure.code(),
            ),
        };
        let notice = self.notice(event, &title, &text, Some(code));
        self.show(&notice);
        if self.terminal.is_some() {
            for program in self.programs() {
                // A program that cannot be started has no say in how the run ends.
                let _ = self.leave_running(&program, &notice);
            }
            return None;
        }
        Some(std::thread::spawn(move || self.run_programs(&notice)))
    }

    /// Starts a program that goes on by itself.
    fn leave_running(&self, program: &Path, notice: &Notice) -> io::Result<()> {
        // A file is read in the program's own time; nobody is left to fill a pipe.
        let mut document = tempfile::tempfile()?;
        serde_json::to_writer(&document, notice)?;
        document.rewind()?;
        let (environment, folder) = (&self.environment, &self.run.folder);
        outliving::start(
            program.as_os_str(),
            &[],
            document.into(),
            environment,
            folder,
        )
    }

    fn notice(&self, event: Event, title: &str, text: &str, code: Option<ExitCode>) -> Notice {
        Notice {
            version: VERSION,
            event,
            title: title.to_owned(),
            text: fit(&one_line(text), LONGEST_TEXT),
            folder: self.run.folder.clone(),
            session: self.run.session.clone(),
            thread: self.run.thread.clone(),
            exit_code: code.map(ExitCode::number),
        }
    }

    /// Has the terminal ring or show a notification.
    fn show(&self, notice: &Notice) {
        let Some(mut terminal) = self.terminal.clone() else {
            return;
        };
        let title = &notice.title;
        // A semicolon parts fields.
        let text = fit(&notice.text, LONGEST_SHOWN).replace(';', ",");
        for notifier in &self.notifiers {
            let sequence = match notifier {
                Notifier::Bell => "\x07".to_owned(),
                Notifier::Osc9 => format!("\x1b]9;{title}: {text}\x07"),
                Notifier::Osc777 => format!("\x1b]777;notify;{title};{text}\x07"),
                Notifier::None | Notifier::Program(_) => continue,
            };
            // A terminal that is gone hears nothing.
            let _ = terminal.write_all(sequence.as_bytes());
        }
        let _ = terminal.flush();
    }

    fn run_programs(&self, notice: &Notice) {
        let programs: Vec<PathBuf> = self.programs().collect();
        let Ok(document) = serde_json::to_vec(notice) else {
            return;
        };
        if programs.is_empty() {
            return;
        }
        // A program that cannot be started has no say in how the run ends.
        let _ = block_on(async {
            let all = programs.iter().map(|program| self.run(program, &document));
            futures::future::join_all(all).await
        });
    }

    fn programs(&self) -> impl Iterator<Item = PathBuf> {
        let of_program = |notifier: &Notifier| match notifier {
            Notifier::Program(path) => Some(match (path.strip_prefix("~"), &self.home) {
                (Ok(inside), Some(home)) => home.join(inside),
                _ => path.clone(),
            }),
            _ => None,
        };
        self.notifiers.iter().filter_map(of_program)
    }

    async fn run(&self, program: &Path, document: &[u8]) {
        let spec = ProcessSpec::new(program)
            .with_environment(self.environment.clone())
            .with_working_directory(&self.run.folder)
            .with_stdin(StdinSource::Bytes(document.to_vec()))
            .with_deadlines(no_deadlines().with_total(Some(self.deadline)));
        let Ok(mut process) = spec.spawn().await else {
            return;
        };
        while let Ok(Some(_)) = process.next_line().await {}
        process.finish().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("hang");
        fixtures::write_script(&program, "exec sleep 600");
        let context = Context::new(folder.path()).with_environment([("PATH", "/usr/bin:/bin")]);
        let mut notices = Notices::new(&[Notifier::Program(program)], &context);
        notices.deadline = Duration::from_millis(50);
        let hearing = notices.of_end(&Ok(ExitCode::Done)).expect("a thread");
        hearing.join().expect("it ends");
    }

    #[test]
    fn a_run_that_its_user_has_stopped_is_no_news() {
        let notices = Notices::new(&[Notifier::Bell], &Context::new("/"));
        let stopped = Failure::new(ExitCode::Interrupted, "interrupted");
        assert!(notices.of_end(&Err(stopped)).is_none());
    }
}
