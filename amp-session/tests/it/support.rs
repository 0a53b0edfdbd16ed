//! What the tests of running turns share: a home with a key, and the fake agent as Amp.

use std::path::Path;

use amp_session::{Amp, Environment, Turn};
use fixtures::{Recording, fake_agent};
use tempfile::TempDir;

/// The version of the build of 2026-02-10.
pub(crate) const FEBRUARY: &str = "0.0.1770734955-g93e689";

/// The version of the build of 2026-09-23.
pub(crate) const SEPTEMBER: &str = fixtures::NEWEST_VERSION;

/// The key that every test configures; it must never be seen anywhere else.
pub(crate) const KEY: &str = "fake-key-for-tests";

/// Returns an environment with a home, a key, and what the fake agent shall play.
pub(crate) fn environment(home: &Path, play: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::from([
        ("HOME".into(), home.into()),
        ("AMP_API_KEY".into(), KEY.into()),
    ]);
    environment.extend(play.iter().map(|(name, value)| (name.into(), value.into())));
    environment
}

/// Returns a fake Amp that replays recordings: the first for a new thread, then the next ones.
pub(crate) fn replaying(home: &TempDir, version: &str, scenarios: &[&str]) -> Amp {
    let folders = scenarios
        .iter()
        .map(|scenario| Recording::at(version, scenario).folder);
    let folders = std::env::join_paths(folders).unwrap();
    let mut environment = environment(home.path(), &[]);
    environment.insert("FAKE_AGENT_REPLAY".into(), folders);
    Amp::new(fake_agent(), version).with_environment(environment)
}

/// Returns a fake Amp that plays a script.
pub(crate) fn playing(home: &TempDir, version: &str, script: &str) -> Amp {
    let environment = environment(home.path(), &[("FAKE_AGENT_SCRIPT", script)]);
    Amp::new(fake_agent(), version).with_environment(environment)
}

/// Writes an init line of a thread, as a command of the fake agent's script.
pub(crate) const INIT: &str = concat!(
    r#"out {"type":"system","subtype":"init","cwd":"/","#,
    r#""session_id":"T-5928a90d-d53b-488f-a829-4e36442142ee","tools":[],"mcp_servers":[]}"#
);

/// Writes a result line of success, as a command of the fake agent's script.
pub(crate) const SUCCESS: &str = concat!(
    r#"out {"type":"result","subtype":"success","duration_ms":1,"is_error":false,"#,
    r#""num_turns":1,"result":"Done.","session_id":"T-5928a90d-d53b-488f-a829-4e36442142ee"}"#
);

/// Returns what an Amp that shows its arguments was started with.
pub(crate) async fn arguments(mut turn: Turn) -> Vec<String> {
    let mut arguments = Vec::new();
    while let Some(line) = turn.next_line().await {
        arguments.push(String::from_utf8(line.bytes().to_vec()).unwrap());
    }
    arguments
}
