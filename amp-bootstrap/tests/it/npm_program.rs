//! npm itself, asked for the registry that no file names.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use amp_bootstrap::ErrorKind;

use crate::npm::npm_world;
use crate::support::world::World;

/// Puts a program named `npm` on the path.
fn with_npm(world: &mut World, script: &str) {
    let folder = world.path("bin");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("npm"), format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(folder.join("npm"), fs::Permissions::from_mode(0o755)).unwrap();
    world
        .environment
        .remove("NPM_CONFIG_REGISTRY".as_ref() as &std::ffi::OsStr);
    world.set("PATH", format!("{}:/bin:/usr/bin", folder.display()));
    // A machine-wide file must not answer in place of the program.
    world.set("NPM_CONFIG_GLOBALCONFIG", world.path("no-such-file"));
}

#[test]
fn npm_is_asked_for_the_registry_that_no_file_names() {
    let mut world = npm_world();
    let url = world.server.url();
    with_npm(
        &mut world,
        &format!("test \"$1 $2 $3\" = 'config get registry' && echo {url}/"),
    );
    world.installs();
}

#[test]
fn an_npm_that_fails_or_hangs_is_an_error() {
    let mut world = npm_world();
    with_npm(&mut world, "exit 3");
    world.fails(ErrorKind::NpmConfiguration).reads("npm_fails");
    let mut world = npm_world();
    with_npm(&mut world, "exec sleep 600");
    world.request.limits.deadlines.npm = std::time::Duration::from_millis(200);
    world.fails(ErrorKind::NpmConfiguration).reads("npm_hangs");
}
