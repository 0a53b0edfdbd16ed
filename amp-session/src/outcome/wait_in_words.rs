//! How long a service asks to wait, from the words of its error.
//!
//! Builds through May 2026 write no `retry-after` header anywhere, not even into a debug log; of a
//! 429 they print the body whole.

use std::time::Duration;

/// What stands before the time.
const BEFORE: &[&str] = &[
    "try again in ",
    "retry in ",
    "retry after ",
    "retry-after: ",
    "retry-after ",
    "available again in ",
    "resets in ",
    "reset in ",
];

/// Units by name, in milliseconds.
const UNITS: &[(&[&str], f64)] = &[
    (&["ms", "millisecond", "milliseconds"], 1.0),
    (&["s", "sec", "secs", "second", "seconds"], 1e3),
    (&["m", "min", "mins", "minute", "minutes"], 60e3),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600e3),
    (&["d", "day", "days"], 86_400e3),
];

/// The longest time that is believed, in milliseconds: a month.
const LONGEST: f64 = 31.0 * 86_400e3;

/// Returns the time that a text asks to wait, such as `20s`, `6m0s`, `1.2 seconds` or
/// `1 hour and 5 minutes`; a number without a unit is seconds.
pub(super) fn wait_in_words(text: &str) -> Option<Duration> {
    let text = text.to_lowercase();
    BEFORE.iter().find_map(|before| {
        let (_, rest) = text.split_once(before)?;
        time(rest)
    })
}

/// Reads the time that a text begins with.
fn time(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix("about ").unwrap_or(text);
    let mut total = None;
    loop {
        let digits = rest.find(|one: char| !one.is_ascii_digit() && one != '.');
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else {
            break;
        };
        let after = after.trim_start();
        let letters = after.find(|one: char| !one.is_ascii_alphabetic());
        let (name, after) = after.split_at(letters.unwrap_or(after.len()));
        let unit = UNITS.iter().find(|(names, _)| names.contains(&name));
        let scale = match unit {
            Some((_, scale)) => *scale,
            // What follows a bare number is another matter.
            None if total.is_none() => {
                total = Some(number * 1e3);
                break;
            }
            None => break,
        };
        total = Some(total.unwrap_or(0.0) + number * scale);
        rest = after.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    let total = total.filter(|total| *total <= LONGEST)?;
    Some(Duration::from_secs_f64(total / 1e3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::wait_in_words;

    #[test]
    fn a_time_is_read_as_services_write_it() {
        let cases = [
            ("Rate limited. Please try again in 20s.", Some(20.0)),
            ("Please try again in 6m0s. Visit us.", Some(360.0)),
            ("try again in 1.2s", Some(1.2)),
            ("try again in 20ms.", Some(0.02)),
            ("429 {\"message\":\"Retry after 30 seconds\"}", Some(30.0)),
            ("Retry-After: 7", Some(7.0)),
            ("retry after 1 hour and 5 minutes, please", Some(3_900.0)),
            ("your limit resets in 2 days", Some(172_800.0)),
            (
                "Model Provider Overloaded Try again in a few seconds.",
                None,
            ),
            ("Try again in a moment.", None),
            ("try again in 99999999999999999999 days", None),
            ("I waited 20s", None),
            ("retry after ", None),
            ("retry in 5, then in 6 days", Some(5.0)),
        ];
        for (text, seconds) in cases {
            let read = wait_in_words(text).map(|wait| wait.as_secs_f64());
            assert_eq!(read, seconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,20}(retry after|try again in) [0-9.a-z, é]{0,30}") {
            let _ = wait_in_words(&text);
        }
    }
}
