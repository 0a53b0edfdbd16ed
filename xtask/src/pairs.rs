//! Ways to do the same thing, measured in turn.

use anyhow::Result;

/// Measures every way once a round and returns, for each way, what it took round by round.
///
/// The ways of a round see the same machine, so what differs between two of them is theirs. Which
/// one comes first goes round.
///
/// # Errors
/// When a way cannot be measured.
pub(crate) async fn interleaved<W, T>(
    rounds: usize,
    ways: &[W],
    measure: impl AsyncFn(&W) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    let mut taken: Vec<Vec<T>> = ways.iter().map(|_| Vec::with_capacity(rounds)).collect();
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
pub(crate) async fn interleaved_when_warm<W, T>(
    rounds: usize,
    ways: &[W],
    measure: impl AsyncFn(&W) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    interleaved(1, ways, &measure).await?;
    interleaved(rounds, ways, &measure).await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::interleaved;

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
}
