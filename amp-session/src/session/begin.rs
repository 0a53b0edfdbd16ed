//! The start of a turn: everything that happens between a prompt and its running process.

use std::io;
use std::sync::Arc;

use amp_process::StdinSource;

use super::Session;
use super::circumstances::Circumstances;
use super::plan::Plan;
use crate::blocking::blocking;
use crate::claim::Claim;
use crate::dialect::Generation;
use crate::environment::with_variables;
use crate::error::Error;
use crate::invocation::{Input, RunFile, StandardInput};
use crate::ledger::{Beginning, TurnWriter, no_answer};
use crate::policy::retry::Again;
use crate::policy::retry::note::RetryNote;
use crate::run_folder::RunFolder;
use crate::sandbox::Watch;
use crate::sandbox::no_stored_keys;
use crate::secrets::{Cut, Secrets};
use crate::service_log::ServiceLog;
use crate::turn::{Turn, TurnParts};
use crate::workspace::keep::Snapshots;
use crate::workspace::note::SnapshotNote;

impl Session {
    /// Begins a turn; nothing was sent when this fails.
    pub(super) async fn begin(
        &self,
        input: Input<'_>,
        again: Option<&Again>,
    ) -> Result<Turn, Error> {
        let mut claim = Claim::take(&self.shared)?;
        let circumstances = Circumstances::read(&self.amp, &self.config);
        let credentials = circumstances.credentials();
        credentials.check()?;
        let folder = RunFolder::within(self.amp.environment());
        let run_folder = folder.path().to_path_buf();
        let Plan {
            mut invocation,
            rules,
            ..
        } = self.plan(input, &circumstances, &run_folder)?;
        if self.config.sandbox.is_some() {
            let (path, content) = no_stored_keys(&run_folder);
            let content = content.to_owned();
            invocation.files.push(RunFile { path, content });
        }
        let files = folder.fill(&invocation.files)?;
        let mut environment = with_variables(self.amp.environment(), &invocation.variables);
        let supervision =
            rules.map(|rules| self.supervise(&circumstances, &rules, &run_folder, &invocation));
        let supervision = supervision.transpose()?;
        if let Some(supervision) = &supervision {
            environment.extend(supervision.variables().clone());
        }
        let sandbox = self.sandbox_of(&circumstances, &invocation, &environment, &run_folder)?;
        let secrets = Secrets::of(
            &environment,
            &self.config,
            &circumstances.written_settings,
            credentials.stored_key().as_deref(),
        );
        let mut deadlines = self.config.deadlines.clone();
        if let Some(again) = again {
            deadlines.total = again.total;
        }
        let stdin = match invocation.standard_input {
            StandardInput::Text(text) => StdinSource::Bytes(text.into_bytes()),
            StandardInput::Lines => StdinSource::Piped,
        };
        let mut spec = self
            .amp
            .process(&invocation.arguments, environment)
            .with_stdin(stdin)
            .with_deadlines(deadlines);
        if let Some(folder) = &self.config.working_directory {
            spec = spec.with_working_directory(folder);
        }
        let service_log = self.service_log(&circumstances);
        let mut watch = None;
        if let Some(sandbox) = sandbox {
            let policy = sandbox.policy().clone();
            watch = Some(Watch::new(policy, self.config.folder(), circumstances.home));
            spec = spec.with_sandbox(sandbox);
        }
        let note = again.map(|again| again.note.clone());
        let record = self.record_turn(&mut claim, input, note, &secrets).await?;
        let snapshots = match &record {
            Some(record) if self.config.snapshots => self.keep_files(record).await,
            _ => None,
        };
        let process = match spec.spawn().await {
            Ok(process) => process,
            Err(source) => {
                if let Some(record) = record {
                    blocking(move || record.discard()).await;
                }
                let executable = self.amp.executable().to_path_buf();
                return Err(Error::Process { executable, source });
            }
        };
        if let Some(watch) = &mut watch {
            watch.begin(process.sandbox());
        }
        if let Some(supervision) = &supervision {
            supervision.attach(&process);
        }
        let parts = TurnParts {
            claim,
            files,
            record,
            secrets,
            version: self.amp.version().clone(),
            dialect: *self.amp.dialect(),
            sandbox: watch,
            supervision,
            caps: again.map_or(self.config.caps, |again| again.caps),
            service_log,
            snapshots,
        };
        Ok(Turn::running(process, parts))
    }

    /// Returns the log of the thread as it is before the turn, where it is to be read.
    fn service_log(&self, circumstances: &Circumstances) -> Option<ServiceLog> {
        let has_one = self.amp.dialect().generation() == Generation::ServerThreads;
        let wanted = self.config.limits_from_log && has_one;
        wanted
            .then(|| ServiceLog::before(&circumstances.environment, self.thread().as_ref()))
            .flatten()
    }

    /// Keeps the files of the work tree as they are; where that cannot be, the record says why.
    async fn keep_files(&self, record: &TurnWriter) -> Option<Snapshots> {
        let name = record.snapshot_name();
        let folder = self.config.folder();
        let kept = Snapshots::before(folder, self.amp.environment(), &name).await;
        let (note, snapshots) = match kept {
            Ok(snapshots) => (snapshots.note().clone(), Some(snapshots)),
            Err(error) => (SnapshotNote::none(error), None),
        };
        record.note_snapshot(&note);
        snapshots
    }

    /// Locks the thread that the turn goes on with, if there is one yet, and begins the record of
    /// the turn, if the session has one.
    async fn record_turn(
        &self,
        claim: &mut Claim,
        input: Input<'_>,
        retry: Option<RetryNote>,
        secrets: &Secrets,
    ) -> Result<Option<TurnWriter>, Error> {
        let beginning = Beginning {
            amp_version: self.amp.version().clone(),
            thread: self.thread(),
            prompt: match input {
                Input::Prompt(prompt) => Some(secrets.redact_text(prompt)),
                Input::Message(message) | Input::FirstMessage(message) => {
                    Some(secrets.redact_text(&message.all_text()))
                }
                Input::Messages => None,
            },
            retry,
            secrets: secrets.clone(),
        };
        // The prompt is in the record as text; what else there is, in the line that is sent.
        let message = match input {
            Input::Message(message) => Some(message.to_line()),
            // The others are recorded when they are sent.
            Input::Prompt(_) | Input::Messages | Input::FirstMessage(_) => None,
        };
        let (shared, record) = (Arc::clone(&self.shared), self.record.clone());
        let limit = self.record.as_ref().map(|record| record.disk_limit());
        let folder = self.record.as_ref().map(|record| record.folder());
        let work = move |alone| {
            let lock = match &beginning.thread {
                Some(thread) => shared.lock(thread)?,
                None => None,
            };
            let record = record.map(|record| record.begin_turn(beginning));
            let record = record.transpose()?;
            if let (Some(record), Some(message)) = (&record, message)
                && let Some(mut messages) = record.messages()
            {
                messages.append(message.trim_end().as_bytes(), Cut::Nowhere);
            }
            Ok::<_, Error>((lock, record, alone))
        };
        let beginning = async {
            let alone = self.shared.recording().await;
            blocking(move || work(alone)).await
        };
        let (lock, record, _) = match limit.zip(folder) {
            None => beginning.await?,
            Some((limit, folder)) => {
                let begun = tokio::time::timeout(limit, beginning).await;
                begun.map_err(|_| Error::Ledger {
                    action: "write to",
                    path: folder.to_path_buf(),
                    source: io::Error::new(io::ErrorKind::TimedOut, no_answer(limit)),
                })??
            }
        };
        claim.hold(lock);
        Ok(record)
    }
}
