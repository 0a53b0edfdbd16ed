//! `ampctl acp` as an editor sees it, over real pipes; the fake agent is Amp.

mod advice;
mod always;
mod faults;
mod foreign;
mod requirements;
mod sessions;
mod steering;
mod turns;
mod withdrawn;

use serde_json::Value;

use crate::support::World;
use crate::support::editor::Editor;

const INIT: &str = r#"out {"type":"system","subtype":"init","session_id":"T-00000000-0000-7000-8000-000000000001","agent_mode":"high","tools":["shell_command"],"mcp_servers":[]}"#;
const SUCCESS: &str =
    r#"out {"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done."}"#;

/// Creates a world whose agent does something in a turn that succeeds.
fn doing(what: &str) -> World {
    World::playing(&format!("{INIT}; {what}; {SUCCESS}"))
}

/// Starts a client of an agent that does nothing, and introduces it.
fn connected() -> Editor {
    Editor::connected(doing("sleep 0ms"), &[])
}

/// Creates a world whose agent works until it is stopped.
fn busy() -> World {
    World::playing(&format!(
        r#"{INIT}; call Read {{"path":"/etc/hostname"}} {{ }}; hang"#
    ))
}

/// Writes a call of the shell tool that leaves a file of this name.
fn call(command: &str, trace: &str) -> String {
    format!(r#"call shell_command {{"command":"{command}"}} {{ touch {trace} }}"#)
}

fn exists(world: &World, name: &str) -> bool {
    world.project().join(name).exists()
}

/// Returns the status that each call was left with, in the order of their beginnings.
fn statuses(updates: &[Value]) -> Vec<(String, String)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for update in updates {
        let Some(id) = update["toolCallId"].as_str() else {
            continue;
        };
        let status = update["status"].as_str();
        match calls.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = status.unwrap_or(known).to_owned(),
            None => calls.push((id.to_owned(), status.unwrap_or("pending").to_owned())),
        }
    }
    calls
}
