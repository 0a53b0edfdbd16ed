//! The copies that the CLI makes of a rule for one name of its shell tool.
//!
//! Asked of the builds of 2026-04-05 to 2026-09-23: only a rule whose tool is exactly such a name is
//! copied, and a copy has the argument names of its tool.

use amp_protocol::{Conditions, PermissionRule};

/// The arguments that `Bash` calls otherwise than the other shell tools: its name, then theirs.
const ARGUMENTS: [(&str, &str); 2] = [("cmd", "command"), ("cwd", "workdir")];

/// Returns a rule and its copies for the other names of the shell tool, in the CLI's order.
pub(super) fn copies(rule: &PermissionRule, shell_tools: &[&str]) -> Vec<PermissionRule> {
    let mut copies = vec![rule.clone()];
    if !shell_tools.contains(&rule.tool.as_str()) {
        return copies;
    }
    let others = shell_tools.iter().filter(|tool| **tool != rule.tool);
    copies.extend(others.map(|tool| {
        let mut copy = rule.clone();
        copy.tool = (*tool).to_owned();
        copy.matches = rule.matches.as_ref().map(|matches| renamed(matches, tool));
        copy
    }));
    copies
}

/// Returns what a tool calls an argument that another shell tool may call otherwise.
pub(super) fn argument_of<'a>(tool: &str, argument: &'a str) -> &'a str {
    let pair = ARGUMENTS
        .iter()
        .find(|(of_bash, of_others)| argument == *of_bash || argument == *of_others);
    match pair {
        Some((of_bash, _)) if tool == "Bash" => of_bash,
        Some((_, of_others)) => of_others,
        None => argument,
    }
}

/// Where both names of an argument are demanded, the one that comes last counts.
fn renamed(matches: &Conditions, tool: &str) -> Conditions {
    let mut renamed = Conditions::default();
    for (argument, condition) in matches.iter() {
        renamed.push(argument_of(tool, argument), condition.clone());
    }
    renamed
}
