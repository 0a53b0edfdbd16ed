//! What a run is started with, as the stream reports it: agent mode and reasoning effort.
//!
//! Which builds take which value is not said here: the dialects of `amp-session` hold the one
//! table of it.

use crate::open_string::open_string;

open_string! {
    /// The agent mode, `--mode` on the command line: which model, prompt and tools a run has.
    ///
    /// The service decides since July 2026, and the CLI takes any string.
    pub struct Mode {
        /// The most capable model with every tool.
        SMART = "smart",
        /// Faster and cheaper, for small tasks.
        RUSH = "rush",
        /// Long reasoning before acting.
        DEEP = "deep",
        /// The largest context window.
        LARGE = "large",
        /// Paid by advertisements; refused in scripted runs.
        FREE = "free",
        /// For Amp's own people; never in the help text.
        INTERNAL = "internal",
        /// Known by name alone.
        BOMBADIL = "bombadil",
        /// The least of four that differ in what a run may cost.
        LOW = "low",
        /// The second of them.
        MEDIUM = "medium",
        /// The third of them.
        HIGH = "high",
        /// The most of them.
        ULTRA = "ultra",
    }
}

open_string! {
    /// How much a model reasons before it answers, `--effort` on the command line.
    ///
    /// The seven values are ordered; which of them can be chosen depends on the mode.
    pub struct ReasoningEffort {
        /// No reasoning at all.
        NONE = "none",
        /// The least reasoning there is.
        MINIMAL = "minimal",
        /// The second of six amounts.
        LOW = "low",
        /// The third of six amounts.
        MEDIUM = "medium",
        /// The fourth of six amounts.
        HIGH = "high",
        /// The fifth of six amounts.
        XHIGH = "xhigh",
        /// The most reasoning there is.
        MAX = "max",
    }
}
