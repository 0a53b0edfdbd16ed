//! Which Amp runs: one answer for every command, and whose word counts.

use amp_cli::ExitCode;

use crate::completion::completed;
use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};

/// The user's own file.
const USER_FILE: &str = "home/.config/ampctl/config.toml";

/// Commands whose answer depends on which Amp it is.
const ABOUT_ONE_AMP: [&[&str]; 12] = [
    &["run", "hello"],
    &["modes"],
    &["capabilities"],
    &["login"],
    &["permissions", "test", "Bash", "--cmd", "ls"],
    &["permissions", "explain", "Bash", "--cmd", "ls"],
    &["permissions", "lint"],
    &["permissions", "list"],
    &["permissions", "add", "reject", "Bash"],
    &["permissions", "remove", "1"],
    &["sandbox", "explain"],
    &["sandbox", "exec", "--", "true"],
];

/// A world in which two versions are installed, and the agent answers as the older one does.
fn with_two_versions() -> World {
    let world = World::replaying_version(OLDER, &["text"]).without("AMP_CLI_PATH");
    let world = with_mirror_of(world, &[OLDER, NEWER]);
    for version in [OLDER, NEWER] {
        let finished = world.run(&["install", version]);
        assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    }
    world
}

/// Writes a script that answers like Amp, and returns its path.
fn other_amp(world: &World, name: &str) -> String {
    let path = world.script(name, "echo '0.0.1790142911-g7618fb (released)'");
    path.to_str().expect("UTF-8").to_owned()
}

fn which(world: &World, arguments: &[&str]) -> String {
    let finished = world.run(&[&["which"], arguments].concat());
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    finished.stdout().trim_end().to_owned()
}

#[test]
fn the_version_asked_for_is_the_answer_of_every_command() {
    let world = with_two_versions();
    assert!(which(&world, &[]).contains(NEWER));
    let world = world.with("AMPCTL_VERSION", OLDER);
    let path = which(&world, &[]);
    assert!(path.contains(OLDER), "{path}");
    let found = world.run(&["which", "--json"]).json();
    assert_eq!(found["chosen_by"], "AMPCTL_VERSION");
    assert_eq!(found["found"]["version"], OLDER);
    let doctor = world.run(&["doctor"]).stdout();
    let line = format!("{path}, found in ampctl's own store as AMPCTL_VERSION demands");
    assert!(
        doctor.replace("\n                 ", " ").contains(&line),
        "{doctor}"
    );
    assert_eq!(world.run(&["modes", "--json"]).json()["version"], OLDER);
    let capabilities = world.run(&["capabilities", "--json"]).json();
    assert_eq!(capabilities["path"], path.as_str());
    let run = world.run(&["run", "hello", "--output", "json"]);
    assert_eq!(run.code, ExitCode::Done, "{}", run.document());
    assert_eq!(run.json()["amp"]["path"], path.as_str());
    let continued = world.run(&["continue", "go on", "--output", "json"]).json();
    assert_eq!(continued["amp"]["path"], path.as_str());
}

#[test]
fn the_flag_beats_the_variable_and_the_variable_beats_the_file() {
    let world = with_two_versions();
    let [by_file, by_variable, by_flag] =
        ["in-file", "in-variable", "in-flag"].map(|name| other_amp(&world, name));
    world.write(
        USER_FILE,
        &format!("amp = {by_file:?}\nversion = {OLDER:?}\n"),
    );
    // Of one place, the executable counts.
    assert_eq!(which(&world, &[]), by_file);
    // A version by a variable beats an executable by a file.
    let world = world.with("AMPCTL_VERSION", NEWER);
    assert!(which(&world, &[]).contains(NEWER));
    // And `latest` lifts what the file demands.
    let world = world.with("AMPCTL_VERSION", "latest");
    assert!(which(&world, &[]).contains(NEWER));
    let world = world.with("AMP_CLI_PATH", &by_variable);
    assert_eq!(which(&world, &[]), by_variable);
    assert_eq!(which(&world, &["--amp", &by_flag]), by_flag);
    let world = world.without("AMP_CLI_PATH").without("AMPCTL_VERSION");
    assert_eq!(which(&world, &[]), by_file);
    world.write(USER_FILE, &format!("version = {OLDER:?}\n"));
    assert!(which(&world, &[]).contains(OLDER));
    world.write(USER_FILE, "version = 'known'\n");
    assert!(which(&world, &[]).contains(NEWER));
}

#[test]
fn a_mistyped_version_fails_every_command_and_says_where_it_stands() {
    let managing: [&[&str]; 5] = [
        &["continue", "hello"],
        &["which"],
        &["versions"],
        &["gc"],
        &["install"],
    ];
    let commands = [&managing as &[&[&str]], &ABOUT_ONE_AMP, &[&["doctor"]]].concat();
    let by_variable = with_two_versions().with("AMPCTL_VERSION", "0.0.179014291-g7618fbx");
    let by_file = with_two_versions();
    by_file.write(USER_FILE, "version = \"0.0.179014291-g7618fbx\"\n");
    for (world, origin) in [(by_variable, "AMPCTL_VERSION"), (by_file, "config.toml")] {
        for command in &commands {
            let finished = world.run(command);
            let document = format!("{command:?}: {}", finished.document());
            assert_eq!(finished.code, ExitCode::Usage, "{document}");
            assert!(document.contains(origin), "{document}");
            assert!(document.contains("0.0.179014291-g7618fbx"), "{document}");
        }
        assert_eq!(completed(&world, "fish", &["run", "--mode", ""]), "");
    }
}

#[test]
fn a_choice_that_cannot_be_had_is_an_error_that_names_who_made_it() {
    let missing = "0.0.1700000000-gabcdef";
    let world = with_two_versions().with("AMPCTL_VERSION", missing);
    for command in [&["which"] as &[&str], &["doctor"]]
        .iter()
        .chain(&ABOUT_ONE_AMP)
    {
        let finished = world.run(command);
        let document = format!("{command:?}: {}", finished.document());
        assert_eq!(finished.code, ExitCode::NoUsableAmp, "{document}");
        assert!(document.contains(missing), "{document}");
        assert!(document.contains("AMPCTL_VERSION"), "{document}");
    }
    assert_eq!(completed(&world, "fish", &["run", "--mode", ""]), "");
    insta::assert_snapshot!(world.run(&["which"]).document());
    assert!(
        world
            .run(&["doctor"])
            .stdout()
            .contains(&format!("fix: ampctl install {missing}"))
    );
    let world = world.without("AMPCTL_VERSION");
    world.write(USER_FILE, "amp = '/nowhere/amp'\n");
    for command in ABOUT_ONE_AMP {
        let finished = world.run(command);
        let document = format!("{command:?}: {}", finished.document());
        assert_eq!(finished.code, ExitCode::NoUsableAmp, "{document}");
    }
    insta::assert_snapshot!(world.run(&["which"]).document());
}

#[test]
fn gc_keeps_the_version_asked_for() {
    let world = with_two_versions().with("AMPCTL_VERSION", OLDER);
    let finished = world.run(&["gc", "--keep", "1"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.document());
    assert!(which(&world, &[]).contains(OLDER));
}

#[test]
fn a_program_that_says_what_it_is_is_asked_once() {
    let world = World::playing("exit 0");
    let asked = world.run(&["capabilities", "--json"]).json();
    // Were it started, it would say this.
    let world = world.with("FAKE_AGENT_VERSION", "0.0.1-gone");
    let remembered = world.run(&["capabilities", "--json"]).json();
    assert_eq!(asked["version"], remembered["version"]);
}
