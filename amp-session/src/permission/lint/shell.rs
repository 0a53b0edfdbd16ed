//! Patterns for shell commands, tried on variants of the commands they are about.

use amp_protocol::{PermissionAction, PermissionRule};

use super::Place;
use super::argument::{texts, with_text};
use super::finding::{Check, Finding};
use crate::dialect::PatternEngine;
use crate::permission::condition::{TextPattern, between_slashes};
use crate::permission::expression::Found;

/// The arguments that hold a shell command.
const COMMANDS: [&str; 2] = ["cmd", "command"];

pub(super) fn check(place: Place<'_>, rule: &PermissionRule) -> Vec<Finding> {
    let of_commands = texts(rule)
        .into_iter()
        .filter(|(argument, _)| COMMANDS.contains(argument));
    let texts: Vec<&str> = of_commands.map(|(_, text)| text).collect();
    let patterns: Vec<TextPattern> = texts
        .iter()
        .map(|text| TextPattern::new(text, PatternEngine::Node))
        .collect();
    let matched = |command: &str| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.matches(command) != Found::No)
    };
    let findings = texts.iter().filter_map(|text| {
        let sample = samples(text).into_iter().find(|sample| matched(sample))?;
        tried(place, rule, text, &sample, &matched)
    });
    findings.collect()
}

/// Tries variants of a command: a rule that stops it should stop them all, and one that allows it
/// none of them.
fn tried(
    place: Place<'_>,
    rule: &PermissionRule,
    text: &str,
    sample: &str,
    matched: &impl Fn(&str) -> bool,
) -> Option<Finding> {
    let stops = rule.action != PermissionAction::ALLOW;
    let variants = match stops {
        true => written_otherwise(sample),
        false => with_others(sample),
    };
    let wrong = variants
        .iter()
        .filter(|(_, variant)| matched(variant) != stops);
    let ways: Vec<String> = wrong
        .map(|(how, variant)| format!("{how} (`{}`)", variant.replace('\n', "⏎")))
        .collect();
    if ways.is_empty() {
        return None;
    }
    let ways = ways.join(", ");
    let (check, message, safer) = match stops {
        true => (
            Check::WaysRound,
            format!(
                "{text:?} does not match the command {ways}: what this rule stops can be run that \
                 way"
            ),
            spread(text),
        ),
        false => (
            Check::AllowsMore,
            format!("{text:?} allows other commands as well: {ways}"),
            narrowed(text),
        ),
    };
    let is_glob = between_slashes(text).is_none();
    let safer = is_glob.then(|| with_text(rule, text, &safer));
    Some(place.warning(check, message, safer.as_ref()))
}

/// Returns commands that a pattern may plainly be about; none where it is about everything.
fn samples(text: &str) -> Vec<String> {
    let mut samples = match between_slashes(text) {
        // Only the plain beginning of a pattern tells a command.
        Some(source) => {
            let special = |character: char| r"\.+*?()[]{}|$".contains(character);
            let source = source.strip_prefix('^').unwrap_or(source);
            let plain = source.split(special).next().unwrap_or_default();
            let plain = plain.trim_end();
            vec![format!("{plain} x"), plain.to_owned()]
        }
        None => {
            let plain = |text: &str| text.replace('*', "x").trim().to_owned();
            let begins = |bare: &&str| bare.starts_with(char::is_alphanumeric);
            let bare = Some(text.trim_matches('*')).filter(begins);
            bare.into_iter().chain([text]).map(plain).collect()
        }
    };
    samples.retain(|sample| {
        let command = sample.trim_start_matches('x').trim();
        let is_command = command.chars().filter(|it| it.is_alphanumeric()).count() > 1;
        is_command && sample != "x"
    });
    samples
}

/// Returns a command in other words, and how it differs.
fn written_otherwise(sample: &str) -> Vec<(&'static str, String)> {
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
    variants
}

/// Returns a command together with others, and where these stand.
fn with_others(sample: &str) -> Vec<(&'static str, String)> {
    vec![
        ("behind it", format!("{sample} && rm -rf ~")),
        ("behind a semicolon", format!("{sample}; rm -rf ~")),
        ("behind a pipe", format!("{sample} | sh")),
        ("inside it", format!("{sample} $(rm -rf ~)")),
        ("on a second line", format!("{sample}\nrm -rf ~")),
        ("on a line before", format!("rm -rf ~\n{sample}")),
    ]
}

/// Returns a pattern for the same words in the same order, whatever is around them.
fn spread(text: &str) -> String {
    let words: Vec<&str> = text
        .split(['*', ' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect();
    format!("*{}*", words.join("*"))
}

/// Returns a pattern for the same command with plain words where the stars were, and nothing else
/// in the whole text: `^` and `$` alone would hold for any line of it.
fn narrowed(text: &str) -> String {
    let mut source = String::new();
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
    whole_text(&source)
}

/// Returns a pattern that an expression has to match as a whole.
pub(in crate::permission) fn whole_text(source: &str) -> String {
    format!(r"/(?<![\s\S]){source}(?![\s\S])/")
}
