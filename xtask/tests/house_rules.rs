//! The architecture and the house rules, as tests.

use cargo_metadata::{Metadata, MetadataCommand};
use xtask::{check_circles, check_layers, front_pages, tidy, workspace_root};

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
fn imports_point_one_way() {
    let found = check_circles::violations(&workspace_root()).expect("the files can be read");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_circle_of_files_is_found_unless_it_is_one_of_parent_and_child() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let planted = |files: &[(&str, &str)]| {
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        check_circles::circles(&folder.path().join("lib.rs")).expect("Rust")
    };
    let family = [
        ("lib.rs", "mod amp;\nmod settings;\npub use amp::Amp;"),
        (
            "amp.rs",
            "use crate::settings::file::File;\npub struct Amp;",
        ),
        (
            "settings.rs",
            "mod file;\npub use file::File;\npub struct Scope;",
        ),
        (
            "settings/file.rs",
            "use super::Scope;\npub struct File(Scope);",
        ),
    ];
    assert_eq!(planted(&family), Vec::<String>::new());
    // What is there for tests alone, and what another crate has, leads nowhere.
    let harmless = "#[cfg(test)]\nmod tests {\n    use crate::amp::Amp;\n}\nuse std::amp::Amp;";
    assert_eq!(
        planted(&[("settings/file.rs", harmless)]),
        Vec::<String>::new()
    );
    for back in [
        "use crate::amp::Amp;",
        "use super::super::amp;",
        "fn amp() -> crate::amp::Amp { crate::amp::Amp }",
        "mod inner {\n    pub use crate::{amp::{self as other}};\n}",
    ] {
        let circles = planted(&[("settings/file.rs", back)]);
        assert_eq!(circles, ["amp.rs -> settings/file.rs -> amp.rs"], "{back}");
    }
    let facade = [
        ("amp.rs", "use crate::settings::Scope;\npub struct Amp;"),
        ("settings/file.rs", "use crate::amp::Amp;"),
    ];
    let circles = planted(&facade);
    assert_eq!(
        circles,
        ["amp.rs -> settings.rs -> settings/file.rs -> amp.rs"]
    );
}

#[test]
fn every_front_page_is_a_short_program_that_a_test_runs() {
    let found = front_pages::violations(&workspace_root()).expect("the files can be read");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_front_page_that_is_long_or_that_nothing_runs_is_found() {
    let page = |body: &[&str]| {
        let body = body.iter().map(|line| format!("//!     {line}\n"));
        let body: String = body.collect();
        format!(
            "//! A crate.\n//!\n//! ```no_run\n//! use a::B;\n//!\n//! fn main() {{\n{body}//! }}\n//! ```\n"
        )
    };
    let program = "//! Its test.\nuse a::B;\n\n#[expect(\n    lint,\n)]\n// For the test.\npub(crate) fn main() {\n    b();\n}\n\nfn other() {}\n";
    let programs = [program.to_owned()];
    assert_eq!(front_pages::problem(&page(&["b();"]), &programs), None);
    let differs = front_pages::problem(&page(&["c();"]), &programs).expect("a problem");
    assert_eq!(differs, "no test runs what it shows");
    let long = front_pages::problem(&page(&["b();"; 11]), &programs).expect("a problem");
    assert_eq!(long, "the body of `main` has 11 lines, more than 10");
    let none = front_pages::problem("//! A crate.\n", &programs).expect("a problem");
    assert_eq!(none, "it shows no program");
}

#[test]
fn the_repository_is_tidy() {
    let found = tidy::violations(&workspace_root()).expect("the repository can be read");
    assert_eq!(found, Vec::<String>::new());
}

/// Returns the tests that a text names as `file::test`.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| name.split_once(".rs::")).collect()
}

#[test]
fn every_promise_of_security_names_tests_that_are_there() {
    let text = std::fs::read_to_string(workspace_root().join("SECURITY.md")).expect("the page");
    for (file, name) in named_tests(&text) {
        let path = workspace_root().join(format!("{file}.rs"));
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let is_there = source
            .split(&format!("fn {name}("))
            .next()
            .is_some_and(|before| {
                before.len() < source.len()
                    && before
                        .lines()
                        .rev()
                        .take(3)
                        .any(|line| line.contains("test]"))
            });
        assert!(is_there, "there is no test {name} in {}", path.display());
    }
    let is_promise = |line: &&str| line.starts_with("| ") && !line.starts_with("| promise ");
    let promises: Vec<&str> = text.lines().filter(is_promise).collect();
    assert!(promises.len() >= 20, "{}", promises.len());
    for promise in promises {
        assert!(!named_tests(promise).is_empty(), "no test shows: {promise}");
    }
}
