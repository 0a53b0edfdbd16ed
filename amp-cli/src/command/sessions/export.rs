//! `ampctl sessions export`.

use std::io::{BufWriter, Write};
use std::path::Path;

use amp_session::{Effective, Redaction, SessionRecord, TakenOut};

use super::list::title;
use crate::arguments::ExportFormat;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::page::write_page;

pub(in crate::command) fn run(
    record: &SessionRecord,
    format: ExportFormat,
    to: Option<&Path>,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let Some(path) = to.map(|path| context.resolve(path)) else {
        let mut stdout = BufWriter::new(context.stdout.clone());
        write(record, format, &mut stdout, context)?;
        return Ok(ExitCode::Done);
    };
    let unwritable = || {
        Failure::new(
            ExitCode::Failed,
            format!("{} could not be written", path.display()),
        )
        .next(
            format!("ampctl sessions export {} > FILE", record.metadata().id),
            "writes to another place",
        )
    };
    // An earlier export is not overwritten by surprise.
    let file = std::fs::File::create_new(&path).map_err(|error| unwritable().caused_by(&error))?;
    write(record, format, &mut BufWriter::new(file), context)?;
    Ok(ExitCode::Done)
}

fn write(
    record: &SessionRecord,
    format: ExportFormat,
    to: &mut impl Write,
    context: &mut Context,
) -> Result<(), Failure> {
    match format {
        ExportFormat::Markdown => record.export(amp_session::ExportFormat::Markdown, to)?,
        ExportFormat::Html => {
            let settings = Effective::read(&context.environment, &context.directory, None);
            let redaction = Redaction::new(&context.environment, &settings);
            let taken_out = write_page(record, &title(record.metadata()), redaction, to)?;
            for TakenOut { what, count, .. } in taken_out {
                writeln!(context.stderr, "taken out: {what} ({count})")?;
            }
        }
        ExportFormat::Json => record.export(amp_session::ExportFormat::Json, to)?,
        ExportFormat::StreamJson => {
            for turn in record.turns()? {
                for line in turn.lines()? {
                    let line = line?;
                    to.write_all(line.bytes())?;
                    to.write_all(b"\n")?;
                }
            }
        }
    }
    Ok(to.flush()?)
}
