//! `ampctl acp`: the agent for editors.

use super::login;
use crate::acp;
use crate::arguments::{AcpArguments, GlobalArguments, LoginArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

pub(super) fn run(
    arguments: &AcpArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    if arguments.login {
        let arguments = LoginArguments {
            timeout: None,
            amp: arguments.amp.clone(),
        };
        return login::run(&arguments, global, context);
    }
    if context.stdin.is_terminal() {
        let what = "ampctl acp speaks with an editor, and standard input is a terminal";
        return Err(Failure::new(ExitCode::Usage, what)
            .next("ampctl doctor", "says how to enter it in an editor")
            .next("ampctl run \"…\"", "gives the agent a prompt from here"));
    }
    acp::serve(arguments, global, context)
}
