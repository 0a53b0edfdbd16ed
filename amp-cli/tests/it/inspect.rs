//! `doctor`, `modes`, `capabilities` and `credentials`.

use amp_cli::ExitCode;

use crate::support::World;

/// Returns the state of each check by its name.
fn states(world: &World, arguments: &[&str]) -> Vec<(String, String)> {
    let report = world.run(arguments).json();
    let checks = report["checks"].as_array().expect("checks").clone();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().expect("text").to_owned();
    checks
        .iter()
        .map(|check| (text(check, "name"), text(check, "state")))
        .collect()
}

fn state(world: &World, name: &str) -> String {
    let states = states(world, &["doctor", "--json"]);
    let found = states.into_iter().find(|(check, _)| check == name);
    found.unwrap_or_else(|| panic!("no check {name}")).1
}

#[test]
fn a_healthy_world_has_nothing_red() {
    let world = World::replaying(&["text"]);
    let finished = world.run(&["doctor"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(
        states(&world, &["doctor", "--json"])
            .iter()
            .all(|(_, state)| state != "red")
    );
    assert!(
        !finished.stdout().contains("network"),
        "the network is looked at only when asked"
    );
}

#[test]
fn each_trouble_is_red_and_has_its_exit_code() {
    let no_amp = World::new().with("PATH", "/nowhere");
    assert_eq!(no_amp.run(&["doctor"]).code, ExitCode::NoUsableAmp);
    assert_eq!(state(&no_amp, "amp"), "red");

    let no_key = World::replaying(&["text"]).without("AMP_API_KEY");
    assert_eq!(no_key.run(&["doctor"]).code, ExitCode::Credentials);
    assert_eq!(state(&no_key, "credentials"), "red");

    let broken = World::replaying(&["text"]);
    broken.write("home/.config/amp/settings.json", "{ not json");
    assert_eq!(broken.run(&["doctor"]).code, ExitCode::Usage);
    assert_eq!(state(&broken, "amp settings"), "red");

    let mistyped = World::replaying(&["text"]);
    mistyped.write("home/.config/ampctl/config.toml", "moed = 'x'");
    assert_eq!(mistyped.run(&["doctor"]).code, ExitCode::Usage);
    assert_eq!(state(&mistyped, "configuration"), "red");

    let behind = World::playing("out Usage: amp --execute --stream-json")
        .with("FAKE_AGENT_VERSION", "0.0.9000000000-gabcdef");
    assert_eq!(state(&behind, "clock"), "red");
}

#[test]
fn rules_of_a_project_and_an_unknown_version_deserve_a_look() {
    let world = World::replaying(&["text"]).with("FAKE_AGENT_VERSION", "0.0.1600000000-gabcdef");
    world.write("project/.amp/settings.json", r#"{"amp.permissions":[]}"#);
    assert_eq!(state(&world, "amp settings"), "yellow");
}

#[test]
fn the_network_is_tried_when_asked() {
    let world = World::replaying(&["text"]).with("AMP_URL", "http://127.0.0.1:9/");
    let states = states(&world, &["doctor", "--network", "--json"]);
    assert_eq!(
        states.last(),
        Some(&("network".to_owned(), "red".to_owned()))
    );
}

#[cfg(feature = "acp")]
#[test]
fn each_editor_that_is_here_is_told_how_to_start_ampctl() {
    let world = World::replaying(&["text"]);
    let editors = ["zed", "jetbrains", "neovim", "emacs"];
    let found = |world: &World| {
        let states = states(world, &["doctor", "--json"]).into_iter();
        states
            .filter(|(name, _)| editors.contains(&name.as_str()))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&world), []);
    world.write("home/.config/zed/settings.json", "{}");
    world.write(
        "home/.jetbrains/acp.json",
        r#"{"agent_servers": {"Amp": {"command": "/bin/ampctl", "args": ["acp"]}}}"#,
    );
    world.write("home/.config/nvim/init.lua", "");
    world.write("home/.emacs.d/init.el", "");
    let green = |name: &&str| ((*name).to_owned(), "green".to_owned());
    assert_eq!(found(&world), editors.iter().map(green).collect::<Vec<_>>());
    let said = world.run(&["doctor"]).stdout();
    assert!(said.contains("starts ampctl acp"), "{said}");
    assert!(said.contains("commands = { default = {"), "{said}");
    let report = world.run(&["doctor", "--json"]).json();
    let checks = report["checks"].as_array().expect("checks").iter();
    let zed = checks
        .clone()
        .find(|check| check["name"] == "zed")
        .expect("a check");
    let line = format!("{{{}}}", zed["fix"].as_str().expect("a line"));
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["agent_servers"]["Amp"]["args"][0], "acp");
}

#[test]
fn every_finding_that_is_not_green_has_a_fix() {
    let world = World::new().with("PATH", "/nowhere").without("AMP_API_KEY");
    let report = world.run(&["doctor", "--json"]).json();
    for check in report["checks"].as_array().expect("checks") {
        if check["state"] == "red" {
            assert!(check["fix"].is_string(), "{check}");
        }
    }
}

#[test]
fn credentials_are_reported_stored_and_cleared_without_being_shown() {
    let world = World::new().without("AMP_API_KEY");
    assert_eq!(
        world.run(&["credentials", "status"]).code,
        ExitCode::Credentials
    );
    let stored = world.run_with_input(&["credentials", "set"], "a-secret-for-tests\n");
    assert_eq!(stored.code, ExitCode::Done, "{}", stored.document());
    let status = world.run(&["credentials", "status"]);
    assert_eq!(status.code, ExitCode::Done);
    let report = world.run(&["credentials", "status", "--json"]);
    for text in [stored.document(), status.document(), report.stdout()] {
        assert!(!text.contains("a-secret-for-tests"), "{text}");
    }
    insta::assert_snapshot!(status.document());
    assert_eq!(world.run(&["credentials", "clear"]).code, ExitCode::Done);
    assert_eq!(
        world.run(&["credentials", "status"]).code,
        ExitCode::Credentials
    );
    assert_eq!(
        world.run_with_input(&["credentials", "set"], "\n").code,
        ExitCode::Usage
    );
}

#[test]
fn places_that_documentation_names_and_amp_does_not_use_are_pointed_out() {
    let world = World::new()
        .without("AMP_API_KEY")
        .with("ANTHROPIC_API_KEY", "a-key-for-tests");
    insta::assert_snapshot!(world.run(&["credentials", "status"]).document());
}

#[test]
fn modes_and_capabilities_are_those_of_the_version_in_use() {
    let version = |version: &str| {
        World::playing("out Usage: amp --execute --stream-json").with("FAKE_AGENT_VERSION", version)
    };
    let may = version(fixtures::LAST_JAVASCRIPT_VERSION);
    let september = version(fixtures::NEWEST_VERSION);
    let modes = |world: &World| world.run(&["modes", "--json"]).json()["modes"].to_string();
    assert!(modes(&may).contains("smart") && !modes(&may).contains("ultra"));
    assert!(modes(&september).contains("ultra") && !modes(&september).contains("smart"));
    let text = may.run(&["modes"]).stdout();
    assert!(text.starts_with("smart  the default: "), "{text}");
    let effort = |world: &World| {
        let document = world.run(&["capabilities", "--json"]).json();
        let options = document["options"].as_array().expect("options").clone();
        let found = options
            .into_iter()
            .find(|option| option["spelling"] == "--effort");
        found.expect("a row for --effort")["supported"].clone()
    };
    assert_eq!(
        (effort(&may), effort(&september)),
        (true.into(), false.into())
    );
    let text = september.run(&["capabilities"]).stdout();
    assert!(text.contains("  ✓ --stream-json\n"), "{text}");
    assert!(
        text.contains("  · --effort  only in 0.0.1777897475-g2324e1\n"),
        "{text}"
    );
}

#[test]
fn capabilities_are_what_the_library_says() {
    let version = fixtures::NEWEST_VERSION;
    let world = World::playing("out Usage: amp --execute --stream-json");
    let mut document = world.run(&["capabilities", "--json"]).json();
    let path = document["path"].take();
    assert_eq!(path.as_str(), fixtures::fake_agent().to_str());
    assert_eq!(document["version"], version);
    let amp = amp_session::Amp::new("amp", version);
    let said = serde_json::to_value(amp.capabilities()).expect("a JSON object");
    for (key, value) in said.as_object().expect("an object") {
        assert_eq!(&document[key], value, "{key}");
    }
    let text = world.run(&["capabilities"]).stdout();
    assert!(
        text.contains("  ✓ resume  only new messages are in the stream\n"),
        "{text}"
    );
    assert!(text.contains("  · cost  no build reports it\n"), "{text}");
}

#[test]
fn a_service_that_the_project_names_is_told_and_not_followed() {
    let world = World::playing("show variables; read-all");
    let project = r#"{"amp.url": "http://127.0.0.1:1/"}"#;
    world.write("project/.amp/settings.json", project);
    let note = "names the service http://127.0.0.1:1/, but a project does not choose where your \
                key goes: it goes to https://ampcode.com/";
    let said = |arguments: &[&str]| {
        let finished = world.run(arguments);
        let text = finished.stdout() + &finished.stderr();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for arguments in [
        &["run", "hello"] as &[&str],
        &["credentials", "status"],
        &["doctor"],
    ] {
        assert!(said(arguments).contains(note), "{}", said(arguments));
    }
    assert!(!said(&["run", "-q", "hello"]).contains(note));
    assert_eq!(state(&world, "credentials"), "yellow");
    let world = world.with("AMP_URL", "http://127.0.0.1:1/");
    let status = world.run(&["credentials", "status", "--json"]).json();
    assert_eq!(status["service_url"], "http://127.0.0.1:1/");
    assert_eq!(status["named_by"], "variable");
    assert!(status["refused_service"].is_null());
}

#[test]
fn every_command_looks_for_a_key_in_the_same_places() {
    let world = World::replaying(&["text"]).with("AMP_API_KEY", "");
    world.write(
        "home/.config/amp/settings.json",
        r#"{"amp.url": "https://own.example/"}"#,
    );
    let set = world.run_with_input(&["credentials", "set"], "a-secret-for-tests\n");
    assert!(
        set.stderr().contains("https://own.example/"),
        "{}",
        set.stderr()
    );
    for arguments in [&["credentials", "status"] as &[&str], &["run", "hello"]] {
        let finished = world.run(arguments);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    }
    assert_eq!(state(&world, "credentials"), "green");
    let first_steps = world.run(&[]).stderr();
    assert!(
        first_steps.contains("https://own.example/settings"),
        "{first_steps}"
    );

    let world = World::replaying(&["text"]).with("AMP_API_KEY", "");
    world.write(
        "home/.config/amp/settings.json",
        r#"{"amp.experimental.cli.nativeSecretsStorage.enabled": true}"#,
    );
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    assert_eq!(state(&world, "credentials"), "yellow");
    assert_eq!(world.run(&["credentials", "status"]).code, ExitCode::Done);
}

#[test]
fn where_a_key_is_made_is_said_of_the_service_in_use() {
    let world = World::playing("out No API key found. Starting login flow; exit 1");
    world.write(
        "home/.config/amp/settings.json",
        r#"{"amp.url": "https://own.example/"}"#,
    );
    let run = world.run(&["run", "hello"]);
    assert_eq!(run.code, ExitCode::Credentials, "{}", run.document());
    let told = run.stderr();
    assert!(told.contains("https://own.example/settings"), "{told}");
}

#[test]
fn the_network_is_tried_to_the_service_that_the_users_settings_name() {
    let world = World::replaying(&["text"]);
    world.write(
        "home/.config/amp/settings.json",
        r#"{"amp.url": "http://127.0.0.1:9/"}"#,
    );
    world.write(
        "project/.amp/settings.json",
        r#"{"amp.url": "http://127.0.0.1:1/"}"#,
    );
    let report = world.run(&["doctor", "--network", "--json"]).json();
    let checks = report["checks"].as_array().expect("checks");
    let network = checks.last().expect("a check");
    assert_eq!(
        (&network["name"], &network["state"]),
        (&"network".into(), &"red".into())
    );
    assert!(network.to_string().contains("127.0.0.1:9 "), "{network}");
}
