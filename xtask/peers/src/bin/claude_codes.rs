//! The Rust library `claude-codes`, which drives another agent with lines of a similar shape, as its
//! front page shows it: its stream ends with the first line that it cannot read.

use claude_codes::{AsyncClient, ClaudeCliBuilder, Error};
use peers::Counted;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut counted = Counted::begin();
    if let Err(error) = count(&mut counted).await {
        counted.error(&error);
    }
    counted.tell();
}

async fn count(counted: &mut Counted) -> Result<(), Error> {
    let mut client = AsyncClient::from_builder(ClaudeCliBuilder::new().command("amp")).await?;
    let mut messages = client.query_stream("hi").await?;
    while let Some(message) = messages.next().await {
        std::hint::black_box(message?);
        if counted.message() {
            break;
        }
    }
    Ok(())
}
