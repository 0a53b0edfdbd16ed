//! What becomes of a played scenario.

use fixtures::recording::Meta;
use fixtures::scenario::Scenario;
use xtask::record::play::{Played, Service, play};

use crate::script_cli::script_cli;

async fn play_script(scenario: &str, script: &str) -> Played {
    try_script(scenario, script).await.unwrap()
}

async fn try_script(scenario: &str, script: &str) -> anyhow::Result<Played> {
    let folder = tempfile::tempdir().unwrap();
    let cli = script_cli(folder.path(), script);
    let scenarios = Scenario::all().unwrap();
    play(scenario, &scenarios, &cli, &Service::StandIn).await
}

/// A CLI that sends one request to its service, in the words of bash, and then answers.
fn asks(request: &str) -> String {
    format!(
        r#"exec bash -c '
            address=${{AMP_URL#http://}}
            exec 3<>"/dev/tcp/${{address%:*}}/${{address#*:}}"
            printf "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}" >&3
            cat <&3 >/dev/null
            echo done'"#
    )
}

#[tokio::test]
async fn a_call_that_the_stand_in_does_not_know_fails_the_recording() {
    let known = try_script("text", &asks("POST /api/internal?getUserInfo")).await;
    assert_eq!(known.unwrap().stdout, b"done\n");
    for unknown in [
        "POST /api/internal?inventThread",
        "DELETE /api/threads-of-tomorrow",
    ] {
        let refused = try_script("text", &asks(unknown)).await.unwrap_err();
        let expected = format!("text: the stand-in does not know {unknown}");
        assert_eq!(refused.to_string(), expected);
    }
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
