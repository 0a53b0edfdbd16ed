//! Ways to do the same thing, measured in turn, and what they differ by.

use std::fmt;

use anyhow::Result;

/// Measures every way once a round and returns, for each way, what it took round by round.
///
/// The ways of a round see the same machine, so what differs between two of them is theirs. Which
/// one comes first goes round.
///
/// # Errors
/// When a way cannot be measured.
pub(crate) async fn interleaved<W>(
    rounds: usize,
    ways: &[W],
    measure: impl AsyncFn(&W) -> Result<f64>,
) -> Result<Vec<Vec<f64>>> {
    let mut taken = vec![Vec::with_capacity(rounds); ways.len()];
    for round in 0..rounds {
        for place in 0..ways.len() {
            let way = (round + place) % ways.len();
            taken[way].push(measure(&ways[way]).await?);
        }
    }
    Ok(taken)
}

/// Measures every way once unseen, so that what is done once for all rounds is done and files are
/// in memory, and then as [`interleaved`] does.
///
/// # Errors
/// As for [`interleaved`].
pub(crate) async fn interleaved_when_warm<W>(
    rounds: usize,
    ways: &[W],
    measure: impl AsyncFn(&W) -> Result<f64>,
) -> Result<Vec<Vec<f64>>> {
    interleaved(1, ways, &measure).await?;
    interleaved(rounds, ways, &measure).await
}

/// What one way takes more than another, over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    median: f64,
    least: f64,
    most: f64,
}

impl Difference {
    /// Compares two ways round by round.
    pub(crate) fn of(one: &[f64], other: &[f64]) -> Self {
        let mut differences: Vec<f64> = one.iter().zip(other).map(|(a, b)| a - b).collect();
        differences.sort_by(f64::total_cmp);
        Self {
            median: median(&differences),
            least: differences.first().copied().unwrap_or(f64::NAN),
            most: differences.last().copied().unwrap_or(f64::NAN),
        }
    }

    /// Returns whether the median is known and at most this.
    pub(crate) fn is_within(&self, limit: f64) -> bool {
        self.median <= limit
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            most,
        } = self;
        write!(formatter, "{median:+.1} ({least:+.1} to {most:+.1})")
    }
}

/// Returns the median; of no values it is not a number.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 if middle > 0 => f64::midpoint(values[middle - 1], values[middle]),
        0 => f64::NAN,
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{Difference, interleaved};

    #[tokio::test]
    async fn every_way_is_measured_once_a_round_and_each_comes_first_in_turn() {
        let order = RefCell::new(String::new());
        let taken = interleaved(3, &["a", "b", "c"], async |way| {
            order.borrow_mut().push_str(way);
            Ok(order.borrow().len() as f64)
        });
        let taken = taken.await.unwrap();
        assert_eq!(order.into_inner(), "abcbcacab");
        assert_eq!(taken[0], [1.0, 6.0, 8.0]);
        assert_eq!(taken[2], [3.0, 5.0, 7.0]);
    }

    #[test]
    fn a_difference_is_that_of_the_rounds_and_not_of_the_medians() {
        let difference = Difference::of(&[11.0, 25.0, 32.0, 100.0], &[10.0, 20.0, 30.0, 101.0]);
        assert_eq!(difference.to_string(), "+1.5 (-1.0 to +5.0)");
        assert!(difference.is_within(1.5) && !difference.is_within(1.4));
        assert!(!Difference::of(&[], &[]).is_within(f64::INFINITY));
    }
}
