//! A report as JUnit XML.

use std::io::{self, Write};

use super::Report;
use crate::page::Escaped;

/// Writes a report as JUnit XML: a test case for each task that has a result or was begun.
pub(super) fn write(report: &Report, mut to: impl Write) -> io::Result<()> {
    let failures = report.results.iter().filter(|result| result.kind.is_some());
    let time = |milliseconds: u64| milliseconds as f64 / 1000.0;
    let total: u64 = report.results.iter().map(|result| result.wall_time).sum();
    writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        to,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" \
         time=\"{:.3}\">",
        Escaped(&report.name),
        report.done + report.open.len(),
        failures.count(),
        report.open.len(),
        time(total)
    )?;
    for result in &report.results {
        write!(
            to,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            Escaped(&report.name),
            Escaped(&result.id),
            time(result.wall_time)
        )?;
        match (&result.kind, &result.message) {
            (Some(kind), message) => writeln!(
                to,
                "><failure type=\"{}\" message=\"{}\"/></testcase>",
                Escaped(kind),
                text(message.as_deref().unwrap_or_default())
            )?,
            _ => writeln!(to, "/>")?,
        }
    }
    for (id, how) in &report.open {
        writeln!(
            to,
            "  <testcase classname=\"{}\" name=\"{}\"><skipped message=\"{how}\"/></testcase>",
            Escaped(&report.name),
            Escaped(id)
        )?;
    }
    writeln!(to, "</testsuite>")
}

/// Returns text on one line for an attribute, without what XML has no place for.
fn text(text: &str) -> String {
    let text = crate::text::one_line(text);
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    Escaped(&text).to_string()
}
