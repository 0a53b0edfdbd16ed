//! A CLI that does something else than what was recorded.

use xtask::drift::{Drift, compare};

use crate::script_cli::script_cli;

#[tokio::test]
async fn a_cli_that_does_something_else_has_drifted() {
    let folder = tempfile::tempdir().unwrap();
    let cli = script_cli(folder.path(), "echo '{\"type\":\"greeting\"}'");
    let drift = compare(cli, fixtures::NEWEST_VERSION, |_| ())
        .await
        .unwrap();
    let Drift::Found(differences) = drift else {
        panic!("{drift:?}");
    };
    let all = differences.concat();
    assert!(all.contains("+  \"type\": \"greeting\""), "{all}");
    assert!(all.contains("bash/stdout.jsonl"));
    assert!(all.contains("flags.txt"));
}
