//! The crate as its users see it, held against what real CLIs wrote.

mod decode_reader;
mod deserializers;
mod fidelity;
mod forward_compatibility;
mod front_page;
mod inputs_we_send;
mod inspect;
mod known_values;
mod malformed;
mod messages_we_make;
mod nesting;
mod permission_rules;
mod progress;
mod promises;
mod recorded;
mod repairs;
mod tools;

use amp_protocol::{Decoded, Event, decode_line};

/// Decodes a line that must be an event.
fn event(line: &str) -> Event {
    match decode_line(line.as_bytes()) {
        Decoded::Event(event) => event,
        other => panic!("expected an event, got {other:?}"),
    }
}
