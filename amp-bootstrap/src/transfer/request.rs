//! The request for what is missing of a body, and whether the response continues it.

use super::live::Live;
use super::{Failure, Transfer};
use crate::error::{Error, ErrorKind};
use crate::http::{Response, Wanted};
use crate::progress::Event;
use crate::store::Partial;

impl Transfer<'_> {
    /// Asks for what is missing; `None` when nothing is.
    pub(super) fn connect(&mut self) -> std::result::Result<Option<Live>, Failure> {
        let kept = self.partial.as_ref();
        if self.received > 0 && kept.is_some_and(Partial::is_whole) {
            self.complete = true;
            return Ok(None);
        }
        let validator = self
            .partial
            .as_ref()
            .and_then(Partial::validator)
            .map(str::to_owned);
        let wanted = Wanted {
            accept: None,
            from: self.received,
            if_range: validator.as_deref(),
        };
        let response = self
            .client
            .send(self.address, wanted)
            .map_err(Failure::Error)?;
        if self.received > 0 {
            match response.status.as_u16() {
                // The server ignores ranges, or it has something else by now.
                200 | 416 => return Err(Failure::Restart(None)),
                206 => {
                    let range = response
                        .header("content-range")
                        .and_then(parse_content_range);
                    let fits = range.is_some_and(|(start, total)| {
                        start == self.received && total.is_none_or(|total| total > start)
                    });
                    if !fits {
                        return Err(Failure::Restart(None));
                    }
                }
                _ => {}
            }
        }
        let response = response.successful(self.address).map_err(Failure::Error)?;
        if response.is_web_page() {
            return Err(Failure::Error(
                Error::new(
                    ErrorKind::UnexpectedResponse,
                    "a web page came instead of the download",
                )
                .at(self.address.to_string()),
            ));
        }
        self.total = response
            .content_length()
            .map(|length| self.received + length);
        if let Some(total) = self.total {
            self.check_cap(total)?;
        }
        if self.received == 0
            && let Some(partial) = &mut self.partial
        {
            partial
                .begin(strong_validator(&response), self.total)
                .map_err(Failure::Error)?;
        }
        self.progress.event(&Event::Downloading {
            location: &self.address.to_string(),
            version: self.version,
            total: self.total,
            resumed_from: self.received,
        });
        Ok(Some(Live::new(response)))
    }
}

/// Returns a validator that `If-Range` may carry; weak ones may not.
fn strong_validator(response: &Response) -> Option<&str> {
    response
        .header("etag")
        .filter(|tag| !tag.starts_with("W/"))
        .or_else(|| response.header("last-modified"))
}

/// Parses `bytes START-END/TOTAL`; the total may be `*`.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = match total.trim() {
        "*" => None,
        number => Some(number.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(parse_content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((5, None)));
        for text in [
            "",
            "bytes */10",
            "bytes 5-9",
            "items 5-9/10",
            "bytes x-9/10",
            "bytes 5-9/x",
        ] {
            assert_eq!(parse_content_range(text), None, "{text:?}");
        }
    }
}
