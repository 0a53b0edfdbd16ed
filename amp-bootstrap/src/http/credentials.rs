//! Which `Authorization` header goes to which address.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Address;

/// Headers by the part of the web they belong to.
///
/// A scope is written as npm writes it, `//host[:port]/path/`, and covers what is below it. A
/// redirect that leaves the scope leaves the header behind.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    scopes: Vec<(String, String)>,
}

impl Credentials {
    /// Adds a bearer token for a scope.
    pub(crate) fn add_token(&mut self, scope: &str, token: &str) {
        self.add(scope, format!("Bearer {token}"));
    }

    /// Adds an already encoded `user:password` for a scope.
    pub(crate) fn add_basic(&mut self, scope: &str, encoded: &str) {
        self.add(scope, format!("Basic {encoded}"));
    }

    fn add(&mut self, scope: &str, header: String) {
        let scope = format!("{}/", scope.trim_end_matches('/').to_ascii_lowercase());
        self.scopes.push((scope, header));
    }

    /// Returns the header of the narrowest scope that covers the address.
    pub(crate) fn for_address(&self, address: &Address) -> Option<String> {
        let place = format!("//{}{}/", address.authority(), address.path()).to_ascii_lowercase();
        let narrowest = self
            .scopes
            .iter()
            .filter(|(scope, _)| place.starts_with(scope))
            .max_by_key(|(scope, _)| scope.len());
        match narrowest {
            Some((_, header)) => Some(header.clone()),
            None => address
                .user_information()
                .map(|user| format!("Basic {}", BASE64_STANDARD.encode(user))),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes = self.scopes.iter().map(|(scope, _)| scope);
        formatter.debug_list().entries(scopes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_stays_within_its_scope() {
        let mut credentials = Credentials::default();
        credentials.add_token("//host:4873/npm/", "outer");
        credentials.add_token("//host:4873/npm/private/", "inner");
        let header = |url: &str| credentials.for_address(&Address::parse(url).unwrap());
        assert_eq!(
            header("https://host:4873/npm/a").as_deref(),
            Some("Bearer outer")
        );
        assert_eq!(
            header("https://host:4873/npm/private/a").as_deref(),
            Some("Bearer inner")
        );
        assert_eq!(header("https://host:4873/npmx/a"), None);
        assert_eq!(header("https://host/npm/a"), None);
        assert_eq!(header("https://host.evil:4873/npm/a"), None);
    }
}
