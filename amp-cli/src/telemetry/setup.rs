//! What the standard variables of OpenTelemetry ask for.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::{Context as SpanContext, KeyValue};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::DEADLINE;
use super::delivery::Collector;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How the collector is told.
#[derive(Debug)]
pub(super) struct Setup {
    traces: String,
    metrics: String,
    protocol: Protocol,
    timeout: Duration,
    pub(super) with_content: bool,
}

impl Setup {
    /// Reads the variables; `None` where they name no collector, or switch all of it off.
    pub(super) fn read(context: &Context) -> Result<Option<Self>, Failure> {
        let text = |name: &str| {
            let value = context.variable(name)?.to_string_lossy().into_owned();
            (!value.is_empty()).then_some(value)
        };
        let is_true =
            |name: &str| text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let base = text("OTEL_EXPORTER_OTLP_ENDPOINT");
        let of = |name: &str, path: &str| {
            let whole = base.as_deref().map(|base| base.trim_end_matches('/'));
            text(name).or_else(|| whole.map(|base| format!("{base}{path}")))
        };
        let traces = of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces");
        let metrics = of("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "/v1/metrics");
        let (Some(traces), Some(metrics)) = (traces, metrics) else {
            return Ok(None);
        };
        if is_true("OTEL_SDK_DISABLED") {
            return Ok(None);
        }
        let protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
        let protocol = match text(protocol).as_deref() {
            None | Some("http/protobuf") => Protocol::HttpBinary,
            Some("http/json") => Protocol::HttpJson,
            Some(other) => {
                let why =
                    format!("{protocol} is {other}, and there are http/protobuf and http/json");
                return Err(unusable(&why));
            }
        };
        let timeout = text("OTEL_EXPORTER_OTLP_TIMEOUT");
        let timeout = timeout.map(|timeout| timeout.parse().map(Duration::from_millis));
        let timeout = timeout.transpose().map_err(|error| unusable(&error))?;
        Ok(Some(Self {
            traces,
            metrics,
            protocol,
            timeout: timeout.unwrap_or(DEADLINE).min(DEADLINE),
            with_content: is_true("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"),
        }))
    }

    /// Makes what collects spans and metrics, and delivers them.
    pub(super) fn providers(
        &self,
        context: &Context,
    ) -> Result<(SdkTracerProvider, SdkMeterProvider), Failure> {
        let collector = || Collector::new(&context.environment, self.timeout);
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(collector())
            .with_endpoint(&self.traces)
            .with_protocol(self.protocol)
            .with_timeout(self.timeout)
            .build();
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(collector())
            .with_endpoint(&self.metrics)
            .with_protocol(self.protocol)
            .with_timeout(self.timeout)
            .build();
        let name = context.variable("OTEL_SERVICE_NAME");
        let name = name.map_or("ampctl".into(), |name| name.to_string_lossy().into_owned());
        let resource = Resource::builder()
            .with_service_name(name)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let tracers = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_batch_exporter(spans.map_err(|error| unusable(&error))?)
            .build();
        let meters = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_periodic_exporter(metrics.map_err(|error| unusable(&error))?)
            .build();
        Ok((tracers, meters))
    }
}

/// Returns the span that a run is within, which `TRACEPARENT` names.
pub(super) fn parent(context: &Context) -> SpanContext {
    let of = |header: &str, name: &str| {
        let value = context.variable(name)?.to_string_lossy().into_owned();
        Some((header.to_owned(), value))
    };
    let headers = [
        of("traceparent", "TRACEPARENT"),
        of("tracestate", "TRACESTATE"),
    ];
    let headers: HashMap<String, String> = headers.into_iter().flatten().collect();
    TraceContextPropagator::new().extract(&headers)
}

fn unusable(why: &dyn Display) -> Failure {
    let what = "the collector of OpenTelemetry cannot be told";
    Failure::new(ExitCode::Usage, what)
        .because(why.to_string())
        .next("export OTEL_SDK_DISABLED=true", "goes without it")
}
