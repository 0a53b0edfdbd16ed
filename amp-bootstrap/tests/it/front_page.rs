//! The program of the front page, run against a bucket on loopback.

use std::fs;
use std::process::Command;

use amp_bootstrap::Platform;

use crate::support::world::World;

#[path = "../../examples/find_or_install.rs"]
mod program;

/// Tells a copy of the test to be the program.
const PROGRAM: &str = "AMP_BOOTSTRAP_TEST_PROGRAM";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the program is started from outside, as a user would"
)]
fn the_program_of_the_front_page_installs_once() {
    if std::env::var_os(PROGRAM).is_some() {
        program::main().unwrap();
        return;
    }
    let mut world = World::new();
    world.release.platform = Platform::detect().unwrap();
    world.release.serve(&world.server);
    let run = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let test = "front_page::the_program_of_the_front_page_installs_once";
        command.args([test, "--exact", "--nocapture"]);
        command.env_clear().envs(&world.environment);
        command.env(PROGRAM, "1");
        command.env("AMPCTL_CACHE_DIR", world.path("store"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let path = text
            .lines()
            .find(|line| line.ends_with("amp") || line.ends_with("amp.exe"));
        path.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let path = run();
    assert!(fs::read(&path).unwrap() == world.release.executable);
    assert_eq!(run(), path);
    let downloads = world.server.requests_for(&world.release.gzip_path());
    assert_eq!(downloads.len(), 1);
}
