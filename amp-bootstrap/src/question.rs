//! One document for a web service that publishes nothing: posted through the same proxies and with
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

/// A document that is posted to a service.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Where it goes: an `http` or `https` URL.
    pub url: &'a str,
    /// Names and values; they go to this address alone, for no redirect is followed.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is delivered.
    pub body: &'a [u8],
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
    let delivery = Delivery {
        url: question.url,
        headers: &[
            ("authorization", &format!("Bearer {}", question.token)),
            ("content-type", "application/json"),
        ],
        body: question.body.as_bytes(),
    };
    deliver(delivery, environment, limits)
}

/// Posts a document, once; any status is an answer.
///
/// Of the limits, those for the connection, the response, reads and short texts count.
///
/// # Errors
///
/// Fails when the address is none, no connection comes about, or no whole answer comes in time.
pub fn deliver(delivery: Delivery<'_>, environment: &Variables, limits: &Limits) -> Result<Answer> {
    let environment = Environment(environment);
    let address = Address::parse(delivery.url)?;
    let client = Client::new(
        Trust::from_environment(environment),
        ProxyRules::from_environment(environment),
        Credentials::default(),
        limits.clone(),
    );
    let response = client.post(&address, delivery.headers.iter().copied(), delivery.body)?;
    let status = response.status.as_u16();
    let body = client.read_whole(response, &address, limits.caps.text)?;
    Ok(Answer { status, body })
}

/// Shows the address without what may be secret in it, never the token.
impl fmt::Debug for Question<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("Question", self.url, formatter)
    }
}

/// Shows the address without what may be secret in it, never the headers.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("Delivery", self.url, formatter)
    }
}

fn show(name: &str, url: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let address = Address::parse(url).map(|address| address.to_string());
    formatter
        .debug_struct(name)
        .field("url", &address.unwrap_or_default())
        .finish_non_exhaustive()
}
