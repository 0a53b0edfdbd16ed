//! A call from the command line, and the rules that judge it.

use std::path::Path;

use amp_session::permission::{Evaluator, RuleFile, RuleList, RuleScope, RuleSet, ToolCall};
use amp_session::protocol::PermissionContext;
use amp_session::{Amp, AmpVersion, Dialect, Effective};
use serde_json::{Map, Value};

use super::build::{Build, amp_if_any};
use crate::arguments::{GlobalArguments, JudgeArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;
use crate::runtime;

/// Options of `test` and `explain`, which an argument of the call may not be taken for.
const OPTIONS: [&str; 6] = ["json", "quiet", "rules", "builtin", "build", "arguments"];

/// A call and its judge.
pub(super) struct Judgement {
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) context: Option<PermissionContext>,
    pub(super) build: AmpVersion,
    pub(super) evaluator: Evaluator,
}

impl Judgement {
    /// Gathers everything that the arguments name.
    ///
    /// # Errors
    /// Fails when the call makes no sense, or a file of rules cannot be read as Amp would.
    pub(super) fn prepare(
        arguments: &JudgeArguments,
        global: &GlobalArguments,
        context: &Context,
    ) -> Result<Self, Failure> {
        let call_arguments = match &arguments.arguments {
            Some(json) => parse(json)?,
            None => from_words(&arguments.words, &OPTIONS)?,
        };
        let amp = amp_if_needed(arguments, global, context)?;
        let build = Build::choose(arguments.build.as_deref(), amp.as_ref()).version;
        let set = rules_of(arguments, &build, context)?;
        let set = match arguments.workspace {
            true => set.with_scope_alone(RuleScope::Workspace),
            false => set,
        };
        let set = match arguments.builtin.as_deref() {
            Some(none) if none == Path::new("none") => set,
            Some(file) => set.with_built_in(read(RuleScope::BuiltIn, file, context)?.list),
            None => with_built_in_of(amp.filter(|amp| *amp.version() == build), set, context)?,
        };
        Ok(Self {
            tool: arguments.tool.clone(),
            arguments: call_arguments,
            context: arguments.context.map(PermissionContext::from),
            evaluator: Evaluator::new(set, &Dialect::for_version(&build)),
            build,
        })
    }

    /// Returns the call.
    pub(super) fn call(&self) -> ToolCall<'_> {
        ToolCall {
            tool: &self.tool,
            arguments: &self.arguments,
            context: self.context.clone(),
        }
    }
}

/// Returns the Amp in use where its version or its own rules are wanted; that there is none is no
/// failure, unless it was named.
fn amp_if_needed(
    arguments: &JudgeArguments,
    global: &GlobalArguments,
    context: &Context,
) -> Result<Option<Amp>, Failure> {
    if arguments.build.is_some() && arguments.builtin.is_some() {
        return Ok(None);
    }
    amp_if_any(arguments.amp.clone(), global, context)
}

fn with_built_in_of(amp: Option<Amp>, set: RuleSet, context: &Context) -> Result<RuleSet, Failure> {
    let Some(amp) = amp else {
        return Ok(set.without_built_in());
    };
    let asked = async { Ok(amp.built_in_rules().await?) };
    let list = runtime::interruptible(&context.signals, asked)?;
    Ok(set.with_built_in(list))
}

fn rules_of(
    arguments: &JudgeArguments,
    build: &AmpVersion,
    context: &Context,
) -> Result<RuleSet, Failure> {
    let files = [
        (RuleScope::Workspace, &arguments.workspace_rules),
        (RuleScope::User, &arguments.rules),
    ];
    if files.iter().all(|(_, file)| file.is_none()) {
        let settings = Effective::read(&context.environment, &context.directory, None);
        return Ok(RuleSet::in_force(&settings.as_read_by(build)));
    }
    let mut lists: Vec<RuleList> = Vec::new();
    let mut allow_all = None;
    for (scope, file) in files {
        let Some(file) = file else { continue };
        let file = read(scope, file, context)?;
        if file.allow_all {
            let path = file.list.file.as_deref().unwrap_or(Path::new("a file"));
            allow_all.get_or_insert(format!("amp.dangerouslyAllowAll in {}", path.display()));
        }
        lists.push(file.list);
    }
    let mut set = RuleSet::of(lists);
    set.allow_all = allow_all;
    Ok(set)
}

/// Reads a file of rules.
///
/// # Errors
/// Fails when it cannot be read, or not as Amp reads it.
pub(super) fn read(scope: RuleScope, path: &Path, context: &Context) -> Result<RuleFile, Failure> {
    let resolved = context.resolve(path);
    let failed = || {
        let name = path.display();
        Failure::new(
            ExitCode::Usage,
            format!("{name} could not be read as rules"),
        )
        .hint(crate::rules::EXAMPLE)
    };
    let bytes = named_file::read(&resolved, crate::rules::LONGEST)
        .map_err(|error| failed().caused_by(&error))?;
    RuleFile::read(scope, path, &bytes).map_err(|reason| failed().because(reason))
}

fn parse(json: &str) -> Result<Map<String, Value>, Failure> {
    let failed = || {
        Failure::new(ExitCode::Usage, "--arguments is not a JSON object")
            .hint(r#"it looks like this: --arguments '{"cmd": "git status"}'"#)
    };
    match serde_json::from_str(json) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(failed()),
        Err(error) => Err(failed().caused_by(&error)),
    }
}

/// Takes `--name value` pairs; of two with one name the last one counts, as it does for Amp.
///
/// # Errors
/// Fails when they are no pairs, and when one of `options` of ours stands among them.
pub(super) fn from_words(
    words: &[String],
    options: &[&str],
) -> Result<Map<String, Value>, Failure> {
    let mut arguments = Map::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").filter(|name| !name.is_empty());
        let (Some(name), Some(value)) = (name, words.next()) else {
            return Err(Failure::new(
                ExitCode::Usage,
                format!("{word} is no argument of the call"),
            )
            .because("a call's arguments are pairs such as --cmd 'git status'")
            .hint("options of ampctl itself come before them"));
        };
        if options.contains(&name) {
            return Err(Failure::new(
                ExitCode::Usage,
                format!("{word} stands behind the call's arguments"),
            )
            .hint("options of ampctl itself come before them"));
        }
        arguments.insert(name.to_owned(), Value::from(value.as_str()));
    }
    Ok(arguments)
}
