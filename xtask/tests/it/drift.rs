//! A CLI that does something else than what was recorded.

use xtask::drift::{Drift, code_of, compare};

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

/// Asks for the latest version where nobody answers, or where there is none.
fn failure(base: &str) -> anyhow::Error {
    use amp_bootstrap::{InstallRequest, Silent, Source, Store, VersionSpec, install};
    let folder = tempfile::tempdir().unwrap();
    let source = match base.strip_prefix("file:") {
        Some(path) => Source::Folder(path.into()),
        None => Source::Mirror(base.to_owned()),
    };
    let request = InstallRequest::new(VersionSpec::Latest).with_sources([source]);
    let store = Store::at(folder.path());
    let error = install(&store, &request, &Default::default(), &Silent).unwrap_err();
    anyhow::Error::new(error).context("could not install")
}

#[test]
fn only_a_publisher_that_cannot_be_asked_is_no_failure_of_the_check() {
    let port = {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        closed.local_addr().unwrap().port()
    };
    assert_eq!(code_of(&failure(&format!("http://127.0.0.1:{port}"))), 2);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        code_of(&failure(&format!("file:{}", empty.path().display()))),
        3
    );
    assert_eq!(code_of(&anyhow::anyhow!("the CLI cannot be run")), 3);
}
