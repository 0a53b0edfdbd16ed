//! `ampctl run` against replayed sessions.

use amp_cli::ExitCode;

use crate::support::{VERSION, World};

#[test]
fn a_pipe_gets_the_final_text_and_nothing_else() {
    let finished = World::replaying(&["bash"]).run(&["run", "print something"]);
    assert_eq!(finished.code, ExitCode::Done);
    assert_eq!(finished.stdout(), "The command printed hello-from-bash.\n");
    assert_eq!(finished.stderr(), "");
}

#[test]
fn stream_json_passes_the_lines_through_unchanged() {
    for scenario in ["bash", "unicode", "bigtool", "mcp-mixed"] {
        let finished = World::replaying(&[scenario]).run(&["run", "-o", "stream-json", "go"]);
        let recorded = fixtures::recording(VERSION, scenario).expect("a recording");
        assert_eq!(
            finished.stdout_bytes(),
            recorded.stdout().expect("lines"),
            "{scenario}"
        );
    }
}

#[test]
fn json_is_one_object_on_one_line() {
    let finished = World::replaying(&["bash"]).run(&["run", "--output", "json", "go"]);
    assert_eq!(finished.stdout().lines().count(), 1);
    let mut document = finished.json();
    assert!(document["duration_ms"].is_u64());
    assert!(document["amp"]["path"].is_string());
    assert!(document["session"].is_string());
    document["duration_ms"] = 0.into();
    document["session"] = "[session]".into();
    document["amp"]["path"] = "[agent]".into();
    insta::assert_json_snapshot!(document);
}

#[test]
fn the_global_json_flag_means_the_same() {
    let finished = World::replaying(&["bash"]).run(&["--json", "run", "go"]);
    assert_eq!(finished.json()["outcome"], "completed");
}

#[test]
fn a_failure_is_part_of_the_one_object() {
    let finished = World::replaying(&["e402"]).run(&["run", "go", "--json"]);
    assert_eq!(finished.code, ExitCode::Failed);
    let document = finished.json();
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["error"]["what"], "the agent reported a failure");
}

#[test]
fn a_failure_before_the_start_is_an_object_too() {
    let world = World::new().without("AMP_API_KEY");
    for arguments in [&["run", "go", "--json"], &["run", "go", "-ojson"]] {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Credentials);
        assert_eq!(finished.json()["error"]["kind"], "credentials");
        assert_eq!(finished.json()["error"]["exit_code"], 3);
    }
}

#[test]
fn a_version_that_the_service_no_longer_supports_is_replaced_by_an_installation() {
    let told = "Error: This version of Amp is no longer supported. Update it.";
    let finished = World::playing(&format!("err {told}; exit 1")).run(&["run", "go"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    insta::assert_snapshot!(finished.document());
}

/// Each way a turn can end, and what the user reads then.
#[test]
fn every_ending_says_what_happened_why_and_what_to_try() {
    let february = "0.0.1770734955-g93e689";
    let may = fixtures::LAST_JAVASCRIPT_VERSION;
    let cases = [
        (VERSION, "e402", ExitCode::Failed),
        (VERSION, "ectx", ExitCode::Failed),
        (VERSION, "auth-fail", ExitCode::Credentials),
        (VERSION, "unreachable", ExitCode::Failed),
        (VERSION, "sigkill", ExitCode::NoResult),
        (may, "e429", ExitCode::Failed),
        (may, "perm-ask", ExitCode::NobodyToAsk),
        (may, "perm-delegate", ExitCode::NoResult),
        (february, "perm-delegate", ExitCode::NoResult),
        (february, "mode-free", ExitCode::Usage),
        (february, "mode-bogus", ExitCode::Usage),
    ];
    for (version, scenario, code) in cases {
        let finished = World::replaying_version(version, &[scenario]).run(&["run", "go"]);
        let name = format!(
            "ending_{}_{scenario}",
            version.split('-').next_back().expect("a word")
        );
        assert_eq!(finished.code, code, "{name}: {}", finished.document());
        insta::assert_snapshot!(name, finished.document());
    }
}

#[test]
fn a_login_flow_is_a_missing_key_and_ends_at_once() {
    let finished = World::replaying(&["no-api-key"]).run(&["run", "go"]);
    assert_eq!(finished.code, ExitCode::Credentials);
    assert!(
        finished
            .stderr()
            .starts_with("error: AMP_API_KEY not configured\n")
    );
}

#[test]
fn without_a_key_nothing_is_started() {
    // The script would write an answer, if it were played.
    let world = World::playing("out hello").without("AMP_API_KEY");
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Credentials);
    insta::assert_snapshot!(finished.document());
    let empty = world.with("AMP_API_KEY", "").run(&["run", "hi"]);
    assert_eq!(empty.code, ExitCode::Credentials);
    assert!(empty.stderr().contains("AMP_API_KEY: empty"));
}

#[test]
fn a_key_for_another_address_is_pointed_out() {
    let world = World::playing("out hello")
        .without("AMP_API_KEY")
        .with("AMP_URL", "https://ampcode.com");
    world.write(
        "home/.local/share/amp/secrets.json",
        r#"{"apiKey@https://ampcode.com/":"a-key-for-tests"}"#,
    );
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Credentials);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn without_an_amp_the_way_to_get_one_is_named() {
    let finished = World::new().with("PATH", "/nowhere").run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn an_executable_that_is_not_amp_is_refused() {
    let world = World::new().with("AMP_CLI_PATH", "/bin/false");
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn an_option_this_amp_lacks_is_refused_before_the_start() {
    let finished = World::replaying(&["bash"]).run(&["run", "--effort", "high", "hi"]);
    assert_eq!(finished.code, ExitCode::Usage);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn each_deadline_ends_a_silent_agent() {
    let init = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001"}"#;
    let cases = [
        ("hang".to_owned(), "--startup-timeout"),
        (format!("{init}; hang"), "--idle-timeout"),
        (format!("{init}; hang"), "--timeout"),
    ];
    for (script, option) in cases {
        let finished = World::playing(&script).run(&["run", "hi", option, "300ms"]);
        assert_eq!(
            finished.code,
            ExitCode::TimedOut,
            "{option}: {}",
            finished.document()
        );
        assert!(
            finished.stderr().starts_with("error: timed out\n"),
            "{}",
            finished.stderr()
        );
    }
}

#[test]
fn a_failing_exit_after_a_success_is_a_success() {
    let script = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001"}; out {"type":"result","subtype":"success","duration_ms":1,"is_error":false,"num_turns":1,"result":"done"}; exit 1"#;
    let finished = World::playing(script).run(&["run", "hi"]);
    assert_eq!(
        (finished.code, finished.stdout().as_str()),
        (ExitCode::Done, "done\n")
    );
}

#[test]
fn the_prompt_and_files_of_context_reach_the_agent_and_are_in_no_argument() {
    let world = World::playing("show arguments; out end of arguments; echo");
    world.write("project/notes.md", "remember the milk\n");
    let finished = world.run(&[
        "run",
        "-ostream-json",
        "please --help me",
        "@notes.md",
        "not an option",
    ]);
    let stdout = finished.stdout();
    let (arguments, input) = stdout.split_once("end of arguments\n").unwrap();
    assert!(arguments.contains("--execute\n"), "{arguments}");
    for word in ["help me", "notes", "milk"] {
        assert!(!arguments.contains(word), "{arguments}");
    }
    let expected = "please --help me not an option\n\nnotes.md:\n```\nremember the milk\n```";
    assert_eq!(input.trim_end(), expected);
}

#[test]
fn options_become_the_flags_of_the_amp_in_use() {
    let world = World::playing("show arguments; read-all");
    world.write(
        "home/.config/ampctl/config.toml",
        "mode = 'high'\nlabels = ['nightly']\n",
    );
    let shown = world
        .run(&["run", "-ostream-json", "hi", "--visibility", "private"])
        .stdout();
    for flag in [
        "--mode",
        "high",
        "--label",
        "nightly",
        "--visibility",
        "private",
    ] {
        assert!(shown.contains(flag), "no {flag} in {shown}");
    }
    assert!(!shown.contains("dangerously"), "{shown}");
}

#[test]
fn an_unusable_prompt_is_a_usage_error() {
    let world = World::replaying(&["bash"]);
    for (arguments, input) in [
        (&["run"] as &[&str], " \n"),
        (&["run", "x", "@missing"], ""),
    ] {
        assert_eq!(world.run_with_input(arguments, input).code, ExitCode::Usage);
    }
}

#[test]
fn rules_that_would_not_do_what_they_say_refuse_the_run() {
    let refused = |rules: &str, arguments: &[&str], project: &str| {
        let world = World::playing("out hello");
        world.write("project/rules.json", rules);
        if !project.is_empty() {
            world.write("project/.amp/settings.json", project);
        }
        let finished = world.run(&[&["run", "hi", "--rules", "rules.json"], arguments].concat());
        assert_eq!(finished.code, ExitCode::Refused, "{}", finished.document());
        assert!(finished.stdout().is_empty(), "nothing was started");
        finished
            .stderr()
            .replace(world.project().to_str().expect("UTF-8"), "[project]")
    };
    let sound = r#"[{"tool":"Bash","action":"reject"}]"#;
    insta::assert_snapshot!(
        "refused_mistyped",
        refused(r#"[{"tool":"Bash","action":"rejct"}]"#, &[], "")
    );
    insta::assert_snapshot!("refused_no_list", refused(r#"{"tool":"Bash"}"#, &[], ""));
    insta::assert_snapshot!(
        "refused_allow_all",
        refused(sound, &["--dangerously-allow-all"], "")
    );
    insta::assert_snapshot!(
        "refused_project",
        refused(
            sound,
            &[],
            r#"{"amp.permissions":[{"tool":"*","action":"allow"}]}"#
        )
    );
}

#[test]
fn sound_rules_reach_the_agent_in_a_settings_file_of_the_run() {
    let world = World::playing("show arguments; read-all");
    world.write(
        "project/rules.json",
        r#"[{"tool":"Bash","action":"reject"}]"#,
    );
    let shown = world
        .run(&["run", "-ostream-json", "hi", "--rules", "rules.json"])
        .stdout();
    assert!(shown.contains("--settings-file"), "{shown}");
}

#[test]
fn a_project_file_that_is_not_the_users_own_is_told_to_be_ignored() {
    let world = World::replaying(&["text"]);
    // No file at all is nobody's file; another user's needs two users.
    std::fs::create_dir(world.project().join(".ampctl.toml")).expect("a folder");
    let told = |arguments: &[&str]| {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
        let stderr = finished.stderr();
        let lines = stderr
            .lines()
            .filter(|line| line.contains(".ampctl.toml is not read"));
        lines.count()
    };
    assert_eq!(told(&["run", "hello"]), 1);
    assert_eq!(told(&["run", "--quiet", "hello"]), 0);
}

#[test]
fn a_refused_call_is_a_failure_on_request_and_is_listed() {
    let run = |arguments: &[&str]| {
        let world = World::replaying(&["perm-reject"]);
        world.run(&[&["run", "-ojson", "go"], arguments].concat())
    };
    let finished = run(&[]);
    assert_eq!(finished.code, ExitCode::Done);
    let calls = &finished.json()["refused_calls"];
    assert_eq!(calls[0]["tool"], "shell_command", "{calls}");
    let finished = run(&["--fail-on-refusal"]);
    assert_eq!(finished.code, ExitCode::CallsRefused);
    assert_eq!(finished.json()["exit_code"], 7);
}

#[test]
fn a_program_that_cannot_serve_as_the_helper_puts_no_calls_to_an_approver() {
    // This test runs the command in its own process, whose main is not ours.
    let finished = World::playing("out hello").run(&["run", "hi", "--approve", "deny"]);
    assert_eq!(finished.code, ExitCode::Refused);
    assert!(finished.stderr().contains("nobody can be asked"));
}
