//! Spans and metrics of runs for a collector of OpenTelemetry, by its conventions for generative AI.
//!
//! A run is a span, each of its turns one within (`invoke_agent`), and each tool call one within that
//! (`execute_tool`). What is said, and what a call is about, is in none of them unless
//! `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `true`.

mod delivery;
mod setup;

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram, MeterProvider};
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context as SpanContext, KeyValue};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use self::setup::{Setup, parent};
use crate::context::Context;
use crate::events::event::Event;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How long the end of a run waits for the collector.
const DEADLINE: Duration = Duration::from_secs(5);

/// Whom the agent is of, and what it is.
const PROVIDER: &str = "amp";

/// Tells a collector of a run.
#[derive(Debug)]
pub(crate) struct Telemetry {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    tracer: SdkTracer,
    tokens: Histogram<u64>,
    durations: Histogram<f64>,
    tool_calls: Counter<u64>,
    /// Whether what calls are about is told.
    with_content: bool,
    run: SpanContext,
    /// The thread and the turn that runs.
    turn: Option<SpanContext>,
    calls: HashMap<String, SpanContext>,
}

impl Telemetry {
    /// Begins to tell of a run, where the variables of OpenTelemetry name a collector.
    ///
    /// # Errors
    /// When they make no sense, or ask for what is not here.
    pub(crate) fn new(context: &Context) -> Result<Option<Self>, Failure> {
        let Some(setup) = Setup::read(context)? else {
            return Ok(None);
        };
        let (tracers, meters) = setup.providers(context)?;
        let tracer = tracers.tracer("ampctl");
        let meter = meters.meter("ampctl");
        let span = tracer
            .span_builder("ampctl run")
            .with_kind(SpanKind::Internal);
        let span = span.start_with_context(&tracer, &parent(context));
        let tokens = meter
            .u64_histogram("gen_ai.client.token.usage")
            .with_unit("{token}");
        let durations = meter
            .f64_histogram("gen_ai.client.operation.duration")
            .with_unit("s");
        let tool_calls = meter.u64_counter("ampctl.tool_calls").with_unit("{call}");
        Ok(Some(Self {
            tokens: tokens.build(),
            durations: durations.build(),
            tool_calls: tool_calls.build(),
            with_content: setup.with_content,
            run: SpanContext::new().with_span(span),
            turn: None,
            calls: HashMap::new(),
            tracers,
            meters,
            tracer,
        }))
    }

    /// Tells of an event.
    pub(crate) fn tell(&mut self, event: &Event<'_>) {
        match *event {
            Event::RunBegan { amp_version, .. } => {
                let version = KeyValue::new("gen_ai.agent.version", amp_version.to_owned());
                self.run.span().set_attribute(version);
            }
            Event::TurnBegan { turn } => self.turn_began(turn),
            Event::ToolBegan {
                id,
                tool,
                ref about,
                ..
            } => self.call_began(id, tool, about),
            Event::ToolEnded { id, tool, end, .. } => self.call_ended(id, tool, end),
            Event::CheckEnded { passed, .. } => {
                self.run
                    .span()
                    .set_attribute(KeyValue::new("ampctl.check.passed", passed));
            }
            Event::TurnEnded { .. } => self.turn_ended(event),
            _ => {}
        }
    }

    fn turn_began(&mut self, turn: u32) {
        let span = self.tracer.span_builder("invoke_agent amp");
        let span = span.with_kind(SpanKind::Client).with_attributes([
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.provider.name", PROVIDER),
            KeyValue::new("gen_ai.agent.name", "amp"),
            KeyValue::new("ampctl.turn", i64::from(turn)),
        ]);
        let span = span.start_with_context(&self.tracer, &self.run);
        self.turn = Some(SpanContext::new().with_span(span));
        self.calls.clear();
    }

    fn turn_ended(&mut self, event: &Event<'_>) {
        let Event::TurnEnded {
            outcome,
            reason,
            ref thread,
            ref usage,
            duration_ms,
            ..
        } = *event
        else {
            return;
        };
        let Some(turn) = self.turn.take() else { return };
        let span = turn.span();
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let (read, written) = (usage.all_input_tokens(), usage.output_tokens);
        span.set_attributes([
            KeyValue::new("ampctl.outcome", outcome),
            KeyValue::new("gen_ai.usage.input_tokens", count(read)),
            KeyValue::new("gen_ai.usage.output_tokens", count(written)),
            KeyValue::new(
                "gen_ai.usage.cache_read.input_tokens",
                count(usage.cache_read_input_tokens),
            ),
        ]);
        if let Some(thread) = thread {
            span.set_attribute(KeyValue::new("gen_ai.conversation.id", thread.clone()));
        }
        let mut of_turn = vec![
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.provider.name", PROVIDER),
        ];
        if let Some(reason) = reason {
            of_turn.push(KeyValue::new("error.type", reason));
            span.set_attribute(KeyValue::new("error.type", reason));
            span.set_status(Status::error(outcome));
        }
        span.end();
        let seconds = Duration::from_millis(duration_ms).as_secs_f64();
        self.durations.record(seconds, &of_turn);
        for (kind, tokens) in [("input", read), ("output", written)] {
            let kind = KeyValue::new("gen_ai.token.type", kind);
            self.tokens
                .record(tokens, &[&of_turn[..], &[kind]].concat());
        }
    }

    fn call_began(&mut self, id: &str, tool: &str, about: &str) {
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", "execute_tool"),
            KeyValue::new("gen_ai.tool.name", tool.to_owned()),
            KeyValue::new("gen_ai.tool.call.id", id.to_owned()),
        ];
        if self.with_content {
            attributes.push(KeyValue::new("ampctl.tool.about", about.to_owned()));
        }
        let span = self.tracer.span_builder(format!("execute_tool {tool}"));
        let span = span
            .with_kind(SpanKind::Internal)
            .with_attributes(attributes);
        let within = self.turn.as_ref().unwrap_or(&self.run);
        let span = span.start_with_context(&self.tracer, within);
        self.calls
            .insert(id.to_owned(), SpanContext::new().with_span(span));
    }

    fn call_ended(&mut self, id: &str, tool: &str, end: &'static str) {
        self.tool_calls.add(
            1,
            &[
                KeyValue::new("gen_ai.tool.name", tool.to_owned()),
                KeyValue::new("ampctl.tool.end", end),
            ],
        );
        let Some(call) = self.calls.remove(id) else {
            return;
        };
        let span = call.span();
        span.set_attribute(KeyValue::new("ampctl.tool.end", end));
        if end != "succeeded" {
            span.set_attribute(KeyValue::new("error.type", end));
            span.set_status(Status::error(end));
        }
        span.end();
    }

    /// Tells how the run has ended, and waits for the collector; returns why it did not hear of all.
    pub(crate) fn finish(self, code: ExitCode) -> Option<String> {
        let span = self.run.span();
        span.set_attribute(KeyValue::new("process.exit.code", i64::from(code.number())));
        if code != ExitCode::Done {
            span.set_attribute(KeyValue::new("error.type", code.name()));
            span.set_status(Status::error(code.name()));
        }
        span.end();
        let Self {
            tracers, meters, ..
        } = self;
        let (sender, delivered) = mpsc::channel();
        // It is left to itself when it takes too long.
        let delivering = thread::Builder::new().spawn(move || {
            let delivered = tracers.shutdown_with_timeout(DEADLINE);
            let _ = sender.send(delivered.and(meters.shutdown()));
        });
        let reason = match delivering.map(|_| delivered.recv_timeout(DEADLINE)) {
            Ok(Ok(Ok(()))) => return None,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) => format!("it took longer than {} s", DEADLINE.as_secs()),
            Err(error) => error.to_string(),
        };
        Some(format!(
            "the collector of OpenTelemetry did not hear of all: {reason}"
        ))
    }
}
