//! What becomes of a call under rules that are remembered.

use serde_json::json;

use super::*;

const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

fn on(version: &str, rules: &[PermissionRule], command: &str) -> Option<bool> {
    let arguments = json!({"command": command});
    let call = ToolCall {
        tool: "shell_command",
        arguments: arguments.as_object().unwrap(),
        context: None,
    };
    verdict(rules, &call, &Dialect::for_version(&version.into()))
}

fn reject(pattern: &str) -> PermissionRule {
    PermissionRule::reject("shell_command").with_match("command", pattern)
}

#[test]
fn a_rejection_counts_before_a_permission_whichever_came_first() {
    let allow = PermissionRule::allow("shell_command");
    for rules in [
        [allow.clone(), reject("git push*")],
        [reject("git push*"), allow.clone()],
    ] {
        assert_eq!(on(SEPTEMBER, &rules, "git push"), Some(false));
        assert_eq!(on(SEPTEMBER, &rules, "git status"), Some(true));
    }
    assert_eq!(on(SEPTEMBER, &[reject("git push*")], "git status"), None);
    assert_eq!(on(SEPTEMBER, &[], "git status"), None);
}

#[test]
fn on_a_build_that_nobody_measured_a_rejection_holds_and_a_permission_does_not() {
    let unmeasured = "0.0.1799999999-gabcdef";
    let rules = [PermissionRule::allow("shell_command"), reject("git push*")];
    assert_eq!(on(unmeasured, &rules, "git push"), Some(false));
    assert_eq!(on(unmeasured, &rules, "git status"), None);
}

#[test]
fn a_call_that_may_match_a_rejection_is_rejected() {
    let unmeasured_form = PermissionRule::reject("shell_[[:alpha:]]ommand");
    assert_eq!(on(SEPTEMBER, &[unmeasured_form], "ls"), Some(false));
    let beside_one_that_cannot_be_read = [reject("/(/"), reject("ls*")];
    let told = on(SEPTEMBER, &beside_one_that_cannot_be_read, "ls");
    assert_eq!(told, Some(false));
}
