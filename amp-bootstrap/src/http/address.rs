//! An `http` or `https` URL that was checked once and shows no credentials.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

use crate::error::{Error, ErrorKind, Result};

/// A URL that a request can be sent to.
///
/// `Display` leaves out user names, passwords and queries, which may hold tokens.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    uri: Uri,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let invalid = || Error::new(ErrorKind::InvalidInput, "not an http or https URL");
        let text = text.trim();
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|_| invalid())?;
        let sound = matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty());
        if !sound {
            return Err(invalid());
        }
        Ok(Self {
            text: text.to_owned(),
            uri,
        })
    }

    /// Resolves a `Location` header against this address.
    pub(crate) fn join(&self, reference: &str) -> Result<Self> {
        let reference = reference.trim();
        let scheme = self.uri.scheme_str().unwrap_or("https");
        let has_scheme = reference.split_once(':').is_some_and(|(before, _)| {
            !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if has_scheme {
            return Self::parse(reference);
        }
        if reference.starts_with("//") {
            return Self::parse(&format!("{scheme}:{reference}"));
        }
        let origin = format!("{scheme}://{}", self.authority());
        if reference.starts_with('/') {
            return Self::parse(&format!("{origin}{reference}"));
        }
        if reference.starts_with('?') {
            return Self::parse(&format!("{origin}{}{reference}", self.path()));
        }
        let folder = self
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        Self::parse(&format!("{origin}{folder}/{reference}"))
    }

    /// Appends path segments to a base address.
    pub(crate) fn below(base: &str, path: &str) -> Result<Self> {
        Self::parse(&format!("{}/{path}", base.trim_end_matches('/')))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Returns whether the host is this machine, by its name or its number.
    pub(crate) fn is_loopback(&self) -> bool {
        let number = self.host().parse::<IpAddr>();
        self.host().eq_ignore_ascii_case("localhost") || number.is_ok_and(|n| n.is_loopback())
    }

    /// Returns the host, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        let default = if self.is_https() { 443 } else { 80 };
        self.uri.port_u16().unwrap_or(default)
    }

    /// Returns host and port as written, without credentials.
    pub(crate) fn authority(&self) -> &str {
        let whole = self.uri.authority().map_or("", |value| value.as_str());
        whole.rsplit_once('@').map_or(whole, |(_, host)| host)
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the credentials written into the URL, `user:password`.
    pub(crate) fn user_information(&self) -> Option<&str> {
        let whole = self.uri.authority()?.as_str();
        whole.rsplit_once('@').map(|(user, _)| user)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        write!(formatter, "{scheme}://{}{}", self.authority(), self.path())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_as_browsers_resolve_them() {
        let base = Address::parse("https://user:word@host:8443/a/b?token=1").unwrap();
        for (reference, expected) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "https://other/x"),
            ("/x", "https://host:8443/x"),
            ("x", "https://host:8443/a/x"),
            ("http://host/x", "http://host/x"),
        ] {
            assert_eq!(base.join(reference).unwrap().to_string(), expected);
        }
        assert!(base.join("file:///etc/passwd").is_err());
    }

    #[test]
    fn credentials_and_queries_are_never_shown() {
        let address = Address::parse("https://user:word@host/a?token=1").unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "https://host/a https://host/a"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_and_joined_or_refused(text in "\\PC{0,40}|[a-z:/@?.\\[\\]0-9]{0,30}") {
            let base = Address::parse("https://host/a/b").unwrap();
            for address in [Address::parse(&text), base.join(&text)].into_iter().flatten() {
                proptest::prop_assert!(Address::parse(address.as_str()).is_ok());
                proptest::prop_assert!(!address.to_string().contains('@') || address.path().contains('@'));
            }
        }
    }
}
