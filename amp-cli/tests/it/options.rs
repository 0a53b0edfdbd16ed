//! What `run` passes to Amp, shows with `--dry-run`, and remembers for `continue`.

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};
use crate::support::pseudo_terminal::Terminal;

/// A world whose Amp writes what it was started with.
fn world() -> World {
    World::playing("show arguments; show environment; show directory")
}

/// Returns what Amp was started with.
fn started(world: &World, arguments: &[&str]) -> String {
    let mut all = vec!["run", "-ostream-json", "hello"];
    all.extend(arguments);
    world.run(&all).stdout()
}

#[test]
fn options_of_the_library_reach_amp() {
    let world = world();
    let flags = [
        "--title",
        "a title",
        "--no-archive",
        "--env",
        "GREETING=hello",
        "--env",
        "PATH=",
    ];
    let said = started(&world, &flags);
    for line in [
        "--title=a title",
        "--no-archive-after-execute",
        "GREETING=hello",
    ] {
        assert!(said.lines().any(|one| one == line), "no {line} in {said}");
    }
    assert!(!said.contains("\nPATH="), "{said}");
    let tools = [
        "--enable-tool",
        "Read",
        "--disable-tool",
        "Bash",
        "--skills",
        "skills",
        "--dry-run",
    ];
    let said = started(&world, &tools);
    assert!(said.contains("files      settings.json"), "{said}");
}

#[test]
fn images_go_with_the_prompt_where_the_amp_takes_them() {
    let world_of = |version: &str| {
        let world = World::playing("echo").with("FAKE_AGENT_VERSION", version);
        world.write("project/one.gif", "GIF89a");
        world.write("project/note.gif", "no image");
        world
    };
    let world = world_of("0.0.1775390627-g406649");
    let run = ["run", "-ostream-json", "what is this?", "--image"];
    let with = |world: &World, file: &str| world.run(&[&run[..], &[file]].concat());
    let message = with(&world, "one.gif").stdout();
    let blocks = r#"[{"type":"text","text":"what is this?"},{"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lGODlh"}}]"#;
    assert!(message.contains(blocks), "{message}");
    for file in ["note.gif", "missing.gif"] {
        let refused = with(&world, file);
        assert_eq!(refused.code, ExitCode::Usage);
        let complaint = format!("image {file} cannot be used");
        assert!(
            refused.stderr().contains(&complaint),
            "{}",
            refused.stderr()
        );
    }
    let older = world_of("0.0.1773432280-gcd86a7");
    let refused = with(&older, "one.gif");
    assert_eq!(refused.code, ExitCode::Usage, "{}", refused.stderr());
    assert!(
        refused.stderr().contains("no image blocks"),
        "{}",
        refused.stderr()
    );
}

#[test]
fn a_key_is_no_argument() {
    let finished = world().run(&["run", "hello", "--env", "AMP_API_KEY=a-secret"]);
    assert_eq!(finished.code, ExitCode::Usage, "{}", finished.document());
}

#[test]
fn what_follows_two_hyphens_goes_to_amp_and_never_undoes_rules() {
    let world = world();
    let said = started(&world, &["--", "--log-level", "debug"]);
    assert!(said.contains("--log-level\ndebug\n"), "{said}");
    world.write(
        "project/rules.json",
        r#"[{"tool":"shell_command","action":"reject"}]"#,
    );
    let beside = |argument: &str| {
        let arguments = ["run", "--rules", "rules.json", "hello", "--", argument];
        world.run(&arguments).code
    };
    for argument in [
        "--dangerously-allow-all",
        "--of-a-later-build",
        "--features=x",
    ] {
        assert_eq!(beside(argument), ExitCode::Refused, "{argument}");
    }
    assert_eq!(beside("--executor=runner:x"), ExitCode::Refused);
    assert_ne!(beside("--no-ide"), ExitCode::Refused);
    let elsewhere = world.run(&["run", "hello", "--", "--executor=runner:x"]);
    assert_eq!(elsewhere.code, ExitCode::Usage, "{}", elsewhere.document());
}

#[test]
fn a_dry_run_shows_what_would_run_and_runs_and_records_nothing() {
    let world = World::replaying(&["text"]).with("AMP_URL", "http://127.0.0.1:9/");
    let shown = world.run(&[
        "--color",
        "never",
        "run",
        "--dry-run",
        "hello",
        "--env",
        "TOKEN=hidden",
    ]);
    assert!(!shown.document().contains("hidden"), "{}", shown.document());
    let document = shown.document();
    let (what_runs, settings) = document.split_once("\n\n").expect("two parts");
    insta::assert_snapshot!(what_runs);
    assert!(settings.contains("AMP_CLI_PATH"), "{settings}");
    let document = world.run(&[
        "run",
        "--dry-run",
        "--json",
        "hello",
        "--",
        "a-key-for-tests",
    ]);
    assert_eq!(document.code, ExitCode::Done, "{}", document.document());
    assert!(!document.stdout().contains("a-key-for-tests"));
    let document = document.json();
    assert_eq!(document["prompt_bytes"], 5);
    assert_eq!(document["thread"], serde_json::Value::Null);
    let sessions = world.run(&["sessions", "list", "--json"]).json();
    assert_eq!(
        sessions["sessions"].as_array().map(Vec::len),
        Some(0),
        "{sessions}"
    );
}

#[test]
fn a_dry_run_is_refused_as_the_run_would_be() {
    let world = World::replaying(&["text"]);
    let no_key = World::replaying(&["text"]).without("AMP_API_KEY");
    let code = |world: &World, flag: &str| world.run(&["run", "--dry-run", "hello", flag]).code;
    assert_eq!(code(&no_key, "--thinking"), ExitCode::Credentials);
    assert_eq!(code(&world, "--effort=high"), ExitCode::Usage);
}

#[test]
fn continue_remembers_the_folder_and_the_mode_of_the_session() {
    let world = World::replaying(&["demo-first", "demo-second"]);
    world.write("project/inner/file", "");
    let first = [
        "run", "-C", "inner", "--mode", "high", "--name", "it", "hello",
    ];
    assert_eq!(world.run(&first).code, ExitCode::Done);
    let again = |flags: &[&str]| {
        let mut all = vec![
            "continue",
            "--session",
            "it",
            "--dry-run",
            "--json",
            "hello",
        ];
        all.extend(flags);
        world.run(&all).json()
    };
    let in_folder = |document: &serde_json::Value, name: &str| {
        document["directory"]
            .as_str()
            .expect("a folder")
            .ends_with(name)
    };
    let has_mode = |document: &serde_json::Value, mode: &str| {
        document["arguments"]
            .to_string()
            .contains(&format!("--mode={mode}"))
    };
    let remembered = again(&[]);
    assert!(
        in_folder(&remembered, "inner") && has_mode(&remembered, "high"),
        "{remembered}"
    );
    let changed = again(&["-C", ".", "--mode", "low"]);
    assert!(
        !in_folder(&changed, "inner") && has_mode(&changed, "low"),
        "{changed}"
    );
}

/// A world without an Amp, and a mirror that has two.
fn without_an_amp() -> World {
    let world = World::replaying(&["text"]).without("AMP_CLI_PATH");
    with_mirror_of(world, &[OLDER, NEWER])
}

#[test]
fn a_person_is_asked_whether_an_amp_is_installed_and_only_yes_is_one() {
    let world = without_an_amp();
    for (answer, code) in [
        ("\n", 4),
        ("n\n", 4),
        ("maybe\n", 4),
        ("\x04", 4),
        ("y\n", 0),
    ] {
        let mut terminal = Terminal::start(&world, &["run", "hello"], (24, 80));
        terminal.wait_for("There is no Amp on this machine. Install the newest one? [y/N]");
        terminal.type_keys(answer);
        let status = terminal.wait_for_exit();
        assert_eq!(
            status.code(),
            Some(code),
            "{answer:?}: {}",
            terminal.screen()
        );
        let installed = world.run(&["which"]).code == ExitCode::Done;
        assert_eq!(installed, code == 0, "{answer:?}");
    }
    // It is there now, so nobody is asked.
    let mut terminal = Terminal::start(&world, &["run", "hello"], (24, 80));
    assert!(terminal.wait_for_exit().success());
    assert!(
        !terminal.screen().contains("[y/N]"),
        "{}",
        terminal.screen()
    );
}

#[test]
fn a_run_without_an_amp_installs_one_only_when_it_is_asked_to() {
    let world = without_an_amp;
    let untouched = world();
    let refused = untouched.run(&["run", "hello"]);
    assert_eq!(refused.code, ExitCode::NoUsableAmp);
    assert!(
        refused.stderr().contains("ampctl run --install …"),
        "{}",
        refused.document()
    );
    assert_eq!(untouched.run(&["which"]).code, ExitCode::NoUsableAmp);

    let finished = world().run(&["run", "--install", "hello"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(finished.stderr().contains(NEWER), "{}", finished.document());
    let by_setting = world().with("AMPCTL_INSTALL", "true");
    assert_eq!(by_setting.run(&["run", "hello"]).code, ExitCode::Done);

    // Whoever names an Amp wants that one.
    let named = world().run(&["run", "--install", "--amp", "nowhere", "hello"]);
    assert_eq!(named.code, ExitCode::NoUsableAmp, "{}", named.document());
}
