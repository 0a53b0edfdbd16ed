//! Hidden input from the console; `rpassword` restores its settings.

use std::io;

use crate::runtime::on_a_thread;

pub(super) async fn read_hidden(prompt: &str) -> io::Result<String> {
    let prompt = prompt.to_owned();
    on_a_thread(|| rpassword::prompt_password(prompt)).await?
}
