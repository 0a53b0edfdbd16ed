//! Rules are added and removed in throw-away homes and repositories.

use std::fs;
use std::path::{Path, PathBuf};

use amp_protocol::PermissionRule;
use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;

const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

/// A home and a repository, thrown away.
struct World {
    folder: tempfile::TempDir,
    store: RuleStore,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for below in [
            "home/.config/amp",
            "project/sub",
            "project/.git/objects",
            "project/.git/refs",
        ] {
            fs::create_dir_all(root.join(below)).unwrap();
        }
        fs::write(root.join("project/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        let environment = Environment::from([("HOME".into(), root.join("home").into())]);
        let store = RuleStore::new(environment, root.join("project/sub"), &SEPTEMBER.into());
        Self { folder, store }
    }

    fn path(&self, below: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(below)
    }

    fn user(&self) -> PathBuf {
        self.path("home/.config/amp/settings.json")
    }

    fn tools(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        let values = values_of_text(&text).unwrap();
        let tool = |rule: Value| rule["tool"].as_str().unwrap().to_owned();
        rules_of(&values).into_iter().map(tool).collect()
    }
}

fn push() -> PermissionRule {
    PermissionRule::reject("shell_command").with_match("command", "*git push*")
}

#[test]
fn a_rule_goes_in_front_of_the_users_others_and_mode_and_comments_stay() {
    let world = World::new();
    let text = "{\n  // mine\n  \"amp.permissions\": [\n    {\"tool\": \"Read\", \"action\": \"allow\"} // last\n  ],\n  \"amp.url\": \"x\"\n}\n";
    fs::write(world.user(), text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(world.user(), fs::Permissions::from_mode(0o640)).unwrap();
    }
    let change = world.store.add(SettingsScope::User, &push()).unwrap();
    assert_eq!((change.rules, change.written), (2, true));
    assert_eq!(World::tools(&world.user()), ["shell_command", "Read"]);
    let now = fs::read_to_string(world.user()).unwrap();
    assert!(now.contains("// mine") && now.contains("// last"), "{now}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(world.user()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
    let again = world.store.add(SettingsScope::User, &push()).unwrap();
    assert_eq!((again.rules, again.written), (2, false));
    let removed = world.store.remove(SettingsScope::User, 2).unwrap();
    assert_eq!(
        removed.rule.parse::<Value>().unwrap()["tool"],
        json!("Read")
    );
    assert_eq!(World::tools(&world.user()), ["shell_command"]);
    let nothing = world.store.remove(SettingsScope::User, 2).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Usage);
}

#[test]
fn a_workspaces_first_rule_goes_to_the_root_of_the_repository() {
    let world = World::new();
    let change = world.store.add(SettingsScope::Workspace, &push()).unwrap();
    assert_eq!(change.file, world.path("project/.amp/settings.json"));
    assert_eq!(world.store.rules().lists()[0].rules.len(), 1);
    // A nearer file counts from then on.
    fs::create_dir_all(world.path("project/sub/.amp")).unwrap();
    fs::write(world.path("project/sub/.amp/settings.jsonc"), "{}").unwrap();
    let change = world.store.add(SettingsScope::Workspace, &push()).unwrap();
    assert_eq!(change.file, world.path("project/sub/.amp/settings.jsonc"));
}

#[test]
fn a_rule_that_would_not_do_what_it_says_is_not_written() {
    let world = World::new();
    let wrong = [
        PermissionRule::reject("shell_command").with_match("cmd", "git push*"),
        PermissionRule::reject("Bahs"),
        PermissionRule::reject(""),
    ];
    for rule in wrong {
        let error = world.store.add(SettingsScope::User, &rule).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{rule:?}");
    }
    assert!(!world.user().exists());
    // Nor is one that the workspace's rules never let decide.
    let all = PermissionRule::reject("shell_command");
    world.store.add(SettingsScope::Workspace, &all).unwrap();
    let error = world.store.add(SettingsScope::User, &push()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn a_rule_tells_of_those_that_it_puts_out_of_reach() {
    let world = World::new();
    world.store.add(SettingsScope::User, &push()).unwrap();
    let all = PermissionRule::allow("shell_command");
    let change = world.store.add(SettingsScope::User, &all).unwrap();
    assert!(
        change
            .findings
            .iter()
            .any(|finding| finding.number == Some(2)
                && finding.check == crate::permission::Check::UnreachableRule),
        "{:?}",
        change.findings
    );
}

#[test]
fn what_cannot_be_read_as_amp_reads_it_is_not_written() {
    let world = World::new();
    let texts: [&[u8]; 6] = [
        b"",
        b"{",
        b"[]",
        b"{\"amp.permissions\": {}}",
        b"{\"amp.x\": \"\xff\"}",
        b"{\"amp.x\": \"\\ud800\"}",
    ];
    for text in texts {
        fs::write(world.user(), text).unwrap();
        let error = world.store.add(SettingsScope::User, &push()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Files, "{error}");
        assert_eq!(fs::read(world.user()).unwrap(), text);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_unless_it_leads_out_of_the_workspace_or_to_nothing() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    let kept = world.path("dotfiles.json");
    fs::write(&kept, "{}").unwrap();
    symlink(&kept, world.user()).unwrap();
    let change = world.store.add(SettingsScope::User, &push()).unwrap();
    assert_eq!(change.file, kept);
    assert!(world.user().is_symlink());
    assert_eq!(World::tools(&kept), ["shell_command"]);

    let before = fs::read(&kept).unwrap();
    fs::create_dir(world.path("project/.amp")).unwrap();
    let link = world.path("project/.amp/settings.json");
    symlink(&kept, &link).unwrap();
    let rule = PermissionRule::reject("Read");
    let error = world
        .store
        .add(SettingsScope::Workspace, &rule)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Files);
    assert_eq!(fs::read(&kept).unwrap(), before);

    fs::remove_file(world.user()).unwrap();
    symlink(world.path("nowhere"), world.user()).unwrap();
    assert!(world.store.add(SettingsScope::User, &rule).is_err());
    assert!(!world.path("nowhere").exists());
}

#[test]
fn writers_at_the_same_time_lose_none_of_their_rules() {
    let world = World::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let store = &world.store;
            scope.spawn(move || {
                for count in 0..3 {
                    let tool = format!("mcp__server{writer}__tool{count}");
                    let rule = PermissionRule::allow(tool);
                    store.add(SettingsScope::User, &rule).unwrap();
                }
            });
        }
    });
    assert_eq!(World::tools(&world.user()).len(), 12);
}
