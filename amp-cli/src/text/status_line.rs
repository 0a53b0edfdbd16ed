//! A line that tells how something is going, for any width.

use super::wrap::{columns, fit};

/// The fewest columns for what is going on, before other things give way to it.
const LEAST_DOING: usize = 16;

/// A line that tells how a turn is going, for any width.
#[derive(Debug, Default)]
pub(crate) struct StatusLine {
    /// Mode and time.
    pub(crate) before: String,
    pub(crate) doing: String,
    pub(crate) for_how_long: String,
    /// Tokens.
    pub(crate) after: Option<String>,
}

impl StatusLine {
    /// Lays the line out: what is going on gives way first, down to a few words, then the tokens,
    /// then mode and time.
    pub(crate) fn lay_out(&self, room: usize) -> String {
        let Self {
            before,
            doing,
            for_how_long,
            after,
        } = self;
        let after = after.as_deref().unwrap_or_default();
        let wanted = columns(doing).min(LEAST_DOING);
        for (before, after) in [(before.as_str(), after), (before, ""), ("", "")] {
            let others = [before, for_how_long, after];
            let others: usize = others.into_iter().map(columns).sum();
            if others + wanted <= room {
                let doing = fit(doing, room - others);
                return format!("{before}{doing}{for_how_long}{after}");
            }
        }
        fit(&format!("{doing}{for_how_long}"), room)
    }
}

impl From<&str> for StatusLine {
    fn from(doing: &str) -> Self {
        Self {
            doing: doing.to_owned(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_going_on_stays_on_a_narrow_line_with_its_time() {
        let line = StatusLine {
            before: "high · 1m 15s · ".to_owned(),
            doing: "running cargo test --workspace".to_owned(),
            for_how_long: " 12s".to_owned(),
            after: Some(" · 1200 tokens in, 34 out".to_owned()),
        };
        let widths = [80, 64, 40, 24, 10].map(|room| line.lay_out(room));
        assert_eq!(
            widths,
            [
                "high · 1m 15s · running cargo test --workspace 12s · 1200 tokens in, 34 out",
                "high · 1m 15s · running cargo test… 12s · 1200 tokens in, 34 out",
                "high · 1m 15s · running cargo test … 12s",
                "running cargo test … 12s",
                "running c…",
            ]
        );
    }
}
