//! npm itself, asked for the registry that no file names.

use std::fs;

use amp_bootstrap::ErrorKind;

use crate::npm::npm_world;
use crate::support::world::World;

/// What npm does when it is asked.
enum Npm {
    /// Prints this, if the question is the right one.
    Answers(String),
    Fails,
    Hangs,
    NeverStops,
}

#[cfg(unix)]
fn install_npm(folder: &std::path::Path, npm: &Npm) {
    let script = match npm {
        Npm::Answers(text) => format!("test \"$1 $2 $3\" = 'config get registry' && echo {text}"),
        Npm::Fails => "exit 3".to_owned(),
        Npm::Hangs => "exec sleep 600".to_owned(),
        Npm::NeverStops => "exec yes".to_owned(),
    };
    fixtures::write_script(folder.join("npm"), &script);
}

#[cfg(windows)]
fn install_npm(folder: &std::path::Path, npm: &Npm) {
    let script = match npm {
        Npm::Answers(text) => format!("if \"%1 %2 %3\"==\"config get registry\" echo {text}"),
        Npm::Fails => "exit 3".to_owned(),
        Npm::Hangs => ":again\r\ngoto again".to_owned(),
        Npm::NeverStops => ":again\r\necho y\r\ngoto again".to_owned(),
    };
    fs::write(folder.join("npm.cmd"), format!("@echo off\r\n{script}\r\n")).unwrap();
}

/// Puts a program named `npm` on the path.
fn with_npm(world: &mut World, npm: &Npm) {
    let folder = world.path("bin");
    fs::create_dir(&folder).unwrap();
    install_npm(&folder, npm);
    world
        .environment
        .remove("NPM_CONFIG_REGISTRY".as_ref() as &std::ffi::OsStr);
    let folders = [folder, "/bin".into(), "/usr/bin".into()];
    world.set("PATH", std::env::join_paths(folders).unwrap());
    // A machine-wide file must not answer in place of the program.
    world.set("NPM_CONFIG_GLOBALCONFIG", world.path("no-such-file"));
}

#[test]
fn npm_is_asked_for_the_registry_that_no_file_names() {
    let mut world = npm_world();
    let url = world.server.url();
    with_npm(&mut world, &Npm::Answers(format!("{url}/")));
    world.installs();
}

#[test]
fn an_npm_that_fails_or_hangs_is_an_error() {
    let mut world = npm_world();
    with_npm(&mut world, &Npm::Fails);
    world.fails(ErrorKind::NpmConfiguration).reads("npm_fails");
    let mut world = npm_world();
    with_npm(&mut world, &Npm::Hangs);
    world.request.limits.deadlines.npm = std::time::Duration::from_millis(200);
    world.fails(ErrorKind::NpmConfiguration).reads("npm_hangs");
}

#[test]
fn an_npm_that_never_stops_answering_is_an_error() {
    let mut world = npm_world();
    with_npm(&mut world, &Npm::NeverStops);
    let kind = ErrorKind::NpmConfiguration;
    world.fails(kind).reads("npm_never_stops");
}
