//! The manifest of versions.

use xtask::versions::{Generation, Manifest, Packaging, Selection, build_time};

#[test]
fn the_manifest_covers_both_generations_and_both_packagings() {
    let manifest = Manifest::read().unwrap();
    assert!(manifest.versions.len() >= 6);
    for generation in [Generation::LocalLoop, Generation::ThreadActors] {
        assert!(
            manifest.versions.iter().any(|version| {
                version.generation == generation && version.scenarios == Selection::All
            }),
            "{generation:?} has no main version"
        );
    }
    assert!(manifest.newest(Packaging::Javascript).is_some());
    assert!(manifest.newest(Packaging::Native).is_some());
}

#[test]
fn versions_out_of_order_are_refused() {
    let entry = |number: &str| {
        format!(
            "[[version]]\nnumber = \"{number}\"\npackaging = \"native\"\n\
             generation = \"thread-actors\"\nscenarios = \"core\"\n"
        )
    };
    let text = entry("0.0.2-gaaaaaa") + &entry("0.0.1-gaaaaaa");
    let error = Manifest::parse(&text).unwrap_err();
    assert_eq!(error.to_string(), "0.0.1-gaaaaaa is not in order of age");
}

#[test]
fn a_version_that_is_not_listed_is_answered_with_those_that_are() {
    let error = Manifest::read().unwrap().find("0.0.1-gaaaaaa").unwrap_err();
    assert!(error.to_string().contains("0.0.1790142911-g7618fb"));
}

#[test]
fn a_number_carries_its_build_time() {
    assert_eq!(build_time("0.0.1790142911-g7618fb").unwrap(), 1_790_142_911);
    for wrong in ["1.0.0", "0.0.x-g1", "0.0.1", "0.0.1-gxyz"] {
        assert!(build_time(wrong).is_err(), "{wrong}");
    }
}
