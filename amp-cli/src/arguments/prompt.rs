//! The prompt as it is given on the command line.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub(crate) struct PromptArguments {
    /// The prompt; `-` reads it from standard input, `@PATH` adds a file as context
    ///
    /// Several arguments are joined by spaces. What is piped in follows them, or is the prompt where
    /// there are none; `-` puts it elsewhere, and waits for it as long as it takes. An argument that
    /// starts with `@@` stands for itself with one `@`.
    #[arg(value_name = "PROMPT")]
    pub(crate) words: Vec<String>,
}
