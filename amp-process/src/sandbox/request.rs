//! What is asked for: a policy, enforced in full or as far as it goes.

use super::policy::Policy;

/// A policy, and what happens when it cannot be enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    policy: Policy,
    best_effort: bool,
    backend: Option<Backend>,
}

/// What makes the namespaces of a sandbox, and the view of files in them. Linux alone has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The shim itself, on Linux 5.12 or newer.
    Namespaces,
    /// Bubblewrap, which a system may let do what others may not: by a profile of AppArmor, for
    /// instance, or as a setuid program.
    Bubblewrap,
}

impl Backend {
    /// Returns the name, such as `namespaces`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Bubblewrap => "bubblewrap",
        }
    }
}

impl Sandbox {
    /// Asks for a policy to be enforced in full, or for the program not to be started.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            best_effort: false,
            backend: None,
        }
    }

    /// Asks for as much of the policy as can be had; [`SandboxStatus::layers`](super::SandboxStatus::layers) tells what
    /// is missing.
    #[must_use]
    pub fn best_effort(mut self) -> Self {
        self.best_effort = true;
        self
    }

    /// Asks for one backend alone. Otherwise it is the shim itself, and bubblewrap where that is let
    /// do more.
    #[must_use]
    pub fn with_backend(mut self, backend: Backend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Returns the backend that was asked for.
    #[must_use]
    pub fn backend(&self) -> Option<Backend> {
        self.backend
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
