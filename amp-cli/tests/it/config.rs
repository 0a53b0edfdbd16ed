//! `config show`, and how a mistake in a setting is told.

use amp_cli::ExitCode;

use crate::support::World;

/// A world where a variable, the project and the user say something.
fn world_with_settings() -> World {
    let world = World::new().with("AMPCTL_MODE", "high").with(
        "AMPCTL_SOURCES",
        "npm,https://user:hidden@mirror.example/amp",
    );
    world.write(
        "home/.config/ampctl/config.toml",
        "mode = 'low'\nrecord = false\nallow-env = ['CARGO*']\n",
    );
    world.write(
        "project/.ampctl.toml",
        "timeout = '90m'\nlabels = ['nightly']\n",
    );
    world
}

#[test]
fn every_value_is_shown_with_the_place_it_comes_from() {
    let finished = world_with_settings().run(&["--color", "never", "config", "show"]);
    insta::assert_snapshot!(finished.document());
}

#[test]
fn the_report_as_json_names_places_by_kind_and_sets_nothing_itself() {
    let world = world_with_settings();
    let report = world.run(&["config", "show", "--json"]);
    assert_eq!(report.code, ExitCode::Done);
    let report = report.json();
    let from = |key: &str| {
        let settings = report["settings"].as_array().expect("settings");
        let setting = settings.iter().find(|setting| setting["key"] == key);
        setting.expect("a setting")["from"]["kind"].clone()
    };
    assert_eq!(from("mode"), "variable");
    assert_eq!(from("timeout"), "project_file");
    assert_eq!(from("record"), "user_file");
    assert_eq!(from("output"), "default");
    let flag = world.run(&["config", "show", "--json", "--color", "always"]);
    assert!(
        flag.stdout()
            .contains(r#"{"key":"color","value":"always","from":{"kind":"flag""#)
    );
    let project = world.project().join(".ampctl.toml");
    assert_eq!(report["files"]["project"], project.to_str().expect("UTF-8"));
}

#[test]
fn no_credentials_of_a_mirror_are_shown() {
    for arguments in [&["config", "show"][..], &["config", "show", "--json"]] {
        let document = world_with_settings().run(arguments).document();
        assert!(document.contains("mirror.example"), "{document}");
        assert!(!document.contains("hidden"), "{document}");
    }
}

#[test]
fn a_source_that_makes_no_sense_names_where_it_stands() {
    let world = World::new().with("AMPCTL_SOURCES", "https://");
    insta::assert_snapshot!(world.run(&["install"]).document(), @r"
    exit code: 2
    ----- stderr
    error: that cannot be installed
      why: not an http or https URL
           AMPCTL_SOURCES names it
      try: ampctl install --help  says what can be given
    ");
    let world = World::new();
    world.write(
        "home/.config/ampctl/config.toml",
        "sources = ['ftp://example.com']",
    );
    let finished = world.run(&["install"]);
    assert!(
        finished.stderr().contains("`sources` in /"),
        "{}",
        finished.stderr()
    );
}
