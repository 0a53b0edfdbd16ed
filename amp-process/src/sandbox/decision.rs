//! What the network of a sandbox has decided.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

/// The most different decisions that are kept; a program can make up any number of names.
const MOST_DECISIONS: usize = 256;

/// What became of the attempts to reach one service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The name that was asked for, as far as it can be shown; empty when none was.
    pub host: String,
    /// The port that was asked for.
    pub port: u16,
    /// Why it was refused; `None` when it was not.
    pub refusal: Option<Refusal>,
    /// How often.
    pub count: u64,
}

/// Why a service was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No rule allows it.
    NotAllowed,
    /// The name stands for this address, which is not a public one.
    NotPublic(IpAddr),
    /// The name stands for nothing, or cannot be looked up.
    Unknown,
    /// Nobody answers there.
    Unreachable,
    /// The TLS handshake asks for this name in place of the one of the request.
    OtherName(String),
    /// The TLS handshake asks for no name.
    NoName,
    /// The TLS handshake hides what it asks for (ECH), so that no rule can be about it.
    HiddenName,
    /// What was sent is not TLS.
    NotTls,
    /// The request is none that the proxy takes: anything but CONNECT.
    NotConnect,
    /// The request is malformed or too long.
    Malformed,
    /// What was waited for did not come in time.
    Late,
    /// Too many connections are open.
    TooMany,
}

impl Decision {
    /// Returns whether a rule would have allowed it.
    #[must_use]
    pub fn is_about_rules(&self) -> bool {
        matches!(
            self.refusal,
            Some(Refusal::NotAllowed | Refusal::NotPublic(_))
        )
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            port,
            refusal,
            count: _,
        } = self;
        match host.as_str() {
            "" => write!(formatter, "port {port}")?,
            host => write!(formatter, "{host}:{port}")?,
        }
        match refusal {
            Some(refusal) => write!(formatter, ": {refusal}"),
            None => formatter.write_str(": allowed"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => formatter.write_str("not allowed"),
            Self::NotPublic(address) => write!(formatter, "leads to {address}, not a public one"),
            Self::Unknown => formatter.write_str("cannot be looked up"),
            Self::Unreachable => formatter.write_str("nobody answers"),
            Self::OtherName(name) => write!(formatter, "the handshake asks for {name}"),
            Self::NoName => formatter.write_str("the handshake asks for no name"),
            Self::HiddenName => formatter.write_str("the handshake hides its name (ECH)"),
            Self::NotTls => formatter.write_str("not TLS"),
            Self::NotConnect => formatter.write_str("only CONNECT is served"),
            Self::Malformed => formatter.write_str("not a request"),
            Self::Late => formatter.write_str("too slow"),
            Self::TooMany => formatter.write_str("too many connections"),
        }
    }
}

/// The decisions of one sandbox, in the order in which they first came; shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct NetworkLog(Arc<Log>);

#[derive(Debug, Default)]
struct Log {
    decisions: Mutex<Vec<Decision>>,
    /// Whoever waits for one that was not there before.
    waiting: AtomicWaker,
}

impl NetworkLog {
    /// Returns the decisions so far, at most 256 different ones.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        self.lock().clone()
    }

    /// Returns the decisions behind the first `known` ones, which come when the same was not decided
    /// before; without any, the task is woken by the next. One task at a time can wait.
    pub fn poll_new(&self, known: usize, context: &mut Context<'_>) -> Poll<Vec<Decision>> {
        self.0.waiting.register(context.waker());
        match self.lock().get(known..) {
            None | Some([]) => Poll::Pending,
            Some(new) => Poll::Ready(new.to_vec()),
        }
    }

    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "there is no proxy elsewhere")
    )]
    pub(super) fn note(&self, host: &str, port: u16, refusal: Option<Refusal>) {
        let mut decisions = self.lock();
        let known = decisions
            .iter()
            .position(|known| known.host == host && known.port == port && known.refusal == refusal);
        match known {
            Some(position) => decisions[position].count += 1,
            None if decisions.len() < MOST_DECISIONS => {
                decisions.push(Decision {
                    host: host.to_owned(),
                    port,
                    refusal,
                    count: 1,
                });
                self.0.waiting.wake();
            }
            None => {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Decision>> {
        self.0
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{MOST_DECISIONS, NetworkLog, Refusal};

    #[test]
    fn the_same_decision_is_counted_and_a_flood_is_cut_off() {
        let log = NetworkLog::default();
        for _ in 0..3 {
            log.note("a.example", 443, Some(Refusal::NotAllowed));
        }
        for number in 0..2 * MOST_DECISIONS {
            log.note(&format!("{number}.example"), 443, None);
        }
        let decisions = log.decisions();
        assert_eq!(decisions[0].count, 3);
        assert_eq!(decisions[0].to_string(), "a.example:443: not allowed");
        assert_eq!(decisions.len(), MOST_DECISIONS);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_a_decision_that_is_new() {
        let log = NetworkLog::default();
        log.note("a.example", 443, None);
        let other = log.clone();
        let waiting = tokio::spawn(async move {
            std::future::poll_fn(|context| other.poll_new(1, context)).await
        });
        tokio::task::yield_now().await;
        log.note("a.example", 443, None);
        log.note("b.example", 443, Some(Refusal::NotAllowed));
        let new = waiting.await.unwrap();
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].host, "b.example");
    }
}
