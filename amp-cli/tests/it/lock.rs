//! Which Amp a project runs: what `install --lock` and `--use` write, and what runs make of it.

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, publish, with_mirror_of};

fn with_mirror() -> World {
    with_mirror_of(World::new(), &[OLDER, NEWER])
}

/// Returns a path below the folder that holds the world's home and project.
fn in_world(world: &World, path: &str) -> std::path::PathBuf {
    let project = world.project();
    project.parent().expect("a parent").join(path)
}

fn lock_file(world: &World) -> String {
    std::fs::read_to_string(in_world(world, "project/ampctl.lock")).expect("a lock file")
}

fn which(world: &World) -> String {
    let found = world.run(&["which", "--json"]).json();
    found["found"]["version"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_lock_says_which_version_runs_and_is_installed() {
    let world = with_mirror();
    let locked = world.run(&["install", OLDER, "--lock"]);
    assert_eq!(locked.code, ExitCode::Done, "{}", locked.document());
    let platform = amp_bootstrap::Platform::detect().expect("a known platform");
    let text = lock_file(&world);
    assert!(text.contains(&format!("version = \"{OLDER}\"")), "{text}");
    assert!(text.contains(&format!("{platform} = \"")), "{text}");

    assert_eq!(world.run(&["install", NEWER]).code, ExitCode::Done);
    assert_eq!(which(&world), OLDER);
    // Whoever has it not installs it by the lock, without a word about the version.
    assert_eq!(world.run(&["uninstall", "--all"]).code, ExitCode::Done);
    let missing = world.run(&["which"]);
    assert_eq!(missing.code, ExitCode::NoUsableAmp);
    assert!(
        missing.stderr().contains("ampctl.lock asks for exactly"),
        "{}",
        missing.stderr()
    );
    assert_eq!(world.run(&["install"]).code, ExitCode::Done);
    assert_eq!(which(&world), OLDER);
    // What the user says is stronger.
    world.run(&["install", NEWER]);
    let world = world.with("AMPCTL_VERSION", NEWER);
    assert_eq!(which(&world), NEWER);
}

#[test]
fn an_executable_with_another_sum_is_neither_installed_nor_run_by_a_lock() {
    let world = with_mirror();
    world.run(&["install", NEWER, "--lock"]);
    let text = lock_file(&world);
    let sum = text.rsplit('"').nth(1).expect("a sum");
    let other = text.replace(sum, &"0".repeat(64));
    world.write("project/ampctl.lock", &other);
    for arguments in [&["which"] as &[&str], &["run", "hello"]] {
        let refused = world.run(arguments);
        assert_eq!(refused.code, ExitCode::NoUsableAmp);
        assert!(
            refused.stderr().contains("the executable has another sum"),
            "{}",
            refused.stderr()
        );
    }
    world.run(&["uninstall", "--all"]);
    let refused = world.run(&["install"]);
    assert_eq!(refused.code, ExitCode::NoUsableAmp);
    assert!(
        refused
            .stderr()
            .contains("the publisher announces another executable than is demanded"),
        "{}",
        refused.stderr()
    );
    assert_eq!(world.run(&["versions"]).stdout(), "");
}

#[test]
fn a_lock_without_a_sum_for_this_platform_proves_nothing_until_it_has_one() {
    let world = with_mirror();
    world.run(&["install", NEWER]);
    let other = format!("other = \"{}\"", "00".repeat(32));
    let text = format!("version = \"{NEWER}\"\n\n[sha256]\n{other}\n");
    world.write("project/ampctl.lock", &text);
    let refused = world.run(&["which"]);
    assert_eq!(refused.code, ExitCode::NoUsableAmp);
    assert!(
        refused.stderr().contains("it has no sum for"),
        "{}",
        refused.stderr()
    );
    assert_eq!(world.run(&["install", "--lock"]).code, ExitCode::Done);
    assert!(lock_file(&world).contains(&other));
    assert_eq!(which(&world), NEWER);
}

#[test]
fn a_lock_that_cannot_be_read_stops_everything() {
    let world = with_mirror();
    world.run(&["install", NEWER]);
    world.write("project/ampctl.lock", "version = 'tomorrow'\n");
    let refused = world.run(&["which"]);
    assert_eq!(refused.code, ExitCode::Usage, "{}", refused.document());
    assert!(refused.stderr().contains("ampctl.lock cannot be used"));
}

#[test]
fn use_sets_the_version_in_the_users_file_and_says_what_is_stronger() {
    let world = with_mirror();
    world.write(
        "home/.config/ampctl/config.toml",
        "# mine\nrecord = false\n",
    );
    world.run(&["install", NEWER]);
    let used = world.run(&["install", OLDER, "--use"]);
    assert_eq!(used.code, ExitCode::Done, "{}", used.document());
    let text = std::fs::read_to_string(in_world(&world, "home/.config/ampctl/config.toml"));
    let expected = format!("version = \"{OLDER}\"\n# mine\nrecord = false\n");
    assert_eq!(text.expect("the file"), expected);
    assert_eq!(which(&world), OLDER);
    let world = world.with("AMPCTL_VERSION", NEWER);
    let used = world.run(&["install", OLDER, "--use"]);
    assert!(
        used.stderr().contains("but here AMPCTL_VERSION decides"),
        "{}",
        used.stderr()
    );
}

#[test]
fn an_export_that_fails_names_the_installation_with_all_that_was_demanded() {
    let world = with_mirror().with("AMPCTL_SOURCES", "");
    let export = ["mirror", "export", "out", "--offline"];
    let refused = world.run(&[&export[..], &["--allow-http", "mirror.example"]].concat());
    assert_ne!(refused.code, ExitCode::Done);
    let expected = "ampctl install latest --allow-http mirror.example";
    assert!(refused.stderr().contains(expected), "{}", refused.stderr());
}

#[test]
fn what_the_sources_announce_is_listed_with_its_age() {
    let world = with_mirror();
    let listed = world.run(&["versions", "--available"]);
    assert_eq!(listed.code, ExitCode::Done, "{}", listed.document());
    let line = listed.stdout();
    assert!(
        line.starts_with(&format!("· {NEWER}  2026-09-23  ")),
        "{line}"
    );
    assert!(line.contains("old") && line.trim_end().ends_with("latest"));
    world.run(&["install"]);
    let report = world.run(&["versions", "--available", "--json"]).json();
    assert_eq!(report["available"][0]["version"], NEWER);
    assert_eq!(report["available"][0]["is_installed"], true);
    assert_eq!(report["available"][0]["is_latest"], true);
}

#[test]
fn a_latest_that_moved_back_is_followed_by_runs_and_said() {
    let world = with_mirror().with("AMPCTL_SOURCES", "");
    let source = in_world(&world, "mirror");
    let source = source.to_str().expect("UTF-8");
    world.run(&["install", NEWER, "--source", source]);
    // The answer of `latest` is remembered for six hours.
    world.run(&["install", "--source", source]);
    publish(&world, OLDER, 0);
    for name in std::fs::read_dir(in_world(&world, "home/.cache/ampctl/v1/latest"))
        .expect("what was the latest")
    {
        let path = name.expect("a name").path();
        let text = std::fs::read_to_string(&path).expect("its text");
        let mut latest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        latest["learned_unix"] = 0.into();
        std::fs::write(&path, latest.to_string()).expect("written");
    }
    let moved = world.run(&["install", "--source", source]);
    assert!(
        moved
            .stderr()
            .contains("was the newest and has been taken back"),
        "{}",
        moved.document()
    );
    assert_eq!(which(&world), OLDER);
}

#[test]
fn a_mirror_is_written_and_installs_on_a_machine_without_a_network() {
    let world = with_mirror();
    let exported = world.run(&["mirror", "export", "copy"]);
    assert_eq!(exported.code, ExitCode::Done, "{}", exported.document());
    assert_eq!(exported.stdout().lines().count(), 3);
    world.run(&["uninstall", "--all"]);
    let installed = world.run(&["install", "--offline", "--source", "copy"]);
    assert_eq!(installed.code, ExitCode::Done, "{}", installed.document());
    assert_eq!(
        world
            .run(&["mirror", "export", "copy", "--platform", "amiga"])
            .code,
        ExitCode::Usage
    );
}

#[test]
fn plain_http_is_refused_with_the_option_that_allows_it() {
    let world = World::new();
    let refused = world.run(&["install", "--source", "http://mirror.test/amp"]);
    assert_eq!(refused.code, ExitCode::NoUsableAmp);
    let stderr = refused.stderr();
    assert!(stderr.contains("plain HTTP is not used"), "{stderr}");
    assert!(
        stderr.contains("ampctl install --source http://mirror.test/amp --allow-http mirror.test"),
        "{stderr}"
    );
}

#[test]
fn a_key_and_a_sum_are_demanded() {
    let world = with_mirror();
    let sum = "0".repeat(64);
    let refused = world.run(&["install", "--sha256", &sum]);
    assert_eq!(
        refused.code,
        ExitCode::NoUsableAmp,
        "{}",
        refused.document()
    );
    assert_eq!(
        world.run(&["install", "--sha256", "00"]).code,
        ExitCode::Usage
    );
    let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let refused = world.run(&["install", "--pin-key", key]);
    assert_eq!(
        refused.code,
        ExitCode::NoUsableAmp,
        "{}",
        refused.document()
    );
    assert!(refused.stderr().contains("publishes no signature"));
    assert_eq!(
        world.run(&["install", "--pin-key", "no key"]).code,
        ExitCode::Usage
    );
    let checked = world.run(&["install", "--cross-check", "../mirror"]);
    assert_eq!(checked.code, ExitCode::Done, "{}", checked.document());
}
