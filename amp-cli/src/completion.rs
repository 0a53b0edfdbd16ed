//! What a shell may complete a word to: commands and options, and what this machine has of modes,
//! sessions and versions.
//!
//! The script of `ampctl completions` runs `ampctl` with a variable set and the words so far as
//! arguments.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory};
use clap_complete::env::{EnvCompleter, Shells};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::arguments::{Arguments, GlobalArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::runtime::interruptible;
use crate::sessions::{LAST, Sessions};
use crate::settings::Settings;
use crate::{amp_in_use, text};

/// The variable that a completion script sets to the name of its shell.
pub(crate) const VARIABLE: &str = "AMPCTL_COMPLETE";

/// How long Amp may take to say which modes it has; a person waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most sessions that are offered.
const MOST_SESSIONS: usize = 50;

/// Returns what speaks the language of a shell.
pub(crate) fn completer(shell: &str) -> Option<&'static dyn EnvCompleter> {
    const SHELLS: Shells<'static> = Shells::builtins();
    SHELLS.completer(shell)
}

/// Writes what the last of some words may become. The first of them is this program.
pub(crate) fn write(shell: &OsStr, words: &[OsString], context: &mut Context) -> io::Result<()> {
    let completer = shell.to_str().and_then(completer);
    let completer = completer.ok_or_else(|| io::Error::other("no such shell"))?;
    // What the script puts before the words ends with `--`.
    let begin = words.iter().position(|word| word == "--");
    let words = words[begin.map_or(words.len(), |index| index + 1)..].to_vec();
    let machine = Arc::new(Machine {
        environment: context.environment.clone(),
        directory: context.directory.clone(),
    });
    let mut command = Arguments::command();
    // What a command takes is not described before.
    command.build();
    let mut command = with_candidates(command, &machine);
    let mut candidates = Vec::new();
    completer.write_complete(
        &mut command,
        words,
        Some(&context.directory),
        &mut candidates,
    )?;
    context.stdout.write_all(&candidates)?;
    context.stdout.flush()
}

/// Gives the arguments whose values are found on this machine a way to find them.
fn with_candidates(command: Command, machine: &Arc<Machine>) -> Command {
    let of_argument = |argument: Arg| {
        let find: fn(&Machine) -> Result<Vec<Candidate>, Failure> = match argument.get_id().as_str()
        {
            "mode" => Machine::modes,
            "session" | "sessions" | "continued" => Machine::sessions,
            "version" | "versions" if argument.is_positional() => Machine::versions,
            _ => return argument,
        };
        let machine = Arc::clone(machine);
        argument.add(ArgValueCompleter::new(move |begun: &OsStr| {
            let begun = begun.to_string_lossy();
            // There is nobody to tell of what went wrong.
            let found = find(&machine).unwrap_or_default().into_iter();
            let fits = found.filter(|candidate| candidate.value.starts_with(&*begun));
            let of = |Candidate { value, help }| {
                CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.into()))
            };
            fits.take(MOST_SESSIONS).map(of).collect::<Vec<_>>()
        }))
    };
    command
        .mut_args(of_argument)
        .mut_subcommands(|command| with_candidates(command, machine))
}

/// Where candidates are found.
struct Machine {
    environment: BTreeMap<OsString, OsString>,
    directory: PathBuf,
}

struct Candidate {
    value: String,
    help: String,
}

impl Machine {
    fn context(&self) -> Context {
        Context::new(&self.directory).with_environment(self.environment.clone())
    }

    /// Returns the modes of the Amp in use that can be driven.
    fn modes(&self) -> Result<Vec<Candidate>, Failure> {
        let context = self.context();
        let settings = Settings::of(&GlobalArguments::default(), &context)?;
        let found = amp_in_use::find(&settings, &context)?;
        let modes = interruptible(&context.signals, async {
            let discovery = async {
                let amp = found.identify(None, &context).await?;
                Ok(amp.discover_modes().await?)
            };
            let modes = tokio::time::timeout(TIMEOUT, discovery).await;
            modes.unwrap_or_else(|_| Ok(Vec::new()))
        })?;
        let drivable = modes.into_iter().filter(|mode| mode.drivable);
        let of = |mode: amp_session::AgentMode| Candidate {
            value: mode.key.to_string(),
            help: mode.description.to_string(),
        };
        Ok(drivable.map(of).collect())
    }

    /// Returns the names of sessions, or the ids of those without one that needs no quotes.
    fn sessions(&self) -> Result<Vec<Candidate>, Failure> {
        let sessions = Sessions::open(&self.context())?;
        let mut candidates = vec![Candidate {
            value: LAST.to_owned(),
            help: "the session used last".to_owned(),
        }];
        for record in sessions.ledger().sessions()? {
            let metadata = record.metadata();
            let (name, title) = (metadata.name.as_deref(), metadata.title.as_deref());
            let (value, help) = match name.filter(|name| is_plain(name)) {
                Some(name) => (name, title),
                None => (metadata.id.as_str(), name.or(title)),
            };
            candidates.push(Candidate {
                value: value.to_owned(),
                help: text::one_line(help.unwrap_or_default()),
            });
        }
        Ok(candidates)
    }

    /// Returns the installed versions.
    fn versions(&self) -> Result<Vec<Candidate>, Failure> {
        let installed = amp_in_use::store(&self.context())?.list()?;
        let of = |entry: amp_bootstrap::Entry| Candidate {
            value: entry.version.to_string(),
            help: entry.version.release_date().to_string(),
        };
        Ok(installed.into_iter().map(of).collect())
    }
}

/// Tells whether every shell takes a word as it stands.
fn is_plain(word: &str) -> bool {
    let is_plain = |character: char| character.is_alphanumeric() || "-_.+".contains(character);
    !word.is_empty() && word.chars().all(is_plain)
}
