//! The `ampctl` binary: hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The agent's process tree is kept by a copy of this program, which does nothing else.
    amp_session::process::run_shim_if_requested();
    let mut context = amp_cli::Context::from_process();
    amp_cli::run(std::env::args_os(), &mut context).into()
}
