//! What became of each trial, and the table it is printed as.

use std::fmt::Write;

use serde::Serialize;

/// One trial with one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The version's number.
    pub version: String,
    /// The trial's name.
    pub case: String,
    /// How it should end.
    pub expected: String,
    /// How it ended.
    pub got: String,
    /// Whether the two are the same.
    pub conforms: bool,
}

/// Returns the rows as a table.
#[must_use]
pub(super) fn render(rows: &[Row]) -> String {
    let head = ["version", "case", "expected", "got"];
    let cells = |row: &Row| {
        [&row.version, &row.case, &row.expected, &row.got].map(|cell| cell.chars().count())
    };
    let widths = rows
        .iter()
        .map(cells)
        .fold(head.map(str::len), |widest, row| {
            std::array::from_fn(|column| widest[column].max(row[column]))
        });
    let mut text = String::new();
    let mut line = |verdict: &str, cells: [&str; 4]| {
        let [version, case, expected, got] = widths;
        let _ = writeln!(
            text,
            "{verdict:<2}  {:version$}  {:case$}  {:expected$}  {:got$}",
            cells[0], cells[1], cells[2], cells[3]
        );
    };
    line("", head);
    for row in rows {
        let verdict = if row.conforms { "ok" } else { "!!" };
        line(verdict, [&row.version, &row.case, &row.expected, &row.got]);
    }
    let conforming = rows.iter().filter(|row| row.conforms).count();
    let _ = write!(text, "{conforming} of {} as expected", rows.len());
    text
}
