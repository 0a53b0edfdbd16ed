//! `ampctl batch submit`: the job file of an engine, and its way there.

mod hyperqueue;
mod kubernetes;
mod parallel;
mod slurm;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::task_file::TaskFile;
use crate::arguments::{Engine, GlobalArguments, SubmitArguments};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;

/// What an engine is to do.
struct Job {
    /// The program and its first arguments.
    run: Vec<String>,
    shards: u32,
    at_once: u32,
    time_limit: Option<Duration>,
    image: String,
    secret: String,
    claim: String,
    /// Where the engine's own logs go.
    logs: PathBuf,
}

/// A job file, and what hands it over.
struct Submission {
    file_name: &'static str,
    text: String,
    /// The engine's command; the path of the file follows.
    command: &'static [&'static str],
}

/// What was written, as data.
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    text: &'a str,
    command: Vec<String>,
    submitted: bool,
}

/// Writes a job file, shows it, and hands it over if that is wanted.
///
/// # Errors
/// Fails when the tasks cannot be read, the file not be written, or the engine refuses it.
pub(crate) fn submit(
    arguments: &SubmitArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let tasks = context.resolve(&arguments.tasks);
    let file = TaskFile::read(&tasks)?;
    let shards = usize::try_from(arguments.shards.get()).unwrap_or(usize::MAX);
    if shards > file.entries.len() {
        let what = format!("{shards} shards are more than there are tasks");
        return Err(Failure::new(ExitCode::Usage, what)
            .because(format!("the file has {}", file.entries.len())));
    }
    let results = context.resolve(&arguments.results);
    let job = job(arguments, &tasks, &results, context);
    let submission = match arguments.engine {
        Engine::Hyperqueue => hyperqueue::submission(&job),
        Engine::Slurm => slurm::submission(&job),
        Engine::Kubernetes => kubernetes::submission(&job),
        Engine::Parallel => parallel::submission(&job),
    };
    let path = match &arguments.to {
        Some(path) => context.resolve(path),
        None => results.join("submit").join(submission.file_name),
    };
    let written = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::create_dir_all(&job.logs))
        .and_then(|()| std::fs::write(&path, &submission.text));
    written.map_err(|error| {
        Failure::new(
            ExitCode::Failed,
            format!("{} cannot be written", path.display()),
        )
        .caused_by(&error)
    })?;
    let command = submission.command.iter().map(|word| (*word).to_owned());
    let command: Vec<String> = command.chain([path.display().to_string()]).collect();
    if !global.json {
        write!(context.stdout, "{}", submission.text)?;
        context.stdout.flush()?;
        let purpose = if arguments.yes {
            "handed over with"
        } else {
            "hand it over with"
        };
        writeln!(context.stderr, "note: {purpose} `{}`", in_shell(&command))?;
    }
    if arguments.yes {
        hand_over(&command, context)?;
    }
    if global.json {
        let document = Document {
            file: path.display().to_string(),
            text: &submission.text,
            command,
            submitted: arguments.yes,
        };
        json::write(&document, &mut context.stdout)?;
    }
    Ok(ExitCode::Done)
}

fn job(
    arguments: &SubmitArguments,
    tasks: &std::path::Path,
    results: &std::path::Path,
    context: &Context,
) -> Job {
    let own = std::env::current_exe().ok();
    let is_elsewhere = arguments.engine == Engine::Kubernetes;
    let program = match own.filter(|_| !is_elsewhere) {
        Some(path) => path.display().to_string(),
        None => "ampctl".to_owned(),
    };
    // In a container both are in the volume.
    let place = |path: &std::path::Path| match is_elsewhere {
        true => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("/batch/{name}")
        }
        false => path.display().to_string(),
    };
    let mut run: Vec<String> = [program.as_str(), "batch", "run"]
        .map(str::to_owned)
        .to_vec();
    run.push(place(tasks));
    run.extend(["--results".to_owned(), place(results)]);
    run.extend(arguments.passed_on.iter().cloned());
    let _ = context;
    Job {
        run,
        shards: arguments.shards.get(),
        at_once: arguments.at_once.get().min(arguments.shards.get()),
        time_limit: arguments.time_limit.duration(),
        image: arguments.image.clone().unwrap_or_default(),
        secret: arguments.secret.clone(),
        claim: arguments.claim.clone(),
        logs: results.join("submit"),
    }
}

/// Runs the engine's command, with what it says on our own output.
fn hand_over(command: &[String], context: &mut Context) -> Result<(), Failure> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Failure::new(ExitCode::Failed, "the engine has no command"))?;
    let check = amp_session::Check::new(
        in_shell(command),
        context.directory.clone(),
        context.environment.clone(),
    );
    let _ = arguments;
    let report = crate::runtime::interruptible(&context.signals, async {
        Ok(check.with_deadline(HANDED_OVER).run().await)
    })?;
    write!(context.stderr, "{}", report.output)?;
    match report.passed {
        true => Ok(()),
        false => Err(
            Failure::new(ExitCode::Failed, format!("{program} did not take the job"))
                .because(report.end),
        ),
    }
}

/// How long an engine may take; GNU parallel works on the batch meanwhile.
const HANDED_OVER: Duration = Duration::from_secs(30 * 24 * 3600);

/// Returns words as a line of the shell.
fn in_shell(words: &[String]) -> String {
    words
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns a word as the shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "_-+=:,./@%".contains(one);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

impl Job {
    /// Returns the command of a shard, which the shell puts into its place.
    fn command(&self, shard: &str) -> String {
        format!("{} --shard {shard}", in_shell(&self.run))
    }

    /// Returns the time limit in seconds.
    fn seconds(&self) -> Option<u64> {
        self.time_limit.map(|limit| limit.as_secs().max(1))
    }
}

#[cfg(test)]
mod tests;
