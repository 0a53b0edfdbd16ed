//! Patterns for shell commands, tried on variants of the commands they are about.

use amp_protocol::{PermissionAction, PermissionRule};

use super::Place;
use super::argument::{texts, with_text};
use super::finding::{Check, Finding};
use crate::permission::condition::{TextPattern, between_slashes};
use crate::permission::expression::Found;

/// The arguments that hold a shell command.
const COMMANDS: [&str; 2] = ["cmd", "command"];

pub(super) fn check(place: Place<'_>, rule: &PermissionRule) -> Vec<Finding> {
    let of_commands = texts(rule)
        .into_iter()
        .filter(|(argument, _)| COMMANDS.contains(argument));
    let texts: Vec<&str> = of_commands.map(|(_, text)| text).collect();
    let patterns: Vec<TextPattern> = texts.iter().map(|text| TextPattern::new(text)).collect();
    let matched = |command: &str| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.matches(command) != Found::No)
    };
    let tried = texts.iter().filter_map(|text| {
        let sample = sample(text)?;
        matched(&sample).then_some((*text, sample))
    });
    let findings =
        tried.filter_map(
            |(text, sample)| match rule.action == PermissionAction::ALLOW {
                true => lets_in(place, rule, text, &sample, &matched),
                false => is_got_round(place, rule, text, &sample, &matched),
            },
        );
    findings.collect()
}

/// Returns a command that a pattern is plainly about, or `None` where it is about everything.
fn sample(text: &str) -> Option<String> {
    let sample = match between_slashes(text) {
        // Only the plain beginning of a pattern tells a command.
        Some(source) => {
            let special = |character: char| r"\.+*?()[]{}|$".contains(character);
            let source = source.strip_prefix('^')?;
            let plain = source.split(special).next().unwrap_or_default();
            // What a repetition is about belongs to it.
            format!("{} x", plain.trim_end())
        }
        None => text.replace('*', "x").trim().to_owned(),
    };
    let command = sample.trim_start_matches('x').trim();
    let is_command = command.chars().filter(|it| it.is_alphanumeric()).count() > 1;
    (is_command && sample != "x").then_some(sample)
}

/// A rule that stops a command: does it stop the same command, written otherwise?
fn is_got_round(
    place: Place<'_>,
    rule: &PermissionRule,
    text: &str,
    sample: &str,
    matched: &impl Fn(&str) -> bool,
) -> Option<Finding> {
    let mut variants = vec![
        ("after another command", format!("true && {sample}")),
        ("after nohup", format!("nohup {sample}")),
        ("after a variable", format!("A=1 {sample}")),
        ("in another shell", format!("sh -c '{sample}'")),
        ("on a second line", format!("true\n{sample}")),
        ("before another command", format!("{sample} && true")),
    ];
    if let Some((program, rest)) = sample.split_once(' ') {
        variants.push(("with two spaces", format!("{program}  {rest}")));
        if program == "git" && !rest.is_empty() {
            variants.push(("with an option before", format!("git -C . {rest}")));
        }
    }
    let ways: Vec<String> = variants
        .iter()
        .filter(|(_, variant)| !matched(variant))
        .map(|(how, variant)| format!("{how} (`{}`)", variant.replace('\n', "⏎")))
        .collect();
    if ways.is_empty() {
        return None;
    }
    let safer = match between_slashes(text) {
        Some(_) => None,
        None => Some(with_text(rule, text, &spread(text))),
    };
    let message = format!(
        "{text:?} does not match the command {}: what this rule stops can be run that way",
        ways.join(", ")
    );
    Some(place.warning(Check::WaysRound, message, safer.as_ref()))
}

/// Returns a pattern for the same words in the same order, whatever is around them.
fn spread(text: &str) -> String {
    let words: Vec<&str> = text
        .split(['*', ' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect();
    format!("*{}*", words.join("*"))
}

/// A rule that allows a command: does it allow others with it?
fn lets_in(
    place: Place<'_>,
    rule: &PermissionRule,
    text: &str,
    sample: &str,
    matched: &impl Fn(&str) -> bool,
) -> Option<Finding> {
    let variants = [
        ("behind it", format!("{sample} && rm -rf ~")),
        ("behind a semicolon", format!("{sample}; rm -rf ~")),
        ("behind a pipe", format!("{sample} | sh")),
        ("inside it", format!("{sample} $(rm -rf ~)")),
        ("on a second line", format!("{sample}\nrm -rf ~")),
        ("on a line before", format!("rm -rf ~\n{sample}")),
    ];
    let ways: Vec<String> = variants
        .iter()
        .filter(|(_, variant)| matched(variant))
        .map(|(how, variant)| format!("{how} (`{}`)", variant.replace('\n', "⏎")))
        .collect();
    if ways.is_empty() {
        return None;
    }
    let safer = match between_slashes(text) {
        Some(_) => None,
        None => Some(with_text(rule, text, &narrowed(text))),
    };
    let message = format!(
        "{text:?} allows other commands as well: {}",
        ways.join(", ")
    );
    Some(place.warning(Check::AllowsMore, message, safer.as_ref()))
}

/// Returns a pattern for the same command with plain words where the stars were, and nothing else
/// in the whole text: `^` and `$` alone would hold for any line of it.
fn narrowed(text: &str) -> String {
    let mut source = String::from(r"(?<![\s\S])");
    for (index, part) in text.split('*').enumerate() {
        if index > 0 {
            source.push_str(r"[\w \t.,:=@%+\/-]*");
        }
        for character in part.chars() {
            if r"\.+*?()[]{}|^$/".contains(character) {
                source.push('\\');
            }
            source.push(character);
        }
    }
    source.push_str(r"(?![\s\S])");
    format!("/{source}/")
}
