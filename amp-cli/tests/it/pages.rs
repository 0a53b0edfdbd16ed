//! The documentation: every command in it works as it says, and its tables are true.

mod page;
mod strictness;
mod walk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use amp_cli::ExitCode;
use fixtures::backend::{Backend, Options};

use self::page::{Command, code_spans, commands};
use self::walk::Walk;
use crate::support::World;
use crate::support::mirror::{NEWER, OLDER, with_mirror_of};

/// A command that is not typed here, why, and the line of `.ci/run` that sees to it.
struct Exception {
    command: &'static str,
    reason: &'static str,
    in_ci: &'static str,
}

/// The commands that are not typed here.
const EXCEPTIONS: [Exception; 3] = [
    Exception {
        command: "cargo install --locked --path amp-cli",
        reason: "builds a release for minutes",
        in_ci: "cargo xtask newcomer",
    },
    Exception {
        command: "cargo demo",
        reason: "downloads the real Amp",
        in_ci: "cargo demo",
    },
    Exception {
        command: "cargo test --workspace",
        reason: "runs this test",
        in_ci: "cargo test --workspace",
    },
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).expect("a page")
}

fn readme() -> String {
    read(repository().join("README.md"))
}

/// Returns the pages by name, the README last.
fn pages() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(docs())
        .expect("pages")
        .map(|entry| entry.expect("a page").path())
        .collect();
    paths.sort();
    let name = |path: &Path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        format!("docs/{name}")
    };
    let mut pages: Vec<_> = paths.iter().map(|path| (name(path), read(path))).collect();
    pages.push(("README.md".to_owned(), readme()));
    pages
}

/// A world in which there is nothing yet but a folder to work in and something to install.
fn world_of_a_newcomer() -> World {
    let world = World::replaying(&["demo-first", "demo-second"])
        .without("AMP_CLI_PATH")
        .without("AMP_API_KEY");
    with_mirror_of(world, &[OLDER, NEWER])
}

fn stand_in() -> Backend {
    Backend::start_blocking(Options::default()).expect("a stand-in")
}

/// A world in which the reader of any page is at home: Amp is installed and was used before, there
/// is a key, a service answers, and the files that the pages name are there.
fn world_of_a_user(service: &Backend) -> World {
    let url = service.url();
    let world = world_of_a_newcomer()
        .with("AMP_API_KEY", "a-key-for-tests")
        .with("AMP_URL", &url)
        .with("KEY", "another-key-for-tests");
    let mirror = world.project().with_file_name("mirror");
    let world = world
        .with("MIRROR", mirror.to_str().expect("UTF-8"))
        .with("PROXY", url.trim_end_matches('/'));
    world.write("project/README.md", "# A project\n");
    world.write("project/src/main.rs", "fn main() {}\n");
    world.write("project/my.toml", "mode = 'high'\n");
    world.write("project/servers.json", "{}\n");
    world.write("project/crates.json", "{\"type\": \"integer\"}\n");
    world.write("project/screenshot.png", "GIF89a");
    world.write(
        "project/rules.json",
        r#"[{"tool":"shell_command","action":"reject"}]"#,
    );
    assert_eq!(world.run(&["install"]).code, ExitCode::Done);
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Done);
    world
}

/// The page that needs an agent whose calls are asked about.
const PERMISSIONS: &str = "docs/permissions.md";

/// What that agent does.
const A_CALL: &str = r#"
    out {"type":"system","subtype":"init","tools":["shell_command"],"mcp_servers":[]}
    call shell_command {"command":"ls"} { sleep 1ms }
    out {"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done."}
"#;

/// The page that needs namespaces.
const SANDBOX: &str = "docs/sandbox.md";

/// The same world with its agent and its service allowed in a sandbox; `None` where none works.
fn world_with_a_sandbox(world: World, service: &Backend) -> Option<World> {
    let url = service.url();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let recordings = repository().canonicalize().expect("a folder");
    world.write("home/.cargo/config.toml", "");
    world.write("home/.rustup/settings.toml", "");
    let allowed = format!(
        "allow-host = ['{address}']\nallow-env = ['FAKE_AGENT*']\nallow-read = ['{}']\n",
        recordings.display()
    );
    world.write("home/.config/ampctl/config.toml", &allowed);
    let mut walk = Walk::begin(&world);
    let explain = Command {
        place: SANDBOX.to_owned(),
        text: "ampctl sandbox explain".to_owned(),
        exit_code: 0,
        output: None,
    };
    match walk.take(&explain) {
        Ok(()) => Some(world),
        Err(said) => {
            fixtures::Requirement::Namespace.is_missing(said);
            None
        }
    }
}

/// Types what a page tells its reader to type, and returns what was not as it says.
fn walk_through(world: &World, name: &str, page: &str) -> Vec<String> {
    let commands = commands(name, page).unwrap_or_else(|problem| panic!("{problem}"));
    let is_index = name == "docs/README.md";
    assert!(is_index || !commands.is_empty(), "{name} has no commands");
    let here = |command: &&Command| {
        !EXCEPTIONS
            .iter()
            .any(|exception| exception.command == command.without_comment())
    };
    let mut walk = Walk::begin(world);
    let taken = commands
        .iter()
        .filter(here)
        .map(|command| walk.take(command));
    taken.filter_map(Result::err).collect()
}

#[test]
fn every_command_of_every_page_does_what_the_page_says() {
    let mut problems = Vec::new();
    for (name, page) in pages() {
        let service = stand_in();
        let mut world = world_of_a_user(&service);
        if name == SANDBOX {
            match world_with_a_sandbox(world, &service) {
                Some(with_sandbox) => world = with_sandbox,
                None => continue,
            }
        }
        if name == PERMISSIONS {
            world = world.with("FAKE_AGENT_SCRIPT", A_CALL);
        }
        problems.extend(walk_through(&world, &name, &page));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_newcomer_gets_through_the_readme_from_the_first_line_to_the_last() {
    let problems = walk_through(&world_of_a_newcomer(), "README.md", &readme());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_exception_is_on_a_page_and_left_to_ci() {
    let pages = pages();
    let printed: BTreeSet<String> = pages
        .iter()
        .flat_map(|(name, page)| commands(name, page).expect("commands"))
        .map(|command| command.without_comment().to_owned())
        .collect();
    let ci = read(repository().join(".ci/run"));
    for Exception {
        command,
        reason,
        in_ci,
    } in EXCEPTIONS
    {
        assert!(printed.contains(command), "no page has `{command}`");
        assert!(
            ci.lines().any(|line| line.trim_start() == in_ci),
            "`{command}` {reason}, and CI does not run `{in_ci}`"
        );
    }
}

#[test]
fn every_printed_file_is_one_that_a_test_uses() {
    // `tests/docs.rs` uses the files; rustdoc compiles the page about Rust; a test of questions has
    // the transcript on its terminal, one of notices hears the object, one of editors starts what
    // they would start.
    let checked = [
        ("docs/batch.md", "```json"),
        ("docs/configuration.md", "```toml"),
        ("docs/editors.md", "```json"),
        ("docs/editors.md", "```text"),
        ("docs/mcp.md", "```json"),
        ("docs/permissions.md", "```json"),
        ("docs/permissions.md", "```text"),
        ("docs/run.md", "```json"),
        ("docs/rust.md", "```rust,no_run"),
    ];
    for (name, page) in pages() {
        let printed = |line: &&str| checked.iter().any(|(_, fence)| line == fence);
        for fence in page.lines().filter(printed) {
            assert!(checked.contains(&(&name, fence)), "{name}: {fence}");
        }
    }
}

#[test]
fn every_page_is_in_the_index() {
    let index = read(docs().join("README.md"));
    for (name, _) in pages() {
        let link = name.trim_start_matches("docs/");
        assert!(
            link == "README.md" || index.contains(&format!("({link})")),
            "{name} is not in the index"
        );
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    for (name, page) in pages() {
        let folder = if name == "README.md" {
            repository()
        } else {
            docs()
        };
        for link in page.split("](").skip(1) {
            let (target, _) = link.split_once(')').expect("the end of a link");
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = folder.join(file);
            assert!(file.exists(), "{name}: no {target}");
            let has = |line: &str| line.to_lowercase().replace(' ', "-").ends_with(heading);
            let lines = if heading.is_empty() {
                String::new()
            } else {
                read(file)
            };
            let mut headings = lines.lines().filter(|line| line.starts_with('#'));
            assert!(
                heading.is_empty() || headings.any(has),
                "{name}: no {target}"
            );
        }
    }
}

#[test]
fn every_command_and_option_that_is_mentioned_exists() {
    let world = World::new();
    assert_eq!(
        world.run(&["man", "--directory", "man"]).code,
        ExitCode::Done
    );
    let manual: String = std::fs::read_dir(world.project().join("man"))
        .expect("the manual")
        .map(|entry| read(entry.expect("a page").path()).replace('\\', ""))
        .collect();
    for (name, page) in pages() {
        for span in code_spans(&page) {
            let is_word = |word: &&str| word.bytes().all(|letter| letter.is_ascii_lowercase());
            let mut words = span.split_whitespace();
            let first = words.next().unwrap_or_default();
            if first == "ampctl" {
                let mut arguments: Vec<&str> = words.clone().take_while(is_word).collect();
                arguments.push("--help");
                let code = world.run(&arguments).code;
                assert_eq!(code, ExitCode::Done, "{name}: `{span}`");
            }
            if first == "ampctl" || first.starts_with("--") {
                for option in span
                    .split_whitespace()
                    .filter(|word| word.starts_with("--"))
                {
                    let option = option.split('=').next().unwrap_or_default();
                    assert!(manual.contains(option), "{name}: no {option}");
                }
            }
        }
    }
}

#[test]
fn every_command_that_is_said_to_write_json_does() {
    let page = read(docs().join("scripting.md"));
    let (_, list) = page.split_once("`--json` works with").expect("a list");
    let (list, _) = list.split_once("Fields are").expect("its end");
    let service = stand_in();
    for command in code_spans(list) {
        let world = world_of_a_user(&service);
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(match command {
            "run" | "continue" => &["hello"][..],
            "sessions show" => &["last"],
            "sessions search" | "threads search" => &["hello"],
            "threads show" => &["T-00000000-0000-7000-8000-000000000001"],
            "sessions rename" => &["last", "greeting"],
            "sessions open" => &["last", "--print"],
            "sessions prune" => &["--older-than", "30d", "--yes"],
            "uninstall" => &["--all"],
            _ => &[],
        });
        arguments.push("--json");
        let finished = world.run(&arguments);
        assert_eq!(finished.code, ExitCode::Done, "{command}");
        assert!(finished.json().is_object(), "{command}");
    }
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
    let (_, keys) = message
        .split_once("expected one of ")
        .expect("a list of keys");
    let (keys, _) = keys.split_once('\n').expect("a line of its own");
    let page = read(docs().join("configuration.md"));
    for key in keys.split(", ") {
        assert!(page.contains(&format!("| {key} |")), "no {key}");
    }
}
