//! Sends prompts to whatever Amp it is given: one an argument, all in one thread.
//!
//! ```sh
//! cargo run --example converse -- ~/.local/bin/amp "What is here?" "Who wrote it?"
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use amp_session::protocol::Event;
use amp_session::{Amp, SessionConfig};

#[tokio::main]
#[expect(
    clippy::disallowed_methods,
    reason = "an example is a program and hands on what it has"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    amp_session::run_helper_if_requested();
    let mut arguments = std::env::args().skip(1);
    let executable = arguments.next().ok_or("usage: converse AMP PROMPT...")?;
    let amp = Amp::probe(executable, std::env::vars_os().collect()).await?;
    writeln!(
        stdout(),
        "Amp {}, treated like {}",
        amp.version(),
        amp.dialect()
    )?;
    let session = amp.start(SessionConfig::new())?;
    for prompt in arguments {
        writeln!(stdout(), "> {prompt}")?;
        let mut turn = session.prompt(&prompt).await?;
        while let Some(line) = turn.next_line().await {
            if let Some(Event::Assistant(assistant)) = line.event() {
                writeln!(stdout(), "{}", assistant.message.text())?;
            }
        }
        let outcome = turn.finish().await;
        let thread = outcome
            .thread
            .as_ref()
            .map_or("no thread", |thread| thread.as_str());
        writeln!(
            stdout(),
            "[{} in {:?}, {thread}]",
            outcome.status,
            outcome.wall_time
        )?;
        if let Some(failure) = outcome.failure {
            writeln!(stdout(), "{failure}")?;
        }
    }
    Ok(())
}
