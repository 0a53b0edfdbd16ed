//! The console, whose settings are brought back by whoever changed them.

use std::io;

use crate::runtime::on_a_thread;

pub(super) async fn read_hidden(prompt: &str) -> io::Result<String> {
    let prompt = prompt.to_owned();
    on_a_thread(|| rpassword::prompt_password(prompt)).await?
}
