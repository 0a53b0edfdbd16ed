//! The prompt as it is given on the command line.

use std::path::PathBuf;

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

    /// An image that goes with the prompt (PNG, JPEG, GIF or WebP, at most 5 MiB); may be given
    /// several times
    #[arg(long = "image", value_name = "FILE")]
    pub(crate) images: Vec<PathBuf>,
}
