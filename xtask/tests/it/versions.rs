//! The manifest of versions.

use amp_bootstrap::{CliVersion, KNOWN_VERSIONS};
use amp_session::BUILDS;
use xtask::versions::{Manifest, Packaging, Selection, build_time};

#[test]
fn the_manifest_covers_both_generations_in_full() {
    let manifest = Manifest::read().unwrap();
    assert!(manifest.versions.len() >= 6);
    let in_full = |packaging| {
        manifest
            .versions
            .iter()
            .any(|version| version.packaging == packaging && version.scenarios == Selection::All)
    };
    assert!(in_full(Packaging::Javascript));
    assert!(in_full(Packaging::Native));
}

#[test]
fn the_manifest_and_the_crate_of_recordings_name_the_same_main_versions() {
    let manifest = Manifest::read().unwrap();
    let newest = |packaging| manifest.newest(packaging).unwrap().number.clone();
    assert_eq!(newest(Packaging::Native), fixtures::NEWEST_VERSION);
    assert_eq!(
        newest(Packaging::Javascript),
        fixtures::LAST_JAVASCRIPT_VERSION
    );
}

#[test]
fn versions_out_of_order_are_refused() {
    let entry = |number: &str| {
        format!(
            "[[version]]\nnumber = \"{number}\"\npackaging = \"native\"\nscenarios = \"core\"\n"
        )
    };
    let text = "core = []\n".to_owned() + &entry("0.0.2-gaaaaaa") + &entry("0.0.1-gaaaaaa");
    let error = Manifest::parse(&text).unwrap_err();
    assert_eq!(error.to_string(), "0.0.1-gaaaaaa is not in order of age");
}

#[test]
fn a_version_that_is_not_listed_is_answered_with_those_that_are() {
    let error = Manifest::read().unwrap().find("0.0.1-gaaaaaa").unwrap_err();
    assert!(error.to_string().contains(fixtures::NEWEST_VERSION));
}

#[test]
fn a_number_carries_its_build_time() {
    assert_eq!(build_time("0.0.1790142911-g7618fb").unwrap(), 1_790_142_911);
    for wrong in ["1.0.0", "0.0.x-g1", "0.0.1", "0.0.1-gxyz"] {
        assert!(build_time(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_table_of_versions_agrees_with_the_measured_builds() {
    let measured = |number: &str| {
        let build = BUILDS.iter().find(|build| build.version == number);
        build.unwrap_or_else(|| panic!("{number} was never measured"))
    };
    let manifest = Manifest::read().unwrap();
    for version in &manifest.versions {
        let build = measured(&version.number);
        assert_eq!(version.build_time().unwrap(), build.built_at);
    }
    let mut newer = u64::MAX;
    for number in KNOWN_VERSIONS {
        let build = measured(number);
        let version: CliVersion = number.parse().unwrap();
        assert_eq!(version.release_date(), build.date);
        assert_eq!(version.released_unix(), build.built_at);
        assert!(build.built_at < newer, "{number} is not in order of age");
        newer = build.built_at;
        // What `amp-bootstrap` installs are executables.
        let recorded = manifest.find(number).unwrap();
        assert_eq!(recorded.packaging, Packaging::Native);
    }
    let newest = BUILDS.last().map(|build| build.version);
    assert_eq!(KNOWN_VERSIONS.first().copied(), newest);
}
