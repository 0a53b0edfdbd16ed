//! Moments in the past as short words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Says how long ago a moment was, given in milliseconds since the UNIX epoch.
pub(crate) fn ago(moment: u64) -> String {
    let moment = UNIX_EPOCH + Duration::from_millis(moment);
    let seconds = SystemTime::now()
        .duration_since(moment)
        .unwrap_or_default()
        .as_secs();
    before(seconds)
}

fn before(seconds: u64) -> String {
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..172_800 => "yesterday".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_grow_with_the_distance() {
        let texts = [5, 61, 7_300, 90_000, 864_000].map(before);
        assert_eq!(
            texts,
            [
                "just now",
                "1 min ago",
                "2 h ago",
                "yesterday",
                "10 days ago"
            ]
        );
    }
}
