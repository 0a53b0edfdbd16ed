//! A session before its first turn: a new one, or one from the records.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    McpServer, SessionConfigOption, SessionId, SessionModeState,
};
use agent_client_protocol::{Client as ClientRole, Error, RequestCancellation};
use amp_session::protocol::SettingsKey;
use amp_session::{
    Amp, Approval, DISK_LIMIT, Effective, Feature, Session as AmpSession, SessionConfig,
    SessionRecord,
};
use tokio::sync::mpsc;

use super::approval::Editor;
use super::commands::Commands;
use super::error::{invalid, of_failure};
use super::history::{self, Meant};
use super::host::Host;
use super::mcp;
use super::options::{Options, Preset};
use super::session::{Heard, Session};
use super::wire::Wire;
use crate::amp_in_use;
use crate::approve;
use crate::approve::person::person;
use crate::arguments::Approver;
use crate::command::run::prepare::{service_with_key, session_config};
use crate::context::Context;
use crate::failure::Failure;
use crate::runtime;
use crate::sessions::Sessions;
use crate::settings::{Layer, Settings};

/// The session that a client wants.
pub(super) enum Wanted {
    New,
    /// One of the records, with all that was said in it.
    Load(SessionId),
    /// The same without what was said.
    Resume(SessionId),
}

/// What a client is told of a session that is open.
pub(super) struct Opened {
    pub(super) id: SessionId,
    pub(super) modes: SessionModeState,
    pub(super) options: Vec<SessionConfigOption>,
}

/// A session that is to be opened.
pub(super) struct Opening {
    /// Tells that the client has taken its request back.
    pub(super) cancellation: RequestCancellation,
    pub(super) wanted: Wanted,
    pub(super) folder: PathBuf,
    pub(super) mcp_servers: Vec<McpServer>,
    pub(super) connection: ConnectionTo<ClientRole>,
    /// Answers the client.
    pub(super) respond: Box<dyn FnOnce(Result<Opened, Error>) + Send>,
}

impl Opening {
    /// Opens the session on a thread of its own, which it then works on until it ends.
    pub(super) fn begin(self, host: &Arc<Host>) -> std::io::Result<()> {
        let own = Arc::clone(host);
        host.work(move || {
            // A runtime that cannot be had leaves the request unanswered, which the SDK answers.
            let _ = runtime::block_on(self.run(&own));
        })
    }

    async fn run(self, host: &Host) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let opening = self.open(host, receiver);
        let (session, record, id) = match self.cancellation.run_until_cancelled(opening).await {
            Ok(opened) => opened,
            Err(error) => return (self.respond)(Err(error)),
        };
        let opened = Opened {
            id: id.clone(),
            modes: session.options.session_modes(),
            options: session.options.all(),
        };
        if let (Wanted::Load(_), Some(record)) = (&self.wanted, &record) {
            let telling = async {
                let told = history::tell(record, &self.folder, session.shows, &session.wire);
                told.await.map_err(|failure| of_failure(&failure))
            };
            if let Err(error) = self.cancellation.run_until_cancelled(telling).await {
                session.wire.close();
                return (self.respond)(Err(error));
            }
            session.wire.update(history::info(record.metadata()));
        }
        host.register(&id.0, orders);
        (self.respond)(Ok(opened));
        session.work().await;
    }

    async fn open(
        &self,
        host: &Host,
        orders: mpsc::UnboundedReceiver<super::session::Order>,
    ) -> Result<(Session, Option<SessionRecord>, SessionId), Error> {
        let folder = self.folder.clone();
        if !folder.is_absolute() || !folder.is_dir() {
            let what = format!(
                "cwd has to be a folder by its whole path: {}",
                folder.display()
            );
            return Err(invalid(what));
        }
        let mut context = host.surroundings.context(&folder);
        let failed = |failure: Failure| of_failure(&failure);
        let meant = match &self.wanted {
            Wanted::New => None,
            Wanted::Load(id) | Wanted::Resume(id) => {
                // One that is open ends; its record is read as it was left.
                if let Some(orders) = host.take(&id.0) {
                    close(orders).await;
                }
                Some((id, history::find(&id.0, &context)?))
            }
        };
        let agent = host.arguments.of_agent();
        let settings = Settings::resolve(Layer::from(&agent), &host.global, &context);
        let settings = settings.map_err(failed)?;
        let config = session_config(&agent, &settings, folder.clone(), &context);
        let mut config = config.map_err(failed)?;
        config.mcp_servers = self.servers(&context)?;
        let service_url = service_with_key(&config, &host.global, &mut context).map_err(failed)?;
        let found = amp_in_use::find(&settings, &context).map_err(failed)?;
        let amp = found.identify(config.sandbox.as_ref(), &context).await;
        let amp = amp.map_err(failed)?;
        config.thinking |= amp.dialect().supports(Feature::Thinking);
        if amp.dialect().supports(Feature::NoArchiveAfterExecute) {
            // A conversation has more than one turn.
            config.archive = Some(false);
        }
        let is_said = host.arguments.approve.is_some();
        let preset = Preset::of(&settings.approve, is_said);
        let (person, questions) = person("the editor");
        let mode = match &meant {
            Some((_, Meant::Record(record))) => record.metadata().mode.clone(),
            _ => None,
        };
        let modes = amp.dialect().modes().into_iter();
        let modes = modes.filter(|mode| mode.drivable).collect();
        let options = Options::new(modes, mode.or_else(|| config.mode.take()), preset);
        let editor = Approval::by(Editor::new(options.preset().clone(), person));
        let editor = editor.with_deadline(self.deadline(host));
        let program = match &settings.approve {
            approver @ Approver::Program(_) => {
                let style = settings.color.style(&context, &context.stderr);
                let approval = approve::approval(approver, style, &context);
                approval
                    .map_err(failed)?
                    .0
                    .map(|program| program.with_memory_of(&editor))
            }
            _ => None,
        };
        config.mode = options.mode().map(str::to_owned);
        let rules = config.settings.get(SettingsKey::PERMISSIONS.as_str());
        let rules = rules.cloned();
        let takes_images = amp.dialect().supports(Feature::ImageInput);
        let can_steer = amp.dialect().supports(Feature::Steer);
        let commands = match config.sandbox {
            None => Commands::look(&amp, &folder, host.looking()),
            // Amp would look outside of it.
            Some(_) => Commands::without_skills(),
        };
        let (session, record) = self
            .session(
                &amp,
                config,
                meant.map(|(_, meant)| meant),
                &settings,
                &context,
            )
            .await
            .map_err(failed)?;
        let id = match (&self.wanted, session.record()) {
            (Wanted::Load(id) | Wanted::Resume(id), _) => id.clone(),
            (Wanted::New, Some(record)) => SessionId::new(record.metadata().id.as_str()),
            (Wanted::New, None) => SessionId::new(host.unrecorded_id()),
        };
        let wire = Wire::new(self.connection.clone(), id.clone(), host.backlogs.clone());
        let session = Session {
            session,
            folder,
            wire,
            shows: host.client().shows,
            options,
            editor,
            program,
            rules,
            questions,
            orders: Heard::new(orders),
            waiting: VecDeque::new(),
            steering: Vec::new(),
            takes_images,
            can_steer,
            commands,
            service_url,
            turns: 0,
            context,
            found,
        };
        Ok((session, record, id))
    }

    fn servers(
        &self,
        context: &Context,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
        let settings = Effective::read(&context.environment, &context.directory, None);
        let own = settings.value(SettingsKey::MCP_SERVERS.as_str());
        let own = own.map(|(_, servers)| servers);
        mcp::servers(&self.mcp_servers, own)
    }

    fn deadline(&self, host: &Host) -> Duration {
        match host.arguments.question_timeout {
            Some(limit) => limit.duration().unwrap_or(Duration::MAX),
            None => approve::DEADLINE,
        }
    }

    /// Begins a thread or goes on with one, and opens its record; a second time for who reads it.
    async fn session(
        &self,
        amp: &Amp,
        config: SessionConfig,
        meant: Option<Meant>,
        settings: &Settings,
        context: &Context,
    ) -> Result<(AmpSession, Option<SessionRecord>), Failure> {
        let sessions = || Sessions::open(context);
        let (record, thread) = match meant {
            None if settings.record => (Some(sessions()?.create(None, &config)?), None),
            None => (None, None),
            Some(Meant::Record(record)) => {
                let thread = record.metadata().thread.clone();
                (Some(*record), thread)
            }
            Some(Meant::Thread(thread)) => {
                let record = match self.wanted {
                    Wanted::Load(_) => {
                        let credentials = crate::command::credentials::of(None, context);
                        let export = amp.export_thread(credentials.service(), &thread).await?;
                        sessions()?.ledger().import(&export)?
                    }
                    _ => sessions()?.create(None, &config)?,
                };
                (Some(record), Some(thread))
            }
        };
        let session = match thread {
            Some(thread) => amp.resume(thread, config)?,
            None => amp.start(config)?,
        };
        let Some(record) = record else {
            return Ok((session, None));
        };
        let to_read = sessions()?.ledger().open(&record.metadata().id)?;
        // A disk that does not answer stops no session.
        let record = record.with_disk_limit(DISK_LIMIT);
        Ok((session.recorded(record), Some(to_read)))
    }
}

/// Ends a session and waits until it has ended.
async fn close(orders: super::host::Orders) {
    let (done, ended) = tokio::sync::oneshot::channel();
    let afterwards = Box::new(move || {
        let _ = done.send(());
    });
    // One that has ended already drops the order.
    let _ = orders.send(super::session::Order::Close(afterwards));
    let _ = ended.await;
}
