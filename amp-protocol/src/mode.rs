//! Agent modes and reasoning effort.

use crate::open_string::open_string;

open_string! {
    /// The agent mode, `--mode` on the command line.
    pub struct Mode {
        /// The default through May 2026.
        SMART = "smart",
        /// Quick and cheap, through May 2026.
        RUSH = "rush",
        /// Slow and thorough, February to May 2026.
        DEEP = "deep",
        /// A big context window, through May 2026.
        LARGE = "large",
        /// Paid by advertisements, through March 2026; never allowed in a scripted run.
        FREE = "free",
        /// The smallest, since July 2026.
        LOW = "low",
        /// The default since July 2026.
        MEDIUM = "medium",
        /// Since July 2026.
        HIGH = "high",
        /// The biggest, since July 2026.
        ULTRA = "ultra",
    }
}

open_string! {
    /// How hard the model thinks, `--effort` on the command line of the May 2026 builds.
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
