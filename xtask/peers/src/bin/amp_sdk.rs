//! The Rust library `amp-sdk`, as its front page shows it.

use futures::StreamExt;
use peers::Counted;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut counted = Counted::begin();
    {
        let mut messages = std::pin::pin!(amp_sdk::execute("hi", None));
        while let Some(message) = messages.next().await {
            match message {
                Ok(message) => {
                    std::hint::black_box(message);
                    if counted.message() {
                        break;
                    }
                }
                Err(error) => {
                    counted.error(&error);
                    break;
                }
            }
        }
    }
    counted.tell();
}
