//! Waiting for somebody else to be done: try, pause, try again, and stop at the limit.

use std::thread;
use std::time::{Duration, Instant};

/// Repeats an attempt until it answers; `None` once the limit has passed without an answer.
///
/// There is always one attempt, and one more after the last pause.
pub(super) fn until<T>(
    limit: Duration,
    pause: Duration,
    mut attempt: impl FnMut() -> Option<T>,
) -> Option<T> {
    let begun = Instant::now();
    loop {
        let is_last = begun.elapsed() >= limit;
        if let Some(answer) = attempt() {
            return Some(answer);
        }
        if is_last {
            return None;
        }
        thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_micros(1);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn an_attempt_is_repeated_until_it_answers() {
        let mut attempts = 0;
        let answer = until(HOUR, PAUSE, || {
            attempts += 1;
            (attempts == 4).then_some("done")
        });
        assert_eq!((answer, attempts), (Some("done"), 4));
    }

    #[test]
    fn without_time_there_is_one_attempt() {
        let mut attempts = 0;
        let answer = until(Duration::ZERO, HOUR, || {
            attempts += 1;
            None::<()>
        });
        assert_eq!((answer, attempts), (None, 1));
    }

    #[test]
    fn the_limit_ends_it_between_two_pauses() {
        let answer = until(Duration::from_millis(1), PAUSE, || None::<()>);
        assert_eq!(answer, None);
    }

    #[test]
    fn the_longest_of_limits_is_one() {
        assert_eq!(until(Duration::MAX, PAUSE, || Some(1)), Some(1));
    }
}
