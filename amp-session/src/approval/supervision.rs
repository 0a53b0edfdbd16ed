//! A turn whose calls are asked about: what its stream, its questions and its end have to do with
//! one another.

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use amp_process::{ContainmentKind, Process};
use amp_protocol::Decoded;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::beginning::Beginning;
use super::bridge::{Host, Listening};
use super::control::Control;
use super::decided::Decided;
use super::decisions::Reconciler;
use super::helper;
use super::note::ApprovalNote;
use super::opinion::Opinions;
use super::peer::Agent;
use super::plugin::Plugin;
use super::protocol::{HOST, SOCKET, TOKEN};
use super::rules::deciding;
use super::second_lock::SecondLock;
use super::shared::Shared;
use crate::dialect::Feature;
use crate::environment::Environment;
use crate::error::Error;
use crate::permission::Evaluator;

/// How long the questions of processes that are gone may take to be noticed as such.
const SETTLING: Duration = Duration::from_secs(1);

/// The questions of a turn; dropping it closes the socket, so that every open question is refused.
#[derive(Debug)]
pub(crate) struct Supervision {
    shared: Arc<Shared>,
    reconciler: Reconciler,
    agent: watch::Sender<Option<Agent>>,
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
            environment,
            folder,
            memory,
            watched,
            refusal,
        } = beginning;
        let evaluator = || Evaluator::new(deciding(settings, rules), amp.dialect());
        let program = helper::program(approval)?;
        let listening = Listening::open(run_folder, &program)?;
        let mut variables = Environment::from([
            (SOCKET.into(), listening.socket.clone().into()),
            (TOKEN.into(), listening.token.clone().into()),
            (HOST.into(), listening.host.clone().into()),
        ]);
        let mut own = files;
        own.push(listening.socket.clone());
        own.push(program.clone());
        let mut lock = None;
        if amp.dialect().supports(Feature::Plugins) {
            let plugin = Plugin::install(run_folder, environment).map_err(Error::RunFiles)?;
            own.push(plugin.file);
            variables.extend(plugin.variables);
            lock = Some(SecondLock::new(evaluator()));
        }
        let kept = memory.file_of_folder().map(Path::to_path_buf);
        let paths = watched.into_iter().chain(kept);
        let paths = paths.chain(own.iter().cloned()).collect();
        let (opinions, gathering) = Opinions::gather(amp.clone(), settings);
        let (agent, started) = watch::channel(None);
        let shared = Arc::new(Shared::default());
        let host = Host {
            shared: Arc::clone(&shared),
            approval: approval.clone(),
            opinions,
            dialect: *amp.dialect(),
            folder: folder.to_path_buf(),
            memory,
            control: tokio::sync::Mutex::new(Control::watch(paths)),
            own,
            refusal,
            lock,
            agent: started,
        };
        let serving = tokio::spawn(listening.serve(Arc::new(host)));
        Ok(Self {
            shared,
            reconciler: Reconciler::new(amp.dialect(), evaluator()),
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
    pub(crate) fn attach(&self, process: &Process) {
        self.agent.send_replace(Some(Agent {
            id: process.id(),
            namespaces: usize::from(process.containment() == ContainmentKind::Namespace),
        }));
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

    /// Takes what is to be told and recorded.
    pub(crate) fn take_notes(&self) -> Vec<ApprovalNote> {
        std::mem::take(&mut self.shared.state().notes)
    }

    /// Returns how the run bypassed its questions, if it did.
    pub(crate) fn bypass(&self) -> Option<String> {
        self.shared.bypass()
    }

    /// Tells whether an answer has cancelled the turn.
    pub(crate) fn is_stopped(&self) -> bool {
        self.shared.is_stopped()
    }

    /// Waits until no question is open, for those who have seen the processes end that asked; an
    /// end that is not noticed is not waited for long.
    pub(crate) async fn settled(&self) {
        let none_is_open = std::future::poll_fn(|context| {
            self.shared.waker.register(context.waker());
            match self.shared.state().open {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        let _ = tokio::time::timeout(SETTLING, none_is_open).await;
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
