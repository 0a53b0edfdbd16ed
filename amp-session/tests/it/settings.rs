//! Which settings files Amp would read, and in which order they win.

use std::fs;
use std::path::Path;

use amp_session::{Effective, Environment, SettingsFile, SettingsScope, SettingsState};
use tempfile::TempDir;

fn write(path: impl AsRef<Path>, content: &str) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn settings_files(
    environment: &Environment,
    working_directory: &Path,
    explicit: Option<&Path>,
) -> Vec<SettingsFile> {
    Effective::read(environment, working_directory, explicit)
        .files()
        .to_vec()
}

/// Makes what Git takes for a repository.
fn repository(folder: &Path) {
    fs::create_dir_all(folder.join(".git/objects")).unwrap();
    fs::create_dir_all(folder.join(".git/refs")).unwrap();
    fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
}

fn environment(home: &Path) -> Environment {
    Environment::from([("HOME".into(), home.into())])
}

#[test]
fn managed_settings_come_before_the_workspace_and_that_before_the_user() {
    let home = TempDir::new().unwrap();
    write(home.path().join("project/.amp/settings.json"), "{}");
    write(home.path().join(".config/amp/settings.json"), "{}");
    let files = settings_files(
        &environment(home.path()),
        &home.path().join("project"),
        None,
    );
    let scopes: Vec<_> = files.iter().map(|file| file.scope).collect();
    let expected = [
        SettingsScope::Managed,
        SettingsScope::Workspace,
        SettingsScope::User,
    ];
    assert_eq!(scopes, expected);
    assert_eq!(files[1].state, SettingsState::Used);
    assert_eq!(files[2].state, SettingsState::Used);
}

#[test]
fn keys_are_named_and_values_are_not() {
    let home = TempDir::new().unwrap();
    let settings = r#"{"amp.url": "hidden", "url": 1, /* note */ "amp.permissions": [],}"#;
    write(home.path().join(".config/amp/settings.jsonc"), settings);
    let files = settings_files(&environment(home.path()), home.path(), None);
    let user = files.last().unwrap();
    assert_eq!(user.state, SettingsState::Used);
    assert_eq!(user.keys, ["amp.permissions", "amp.url"]);
    assert!(!serde_json::to_string(&files).unwrap().contains("hidden"));
}

#[test]
fn json_wins_over_jsonc_and_an_invalid_file_is_told() {
    let home = TempDir::new().unwrap();
    write(home.path().join(".config/amp/settings.json"), "{");
    write(home.path().join(".config/amp/settings.jsonc"), "{}");
    let files = settings_files(&environment(home.path()), home.path(), None);
    let user: Vec<_> = files
        .iter()
        .filter(|file| file.scope == SettingsScope::User)
        .collect();
    assert!(matches!(user[0].state, SettingsState::Invalid(_)));
    assert_eq!(user[1].state, SettingsState::Shadowed);
}

#[test]
fn workspace_settings_are_found_from_below_only_inside_a_repository() {
    let home = TempDir::new().unwrap();
    let below = home.path().join("project/src/deep");
    fs::create_dir_all(&below).unwrap();
    write(home.path().join("project/.amp/settings.json"), "{}");
    let find = || settings_files(&environment(home.path()), &below, None)[1].clone();
    assert_eq!(find().state, SettingsState::Absent);
    repository(&home.path().join("project"));
    assert_eq!(find().state, SettingsState::Used);
}

#[test]
fn a_file_given_for_the_run_stands_in_for_the_users_own() {
    let home = TempDir::new().unwrap();
    write(home.path().join(".config/amp/settings.json"), "{}");
    write(home.path().join("given.json"), "{}");
    let given = home.path().join("given.json");
    let files = settings_files(&environment(home.path()), home.path(), Some(&given));
    assert_eq!(files.last().unwrap().path, given);
    let mut variables = environment(home.path());
    variables.insert("AMP_SETTINGS_FILE".into(), "/elsewhere.json".into());
    let files = settings_files(&variables, home.path(), None);
    assert_eq!(files.last().unwrap().path, Path::new("/elsewhere.json"));
    assert_eq!(files.last().unwrap().state, SettingsState::Absent);
}
