//! The command line of every measured build for every option.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use amp_session::protocol::{McpServer, McpStdioServer, PermissionRule, UserInput};
use amp_session::{
    AmpVersion, BUILDS, Dialect, Environment, Error, ErrorKind, Executor, Input, Invocation,
    Request, SessionConfig, StandardInput, ThreadId, image_from_bytes, invocation,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

type Change = fn(&mut SessionConfig);

/// Every option, alone.
const OPTIONS: &[(&str, Change)] = &[
    ("none", |_| {}),
    ("mode smart", |config| {
        config.mode = Some("smart".into());
    }),
    ("mode rush", |config| {
        config.mode = Some("rush".into());
    }),
    ("mode deep", |config| {
        config.mode = Some("deep".into());
    }),
    ("mode free", |config| {
        config.mode = Some("free".into());
    }),
    ("mode high", |config| {
        config.mode = Some("high".into());
    }),
    ("mode bogus", |config| {
        config.mode = Some("bogus".into());
    }),
    ("effort high", |config| {
        config.reasoning_effort = Some("high".into());
    }),
    ("effort low", |config| {
        config.reasoning_effort = Some("low".into());
    }),
    ("mode deep, effort xhigh", |config| {
        config.mode = Some("deep".into());
        config.reasoning_effort = Some("xhigh".into());
    }),
    ("model", |config| {
        config.model = Some("anthropic:some-model".into());
    }),
    ("thinking", |config| {
        config.thinking = true;
    }),
    ("visibility public", |config| {
        config.visibility = Some("public".into());
    }),
    ("visibility unlisted", |config| {
        config.visibility = Some("unlisted".into());
    }),
    ("visibility workspace", |config| {
        config.visibility = Some("workspace".into());
    }),
    ("visibility bogus", |config| {
        config.visibility = Some("bogus".into());
    }),
    ("labels", |config| {
        config.labels = vec!["one".into(), "two-2".into()];
    }),
    ("title", |config| {
        config.title = Some("A title".into());
    }),
    ("mcp servers", |config| {
        let server = json!({"command": "server", "env": {"TOKEN": "secret"}});
        config.mcp_servers.insert("local".into(), server);
    }),
    ("mcp config file", |config| {
        config.mcp_config_file = Some("/mcp.json".into());
    }),
    ("toolbox", |config| {
        config.toolbox = Some("/toolbox".into());
    }),
    ("skills", |config| {
        config.skills = vec!["/skills".into(), "/more".into()];
    }),
    ("tools enabled", |config| {
        config.tools_enabled = vec!["Read".into(), "mcp__*".into()];
    }),
    ("tools disabled", |config| {
        config.tools_disabled = vec!["oracle".into()];
    }),
    ("settings", |config| {
        *config = config.clone().with_setting("amp.permissions", json!([]));
    }),
    ("settings file", |config| {
        config.settings_file = Some("/settings.json".into());
    }),
    ("log level and file", |config| {
        config.log_level = Some("debug".into());
        config.log_file = Some("/cli.log".into());
    }),
    ("archive", |config| {
        config.archive = Some(true);
    }),
    ("no archive", |config| {
        config.archive = Some(false);
    }),
    ("orb", |config| {
        config.executor = orb(None);
    }),
    ("orb with a project", |config| {
        config.executor = orb(Some("space/name"));
    }),
    ("runner", |config| {
        config.executor = runner();
    }),
    ("allow all", |config| {
        config.dangerously_allow_all = true;
    }),
    ("extra arguments", |config| {
        config.extra_arguments = vec!["--fast".into(), "x".into()];
    }),
    ("variables", |config| {
        *config = config.clone().with_variable("NAME", "value");
    }),
];

fn orb(project: Option<&str>) -> Executor {
    Executor::Orb {
        project: project.map(str::to_owned),
    }
}

fn runner() -> Executor {
    Executor::Runner {
        id: "build-box".into(),
        directory: Some("/srv/checkout".into()),
    }
}

fn base_settings() -> Map<String, Value> {
    let base = json!({"amp.url": "https://example.com/", "amp.tools.disable": ["painter"]});
    base.as_object().cloned().unwrap()
}

fn run(
    version: &str,
    dialect: &Dialect,
    config: &SessionConfig,
    thread: Option<&ThreadId>,
    input: Input<'_>,
) -> Result<Invocation, Error> {
    invocation(&Request {
        version: &AmpVersion::new(version),
        dialect,
        config,
        thread,
        input,
        base_settings: &base_settings(),
        run_folder: Path::new("/run"),
    })
}

fn thread() -> ThreadId {
    "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap()
}

/// Renders an invocation the way a reader checks it: the command line, then what goes with it.
fn render(result: &Result<Invocation, Error>) -> String {
    let invocation = match result {
        Ok(invocation) => invocation,
        Err(error) => return format!("refused: {error}\n"),
    };
    let arguments: Vec<_> = invocation
        .arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    let mut text = format!("{}\n", arguments.join(" "));
    for (name, value) in &invocation.variables {
        if name != "AMP_SKIP_UPDATE_CHECK" {
            writeln!(text, "  {}={}", name.display(), value.display()).unwrap();
        }
    }
    match &invocation.standard_input {
        StandardInput::Text(prompt) => writeln!(text, "  < {prompt:?}").unwrap(),
        StandardInput::Lines => writeln!(text, "  < messages").unwrap(),
        other => writeln!(text, "  < {other:?}").unwrap(),
    }
    for file in &invocation.files {
        let value: Value = serde_json::from_str(&file.content).unwrap();
        writeln!(text, "  {}: {value}", file.path.display()).unwrap();
    }
    text
}

fn every_option(version: &str, dialect: &Dialect) -> String {
    let mut text = String::new();
    let mut case = |name: &str, result: &Result<Invocation, Error>| {
        write!(text, "## {name}\n{}\n", render(result)).unwrap();
    };
    for (name, change) in OPTIONS {
        let mut config = SessionConfig::new();
        change(&mut config);
        case(
            name,
            &run(version, dialect, &config, None, Input::Prompt("Do it.")),
        );
    }
    let plain = SessionConfig::new();
    let thread = thread();
    case(
        "continue",
        &run(
            version,
            dialect,
            &plain,
            Some(&thread),
            Input::Prompt("Go on."),
        ),
    );
    case(
        "messages",
        &run(version, dialect, &plain, None, Input::Messages),
    );
    let hyphen = run(
        version,
        dialect,
        &plain,
        None,
        Input::Prompt("-rf \"$HOME\"\nline two"),
    );
    case("a prompt that looks like an option", &hyphen);
    let image = UserInput::text("What is this?").with_image(image_from_bytes(b"GIF89a").unwrap());
    case(
        "a prompt with an image",
        &run(version, dialect, &plain, None, Input::from(&image)),
    );
    text
}

#[test]
fn every_build_has_its_own_command_line_for_every_option() {
    for build in BUILDS {
        let dialect = Dialect::for_version(&build.version.into());
        insta::assert_snapshot!(build.date, every_option(build.version, &dialect));
    }
}

#[test]
fn a_flag_that_was_documented_and_never_real_is_refused_with_the_real_one() {
    for (flag, real) in [
        ("--print", "--execute"),
        ("--output-format=stream-json", "--stream-json"),
        ("--dangerously-skip-permissions", "--dangerously-allow-all"),
        ("--continue", "threads continue ID"),
    ] {
        let mut config = SessionConfig::new();
        config.extra_arguments = vec![flag.into()];
        let refused = newest(&config, Input::Prompt("hello")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Usage);
        assert!(refused.to_string().contains(real), "{refused}");
    }
}

fn newest(config: &SessionConfig, input: Input<'_>) -> Result<Invocation, Error> {
    let version = BUILDS.last().unwrap().version;
    run(
        version,
        &Dialect::for_version(&version.into()),
        config,
        None,
        input,
    )
}

#[test]
fn a_long_prompt_and_one_with_a_nul_travel_on_standard_input() {
    for prompt in ["x".repeat(200_000), "a\0b".to_owned()] {
        let invocation = newest(&SessionConfig::new(), Input::Prompt(&prompt)).unwrap();
        assert_eq!(invocation.standard_input, StandardInput::Text(prompt));
        assert_eq!(invocation.arguments, ["--execute", "--stream-json"]);
    }
}

#[test]
fn secrets_of_mcp_servers_never_reach_the_arguments() {
    let mut config = SessionConfig::new();
    let server = json!({"command": "server", "env": {"TOKEN": "do-not-show"}});
    config.mcp_servers.insert("local".into(), server);
    let invocation = newest(&config, Input::Prompt("hi")).unwrap();
    assert!(!format!("{:?}{:?}", invocation.arguments, invocation.variables).contains("do-not"));
    assert!(invocation.files[0].content.contains("do-not-show"));
    let shown = format!("{invocation:?}");
    assert!(!shown.contains("do-not"), "{shown}");
    for name in ["--stream-json", "AMP_", "RunFile", "/run/"] {
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn rules_and_servers_are_written_as_amp_reads_them() {
    let mut server = McpStdioServer::new("server").with_args(["--port=1"]);
    server.env = Some([("TOKEN".to_owned(), "do-not-show".into())].into());
    let config = SessionConfig::new()
        .with_permission_rules(&[PermissionRule::reject("Bash"), PermissionRule::allow("*")])
        .with_mcp_server("local", &McpServer::Stdio(server));
    let invocation = newest(&config, Input::Prompt("hi")).unwrap();
    let files: Vec<Value> = invocation
        .files
        .iter()
        .map(|file| serde_json::from_str(&file.content).unwrap())
        .collect();
    let rules = json!([{"tool": "Bash", "action": "reject"}, {"tool": "*", "action": "allow"}]);
    assert_eq!(files[0]["amp.permissions"], rules);
    let environment = json!({"TOKEN": "do-not-show"});
    assert_eq!(files[1]["local"]["env"], environment);
}

#[test]
fn servers_and_a_file_of_servers_are_not_taken_together() {
    let mut config = SessionConfig::new();
    config
        .mcp_servers
        .insert("local".into(), json!({"command": "server"}));
    assert!(newest(&config, Input::Prompt("hi")).is_ok());
    config.mcp_config_file = Some("/mcp.json".into());
    let error = newest(&config, Input::Prompt("hi")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MCP servers: servers and a file cannot be given together"
    );
    config.mcp_servers.clear();
    assert!(newest(&config, Input::Prompt("hi")).is_ok());
}

#[test]
fn what_a_remote_executor_would_ignore_is_refused() {
    let mut config = SessionConfig::new();
    config.executor = orb(None);
    config.tools_disabled = vec!["Bash".into()];
    let error = newest(&config, Input::Prompt("hi")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "executor: tool lists have no effect on a remote executor"
    );
    let mut config = SessionConfig::new();
    config.executor = runner();
    assert!(newest(&config, Input::Messages).is_err());
    let mut config = SessionConfig::new().with_mcp_config_file("servers.json");
    config.executor = runner();
    let error = newest(&config, Input::Prompt("hi")).unwrap_err();
    assert!(error.to_string().contains("MCP servers have no"), "{error}");
}

#[test]
fn arguments_that_the_session_sets_itself_cannot_be_given_twice() {
    for argument in [
        "--execute",
        "--execute=x",
        "-xhi",
        "-ox",
        "--stream-json",
        "--stats",
    ] {
        let mut config = SessionConfig::new();
        config.extra_arguments = vec![argument.into()];
        let error = newest(&config, Input::Prompt("hi")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{argument}");
    }
}

#[test]
fn labels_and_titles_keep_to_the_limits_of_the_service() {
    let long = "x".repeat(33);
    for label in ["", "-a", "a b", "ä", &long] {
        let mut config = SessionConfig::new();
        config.labels = vec![label.to_owned()];
        assert!(newest(&config, Input::Prompt("hi")).is_err(), "{label:?}");
    }
    let takes = |labels: &[String], title: usize| {
        let mut config = SessionConfig::new();
        config.labels = labels.to_vec();
        config.title = Some("x".repeat(title));
        newest(&config, Input::Prompt("hi")).is_ok()
    };
    assert!(takes(&vec!["x".repeat(32); 20], 256));
    assert!(!takes(&vec!["x".to_owned(); 21], 256));
    assert!(!takes(&[], 257));
}

#[test]
fn an_empty_prompt_is_refused() {
    for prompt in ["", " \n\t"] {
        let error = newest(&SessionConfig::new(), Input::Prompt(prompt)).unwrap_err();
        assert!(matches!(error, Error::EmptyPrompt));
        let steering = UserInput::text(prompt).with_steer(true);
        let error = newest(&SessionConfig::new(), Input::from(&steering)).unwrap_err();
        assert!(matches!(error, Error::EmptyPrompt));
        let image = image_from_bytes(b"GIF89a").unwrap();
        let image_alone = UserInput::text(prompt).with_image(image);
        newest(&SessionConfig::new(), Input::from(&image_alone)).unwrap();
    }
    let steering = UserInput::text("hi").with_steer(true);
    newest(&SessionConfig::new(), Input::from(&steering)).unwrap();
}

#[test]
fn folders_of_skills_come_after_those_of_the_user() {
    let version = AmpVersion::new(BUILDS.last().unwrap().version);
    let mut config = SessionConfig::new();
    config.skills = vec!["/more".into()];
    for (own, together) in [("/own", "/own:/more"), ("", "/more")] {
        let base = json!({"amp.skills.path": own});
        let invocation = invocation(&Request {
            version: &version,
            dialect: &Dialect::for_version(&version),
            config: &config,
            thread: None,
            input: Input::Prompt("hi"),
            base_settings: base.as_object().unwrap(),
            run_folder: Path::new("/run"),
        });
        let files = invocation.unwrap().files;
        let written: Value = serde_json::from_str(&files[0].content).unwrap();
        assert_eq!(written["amp.skills.path"], together);
    }
}

#[test]
fn a_newer_build_may_know_modes_and_visibilities_that_we_do_not() {
    let version = "0.0.1890142911-gabcdef";
    let dialect = Dialect::for_version(&version.into());
    let mut config = SessionConfig::new();
    config.mode = Some("brand-new".into());
    config.visibility = Some("friends".into());
    let invocation = run(version, &dialect, &config, None, Input::Prompt("hi")).unwrap();
    let arguments = ["--mode=brand-new", "--visibility=friends"];
    assert_eq!(invocation.arguments[2..], arguments);
}

#[test]
fn a_background_update_is_never_started_by_a_turn() {
    let invocation = newest(&SessionConfig::new(), Input::Prompt("hi")).unwrap();
    let expected = Environment::from([("AMP_SKIP_UPDATE_CHECK".into(), "1".into())]);
    assert_eq!(invocation.variables, expected);
}

proptest! {
    #[test]
    fn no_prompt_is_ever_an_argument(
        prompt in "\\PC{1,40}|-{1,2}[a-z]{1,10}( \\PC{0,9})?|threads continue",
        build in prop::sample::select(BUILDS),
    ) {
        prop_assume!(!prompt.trim().is_empty());
        let dialect = Dialect::for_version(&build.version.into());
        let config = SessionConfig::new();
        let result = run(build.version, &dialect, &config, None, Input::Prompt(&prompt));
        let invocation = result.unwrap();
        prop_assert_eq!(invocation.arguments, ["--execute", "--stream-json"].map(OsString::from));
        prop_assert_eq!(invocation.standard_input, StandardInput::Text(prompt));
    }

    #[test]
    fn an_overlay_keeps_every_setting_of_the_user(
        own in prop::collection::btree_map("amp\\.[a-z]{1,12}", "[a-z]{0,8}", 0..6),
        disabled in prop::collection::vec("[a-zA-Z_]{1,12}", 1..4),
    ) {
        let own: Map<String, Value> = own.into_iter().map(|(key, value)| (key, value.into())).collect();
        let version = AmpVersion::new(BUILDS[0].version);
        let mut config = SessionConfig::new();
        config.tools_disabled = disabled;
        let invocation = invocation(&Request {
            version: &version,
            dialect: &Dialect::for_version(&version),
            config: &config,
            thread: None,
            input: Input::Prompt("hi"),
            base_settings: &own,
            run_folder: Path::new("/run"),
        });
        let files = invocation.unwrap().files;
        let written: Map<String, Value> = serde_json::from_str(&files[0].content).unwrap();
        prop_assert!(own.iter().all(|(key, value)| written.get(key) == Some(value)));
    }
}
