//! Mirrors made of what is installed.

use std::fs;

use amp_bootstrap::{ErrorKind, Outcome, Source, export_to_mirror};

use crate::support::release::Release;
use crate::support::world::World;

#[test]
fn what_was_exported_installs_without_a_network() {
    let mut world = World::new();
    let mirror = world.path("mirror");
    let installed = world.installs();
    let written = export_to_mirror(&installed, &mirror).unwrap();
    let names: Vec<_> = written
        .iter()
        .map(|path| path.strip_prefix(&mirror).unwrap().to_str().unwrap())
        .map(|path| path.replace('\\', "/"))
        .collect();
    let folder = format!("cli/{}", installed.version);
    assert_eq!(
        names,
        [
            format!("{folder}/amp-linux-x64.gz"),
            format!("{folder}/linux-x64-amp.sha256"),
            "cli/cli-version.txt".to_owned(),
        ]
    );
    let first = fs::read(&written[0]).unwrap();
    export_to_mirror(&installed, &mirror).unwrap();
    assert!(first == fs::read(&written[0]).unwrap());

    let before = world.server.requests().len();
    world.store().uninstall(&installed.version).unwrap();
    world.request = world.request.clone().with_offline(true);
    world.request.sources = vec![Source::Folder(mirror)];
    assert_eq!(world.installs().outcome, Outcome::Downloaded);
    assert_eq!(world.server.requests().len(), before);
}

#[test]
fn the_newest_that_was_exported_is_announced() {
    let mut world = World::new();
    let mirror = world.path("mirror");
    let newest = world.installs();
    export_to_mirror(&newest, &mirror).unwrap();
    let older = Release::new("0.0.1780000000-gabc", 1000);
    older.serve(&world.server);
    world.release = older;
    world.request.latest_for = std::time::Duration::ZERO;
    let written = export_to_mirror(&world.installs(), &mirror).unwrap();
    assert_eq!(written.len(), 2);
    let announced = fs::read_to_string(mirror.join("cli/cli-version.txt")).unwrap();
    assert_eq!(announced.trim(), newest.version.to_string());
}

#[test]
fn what_was_changed_since_its_installation_is_not_exported() {
    let world = World::new();
    let mirror = world.path("mirror");
    let installed = world.installs();
    fs::write(&installed.path, "something else").unwrap();
    let error = export_to_mirror(&installed, &mirror).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ChecksumMismatch);
    let folder = mirror.join("cli").join(installed.version.to_string());
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}
