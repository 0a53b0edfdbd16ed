//! `ampctl sessions open`: shows the thread of a session in the browser.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;

use amp_session::SessionRecord;
use serde::Serialize;

use crate::arguments::GlobalArguments;
use crate::command::credentials;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::{json, outliving};

pub(super) fn run(
    record: &SessionRecord,
    print: bool,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Some(thread) = &record.metadata().thread else {
        let id = &record.metadata().id;
        return Err(
            Failure::new(ExitCode::Usage, format!("session {id} has no thread"))
                .because("its agent ended before it named one"),
        );
    };
    let service = credentials::of(None, context).service_url().to_owned();
    let address = format!("{}/threads/{thread}", service.trim_end_matches('/'));
    let is_page = ["https://", "http://"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if global.json {
        #[derive(Serialize)]
        struct Document<'a> {
            address: &'a str,
        }
        json::write(&Document { address: &address }, &mut context.stdout)?;
    } else {
        writeln!(context.stdout, "{address}")?;
    }
    if print || !is_page {
        return Ok(ExitCode::Done);
    }
    open(&address, context).map_err(|error| {
        Failure::new(ExitCode::Failed, "no browser could be started")
            .caused_by(&error)
            .next("export BROWSER=PROGRAM", "names one")
            .next("ampctl sessions open --print …", "only prints the address")
    })?;
    Ok(ExitCode::Done)
}

/// Starts the browser.
fn open(address: &str, context: &Context) -> std::io::Result<()> {
    let opener = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let program = context.variable("BROWSER").unwrap_or(OsStr::new(opener));
    outliving::start(
        program,
        &[OsStr::new(address)],
        Stdio::null(),
        &context.environment,
        &context.directory,
    )
}
