//! What is asked for: a policy, enforced in full or as far as it goes.

use super::policy::Policy;

/// A policy, and what happens when it cannot be enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    policy: Policy,
    best_effort: bool,
}

impl Sandbox {
    /// Asks for a policy to be enforced in full, or for the program not to be started.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            best_effort: false,
        }
    }

    /// Asks for as much of the policy as can be had; [`SandboxStatus::layers`](super::SandboxStatus::layers) tells what
    /// is missing.
    #[must_use]
    pub fn best_effort(mut self) -> Self {
        self.best_effort = true;
        self
    }

    /// Returns the policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns whether less than the whole policy will do.
    #[must_use]
    pub fn is_best_effort(&self) -> bool {
        self.best_effort
    }
}
