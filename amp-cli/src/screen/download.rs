//! A download in one line, as wide as the terminal allows.

use std::time::Duration;

use crate::text::{bytes, clock, fit};

/// The widest bar, in columns without its brackets.
const WIDEST_BAR: usize = 24;

/// The narrowest bar that still says something.
const NARROWEST_BAR: usize = 8;

/// Describes a download that begins.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    /// What is downloaded.
    pub(crate) name: String,
    /// Its size in bytes, when the server says it.
    pub(crate) total: Option<u64>,
    /// The bytes that an earlier attempt has left.
    pub(crate) resumed_from: u64,
}

impl Download {
    /// Returns the bytes that are still to come.
    pub(super) fn remaining(&self) -> Option<u64> {
        Some(self.total?.saturating_sub(self.resumed_from))
    }

    /// Returns the line after `received` more bytes, at a rate in bytes per second.
    ///
    /// On a narrow terminal the name gives way first, then the sizes, the bar and the rate; how
    /// much is done and how long it still takes stay.
    pub(super) fn line(&self, received: u64, rate: f64, columns: usize) -> String {
        let here = self.resumed_from + received;
        let speed = format!("{}/s", bytes(rate.max(0.0) as u64));
        let Some(total) = self.total else {
            let lines = [
                format!("{}  {}  {speed}", self.name, bytes(here)),
                format!("{}  {speed}", bytes(here)),
            ];
            return widest(&lines, columns);
        };
        let share = (here.min(total) as f64) / (total.max(1) as f64);
        let percent = format!("{:>3}%", (share * 100.0) as u8);
        let sizes = format!("{} of {}", bytes(here), bytes(total));
        // Nobody knows how long a download takes that stands still.
        let left = match Duration::try_from_secs_f64(total.saturating_sub(here) as f64 / rate) {
            Ok(left) if rate >= 1.0 => clock(left),
            _ => "?".to_owned(),
        };
        let facts = format!("{percent}  {sizes}  {speed}  {left} left");
        let fewer_facts = format!("{percent}  {speed}  {left} left");
        let lines = [
            with_bar(&format!("{}  ", self.name), share, &facts, columns),
            with_bar("", share, &facts, columns),
            with_bar("", share, &fewer_facts, columns),
            fewer_facts,
            format!("{percent}  {left} left"),
        ];
        widest(&lines, columns)
    }
}

/// Returns the first line that fits, or what fits of the last.
fn widest(lines: &[String], columns: usize) -> String {
    let fits = |line: &&String| line.chars().count() <= columns;
    match lines.iter().find(fits) {
        Some(line) => line.clone(),
        None => fit(lines.last().map_or("", String::as_str), columns),
    }
}

/// Puts a bar between two texts, as wide as there is room.
fn with_bar(before: &str, share: f64, after: &str, columns: usize) -> String {
    let taken = before.chars().count() + after.chars().count() + "[]  ".len();
    let width = columns
        .saturating_sub(taken)
        .clamp(NARROWEST_BAR, WIDEST_BAR);
    let done = ((width as f64) * share) as usize;
    let head = if done < width { ">" } else { "" };
    let bar = format!("{}{head}", "=".repeat(done));
    format!("{before}[{bar:<width$}]  {after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(total: Option<u64>, received: u64, rate: f64, columns: usize) -> String {
        let download = Download {
            name: "Amp 1".to_owned(),
            total,
            resumed_from: 1 << 20,
        };
        download.line(received, rate, columns)
    }

    #[test]
    fn a_narrower_terminal_shows_less() {
        let shown = [100, 70, 55, 40, 26, 14, 5]
            .map(|columns| line(Some(8 << 20), 3 << 20, 1_572_864.0, columns));
        assert_eq!(
            shown,
            [
                "Amp 1  [============>           ]   50%  4.0 MiB of 8.0 MiB  1.5 MiB/s  2s left",
                "Amp 1  [=======>       ]   50%  4.0 MiB of 8.0 MiB  1.5 MiB/s  2s left",
                "[============>           ]   50%  1.5 MiB/s  2s left",
                "[======>     ]   50%  1.5 MiB/s  2s left",
                " 50%  1.5 MiB/s  2s left",
                " 50%  2s left",
                " 50%…",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in 0..120 {
            for total in [None, Some(u64::MAX), Some(0)] {
                let line = line(total, 12_345, 99.9, columns);
                assert!(line.chars().count() <= columns, "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn a_size_that_is_not_known_is_not_guessed() {
        assert_eq!(line(None, 1 << 20, 2048.0, 80), "Amp 1  2.0 MiB  2.0 KiB/s");
    }

    #[test]
    fn a_download_that_stands_still_promises_nothing() {
        let text = line(Some(8 << 20), 0, 0.0, 80);
        assert!(text.ends_with("0 B/s  ? left"), "{text}");
    }

    #[test]
    fn a_full_bar_has_no_head() {
        let text = line(Some(2 << 20), 1 << 20, 1.0, 80);
        assert!(text.contains("[========================]  100%"), "{text}");
    }
}
