//! A page as its reader takes it: commands to type, and what is said about each.

/// Represents one command that a page tells its reader to type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The page and the line, to find the mistake.
    pub(super) place: String,
    /// The command as it is printed, with its comment.
    pub(super) text: String,
    /// The exit code that the page promises: `# exits N`, otherwise 0.
    pub(super) exit_code: i32,
    /// What the page says it writes, if it does.
    pub(super) output: Option<String>,
}

impl Command {
    fn new(place: String, text: &str) -> Result<Self, String> {
        if text.ends_with('\\') {
            return Err(format!("{place}: a command takes one line"));
        }
        let exit_code = match text.split_once("# exits ") {
            None => 0,
            Some((_, comment)) => {
                let digits = comment.split(|letter: char| !letter.is_ascii_digit());
                let code = digits.into_iter().next().unwrap_or_default();
                code.parse()
                    .map_err(|_| format!("{place}: `# exits` without a number"))?
            }
        };
        Ok(Self {
            place,
            text: text.to_owned(),
            exit_code,
            output: None,
        })
    }

    /// Returns the command without its comment.
    pub(super) fn without_comment(&self) -> &str {
        let end = self.text.find(" # ").unwrap_or(self.text.len());
        self.text[..end].trim_end()
    }
}

/// What is between two lines of backticks.
enum Fence {
    /// Commands, one a line.
    Shell,
    /// Commands after a `$`, each followed by what it writes.
    Console,
    /// A job of a CI service: what follows `run:` is a command.
    Workflow,
    /// Not for a shell; `tests/docs.rs` and rustdoc take care of it.
    Other,
}

impl Fence {
    fn of(language: &str) -> Option<Self> {
        Some(match language {
            "sh" => Self::Shell,
            "console" => Self::Console,
            "yaml" => Self::Workflow,
            "json" | "text" | "toml" | "rust,no_run" => Self::Other,
            _ => return None,
        })
    }
}

/// Returns the commands of a page, in reading order.
///
/// # Errors
/// Says where the page has something that might be a command and cannot be taken for one.
pub(super) fn commands(name: &str, page: &str) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    let mut fence = None;
    for (number, line) in (1..).zip(page.lines()) {
        let place = format!("{name}:{number}");
        match (&fence, line.strip_prefix("```")) {
            (None, Some(language)) => match Fence::of(language) {
                None => return Err(format!("{place}: nobody checks a fence of `{language}`")),
                opened => fence = opened,
            },
            (Some(_), Some("")) => fence = None,
            (Some(_), Some(_)) => return Err(format!("{place}: the fence before is still open")),
            (None, None) if line.starts_with("    ") || line.starts_with('\t') => {
                return Err(format!("{place}: a block without a fence"));
            }
            (Some(Fence::Shell), None) if !line.is_empty() && !line.starts_with('#') => {
                commands.push(Command::new(place, line)?);
            }
            (Some(Fence::Console), None) => match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(text), _) => commands.push(Command {
                    output: Some(String::new()),
                    ..Command::new(place, text)?
                }),
                (
                    None,
                    Some(Command {
                        output: Some(output),
                        ..
                    }),
                ) => {
                    output.push_str(line);
                    output.push('\n');
                }
                (None, _) => return Err(format!("{place}: output of no command")),
            },
            (Some(Fence::Workflow), None) => {
                if let Some((_, text)) = line.split_once("run:") {
                    commands.push(Command::new(place, text.trim())?);
                }
            }
            _ => {}
        }
    }
    match fence {
        Some(_) => Err(format!("{name}: the last fence is open")),
        None => Ok(commands),
    }
}

/// Returns what stands between single backticks outside fences.
pub(super) fn code_spans(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    prose
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .collect()
}

/// Returns whether a text is what a page shows, in which `…` stands for anything within a line,
/// and alone for any number of lines.
pub(super) fn shows(shown: &str, text: &str) -> bool {
    let shown: Vec<&str> = shown.trim_end().lines().collect();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines_fit(&shown, &lines)
}

fn lines_fit(shown: &[&str], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skipped| lines_fit(rest, &lines[skipped..])),
        Some((first, rest)) => match lines.split_first() {
            Some((line, lines)) => line_fits(first, line) && lines_fit(rest, lines),
            None => false,
        },
    }
}

fn line_fits(shown: &str, line: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else {
        return shown == line;
    };
    let Some(line) = line.strip_prefix(start) else {
        return false;
    };
    let ends = (0..=line.len()).filter(|end| line.is_char_boundary(*end));
    ends.into_iter().any(|end| line_fits(rest, &line[end..]))
}
