//! What shells complete words to.

use std::process::Command;

use amp_cli::ExitCode;

use crate::support::mirror::{NEWER, OLDER, with_mirror_of};
use crate::support::{World, every_command};

const AMPCTL: &str = env!("CARGO_BIN_EXE_ampctl");

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Returns what the last of some words may become, as a completion script of a shell asks for it.
#[expect(clippy::disallowed_methods, reason = "ampctl itself is what is tested")]
pub(crate) fn completed(world: &World, shell: &str, words: &[&str]) -> String {
    let asked = Command::new(AMPCTL)
        .args(["--", "ampctl"])
        .args(words)
        .env_clear()
        .envs(world.environment())
        .env("AMPCTL_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .current_dir(world.project())
        .output()
        .expect("ampctl starts");
    assert!(asked.status.success(), "{asked:?}");
    String::from_utf8(asked.stdout).expect("UTF-8")
}

#[test]
fn every_command_is_completed_in_every_shell() {
    let world = World::new();
    for shell in SHELLS {
        for command in every_command() {
            let mut words: Vec<&str> = command.split(' ').collect();
            let last = words.pop().expect("a word");
            words.push("");
            let candidates = completed(&world, shell, &words);
            assert!(candidates.contains(last), "{shell}: {last}: {candidates}");
        }
    }
}

#[test]
fn modes_are_those_of_the_amp_in_use() {
    let world = World::replaying(&["text"]);
    for shell in SHELLS {
        let newest = completed(&world, shell, &["run", "--mode", ""]);
        assert!(newest.contains("medium"), "{shell}: {newest}");
        assert!(!newest.contains("smart"), "{shell}: {newest}");
        let begun = completed(&world, shell, &["run", "--mode", "me"]);
        assert!(!begun.contains("high"), "{shell}: {begun}");
    }
    let older = World::replaying_version(fixtures::LAST_JAVASCRIPT_VERSION, &["text"]);
    let older = completed(&older, "fish", &["run", "--mode", ""]);
    assert!(older.contains("smart"), "{older}");
    assert_eq!(completed(&World::new(), "fish", &["run", "--mode", ""]), "");
}

#[test]
fn sessions_are_completed_by_name_or_id() {
    let world = World::replaying(&["text", "text", "text"]);
    for name in ["release", "two words"] {
        let run = world.run(&["run", "--name", name, "hello"]);
        assert_eq!(run.code, ExitCode::Done, "{}", run.stderr());
    }
    let candidates = completed(&world, "bash", &["sessions", "show", ""]);
    assert!(candidates.contains("release"), "{candidates}");
    assert!(candidates.contains("last"), "{candidates}");
    assert!(!candidates.contains("two words"), "{candidates}");
    let described = completed(&world, "fish", &["sessions", "show", "2"]);
    let (id, name) = described.split_once('\t').expect("an id and its name");
    assert_eq!((id.contains('-'), name), (true, "two words\n"));
    assert_eq!(
        completed(&world, "bash", &["continue", "--session", "rel"]),
        "release"
    );
    assert_eq!(
        completed(&world, "bash", &["run", "--continue", "rel"]),
        "release"
    );
}

#[test]
fn zsh_completes_the_word_for_which_it_reads_the_script() {
    let script = World::new().run(&["completions", "zsh"]).stdout();
    let call = "if [[ $funcstack[1] == _ampctl ]]; then\n    ";
    let (_, call) = script.split_once(call).expect("a call when it is a body");
    let called = call.split(' ').next().expect("a function");
    assert!(
        script.contains(&format!("function {called}() {{")),
        "{script}"
    );
}

#[test]
fn versions_are_the_installed_ones() {
    let world = with_mirror_of(World::new(), &[OLDER, NEWER]);
    let mirror = world.project().with_file_name("mirror");
    let mirror = mirror.to_str().expect("UTF-8");
    let install = world.run(&["install", OLDER, "--source", mirror]);
    assert_eq!(install.code, ExitCode::Done, "{}", install.stderr());
    assert_eq!(completed(&world, "bash", &["uninstall", "0"]), OLDER);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a shell is what is tested")]
fn a_shell_that_has_read_the_script_completes() {
    let world = World::replaying(&["text"]);
    let line = r#"
        ampctl() { "$AMPCTL" "$@"; }
        PATH="$(dirname "$AMPCTL"):$PATH"
        source <(ampctl completions bash)
        COMP_WORDS=(ampctl run --mode me) COMP_CWORD=3 COMP_TYPE=9
        _clap_complete_ampctl ampctl me --mode
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let shell = Command::new("bash")
        .args(["-c", line])
        .env_clear()
        .envs(world.environment())
        .env("AMPCTL", AMPCTL)
        .current_dir(world.project())
        .output()
        .expect("bash");
    assert_eq!(
        String::from_utf8_lossy(&shell.stdout),
        "medium\n",
        "{shell:?}"
    );
}
