//! Builds of the CLI, and the spans of builds in which a value is known.

/// When a CLI was built: the number in `0.0.<number>-g<commit>`, seconds since 1970.
pub type BuildTime = u64;

/// The builds whose behaviour was measured; between two of them the change may lie anywhere.
pub(crate) mod measured {
    use super::BuildTime;

    pub(crate) const JANUARY_8: BuildTime = 1_767_830_505;
    pub(crate) const JANUARY_25: BuildTime = 1_769_314_944;
    pub(crate) const FEBRUARY: BuildTime = 1_770_734_955;
    pub(crate) const MARCH: BuildTime = 1_773_432_280;
    pub(crate) const APRIL_5: BuildTime = 1_775_390_627;
    pub(crate) const APRIL_21: BuildTime = 1_776_788_459;
    pub(crate) const MAY: BuildTime = 1_777_897_475;
    pub(crate) const JULY: BuildTime = 1_784_106_548;
    pub(crate) const SEPTEMBER: BuildTime = 1_790_142_911;
}

/// The builds in which a value was seen, from the first to the last measured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildSpan {
    /// The first measured build that knows the value.
    pub first: BuildTime,
    /// The last measured build that knows it; `None` when the newest measured build does.
    pub last: Option<BuildTime>,
}

impl BuildSpan {
    /// Tells whether a build of this time should know the value.
    #[must_use]
    pub fn contains(self, build: BuildTime) -> bool {
        build >= self.first && self.last.is_none_or(|last| build <= last)
    }

    pub(crate) const fn since(first: BuildTime) -> Option<Self> {
        Some(Self { first, last: None })
    }

    pub(crate) const fn between(first: BuildTime, last: BuildTime) -> Option<Self> {
        Some(Self {
            first,
            last: Some(last),
        })
    }
}
