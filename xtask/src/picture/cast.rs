//! The asciicast format, version 2, as far as a recording of output needs it.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// What a terminal was sent, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Cast {
    /// The columns of the terminal.
    pub columns: u16,
    /// The rows of the terminal.
    pub rows: u16,
    /// What it shows.
    pub title: String,
    /// The pieces of output in order.
    pub events: Vec<Output>,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Seconds since the beginning.
    pub time: f64,
    /// What was written.
    pub text: String,
}

/// The first line of a cast.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u8,
    width: u16,
    height: u16,
    title: String,
}

impl Cast {
    /// Reads a cast; events other than output are left out.
    ///
    /// # Errors
    /// When it is not a cast of version 2.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let header: Header = serde_json::from_str(lines.next().unwrap_or_default())
            .context("the first line is no header of a cast")?;
        ensure!(header.version == 2, "a cast of version {}", header.version);
        let mut events = Vec::new();
        for line in lines {
            let (time, kind, text): (f64, String, String) =
                serde_json::from_str(line).with_context(|| format!("no event: {line}"))?;
            if kind == "o" {
                events.push(Output { time, text });
            }
        }
        Ok(Self {
            columns: header.width,
            rows: header.height,
            title: header.title,
            events,
        })
    }

    /// Writes the cast.
    ///
    /// # Errors
    /// When a time is not a number.
    pub fn to_text(&self) -> Result<String> {
        let header = Header {
            version: 2,
            width: self.columns,
            height: self.rows,
            title: self.title.clone(),
        };
        let mut text = serde_json::to_string(&header)?;
        text.push('\n');
        for Output { time, text: output } in &self.events {
            // A millisecond is exact enough.
            let time = (time * 1000.0).round() / 1000.0;
            text.push_str(&serde_json::to_string(&(time, "o", output))?);
            text.push('\n');
        }
        Ok(text)
    }
}
