//! Permission rules of a run hold, or the run is refused before anything is started.

use std::fs;
use std::path::{Path, PathBuf};

use amp_session::protocol::PermissionRule;
use amp_session::{Amp, Environment, Error, ErrorKind, Session, SessionConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{FEBRUARY, SEPTEMBER, SUCCESS, playing};

/// A home with a project in it.
struct Place {
    home: TempDir,
    version: &'static str,
}

impl Place {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join("project")).unwrap();
        Self {
            home,
            version: SEPTEMBER,
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A run that rejects a tool, and what else it is asked for.
    fn config(&self) -> SessionConfig {
        SessionConfig::new()
            .with_working_directory(self.path("project"))
            .with_permission_rules(&[PermissionRule::reject("shell_command")])
    }

    fn start(&self, config: SessionConfig) -> Result<Session, Error> {
        let environment = Environment::from([("HOME".into(), self.home.path().into())]);
        let amp = Amp::new("amp", self.version).with_environment(environment);
        amp.start(config)
    }

    fn refusal(&self, config: SessionConfig) -> String {
        match self.start(config) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
                let text = error.to_string();
                text.replace(
                    fs::canonicalize(self.home.path())
                        .unwrap()
                        .to_str()
                        .unwrap(),
                    "~",
                )
            }
            Ok(_) => panic!("the run was not refused"),
        }
    }
}

/// The settings that a run is started with.
fn settings(session: &Session) -> Value {
    let files = session.preview("hello").unwrap().files;
    let file = files
        .iter()
        .find(|file| file.path.ends_with("settings.json"));
    serde_json::from_str(&file.expect("settings of the run").content).unwrap()
}

#[test]
fn the_runs_rules_come_first_and_the_users_own_allow_all_is_off() {
    let place = Place::new();
    let own = json!({
        "amp.dangerouslyAllowAll": true,
        "amp.permissions": [{"tool": "Read", "action": "reject"}],
        "amp.showCosts": false,
    });
    place.write(".config/amp/settings.json", own.to_string());
    let expected = json!({
        "amp.dangerouslyAllowAll": false,
        "amp.permissions": [
            {"tool": "shell_command", "action": "reject"},
            {"tool": "Read", "action": "reject"},
        ],
        "amp.showCosts": false,
    });
    assert_eq!(settings(&place.start(place.config()).unwrap()), expected);

    place.write("given.json", own.to_string());
    let mut given = place.config();
    given.settings_file = Some("../given.json".into());
    assert_eq!(settings(&place.start(given).unwrap()), expected);

    let named = place
        .config()
        .with_variable("AMP_SETTINGS_FILE", place.path("given.json"));
    assert_eq!(settings(&place.start(named).unwrap()), expected);
}

#[test]
fn own_rules_that_are_no_list_are_left_out_as_amp_does() {
    let place = Place::new();
    place.write(
        ".config/amp/settings.json",
        r#"{"amp.permissions": {"tool": "*"}}"#,
    );
    let settings = settings(&place.start(place.config()).unwrap());
    assert_eq!(settings["amp.permissions"].as_array().unwrap().len(), 1);
}

#[test]
fn rules_that_amp_would_drop_refuse_the_run() {
    let place = Place::new();
    for (rules, reason) in [
        (
            json!([{"tool": "Bash", "action": "rejct"}]),
            "rule 1: the action \"rejct\" is none",
        ),
        (
            json!([{"tool": "a", "action": "ask"}, {"action": "reject"}]),
            "rule 2: ",
        ),
        (json!([1]), "rule 1: "),
        (
            json!({"tool": "Bash", "action": "reject"}),
            "they are not a list",
        ),
        (json!(null), "they are not a list"),
    ] {
        let config = SessionConfig::new()
            .with_working_directory(place.path("project"))
            .with_setting("amp.permissions", rules);
        let refusal = place.refusal(config);
        let start = format!("the permission rules of the run would not hold: {reason}");
        assert!(refusal.starts_with(&start), "{refusal}");
    }
}

#[test]
fn an_allow_all_of_the_run_goes_only_with_rules_that_allow() {
    let place = Place::new();
    let with = |change: fn(&mut SessionConfig)| {
        let mut config = place.config();
        change(&mut config);
        config
    };
    let allow_all: [fn(&mut SessionConfig); 4] = [
        |config| config.dangerously_allow_all = true,
        |config| {
            config
                .extra_arguments
                .push("--dangerously-allow-all".into());
        },
        |config| {
            config
                .extra_arguments
                .push("--dangerously-allow-all=yes".into());
        },
        |config| {
            let key = "amp.dangerouslyAllowAll".to_owned();
            config.settings.insert(key, json!(true));
        },
    ];
    for change in allow_all {
        let refusal = place.refusal(with(change));
        assert!(refusal.contains("allow-all overrides"), "{refusal}");
        let mut config = with(change);
        let rules = json!([{"tool": "*", "action": "allow"}]);
        config.settings.insert("amp.permissions".to_owned(), rules);
        let session = place.start(config).expect("nothing is restricted");
        assert_ne!(settings(&session)["amp.dangerouslyAllowAll"], false);
    }
    let off = place
        .config()
        .with_setting("amp.dangerouslyAllowAll", false);
    assert!(place.start(off).is_ok());
}

#[test]
fn an_argument_that_may_undo_the_rules_refuses_the_run() {
    let place = Place::new();
    for doubtful in [
        "--settings-file=other.json",
        "--jetbrains",
        "--new-in-spring",
    ] {
        let mut config = place.config();
        config.extra_arguments = vec!["--no-color".into(), doubtful.into()];
        let refusal = place.refusal(config);
        let reason = format!("{doubtful:?}, passed on to Amp, may undo them");
        assert!(refusal.contains(&reason), "{refusal}");
    }
    let mut config = place.config();
    config.extra_arguments = vec!["--no-color".into()];
    assert!(place.start(config).is_ok());
}

#[test]
fn a_project_that_allows_refuses_the_run_and_one_that_restricts_does_not() {
    for hostile in [
        r#"{"amp.permissions": [{"tool": "*", "action": "allow"}]}"#,
        r#"{"amp.permissions": [{"tool": "*", "action": "delegate", "to": "./yes"}]}"#,
        r#"{"amp.permissions": [{"tool": "x", "action": "reject"}, {"tool": "*", "action": "Allow"}]}"#,
        r#"{"amp.permissions": "allow"}"#,
        r#"{"amp.dangerouslyAllowAll": true}"#,
        r#"{"amp.dangerouslyAllowAll": 1}"#,
    ] {
        let place = Place::new();
        place.write("project/.amp/settings.json", hostile);
        assert_eq!(
            place.refusal(place.config()),
            "the permission rules of the run would not hold: ~/project/.amp/settings.json decides \
             on permissions, and a project outranks the rules of a run"
        );
        let without_rules = SessionConfig::new().with_working_directory(place.path("project"));
        assert!(place.start(without_rules).is_ok(), "nothing is promised");
    }
    for harmless in [
        r#"{"amp.permissions": [{"tool": "*", "action": "reject"}, {"tool": "a", "action": "ask"}]}"#,
        r#"{"amp.permissions": [], "amp.dangerouslyAllowAll": false}"#,
        r#"{"amp.dangerouslyAllowAll": null}"#,
        r#"{"amp": {"dangerouslyAllowAll": true}, "dangerouslyAllowAll": true}"#,
        r#"[{"amp.dangerouslyAllowAll": true}]"#,
    ] {
        let place = Place::new();
        place.write("project/.amp/settings.json", harmless);
        assert!(place.start(place.config()).is_ok(), "{harmless}");
    }
}

#[test]
fn project_settings_that_amp_may_read_otherwise_refuse_the_run() {
    let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(600), "]".repeat(600));
    for (content, reason) in [
        (
            b"{\"a\": \"\xff\", \"amp.dangerouslyAllowAll\": true}".as_slice(),
            "decides on permissions",
        ),
        (br#"{"a": "\ud83d"}"#, "half a character"),
        (deep.as_bytes(), "nested more than"),
        (br#"{"a": 1e999}"#, "beyond all limits"),
        (br#"{"amp.__proto__": {}}"#, "__proto__"),
        (b"\xef\xbb\xbf{}", "a value is expected at line 1 column 1"),
        (&[b' '; 5 << 20], "larger than 4 MiB"),
    ] {
        let place = Place::new();
        place.write("project/.amp/settings.json", content);
        let refusal = place.refusal(place.config());
        assert!(refusal.contains(reason), "{refusal}");
    }
    let place = Place::new();
    fs::create_dir_all(place.path("project/.amp/settings.json")).unwrap();
    let refusal = place.refusal(place.config());
    assert!(
        refusal.ends_with("cannot be told: it is a folder"),
        "{refusal}"
    );
}

#[test]
fn plugins_of_a_project_refuse_the_run_where_they_are_loaded() {
    let mut place = Place::new();
    fs::create_dir_all(place.path("project/.amp/plugins")).unwrap();
    assert!(place.start(place.config()).is_ok(), "there is none");
    place.write("project/.amp/plugins/any.ts", "");
    let refusal = place.refusal(place.config());
    assert!(
        refusal.contains("~/project/.amp/plugins holds plugins"),
        "{refusal}"
    );
    place.version = FEBRUARY;
    assert!(place.start(place.config()).is_ok(), "this build loads none");

    let place = Place::new();
    place.write("project/.amp/plugins", "not a folder");
    place.refusal(place.config());
}

#[test]
fn mcp_servers_of_a_projects_skills_refuse_the_run() {
    for (file, named) in [
        (".agents/skills/any/mcp.json", "/any/mcp.json"),
        (".agents/skills/a/b/c/d/e/mcp.json", "/a/b/c/d/e/mcp.json"),
        (".claude/skills/any/MCP.json", "/any/MCP.json"),
    ] {
        let place = Place::new();
        place.write("project/.agents/skills/any/SKILL.md", "");
        assert!(place.start(place.config()).is_ok(), "no server");
        place.write(&format!("project/{file}"), "{}");
        let refusal = place.refusal(place.config());
        let reason = format!("{named} may bring MCP servers of the project");
        assert!(refusal.contains(&reason), "{refusal}");
        let without_rules = SessionConfig::new().with_working_directory(place.path("project"));
        assert!(place.start(without_rules).is_ok(), "nothing is promised");
    }
}

#[test]
fn skills_above_a_project_count_as_well_and_those_of_the_home_are_the_users_own() {
    let place = Place::new();
    for own in [".agents/skills/own", ".claude/skills/own"] {
        place.write(&format!("{own}/mcp.json"), "{}");
    }
    let deep = || {
        place
            .config()
            .with_working_directory(place.path("project/sub"))
    };
    fs::create_dir_all(place.path("project/sub")).unwrap();
    assert!(place.start(deep()).is_ok(), "they are the user's own");
    place.write("project/.agents/skills/any/mcp.json", "{}");
    let refusal = place.refusal(deep());
    assert!(
        refusal.contains("~/project/.agents/skills/any/mcp.json"),
        "{refusal}"
    );
}

#[test]
fn a_folder_of_skills_that_a_project_names_refuses_the_run() {
    for version in [FEBRUARY, SEPTEMBER] {
        let mut place = Place::new();
        place.version = version;
        let settings = r#"{"amp.skills.path": "./skills"}"#;
        place.write("project/.amp/settings.json", settings);
        let refusal = place.refusal(place.config());
        assert!(
            refusal.contains("settings.json sets amp.skills.path"),
            "{refusal}"
        );
    }
}

#[test]
fn a_skill_that_is_deeper_than_amp_looks_does_not_refuse_the_run() {
    let place = Place::new();
    place.write("project/.agents/skills/1/2/3/4/5/6/7/8/mcp.json", "{}");
    assert!(place.start(place.config()).is_ok());
}

#[cfg(unix)]
#[test]
fn skills_that_are_too_many_to_judge_refuse_the_run() {
    let place = Place::new();
    let skills = place.path("project/.agents/skills");
    fs::create_dir_all(&skills).unwrap();
    // Each link doubles what there is to see.
    for name in 0..20 {
        std::os::unix::fs::symlink(".", skills.join(name.to_string())).unwrap();
    }
    let refusal = place.refusal(place.config());
    assert!(refusal.contains("may bring MCP servers"), "{refusal}");
}

#[test]
fn a_toolbox_of_a_project_refuses_the_run_where_it_is_used() {
    let mut place = Place::new();
    let settings = "project/.amp/settings.json";
    place.write(settings, r#"{"amp.toolbox.path": "/project/tools"}"#);
    assert!(place.start(place.config()).is_ok(), "this build has none");
    place.version = FEBRUARY;
    let refusal = place.refusal(place.config());
    assert!(
        refusal.contains("settings.json sets amp.toolbox.path"),
        "{refusal}"
    );
    for none in ["null", r#""""#] {
        place.write(settings, format!(r#"{{"amp.toolbox.path": {none}}}"#));
        assert!(place.start(place.config()).is_ok(), "{none}");
    }
}

#[test]
fn the_users_own_settings_must_be_known_to_be_merged() {
    for content in ["{", r#"{"a": "\ud83d"}"#] {
        let place = Place::new();
        place.write(".config/amp/settings.json", content);
        let error = place.start(place.config()).unwrap_err();
        assert!(matches!(error, Error::Settings { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_changed_since_the_session_began_is_seen_before_the_next_turn() {
    let home = TempDir::new().unwrap();
    let project = home.path().join("project");
    fs::create_dir_all(project.join(".amp")).unwrap();
    let amp = playing(&home, SEPTEMBER, SUCCESS);
    let rules = [PermissionRule::reject("shell_command")];
    let config = SessionConfig::new()
        .with_working_directory(&project)
        .with_permission_rules(&rules);
    let session = amp.start(config).unwrap();
    let turn = session.prompt("hello").await.unwrap();
    assert!(turn.finish().await.is_success());
    let allow_all = r#"{"amp.dangerouslyAllowAll": true}"#;
    fs::write(project.join(".amp/settings.json"), allow_all).unwrap();
    let error = session.prompt("hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn the_agent_stays_in_the_folder_that_was_checked() {
    let place = Place::new();
    let config = place.config().with_variable("AMP_PWD", "/elsewhere");
    let invocation = place.start(config).unwrap().preview("hello").unwrap();
    let folder = invocation.variables.get(Path::new("AMP_PWD").as_os_str());
    assert_eq!(folder, Some(&"".into()), "an empty value unsets it");
}
