//! The agent in a sandbox, as its user sees it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output};

use amp_cli::ExitCode;
use fixtures::Requirement;

use crate::support::{INIT, SUCCESS, World};

/// What the fake agent needs beside what Amp does.
const FAKE: [&str; 3] = ["--sandbox", "--allow-env", "FAKE_AGENT*"];

/// Runs the program itself, which can be started again as the shim.
fn ampctl(world: &World, arguments: &[&str]) -> Output {
    run(
        world,
        &[&[env!("CARGO_BIN_EXE_ampctl")], arguments].concat(),
    )
}

#[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
fn run(world: &World, command: &[&str]) -> Output {
    Command::new(command[0])
        .args(&command[1..])
        .env_clear()
        .envs(world.environment())
        .current_dir(world.project())
        .output()
        .expect("ampctl starts")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether this machine has sandboxes.
pub(crate) fn is_here(world: &World) -> bool {
    // What the fake agent answers is kept, and goes by its variables.
    let output = ampctl(world, &["sandbox", "explain", FAKE[1], FAKE[2]]);
    if code(&output) != Some(0) {
        Requirement::Namespace.is_missing(stderr(&output));
        return false;
    }
    true
}

/// A world whose agent has a tool that says this.
fn where_a_tool_says(said: impl FnOnce(&World) -> String) -> World {
    let world = World::playing("");
    let said = serde_json::json!({
        "type": "user",
        "session_id": "T-5928a90d-d53b-488f-a829-4e36442142ee",
        "message": {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": said(&world)}],
        },
    });
    world.with(
        "FAKE_AGENT_SCRIPT",
        &format!("{INIT}; out {said}; {SUCCESS}; exit 0"),
    )
}

#[test]
fn what_a_tool_could_not_read_is_told_with_the_option_that_allows_it() {
    let world = where_a_tool_says(|world| {
        let key = world.write("home/.ssh/id_rsa", "a secret");
        format!("cat: {}: No such file or directory", key.display())
    });
    if !is_here(&world) {
        return;
    }
    let output = ampctl(&world, &[&["run"], &FAKE[..], &["hello"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let key = world.home().join(".ssh/id_rsa");
    let expected = format!(
        "hidden by the sandbox; --allow-read {} allows it",
        key.display()
    );
    assert!(stderr(&output).contains(&expected), "{}", stderr(&output));

    let output = ampctl(
        &world,
        &[&["run", "--json"], &FAKE[..], &["hello"]].concat(),
    );
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let denied = &document["sandbox"]["denied"][0];
    assert_eq!(denied["kind"], "read", "{document}");
    assert_eq!(denied["allow"], format!("--allow-read {}", key.display()));
    let layers = document["sandbox"]["layers"].as_array().expect("layers");
    assert!(layers.iter().any(|layer| layer == "network (namespaces)"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
fn what_is_refused_and_what_appears_is_told_and_the_former_while_the_agent_runs() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let key = world.write("home/.ssh/id_rsa", "a secret");
    let said = format!("cat: {}: No such file or directory", key.display());
    let result = serde_json::json!({
        "type": "user",
        "session_id": "T-5928a90d-d53b-488f-a829-4e36442142ee",
        "message": {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": said}],
        },
    });
    let line = |command: &str| command.trim_start_matches("out ").to_owned();
    // An agent that goes on only when it was told of what it was refused.
    let agent = format!(
        "case \"$*\" in *--version*) echo '{} (released)'; exit;; esac\n\
         echo '{}'\necho '{result}'\nuntil test -e told; do sleep 0.05; done\n\
         mkdir .amp\necho '{}'",
        crate::support::VERSION,
        line(INIT),
        line(SUCCESS),
    );
    let path = world.script("home/bin/amp", &agent);
    let mut running = Command::new(env!("CARGO_BIN_EXE_ampctl"))
        .args(["run", "--sandbox", "--timeout", "60s", "hello"])
        .env_clear()
        .envs(world.environment())
        .env("AMP_CLI_PATH", &path)
        .current_dir(world.project())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("ampctl starts");
    let mut said = String::new();
    for line in BufReader::new(running.stderr.take().expect("a pipe")).lines() {
        said.push_str(&line.expect("UTF-8"));
        said.push('\n');
        if said.contains("hidden by the sandbox; --allow-read") {
            std::fs::write(world.project().join("told"), "").expect("a file");
        }
    }
    let status = running.wait().expect("its end");
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains(".amp was made in the sandbox"), "{said}");
    assert_eq!(said.matches("hidden by the sandbox").count(), 1, "{said}");
}

#[test]
fn the_version_is_asked_for_in_the_sandbox_too() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let home = world.home().display().to_string();
    let agent = format!(
        "touch {home}/trace trace 2> /dev/null\necho '{} (released)'\n",
        crate::support::VERSION,
    );
    let world = world.with_amp_script(&agent);
    let trace = world.home().join("trace");
    let dry = ["run", "--dry-run", "hello"];
    let output = ampctl(&world, &[&dry[..], &["--sandbox"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(!trace.exists() && !world.project().join("trace").exists());
    let output = ampctl(&world, &dry);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(trace.exists(), "it would have left one");
}

#[test]
fn where_there_is_no_sandbox_not_even_the_version_is_asked_for() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let world = world.with_amp_script("touch ~/trace");
    // A user namespace that lets nobody make others.
    let off = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let without = ["unshare", "-U", "-r", "sh", "-c", off, "sh"];
    let command = [env!("CARGO_BIN_EXE_ampctl"), "run", "--sandbox", "hello"];
    let output = run(&world, &[&without[..], &command].concat());
    assert_eq!(code(&output), Some(6), "{}", stderr(&output));
    let said =
        "the sandbox is refused: user namespaces are off, see `sysctl user.max_user_namespaces`";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    assert!(!world.home().join("trace").exists());
}

#[test]
fn a_service_that_is_not_allowed_is_refused_with_the_option_that_allows_it() {
    let world = World::playing("exit 0").with("AMP_URL", "https://other.example/");
    let output = ampctl(&world, &[&["run"], &FAKE[..], &["hello"]].concat());
    assert_eq!(code(&output), Some(ExitCode::Refused.number().into()));
    let said = stderr(&output);
    assert!(
        said.contains("does not allow the service https://other.example/"),
        "{said}"
    );
    assert!(
        said.contains("--allow-host other.example allows it"),
        "{said}"
    );
}

#[test]
fn the_home_folder_is_no_folder_to_work_in() {
    let world = World::playing("exit 0");
    let home = world.home();
    let home = home.to_str().expect("UTF-8");
    let output = ampctl(
        &world,
        &[&["run", "-C", home], &FAKE[..], &["hello"]].concat(),
    );
    assert_eq!(code(&output), Some(ExitCode::Usage.number().into()));
    let said = stderr(&output);
    assert!(said.contains("holds the whole home folder"), "{said}");
}

#[test]
fn an_agent_is_found_by_links_out_of_a_home_folder_that_is_one() {
    let script = format!("{INIT}; {SUCCESS}; exit 0");
    let world = World::playing(&script);
    let versions = world.home().parent().expect("a parent").join("versions");
    std::fs::create_dir(&versions).expect("a folder");
    let link = |to: &std::path::Path, at: &std::path::Path| {
        std::os::unix::fs::symlink(to, at).expect("a link");
    };
    link(fixtures::fake_agent(), &versions.join("amp"));
    link(&versions, &world.home().join("versions"));
    let home = world.home().with_file_name("linked-home");
    link(&world.home(), &home);
    let path = |path: std::path::PathBuf| path.to_str().expect("UTF-8").to_owned();
    let world = world
        .with("AMP_CLI_PATH", &path(home.join("versions/amp")))
        .with("HOME", &path(home));
    if !is_here(&world) {
        return;
    }
    let output = ampctl(&world, &[&["run"], &FAKE[..], &["hello"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
}

#[test]
fn something_that_is_allowed_or_limited_needs_a_sandbox() {
    let world = World::playing("exit 0");
    for option in [
        ["--allow-host", "a.example"],
        ["--allow-read", "/opt"],
        ["--allow-write", "/opt"],
        ["--allow-env", "NAME"],
        ["--limit", "memory=4g"],
    ] {
        let finished = world.run(&["run", option[0], option[1], "hello"]);
        assert_eq!(finished.code, ExitCode::Usage, "{option:?}");
        assert!(
            finished.stderr().contains("--sandbox makes one"),
            "{option:?}"
        );
    }
}

#[test]
fn a_project_cannot_decide_what_may_be_reached() {
    for key in [
        "sandbox = 'off'",
        "allow-host = ['a.example']",
        "allow-read = ['/']",
        "allow-write = ['/']",
        "allow-env = ['*']",
        "limit = ['memory=4g']",
    ] {
        let world = World::playing("exit 0");
        world.write("project/.ampctl.toml", key);
        let finished = world.run(&["run", "hello"]);
        assert_eq!(finished.code, ExitCode::Usage, "{key}");
        assert!(
            finished.stderr().contains("may only be set by the user"),
            "{key}"
        );
    }
}

#[test]
fn an_allow_all_without_a_sandbox_says_what_it_means() {
    let script = format!("{INIT}; {SUCCESS}; exit 0");
    let world = World::playing(&script);
    let said = |arguments: &[&str]| {
        let finished = world.run(&[&["run"], arguments, &["hello"]].concat());
        finished.stderr().contains("may do all that you may")
    };
    assert!(said(&["--dangerously-allow-all"]));
    assert!(!said(&["--dangerously-allow-all", "--quiet"]));
    assert!(!said(&[]));
    if is_here(&world) {
        let arguments = [&["run", "--dangerously-allow-all"], &FAKE[..], &["hello"]].concat();
        let output = ampctl(&world, &arguments);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn a_command_can_be_tried_and_its_refusals_are_told() {
    let world = World::new().with("SECRET", "a secret");
    world.write("home/.ssh/id_rsa", "a secret");
    if !is_here(&world) {
        return;
    }
    let script = "env; cat ~/.ssh/id_rsa; echo new > made; exit 3";
    let output = ampctl(&world, &["sandbox", "exec", "--", "sh", "-c", script]);
    assert_eq!(code(&output), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
    assert!(
        said.contains("HOME=") && !said.contains("a secret"),
        "{said}"
    );
    assert!(
        said.contains("the command ended with exit code 3"),
        "{said}"
    );
    assert!(world.project().join("made").exists());
}

#[test]
fn what_a_sandboxed_agent_has_written_is_checked_in_its_sandbox() {
    let world = World::playing(&format!("{INIT}; {SUCCESS}; exit 0"));
    if !is_here(&world) {
        return;
    }
    world.write("home/.ssh/id_rsa", "a secret");
    let check = "test ! -e ../home/.ssh/id_rsa && touch checked";
    let output = ampctl(
        &world,
        &[&["run", "hi", "--check", check][..], &FAKE].concat(),
    );
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(world.project().join("checked").exists());
    // Outside it would fail.
    let output = ampctl(&world, &["run", "hi", "--check", check]);
    let expected = ExitCode::CheckFailed.number().into();
    assert_eq!(code(&output), Some(expected), "{}", stderr(&output));
}

#[test]
fn a_command_can_be_kept_from_using_more_than_its_limit() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let limit = ["sandbox", "exec", "--limit", "file-size=1k"];
    let command = ["--", "sh", "-c", "head -c 9000 /dev/zero > large"];
    let output = ampctl(&world, &[&limit[..], &command].concat());
    assert_ne!(code(&output), Some(0), "{}", stderr(&output));
    let large = world.project().join("large").metadata().expect("a file");
    assert_eq!(large.len(), 1024);
}

/// Runs a script in a sandbox, and returns what it printed.
fn script(world: &World, options: &[&str], script: &str) -> String {
    let command = ["--", "sh", "-c", script];
    let output = ampctl(world, &[&["sandbox", "exec"], options, &command].concat());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_git_file_that_an_agent_makes_up_opens_nothing_in_the_next_run() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let config = world.write("victim/config", "original");
    let folder = config.parent().expect("a folder").display();
    let made_up = format!("echo gitdir: {folder} > .git && echo made");
    assert_eq!(script(&world, &[], &made_up), "made\n");
    let attempts = format!(
        "cat {folder}/config; echo evil > {folder}/config; echo evil > .git && echo changed; \
         rm .git && echo removed; mv .git other && echo moved; ln -sf / .git && echo replaced"
    );
    assert_eq!(script(&world, &[], &attempts), "");
    let read = |path| std::fs::read_to_string(path).expect("a file");
    assert_eq!(read(config.clone()), "original");
    let file = read(world.project().join(".git"));
    assert_eq!(file, format!("gitdir: {folder}\n"));

    let allowed = folder.to_string();
    let attempt = format!("echo new > {folder}/config && echo changed");
    let said = script(&world, &["--allow-write", &allowed], &attempt);
    assert_eq!(said, "changed\n");
    assert_eq!(read(config), "new\n");
}

#[test]
fn the_repository_of_a_work_tree_takes_commits_and_no_hooks() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let own = "main/.git/worktrees/w";
    let link = world.project().join(".git");
    let back = world.write(&format!("{own}/gitdir"), &format!("{}\n", link.display()));
    let own = back.parent().expect("a folder");
    world.write("project/.git", &format!("gitdir: {}\n", own.display()));
    world.write("main/.git/hooks/sample", "original");
    let config = world.write("main/.git/config", "original");
    world.write("main/.git/objects/one", "original");
    let attempts = format!(
        "cd {} && for file in objects/new worktrees/w/index config hooks/pre-commit \
         worktrees/other; do echo new > $file && echo $file; done; \
         mv hooks gone && echo moved; echo private > ../file",
        config.parent().expect("a folder").display()
    );
    let said = script(&world, &[], &attempts);
    assert_eq!(said, "objects/new\nworktrees/w/index\n");
    assert!(config.with_file_name("objects/new").exists());
    assert!(!config.with_file_name("../file").exists());
}

#[test]
fn a_folder_of_settings_may_be_a_link_and_the_file_may_not() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    let kept = world.write("home/dotfiles/amp/settings.json", "{}");
    let settings = world.home().join(".config/amp");
    let _ = std::fs::remove_dir_all(&settings);
    std::fs::create_dir_all(&settings).expect("a folder");
    let link = |to: &std::path::Path, at: &std::path::Path| {
        std::os::unix::fs::symlink(to, at).expect("a link");
    };
    link(&kept, &settings.join("settings.json"));
    let output = ampctl(&world, &["sandbox", "exec", "--", "true"]);
    assert_eq!(code(&output), Some(ExitCode::Refused.number().into()));
    let said = stderr(&output);
    assert!(said.contains("settings.json is a symbolic link"), "{said}");

    std::fs::remove_dir_all(&settings).expect("removed");
    link(kept.parent().expect("a folder"), &settings);
    let attempts = "cd ~/.config/amp && cat settings.json; echo evil > settings.json; \
                    rm settings.json; echo evil > ~/dotfiles/other";
    assert_eq!(script(&world, &[], attempts), "{}\n");
    assert_eq!(std::fs::read_to_string(&kept).expect("a file"), "{}");
    assert!(!world.home().join("dotfiles/other").exists());
}

#[test]
fn who_sees_the_key_is_explained() {
    let world = World::new();
    let output = ampctl(&world, &["sandbox", "explain"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Commands do not see the key"), "{said}");
    let kept = World::new().with("AMP_API_KEY", "key-of-the-run");
    if is_here(&kept) {
        assert_eq!(script(&kept, &[], "echo [$AMP_API_KEY]"), "[]\n");
    }
}

#[test]
fn what_is_enforced_is_explained_to_programs() {
    let world = World::new();
    if !is_here(&world) {
        return;
    }
    world.write(
        "home/.config/ampctl/config.toml",
        "limit = ['memory=8g', 'cpu=1m']",
    );
    let arguments = ["sandbox", "explain", "--json", "--allow-host", "a.example"];
    let arguments = [&arguments[..], &["--limit", "memory=4g"]].concat();
    let output = ampctl(&world, &arguments);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["enforced"], true);
    let hosts = document["hosts"].as_array().expect("hosts");
    assert_eq!(hosts, &["ampcode.com", "*.ampcode.com", "a.example"]);
    // A flag has a stronger word than a file.
    let limits = serde_json::json!({"memory": 4_u64 << 30, "cpu": 60});
    assert_eq!(document["limits"], limits);
}
