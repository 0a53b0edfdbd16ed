//! Markdown, as agents write it, in a page: everything that is HTML in it is shown as text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::escape::{Escaped, harmless_address};

/// Renders Markdown as HTML of our own elements, without attributes but for harmless links.
pub(super) fn markdown(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut html = String::new();
    // What each open link is closed with: one that is not harmless is no link.
    let mut links = Vec::new();
    let mut in_head = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                match harmless_address(&dest_url) {
                    Some(address) => {
                        let address = Escaped(address);
                        html.push_str(&format!(
                            "<a rel=\"noopener noreferrer\" href=\"{address}\">"
                        ));
                        links.push("</a>".to_owned());
                    }
                    None => links.push(format!(" ({})", Escaped(&dest_url))),
                }
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                html.push_str(&links.pop().unwrap_or_default());
            }
            Event::Start(tag) => {
                in_head |= tag == Tag::TableHead;
                if let Some(element) = element(&tag, in_head) {
                    html.push_str(&format!("<{element}>"));
                }
            }
            Event::End(tag) => {
                if let Some(element) = closing(tag, in_head) {
                    html.push_str(&format!("</{element}>"));
                }
                in_head &= tag != TagEnd::TableHead;
            }
            Event::Code(code) => html.push_str(&format!("<code>{}</code>", Escaped(&code))),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                html.push_str(&Escaped(&text).to_string());
            }
            // Agents mean their line breaks.
            Event::SoftBreak | Event::HardBreak => html.push_str("<br>"),
            Event::Rule => html.push_str("<hr>"),
            Event::TaskListMarker(done) => html.push_str(if done { "☑ " } else { "☐ " }),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                html.push_str(&Escaped(&text).to_string());
            }
        }
    }
    html
}

fn element(tag: &Tag<'_>, in_head: bool) -> Option<&'static str> {
    closing(tag.to_end(), in_head)
}

fn closing(tag: TagEnd, in_head: bool) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph => "p",
        TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2) => "h3",
        TagEnd::Heading(_) => "h4",
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::CodeBlock => "pre",
        TagEnd::List(true) => "ol",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::Table => "table",
        TagEnd::TableHead | TagEnd::TableRow => "tr",
        TagEnd::TableCell if in_head => "th",
        TagEnd::TableCell => "td",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        TagEnd::Strikethrough => "s",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_elements_and_html_in_it_text() {
        let text = "# A\n\n*b* **c** `<d>`\n\n- e\n- f\n\n```rust\nfn g() {}\n```\n\n<img src=x onerror=alert(1)>\n\n|h|\n|-|\n|i|";
        assert_eq!(
            markdown(text),
            "<h3>A</h3><p><em>b</em> <strong>c</strong> <code>&lt;d&gt;</code></p>\
             <ul><li>e</li><li>f</li></ul><pre>fn g() {}\n</pre>\
             &lt;img src=x onerror=alert(1)&gt;\n\
             <table><tr><th>h</th></tr><tr><td>i</td></tr></table>"
        );
    }

    #[test]
    fn links_that_could_do_more_than_show_a_page_are_text() {
        assert_eq!(
            markdown("[a](javascript:alert(1)) ![b](data:text/html,x) [c](https://c.test/?\"x)"),
            "<p>a (javascript:alert(1)) b (data:text/html,x) \
             <a rel=\"noopener noreferrer\" href=\"https://c.test/?&quot;x\">c</a></p>"
        );
    }
}
