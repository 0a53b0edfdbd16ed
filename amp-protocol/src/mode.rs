//! What a run is started with: agent mode, reasoning effort and visibility.
//!
//! Each value says which measured builds know it, from their help texts and parser errors.

use crate::build::{BuildSpan, measured};
use crate::open_string::open_string;

open_string! {
    /// The agent mode, `--mode` on the command line.
    ///
    /// Since July 2026 the CLI takes any string and the service decides.
    pub struct Mode {
        /// The default through May 2026.
        SMART = "smart",
        /// Quick and cheap.
        RUSH = "rush",
        /// Slow and thorough.
        DEEP = "deep",
        /// A big context window.
        LARGE = "large",
        /// Paid by advertisements; refused in scripted runs.
        FREE = "free",
        /// For Amp's own people; never in the help text.
        INTERNAL = "internal",
        /// Never in the help text.
        BOMBADIL = "bombadil",
        /// The smallest since July 2026.
        LOW = "low",
        /// The default since July 2026.
        MEDIUM = "medium",
        /// Between `medium` and `ultra`.
        HIGH = "high",
        /// The biggest since July 2026.
        ULTRA = "ultra",
    }
}

impl Mode {
    /// Returns the builds that list the mode; `None` for a mode this crate does not know.
    #[must_use]
    pub fn builds(&self) -> Option<BuildSpan> {
        match self.as_str() {
            "smart" | "rush" | "large" => BuildSpan::between(measured::JANUARY_8, measured::MAY),
            "deep" => BuildSpan::between(measured::JANUARY_25, measured::MAY),
            "free" => BuildSpan::between(measured::JANUARY_8, measured::APRIL_5),
            "internal" => BuildSpan::between(measured::MARCH, measured::APRIL_21),
            "bombadil" => BuildSpan::between(measured::FEBRUARY, measured::FEBRUARY),
            "low" | "medium" | "high" | "ultra" => BuildSpan::since(measured::JULY),
            _ => None,
        }
    }
}

open_string! {
    /// How hard the model thinks, `--effort` on the command line.
    pub struct ReasoningEffort {
        /// Not at all.
        NONE = "none",
        /// As little as possible.
        MINIMAL = "minimal",
        /// A little.
        LOW = "low",
        /// Middling.
        MEDIUM = "medium",
        /// Hard.
        HIGH = "high",
        /// Harder.
        XHIGH = "xhigh",
        /// As hard as possible.
        MAX = "max",
    }
}

impl ReasoningEffort {
    /// Returns the builds that have `--effort`: of the measured ones only May 2026.
    #[must_use]
    pub fn builds(&self) -> Option<BuildSpan> {
        if self.is_known() {
            BuildSpan::between(measured::MAY, measured::MAY)
        } else {
            None
        }
    }
}

open_string! {
    /// Who may see a conversation, `--visibility` on the command line.
    pub struct Visibility {
        /// Its owner.
        PRIVATE = "private",
        /// Everybody.
        PUBLIC = "public",
        /// Everybody who has the address.
        UNLISTED = "unlisted",
        /// The owner's workspace.
        WORKSPACE = "workspace",
        /// The owner's group.
        GROUP = "group",
    }
}

impl Visibility {
    /// Returns the builds whose help text lists the value; `None` for one not known here.
    ///
    /// The run-time check of the January and February builds also admits `unlisted`.
    #[must_use]
    pub fn builds(&self) -> Option<BuildSpan> {
        match self.as_str() {
            "private" | "workspace" | "group" => BuildSpan::since(measured::JANUARY_8),
            "public" => BuildSpan::between(measured::JANUARY_8, measured::MAY),
            "unlisted" => BuildSpan::since(measured::JULY),
            _ => None,
        }
    }
}
