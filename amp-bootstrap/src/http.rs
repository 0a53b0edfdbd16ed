//! One HTTP request: through the right proxy, with the right trust, along safe redirects.

mod address;
mod credentials;
pub(crate) mod failure;
mod proxy;
mod retry;
mod trust;

use std::io::Read;
use std::sync::OnceLock;

use ureq::http::{HeaderMap, StatusCode};

pub(crate) use address::Address;
pub(crate) use credentials::Credentials;
pub(crate) use proxy::ProxyRules;
pub(crate) use retry::{Attempts, Deadline};
pub(crate) use trust::Trust;

use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::settings::Limits;

/// The hops a redirect chain may have.
const MAXIMUM_REDIRECTS: usize = 10;

/// Sends requests for one publisher.
#[derive(Debug)]
pub(crate) struct Client {
    agent: OnceLock<ureq::Agent>,
    trust: Trust,
    proxies: ProxyRules,
    credentials: Credentials,
    pub(crate) limits: Limits,
}

/// A request for part or all of a resource.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) accept: Option<&'a str>,
    /// The first byte wanted, when not the whole.
    pub(crate) from: u64,
    /// The validator of the bytes already here.
    pub(crate) if_range: Option<&'a str>,
}

/// An answer that is not a redirect, whatever its status.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Box<dyn Read>,
}

impl Client {
    /// Makes a client; nothing is read or opened before the first request.
    pub(crate) fn new(
        trust: Trust,
        proxies: ProxyRules,
        credentials: Credentials,
        limits: Limits,
    ) -> Self {
        Self {
            agent: OnceLock::new(),
            trust,
            proxies,
            credentials,
            limits,
        }
    }

    fn agent(&self) -> Result<&ureq::Agent> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let deadlines = &self.limits.deadlines;
        let config = ureq::Agent::config_builder()
            .tls_config(self.trust.tls_config()?)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("amp-bootstrap/", env!("CARGO_PKG_VERSION")))
            .input_buffer_size(256 * 1024)
            .timeout_resolve(Some(deadlines.connect))
            .timeout_connect(Some(deadlines.connect))
            .timeout_send_request(Some(deadlines.response))
            .timeout_recv_response(Some(deadlines.response))
            .timeout_per_read(Some(deadlines.read))
            .timeout_per_write(Some(deadlines.read))
            .build();
        Ok(self.agent.get_or_init(|| config.new_agent()))
    }

    /// Sends one request and follows its redirects.
    pub(crate) fn send(&self, address: &Address, wanted: Wanted<'_>) -> Result<Response> {
        let mut address = address.clone();
        for _ in 0..=MAXIMUM_REDIRECTS {
            let response = self.send_once(&address, wanted)?;
            if !is_redirect(response.status) {
                return Ok(response);
            }
            address = redirected(&address, &response.headers)?;
        }
        Err(Error::new(
            ErrorKind::Redirect,
            format!("more than {MAXIMUM_REDIRECTS} redirects"),
        )
        .at(address.to_string()))
    }

    fn send_once(&self, address: &Address, wanted: Wanted<'_>) -> Result<Response> {
        let proxy = self.proxies.for_address(address)?;
        let mut request = self.agent()?.get(address.as_str());
        if let Some(accept) = wanted.accept {
            request = request.header("accept", accept);
        }
        if wanted.from > 0 {
            request = request.header("range", format!("bytes={}-", wanted.from));
            if let Some(validator) = wanted.if_range {
                request = request.header("if-range", validator);
            }
        }
        if let Some(authorization) = self.credentials.for_address(address) {
            request = request.header("authorization", authorization);
        }
        let proxy_name = proxy.as_ref().map(proxy::name);
        let result = request.config().proxy(proxy).build().call();
        Response::of(result, address, proxy_name.as_deref())
    }

    /// Posts a document, once.
    ///
    /// A redirect is an answer like any other, so that the headers go to this address alone.
    pub(crate) fn post<'a>(
        &self,
        address: &Address,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Result<Response> {
        let proxy = self.proxies.for_address(address)?;
        let proxy_name = proxy.as_ref().map(proxy::name);
        let mut request = self.agent()?.post(address.as_str());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let result = request.config().proxy(proxy).build().send(body);
        Response::of(result, address, proxy_name.as_deref())
    }

    /// Fetches a small document, with retries.
    pub(crate) fn fetch(
        &self,
        address: &Address,
        accept: Option<&str>,
        cap: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>> {
        let mut attempts = Attempts::new(&self.limits);
        loop {
            let outcome = self.fetch_once(address, accept, cap);
            match outcome {
                Ok(bytes) => return Ok(bytes),
                Err(error) => attempts.pause_or_fail(error, progress)?,
            }
        }
    }

    fn fetch_once(&self, address: &Address, accept: Option<&str>, cap: u64) -> Result<Vec<u8>> {
        let wanted = Wanted {
            accept,
            ..Wanted::default()
        };
        let response = self.send(address, wanted)?.successful(address)?;
        self.read_whole(response, address, cap)
    }

    /// Reads the body of a small document.
    pub(crate) fn read_whole(
        &self,
        response: Response,
        address: &Address,
        cap: u64,
    ) -> Result<Vec<u8>> {
        let too_large = |actual: String| {
            Error::new(ErrorKind::TooLarge, "the answer is too large")
                .at(address.to_string())
                .compare(format!("at most {cap} bytes"), actual)
        };
        let announced = response.content_length();
        if let Some(length) = announced.filter(|length| *length > cap) {
            return Err(too_large(format!("{length} bytes")));
        }
        let mut bytes = Vec::new();
        let deadline = retry::Deadline::after(self.limits.deadlines.response);
        let mut body = response.body.take(cap + 1);
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let count = body
                .read(&mut chunk)
                .map_err(|cause| failure::classify_read(cause, address))?;
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..count]);
            deadline.check(address)?;
        }
        let received = bytes.len() as u64;
        if received > cap {
            return Err(too_large("more".to_owned()));
        }
        match announced {
            Some(length) if length != received => {
                Err(failure::ended_early(address, length, received))
            }
            _ => Ok(bytes),
        }
    }
}

impl Response {
    fn of(
        result: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        address: &Address,
        proxy_name: Option<&str>,
    ) -> Result<Self> {
        let response = result.map_err(|cause| failure::classify(cause, address, proxy_name))?;
        let (parts, body) = response.into_parts();
        Ok(Self {
            status: parts.status,
            headers: parts.headers,
            body: Box::new(body.into_reader()),
        })
    }

    /// Turns every status but 200 and 206 into an error of the right kind.
    pub(crate) fn successful(self, address: &Address) -> Result<Self> {
        match failure::of_status(self.status, &self.headers, address) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns whether a web page came where bytes were expected, as captive portals send.
    pub(crate) fn is_web_page(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.trim_start().starts_with("text/html"))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn redirected(from: &Address, headers: &HeaderMap) -> Result<Address> {
    let refused = |reason: &str| Error::new(ErrorKind::Redirect, reason).at(from.to_string());
    let location = headers
        .get("location")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| refused("a redirect without a location"))?;
    let target = from
        .join(location)
        .map_err(|cause| refused("a redirect to something that is no URL").caused_by(cause))?;
    if from.is_https() && !target.is_https() {
        return Err(
            refused("a redirect would leave HTTPS").compare("an https URL", target.to_string())
        );
    }
    Ok(target)
}
