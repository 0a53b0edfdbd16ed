//! The loop of this workspace without a session: `amp-process` hands out lines, `amp-protocol`
//! decodes them.

use amp_session::process::{self, ProcessSpec};
use amp_session::protocol::{Decoded, decode_line};
use peers::Counted;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), process::Error> {
    process::run_shim_if_requested();
    let mut counted = Counted::begin();
    let program = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("amp"))
        .find(|path| path.is_file())
        .expect("an agent on the path");
    let mut process = ProcessSpec::new(program)
        .with_environment(std::env::vars_os().collect())
        .spawn()
        .await?;
    while let Some(line) = process.next_line().await? {
        match decode_line(line.bytes()) {
            // What is no message of the agent is handed on as well, and is no end.
            Decoded::Event(_) | Decoded::Unrecognised(_) | Decoded::Malformed(_) => {
                if counted.message() {
                    break;
                }
            }
        }
    }
    process.finish().await;
    counted.tell();
    Ok(())
}
