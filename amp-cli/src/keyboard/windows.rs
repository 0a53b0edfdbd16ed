//! Hidden input from the console; `rpassword` restores its settings.

use std::io;

use crate::runtime::on_a_thread;

pub(super) async fn read_hidden(prompt: &str) -> io::Result<String> {
    let prompt = prompt.to_owned();
    on_a_thread(|| rpassword::prompt_password(prompt)).await?
}

/// Lines as they are typed; nobody is asked for any there.
#[derive(Debug)]
pub(crate) struct Keyboard;

impl Keyboard {
    /// Refuses: only Linux tells a host who asks about tool calls, so nobody needs an answer here.
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub(crate) fn forget(&self) {}

    pub(crate) async fn line(&self) -> io::Result<Option<String>> {
        Ok(None)
    }
}
