//! Both who ask about a call: the rule's helper and the plugin. Neither is answered alone.
//!
//! The builds of 2026-07-15 and 2026-09-23 ask both at once and wait for both; either can refuse.
//! The helper knows no id, so two that ask about the same tool with the same arguments belong
//! together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::peer::Identity;
use crate::permission::{Decision, Evaluator, ToolCall};

/// How long one waits for the other; a build gives a plugin ten seconds to load.
const MEETING: Duration = Duration::from_secs(15);

/// How often a build may load the plugin before the first call.
const MOST_PLUGINS: usize = 4;

/// What a plugin says of a call.
#[derive(Debug, serde::Deserialize)]
pub(super) struct PluginCall {
    pub(super) number: u64,
    pub(super) tool: String,
    pub(super) tool_use_id: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) arguments: Map<String, Value>,
}

/// A plugin that waits for what is decided about its call.
#[derive(Debug)]
pub(super) struct Partner {
    pub(super) tool_use_id: Option<String>,
    verdict: oneshot::Sender<Option<String>>,
}

/// A plugin that waits, and what tells it that its helper has come.
type Offer = (oneshot::Sender<()>, Partner);

impl Partner {
    /// Tells the plugin why the call is refused, or that it is not.
    pub(super) fn answer(self, refused: Option<String>) {
        // A plugin that is gone lets nothing run.
        let _ = self.verdict.send(refused);
    }
}

/// What two ask about who belong together.
type Call = (String, Map<String, Value>);

#[derive(Debug, Default)]
struct Waiting {
    helpers: Vec<(Call, oneshot::Sender<Offer>)>,
    plugins: Vec<(Call, Offer)>,
    /// How many plugins have come, and how many of them are there.
    began: usize,
    present: usize,
    /// Whether a call was asked about, after which nothing else is taken for the plugin.
    asked: bool,
}

/// Where the two meet.
#[derive(Debug)]
pub(super) struct SecondLock {
    waiting: Mutex<Waiting>,
    /// What decides without a question.
    rules: Evaluator,
    /// What the plugin runs: by default what the CLI runs.
    pub(super) program: Option<Identity>,
    /// How long one waits for the other.
    pub(super) meeting: Duration,
}

impl SecondLock {
    pub(super) fn new(rules: Evaluator) -> Self {
        Self {
            waiting: Mutex::default(),
            rules,
            program: None,
            meeting: MEETING,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the plugin of the run, which is loaded before any tool can run.
    ///
    /// The build of 2026-09-23 loads it twice when it continues a thread, and asks the later one. Once
    /// a call was asked about, there is no second one: a tool may have run that plays it.
    pub(super) fn begin(&self) -> bool {
        let mut waiting = self.waiting();
        let is_taken = waiting.began == 0 || (!waiting.asked && waiting.began < MOST_PLUGINS);
        if is_taken {
            waiting.began += 1;
            waiting.present += 1;
        }
        is_taken
    }

    /// Takes note that a plugin is gone: without one, nothing that waits for it will be allowed.
    pub(super) fn end(&self) {
        let mut waiting = self.waiting();
        waiting.present = waiting.present.saturating_sub(1);
        if waiting.present == 0 {
            waiting.helpers.clear();
        }
    }

    /// Waits for the plugin to ask about a call of the helper.
    pub(super) async fn helper_asks(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Option<Partner> {
        let call = (tool.to_owned(), arguments.clone());
        let (sender, receiver) = oneshot::channel();
        let found = {
            let mut waiting = self.waiting();
            waiting.asked = true;
            if waiting.began > 0 && waiting.present == 0 {
                return None;
            }
            waiting.plugins.retain(|(_, (met, _))| !met.is_closed());
            let position = waiting.plugins.iter().position(|(other, _)| *other == call);
            let found = position.map(|position| waiting.plugins.swap_remove(position).1);
            if found.is_none() {
                waiting.helpers.push((call, sender));
            }
            found
        };
        let (met, partner) = match found {
            Some(offer) => offer,
            None => timeout(self.meeting, receiver).await.ok()?.ok()?,
        };
        // One that has stopped waiting has refused.
        met.send(()).ok()?;
        Some(partner)
    }

    /// Returns why a call of the plugin is refused, once that is decided.
    ///
    /// # Errors
    ///
    /// When the rule that asks has not asked, though no other rule decides.
    pub(super) async fn plugin_asks(&self, call: &PluginCall) -> Result<Option<String>, NotAsked> {
        self.waiting().asked = true;
        let judged = ToolCall {
            tool: &call.tool,
            arguments: &call.arguments,
            context: None,
        };
        if matches!(
            self.rules.run(&judged).decision,
            Decision::Allow | Decision::Reject
        ) {
            return Ok(None);
        }
        let (met, meeting) = oneshot::channel();
        let (verdict, decided) = oneshot::channel();
        let partner = Partner {
            tool_use_id: call.tool_use_id.clone(),
            verdict,
        };
        self.offer((call.tool.clone(), call.arguments.clone()), (met, partner));
        match timeout(self.meeting, meeting).await {
            Ok(Ok(())) => {}
            _ => return Err(NotAsked),
        }
        let taken_back = "the question was taken back".to_owned();
        Ok(decided.await.unwrap_or(Some(taken_back)))
    }

    fn offer(&self, call: Call, offer: Offer) {
        let mut waiting = self.waiting();
        waiting.helpers.retain(|(_, helper)| !helper.is_closed());
        let position = waiting.helpers.iter().position(|(other, _)| *other == call);
        let Some(position) = position else {
            waiting.plugins.push((call, offer));
            return;
        };
        let (_, helper) = waiting.helpers.swap_remove(position);
        if let Err(offer) = helper.send(offer) {
            waiting.plugins.push((call, offer));
        }
    }
}

/// The rule has not asked about a call that the plugin has asked about.
#[derive(Debug)]
pub(super) struct NotAsked;
