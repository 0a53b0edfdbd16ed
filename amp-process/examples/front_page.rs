//! Runs a program with its arguments, line by line: the program of the front page.
#![expect(
    clippy::disallowed_macros,
    reason = "an example is a program and prints"
)]

use amp_process::{Error, ProcessSpec};

#[tokio::main]
async fn main() -> Result<(), Error> {
    amp_process::run_shim_if_requested();
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().unwrap_or_default();
    let spec = ProcessSpec::new(program).with_arguments(arguments);
    let mut process = spec.spawn().await?;
    while let Some(line) = process.next_line().await? {
        println!("{}", String::from_utf8_lossy(line.as_ref()));
    }
    println!("{}", process.wait().await.status());
    Ok(())
}
