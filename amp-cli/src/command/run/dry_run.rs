//! What a run would be, without running it.

use std::io::Write;
use std::path::Path;

use amp_session::{StandardInput, ThreadId};
use serde::Serialize;

use super::prepare::Prepared;
use crate::arguments::OutputFormat;
use crate::command::config::write_settings;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::{Setting, Settings};
use crate::style::Style;
use crate::{json, runtime};

/// Stands for a key that would be shown.
const HIDDEN: &str = "[hidden]";

/// What would run, as data: variables and files by name alone, and no key.
#[derive(Serialize)]
struct Document<'a> {
    program: &'a Path,
    arguments: Vec<String>,
    version: &'a str,
    directory: Option<&'a Path>,
    /// The thread to continue.
    thread: Option<&'a str>,
    service: &'a str,
    /// Set for the agent beside the variables that are there.
    variables: Vec<String>,
    /// Written before the start and removed afterwards.
    files: Vec<String>,
    /// How long the prompt is, which goes to standard input.
    prompt_bytes: usize,
    sandboxed: bool,
    settings: Vec<Setting>,
}

/// Shows what would run.
///
/// # Errors
/// Fails where the run would be refused.
pub(super) fn show(
    prepared: Prepared,
    settings: &Settings,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Prepared {
        prompt,
        config,
        thread,
        amp: found,
        ..
    } = prepared;
    let amp = runtime::interruptible(
        &context.signals,
        found.identify(config.sandbox.as_ref(), context),
    )?;
    let is_sandboxed = config.sandbox.is_some();
    let directory = config.working_directory.clone();
    let session = match thread.clone() {
        Some(thread) => amp.resume(thread, config)?,
        None => amp.start(config)?,
    };
    session.preflight()?;
    let invocation = session.preview(prompt)?;
    session.sandbox()?;
    let arguments = amp.leading_arguments().iter().chain(&invocation.arguments);
    let key = context
        .variable("AMP_API_KEY")
        .map(|key| key.to_string_lossy());
    let shown = |text: String| match &key {
        Some(key) => text.replace(key.as_ref(), HIDDEN),
        None => text,
    };
    let credentials = session.credentials();
    let variables = invocation.variables.keys();
    let files = invocation
        .files
        .iter()
        .filter_map(|file| file.path.file_name());
    let document = Document {
        program: amp.executable(),
        arguments: arguments
            .map(|argument| shown(argument.to_string_lossy().into_owned()))
            .collect(),
        version: amp.version().as_str(),
        directory: directory.as_deref(),
        thread: thread.as_ref().map(ThreadId::as_str),
        service: credentials.service_url(),
        variables: variables
            .map(|name| name.to_string_lossy().into_owned())
            .collect(),
        files: files
            .map(|name| name.to_string_lossy().into_owned())
            .collect(),
        prompt_bytes: match &invocation.standard_input {
            StandardInput::Text(text) => text.len(),
            _ => 0,
        },
        sandboxed: is_sandboxed,
        settings: settings.places.settings(),
    };
    if settings.output == OutputFormat::Json {
        json::write(&document, &mut context.stdout)?;
    } else {
        let style = settings.color.style(context, &context.stdout);
        document.write_text(style, &mut context.stdout)?;
    }
    Ok(ExitCode::Done)
}

impl Document<'_> {
    fn write_text(&self, style: Style, mut to: impl Write) -> std::io::Result<()> {
        let or_none = |texts: &[String]| match texts {
            [] => "none".to_owned(),
            texts => texts.join(" "),
        };
        let directory = self.directory.map(|folder| folder.display().to_string());
        let facts = [
            ("program", self.program.display().to_string()),
            ("version", self.version.to_owned()),
            ("arguments", or_none(&self.arguments)),
            ("directory", directory.unwrap_or_default()),
            ("thread", self.thread.unwrap_or("a new one").to_owned()),
            ("service", self.service.to_owned()),
            ("variables", or_none(&self.variables)),
            ("files", or_none(&self.files)),
            (
                "prompt",
                format!("{} bytes on standard input", self.prompt_bytes),
            ),
            (
                "sandbox",
                if self.sandboxed { "yes" } else { "no" }.to_owned(),
            ),
        ];
        for (name, fact) in facts {
            writeln!(to, "{}  {fact}", style.strong(format!("{name:<9}")))?;
        }
        writeln!(to)?;
        write_settings(&self.settings, style, to)
    }
}
