//! `ampctl completions`: a script that has a shell ask `ampctl` what a word may become.

use std::io::{self, Write};

use clap_complete::Shell;

use crate::completion::{VARIABLE, completer};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Has zsh complete the first word too: it reads a script from its `fpath` when that word is to be
/// completed, as the body of a function, and the script only defines another.
const ZSH_AUTOLOADED: &str = r#"
if [[ $funcstack[1] == _ampctl ]]; then
    _clap_dynamic_completer_ampctl "$@"
fi
"#;

pub(super) fn run(shell: Shell, context: &mut Context) -> Result<ExitCode, Failure> {
    let name = shell.to_string();
    let completer = completer(&name)
        .ok_or_else(|| io::Error::other(format!("no completion script for {name}")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "ampctl", "ampctl", "ampctl", &mut script)?;
    if shell == Shell::Zsh {
        script.extend_from_slice(ZSH_AUTOLOADED.as_bytes());
    }
    context.stdout.write_all(&script)?;
    Ok(ExitCode::Done)
}
