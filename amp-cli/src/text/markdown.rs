//! Markdown, as agents write it, on a terminal.
//!
//! What an agent writes may not be Markdown at all, so nothing of it is lost that could be meant as
//! it stands: line breaks, underscores, asterisks inside words, the numbers of lists.

mod delimiter;
mod table;

use anstyle::{AnsiColor, Style as Ansi};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use self::delimiter::Source;
use self::table::Table;
use super::{Span, safe, wrap};
use crate::style::Style;

/// Renders Markdown in at most `columns`, every line ended by a line feed.
///
/// Code is never wrapped, so that it can be copied.
pub(crate) fn markdown(text: &str, columns: usize, style: Style) -> String {
    let text = safe(text);
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut renderer = Renderer::new(columns, style);
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
        let source = Source { text: &text, range };
        renderer.event(event, &source);
    }
    renderer.finish()
}

struct Renderer {
    columns: usize,
    style: Style,
    output: String,
    /// The text of the block being read.
    spans: Vec<Span>,
    /// The looks of the inline elements around the current text.
    looks: Vec<Ansi>,
    /// What stands before each line of the block being read.
    margins: Vec<Margin>,
    lists: Vec<Option<u64>>,
    link: Option<String>,
    code_block: Option<String>,
    table: Option<Table>,
    /// A blank line is due before the next block, inside this many margins.
    blank_due: Option<usize>,
}

/// Represents the margin of a list item or a quotation.
struct Margin {
    /// Stands before the first line; taken when it was written.
    first: Option<String>,
    /// Stands before every other line.
    rest: String,
}

impl Renderer {
    fn new(columns: usize, style: Style) -> Self {
        Self {
            columns,
            style,
            output: String::new(),
            spans: Vec::new(),
            looks: Vec::new(),
            margins: Vec::new(),
            lists: Vec::new(),
            link: None,
            code_block: None,
            table: None,
            blank_due: None,
        }
    }

    fn finish(mut self) -> String {
        self.flush_block();
        self.output
    }

    fn event(&mut self, event: Event<'_>, source: &Source<'_>) {
        match event {
            Event::Start(tag) => self.start(tag, source),
            Event::End(tag) => self.end(tag, source),
            Event::Text(text) => match &mut self.code_block {
                Some(code) => code.push_str(&text),
                None => self.push(&text, Ansi::new()),
            },
            Event::Code(code) if self.style.is_colored() => {
                self.push(&code, AnsiColor::Cyan.on_default());
            }
            Event::Code(code) => self.push(&format!("`{code}`"), Ansi::new()),
            Event::Html(html) | Event::InlineHtml(html) => self.push(&html, Ansi::new().dimmed()),
            Event::SoftBreak | Event::HardBreak => self.push("\n", Ansi::new()),
            Event::Rule => {
                self.push(&"─".repeat(self.columns.min(40)), Ansi::new().dimmed());
                self.end_block();
            }
            Event::TaskListMarker(done) => {
                self.push(if done { "☑ " } else { "☐ " }, Ansi::new());
            }
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push(&text, Ansi::new());
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, source: &Source<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                if !self.style.is_colored() {
                    self.push(&format!("{} ", "#".repeat(level as usize)), Ansi::new());
                }
                self.looks.push(Ansi::new().bold().underline());
            }
            Tag::Strong => self.begin_emphasis(TagEnd::Strong, Ansi::new().bold(), source),
            Tag::Emphasis => self.begin_emphasis(TagEnd::Emphasis, Ansi::new().italic(), source),
            Tag::Strikethrough => {
                self.begin_emphasis(TagEnd::Strikethrough, Ansi::new().strikethrough(), source);
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.link = Some(dest_url.into_string());
            }
            Tag::CodeBlock(kind) => {
                self.flush_block();
                let language = match &kind {
                    CodeBlockKind::Fenced(language) if !language.is_empty() => language,
                    _ => "",
                };
                if !language.is_empty() && self.style.is_colored() {
                    self.push(language, Ansi::new().dimmed());
                    self.flush_block();
                }
                self.code_block = Some(String::new());
            }
            Tag::List(first) => {
                self.flush_block();
                // A list inside an item follows its text without a blank line.
                self.blank_due = self.blank_due.filter(|_| self.lists.is_empty());
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush_block();
                let marker = match (self.lists.last(), source.number()) {
                    (Some(Some(_)), Some(number)) => format!("{number}. "),
                    _ => "• ".to_owned(),
                };
                let rest = " ".repeat(marker.chars().count());
                self.margins.push(Margin {
                    first: Some(marker),
                    rest,
                });
            }
            Tag::BlockQuote(_) => {
                self.flush_block();
                self.margins.push(Margin {
                    first: None,
                    rest: "│ ".to_owned(),
                });
            }
            Tag::Table(_) => {
                self.flush_block();
                self.table = Some(Table::default());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, source: &Source<'_>) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_block(),
            TagEnd::Heading(_) => {
                self.looks.pop();
                self.end_block();
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => {
                self.end_emphasis(tag, source);
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::CodeBlock => {
                if let Some(code) = self.code_block.take() {
                    let look = AnsiColor::Cyan.on_default();
                    for line in code.trim_end_matches('\n').split('\n') {
                        let line = format!("    {}", self.style.paint(look, line));
                        self.write_line(line.trim_end());
                    }
                }
                self.blank_due = Some(self.margins.len());
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.blank_due = self.lists.is_empty().then_some(self.margins.len());
            }
            TagEnd::Item => {
                self.flush_block();
                self.margins.pop();
                self.blank_due = None;
            }
            TagEnd::BlockQuote(_) => {
                self.flush_block();
                self.margins.pop();
                self.blank_due = Some(self.margins.len());
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(table) = &mut self.table {
                    table.push_cell(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.end_row();
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    for line in table.lines(self.room(), self.style) {
                        self.write_line(&line);
                    }
                }
                self.blank_due = Some(self.margins.len());
            }
            _ => {}
        }
    }

    fn begin_emphasis(&mut self, element: TagEnd, look: Ansi, source: &Source<'_>) {
        self.looks.push(look);
        if source.shows_delimiters(self.style.is_colored()) {
            self.push(source.delimiter(element), Ansi::new());
        }
    }

    fn end_emphasis(&mut self, element: TagEnd, source: &Source<'_>) {
        if source.shows_delimiters(self.style.is_colored()) {
            self.push(source.delimiter(element), Ansi::new());
        }
        self.looks.pop();
    }

    /// Shows where a link leads, unless its text says so already.
    fn end_link(&mut self) {
        let Some(target) = self.link.take() else {
            return;
        };
        if self.spans.last().is_none_or(|span| span.text != target) {
            self.push(&format!(" ({target})"), Ansi::new().dimmed());
        }
    }

    fn push(&mut self, text: &str, look: Ansi) {
        let effects = self
            .looks
            .iter()
            .fold(look.get_effects(), |all, one| all | one.get_effects());
        self.spans.push(Span::new(text, look.effects(effects)));
    }

    fn end_block(&mut self) {
        self.flush_block();
        self.blank_due = Some(self.margins.len());
    }

    fn flush_block(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if spans.is_empty() {
            return;
        }
        for line in wrap(&spans, self.room(), self.style) {
            self.write_line(&line);
        }
    }

    /// Returns the columns that the margins leave.
    fn room(&self) -> usize {
        let margins = self.margins.iter();
        let margin: usize = margins.map(|margin| margin.rest.chars().count()).sum();
        self.columns.saturating_sub(margin).max(1)
    }

    fn write_line(&mut self, line: &str) {
        if let Some(depth) = self.blank_due.take().filter(|_| !self.output.is_empty()) {
            let margins = self.margins.iter().take(depth);
            let before: String = margins.map(|margin| margin.rest.as_str()).collect();
            self.output.push_str(before.trim_end());
            self.output.push('\n');
        }
        for margin in &mut self.margins {
            let before = margin.first.take();
            self.output
                .push_str(before.as_deref().unwrap_or(&margin.rest));
        }
        self.output.push_str(line);
        self.output.push('\n');
    }
}

#[cfg(test)]
mod tests;
