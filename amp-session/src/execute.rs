//! One prompt in one call, for short programs.

use std::path::PathBuf;

use amp_protocol::UserInput;

use crate::amp::Amp;
use crate::config::SessionConfig;
use crate::environment::{self, Environment, value};
use crate::error::Error;
use crate::turn::Turn;

/// Names the executable to run, for `ampctl` and the official SDKs as well.
const EXECUTABLE_VARIABLE: &str = "AMP_CLI_PATH";

/// Where [`execute`] finds Amp, and the options of the session.
#[derive(Debug, Clone)]
pub struct Options {
    amp: Amp,
    config: SessionConfig,
}

impl Options {
    /// Takes the environment of this process, once, now.
    ///
    /// It is the one place of the crate that reads any of it; [`new`](Self::new) reads nothing.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the caller asks for the environment of its process by this name"
    )]
    pub fn from_env() -> Self {
        Self::new(std::env::vars_os().collect())
    }

    /// Takes an environment: the agent will see it, and in it stands where Amp is.
    ///
    /// That is the executable that `AMP_CLI_PATH` names, or else the first `amp` in `PATH`. What a
    /// native one says of itself is kept in `$XDG_STATE_HOME/ampctl/answers`, or its default below
    /// the home folder, so that it is asked once and not before every prompt, which takes half a
    /// second; see [`Amp::with_answers_kept_in`].
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        let named = value(&environment, EXECUTABLE_VARIABLE).map(PathBuf::from);
        let executable = named.unwrap_or_else(|| "amp".into());
        let state = environment::state_folder(&environment);
        let mut amp = Amp::new(executable, "").with_environment(environment);
        if let Some(state) = state {
            amp = amp.with_answers_kept_in(state.join("answers"));
        }
        Self::of(amp)
    }

    /// Takes an executable and its environment; which version it is, it is asked each time, unless
    /// its answers are kept.
    #[must_use]
    pub fn of(amp: Amp) -> Self {
        Self {
            amp,
            config: SessionConfig::new(),
        }
    }

    /// Returns these options with a configuration of the session.
    #[must_use]
    pub fn with_config(mut self, config: SessionConfig) -> Self {
        self.config = config;
        self
    }
}

/// Asks the executable which Amp it is, then sends it a prompt, once, in a new thread.
///
/// A text is a prompt; a [`UserInput`] may hold [images](crate::image_from_bytes) as well.
///
/// Whoever has more than one prompt asks once, by [`Amp::probe`], and [starts](Amp::start) a
/// session.
///
/// # Errors
///
/// Nothing was sent when this fails: there is no Amp, a key is missing, or an option is not there.
pub async fn execute(prompt: impl Into<UserInput>, options: Options) -> Result<Turn, Error> {
    let amp = match &options.config.sandbox {
        Some(sandbox) => options.amp.with_questions_in_sandbox(sandbox.clone()),
        None => options.amp,
    };
    let amp = amp.probed().await?;
    amp.start(options.config)?.prompt(prompt).await
}
