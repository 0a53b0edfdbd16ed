//! Durations as short words.

use std::time::Duration;

/// Writes how long something took: `0.4s`, `12s`, `3m 07s`, `2h 05m`.
pub(crate) fn elapsed(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..10 => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        _ => clock(duration),
    }
}

/// Writes how old something is: `new today`, `1 day old`, `60 days old`.
pub(crate) fn days_old(age: Duration) -> String {
    match age.as_secs() / 86_400 {
        0 => "new today".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    }
}

/// Writes how long something is taking, in whole seconds, so that it does not flicker.
pub(crate) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_falls_as_the_duration_grows() {
        let texts = [0, 449, 9_999, 10_000, 59_999, 187_000, 7_500_000]
            .map(|milliseconds| elapsed(Duration::from_millis(milliseconds)));
        assert_eq!(
            texts,
            ["0.0s", "0.4s", "9.9s", "10s", "59s", "3m 07s", "2h 05m"]
        );
    }
}
