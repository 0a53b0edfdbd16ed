//! A recorded session as a page to share: one file that needs no network, no program but a browser,
//! and no JavaScript to be read.
//!
//! Everything that an agent, a tool or a person wrote is text in it, never markup, and its security
//! policy lets the browser run nothing but the one script that is below, known by its hash.

mod call;
mod escape;
mod markdown;

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use amp_session::protocol::progress::{ClosedCall, Progress};
use amp_session::protocol::{ContentBlock, Event, SystemEvent};
use amp_session::{Redaction, SessionRecord, Status, TakenOut, TurnRecord};

use self::call::call;
pub(crate) use self::escape::Escaped;
use self::markdown::markdown;
use crate::failure::Failure;
use crate::text::{elapsed, tokens};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The SHA-256 of the two above, as the security policy names them; a test holds them together.
const STYLE_HASH: &str = "EdoKx2jHnmPr5266xgtLQ4JmgVmADJz1zDaKJigb86Y=";
const SCRIPT_HASH: &str = "HEZVMEdlD3qoYVHbodpQoU16MCBAnhSRvOJUzgMiQUQ=";

/// Writes a session as a page, and returns which secrets were taken out of it.
///
/// # Errors
/// Fails when the record cannot be read or the page not be written.
pub(crate) fn write_page(
    record: &SessionRecord,
    title: &str,
    redaction: Redaction,
    to: &mut dyn Write,
) -> Result<Vec<TakenOut>, Failure> {
    let mut page = Page { to, redaction };
    page.write(record, title)?;
    Ok(page.redaction.taken_out())
}

struct Page<'a> {
    to: &'a mut dyn Write,
    redaction: Redaction,
}

impl Page<'_> {
    fn write(&mut self, record: &SessionRecord, title: &str) -> Result<(), Failure> {
        let title = self.redaction.redact(title).into_owned();
        let title = Escaped(&title);
        // `unsafe-inline` is nowhere: a browser runs and applies what has one of the hashes.
        write!(
            self.to,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; \
             base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>{title}</h1>\n<dl>"
        )?;
        self.facts(record)?;
        write!(
            self.to,
            "</dl>\n</header>\n<nav hidden><input id=\"search\" type=\"search\" \
             placeholder=\"Search ( / )\" aria-label=\"Search this page\">\
             <span id=\"count\" role=\"status\"></span>\
             <button id=\"unfold\" type=\"button\">Unfold all</button></nav>\n<main>\n"
        )?;
        for turn in record.turns()? {
            self.turn(&turn)?;
        }
        write!(self.to, "</main>\n<footer>")?;
        let taken: Vec<String> = self
            .redaction
            .taken_out()
            .iter()
            .map(|taken| format!("{} ({})", taken.what, taken.count))
            .collect();
        match taken.is_empty() {
            true => write!(self.to, "No secrets were found in this record.")?,
            false => write!(self.to, "Taken out of this page: {}.", taken.join(", "))?,
        }
        write!(
            self.to,
            "</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
        )?;
        Ok(self.to.flush()?)
    }

    fn facts(&mut self, record: &SessionRecord) -> Result<(), Failure> {
        let metadata = record.metadata();
        let folder = metadata.working_directory.as_ref();
        let usage = &metadata.totals.usage;
        let used = format!(
            "{} in, {} out",
            tokens(usage.all_input_tokens()),
            tokens(usage.output_tokens)
        );
        let facts = [
            ("session", Some(metadata.id.as_str().to_owned())),
            ("thread", metadata.thread.as_ref().map(ToString::to_string)),
            ("folder", folder.map(|folder| folder.display().to_string())),
            ("Amp", metadata.amp_version.clone()),
            ("mode", metadata.mode.clone()),
            ("begun", Some(moment(metadata.created_at))),
            ("tokens", Some(used)),
        ];
        for (name, value) in facts {
            let Some(value) = value else { continue };
            let value = self.redaction.redact(&value);
            write!(self.to, "<dt>{name}</dt><dd>{}</dd>", Escaped(&value))?;
        }
        Ok(())
    }

    fn turn(&mut self, turn: &TurnRecord) -> Result<(), Failure> {
        let (start, end) = (turn.start()?, turn.end()?);
        let time = match &start {
            Some(start) => {
                let moment = moment(start.started_at);
                format!("<time datetime=\"{moment}\">{moment}</time>")
            }
            None => String::new(),
        };
        let number = turn.number();
        writeln!(self.to, "<section>\n<h2>Turn {number} {time}</h2>")?;
        let prompt = start.as_ref().and_then(|start| start.prompt.as_deref());
        if let Some(prompt) = prompt {
            self.prompt(prompt)?;
        }
        // The prompt is echoed; it was shown above, unless it came as a message. Others that have
        // reached the turn follow it.
        let mut echo = prompt.is_some();
        let mut progress = Progress::new();
        for line in turn.lines()? {
            let line = line?;
            let Some(event) = line.event() else { continue };
            let closed = progress.observe(event);
            for closed in &closed {
                self.call(closed, progress.system())?;
            }
            self.said(event, &mut echo)?;
        }
        for closed in progress.finish() {
            self.call(&closed, progress.system())?;
        }
        match end {
            None => writeln!(
                self.to,
                "<p class=\"end\">The record of this turn ends here.</p>"
            )?,
            Some(end) => {
                let time = elapsed(Duration::from_millis(end.wall_time));
                let message = end.failure.map(|failure| format!(": {}", failure.message));
                let message = message.unwrap_or_default();
                let message = self.redaction.redact(&message);
                let class = if end.status == Status::Completed {
                    "end"
                } else {
                    "end bad"
                };
                writeln!(
                    self.to,
                    "<p class=\"{class}\">{} in {time}{}</p>",
                    end.status,
                    Escaped(&message)
                )?;
            }
        }
        Ok(writeln!(self.to, "</section>")?)
    }

    fn prompt(&mut self, text: &str) -> Result<(), Failure> {
        let text = self.redaction.redact(text.trim());
        writeln!(
            self.to,
            "<div class=\"entry prompt\">{}</div>",
            Escaped(&text)
        )?;
        Ok(())
    }

    fn said(&mut self, event: &Event, echo: &mut bool) -> Result<(), Failure> {
        let (content, nested) = match event {
            Event::Assistant(event) => {
                let nested = event.parent_tool_use_id.is_some();
                (&event.message.content, nested)
            }
            Event::User(event) => (&event.message.content, false),
            _ => return Ok(()),
        };
        let is_user = matches!(event, Event::User(_));
        let is_text = |block: &ContentBlock| matches!(block, ContentBlock::Text(_));
        let is_echo = is_user && content.iter().any(is_text) && std::mem::take(echo);
        let class = if nested {
            "entry said in1"
        } else {
            "entry said"
        };
        for block in content {
            match block {
                ContentBlock::Text(text) if is_user && !is_echo => self.prompt(&text.text)?,
                ContentBlock::Text(text) if !is_user => {
                    let text = self.redaction.redact(&text.text);
                    let html = markdown(&text);
                    writeln!(self.to, "<div class=\"{class}\">{html}</div>")?;
                }
                ContentBlock::Thinking(thinking) => {
                    let text = self.redaction.redact(thinking.thinking.trim());
                    writeln!(
                        self.to,
                        "<details class=\"entry thought\"><summary><b>thought</b></summary>\
                         <pre>{}</pre></details>",
                        Escaped(&text)
                    )?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        closed: &ClosedCall<'_>,
        system: Option<&SystemEvent>,
    ) -> Result<(), Failure> {
        let directory = system.and_then(|system| system.cwd.as_deref());
        if let Some(html) = call(closed, directory, &mut self.redaction) {
            writeln!(self.to, "{html}")?;
        }
        Ok(())
    }
}

/// Writes a moment, given in milliseconds since the UNIX epoch, in UTC.
fn moment(moment: u64) -> String {
    let moment = UNIX_EPOCH + Duration::from_millis(moment);
    humantime::format_rfc3339_seconds(moment).to_string()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_security_policy_names_the_script_and_the_style_that_are_there() {
        let hash = |text: &str| {
            let engine = base64::engine::general_purpose::STANDARD;
            engine.encode(Sha256::digest(text.as_bytes()))
        };
        assert_eq!(
            (hash(STYLE), hash(SCRIPT)),
            (STYLE_HASH.to_owned(), SCRIPT_HASH.to_owned())
        );
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
