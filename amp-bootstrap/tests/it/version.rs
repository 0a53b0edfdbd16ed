//! Versions: parsed strictly, ordered by age, dated without a network.

use std::time::{Duration, SystemTime};

use amp_bootstrap::{CliVersion, VersionSpec};
use proptest::prelude::*;

#[test]
fn later_builds_are_greater() {
    let mut versions: Vec<CliVersion> = [
        "0.0.1790142911-g7618fb",
        "0.0.1767830505-ga62310",
        "0.1.5-ga",
        "0.0.999-gff",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    versions.sort();
    let commits: Vec<&str> = versions.iter().map(CliVersion::commit).collect();
    assert_eq!(commits, ["ff", "a62310", "7618fb", "a"]);
}

#[test]
fn anything_but_a_version_is_refused() {
    for text in [
        "",
        "latest",
        "1.2.3",
        "0.0.1-g",
        "0.0.1-gXYZ",
        "0.0.1-gABC",
        "0.0.01-gabc",
        "0.0.-gabc",
        "0.0.1.2-gabc",
        "0.0.1-gabc/..",
        "../0.0.1-gabc",
        "0.0.1-gabc\n",
        "0.0.-1-gabc",
        "0.0.99999999999999999999-gabc",
        "0.0.1-habc",
    ] {
        assert!(text.parse::<CliVersion>().is_err(), "{text:?}");
    }
}

#[test]
fn age_is_counted_from_the_build() {
    let version: CliVersion = "0.0.1790142911-g7618fb".parse().unwrap();
    assert_eq!(version.release_date(), "2026-09-23");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_142_911 + 60);
    assert_eq!(version.age(now), Duration::from_secs(60));
    assert_eq!(version.age(SystemTime::UNIX_EPOCH), Duration::ZERO);
}

#[test]
fn leap_days_are_dated() {
    let date = |seconds: u64| {
        format!("0.0.{seconds}-ga")
            .parse::<CliVersion>()
            .unwrap()
            .release_date()
    };
    assert_eq!(date(0), "1970-01-01");
    assert_eq!(date(951_782_400), "2000-02-29");
    assert_eq!(date(1_835_395_199), "2028-02-28");
    assert_eq!(date(1_835_395_200), "2028-02-29");
    assert_eq!(date(4_107_542_400), "2100-03-01");
}

#[test]
fn specs_read_as_they_are_written() {
    for text in ["latest", "known", "0.0.1790142911-g7618fb"] {
        assert_eq!(text.parse::<VersionSpec>().unwrap().to_string(), text);
    }
    assert!("newest".parse::<VersionSpec>().is_err());
}

proptest! {
    #[test]
    fn what_parses_reads_back_and_is_a_plain_file_name(text in "[0-9.g/\\-a-f]{0,24}|\\PC{0,24}") {
        if let Ok(version) = text.parse::<CliVersion>() {
            prop_assert_eq!(version.to_string(), text.clone());
            prop_assert!(!text.contains(['/', '\\', '\0']) && text != "..");
        }
    }
}
