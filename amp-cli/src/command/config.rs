//! `ampctl config`: what is set, and where.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::arguments::{ConfigCommand, GlobalArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::{Files, Setting, Settings};
use crate::style::Style;
use crate::text::columns;

/// Runs the chosen command.
pub(super) fn run(
    command: &ConfigCommand,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Show => show(global, context),
    }
}

fn show(global: &GlobalArguments, context: &mut Context) -> Result<ExitCode, Failure> {
    // Here it asks for the report in JSON, and sets nothing.
    let without_json = GlobalArguments {
        json: false,
        ..global.clone()
    };
    let settings = Settings::of(&without_json, context)?;
    let files = Files::find(global.config.as_deref(), context)?;
    let is_there = |path: Option<PathBuf>| path.filter(|path| path.is_file());
    let document = Document {
        settings: settings.places.settings(),
        files: FilesRead {
            project: files.project,
            user: is_there(files.user),
            not_read: files.foreign_project,
        },
    };
    if global.json {
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    let style = settings.color.style(context, &context.stdout);
    write_settings(&document.settings, style, &mut context.stdout)?;
    if let Some(path) = &document.files.not_read {
        let note = style.warning("note:");
        let path = path.display();
        writeln!(
            context.stderr,
            "{note} {path} is not read: it is no file of yours"
        )?;
    }
    Ok(ExitCode::Done)
}

/// What is set, as data.
#[derive(Serialize)]
struct Document {
    settings: Vec<Setting>,
    files: FilesRead,
}

/// The configuration files that were read.
#[derive(Serialize)]
struct FilesRead {
    project: Option<PathBuf>,
    user: Option<PathBuf>,
    not_read: Option<PathBuf>,
}

/// Writes one line for each setting: its key, its value, and the place that it comes from.
pub(super) fn write_settings(
    settings: &[Setting],
    style: Style,
    mut to: impl Write,
) -> std::io::Result<()> {
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let keys = width(&mut settings.iter().map(|setting| setting.key.len()));
    let values = width(&mut settings.iter().map(|one| columns(&in_words(&one.value))));
    for Setting { key, value, from } in settings {
        let value = in_words(value);
        let room = " ".repeat(values - columns(&value));
        writeln!(to, "{key:<keys$}  {value}{room}  {}", style.dim(from))?;
    }
    Ok(())
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(in_words).collect();
            values.join(", ")
        }
        other => other.to_string(),
    }
}
