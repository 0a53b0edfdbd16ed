//! Rows of benchmarks as a table for people, or as JSON, and whether all bars hold.

use anyhow::{Result, ensure};
use fixtures::benchmark::Row;

const HEAD: [&str; 7] = ["", "what", "ours", "beside", "", "ours to it", "bar"];

/// Prints rows as a table, and fails as [`judge`] does.
///
/// # Errors
/// As said.
pub(crate) fn report_and_judge(rows: &[Row]) -> Result<()> {
    report(rows, false)?;
    judge(rows)
}

/// Prints rows as a table, or as JSON.
///
/// # Errors
/// When they cannot be written as JSON.
pub(crate) fn report(rows: &[Row], as_json: bool) -> Result<()> {
    crate::say(match as_json {
        true => serde_json::to_string_pretty(&serde_json::json!({ "rows": rows }))?,
        false => render(rows),
    });
    Ok(())
}

/// Fails when there is no row, and when a bar is missed.
///
/// # Errors
/// As said.
pub(crate) fn judge(rows: &[Row]) -> Result<()> {
    ensure!(!rows.is_empty(), "nothing was measured");
    let missed = rows.iter().filter(|row| row.holds == Some(false));
    let missed: Vec<&str> = missed.map(|row| row.name.as_str()).collect();
    ensure!(missed.is_empty(), "bars were missed: {}", missed.join(", "));
    Ok(())
}

/// Returns the rows as a table, each line with its verdict before it.
fn render(rows: &[Row]) -> String {
    let mut cells = vec![HEAD.map(str::to_owned)];
    cells.extend(rows.iter().map(cells_of));
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let lines: Vec<String> = cells.iter().map(line).collect();
    lines.join("\n")
}

fn cells_of(row: &Row) -> [String; 7] {
    let verdict = match row.holds {
        Some(true) => "ok",
        Some(false) => "!!",
        None => "",
    };
    let [least, most] = row.spread;
    [
        verdict.to_owned(),
        row.name.clone(),
        format!("{} {}", number(row.ours), row.unit),
        row.against.clone(),
        number(row.other),
        format!(
            "{:.2} ({least:.2} to {most:.2}), {:+.2}",
            row.ratio, row.more
        ),
        row.bar.clone().unwrap_or_default(),
    ]
}

/// Writes three digits that count, or all before the point.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use fixtures::benchmark::{Bar, Row};

    use super::render;

    #[test]
    fn a_row_tells_ours_beside_the_other_and_the_bar() {
        let rows = [
            Row::of("run", "ms", &[330.0], "cat | wc -l", &[165.0]).with_bar(Bar::RatioAtMost(1.4)),
            Row::of("peak", "MiB", &[7.5], "the bare agent", &[3.75]),
        ];
        insta::assert_snapshot!(render(&rows));
    }
}
