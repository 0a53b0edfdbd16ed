//! What the rules at hand say about a call, for the one who is asked.

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::amp::Amp;
use crate::permission::{Evaluator, Opinion, RuleSet, ToolCall};
use crate::settings::Effective;

/// The user's and the project's rules and those of the CLI, which is asked for them once, beside
/// the run.
#[derive(Debug, Clone)]
pub(super) struct Opinions(watch::Receiver<Option<Evaluator>>);

impl Opinions {
    /// Asks the CLI for its own rules; the task ends by itself.
    pub(super) fn gather(amp: Amp, settings: &Effective) -> (Self, tokio::task::JoinHandle<()>) {
        let (found, wanted) = watch::channel(None);
        let rules = RuleSet::in_force(settings);
        let task = tokio::spawn(async move {
            let rules = match amp.built_in_rules().await {
                Ok(built_in) => rules.with_built_in(built_in),
                Err(_) => rules.without_built_in(),
            };
            // Nobody wants it any more when the run is over.
            let _ = found.send(Some(Evaluator::new(rules, amp.dialect())));
        });
        (Self(wanted), task)
    }

    /// Returns what the rules say; `None` when they could not be had.
    pub(super) async fn about(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Option<Opinion> {
        let mut wanted = self.0.clone();
        let evaluator = wanted.wait_for(Option::is_some).await.ok()?;
        let call = ToolCall {
            tool,
            arguments,
            context: None,
        };
        evaluator.as_ref().map(|evaluator| evaluator.run(&call))
    }
}
