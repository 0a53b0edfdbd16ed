//! Conditions that are read otherwise than they look.

use amp_protocol::{Condition, Conditions, PermissionRule};

use super::Place;
use super::argument::{texts, with_text};
use super::finding::{Check, Finding};
use crate::dialect::PatternEngine;
use crate::permission::condition::between_slashes;
use crate::permission::expression::{Expression, Unusable};

pub(super) fn check(place: Place<'_>, rule: &PermissionRule) -> Vec<Finding> {
    let mut findings: Vec<Finding> = texts(rule)
        .into_iter()
        .filter_map(|(argument, text)| of_text(place, rule, argument, text))
        .collect();
    if rule.matches.as_ref().is_some_and(idle) {
        let message = "an alternative that is a list or an object itself never matches";
        findings.push(place.error(Check::NeverMatches, message, None));
    }
    findings
}

fn of_text(place: Place<'_>, rule: &PermissionRule, argument: &str, text: &str) -> Option<Finding> {
    if let Some(source) = between_slashes(text) {
        return of_expression(place, rule, text, source);
    }
    if let Some((source, flags)) = with_flags(text) {
        let message = format!(
            "{text:?} is compared as it is: a pattern has no flags, so that `{flags}` makes it none"
        );
        let safer = with_text(rule, text, &format!("/{source}/"));
        return Some(place.error(Check::NeverMatches, message, Some(&safer)));
    }
    if text.contains(r"\*") {
        let message =
            format!("{text:?} asks for a backslash: there is no way to write a star that is none");
        return Some(place.warning(Check::OnlyStarIsSpecial, message, None));
    }
    let is_path = ["path", "cwd", "workdir", "file", "glob", "filePattern"].contains(&argument);
    if is_path && let Some(alternatives) = braces(text) {
        let message = format!("{text:?} is no glob: only * is special in it, braces are not");
        let alternatives: Vec<Condition> = alternatives
            .iter()
            .map(|text| text.as_str().into())
            .collect();
        let safer = with_alternatives(rule, text, &alternatives);
        return Some(place.error(Check::OnlyStarIsSpecial, message, Some(&safer)));
    }
    if is_path && (text.contains('?') || text.contains('[')) {
        let message = format!("{text:?} is no glob: only * is special in it");
        let safer = with_text(rule, text, &starred(text));
        return Some(place.error(Check::OnlyStarIsSpecial, message, Some(&safer)));
    }
    None
}

fn of_expression(
    place: Place<'_>,
    rule: &PermissionRule,
    text: &str,
    source: &str,
) -> Option<Finding> {
    match Expression::new(source, "m", PatternEngine::Node).check() {
        Err(Unusable::Invalid) => {
            let message = format!(
                "{text:?} is no valid pattern: where it is compared, no later rule of a file \
                 decides"
            );
            return Some(place.error(Check::NeverMatches, message, None));
        }
        Err(Unusable::Unclear(reason)) => {
            let message = format!("{text:?} may be read otherwise by another build: {reason}");
            return Some(place.warning(Check::NeverMatches, message, None));
        }
        Ok(()) => {}
    }
    let plain = |character: char| character.is_alphanumeric() || "_-./ ".contains(character);
    if !source.chars().all(plain) {
        return None;
    }
    let message = format!(
        "{text:?} is a pattern, since it begins and ends with a slash: it matches {source:?} \
         anywhere in the text"
    );
    let safer = with_text(rule, text, &format!("{text}*"));
    Some(place.warning(Check::SlashesArePattern, message, Some(&safer)))
}

/// Returns the parts of a text such as `/git/i`.
fn with_flags(text: &str) -> Option<(&str, &str)> {
    let (source, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let are_flags = !flags.is_empty()
        && flags.len() <= 3
        && flags.chars().all(|flag| "dgimsuvy".contains(flag));
    let special = |character: char| r"^$\()[]{}+|?*".contains(character);
    let is_pattern = source.contains(special) || !source.contains('/') && flags == "i";
    (are_flags && is_pattern && !source.is_empty()).then_some((source, flags))
}

/// Returns what braces such as `src/{a,b}` stand for in a shell.
fn braces(text: &str) -> Option<Vec<String>> {
    let (before, rest) = text.split_once('{')?;
    let (inner, after) = rest.split_once('}')?;
    inner.contains(',').then(|| {
        let parts = inner.split(',');
        parts.map(|part| format!("{before}{part}{after}")).collect()
    })
}

/// Returns a text with stars for what looks like other parts of a glob.
fn starred(text: &str) -> String {
    let mut starred = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '?' => starred.push('*'),
            '[' => {
                starred.push('*');
                let _ = rest.by_ref().find(|character| *character == ']');
            }
            other => starred.push(other),
        }
    }
    starred
}

fn with_alternatives(
    rule: &PermissionRule,
    text: &str,
    alternatives: &[Condition],
) -> PermissionRule {
    let mut matches = Conditions::default();
    for (argument, condition) in rule.matches.iter().flat_map(Conditions::iter) {
        let whole = matches!(condition, Condition::Text(found) if found == text);
        let condition = match condition {
            _ if whole => Condition::Any(alternatives.to_vec()),
            other => other.clone(),
        };
        matches.push(argument, condition);
    }
    let mut safer = rule.clone();
    safer.matches = Some(matches);
    safer
}

/// Tells whether a list of alternatives has one that never matches.
fn idle(conditions: &Conditions) -> bool {
    conditions.iter().any(|(_, condition)| match condition {
        Condition::Any(alternatives) => alternatives
            .iter()
            .any(|alternative| matches!(alternative, Condition::Any(_) | Condition::Fields(_))),
        Condition::Fields(fields) => idle(fields),
        _ => false,
    })
}
