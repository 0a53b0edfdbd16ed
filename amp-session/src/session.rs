//! A conversation: its thread, its options, one turn at a time.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amp_process::StdinSource;
use amp_process::sandbox::Sandbox;
use amp_protocol::SettingsKey;
use serde_json::Value;

use crate::amp::Amp;
use crate::approval::{self, Supervision};
use crate::blocking::blocking;
use crate::config::SessionConfig;
use crate::conversation::{Claim, Conversation};
use crate::credentials::Credentials;
use crate::dialect::Feature;
use crate::environment::{Environment, base_folder, home};
use crate::error::Error;
use crate::guard::{self, Surroundings};
use crate::invocation::{Input, Invocation, Request, StandardInput, invocation};
use crate::ledger::{Beginning, Ledger, SessionRecord};
use crate::run_folder::RunFolder;
use crate::sandbox::{self, Subject, Watch};
use crate::secrets::Secrets;
use crate::settings::{self, Effective, ServiceAddress};
use crate::thread_id::ThreadId;
use crate::thread_lock;
use crate::turn::{Turn, TurnParts};

/// Keeps the CLI in the folder whose settings were checked: it goes to the one that this variable
/// names (build of 2026-05-04).
const WITHOUT_OTHER_FOLDER: (&str, &str) = ("AMP_PWD", "");

/// A conversation with the agent.
///
/// Each prompt is one process of the CLI. The first one begins a thread, unless the session was
/// [resumed](Amp::resume); the later ones continue it.
#[derive(Debug)]
pub struct Session {
    amp: Amp,
    config: SessionConfig,
    conversation: Arc<Conversation>,
    record: Option<Arc<SessionRecord>>,
}

impl Amp {
    /// Begins a new conversation; nothing is run before its first prompt.
    ///
    /// # Errors
    ///
    /// Refuses options that this Amp lacks, see [`invocation`](crate::invocation).
    pub fn start(&self, config: SessionConfig) -> Result<Session, Error> {
        Session::new(self.clone(), config, None)
    }

    /// Goes on with a conversation; nothing is run before the next prompt.
    ///
    /// Only new messages will be in the stream: no build repeats the old ones.
    ///
    /// # Errors
    ///
    /// Refuses options that this Amp lacks, see [`invocation`](crate::invocation).
    pub fn resume(&self, thread: ThreadId, config: SessionConfig) -> Result<Session, Error> {
        Session::new(self.clone(), config, Some(thread))
    }

    /// Goes on with the last recorded conversation of the configuration's folder, and records what
    /// follows there; `None` when the ledger has none with a thread.
    ///
    /// Folders are compared as they were recorded, by their resolved paths where they have any.
    ///
    /// # Errors
    ///
    /// Fails when the ledger cannot be listed, and like [`resume`](Self::resume).
    pub fn continue_last(
        &self,
        ledger: &Ledger,
        config: SessionConfig,
    ) -> Result<Option<Session>, Error> {
        let resolved = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.into());
        let folder = resolved(config.folder());
        let last = ledger.sessions()?.into_iter().find_map(|record| {
            let metadata = record.metadata();
            let recorded = metadata.working_directory.as_deref()?;
            let thread = metadata.thread.clone()?;
            (resolved(recorded) == folder).then_some((thread, record))
        });
        let Some((thread, record)) = last else {
            return Ok(None);
        };
        Ok(Some(self.resume(thread, config)?.recorded(record)))
    }
}

impl Session {
    fn new(amp: Amp, config: SessionConfig, thread: Option<ThreadId>) -> Result<Self, Error> {
        let conversation = Conversation::new(thread_lock::folder(amp.environment()), thread);
        let session = Self {
            amp,
            config,
            conversation: Arc::new(conversation),
            record: None,
        };
        // What is refused for any prompt is refused now.
        session.preview("preview")?;
        Ok(session)
    }

    /// Returns this session with every turn recorded in a ledger.
    #[must_use]
    pub fn recorded(mut self, record: SessionRecord) -> Self {
        self.record = Some(Arc::new(record));
        self
    }

    /// Returns the thread, once a turn has begun one.
    #[must_use]
    pub fn thread(&self) -> Option<ThreadId> {
        self.conversation.thread()
    }

    /// Returns the Amp that this session runs.
    #[must_use]
    pub fn amp(&self) -> &Amp {
        &self.amp
    }

    /// Returns the options of the session.
    #[must_use]
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Returns the options, to change them for the turns to come.
    pub fn config_mut(&mut self) -> &mut SessionConfig {
        &mut self.config
    }

    /// Returns the record that the turns are kept in.
    #[must_use]
    pub fn record(&self) -> Option<&SessionRecord> {
        self.record.as_deref()
    }

    /// Returns what a prompt would run, without running it.
    ///
    /// # Errors
    ///
    /// Refuses what this Amp lacks, as [`prompt`](Self::prompt) does.
    pub fn preview(&self, prompt: &str) -> Result<Invocation, Error> {
        self.invocation(Input::Prompt(prompt), Path::new("RUN-FOLDER"))
    }

    /// Refuses what would make every turn fail: a missing key above all.
    ///
    /// # Errors
    ///
    /// [`Error::NotConfigured`] when the CLI would find no key.
    pub fn preflight(&self) -> Result<(), Error> {
        self.credentials().check()
    }

    /// Returns the credentials that a turn of this session would use.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let environment = self.environment(&self.config.environment);
        let settings = self.settings();
        let service = self.service(&settings, &environment);
        Credentials::new(&environment, &settings).with_service(service)
    }

    /// Reads the settings that a turn of this session would go by.
    #[must_use]
    pub fn settings(&self) -> Effective {
        let environment = self.environment(&self.config.environment);
        Effective::of_run(&environment, &self.config).as_read_by(self.amp.version())
    }

    /// Sends a prompt, once, and returns the turn that it begins.
    ///
    /// # Errors
    ///
    /// Nothing was sent when this fails: a turn is still running, a key is missing, an option is
    /// not there, or the process cannot be started.
    pub async fn prompt(&self, prompt: &str) -> Result<Turn, Error> {
        self.begin(Input::Prompt(prompt)).await
    }

    /// Begins a turn that takes [messages](Turn::take_input) while it runs.
    ///
    /// The CLI writes one result for all of them, after the input was closed.
    ///
    /// # Errors
    ///
    /// As for [`prompt`](Self::prompt), and when this Amp takes no messages.
    pub async fn converse(&self) -> Result<Turn, Error> {
        self.begin(Input::Messages).await
    }

    async fn begin(&self, input: Input<'_>) -> Result<Turn, Error> {
        let mut claim = Claim::take(&self.conversation)?;
        let credentials = self.credentials();
        credentials.check()?;
        let folder = RunFolder::create(self.amp.environment())?;
        let Plan { invocation, rules } = self.plan(input, folder.path())?;
        let run_folder = folder.path().to_path_buf();
        let files = folder.fill(&invocation.files)?;
        let mut environment = self.environment(&invocation.variables);
        let supervision = rules.map(|rules| self.supervise(&rules, &run_folder, &invocation));
        let supervision = supervision.transpose()?;
        if let Some(supervision) = &supervision {
            environment.extend(supervision.variables().clone());
        }
        let sandbox = self.sandbox_of(&invocation, &environment)?;
        let home = home(&environment);
        let secrets = Secrets::of(
            &environment,
            &self.config,
            credentials.stored_key().as_deref(),
        );
        let stdin = match invocation.standard_input {
            StandardInput::Text(text) => StdinSource::Bytes(text.into_bytes()),
            StandardInput::Lines => StdinSource::Piped,
        };
        let mut spec = self
            .amp
            .process(&invocation.arguments, environment)
            .with_stdin(stdin)
            .with_deadlines(self.config.deadlines.clone());
        if let Some(folder) = &self.config.working_directory {
            spec = spec.with_working_directory(folder);
        }
        let mut watch = None;
        if let Some(sandbox) = sandbox {
            let policy = sandbox.policy().clone();
            watch = Some(Watch::new(policy, self.config.folder(), home));
            spec = spec.with_sandbox(sandbox);
        }
        let beginning = Beginning {
            amp_version: self.amp.version().clone(),
            thread: self.thread(),
            prompt: match input {
                Input::Prompt(prompt) => Some(secrets.redact_text(prompt)),
                Input::Messages => None,
            },
            secrets: secrets.clone(),
        };
        let (conversation, record) = (Arc::clone(&self.conversation), self.record.clone());
        let (lock, record) = blocking(move || {
            let lock = match &beginning.thread {
                Some(thread) => conversation.lock(thread)?,
                None => None,
            };
            let record = record.map(|record| record.begin_turn(beginning));
            Ok::<_, Error>((lock, record.transpose()?))
        })
        .await?;
        claim.hold(lock);
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
            supervision.attach(process.id());
        }
        let parts = TurnParts {
            claim,
            files,
            record,
            secrets,
            dialect: *self.amp.dialect(),
            sandbox: watch,
            supervision,
        };
        Ok(Turn::running(process, parts))
    }

    /// Returns the sandbox that a turn would run in, if one is configured.
    ///
    /// Amp's own folders are made when they are not there.
    ///
    /// # Errors
    ///
    /// Refuses what [`prompt`](Self::prompt) would refuse, and a service that is not allowed.
    pub fn sandbox(&self) -> Result<Option<Sandbox>, Error> {
        let invocation = self.preview("preview")?;
        let environment = self.environment(&invocation.variables);
        self.sandbox_of(&invocation, &environment)
    }

    fn sandbox_of(
        &self,
        invocation: &Invocation,
        environment: &Environment,
    ) -> Result<Option<Sandbox>, Error> {
        let Some(config) = &self.config.sandbox else {
            return Ok(None);
        };
        let written = invocation.files.iter().map(|file| file.path.clone());
        let named = [
            &self.config.settings_file,
            &self.config.mcp_config_file,
            &self.config.toolbox,
        ];
        let named = named.into_iter().flatten().chain(&self.config.skills);
        let folder = self.config.folder();
        let named = named.map(|path| folder.join(path));
        let service = self.service(&self.settings(), environment);
        let subject = Subject {
            config,
            environment,
            chosen: &invocation.variables,
            workspace: folder,
            programs: &self.amp.programs(),
            files: &written.chain(named).collect::<Vec<_>>(),
            generation: self.amp.dialect().generation(),
            service_url: &service.url,
        };
        sandbox::sandbox(&subject).map(Some)
    }

    /// Begins to listen for questions about the calls of a turn.
    fn supervise(
        &self,
        rules: &Value,
        run_folder: &Path,
        invocation: &Invocation,
    ) -> Result<Supervision, Error> {
        let Some(approval) = &self.config.approval else {
            return Err(Error::NoApproval {
                reason: "nobody is named".to_owned(),
            });
        };
        let environment = self.environment(&self.config.environment);
        let settings = self.settings();
        let workspace = settings::workspace_folders(&environment, self.config.folder());
        let mut watched: Vec<PathBuf> = settings
            .files()
            .iter()
            .map(|file| file.path.clone())
            .collect();
        for folder in workspace {
            let names = ["settings.json", "settings.jsonc", "plugins"];
            watched.extend(names.map(|name| folder.join(".amp").join(name)));
        }
        watched.extend(own_plugins(&environment, self.config.folder()));
        watched.sort();
        watched.dedup();
        let (amp, mut config) = (self.amp.clone(), self.config.clone());
        let key = SettingsKey::PERMISSIONS.as_str();
        config.settings.insert(key.to_owned(), rules.clone());
        let again = environment.clone();
        Supervision::begin(approval::Beginning {
            approval,
            amp: &self.amp,
            settings: &settings,
            rules,
            run_folder,
            files: invocation
                .files
                .iter()
                .map(|file| file.path.clone())
                .collect(),
            folder: self.config.folder(),
            watched,
            refusal: Box::new(move || {
                let settings = Effective::of_run(&again, &config).as_read_by(amp.version());
                let checked = check(&amp, &config, &again, &settings);
                checked.err().map(|error| error.to_string())
            }),
        })
    }

    fn invocation(&self, input: Input<'_>, run_folder: &Path) -> Result<Invocation, Error> {
        self.plan(input, run_folder).map(|plan| plan.invocation)
    }

    fn plan(&self, input: Input<'_>, run_folder: &Path) -> Result<Plan, Error> {
        let thread = self.thread();
        let mut config = Cow::Borrowed(&self.config);
        if thread.is_some() && !self.conversation.is_resumed() {
            // The turn that began the thread has given it these.
            let config = config.to_mut();
            config.title = None;
            if self.amp.dialect().supports(Feature::NoArchiveAfterExecute) {
                config.archive = config.archive.filter(|archive| !archive);
            }
        }
        let environment = self.environment(&self.config.environment);
        let settings = self.settings();
        let mut base = settings.base()?;
        let mut rules = None;
        if let Some(approval) = &self.config.approval {
            let config = config.to_mut();
            approval::take_over(approval, config, &mut base, self.amp.dialect())?;
            rules = config
                .settings
                .get(SettingsKey::PERMISSIONS.as_str())
                .cloned();
        }
        check(&self.amp, &config, &environment, &settings)?;
        let mut invocation = invocation(&Request {
            version: self.amp.version(),
            dialect: self.amp.dialect(),
            config: &config,
            thread: thread.as_ref(),
            input,
            base_settings: &base,
            run_folder,
        })?;
        let service = self.service(&settings, &environment);
        // A project that names another service would get the key.
        let pinned = [("AMP_URL", service.url.as_str()), WITHOUT_OTHER_FOLDER];
        for (name, value) in pinned {
            invocation.variables.insert(name.into(), value.into());
        }
        Ok(Plan { invocation, rules })
    }

    /// The service that a turn talks to.
    fn service(&self, settings: &Effective, environment: &Environment) -> ServiceAddress {
        let service = settings.service(environment);
        service.with_settings_of_run(&self.config.settings)
    }

    /// The environment at hand with variables over it; an empty value unsets one.
    fn environment(&self, variables: &Environment) -> Environment {
        let mut environment = self.amp.environment().clone();
        for (name, value) in variables {
            if value.is_empty() {
                environment.remove(name);
            } else {
                environment.insert(name.clone(), value.clone());
            }
        }
        environment
    }
}

/// What a turn runs, and the rules that put its calls to somebody, if any do.
struct Plan {
    invocation: Invocation,
    rules: Option<Value>,
}

/// Refuses a run whose permission rules would not hold.
fn check(
    amp: &Amp,
    config: &SessionConfig,
    environment: &Environment,
    settings: &Effective,
) -> Result<(), Error> {
    let folder = config.folder();
    let home = home(environment);
    let surroundings = Surroundings {
        settings,
        dialect: amp.dialect(),
        workspace: &settings::workspace_folders(environment, folder),
        own_plugins: config
            .approval
            .as_ref()
            .and(own_plugins(environment, folder)),
        home: home.as_deref(),
    };
    guard::check(config, surroundings)
}

/// Where the CLI looks for plugins of the user.
fn own_plugins(environment: &Environment, folder: &Path) -> Option<PathBuf> {
    let base = base_folder(environment, "XDG_CONFIG_HOME", ".config")?;
    Some(folder.join(base).join("amp").join("plugins"))
}
