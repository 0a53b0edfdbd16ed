//! The host's end: a private socket on which helpers ask, and what becomes of each question.

mod plugin;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amp_protocol::{PermissionAction, PermissionRule};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, UCred};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::{Answer, Remember};
use super::approver::Approval;
use super::control::Control;
use super::decided::{Decided, DecidedBy, KeptRule, Verdict};
use super::memory::Memory;
use super::opinion::Opinions;
use super::peer::{self, Agent, Identity};
use super::protocol::{
    Greeting, LONGEST_LINE, LONGEST_REASON, MOST_ARGUMENTS, Reply, Request, whereabouts,
};
use super::question::{Concern, Question, Subject};
use super::remembered;
use super::second_lock::{Partner, SecondLock};
use super::shared::Shared;
use crate::blocking::blocking;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::permission::ToolCall;

/// How long a helper may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(30);
/// How often the files that decide what may run are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Everything that questions of one turn share.
pub(super) struct Host {
    pub(super) shared: Arc<Shared>,
    pub(super) approval: Approval,
    pub(super) opinions: Opinions,
    pub(super) dialect: Dialect,
    pub(super) folder: PathBuf,
    pub(super) memory: Memory,
    pub(super) control: Mutex<Control>,
    /// The files of the run itself, which nobody has a reason to change.
    pub(super) own: Vec<PathBuf>,
    /// Reads the settings again and tells why the run would be refused now.
    pub(super) refusal: Box<dyn Fn() -> Option<String> + Send + Sync>,
    /// What a plugin asks about as well, where the CLI loads one.
    pub(super) lock: Option<SecondLock>,
    /// The CLI's process id, once it has been started.
    pub(super) agent: watch::Receiver<Option<Agent>>,
}

/// What was heard on a new connection.
enum Heard {
    /// A helper that asks about a call.
    Call(Request, Map<String, Value>),
    /// The plugin, which will ask about every call.
    Plugin,
}

/// Where helpers ask.
pub(super) struct Listening {
    pub(super) socket: PathBuf,
    pub(super) token: String,
    /// What helpers know this process by.
    pub(super) host: String,
    listener: UnixListener,
    helper: Identity,
}

impl Listening {
    /// Opens a socket in a folder that is closed to others.
    pub(super) fn open(folder: &Path, helper: &Path) -> Result<Self, Error> {
        let open = || -> io::Result<Self> {
            let socket = folder.join("approval.sock");
            let mut token = [0; 16];
            File::open("/dev/urandom")?.read_exact(&mut token)?;
            Ok(Self {
                listener: UnixListener::bind(&socket)?,
                host: whereabouts()?,
                socket,
                token: format!("{:032x}", u128::from_ne_bytes(token)),
                helper: Identity::of(helper)?,
            })
        };
        open().map_err(Error::RunFiles)
    }

    /// Answers until it is dropped.
    pub(super) async fn serve(self, host: Arc<Host>) {
        let (helper, token) = (self.helper, Arc::<str>::from(self.token));
        let mut questions = JoinSet::new();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut watching = std::pin::pin!(async {
            loop {
                looks.tick().await;
                // What it finds is told to the turn, which ends over it.
                let _ = host.look_at_control().await;
            }
        });
        loop {
            tokio::select! {
                () = &mut watching => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let (host, token) = (Arc::clone(&host), Arc::clone(&token));
                        questions.spawn(async move { host.serve(stream, helper, &token).await });
                    }
                    // Out of descriptors, perhaps; a helper that is not heard refuses.
                    Err(_) => tokio::time::sleep(LOOK).await,
                },
                Some(_) = questions.join_next() => {}
            }
        }
    }
}

impl Host {
    async fn serve(&self, stream: UnixStream, helper: Identity, token: &str) {
        let peer = stream.peer_cred();
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let reply = match timeout(REQUEST, self.hear(&mut reader, peer, helper, token)).await {
            Ok(Ok(Heard::Call(request, arguments))) => {
                let (decided, partner) = self.decide(request, arguments, reader).await;
                let reply = match &decided.reason {
                    _ if decided.allowed => Reply::Allow,
                    Some(reason) => Reply::Reject(reason.clone()),
                    None => Reply::Reject("the call was refused".to_owned()),
                };
                self.shared.decided(decided);
                if let Some(partner) = partner {
                    partner.answer(reply.refusal().map(str::to_owned));
                }
                reply
            }
            Ok(Ok(Heard::Plugin)) => {
                self.serve_plugin(reader, writer).await;
                return;
            }
            Ok(Err(reason)) => {
                self.shared.turn_away(&reason);
                Reply::Reject(format!("this question was not heard: {reason}"))
            }
            Err(_) => {
                self.shared.turn_away("it did not say what it wants");
                return;
            }
        };
        // A helper that is gone was killed with its CLI, or refuses by itself.
        let _ = writer.write_all(reply.encode().as_bytes()).await;
    }

    /// Hears a question, if it comes from a helper of this run.
    async fn hear(
        &self,
        reader: &mut BufReader<OwnedReadHalf>,
        peer: io::Result<UCred>,
        helper: Identity,
        token: &str,
    ) -> Result<Heard, String> {
        let mut agent = self.agent.clone();
        let agent = agent.wait_for(Option::is_some).await;
        let agent = agent
            .ok()
            .and_then(|agent| *agent)
            .ok_or("there is no CLI")?;
        let peer = peer.map_err(|error| error.to_string())?;
        let mut line = String::new();
        let mut limited = reader.take(LONGEST_LINE as u64);
        let read = limited.read_line(&mut line).await;
        read.map_err(|error| error.to_string())?;
        if let Ok(greeting) = serde_json::from_str::<Greeting>(&line) {
            let lock = self.lock.as_ref().filter(|_| greeting.token == token);
            let lock = lock.ok_or("no plugin is waited for")?;
            peer::check(peer, lock.program, agent)?;
            return match lock.begin() {
                true => Ok(Heard::Plugin),
                false => Err("the plugin is there already".to_owned()),
            };
        }
        let request: Request =
            serde_json::from_str(&line).map_err(|error| format!("it is no question: {error}"))?;
        if request.token != token {
            return Err("it is about another run".to_owned());
        }
        if let Err(reason) = peer::check(peer, Some(helper), agent) {
            // Closed with bytes unread, the connection would take the answer with it.
            let rest = request.length.min(MOST_ARGUMENTS) as u64;
            let _ = tokio::io::copy_buf(&mut reader.take(rest), &mut tokio::io::sink()).await;
            return Err(reason);
        }
        if request.length > MOST_ARGUMENTS {
            return Err("its arguments are longer than 16 MiB".to_owned());
        }
        let mut arguments = vec![0; request.length];
        let read = reader.read_exact(&mut arguments).await;
        read.map_err(|error| error.to_string())?;
        let arguments = serde_json::from_slice(&arguments)
            .map_err(|error| format!("its arguments are no object: {error}"))?;
        Ok(Heard::Call(request, arguments))
    }

    /// Decides about a call.
    async fn decide(
        &self,
        request: Request,
        arguments: Map<String, Value>,
        mut reader: BufReader<OwnedReadHalf>,
    ) -> (Decided, Option<Partner>) {
        let mut question = Question {
            subject: Subject {
                number: self.shared.number(),
                concern: Concern::Call,
                tool: request.tool,
                arguments,
                tool_use_id: request.tool_use_id,
                thread: request.thread,
            },
            folder: self.folder.clone(),
            opinion: None,
        };
        let mut partner = None;
        if let Some(lock) = &self.lock {
            partner = lock
                .helper_asks(&question.subject.tool, &question.subject.arguments)
                .await;
            let Some(partner) = &partner else {
                let reason = "the plugin of the run was not asked about this call";
                let verdict = Verdict::refused(DecidedBy::Host, reason);
                return (Decided::new(question.subject, verdict), None);
            };
            question
                .subject
                .tool_use_id
                .clone_from(&partner.tool_use_id);
        }
        let verdict = {
            let mut byte = [0];
            tokio::select! {
                verdict = self.judge(&mut question) => verdict,
                // The helper has nothing more to say, so this is the end of it.
                _ = reader.read(&mut byte) => {
                    Verdict::refused(DecidedBy::Withdrawn, "the question was taken back")
                }
            }
        };
        (Decided::new(question.subject, verdict), partner)
    }

    async fn judge(&self, question: &mut Question) -> Verdict {
        if let Err(reason) = self.look_at_control().await {
            return Verdict::refused(DecidedBy::Host, reason);
        }
        if self
            .control
            .lock()
            .await
            .is_named_in(&question.subject.arguments)
        {
            question.subject.concern = Concern::ControlFiles;
        }
        if let Some(verdict) = self.remembered(question) {
            return verdict;
        }
        question.opinion = self
            .opinions
            .about(&question.subject.tool, &question.subject.arguments)
            .await;
        let verdict = self.ask(question.clone()).await;
        match self.look_at_control().await {
            Err(reason) if verdict.allowed => Verdict::refused(DecidedBy::Host, reason),
            _ => verdict,
        }
    }

    /// Returns what answers before say about a question; none of them allows what concerns the
    /// files that decide.
    fn remembered(&self, question: &Question) -> Option<Verdict> {
        let Subject {
            tool,
            arguments,
            concern,
            ..
        } = &question.subject;
        let call = ToolCall {
            tool,
            arguments,
            context: None,
        };
        let rules = self.approval.remembered();
        let is_allowed = match concern {
            Concern::Changed(_) => None,
            _ => remembered::verdict(&rules, &call, &self.dialect),
        };
        match is_allowed {
            Some(true) if *concern != Concern::Call => None,
            Some(true) => Some(Verdict::allowed(DecidedBy::RememberedRule)),
            Some(false) => {
                let reason = "the user rejects every call like this one in this session";
                Some(Verdict::refused(DecidedBy::RememberedRule, reason))
            }
            None => None,
        }
    }

    /// Puts a question to the approver; late is a no.
    ///
    /// A rule that is remembered meanwhile, for another question, may answer this one.
    async fn ask(&self, question: Question) -> Verdict {
        let _open = self.shared.open(&question);
        let deadline = self.approval.deadline();
        let approver = self.approval.approver();
        let mut remembering = self.approval.remembering();
        let answer = async {
            let mut answer = approver.decide(question.clone());
            loop {
                tokio::select! {
                    answer = &mut answer => return Ok(answer),
                    Ok(()) = remembering.changed() => {
                        if let Some(verdict) = self.remembered(&question) {
                            return Err(verdict);
                        }
                    }
                }
            }
        };
        let answer = match timeout(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(verdict)) => return verdict,
            Err(_) => {
                let reason = format!("nobody answered within {} s", deadline.as_secs());
                return Verdict::refused(DecidedBy::Deadline, reason);
            }
        };
        let mut verdict = Verdict::allowed(DecidedBy::Approver);
        match answer {
            Answer::Allow => {}
            Answer::AllowAndRemember { rule, remember } => {
                verdict.kept = Some(self.keep(PermissionAction::ALLOW, rule, remember).await);
            }
            Answer::Reject { reason } => {
                verdict = Verdict::refused(DecidedBy::Approver, sentence(&reason));
            }
            Answer::RejectAndRemember { rule, reason } => {
                verdict = Verdict::refused(DecidedBy::Approver, sentence(&reason));
                let kept = self.keep(PermissionAction::REJECT, rule, Remember::Session);
                verdict.kept = Some(kept.await);
            }
            Answer::Stop => {
                self.shared.stop();
                verdict = Verdict::refused(DecidedBy::Approver, "the user has stopped the run");
            }
        }
        verdict.approver = Some(approver.name().into_owned());
        verdict
    }

    /// Remembers a rule with this action for as long as an answer wants it.
    async fn keep(
        &self,
        action: PermissionAction,
        rule: PermissionRule,
        remember: Remember,
    ) -> KeptRule {
        let mut kept = KeptRule {
            rule,
            remember,
            file: None,
            trouble: None,
        };
        let rule = &kept.rule;
        if rule.action != action || !rule.problems().is_empty() {
            let trouble = format!("Amp would not take it as a rule with the action {action}");
            kept.trouble = Some(trouble);
            return kept;
        }
        // Nobody else looks for changes while the one that is ours is made.
        let mut control = self.control.lock().await;
        let is_unchanged = control.changes().is_none();
        let (memory, to_write) = (self.memory.clone(), rule.clone());
        match blocking(move || memory.keep(&to_write, remember)).await {
            Ok(file) => {
                if let (true, Some(file), Some(change)) = (is_unchanged, &file, control.changes())
                    && change.is_of(file)
                {
                    control.accept(change);
                }
                kept.file = file;
            }
            Err(error) => kept.trouble = Some(error.to_string()),
        }
        drop(control);
        self.approval.remember(kept.rule.clone());
        kept
    }

    /// Looks whether the files that decide what may run are as they were.
    ///
    /// The CLI stands still while a change is looked into. One that would have kept the run from
    /// starting ends it, and so does one that is not allowed.
    async fn look_at_control(&self) -> Result<(), String> {
        // While somebody is asked about a change, others wait here.
        let mut control = self.control.lock().await;
        let Some(change) = control.changes() else {
            return Ok(());
        };
        let _held = self.shared.hold();
        let names: Vec<String> = change
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let names = names.join(", ");
        let refusal = match change.paths.iter().any(|path| self.own.contains(path)) {
            true => Some("the files of the run itself may not be changed".to_owned()),
            false => (self.refusal)(),
        };
        let bypassed = |why: &str| {
            let reason = format!("{names} changed during the run: {why}");
            self.shared.bypassed(reason.clone());
            Err(reason)
        };
        if let Some(refusal) = refusal {
            return bypassed(&refusal);
        }
        let question = Question {
            subject: Subject {
                number: self.shared.number(),
                concern: Concern::Changed(change.paths.clone()),
                tool: String::new(),
                arguments: Map::new(),
                tool_use_id: None,
                thread: None,
            },
            folder: self.folder.clone(),
            opinion: None,
        };
        let verdict = self.ask(question.clone()).await;
        let allowed = verdict.allowed;
        self.shared.decided(Decided::new(question.subject, verdict));
        if !allowed {
            return bypassed("that was not allowed");
        }
        control.accept(change);
        Ok(())
    }
}

/// Returns a reason that says something, and not too much.
fn sentence(reason: &str) -> String {
    match reason.trim() {
        "" => "the user has refused this call".to_owned(),
        reason => reason.chars().take(LONGEST_REASON).collect(),
    }
}

#[cfg(test)]
mod tests;
