//! `PERFORMANCE.md`: its tables and pictures are written from one run.
//!
//! A table stands between two comments that name it; the words around it are written by hand.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use fixtures::benchmark::Row;

use super::picture;
use crate::benchmark_rows::number;

const PAGE: &str = "PERFORMANCE.md";

/// Where the pictures lie.
const PICTURES: &str = "performance";

/// The name of the table that says what was measured on.
const MACHINE: &str = "machine";

/// Writes the rows of each table, by its name, and a picture of each growth.
///
/// # Errors
/// When the page has no place for a table, or cannot be written.
pub(super) fn write(tables: &[(&str, Vec<Row>)]) -> Result<()> {
    let root = crate::workspace_root();
    let path = root.join(PAGE);
    let mut page = fs::read_to_string(&path)?;
    page = replaced(&page, MACHINE, &machine()?)?;
    for (name, rows) in tables {
        let mut text = String::new();
        for picture in picture::growths(rows)? {
            let path = format!("{PICTURES}/{}.svg", picture.name);
            fs::create_dir_all(root.join(PICTURES))?;
            fs::write(root.join(&path), picture.svg)?;
            writeln!(text, "![{}]({path})", picture.title)?;
        }
        page = replaced(&page, name, &format!("{text}\n{}", table(rows)))?;
    }
    Ok(fs::write(path, page)?)
}

/// Returns the page with another text in the place of that name.
fn replaced(page: &str, name: &str, text: &str) -> Result<String> {
    let begin = format!("<!-- {name} -->\n");
    let missing = || format!("{PAGE} has no place for `{name}`");
    let (before, rest) = page.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once("<!-- end -->").with_context(missing)?;
    Ok(format!(
        "{before}{begin}\n{}\n\n<!-- end -->{after}",
        text.trim()
    ))
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from("| what | ours | beside | it takes | ours to it | bar | |\n");
    table.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        let holds = match row.holds {
            Some(true) => "holds",
            Some(false) => "**missed**",
            None => "",
        };
        let cells = [
            row.name.clone(),
            format!("{} {}", number(row.ours), row.unit),
            row.against.clone(),
            number(row.other),
            number(row.ratio),
            row.bar.clone().unwrap_or_default(),
            holds.to_owned(),
        ];
        let cells = cells.map(|cell| cell.replace('|', "&#124;"));
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

/// Says which machine this is.
fn machine() -> Result<String> {
    let line = |path: &str, name: &str| -> Result<String> {
        let text = fs::read_to_string(path)?;
        let line = text.lines().find(|line| line.starts_with(name));
        let (_, value) = line
            .and_then(|line| line.split_once(':'))
            .context("no such line")?;
        Ok(value.trim().to_owned())
    };
    let memory = line("/proc/meminfo", "MemTotal")?;
    let memory: f64 = memory.trim_end_matches(" kB").parse()?;
    let processors = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "The machine: {}, {processors} processors, {:.0} GiB, Linux {}.",
        line("/proc/cpuinfo", "model name")?,
        memory / (1 << 20) as f64,
        kernel.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let page = "before\n<!-- a -->\nold\n<!-- end -->\nbetween\n<!-- b -->\n<!-- end -->\n";
        let page = replaced(page, "a", "new\n").unwrap();
        let expected =
            "before\n<!-- a -->\n\nnew\n\n<!-- end -->\nbetween\n<!-- b -->\n<!-- end -->\n";
        assert_eq!(page, expected);
        assert!(replaced(&page, "c", "new").is_err());
    }
}
