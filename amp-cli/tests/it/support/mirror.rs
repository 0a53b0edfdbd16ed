//! A folder that publishes versions of Amp, laid out like the official bucket.

use std::path::Path;

use super::World;

/// The first native version that is in the recordings.
pub(crate) const OLDER: &str = "0.0.1784106548-gd81d8b";

/// The newest version that is in the recordings.
pub(crate) const NEWER: &str = fixtures::NEWEST_VERSION;

/// Adds a mirror of versions, the newest last, and makes it the only source.
pub(crate) fn with_mirror_of(world: World, versions: &[&str]) -> World {
    for version in versions {
        publish(&world, version, 0);
    }
    let agent = fixtures::fake_agent().to_str().expect("UTF-8");
    world
        .with("AMPCTL_SOURCES", "../mirror")
        .with("FAKE_AGENT", agent)
}

/// Puts a version of at least `size` bytes into the mirror and makes it the newest: a script that
/// answers `--version`, and plays the fake agent otherwise.
pub(crate) fn publish(world: &World, version: &str, size: usize) {
    world.write("mirror/cli/cli-version.txt", &format!("{version}\n"));
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = --version ] && exec echo '{version} (released, some time ago)'\n\
         exec \"$FAKE_AGENT\" \"$@\"\n"
    );
    let script = format!("{script}{}", "#".repeat(size.saturating_sub(script.len())));
    let platform = amp_bootstrap::Platform::detect()
        .expect("a known platform")
        .to_string();
    let executable = world.write(&format!("mirror/cli/{version}/amp-{platform}"), &script);
    world.write(
        &format!("mirror/cli/{version}/{platform}-amp.sha256"),
        &sha256(&executable),
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a checksum the way a publisher makes it"
)]
fn sha256(path: &Path) -> String {
    let output = std::process::Command::new("sha256sum")
        .arg(path)
        .output()
        .expect("sha256sum");
    let text = String::from_utf8(output.stdout).expect("text");
    format!("{}\n", text.split(' ').next().expect("a sum"))
}
