//! One question to a web service that publishes nothing: asked through the same proxies and with
//! the same trust as a download, and sent once.

use std::fmt;

use crate::environment::{Environment, Variables};
use crate::error::Result;
use crate::http::{Address, Client, Credentials, ProxyRules, Trust};
use crate::settings::Limits;

/// A small JSON document that is posted to a service, with a bearer token.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Where it goes: an `http` or `https` URL.
    pub url: &'a str,
    /// The token; it goes to this address alone, for no redirect is followed.
    pub token: &'a str,
    /// What is asked.
    pub body: &'a str,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most as long as [`Caps::text`](crate::Caps::text).
    pub body: Vec<u8>,
}

/// Asks a service something, once; any status is an answer.
///
/// Of the limits, those for the connection, the response, reads and short texts count.
///
/// # Errors
///
/// Fails when the address is none, no connection comes about, or no whole answer comes in time.
pub fn ask(question: Question<'_>, environment: &Variables, limits: &Limits) -> Result<Answer> {
    let environment = Environment(environment);
    let address = Address::parse(question.url)?;
    let client = Client::new(
        Trust::from_environment(environment),
        ProxyRules::from_environment(environment),
        Credentials::default(),
        limits.clone(),
    );
    let response = client.post(&address, question.token, question.body)?;
    let status = response.status.as_u16();
    let body = client.read_whole(response, &address, limits.caps.text)?;
    Ok(Answer { status, body })
}

/// Shows the address without what may be secret in it, never the token.
impl fmt::Debug for Question<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Address::parse(self.url).map(|address| address.to_string());
        formatter
            .debug_struct("Question")
            .field("url", &address.unwrap_or_default())
            .finish_non_exhaustive()
    }
}
