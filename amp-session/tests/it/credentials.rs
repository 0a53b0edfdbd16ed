//! Where keys are found, what is said about them, and what is stored.

use std::fs;
use std::path::Path;

use amp_session::{
    Amp, CredentialState, Credentials, Effective, Environment, Error, NamedBy, PlaceKind,
    SessionConfig,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "do-not-show-this";

fn environment(home: &Path, more: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::from([("HOME".into(), home.into())]);
    environment.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
    environment
}

fn credentials(environment: &Environment) -> Credentials {
    Credentials::new(
        environment,
        &Effective::read(environment, Path::new("/"), None),
    )
}

fn write_secrets(home: &Path, content: &str) {
    let folder = home.join(".local/share/amp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("secrets.json"), content).unwrap();
}

fn write_settings(home: &Path, settings: &Value) {
    let folder = home.join(".config/amp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
}

fn write_key_for(home: &Path, url: &str) {
    let mut secrets = serde_json::Map::new();
    secrets.insert(format!("apiKey@{url}"), SECRET.into());
    write_secrets(home, &Value::Object(secrets).to_string());
}

fn states(credentials: &Credentials) -> Vec<CredentialState> {
    credentials
        .report()
        .places
        .into_iter()
        .map(|place| place.state)
        .collect()
}

#[test]
fn without_any_key_nothing_is_configured_and_the_error_says_so() {
    let home = TempDir::new().unwrap();
    let credentials = credentials(&environment(home.path(), &[("AMP_API_KEY", "")]));
    let error = credentials.check().unwrap_err();
    assert!(matches!(error, Error::NotConfigured { .. }));
    assert_eq!(
        error.to_string(),
        "AMP_API_KEY not configured for https://ampcode.com/"
    );
    assert_eq!(states(&credentials)[0], CredentialState::Empty);
    assert!(
        credentials
            .report()
            .hint()
            .unwrap()
            .contains("set AMP_API_KEY")
    );
}

#[test]
fn a_key_that_no_header_takes_is_told_instead_of_crashing_amp() {
    let home = TempDir::new().unwrap();
    write_key_for(home.path(), "https://ampcode.com/");
    for key in ["…", "“quoted”", "two\nlines"] {
        let credentials = credentials(&environment(home.path(), &[("AMP_API_KEY", key)]));
        assert!(
            credentials.check().is_err(),
            "Amp would not use the stored key: {key}"
        );
        let hint = credentials.report().hint().unwrap();
        assert!(hint.starts_with("AMP_API_KEY cannot be used: "), "{hint}");
        assert!(!hint.contains(key));
    }
    for key in ["key", " key\n", "two words"] {
        let credentials = credentials(&environment(home.path(), &[("AMP_API_KEY", key)]));
        assert!(credentials.check().is_ok(), "{key:?}");
    }
}

#[test]
fn the_variable_wins_over_the_stored_key() {
    let home = TempDir::new().unwrap();
    write_key_for(home.path(), "https://ampcode.com/");
    let stored = credentials(&environment(home.path(), &[]));
    assert_eq!(stored.report().used().unwrap().kind, PlaceKind::SecretsFile);
    let both = credentials(&environment(home.path(), &[("AMP_API_KEY", SECRET)]));
    assert_eq!(
        states(&both)[..2],
        [CredentialState::Used, CredentialState::Shadowed]
    );
}

#[test]
fn a_key_for_an_address_that_differs_in_one_slash_is_not_used() {
    let home = TempDir::new().unwrap();
    write_key_for(home.path(), "http://127.0.0.1:9");
    let url = [("AMP_URL", "http://127.0.0.1:9/")];
    let credentials = credentials(&environment(home.path(), &url));
    assert!(credentials.check().is_err());
    let other = CredentialState::OtherUrl("http://127.0.0.1:9".to_owned());
    assert!(states(&credentials).contains(&other));
    let none = json!({"apiKey@http://127.0.0.1:9": ""}).to_string();
    write_secrets(home.path(), &none);
    assert!(
        !states(&credentials).contains(&other),
        "an empty key is none"
    );
    write_key_for(home.path(), "http://127.0.0.1:9");
    assert!(
        credentials
            .report()
            .hint()
            .unwrap()
            .contains("http://127.0.0.1:9,")
    );
}

#[test]
fn a_broken_secrets_file_is_reported_and_never_overwritten() {
    let home = TempDir::new().unwrap();
    write_secrets(home.path(), &format!("{{\"apiKey@x\": \"{SECRET}\""));
    let credentials = credentials(&environment(home.path(), &[]));
    let report = credentials.report();
    assert!(report.places.iter().any(|place| matches!(
        place.state,
        CredentialState::Unreadable(ref reason) if reason == "it is not a JSON object"
    )));
    let before = fs::read(credentials.secrets_file().unwrap()).unwrap();
    let error = credentials.store("another").unwrap_err();
    assert!(!format!("{error:?}{report:?}").contains(SECRET));
    assert_eq!(
        fs::read(credentials.secrets_file().unwrap()).unwrap(),
        before
    );
}

#[test]
fn places_that_documentation_names_are_reported_as_ignored() {
    let home = TempDir::new().unwrap();
    fs::create_dir_all(home.path().join(".amp")).unwrap();
    fs::write(home.path().join(".amp/config.json"), "{}").unwrap();
    let variables = [("ANTHROPIC_API_KEY", SECRET)];
    let credentials = credentials(&environment(home.path(), &variables));
    let report = credentials.report();
    let ignored: Vec<&str> = report
        .places
        .iter()
        .filter(|place| place.state == CredentialState::Ignored)
        .map(|place| place.name.as_str())
        .collect();
    assert_eq!(ignored.len(), 2);
    assert_eq!(ignored[0], "ANTHROPIC_API_KEY");
    assert!(ignored[1].ends_with("config.json"));
    assert!(!report.is_configured());
    assert!(
        report
            .hint()
            .unwrap()
            .contains("ANTHROPIC_API_KEY is there")
    );
}

#[test]
fn no_report_holds_a_secret() {
    let home = TempDir::new().unwrap();
    let secrets = json!({"apiKey@https://ampcode.com/": SECRET, "apiKey@https://x/": SECRET});
    write_secrets(home.path(), &secrets.to_string());
    let variables = [("AMP_API_KEY", SECRET), ("ANTHROPIC_API_KEY", SECRET)];
    let credentials = credentials(&environment(home.path(), &variables));
    let report = credentials.report();
    let report = format!("{report:?}{}", serde_json::to_string(&report).unwrap());
    let shown = format!("{credentials:?}");
    assert!(!report.contains(SECRET) && !shown.contains(SECRET));
    assert!(shown.contains("AMP_API_KEY"), "{shown}");
}

#[test]
fn storing_and_clearing_keep_everything_else_in_the_file() {
    let home = TempDir::new().unwrap();
    let before = json!({"apiKey@https://other/": "kept", "oauth-refresh-token@x": ""});
    write_secrets(home.path(), &before.to_string());
    let credentials = credentials(&environment(home.path(), &[]));
    let path = credentials.store(&format!("  {SECRET}\n")).unwrap();
    assert!(credentials.check().is_ok());
    let read = || serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap();
    let mut expected = before.clone();
    expected["apiKey@https://ampcode.com/"] = SECRET.into();
    assert_eq!(read(), expected);
    assert!(credentials.clear().unwrap());
    assert_eq!(read(), before);
    assert!(
        !credentials.clear().unwrap(),
        "there is nothing left to clear"
    );
}

#[cfg(unix)]
#[test]
fn stored_keys_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let home = TempDir::new().unwrap();
    let credentials = credentials(&environment(home.path(), &[]));
    let path = credentials.store(SECRET).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    write_secrets(home.path(), "{}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    credentials.store(SECRET).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_key_of_several_lines_or_none_is_refused() {
    let home = TempDir::new().unwrap();
    let credentials = credentials(&environment(home.path(), &[]));
    for key in ["", " \n", "two\nlines"] {
        assert!(credentials.store(key).is_err(), "{key:?}");
    }
    assert!(!credentials.secrets_file().unwrap().exists());
}

#[test]
fn the_address_of_the_users_settings_counts_unless_the_variable_is_set() {
    let home = TempDir::new().unwrap();
    write_settings(
        home.path(),
        &json!({"amp.url": "https://settings.example/"}),
    );
    let plain = credentials(&environment(home.path(), &[]));
    assert_eq!(plain.service_url(), "https://settings.example/");
    assert_eq!(plain.service().named_by, NamedBy::User);
    let url = [("AMP_URL", "https://variable.example/")];
    let both = credentials(&environment(home.path(), &url));
    assert_eq!(both.service_url(), "https://variable.example/");
    assert_eq!(both.service().named_by, NamedBy::Variable);
    write_settings(home.path(), &json!({"amp.url": ""}));
    let neither = credentials(&environment(home.path(), &[]));
    assert_eq!(neither.service_url(), "https://ampcode.com/");
    assert_eq!(neither.service().named_by, NamedBy::Default);
}

#[test]
fn an_address_that_is_none_is_refused_before_any_start() {
    let home = TempDir::new().unwrap();
    for url in ["notaurl", "https://", "ftp://example.com", "http:///path"] {
        let variables = [("AMP_URL", url), ("AMP_API_KEY", SECRET)];
        let error = credentials(&environment(home.path(), &variables))
            .check()
            .unwrap_err();
        assert!(error.to_string().starts_with("AMP_URL: "), "{error}");
    }
}

#[test]
fn keys_in_the_operating_systems_store_are_neither_asked_for_nor_refused() {
    let home = TempDir::new().unwrap();
    let enabled = json!({"amp.experimental.cli.nativeSecretsStorage.enabled": true});
    write_settings(home.path(), &enabled);
    // A JavaScript build and a native one.
    for version in ["0.0.1770734955-g93e689", "0.0.1790142911-g7618fb"] {
        let amp = Amp::new("amp", version).with_environment(environment(home.path(), &[]));
        let session = amp.start(SessionConfig::new()).unwrap();
        assert!(session.preflight().is_ok());
        let report = session.credentials().report();
        assert!(!report.is_configured());
        let states = report
            .places
            .into_iter()
            .map(|place| (place.kind, place.state));
        let expected = (PlaceKind::NativeStore, CredentialState::NotLookedAt);
        assert!(states.into_iter().any(|found| found == expected));
    }
}

#[test]
fn the_settings_choose_the_operating_systems_store_by_what_is_true_in_javascript() {
    let home = TempDir::new().unwrap();
    for (value, chosen) in [
        (json!(true), true),
        (json!(1), true),
        (json!("no"), true),
        (json!([]), true),
        (json!({}), true),
        (json!(false), false),
        (json!(0), false),
        (json!(""), false),
        (json!(null), false),
    ] {
        let settings = json!({"amp.experimental.cli.nativeSecretsStorage.enabled": value});
        write_settings(home.path(), &settings);
        let report = credentials(&environment(home.path(), &[])).report();
        let mut kinds = report.places.iter().map(|place| place.kind);
        let native = kinds.any(|kind| kind == PlaceKind::NativeStore);
        assert_eq!(native, chosen, "{value}");
    }
}
