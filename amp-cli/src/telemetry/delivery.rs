//! Delivering to a collector, by the client that everything else here is fetched with.

use std::time::Duration;

use amp_bootstrap::{Delivery, Limits, Variables, deliver};
use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// Posts to a collector, through the proxies of the environment and with the system's trust.
#[derive(Debug)]
pub(super) struct Collector {
    environment: Variables,
    limits: Limits,
}

impl Collector {
    pub(super) fn new(environment: &Variables, timeout: Duration) -> Self {
        let mut limits = Limits::default();
        limits.deadlines.connect = timeout;
        limits.deadlines.response = timeout;
        limits.deadlines.read = timeout;
        Self {
            environment: environment.clone(),
            limits,
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// Blocks: it is called on the threads that batches are delivered on.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let headers = request.headers().iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect::<Result<_, HttpError>>()?;
        let delivery = Delivery {
            url: &request.uri().to_string(),
            headers: &headers,
            body: request.body(),
        };
        let answer = deliver(delivery, &self.environment, &self.limits)?;
        let response = Response::builder().status(answer.status);
        Ok(response.body(Bytes::from(answer.body))?)
    }
}
