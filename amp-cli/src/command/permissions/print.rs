//! Findings of the linter, for a person.

use std::io::{self, Write};

use amp_session::permission::{Finding, Severity};

use crate::style::Style;

/// Writes each finding in the form that compilers have, and what would do instead.
pub(super) fn write_findings(
    findings: &[Finding],
    style: Style,
    to: &mut impl Write,
) -> io::Result<()> {
    for finding in findings {
        let word = match finding.severity {
            Severity::Error => style.error("error"),
            _ => style.warning("warning"),
        };
        let check = style.dim(finding.check.id());
        let (place, message) = (place_of(finding), &finding.message);
        writeln!(to, "{place}: {word}: {message} {check}")?;
        if let Some(safer) = &finding.safer {
            writeln!(to, "  {} {safer}", style.dim("rather:"))?;
        }
    }
    Ok(())
}

fn place_of(finding: &Finding) -> String {
    let file = match &finding.file {
        Some(file) => file.display().to_string(),
        None => finding.scope.as_str().to_owned(),
    };
    match (finding.line, finding.number) {
        (Some(line), Some(number)) => format!("{file}:{line}: rule {number}"),
        (_, Some(number)) => format!("{file}: rule {number}"),
        _ => file,
    }
}
