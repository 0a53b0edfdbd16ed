//! A turn whose calls are asked about: what its stream, its questions and its end have to do with
//! one another.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use amp_process::Process;
use amp_protocol::{Decoded, SettingsKey};
use futures::task::AtomicWaker;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::approver::Approval;
use super::bridge::{Host, Listening};
use super::control::Control;
use super::decisions::{Decided, Decisions, Reconciler};
use super::helper;
use super::opinion::Opinions;
use super::protocol::{SOCKET, TOKEN};
use super::question::Question;
use crate::amp::Amp;
use crate::environment::Environment;
use crate::error::Error;
use crate::permission::{Evaluator, RuleList, RuleScope, RuleSet};
use crate::settings::{Effective, SettingsScope};

/// What a turn is begun with.
pub(crate) struct Beginning<'a> {
    pub(crate) approval: &'a Approval,
    pub(crate) amp: &'a Amp,
    pub(crate) settings: &'a Effective,
    /// The rules of the run, as they are written to its settings.
    pub(crate) rules: &'a Value,
    /// The private folder of the run, and the files in it.
    pub(crate) run_folder: &'a Path,
    pub(crate) files: Vec<PathBuf>,
    /// The folder that the agent works in.
    pub(crate) folder: &'a Path,
    /// The settings and plugins that decide what may run.
    pub(crate) watched: Vec<PathBuf>,
    /// Reads the settings again and tells why the run would be refused now.
    pub(crate) refusal: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

/// The questions of a turn; dropping it closes the socket, so that every open question is refused.
#[derive(Debug)]
pub(crate) struct Supervision {
    shared: Arc<Shared>,
    reconciler: Reconciler,
    agent: watch::Sender<Option<u32>>,
    variables: Environment,
    tasks: Vec<JoinHandle<()>>,
    held: bool,
    told: bool,
}

impl Supervision {
    /// Opens the socket; nothing is asked before the CLI has been [started](Self::attach).
    pub(crate) fn begin(beginning: Beginning<'_>) -> Result<Self, Error> {
        let Beginning {
            approval,
            amp,
            settings,
            rules,
            run_folder,
            files,
            folder,
            watched,
            refusal,
        } = beginning;
        let program = helper::program(approval)?;
        let listening = Listening::open(run_folder, &program)?;
        let variables = Environment::from([
            (SOCKET.into(), listening.socket.clone().into()),
            (TOKEN.into(), listening.token.clone().into()),
        ]);
        let mut own = files;
        own.push(program.clone());
        let paths = watched.into_iter().chain(own.iter().cloned()).collect();
        let (opinions, gathering) = Opinions::gather(amp.clone(), settings);
        let (agent, started) = watch::channel(None);
        let shared = Arc::new(Shared::default());
        let host = Host {
            shared: Arc::clone(&shared),
            approval: approval.clone(),
            opinions,
            dialect: *amp.dialect(),
            folder: folder.to_path_buf(),
            control: tokio::sync::Mutex::new(Control::watch(paths)),
            own,
            refusal,
            agent: started,
        };
        let serving = tokio::spawn(listening.serve(Arc::new(host)));
        Ok(Self {
            shared,
            reconciler: Reconciler::new(amp.dialect(), deciding(settings, rules, amp)),
            agent,
            variables,
            tasks: vec![serving, gathering],
            held: false,
            told: false,
        })
    }

    /// Returns the variables that a helper needs.
    pub(crate) fn variables(&self) -> &Environment {
        &self.variables
    }

    /// Says which process the helpers' parent is.
    pub(crate) fn attach(&self, agent: u32) {
        self.agent.send_replace(Some(agent));
    }

    /// Lets the questions have their effect on the process.
    pub(crate) fn poll(&mut self, context: &Context<'_>, process: &mut Process) {
        self.shared.waker.register(context.waker());
        let state = self.shared.state();
        process.expect_silence(state.open > 0);
        if self.told {
            return;
        }
        if state.bypass.is_some() {
            self.told = true;
            process.begin_kill();
        } else if state.stop {
            self.told = true;
            process.begin_stop();
        } else if state.held > 0 && !self.held {
            // A CLI that cannot be signalled is about to end.
            #[cfg(unix)]
            let _ = process.pause();
            self.held = true;
        } else if state.held == 0 && self.held {
            #[cfg(unix)]
            let _ = process.resume();
            self.held = false;
        }
    }

    /// Tells whether the CLI stands still because a change is being asked about.
    pub(crate) fn holds(&self) -> bool {
        self.held
    }

    /// Holds a line against what was decided; tells whether the turn goes on.
    pub(crate) fn observe(&mut self, decoded: &Decoded) -> bool {
        let observed = {
            let mut state = self.shared.state();
            self.reconciler.observe(decoded, &mut state.decisions)
        };
        match observed {
            Ok(()) => true,
            Err(reason) => {
                self.shared.bypassed(reason);
                false
            }
        }
    }

    /// Takes what is to be recorded, one line of JSON each.
    pub(crate) fn take_notes(&self) -> Vec<Value> {
        std::mem::take(&mut self.shared.state().notes)
    }

    /// Returns how the run got round its questions, if it did.
    pub(crate) fn bypass(&self) -> Option<String> {
        self.shared.bypass()
    }

    /// Returns the calls that were refused.
    pub(crate) fn refused(&self) -> Vec<Decided> {
        self.shared.state().decisions.refused().cloned().collect()
    }
}

impl Drop for Supervision {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Returns the rules that decide in the run: the project's, which only restrict, and ours.
fn deciding(settings: &Effective, rules: &Value, amp: &Amp) -> Evaluator {
    let key = SettingsKey::PERMISSIONS.as_str();
    let projects = settings
        .values(key)
        .filter(|(file, _)| file.scope == SettingsScope::Workspace)
        .map(|(file, rules)| RuleList::from_value(RuleScope::Workspace, Some(&file.path), rules));
    let ours = RuleList::from_value(RuleScope::User, None, rules);
    let set = RuleSet::of(projects.chain([ours]).collect());
    Evaluator::new(set, amp.dialect())
}

/// What the questions and the turn tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    numbers: u64,
    open: usize,
    held: usize,
    stop: bool,
    bypass: Option<String>,
    decisions: Decisions,
    notes: Vec<Value>,
}

/// Something that counts until it is dropped.
pub(super) struct Counted<'a> {
    shared: &'a Shared,
    count: fn(&mut State) -> &mut usize,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        *(self.count)(&mut self.shared.state()) -= 1;
        self.shared.waker.wake();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counted(&self, count: fn(&mut State) -> &mut usize) -> Counted<'_> {
        *count(&mut self.state()) += 1;
        self.waker.wake();
        Counted {
            shared: self,
            count,
        }
    }

    fn note(&self, note: Value) {
        self.state().notes.push(note);
        self.waker.wake();
    }

    /// Returns the number of a new question.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.state();
        state.numbers += 1;
        state.numbers
    }

    /// Takes note that a question is open, until what this returns is dropped.
    pub(super) fn open(&self, question: &Question) -> Counted<'_> {
        self.note(json!({
            "asked": {
                "number": question.number,
                "concern": question.concern,
                "tool": question.tool,
                "arguments": question.arguments,
                "tool_use_id": question.tool_use_id,
                "thread": question.thread,
                "opinion": question.opinion.as_ref().map(|opinion| &opinion.reason),
            }
        }));
        self.counted(|state| &mut state.open)
    }

    /// Lets the CLI stand still, until what this returns is dropped.
    pub(super) fn hold(&self) -> Counted<'_> {
        self.counted(|state| &mut state.held)
    }

    /// Takes note of a decision, before the CLI hears of it.
    pub(super) fn decided(&self, decided: Decided) {
        self.note(json!({ "decided": decided }));
        self.state().decisions.push(decided);
    }

    /// Takes note of somebody who was not heard.
    pub(super) fn turn_away(&self, reason: &str) {
        self.note(json!({ "turned_away": reason }));
    }

    /// Returns how the run got round its questions, if it did.
    pub(super) fn bypass(&self) -> Option<String> {
        self.state().bypass.clone()
    }

    /// Cancels the turn.
    pub(super) fn stop(&self) {
        self.state().stop = true;
        self.waker.wake();
    }

    /// Ends the turn, because it got round its questions.
    pub(super) fn bypassed(&self, reason: String) {
        self.note(json!({ "bypassed": reason }));
        self.state().bypass.get_or_insert(reason);
        self.waker.wake();
    }
}
