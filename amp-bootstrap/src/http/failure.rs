//! What a failed exchange means: the library's errors and HTTP statuses as kinds of our own.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, StatusCode};

use super::Address;
use crate::error::{Error, ErrorKind, NextStep};

/// Judges a request that got no answer.
pub(super) fn classify(cause: ureq::Error, address: &Address, proxy: Option<&str>) -> Error {
    let kind = kind_of(&cause);
    let error = match (kind, proxy) {
        (ErrorKind::Unreachable | ErrorKind::Proxy, Some(proxy)) => {
            let refused_for_good = matches!(&cause, ureq::Error::ConnectProxyFailed(text)
                if ["403", "407"].iter().any(|status| text.contains(status)));
            let error = Error::new(
                ErrorKind::Proxy,
                format!(
                    "the proxy {proxy} did not connect to {}",
                    address.authority()
                ),
            );
            if refused_for_good {
                error.permanent()
            } else {
                error
            }
        }
        (ErrorKind::Timeout, _) => Error::new(kind, "no answer in time"),
        (ErrorKind::Tls, _) => Error::new(kind, "the server's certificate was not accepted"),
        (ErrorKind::Unreachable, _) => Error::new(kind, "could not connect"),
        _ => Error::new(kind, "the exchange failed"),
    };
    let error = error.at(address.to_string());
    match cause {
        // Its text would only add that this is I/O.
        ureq::Error::Io(cause) => error.caused_by(cause),
        cause => error.caused_by(cause),
    }
}

/// Judges a body that broke off while it was read.
pub(crate) fn classify_read(cause: io::Error, address: &Address) -> Error {
    let timed_out = cause.kind() == io::ErrorKind::TimedOut
        || inner::<ureq::Error>(&cause).is_some_and(|e| matches!(e, ureq::Error::Timeout(_)));
    let error = if timed_out {
        Error::new(ErrorKind::Timeout, "the transfer stalled")
    } else {
        Error::new(ErrorKind::Unreachable, "the transfer broke off")
    };
    error.at(address.to_string()).caused_by(cause)
}

pub(crate) fn ended_early(address: &Address, expected: u64, received: u64) -> Error {
    Error::new(ErrorKind::Unreachable, "the body ended early")
        .at(address.to_string())
        .compare(format!("{expected} bytes"), format!("{received} bytes"))
}

pub(crate) fn too_slow(address: &Address) -> Error {
    let error = Error::new(ErrorKind::Timeout, "the transfer is too slow to ever end");
    error.at(address.to_string())
}

/// Judges a status; `None` for 200 and 206.
pub(super) fn of_status(
    status: StatusCode,
    headers: &HeaderMap,
    address: &Address,
) -> Option<Error> {
    let error = match status.as_u16() {
        200 | 206 => return None,
        408 | 429 | 500..=599 => {
            let wait = headers
                .get("retry-after")
                .and_then(|value| value.to_str().ok())
                .and_then(|text| retry_after(text, SystemTime::now()));
            let error = Error::new(ErrorKind::ServerError, "the server cannot answer now")
                .retry_after(wait);
            match wait {
                Some(wait) => error.next(NextStep::Retry {
                    after_seconds: Some(wait.as_secs()),
                }),
                None => error,
            }
        }
        401 | 403 => Error::new(ErrorKind::Unauthorized, "the server refuses to answer us"),
        404 | 410 => Error::new(ErrorKind::NotPublished, "the publisher does not have it"),
        _ => Error::new(ErrorKind::UnexpectedResponse, "an unexpected answer"),
    };
    Some(
        error
            .compare("HTTP 200", format!("HTTP {}", status.as_u16()))
            .at(address.to_string()),
    )
}

/// Reads seconds or an HTTP date.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn kind_of(cause: &ureq::Error) -> ErrorKind {
    match cause {
        ureq::Error::Timeout(_) => ErrorKind::Timeout,
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => ErrorKind::Proxy,
        ureq::Error::Tls(_) | ureq::Error::Pem(_) | ureq::Error::Rustls(_) => ErrorKind::Tls,
        ureq::Error::BadUri(_) => ErrorKind::InvalidInput,
        ureq::Error::Io(cause) if inner::<rustls::Error>(cause).is_some() => ErrorKind::Tls,
        ureq::Error::Io(cause) if cause.kind() == io::ErrorKind::TimedOut => ErrorKind::Timeout,
        ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            ErrorKind::Unreachable
        }
        _ => ErrorKind::UnexpectedResponse,
    }
}

/// Finds an error of a type among an I/O error's causes.
fn inner<T: StdError + 'static>(cause: &io::Error) -> Option<&T> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(cause.get_ref()?);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(7)));
        let later = now + Duration::from_secs(60);
        assert_eq!(retry_after(date, later), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
