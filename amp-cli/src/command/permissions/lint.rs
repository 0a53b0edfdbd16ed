//! `ampctl permissions lint`.

use std::io::Write;

use amp_session::permission::{Finding, RuleScope, RuleSet, Severity, lint};
use amp_session::{AmpVersion, Dialect, Effective};
use serde::Serialize;

use super::build::{Build, ChosenBy};
use super::print::write_findings;
use super::{judge, sarif};
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
    chosen_by: ChosenBy,
    findings: &'a [Finding],
}

pub(super) fn run(
    arguments: &LintArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let build = Build::find(arguments.build.as_deref(), global, context)?;
    let dialect = Dialect::for_version(&build.version);
    let mut findings = Vec::new();
    for set in sets(arguments, &build.version, context)? {
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
        let document = Document {
            build: build.version.as_str(),
            chosen_by: build.chosen_by,
            findings: &findings,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(code);
    }
    if arguments.sarif {
        let log = sarif::log(&findings, build.version.as_str(), &context.directory);
        json::write(&log, &mut context.stdout)?;
        return Ok(code);
    }
    let style = Settings::of(global, context)?
        .color
        .style(context, &context.stdout);
    write_findings(&findings, style, &mut context.stdout)?;
    if !global.quiet {
        writeln!(context.stderr, "judged as by {}", build.in_words())?;
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
