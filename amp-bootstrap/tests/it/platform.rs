//! Which build a machine needs.

use amp_bootstrap::{CLibrary, ErrorKind, HostFacts, Platform};

use crate::support::world::World;

fn facts(system: &str, architecture: &str) -> HostFacts {
    HostFacts {
        system: system.to_owned(),
        architecture: architecture.to_owned(),
        c_library: CLibrary::Glibc,
        has_avx2: true,
        is_translated: false,
    }
}

fn name(facts: &HostFacts) -> String {
    Platform::from_facts(facts).unwrap().to_string()
}

#[test]
fn a_platform_is_read_as_it_is_written() {
    for text in [
        "linux-x64",
        "linux-x64-baseline",
        "linux-arm64",
        "darwin-arm64",
        "windows-x64",
    ] {
        assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
    }
    for text in ["", "linux", "windows-arm64", "linux-x64-musl"] {
        let error = text.parse::<Platform>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn every_supported_machine_has_its_build() {
    assert_eq!(name(&facts("linux", "x86_64")), "linux-x64");
    assert_eq!(name(&facts("linux", "aarch64")), "linux-arm64");
    assert_eq!(name(&facts("macos", "aarch64")), "darwin-arm64");
    assert_eq!(name(&facts("macos", "x86_64")), "darwin-x64");
    assert_eq!(name(&facts("windows", "x86_64")), "windows-x64");
}

#[test]
fn npm_names_windows_differently() {
    let windows = Platform::from_facts(&facts("windows", "x86_64")).unwrap();
    assert_eq!(windows.npm_name(), Some("win32-x64"));
    assert_eq!(windows.executable_name(), "amp.exe");
}

#[test]
fn a_processor_without_avx2_gets_the_baseline_build() {
    let mut old = facts("linux", "x86_64");
    old.has_avx2 = false;
    assert_eq!(name(&old), "linux-x64-baseline");
    old.architecture = "aarch64".to_owned();
    assert_eq!(name(&old), "linux-arm64");
}

#[test]
fn rosetta_is_seen_through() {
    let mut translated = facts("macos", "x86_64");
    translated.is_translated = true;
    translated.has_avx2 = false;
    assert_eq!(name(&translated), "darwin-arm64");
}

#[test]
fn machines_without_a_build_are_told_so() {
    let mut musl = facts("linux", "x86_64");
    musl.c_library = CLibrary::Musl;
    for facts in [
        musl,
        facts("linux", "riscv64"),
        facts("freebsd", "x86_64"),
        facts("windows", "aarch64"),
    ] {
        let error = Platform::from_facts(&facts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedPlatform);
        assert!(error.difference().is_some() && !error.next_steps().is_empty());
    }
}

#[test]
fn the_baseline_build_is_fetched_under_its_own_name() {
    let mut world = World::new();
    world.request.platform = Some(crate::support::world::LINUX.with_baseline(true));
    world.fails(ErrorKind::NotPublished);
    let asked: Vec<String> = world
        .server
        .requests()
        .into_iter()
        .map(|r| r.path)
        .collect();
    assert_eq!(
        asked[1],
        world.release.path("linux-x64-baseline-amp.sha256")
    );
}
