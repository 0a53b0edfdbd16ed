//! The builds of the Amp CLI that the dialect table was measured on, oldest first.

use serde::Serialize;

/// A published build of the Amp CLI whose flags and behaviour were measured by running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KnownBuild {
    /// The npm version, such as `0.0.1790142911-g7618fb`.
    pub version: &'static str,
    /// The day it was built, as `YYYY-MM-DD`.
    pub date: &'static str,
    /// The build time in seconds since the UNIX epoch, the middle number of the version.
    pub built_at: u64,
}

const fn build(version: &'static str, date: &'static str, built_at: u64) -> KnownBuild {
    KnownBuild {
        version,
        date,
        built_at,
    }
}

// Positions in `BUILDS`; the rows of the table name the first and last build of a feature by them.
pub(super) const JAN_08: usize = 0;
pub(super) const JAN_10: usize = 1;
pub(super) const JAN_25: usize = 2;
pub(super) const FEB_10: usize = 3;
pub(super) const FEB_16: usize = 4;
pub(super) const MAR_13: usize = 5;
pub(super) const APR_05: usize = 6;
pub(super) const APR_21: usize = 7;
pub(super) const APR_27: usize = 8;
pub(super) const MAY_04: usize = 9;
pub(super) const JUL_15: usize = 10;
pub(super) const SEP_08: usize = 11;
// Position 12, 2026-09-16, differs from the one before in nothing that the table holds.
pub(super) const SEP_23: usize = 13;

/// Every build that was measured, oldest first.
pub const BUILDS: &[KnownBuild] = &[
    build("0.0.1767830505-ga62310", "2026-01-08", 1_767_830_505),
    build("0.0.1768018268-gcd18ba", "2026-01-10", 1_768_018_268),
    build("0.0.1769314944-g5070a1", "2026-01-25", 1_769_314_944),
    build("0.0.1770734955-g93e689", "2026-02-10", 1_770_734_955),
    build("0.0.1771243550-geaf318", "2026-02-16", 1_771_243_550),
    build("0.0.1773432280-gcd86a7", "2026-03-13", 1_773_432_280),
    build("0.0.1775390627-g406649", "2026-04-05", 1_775_390_627),
    build("0.0.1776788459-gfad969", "2026-04-21", 1_776_788_459),
    build("0.0.1777266064-g47b6f7", "2026-04-27", 1_777_266_064),
    build("0.0.1777897475-g2324e1", "2026-05-04", 1_777_897_475),
    build("0.0.1784106548-gd81d8b", "2026-07-15", 1_784_106_548),
    build("0.0.1788854443-g7f007d", "2026-09-08", 1_788_854_443),
    build("0.0.1789582098-g39fff0", "2026-09-16", 1_789_582_098),
    build("0.0.1790142911-g7618fb", "2026-09-23", 1_790_142_911),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::AmpVersion;

    #[test]
    fn positions_and_build_times_agree_with_the_version_texts() {
        let dates: Vec<&str> = BUILDS.iter().map(|build| build.date).collect();
        assert_eq!(dates[JAN_08], "2026-01-08");
        assert_eq!(dates[MAY_04], "2026-05-04");
        assert_eq!(dates[SEP_08], "2026-09-08");
        assert_eq!(dates[SEP_23], "2026-09-23");
        assert!(BUILDS.is_sorted_by_key(|build| build.built_at));
        for build in BUILDS {
            assert_eq!(
                AmpVersion::new(build.version).built_at(),
                Some(build.built_at)
            );
        }
    }
}
