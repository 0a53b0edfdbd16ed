//! The files that the pages print for their readers work as printed.

use std::path::Path;

use amp_cli::{Captured, Context, ExitCode, Output};
use amp_session::protocol::{McpConfig, McpServer};

#[test]
fn the_printed_task_is_one() {
    let run = ["batch", "run", "FILE", "--results", "out", "--dry-run"];
    let finished = run_with_file("batch.md", "json", &run);
    assert_eq!(finished, (ExitCode::Done, String::new()));
}

#[test]
fn the_printed_permission_rules_start_a_run() {
    let finished = run_with_file(
        "permissions.md",
        "json",
        &["run", "--rules", "FILE", "hello"],
    );
    assert_eq!(finished, (ExitCode::Done, String::new()));
}

#[test]
fn each_printed_permission_rule_rejects_the_push_in_every_build() {
    let rules: Vec<serde_json::Value> =
        serde_json::from_str(&fence("permissions.md", "json")).expect("rules");
    let builds = [
        (fixtures::LAST_JAVASCRIPT_VERSION, "Bash", "--cmd"),
        (fixtures::NEWEST_VERSION, "shell_command", "--command"),
    ];
    for (build, tool, argument) in builds {
        for rule in &rules {
            let rules = serde_json::Value::from(vec![rule.clone()]).to_string();
            let judged = |command| {
                let test = [
                    "permissions",
                    "test",
                    "--rules",
                    "FILE",
                    "--build",
                    build,
                    "--json",
                ];
                let call = ["--builtin", "none", tool, argument, command];
                let (code, said) = said_with(&rules, &[&test[..], &call].concat());
                assert_eq!(code, ExitCode::Done, "{said}");
                let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
                said["action"].as_str().map(str::to_owned)
            };
            let push = judged("git push origin main");
            assert_eq!(push.as_deref(), Some("reject"), "{build}: {rule}");
            assert_ne!(judged("git pull").as_deref(), Some("reject"), "{rule}");
        }
        let page = fence("permissions.md", "json");
        let lint = ["permissions", "lint", "FILE", "--build", build, "--json"];
        let (code, said) = said_with(&page, &lint);
        assert_eq!(code, ExitCode::Done, "{said}");
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(said["findings"], serde_json::json!([]), "{build}");
    }
}

#[test]
fn the_printed_configuration_starts_a_run() {
    let finished = run_with_file(
        "configuration.md",
        "toml",
        &["--config", "FILE", "run", "hello"],
    );
    assert_eq!(finished, (ExitCode::Done, String::new()));
}

#[test]
fn the_printed_servers_are_programs_and_services_that_start_a_run() {
    let servers: McpConfig = serde_json::from_str(&fence("mcp.md", "json")).expect("servers");
    let is_known = |server: &McpServer| !matches!(server, McpServer::Unknown(_));
    assert!(servers.len() == 2 && servers.values().all(is_known));
    let finished = run_with_file("mcp.md", "json", &["run", "--mcp-config", "FILE", "hello"]);
    assert_eq!(finished, (ExitCode::Done, String::new()));
}

#[test]
fn a_printed_rule_that_is_mistyped_would_be_noticed() {
    let rules = fence("permissions.md", "json").replacen("reject", "rejct", 1);
    let (code, complaint) = run_with(&rules, &["run", "--rules", "FILE", "hello"]);
    assert_eq!(code, ExitCode::Refused, "{complaint}");
}

#[test]
fn every_option_of_another_sdk_is_found_by_its_own_name() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources = ["config/options", "session", "turn", "execute", "image"];
    let sources = sources.map(|name| {
        let path = repository.join(format!("amp-session/src/{name}.rs"));
        std::fs::read_to_string(path).expect("a source")
    });
    let sources = sources.concat();
    let page = std::fs::read_to_string(repository.join("amp-cli/docs/other-sdks.md"));
    let page = page.expect("a page");
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let mut options = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [theirs @ .., ours] = cells.as_slice() else {
            panic!("{row}");
        };
        // A name stands in the code, alone or before its value: `cwd`, `continue: true`.
        let names = theirs
            .iter()
            .flat_map(|cell| cell.split('`').skip(1).step_by(2));
        for name in names.map(|code| code.split([':', '=']).next().unwrap_or(code)) {
            options += 1;
            let alias = |line: &str| {
                let alias = line.trim().strip_prefix("#[doc(alias = \"");
                alias.is_some_and(|alias| plain(alias) == plain(&format!("{name}\")]")))
            };
            let is_found = plain(ours).contains(&plain(name)) || sources.lines().any(alias);
            assert!(is_found, "nothing is called {name}: {row}");
        }
        // What it is called here is there.
        for method in ours
            .split('`')
            .filter_map(|code| code.strip_prefix("with_"))
        {
            let method = method.split('(').next().unwrap_or(method);
            assert!(sources.contains(&format!("fn with_{method}(")), "{row}");
        }
    }
    assert!(options > 50, "{options}");
}

/// Runs a command with `FILE` holding what a page prints, and returns its complaints.
fn run_with_file(page: &str, language: &str, arguments: &[&str]) -> (ExitCode, String) {
    run_with(&fence(page, language), arguments)
}

fn run_with(text: &str, arguments: &[&str]) -> (ExitCode, String) {
    let (code, _, complaints) = all_of(text, arguments);
    (code, complaints)
}

/// Runs a command with this text in the file `FILE`, and returns what it says on standard output.
fn said_with(text: &str, arguments: &[&str]) -> (ExitCode, String) {
    let (code, said, complaints) = all_of(text, arguments);
    assert_eq!(complaints, "");
    (code, said)
}

fn all_of(text: &str, arguments: &[&str]) -> (ExitCode, String, String) {
    let home = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(home.path().join("FILE"), text).expect("a file");
    let recording = fixtures::recording(fixtures::NEWEST_VERSION, "demo-first");
    let recording = recording.expect("a recording").folder;
    let (stderr, complaints): (Output, Captured) = Output::captured();
    let (stdout, said) = Output::captured();
    let mut context = Context::new(home.path())
        .with_environment([
            ("HOME", home.path()),
            ("AMP_API_KEY", Path::new("a-key-for-tests")),
            ("AMP_CLI_PATH", fixtures::fake_agent()),
            ("FAKE_AGENT_REPLAY", &recording),
        ])
        .with_stdout(stdout)
        .with_stderr(stderr);
    let code = amp_cli::run(["ampctl"].iter().chain(arguments), &mut context);
    (code, said.text(), complaints.text())
}

/// Returns the one fence of a language on a page.
fn fence(page: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(page);
    let text = std::fs::read_to_string(path).expect("a page");
    let start = format!("```{language}\n");
    let fences: Vec<&str> = text.split(&start).skip(1).collect();
    let [fence] = fences.as_slice() else {
        panic!("{page} has {} fences of {language}", fences.len());
    };
    let (fence, _) = fence.split_once("```").expect("the end of a fence");
    fence.to_owned()
}
