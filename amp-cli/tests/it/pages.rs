//! The documentation: every command in it works, and its tables are true.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use amp_cli::ExitCode;

use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};
use crate::support::pseudo_terminal::Terminal;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).expect("a page")
}

fn readme() -> String {
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))
}

/// A world in which every command of the pages makes sense: an agent that replays a conversation, a
/// mirror to install from, a service that accepts connections, and the files that are named.
fn world_of_the_pages(service: &std::net::TcpListener) -> World {
    let address = service.local_addr().expect("an address");
    let world = World::replaying(&["continue-first", "continue-second"])
        .with("AMP_URL", &format!("http://{address}/"))
        .with("KEY", "a-key-for-tests");
    world.write("project/README.md", "# A project\n");
    world.write("project/src/main.rs", "fn main() {}\n");
    world.write("project/my.toml", "mode = 'high'\n");
    world.write(
        "project/rules.json",
        r#"[{"tool":"shell_command","action":"reject"}]"#,
    );
    let world = with_mirror_of(world, &[OLDER, NEWER]);
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    world
}

/// Returns the commands of the `sh` blocks of a page, one a line.
fn commands(page: &str) -> Vec<&str> {
    let mut in_block = false;
    let mut commands = Vec::new();
    for line in page.lines() {
        match line {
            "```sh" => in_block = true,
            "```" => in_block = false,
            line if in_block && line.contains("ampctl ") => commands.push(line),
            _ => {}
        }
    }
    commands
}

#[expect(clippy::disallowed_methods, reason = "the commands are for a shell")]
fn shell(world: &World, command: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_ampctl"));
    let folder = program.parent().expect("a folder").display();
    Command::new("sh")
        .args(["-c", command])
        .env_clear()
        .envs(world.environment())
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .current_dir(world.project())
        .output()
        .expect("a shell")
}

fn assert_all_succeed(name: &str, commands: &[&str]) {
    let service = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let world = world_of_the_pages(&service);
    assert!(!commands.is_empty(), "{name} has no commands");
    for command in commands {
        let output = shell(&world, command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{name}: `{command}` {}: {stderr}",
            output.status
        );
    }
}

#[test]
fn every_command_of_every_page_works() {
    let index = read(docs().join("README.md"));
    for entry in std::fs::read_dir(docs()).expect("pages") {
        let name = entry
            .expect("a page")
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name == "README.md" {
            continue;
        }
        assert!(
            index.contains(&format!("({name})")),
            "{name} is not in the index"
        );
        assert_all_succeed(&name, &commands(&read(docs().join(&name))));
    }
}

#[test]
fn the_commands_of_the_readme_work() {
    let page = readme();
    let commands: Vec<&str> = commands(&page)
        .into_iter()
        .filter(|line| line.starts_with("ampctl "))
        .collect();
    assert_all_succeed("README.md", &commands);
}

#[test]
fn the_tables_of_exit_codes_are_complete() {
    for page in [readme(), read(docs().join("scripting.md"))] {
        for code in ExitCode::ALL {
            let row = format!("| {} | {}", code.number(), code.meaning());
            assert!(page.contains(&row), "no {row}");
        }
    }
}

#[test]
fn the_table_of_keys_is_complete() {
    // The message about a mistyped key names every key there is.
    let world = World::replaying(&["text"]);
    world.write("home/.config/ampctl/config.toml", "mistyped = 1");
    let message = world.run(&["run", "hi"]).stderr();
    let keys = message
        .split("expected one of ")
        .nth(1)
        .expect("a list of keys");
    let page = read(docs().join("configuration.md"));
    for key in keys.trim().split(", ") {
        assert!(page.contains(&format!("| {key} |")), "no {key}");
    }
}

#[test]
fn the_picture_shows_what_ampctl_shows() {
    let world = World::replaying(&["files"]);
    assert_eq!(world.run(&["run", "create a file"]).code, ExitCode::Done);
    let mut terminal = Terminal::start(&world, &["sessions", "replay", "last"], (24, 72));
    assert!(terminal.wait_for_exit().success());
    let picture = anstyle_svg::Term::new().render_svg(&terminal.raw().replace('\r', ""));
    insta::assert_binary_snapshot!("run.svg", picture.into_bytes());
}
