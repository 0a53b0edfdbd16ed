//! The architecture and the house rules, as tests.

use cargo_metadata::{Metadata, MetadataCommand};
use xtask::{check_layers, tidy, workspace_root};

fn metadata() -> Metadata {
    let manifest = workspace_root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .exec()
        .expect("cargo metadata runs")
}

#[test]
fn every_edge_between_crates_is_in_the_design() {
    let found = check_layers::violations(&metadata()).expect("the metadata can be read");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_edge_outside_the_design_is_found() {
    let mut metadata = metadata();
    let session = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "amp-session");
    let edge = session
        .and_then(|package| {
            package
                .dependencies
                .iter()
                .find(|edge| edge.name == "amp-process")
        })
        .expect("amp-session depends on amp-process")
        .clone();
    let protocol = metadata
        .packages
        .iter_mut()
        .find(|p| p.name.as_str() == "amp-protocol");
    protocol
        .expect("amp-protocol is a member")
        .dependencies
        .push(edge);
    let found = check_layers::violations(&metadata).expect("the metadata can be read");
    assert!(
        found
            .iter()
            .any(|line| line.contains("`amp-protocol` may not depend on `amp-process`")),
        "{found:?}"
    );
}

#[test]
fn an_async_runtime_below_a_crate_is_seen() {
    let metadata = metadata();
    let process = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "amp-process");
    let tree = check_layers::normal_tree(&metadata, &process.expect("a member").id);
    assert!(tree.expect("the tree can be walked").contains("tokio"));
}

#[test]
fn the_repository_is_tidy() {
    let found = tidy::violations(&workspace_root()).expect("the repository can be read");
    assert_eq!(found, Vec::<String>::new());
}
