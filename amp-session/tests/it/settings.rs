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
    if cfg!(target_os = "linux") {
        let managed = Path::new("/etc/ampcode/managed-settings.json");
        assert_eq!(files[0].path, managed);
    }
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

fn file(home: &TempDir, name: &str) -> SettingsFile {
    let path = home.path().join(name);
    let files = settings_files(&environment(home.path()), home.path(), Some(&path));
    files.last().unwrap().clone()
}

#[test]
fn what_stands_in_the_place_of_a_file_is_told() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("folder")).unwrap();
    let folder = file(&home, "folder").state;
    assert_eq!(
        folder,
        SettingsState::Unreadable("it is a folder".to_owned())
    );
    assert_eq!(file(&home, "missing").state, SettingsState::Absent);
    let below_a_file = home.path().join("file/settings.json");
    write(home.path().join("file"), "{}");
    let state = file(&home, below_a_file.to_str().unwrap()).state;
    assert!(matches!(state, SettingsState::Unreadable(_)), "{state:?}");

    let largest = format!("{{}}{}", " ".repeat((4 << 20) - 2));
    write(home.path().join("large"), &largest);
    assert_eq!(file(&home, "large").state, SettingsState::Used);
    write(home.path().join("large"), &format!("{largest} "));
    let reason = "it is larger than 4 MiB".to_owned();
    assert_eq!(file(&home, "large").state, SettingsState::Unclear(reason));
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_a_device_is_not_read() {
    let home = TempDir::new().unwrap();
    write(home.path().join("target"), r#"{"amp.url": "x"}"#);
    for (target, name) in [
        ("target", "link"),
        ("nowhere", "dangling"),
        ("/dev/zero", "device"),
    ] {
        std::os::unix::fs::symlink(target, home.path().join(name)).unwrap();
    }
    assert_eq!(file(&home, "link").keys, ["amp.url"]);
    assert_eq!(file(&home, "dangling").state, SettingsState::Absent);
    let reason = "it is no ordinary file".to_owned();
    assert_eq!(file(&home, "device").state, SettingsState::Unclear(reason));
}

#[test]
fn only_what_was_read_is_known() {
    let reason = || "reason".to_owned();
    for (state, doubt) in [
        (SettingsState::Used, None),
        (SettingsState::Shadowed, None),
        (SettingsState::Absent, None),
        (SettingsState::Unreadable(reason()), Some("reason")),
        (SettingsState::Invalid(reason()), Some("reason")),
        (SettingsState::Unclear(reason()), Some("reason")),
    ] {
        assert_eq!(state.doubt(), doubt);
        assert_eq!(state.is_known(), doubt.is_none());
    }
}

#[test]
fn a_comma_before_a_closing_bracket_is_an_error_for_the_first_builds_only() {
    let home = TempDir::new().unwrap();
    write(
        home.path().join(".config/amp/settings.json"),
        r#"{"amp.url": "x",}"#,
    );
    write(
        home.path().join("project/.amp/settings.json"),
        r#"{"amp.url": "x"}"#,
    );
    let read = || {
        Effective::read(
            &environment(home.path()),
            &home.path().join("project"),
            None,
        )
    };
    for version in [
        "0.0.1773432280-gcd86a7",
        "0.0.1790142911-g7618fb",
        "unknown",
    ] {
        assert_eq!(read().as_read_by(&version.into()), read(), "{version}");
    }
    let january = read().as_read_by(&"0.0.1767830505-ga62310".into());
    let user = january.user().unwrap();
    assert!(matches!(user.state, SettingsState::Invalid(_)));
    assert_eq!((user.get("amp.url"), user.keys.len()), (None, 0));
    let workspace = january.of(SettingsScope::Workspace).next().unwrap();
    assert_eq!(workspace.state, SettingsState::Used);
    assert!(january.doubt(&[SettingsScope::User]).is_some());
    assert!(january.doubt(&[SettingsScope::Workspace]).is_none());
}

#[test]
fn the_workspace_counts_before_the_user_where_it_says_anything() {
    let home = TempDir::new().unwrap();
    let project = home.path().join("project");
    write(
        home.path().join(".config/amp/settings.json"),
        r#"{"amp.a": 1, "amp.b": 1, "amp.c": 1}"#,
    );
    write(
        project.join(".amp/settings.json"),
        r#"{"amp.a": 2, "amp.b": null, "amp.d": null}"#,
    );
    let settings = Effective::read(&environment(home.path()), &project, None);
    let value = |key| {
        let (file, value) = settings.value(key)?;
        Some((file.scope, value.as_i64()?))
    };
    assert_eq!(value("amp.a"), Some((SettingsScope::Workspace, 2)));
    assert_eq!(value("amp.b"), Some((SettingsScope::User, 1)));
    assert_eq!(value("amp.c"), Some((SettingsScope::User, 1)));
    assert_eq!(value("amp.d"), None);
    assert_eq!(settings.values("amp.a").count(), 2);
    let own = settings.workspace().map(|file| file.path.as_path());
    assert_eq!(own, Some(project.join(".amp/settings.json").as_path()));
    let scopes = [
        SettingsScope::Managed,
        SettingsScope::Workspace,
        SettingsScope::User,
    ];
    assert_eq!(
        scopes.map(SettingsScope::as_str),
        ["managed", "workspace", "user"]
    );
}

#[test]
fn relative_places_are_looked_for_from_the_working_folder() {
    let home = TempDir::new().unwrap();
    write(home.path().join("project/given.json"), r#"{"amp.a": 1}"#);
    write(
        home.path().join("project/config/amp/settings.json"),
        r#"{"amp.b": 1}"#,
    );
    let read = |name: &str, value: &str| {
        let mut variables = environment(home.path());
        variables.insert(name.into(), value.into());
        let settings = Effective::read(&variables, &home.path().join("project"), None);
        settings.user().unwrap().keys.clone()
    };
    assert_eq!(read("AMP_SETTINGS_FILE", "given.json"), ["amp.a"]);
    assert_eq!(read("XDG_CONFIG_HOME", "config"), ["amp.b"]);
}

#[test]
fn values_are_not_shown() {
    let home = TempDir::new().unwrap();
    write(
        home.path().join(".config/amp/settings.json"),
        r#"{"amp.url": "hidden"}"#,
    );
    let settings = Effective::read(&environment(home.path()), home.path(), None);
    let shown = format!("{settings:?}");
    assert!(
        shown.contains("amp.url") && !shown.contains("hidden"),
        "{shown}"
    );
}
