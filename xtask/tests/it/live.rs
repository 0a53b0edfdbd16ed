//! Live recordings: the key is taken out, and nothing is written where that may have failed.

use std::collections::BTreeMap;

use anyhow::Result;
use fixtures::scenario::Scenario;
use xtask::record::play::{Played, Service, play};

use crate::script_cli::script_cli;

/// Invented, and not of the form of any service's keys.
const KEY: &str = "an-invented-key-of-no-service-0123456789";

/// Plays a scenario with a script in the place of the CLI. Nothing listens at the service's
/// address, and a script asks nobody.
async fn play_live(script: &str) -> Result<Played> {
    let folder = tempfile::tempdir().unwrap();
    let cli = script_cli(folder.path(), script);
    let variables = [("AMP_API_KEY", KEY), ("AMP_URL", "http://127.0.0.1:9")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let service = Service::Live(BTreeMap::from(variables));
    play("text", &Scenario::all().unwrap(), &cli, &service).await
}

#[tokio::test]
async fn the_key_is_replaced_wherever_it_is_written_as_it_is() {
    let played = play_live("echo \"key: $AMP_API_KEY\"; echo \"$AMP_API_KEY\" >&2")
        .await
        .unwrap();
    assert_eq!(played.stdout, b"key: REDACTED\n");
    assert_eq!(played.stderr, b"REDACTED\n");
    assert!(played.meta.contains("source = \"live\""));
    assert!(played.meta.contains("\"AMP_API_KEY\""));
    assert!(!played.meta.contains(KEY));
}

#[tokio::test]
async fn a_key_in_disguise_is_refused_without_repeating_it() {
    for disguise in [
        "base64 -w0",
        "od -An -tx1 | tr -d ' \\n'",
        "cut -c1-25",
        "rev",
    ] {
        let script = format!("printf %s \"$AMP_API_KEY\" | {disguise}");
        let error = play_live(&script).await.unwrap_err().to_string();
        assert!(
            error.starts_with("text: nothing was written: standard output holds the key"),
            "{disguise}: {error}"
        );
        assert!(!error.contains("invented"), "{error}");
    }
}

#[tokio::test]
async fn the_cli_sees_the_key_and_none_of_the_stand_in() {
    let played = play_live("echo \"$AMP_URL ${HTTPS_PROXY-unset}\"")
        .await
        .unwrap();
    assert_eq!(played.stdout, b"http://127.0.0.1:9 unset\n");
}
