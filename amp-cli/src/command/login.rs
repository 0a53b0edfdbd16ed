//! `ampctl login`: Amp's own login, with its address shown and its code asked for.

use std::io::Write;
use std::time::Duration;

use amp_session::{Credentials, Effective};

use super::credentials::{self, note_stronger_key};
use crate::arguments::{GlobalArguments, LoginArguments};
use crate::context::{Context, Input};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime::{interruptible, on_a_thread};
use crate::settings::Settings;
use crate::{amp_in_use, keyboard};

/// How long a person may take, as long as Amp itself waits (every version of 2026).
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Runs `ampctl login`.
pub(super) fn run(
    arguments: &LoginArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let settings = Settings::about(arguments.amp.clone(), global, context)?;
    let credentials = credentials::of(None, context);
    let timeout = arguments.timeout.map_or(TIMEOUT, Into::into);
    let input = std::mem::replace(&mut context.stdin, Input::empty());
    let mut stderr = context.stderr.clone();
    let found = amp_in_use::find(&settings, context)?;
    interruptible(&context.signals, async {
        let amp = found.identify(None, context).await?;
        let mut login = amp.begin_login(credentials.service(), timeout).await?;
        writeln!(
            stderr,
            "Open this address, log in, and paste the code that you get:\n\n  {}\n",
            login.url()
        )?;
        stderr.flush()?;
        let code = tokio::select! {
            // The browser has brought the key, or Amp has given up.
            done = login.finish() => return Ok(done?),
            code = read_code(input) => code?,
        };
        login.enter(&code).await?;
        Ok(login.finish().await?)
    })?;
    make_sure(context)?;
    if !global.quiet {
        writeln!(context.stderr, "logged in to {}", credentials.service_url())?;
        note_stronger_key(context)?;
    }
    Ok(ExitCode::Done)
}

/// Reads the code: from a terminal without showing it, for there is a key in it, or from a pipe.
async fn read_code(mut input: Input) -> Result<String, Failure> {
    let unreadable = || no_code("the code could not be read");
    let line = if input.is_terminal() {
        keyboard::hidden_line("Code (not shown): ").await
    } else {
        on_a_thread(move || input.read_line()).await.flatten()
    };
    let line = line.map_err(|error| unreadable().caused_by(&error))?;
    match line.trim() {
        "" => Err(no_code("no code was given")),
        code => Ok(code.to_owned()),
    }
}

fn no_code(what: &str) -> Failure {
    Failure::new(ExitCode::Usage, what)
        .next("ampctl login", "asks for it on a terminal")
        .next("ampctl credentials set", "stores a key instead")
}

/// Makes sure that the key is where a run will look for it.
fn make_sure(context: &Context) -> Result<(), Failure> {
    let environment = context.environment_without_key();
    let settings = Effective::read(&environment, &context.directory, None);
    Credentials::new(&environment, &settings)
        .check()
        .map_err(|error| {
            Failure::new(
                ExitCode::Failed,
                "Amp says that it has logged in, but a run would find no key",
            )
            .caused_by(&error)
            .next(
                "ampctl credentials status -v",
                "shows every place that was looked at",
            )
        })
}
