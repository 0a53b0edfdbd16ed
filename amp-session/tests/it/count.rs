//! The `count` example on a stream with a line of every sort.

#[path = "../../examples/count.rs"]
#[expect(
    dead_code,
    reason = "the test calls the example below its main function"
)]
mod example;

use amp_session::process::ProcessSpec;

#[tokio::test]
async fn every_line_is_counted_as_what_it_is() {
    let script = r#"out {"type":"system","subtype":"init"}; out {"type":"new"}; out [1]; out hi"#;
    let spec = ProcessSpec::new(fixtures::fake_agent()).with_variable("FAKE_AGENT_SCRIPT", script);
    let (counts, exit) = example::count(&spec).await.unwrap();
    assert_eq!(exit.status().code(), Some(0), "{}", exit.stderr());
    let sorts = (counts.events, counts.unrecognised, counts.malformed);
    assert_eq!(sorts, (1, 1, 2));
    assert_eq!(counts.bytes, 34 + 14 + 3 + 2);
}
