//! ECMAScript patterns with a bound on what one may cost.

mod syntax;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::dialect::PatternEngine;

/// How long a pattern may search. Ordinary ones take microseconds; those that need exponential time
/// would hang Amp as well.
const LIMIT: Duration = Duration::from_secs(2);

/// How many searches may go on behind our back after their time was up. There is no way to stop
/// one: beyond these, what may be slow is not begun.
const ABANDONED_AT_MOST: usize = 2;

/// The most steps that a search can need if it is to run in the caller's own thread.
const FEW_STEPS: f64 = 100_000.0;

/// The deepest groups that the engine reads.
const GROUPS_AT_MOST: usize = 100;

/// The longest pattern, in bytes.
const LONGEST: usize = 16 << 10;

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
    /// It cannot be told, for this reason; whoever decides asks.
    Unclear(&'static str),
    /// What was compared is no pattern.
    Invalid,
}

impl From<bool> for Found {
    fn from(found: bool) -> Self {
        if found { Self::Yes } else { Self::No }
    }
}

impl Found {
    /// Goes on looking unless this settles it.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => other(),
            Self::Yes | Self::Unclear(_) | Self::Invalid => self,
        }
    }

    /// Demands more unless this settles it.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => other(),
            Self::Unclear(reason) => match other() {
                Self::No => Self::No,
                _ => Self::Unclear(reason),
            },
            Self::No | Self::Invalid => self,
        }
    }
}

/// An ECMAScript pattern without the `u` flag: it sees UTF-16 code units, as JavaScript does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    source: String,
    flags: &'static str,
    engine: PatternEngine,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is no ECMAScript pattern.
    Invalid,
    /// An engine may read it, and we cannot tell how.
    Unclear(&'static str),
}

impl Expression {
    pub(super) fn new(
        source: impl Into<String>,
        flags: &'static str,
        engine: PatternEngine,
    ) -> Self {
        Self {
            source: source.into(),
            flags,
            engine,
        }
    }

    /// Tells whether the pattern matches anywhere in a text.
    pub(super) fn is_in(&self, text: &str) -> Found {
        let regex = match self.compiled() {
            Ok(regex) => regex,
            Err(Unusable::Unclear(reason)) => return Found::Unclear(reason),
            Err(Unusable::Invalid) => return Found::Invalid,
        };
        let text: Vec<u16> = text.encode_utf16().collect();
        if self.most_steps(text.len()) <= FEW_STEPS {
            return search(&regex, &text);
        }
        if ABANDONED.load(Ordering::Relaxed) >= ABANDONED_AT_MOST {
            return Found::Unclear("earlier patterns took too long");
        }
        let (sender, result) = mpsc::sync_channel(1);
        let searching = thread::Builder::new().spawn(move || {
            let found = search(&regex, &text);
            // Whoever gave up waiting has counted this search, which is over now.
            if sender.send(found).is_err() {
                ABANDONED.fetch_sub(1, Ordering::Relaxed);
            }
        });
        if searching.is_err() {
            return Found::Unclear("no thread was to be had for its pattern");
        }
        result.recv_timeout(LIMIT).unwrap_or_else(|_| {
            ABANDONED.fetch_add(1, Ordering::Relaxed);
            Found::Unclear("its pattern takes too long")
        })
    }

    /// Tells whether the pattern can be used at all.
    pub(super) fn check(&self) -> Result<(), Unusable> {
        self.compiled().map(|_| ())
    }

    fn compiled(&self) -> Result<regress::Regex, Unusable> {
        if self.source.len() > LONGEST || self.source.matches('(').count() > GROUPS_AT_MOST {
            return Err(Unusable::Unclear("its pattern is too large"));
        }
        let readable = syntax::read(&self.source)?;
        let source: Vec<u32> = readable.source.encode_utf16().map(u32::from).collect();
        let regex = regress::Regex::from_unicode(source.into_iter(), self.flags);
        let regex = regex.map_err(|_| Unusable::Invalid)?;
        // Where our engine refuses such names, every engine does.
        match (readable.same_names, self.engine) {
            (true, PatternEngine::Node) => Err(Unusable::Unclear(
                "not every Node.js reads two groups of one name in its pattern",
            )),
            (true, PatternEngine::Embedded) if readable.names_group => Err(Unusable::Unclear(
                "its pattern refers to a name that two groups have",
            )),
            _ => Ok(regex),
        }
    }

    /// Returns a number of steps that no search of so long a text exceeds.
    ///
    /// Where no repetition stands in another, each of them and each alternative multiplies the
    /// ways to match by at most the length of the text.
    fn most_steps(&self, length: usize) -> f64 {
        let nested = [")*", ")+", "){"]
            .iter()
            .any(|end| self.source.contains(end));
        let choices = self.source.matches(['*', '+', '?', '{', '|']).count();
        if nested {
            return f64::INFINITY;
        }
        (length as f64 + 2.0).powi(i32::try_from(choices + 1).unwrap_or(i32::MAX))
    }
}

fn search(regex: &regress::Regex, text: &[u16]) -> Found {
    Found::from(regex.find_from_ucs2(text, 0).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(source: &str) -> Expression {
        Expression::new(source, "m", PatternEngine::Node)
    }

    #[test]
    fn a_pattern_that_takes_for_ever_is_given_up_and_others_go_on() {
        let hostile = expression(r"(a+)+$");
        let text = format!("{}!", "a".repeat(60));
        assert_eq!(
            hostile.is_in(&text),
            Found::Unclear("its pattern takes too long")
        );
        assert_eq!(hostile.is_in("aaa"), Found::Yes);
        assert_eq!(expression("^a+!$").is_in(&text), Found::Yes);
    }

    #[test]
    fn what_engines_read_differently_is_unclear() {
        let deep = "(".repeat(GROUPS_AT_MOST + 1) + &")".repeat(GROUPS_AT_MOST + 1);
        let long = "a".repeat(LONGEST + 1);
        for source in ["(?i:a)", &deep, &long] {
            let found = expression(source).is_in("a");
            assert!(matches!(found, Found::Unclear(_)), "{source}: {found:?}");
        }
        assert_eq!(expression("(").check(), Err(Unusable::Invalid));
        assert_eq!(expression("(").is_in("("), Found::Invalid);
    }

    #[test]
    fn groups_of_one_name_are_unclear_where_the_engine_is_whichever_node_there_is() {
        let found = |source: &str, engine| Expression::new(source, "m", engine).is_in("b");
        let alternatives = "(?<n>a)|(?<n>b)";
        assert!(matches!(
            found(alternatives, PatternEngine::Node),
            Found::Unclear(_)
        ));
        assert_eq!(found(alternatives, PatternEngine::Embedded), Found::Yes);
        let reference = r"(?:(?<n>a)|(?<n>b))\k<n>";
        for engine in [PatternEngine::Node, PatternEngine::Embedded] {
            assert!(matches!(found(reference, engine), Found::Unclear(_)));
            // In one alternative no engine takes them.
            assert_eq!(found("(?<n>a)(?<n>b)", engine), Found::Invalid);
        }
    }
}
