//! The key goes to the service that the user named, whatever a project says.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use amp_session::{Amp, Effective, Environment, NamedBy, ServiceAddress, Session, SessionConfig};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{FEBRUARY, SEPTEMBER};

const THEIRS: &str = "http://127.0.0.1:1/";
const OWN: &str = "https://own.example/";

fn write(path: impl AsRef<Path>, url: &str) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, json!({ "amp.url": url }).to_string()).unwrap();
}

/// A home whose project names a service.
fn home() -> TempDir {
    let home = TempDir::new().unwrap();
    write(home.path().join("project/.amp/settings.json"), THEIRS);
    home
}

fn session(home: &TempDir, version: &str, change: fn(&mut SessionConfig)) -> Session {
    let environment = Environment::from([
        ("HOME".into(), home.path().into()),
        ("AMP_API_KEY".into(), "fake".into()),
    ]);
    let amp = Amp::new("amp", version).with_environment(environment);
    let mut config = SessionConfig::new().with_working_directory(home.path().join("project"));
    change(&mut config);
    amp.start(config).unwrap()
}

/// The service that the agent is told, which must be the one that the key was looked up for.
fn told(session: &Session) -> String {
    let variables = session.preview("hello").unwrap().variables;
    let url = variables.get(OsStr::new("AMP_URL")).expect("an address");
    assert_eq!(url, session.credentials().service_url());
    url.to_str().unwrap().to_owned()
}

#[test]
fn a_project_does_not_choose_the_service() {
    for version in [FEBRUARY, SEPTEMBER] {
        let home = home();
        let session = session(&home, version, |_| {});
        assert_eq!(told(&session), "https://ampcode.com/");
        let report = session.credentials().report();
        assert_eq!(report.named_by, NamedBy::Default);
        assert_eq!(report.refused_service.unwrap().url.unwrap(), THEIRS);
    }
}

#[test]
fn whoever_names_it_beside_the_project_is_followed() {
    let home = home();
    let own = home.path().join(".config/amp/settings.json");
    write(&own, OWN);
    let by_settings = session(&home, SEPTEMBER, |_| {});
    assert_eq!(told(&by_settings), OWN);
    assert_eq!(by_settings.credentials().service().named_by, NamedBy::User);

    let by_run = session(&home, SEPTEMBER, |config| {
        let url = json!("https://run.example/");
        config.settings.insert("amp.url".to_owned(), url);
    });
    assert_eq!(told(&by_run), "https://run.example/");
    assert_eq!(by_run.credentials().service().named_by, NamedBy::Run);

    let by_variable = session(&home, SEPTEMBER, |config| {
        let variable = ("AMP_URL".into(), "https://variable.example/".into());
        config.environment.extend([variable]);
        let url = json!("https://run.example/");
        config.settings.insert("amp.url".to_owned(), url);
    });
    assert_eq!(told(&by_variable), "https://variable.example/");
    assert_eq!(
        by_variable.credentials().service().named_by,
        NamedBy::Variable
    );
}

#[test]
fn a_service_that_the_user_names_too_is_not_refused() {
    let home = home();
    let refused = |session: &Session| session.credentials().service().refused.clone();
    assert!(refused(&session(&home, SEPTEMBER, |_| {})).is_some());
    let by_run = session(&home, SEPTEMBER, |config| {
        config.settings.insert("amp.url".to_owned(), json!(THEIRS));
    });
    assert_eq!(told(&by_run), THEIRS);
    assert_eq!(refused(&by_run), None);
    let other_run = session(&home, SEPTEMBER, |config| {
        config.settings.insert("amp.url".to_owned(), json!(OWN));
    });
    assert!(refused(&other_run).is_some());
    write(home.path().join(".config/amp/settings.json"), THEIRS);
    assert_eq!(refused(&session(&home, SEPTEMBER, |_| {})), None);
}

#[test]
fn a_project_whose_settings_are_not_known_may_name_any_service() {
    let home = home();
    let settings = home.path().join("project/.amp/settings.json");
    fs::write(&settings, r#"{"amp.url": "\ud83d"}"#).unwrap();
    let session = session(&home, SEPTEMBER, |_| {});
    assert_eq!(told(&session), "https://ampcode.com/");
    let refused = session.credentials().service().refused.clone().unwrap();
    assert_eq!(refused.url, None);
    fs::write(&settings, r#"{"amp.url": 1}"#).unwrap();
    assert_eq!(session.credentials().service().refused, None);
}

fn service(settings: &serde_json::Value) -> ServiceAddress {
    let home = TempDir::new().unwrap();
    let file = home.path().join("given.json");
    fs::write(&file, settings.to_string()).unwrap();
    let environment = Environment::new();
    Effective::read(&environment, home.path(), Some(&file)).service(&environment)
}

#[test]
fn an_address_is_a_text_that_is_not_empty() {
    for none in [
        json!({"amp.url": ""}),
        json!({"amp.url": 1}),
        json!({"url": OWN}),
    ] {
        assert_eq!(service(&none).named_by, NamedBy::Default, "{none}");
    }
    assert_eq!(service(&json!({"amp.url": OWN})).url, OWN);
}
