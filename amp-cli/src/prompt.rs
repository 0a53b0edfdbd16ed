//! The prompt, put together from words, standard input and files.

mod images;

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::context::{Context, Input};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::named_file;
pub(crate) use images::with_images;

/// The most that is read from standard input or from one file, in bytes.
const LIMIT: u64 = 8 * 1024 * 1024;

/// Assembles the prompt.
///
/// `-` stands for standard input, `@PATH` for a file that follows the prompt as context, `@@…` for a
/// word that starts with `@`. Without `-`, what is piped in follows the words.
///
/// # Errors
/// Fails when there is no prompt, when an input cannot be read as text, or when standard input is an
/// open pipe that `-` did not ask for and nobody writes to: going on could lose what was to come, and
/// waiting could last for ever.
pub(crate) fn assemble(words: &[String], context: &mut Context) -> Result<String, Failure> {
    if words.is_empty() {
        if context.stdin.is_terminal() {
            return Err(no_prompt());
        }
        return not_blank(read_stdin(&mut context.stdin)?);
    }
    let mut prompt = String::new();
    let mut files = String::new();
    let mut stdin_was_read = false;
    for word in words {
        if word == "-" {
            if stdin_was_read {
                return Err(
                    Failure::new(ExitCode::Usage, "standard input can be read only once")
                        .because("`-` is in the prompt more than once")
                        .next(
                            "ampctl run \"review this:\" - < notes.txt",
                            "puts it after the words",
                        ),
                );
            }
            stdin_was_read = true;
            if context.stdin.is_terminal() {
                // Who waits for an answer should know that it waits for them.
                writeln!(
                    context.stderr,
                    "type the prompt, then Ctrl-D on a line of its own"
                )?;
            }
            let text = read_stdin(&mut context.stdin)?;
            append(&mut prompt, text.trim_end(), "\n\n");
        } else if let Some(rest) = word.strip_prefix("@@") {
            append(&mut prompt, &format!("@{rest}"), " ");
        } else if let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) {
            append(
                &mut files,
                &file_as_context(Path::new(path), context)?,
                "\n\n",
            );
        } else {
            append(&mut prompt, word, if stdin_was_read { "\n\n" } else { " " });
        }
    }
    if !stdin_was_read && !context.stdin.is_terminal() {
        let piped = read_piped(&mut context.stdin)?;
        if !piped.trim().is_empty() {
            append(&mut prompt, piped.trim_end(), "\n\n");
        }
    }
    if prompt.trim().is_empty() && !files.is_empty() {
        return Err(no_prompt().because("files were given as context, but nothing to do with them"));
    }
    if !files.is_empty() {
        append(&mut prompt, &files, "\n\n");
    }
    not_blank(prompt)
}

fn append(to: &mut String, text: &str, separator: &str) {
    if !to.is_empty() {
        to.push_str(separator);
    }
    to.push_str(text);
}

/// Reads what stands for `-`, however long it takes.
fn read_stdin(stdin: &mut Input) -> Result<String, Failure> {
    let bytes = stdin.read_to_end(LIMIT);
    let bytes = bytes.map_err(|error| unreadable().caused_by(&error))?;
    String::from_utf8(bytes).map_err(|error| unreadable().caused_by(&error))
}

/// Reads what was piped in beside the words.
fn read_piped(stdin: &mut Input) -> Result<String, Failure> {
    let without = |failure: Failure| {
        failure.next(
            "ampctl run \"…\" < /dev/null",
            "goes without standard input",
        )
    };
    let bytes = stdin.read_what_comes(LIMIT).map_err(|error| {
        if error.kind() != ErrorKind::TimedOut {
            return without(unreadable().caused_by(&error));
        }
        let silent = "standard input is open, and nobody writes to it";
        without(Failure::new(ExitCode::Usage, silent).caused_by(&error)).next(
            "… | ampctl run \"…\" -",
            "waits for it, however long it takes",
        )
    })?;
    String::from_utf8(bytes).map_err(|error| without(unreadable().caused_by(&error)))
}

fn unreadable() -> Failure {
    Failure::new(
        ExitCode::Usage,
        "the prompt could not be read from standard input",
    )
    .next("ampctl run - < prompt.txt", "reads text in UTF-8")
}

/// Returns the file in a fence that its own text cannot close, under its path.
fn file_as_context(path: &Path, context: &Context) -> Result<String, Failure> {
    let unreadable = || {
        Failure::new(
            ExitCode::Usage,
            format!("context file {} could not be read", path.display()),
        )
        .next(
            format!("ampctl run '@@{}' …", path.display()),
            "if it is a word of the prompt and not a file",
        )
    };
    let bytes = named_file::read(&context.resolve(path), LIMIT)
        .map_err(|error| unreadable().caused_by(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable().caused_by(&error))?;
    let fence = "`".repeat(longest_run_of_backticks(&text).max(2) + 1);
    Ok(format!(
        "{}:\n{fence}\n{}\n{fence}",
        path.display(),
        text.trim_end_matches('\n')
    ))
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

fn not_blank(prompt: String) -> Result<String, Failure> {
    if prompt.trim().is_empty() {
        Err(no_prompt())
    } else {
        Ok(prompt)
    }
}

fn no_prompt() -> Failure {
    Failure::new(ExitCode::Usage, "no prompt was given")
        .next(
            "ampctl run \"explain this repository\"",
            "gives it as an argument",
        )
        .next("ampctl run - < prompt.txt", "reads it from standard input")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembled(words: &[&str], stdin: impl Into<Vec<u8>>) -> Result<String, String> {
        assembled_with(words, Input::piped(stdin))
    }

    fn assembled_with(words: &[&str], stdin: Input) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("notes.md"), "a ```fence``` inside\n").expect("a file");
        std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).expect("a file");
        let mut context = Context::new(folder.path()).with_stdin(stdin);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assemble(&words, &mut context).map_err(|failure| failure.to_string())
    }

    #[test]
    fn words_are_joined_by_spaces() {
        assert_eq!(
            assembled(&["fix", "the build"], "").as_deref(),
            Ok("fix the build")
        );
    }

    #[test]
    fn what_is_piped_in_follows_the_words_and_files_follow_that() {
        assert_eq!(
            assembled(&["review", "this"], "+ line\n").as_deref(),
            Ok("review this\n\n+ line")
        );
        assert_eq!(
            assembled(&["review", "@notes.md"], "+ line\n").as_deref(),
            Ok("review\n\n+ line\n\nnotes.md:\n````\na ```fence``` inside\n````")
        );
        let long = "a line\n".repeat(100_000);
        let expected = format!("review\n\n{}", long.trim_end());
        assert_eq!(assembled(&["review"], long), Ok(expected));
    }

    #[test]
    fn a_pipe_that_is_empty_or_blank_adds_nothing() {
        for stdin in ["", " \n\n"] {
            assert_eq!(assembled(&["review"], stdin).as_deref(), Ok("review"));
        }
    }

    #[test]
    fn piped_input_that_cannot_be_read_whole_is_refused_and_not_dropped() {
        let too_long = vec![b'a'; usize::try_from(LIMIT).expect("a size") + 1];
        for stdin in [vec![0xff], too_long] {
            assert_eq!(
                assembled(&["review"], stdin).expect_err("no prompt"),
                "the prompt could not be read from standard input"
            );
        }
    }

    #[test]
    fn an_open_pipe_nobody_writes_to_is_refused_in_time() {
        assert_eq!(
            assembled_with(&["review"], Input::silent()).expect_err("no prompt"),
            "standard input is open, and nobody writes to it"
        );
    }

    #[test]
    fn without_words_the_prompt_is_standard_input() {
        assert_eq!(
            assembled(&[], "from a pipe\n").as_deref(),
            Ok("from a pipe\n")
        );
    }

    #[test]
    fn a_dash_puts_standard_input_where_it_stands() {
        assert_eq!(
            assembled(&["review:", "-", "be brief"], "+ line\n").as_deref(),
            Ok("review:\n\n+ line\n\nbe brief")
        );
    }

    #[test]
    fn files_follow_the_prompt_in_a_fence_they_cannot_close() {
        assert_eq!(
            assembled(&["@notes.md", "summarise"], "").as_deref(),
            Ok("summarise\n\nnotes.md:\n````\na ```fence``` inside\n````")
        );
    }

    #[test]
    fn two_at_signs_stand_for_one() {
        assert_eq!(
            assembled(&["ask", "@@alice"], "").as_deref(),
            Ok("ask @alice")
        );
    }

    #[test]
    fn a_missing_or_binary_file_is_named() {
        let error = |words: &[&str]| assembled(words, "").expect_err("no prompt");
        assert_eq!(
            error(&["x", "@missing"]),
            "context file missing could not be read"
        );
        assert_eq!(
            error(&["x", "@binary"]),
            "context file binary could not be read"
        );
    }

    #[test]
    fn blank_prompts_are_refused() {
        for words in [&[" "] as &[&str], &[], &["@notes.md"], &["-"]] {
            assert_eq!(
                assembled(words, " \n").expect_err("no prompt"),
                "no prompt was given"
            );
        }
    }
}
