//! A report as a page: one file without scripts.

use std::io::{self, Write};

use super::{Report, took};
use crate::page::Escaped;
use crate::text::tokens;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #8884;vertical-align:top}td.n{text-align:right}\
.ok{color:#080}.bad{color:#b00}code{font-size:.9em}:root{color-scheme:light dark}";

/// Writes a report as a page. Everything that agents wrote is text in it, never markup.
pub(super) fn write(report: &Report, mut to: impl Write) -> io::Result<()> {
    write!(
        to,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Batch {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Batch {name}</h1>\n<p>{summary}</p>\n\
         <table>\n<tr><th>task<th>status<th>time<th>tokens<th>files<th>what\n",
        name = Escaped(&report.name),
        summary = Escaped(&report.summary()),
    )?;
    for result in &report.results {
        let (class, what) = match (&result.message, &result.text) {
            (Some(message), _) => ("bad", message.as_str()),
            (None, text) => ("ok", text.as_deref().unwrap_or_default()),
        };
        let files = result.work.as_ref().map_or(0, |work| work.files.len());
        writeln!(
            to,
            "<tr><td><code>{}</code><td class=\"{class}\">{}<td class=\"n\">{}<td class=\"n\">{}\
             <td class=\"n\">{files}<td>{}",
            Escaped(&result.id),
            result.status.name(),
            took(result),
            tokens(result.usage.tokens()),
            Escaped(what),
        )?;
    }
    for (id, how) in &report.open {
        writeln!(
            to,
            "<tr><td><code>{}</code><td>{how}<td><td><td><td>",
            Escaped(id)
        )?;
    }
    writeln!(to, "</table>\n</body>\n</html>")
}
