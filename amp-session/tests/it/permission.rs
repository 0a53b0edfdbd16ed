//! Permission rules: judged as the real CLIs judge them.

mod answers;
mod lint;
