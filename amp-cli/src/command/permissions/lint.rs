//! `ampctl permissions lint`.

use std::io::Write;

use amp_session::permission::{Finding, RuleScope, RuleSet, Severity, lint};
use amp_session::{AmpVersion, BUILDS, Dialect, Effective};
use serde::Serialize;

use super::judge;
use crate::arguments::{GlobalArguments, LintArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::settings::Settings;

/// The object that `--json` writes.
#[derive(Serialize)]
struct Document<'a> {
    build: &'a str,
    findings: &'a [Finding],
}

pub(super) fn run(
    arguments: &LintArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let build = match &arguments.build {
        Some(build) => AmpVersion::new(build),
        None => AmpVersion::new(BUILDS[BUILDS.len() - 1].version),
    };
    let dialect = Dialect::for_version(&build);
    let mut findings = Vec::new();
    for set in sets(arguments, &build, context)? {
        findings.extend(lint(&set, &dialect));
    }
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let code = if wrong {
        ExitCode::Failed
    } else {
        ExitCode::Done
    };
    if global.json {
        let build = build.as_str();
        let document = Document {
            build,
            findings: &findings,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(code);
    }
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    for finding in &findings {
        let word = match finding.severity {
            Severity::Error => style.error("error"),
            _ => style.warning("warning"),
        };
        let check = style.dim(finding.check.id());
        let (place, message) = (place_of(finding), &finding.message);
        writeln!(context.stdout, "{place}: {word}: {message} {check}")?;
        if let Some(safer) = &finding.safer {
            writeln!(context.stdout, "  {} {safer}", style.dim("rather:"))?;
        }
    }
    Ok(code)
}

/// Each file is looked at for itself, the settings together.
fn sets(
    arguments: &LintArguments,
    build: &AmpVersion,
    context: &Context,
) -> Result<Vec<RuleSet>, Failure> {
    if arguments.files.is_empty() {
        let settings = Effective::read(&context.environment, &context.directory, None);
        return Ok(vec![RuleSet::in_force(&settings.as_read_by(build))]);
    }
    let read = arguments.files.iter().map(|path| {
        let file = judge::read(RuleScope::User, path, context)?;
        let mut set = RuleSet::of(vec![file.list]);
        if file.allow_all {
            set.allow_all = Some(format!("amp.dangerouslyAllowAll in {}", path.display()));
        }
        Ok(set)
    });
    read.collect()
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
