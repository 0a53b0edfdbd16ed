//! The first screens: what to do first, and the commands grouped by what a person wants.

use anstyle::Style as Ansi;
use clap::builder::Styles;
use clap::{Command, CommandFactory};

use crate::arguments::{Arguments, exit_codes};
use crate::context::Context;
use crate::failure::settings_page;
use crate::settings::Files;
use crate::style::Style;
use crate::text::{columns, wrap_plain};

/// The most columns that help fills.
const WIDEST: u16 = 100;

/// The columns of the manual page's own text.
const MANUAL: usize = 72;

/// The columns of the longest name of a command.
const WIDEST_COMMAND: usize = "capabilities".len();

/// With less room than this for what a command does, it stands below the command.
const NARROWEST_PURPOSE: usize = 24;

/// The commands that have the agent work.
const TALK: &[&str] = match cfg!(feature = "acp") {
    true => &["run", "continue", "batch", "acp"],
    false => &["run", "continue", "batch"],
};

/// Every command below what a person wants.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Talk to the agent", TALK),
    ("Look back", &["sessions", "threads", "diff", "undo"]),
    ("Control what it may do", &["permissions", "sandbox"]),
    (
        "Amp itself",
        &[
            "install",
            "mirror",
            "versions",
            "which",
            "uninstall",
            "gc",
            "modes",
            "capabilities",
        ],
    ),
    (
        "This machine",
        &[
            "login",
            "credentials",
            "config",
            "doctor",
            "completions",
            "man",
            "help",
        ],
    ),
];

/// What `help` is for; it is no command of ours.
const ABOUT_HELP: &str = "Show this, or the help of a command";

const EXAMPLES: [(&str, &str); 6] = [
    ("ampctl run \"why does the build fail?\"", "ask, and watch"),
    (
        "git diff | ampctl run \"review this\"",
        "with what is piped in",
    ),
    ("ampctl continue \"now fix it\"", "go on in this folder"),
    (
        "ampctl run --approve ask \"tidy up\"",
        "be asked about each tool call",
    ),
    ("ampctl sessions search race", "find what was said or done"),
    (
        "ampctl run --output json \"…\" > answer.json",
        "in a script",
    ),
];

const VARIABLES: [(&str, &str); 4] = [
    ("AMP_API_KEY", "the key for the service"),
    ("AMP_URL", "another service"),
    ("AMP_CLI_PATH", "the Amp to run"),
    (
        "AMPCTL_…",
        "any setting, such as AMPCTL_MODE; `ampctl config show` lists them",
    ),
];

/// Describes every command, with a first screen for lines of so many columns.
pub(crate) fn command(context: &Context) -> Command {
    let width = context.columns(WIDEST).min(WIDEST.into());
    let command = Arguments::command().term_width(width);
    let paint = Paint::of(command.get_styles());
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        groups(&command, width, paint),
        paint.header("Options:"),
    );
    let short = format!(
        "{}\n{}",
        rows("Examples", &EXAMPLES, width, paint),
        wrap_plain(
            "`ampctl COMMAND --help` explains a command, `ampctl --help` variables, files and exit \
             codes, `ampctl man` all of it.",
            width
        )
        .join("\n"),
    );
    let long = format!(
        "{}\n{}\n{}\n{}",
        rows("Examples", &EXAMPLES, width, paint),
        rows("Variables", &VARIABLES, width, paint),
        files(context, width, paint),
        exit_codes(),
    );
    command
        .help_template(template)
        .after_help(short)
        .after_long_help(long)
}

/// Returns what to do first, for somebody who has named no command and uses this service.
pub(crate) fn first_steps(style: Style, service_url: &str) -> String {
    let page = settings_page(service_url);
    let steps = [
        ("ampctl install", "gets a verified Amp".to_owned()),
        (
            "ampctl credentials set",
            format!("stores your key, from {page}"),
        ),
        ("ampctl run \"…\"", "gives the agent a prompt".to_owned()),
    ];
    let mut text =
        "ampctl installs, runs and continues the Amp coding agent. First steps:\n\n".to_owned();
    for (command, purpose) in steps {
        let padding = " ".repeat(24 - columns(command));
        let command = style.command(command);
        text.push_str(&format!("  {command}{padding}{purpose}\n"));
    }
    let (help, doctor) = ("ampctl --help", "ampctl doctor");
    let (help, doctor) = (style.command(help), style.command(doctor));
    text.push_str(&format!(
        "\n{help} shows every command, {doctor} what is missing on this machine.\n"
    ));
    text
}

/// Returns the end of the manual page: what the first screen has no room for.
pub(crate) fn end_of_manual() -> String {
    let plain = Paint::default();
    let parts = [
        rows("Examples", &EXAMPLES, MANUAL, plain),
        rows("Variables", &VARIABLES, MANUAL, plain),
        exit_codes(),
    ];
    parts.join("\n")
}

/// The looks of clap's own help.
#[derive(Clone, Copy, Default)]
struct Paint {
    header: Ansi,
    literal: Ansi,
}

impl Paint {
    fn of(styles: &Styles) -> Self {
        Self {
            header: *styles.get_header(),
            literal: *styles.get_literal(),
        }
    }

    fn header(self, text: &str) -> String {
        format!(
            "{}{text}{}",
            self.header.render(),
            self.header.render_reset()
        )
    }

    fn literal(self, text: &str) -> String {
        format!(
            "{}{text}{}",
            self.literal.render(),
            self.literal.render_reset()
        )
    }
}

fn groups(command: &Command, width: usize, paint: Paint) -> String {
    let about = |name: &&str| {
        let found = command.find_subcommand(name);
        found
            .and_then(Command::get_about)
            .map_or_else(|| ABOUT_HELP.to_owned(), ToString::to_string)
    };
    let mut text = String::new();
    for (heading, names) in GROUPS {
        let described: Vec<(&str, String)> =
            names.iter().map(|name| (*name, about(name))).collect();
        text.push_str(&rows(heading, &described, width, paint));
        text.push('\n');
    }
    text
}

/// Lays out rows of two columns below a heading; the second stands below the first where there is
/// no room beside it.
fn rows(heading: &str, rows: &[(&str, impl AsRef<str>)], width: usize, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.header(&format!("{heading}:")));
    let first = rows.iter().map(|(name, _)| columns(name)).max();
    // Commands of all groups stand in one column.
    let first = first.unwrap_or(0).max(WIDEST_COMMAND);
    let is_beside = width >= first + 4 + NARROWEST_PURPOSE;
    let indent = if is_beside { first + 4 } else { 6 };
    for (name, purpose) in rows {
        let purpose = wrap_plain(purpose.as_ref(), width.saturating_sub(indent).max(1));
        let between = match is_beside {
            true => " ".repeat(first - columns(name) + 2),
            false => format!("\n{}", " ".repeat(indent)),
        };
        let purpose = purpose.join(&format!("\n{}", " ".repeat(indent)));
        let name = paint.literal(name);
        text.push_str(&format!("  {name}{between}{purpose}\n"));
    }
    text
}

fn files(context: &Context, width: usize, paint: Paint) -> String {
    let user = Files::of_user(context).map_or_else(
        || "none: there is no home folder".to_owned(),
        |path| path.display().to_string(),
    );
    let project = ".ampctl.toml, in this folder or above it, up to the repository".to_owned();
    let files = [("yours", user), ("the project's", project)];
    rows("Configuration files", &files, width, paint)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let mut command = Arguments::command();
        command.build();
        let commands: BTreeSet<&str> = command.get_subcommands().map(Command::get_name).collect();
        let grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        assert_eq!(commands, grouped.iter().copied().collect());
        assert_eq!(commands.len(), grouped.len(), "a command is in two groups");
    }

    #[test]
    fn no_command_is_longer_than_the_column_of_names() {
        let names = GROUPS.iter().flat_map(|(_, names)| *names);
        assert_eq!(names.map(|name| name.len()).max(), Some(WIDEST_COMMAND));
    }
}
