//! Runs `ampctl` inside the test.

use amp_cli::{Captured, Context, ExitCode, Output};

/// Holds what a command wrote and returned.
pub(crate) struct Finished {
    pub(crate) code: ExitCode,
    stdout: Captured,
    stderr: Captured,
}

impl Finished {
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Returns everything as one document for a snapshot.
    pub(crate) fn document(&self) -> String {
        let mut document = format!("exit code: {}\n", self.code.number());
        for (name, text) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !text.is_empty() {
                document.push_str(&format!("----- {name}\n{text}"));
            }
        }
        document
    }
}

/// Runs a command in a context whose output is captured.
pub(crate) fn run_in(context: Context, arguments: &[&str]) -> Finished {
    let (stdout_sink, stdout) = Output::captured();
    let (stderr_sink, stderr) = Output::captured();
    let mut context = context.with_stdout(stdout_sink).with_stderr(stderr_sink);
    let code = amp_cli::run(["ampctl"].iter().chain(arguments), &mut context);
    Finished {
        code,
        stdout,
        stderr,
    }
}
