//! Installing from a folder, finding, listing and removing.

use std::path::Path;

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};

/// A world without an Amp and with a mirror of two.
fn with_mirror() -> World {
    with_mirror_of(World::new(), &[OLDER, NEWER])
}

#[test]
fn install_prints_the_path_and_does_nothing_the_second_time() {
    let world = with_mirror();
    let first = world.run(&["install"]);
    assert_eq!(first.code, ExitCode::Done, "{}", first.document());
    assert!(Path::new(first.stdout().trim()).is_file());
    assert!(
        first
            .stderr()
            .contains("installed Amp 0.0.1790142911-g7618fb (2026-09-23)")
    );
    let second = world.run(&["install"]);
    assert_eq!(second.stdout(), first.stdout());
    assert!(
        second.stderr().contains("is already installed"),
        "{}",
        second.stderr()
    );
}

#[test]
fn install_and_which_agree_in_json() {
    let world = with_mirror();
    let installed = world.run(&["install", OLDER, "--json"]).json();
    assert_eq!(installed["version"], OLDER);
    let which = world.run(&["which", "--json"]).json();
    assert_eq!(which["found"]["path"], installed["path"]);
    assert_eq!(which["found"]["version"], installed["version"]);
    assert_eq!(which["found"]["sha256"], installed["sha256"]);
    assert_eq!(which["found"]["source"], installed["source"]);
    assert_eq!(which["found"]["place"], "store");
}

#[test]
fn a_changed_download_is_refused_with_both_sums() {
    let world = with_mirror();
    let platform = amp_bootstrap::Platform::detect().expect("a known platform");
    world.write(
        &format!("mirror/cli/{NEWER}/amp-{platform}"),
        "#!/bin/sh\necho evil\n",
    );
    let finished = world.run(&["install"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    let stderr = finished.stderr();
    assert!(stderr.starts_with("error: Bootstrap failed"), "{stderr}");
    assert!(
        stderr.contains("expected") && stderr.contains("got"),
        "{stderr}"
    );
    assert_eq!(world.run(&["which"]).code, ExitCode::NoUsableAmp);
}

#[test]
fn versions_that_are_not_published_and_sources_that_are_none_are_refused() {
    let world = with_mirror();
    let missing = world.run(&["install", "0.0.1700000000-gabcdef"]);
    assert_eq!(
        missing.code,
        ExitCode::NoUsableAmp,
        "{}",
        missing.document()
    );
    assert_eq!(world.run(&["install", "tomorrow"]).code, ExitCode::Usage);
    assert_eq!(
        world
            .run(&["install", "--source", "ftp://example.test"])
            .code,
        ExitCode::Usage
    );
    let nothing = World::new();
    insta::assert_snapshot!(nothing.run(&["install", "--source", "empty"]).document());
    let offline = World::new().run(&["install", "--offline"]);
    assert_eq!(offline.code, ExitCode::NoUsableAmp);
    assert!(
        offline.stderr().contains("ampctl install --source DIR"),
        "{}",
        offline.stderr()
    );
}

#[test]
fn versions_lists_what_is_there_and_finds_what_was_changed() {
    let world = with_mirror();
    assert!(
        world
            .run(&["versions"])
            .stderr()
            .contains("nothing is installed")
    );
    for version in [OLDER, NEWER] {
        assert_eq!(world.run(&["install", version]).code, ExitCode::Done);
    }
    insta::assert_snapshot!(world.run(&["versions"]).document());
    assert_eq!(world.run(&["versions", "--verify"]).code, ExitCode::Done);
    let listed = world.run(&["versions", "--json"]).json();
    assert_eq!(listed["versions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn gc_says_what_would_go_before_it_goes() {
    let world = with_mirror();
    for version in [OLDER, NEWER] {
        assert_eq!(world.run(&["install", version]).code, ExitCode::Done);
    }
    let planned = world.run(&["gc", "--keep", "1", "--dry-run"]);
    assert!(
        planned.stdout().contains(&format!("would remove {OLDER}")),
        "{}",
        planned.stdout()
    );
    assert_eq!(world.run(&["versions"]).stdout().lines().count(), 2);
    let done = world.run(&["gc", "--keep", "1"]);
    assert!(
        done.stdout().contains(&format!("removed {OLDER}")),
        "{}",
        done.stdout()
    );
    assert_eq!(world.run(&["versions"]).stdout().lines().count(), 1);
    assert_eq!(world.run(&["uninstall", "--all"]).code, ExitCode::Done);
    assert_eq!(world.run(&["versions"]).stdout(), "");
}

#[test]
fn a_pinned_version_runs_or_the_way_to_get_it_is_named() {
    let world = with_mirror();
    assert_eq!(world.run(&["install", NEWER]).code, ExitCode::Done);
    let world = world.with("AMPCTL_VERSION", OLDER);
    let finished = world.run(&["modes"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    let command = format!("ampctl install {OLDER}");
    assert!(
        finished.stderr().contains(&command),
        "{}",
        finished.stderr()
    );
}

#[test]
fn which_says_why_every_place_was_or_was_not_taken() {
    let world = World::new().with("PATH", "/nowhere");
    world.write("home/.amp/bin/amp", "not executable");
    let finished = world.run(&["which", "-v"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    let lines: Vec<String> = finished.document().lines().map(str::to_owned).collect();
    let stable = lines
        .into_iter()
        .filter(|line| !line.contains("node_modules"));
    insta::assert_snapshot!(stable.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_to_try_after_a_failure_repeats_what_was_typed() {
    let world = World::new();
    let nobody = "http://127.0.0.1:1";
    let finished = world.run(&["install", OLDER, "--source", nobody, "--no-progress"]);
    assert_eq!(finished.code, ExitCode::NoUsableAmp);
    let stderr = finished.stderr();
    for command in [
        format!("ampctl install {OLDER} --source {nobody} "),
        format!("ampctl install {OLDER} --source npm "),
        format!("ampctl install {OLDER} --source MIRROR "),
    ] {
        assert!(stderr.contains(&command), "no {command:?} in {stderr}");
    }
    assert_eq!(stderr.matches("Connection refused").count(), 1, "{stderr}");
}

#[cfg(unix)]
#[test]
fn every_command_says_how_to_mend_a_store_that_everybody_may_write_to() {
    use std::os::unix::fs::PermissionsExt;

    let world = with_mirror().with("AMP_API_KEY", "key");
    let installed = world.run(&["install", NEWER, "--json"]).json();
    let executable = Path::new(installed["path"].as_str().expect("a path"));
    let versions = executable.ancestors().nth(3).expect("a folder of versions");
    std::fs::set_permissions(versions, std::fs::Permissions::from_mode(0o777)).expect("a folder");
    let tell = |world: &World| {
        for arguments in [&["gc"] as &[_], &["which"], &["run", "hello"]] {
            let stderr = world.run(arguments).stderr();
            let what = format!("{arguments:?}: {stderr}");
            assert!(stderr.contains("others may write to"), "{what}");
            assert!(stderr.contains("try: chmod -R go-w "), "{what}");
            assert!(!stderr.contains("install"), "{what}");
        }
        let doctor = world.run(&["doctor"]).stdout();
        assert!(doctor.contains("fix: chmod -R go-w "), "{doctor}");
    };
    tell(&world);
    tell(&world.with("AMPCTL_VERSION", NEWER));
}
