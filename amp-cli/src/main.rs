//! The `ampctl` binary: hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The agent's process tree is kept, and its questions are asked, by copies of this program.
    amp_session::run_helper_if_requested();
    let mut context = amp_cli::Context::from_process();
    amp_cli::run(std::env::args_os(), &mut context).into()
}
