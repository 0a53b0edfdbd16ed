//! Permission rules: the setting `amp.permissions`, as data.
//!
//! The CLI walks an ordered list and the first rule that matches decides. What a rule may look
//! like was measured with `amp permissions test` on six builds of 2026.

mod condition;
mod problem;

pub use condition::{Condition, Conditions};
pub use problem::RuleProblem;

use crate::open_string::open_string;
use crate::wire_object::wire_object;

wire_object! {
    /// A rule that says what may be done with a tool.
    ///
    /// ```
    /// use amp_protocol::PermissionRule;
    ///
    /// let rule = PermissionRule::reject("Bash").with_match("cmd", "git push*");
    /// assert!(rule.problems().is_empty());
    /// assert_eq!(
    ///     serde_json::to_string(&rule).unwrap(),
    ///     r#"{"tool":"Bash","matches":{"cmd":"git push*"},"action":"reject"}"#,
    /// );
    /// ```
    pub struct PermissionRule {
        /// The tools it is about: a glob, in which `*` alone means every tool.
        "tool" => tool: required String,
        /// What the tool's arguments must look like; all of it must match.
        "matches" => matches: optional Conditions,
        /// What to do.
        "action" => action: required PermissionAction,
        /// Where the rule holds; everywhere when absent.
        "context" => context: optional PermissionContext,
        /// The program that decides, for `delegate` and no other action.
        "to" => to: optional String,
        /// What the model is told, for `reject` and no other action.
        "message" => message: optional String,
    }
}

impl PermissionRule {
    /// Makes a rule that lets a tool run.
    #[must_use]
    pub fn allow(tool: impl Into<String>) -> Self {
        Self::new(tool, PermissionAction::ALLOW)
    }

    /// Makes a rule that refuses a tool.
    #[must_use]
    pub fn reject(tool: impl Into<String>) -> Self {
        Self::new(tool, PermissionAction::REJECT)
    }

    /// Makes a rule that asks a person.
    ///
    /// A scripted run has nobody to ask: builds of 2026 end the run with an error, refuse the
    /// call, or hang.
    #[must_use]
    pub fn ask(tool: impl Into<String>) -> Self {
        Self::new(tool, PermissionAction::ASK)
    }

    /// Makes a rule that lets a program decide, named by path or found on `PATH`.
    #[must_use]
    pub fn delegate(tool: impl Into<String>, program: impl Into<String>) -> Self {
        let mut rule = Self::new(tool, PermissionAction::DELEGATE);
        rule.to = Some(program.into());
        rule
    }

    /// Adds a condition on one of the tool's arguments.
    #[must_use]
    pub fn with_match(
        mut self,
        argument: impl Into<String>,
        condition: impl Into<Condition>,
    ) -> Self {
        self.matches
            .get_or_insert_default()
            .push(argument, condition);
        self
    }

    /// Limits the rule to the thread itself or to subagents.
    #[must_use]
    pub fn with_context(mut self, context: PermissionContext) -> Self {
        self.context = Some(context);
        self
    }

    /// Says what the model is told when the rule refuses.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

open_string! {
    /// What a rule does with a tool call.
    pub struct PermissionAction {
        /// Lets it run.
        ALLOW = "allow",
        /// Refuses it.
        REJECT = "reject",
        /// Asks a person.
        ASK = "ask",
        /// Lets a program decide.
        DELEGATE = "delegate",
    }
}

open_string! {
    /// Where a rule holds.
    pub struct PermissionContext {
        /// In the thread itself.
        THREAD = "thread",
        /// In subagents.
        SUBAGENT = "subagent",
    }
}
