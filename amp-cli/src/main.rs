//! The `ampctl` binary: hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut context = amp_cli::Context::from_process();
    amp_cli::run(std::env::args_os(), &mut context).into()
}
