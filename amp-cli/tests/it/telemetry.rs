//! What a collector of OpenTelemetry hears of a run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use amp_cli::ExitCode;
use serde_json::{Value, json};

use crate::support::{Finished, World};

/// A collector on loopback that takes everything.
struct Collector {
    url: String,
    heard: mpsc::Receiver<(String, Vec<u8>)>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, heard) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(&connection.expect("a connection"), &sender));
            }
        });
        Self { url, heard }
    }
}

/// Answers the requests of one connection.
fn serve(connection: &TcpStream, heard: &mpsc::Sender<(String, Vec<u8>)>) {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut path, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("POST ") {
                path = rest.split(' ').next().expect("a path").to_owned();
            }
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        heard.send((path, body)).expect("a test");
        let mut connection = connection;
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        connection.write_all(answer.as_bytes()).expect("a reader");
    }
}

/// Returns the value of an attribute.
fn attribute<'a>(of: &'a Value, name: &str) -> &'a Value {
    let attributes = of["attributes"].as_array().expect("attributes");
    let found = attributes.iter().find(|one| one["key"] == name);
    let value = &found.unwrap_or_else(|| panic!("no {name} in {of:#}"))["value"];
    value
        .as_object()
        .expect("a value")
        .values()
        .next()
        .expect("one")
}

/// Runs a prompt, and returns its end, the spans and the metrics.
fn heard_of(scenario: &str, variables: &[(&str, &str)]) -> (Finished, Vec<Value>, Vec<Value>) {
    let collector = Collector::start();
    let mut world = World::replaying(&[scenario])
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
    for (name, value) in variables {
        world = world.with(name, value);
    }
    let finished = world.run(&["run", "a secret prompt"]);
    assert!(
        !finished.stderr().contains("collector"),
        "{}",
        finished.stderr()
    );
    let heard: Vec<(String, Vec<u8>)> = collector.heard.try_iter().collect();
    let of = |path: &str, whole: &str, scope: &str, part: &str| -> Vec<Value> {
        let documents = heard.iter().filter(|(to, _)| to == path);
        let documents = documents.map(|(_, body)| serde_json::from_slice::<Value>(body));
        let flat = |value: &Value, name: &str| value[name].as_array().expect("a list").clone();
        documents
            .flat_map(|document| flat(&document.expect("JSON"), whole))
            .flat_map(|resource| flat(&resource, scope))
            .flat_map(|scope| flat(&scope, part))
            .collect()
    };
    for (_, body) in &heard {
        assert!(!String::from_utf8_lossy(body).contains("secret prompt"));
    }
    (
        finished,
        of("/v1/traces", "resourceSpans", "scopeSpans", "spans"),
        of("/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics"),
    )
}

#[test]
fn a_run_its_turn_and_its_calls_are_spans_within_one_another() {
    let (finished, spans, metrics) = heard_of("bash", &[]);
    assert_eq!(finished.code, ExitCode::Done);
    let span = |name: &str| {
        let found = spans.iter().find(|span| span["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
    };
    let (run, turn) = (span("ampctl run"), span("invoke_agent amp"));
    let call = span("execute_tool shell_command");
    assert_eq!(spans.len(), 3);
    assert_eq!(turn["parentSpanId"], run["spanId"]);
    assert_eq!(call["parentSpanId"], turn["spanId"]);
    assert_eq!(attribute(run, "process.exit.code"), &json!("0"));
    assert_eq!(attribute(turn, "gen_ai.operation.name"), "invoke_agent");
    assert_eq!(attribute(turn, "ampctl.outcome"), "completed");
    assert_eq!(attribute(turn, "gen_ai.usage.output_tokens"), &json!("88"));
    assert!(
        attribute(turn, "gen_ai.conversation.id")
            .as_str()
            .expect("a text")
            .starts_with("T-")
    );
    assert_eq!(attribute(call, "ampctl.tool.end"), "succeeded");
    assert!(!call.to_string().contains("hello-from-bash"), "{call:#}");
    let names: Vec<_> = metrics
        .iter()
        .filter_map(|metric| metric["name"].as_str())
        .collect();
    for name in [
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "ampctl.tool_calls",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn what_calls_are_about_is_told_when_asked_and_a_run_has_its_place_in_a_trace() {
    let (_, spans, _) = heard_of(
        "bash",
        &[
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            (
                "TRACEPARENT",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ],
    );
    let of = |name: &str| {
        spans
            .iter()
            .find(|span| span["name"] == name)
            .expect("a span")
    };
    let call = of("execute_tool shell_command");
    let about = attribute(call, "ampctl.tool.about")
        .as_str()
        .expect("a text");
    assert!(about.contains("hello-from-bash"), "{about}");
    let run = of("ampctl run");
    assert_eq!(run["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(run["parentSpanId"], "b7ad6b7169203331");
}

#[test]
fn a_turn_that_failed_is_an_error_with_its_reason() {
    let (finished, spans, _) = heard_of("e402", &[]);
    assert_eq!(finished.code, ExitCode::Failed);
    let of = |name: &str| {
        spans
            .iter()
            .find(|span| span["name"] == name)
            .expect("a span")
    };
    assert_eq!(
        attribute(of("invoke_agent amp"), "error.type"),
        "out_of_credits"
    );
    assert_eq!(attribute(of("ampctl run"), "error.type"), "failed");
}

/// Checks that a run is done and says that its collector did not hear of all.
fn assert_unheard(url: &str) {
    let world = World::replaying(&["text"]).with("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Done);
    assert!(
        finished.stderr().contains("did not hear of all"),
        "{}",
        finished.stderr()
    );
}

#[test]
fn a_collector_that_is_gone_changes_nothing_about_the_run() {
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr();
    let url = format!("http://{}", port.expect("an address"));
    assert_unheard(&url);
}

#[test]
fn a_collector_that_never_answers_is_not_waited_for_longer_than_its_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    assert_unheard(&url);
}

#[test]
fn what_is_not_understood_is_refused_before_the_start_and_can_be_switched_off() {
    let world = World::replaying(&["text"])
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let finished = world.run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Usage, "{}", finished.stderr());
    assert!(
        finished.stderr().contains("http/protobuf"),
        "{}",
        finished.stderr()
    );
    let finished = world.with("OTEL_SDK_DISABLED", "true").run(&["run", "hi"]);
    assert_eq!(finished.code, ExitCode::Done, "{}", finished.stderr());
}
