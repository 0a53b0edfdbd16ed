//! What becomes of a played scenario.

use fixtures::recording::Meta;
use fixtures::scenario::Scenario;
use xtask::record::play::{Played, Service, play};

use crate::script_cli::script_cli;

async fn play_script(scenario: &str, script: &str) -> Played {
    let folder = tempfile::tempdir().unwrap();
    let cli = script_cli(folder.path(), script);
    let scenarios = Scenario::all().unwrap();
    play(scenario, &scenarios, &cli, &Service::StandIn)
        .await
        .unwrap()
}

#[tokio::test]
async fn paths_and_ports_of_this_machine_are_taken_out() {
    let played = play_script("text", "echo \"$HOME $PWD $0 $AMP_URL\"").await;
    assert_eq!(
        String::from_utf8(played.stdout).unwrap(),
        "/home/user /home/user/project /opt/amp/amp http://127.0.0.1:8317\n"
    );
}

#[tokio::test]
async fn the_environment_is_named_and_holds_nothing_of_this_machine() {
    let played = play_script("text", "env | sed 's/=.*//' | sort").await;
    let seen = String::from_utf8(played.stdout).unwrap();
    let meta: Meta = toml::from_str(&played.meta).unwrap();
    for name in &meta.environment_names {
        assert!(seen.lines().any(|line| line == name), "{name}: {seen}");
    }
    // The shell's own.
    let own = ["OLDPWD", "PWD", "SHLVL", "_"];
    for name in seen.lines().filter(|name| !own.contains(name)) {
        assert!(
            meta.environment_names.iter().any(|seen| seen == name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_scenario_continues_the_thread_of_the_one_before() {
    let script = r#"case "$*" in
        "threads continue "*) echo "$3";;
        *) echo '{"session_id":"T-01a1fbee-4deb-7c54-98f3-dfe324b0b000"}';;
    esac"#;
    let played = play_script("continue-second", script).await;
    let thread = "T-00000000-0000-7000-8000-000000000001";
    assert_eq!(played.stdout, format!("{thread}\n").into_bytes());
    assert!(
        played
            .meta
            .contains(&format!("\"threads\", \"continue\", \"{thread}\""))
    );
}

#[tokio::test]
async fn playing_twice_gives_the_same_bytes() {
    let script = "echo \"T-$(cat /proc/sys/kernel/random/uuid) $HOME\"; exit 3";
    let first = play_script("text", script).await;
    let second = play_script("text", script).await;
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(first.meta, second.meta);
    assert!(first.meta.contains("code = 3"));
}
