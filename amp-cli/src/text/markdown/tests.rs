//! What Markdown looks like on a terminal.

use super::markdown;
use crate::style::Style;

fn plain(text: &str, columns: usize) -> String {
    markdown(text, columns, Style::default())
}

#[test]
fn an_answer_with_everything_in_it() {
    let text = "\
# Plan

First *read* the **whole** `parser.rs`, then [the docs](https://example.test/docs).

1. one
2. two with a text that is longer than the line and wraps under itself
   - nested
   - also nested
3. three

> quoted words that are long enough to need a second line in this narrow test

```rust
fn main() {
    println!(\"a line of code that is never wrapped, however long it may become\");
}
```

| name | value |
|------|-------|
| one  | 1     |
| *three* | 333 |

- [x] done
- [ ] open

---
The end.
";
    insta::assert_snapshot!(plain(text, 48));
}

#[test]
fn nothing_becomes_nothing() {
    assert_eq!(plain("", 80), "");
}

#[test]
fn escape_sequences_in_an_answer_stay_text() {
    assert_eq!(plain("a\u{1b}[2Jb", 80), "a\u{fffd}[2Jb\n");
}

#[test]
fn one_column_is_enough_to_end() {
    assert_eq!(plain("> - a b", 1), "│ • a\n│   b\n");
}

#[test]
fn colour_is_reset_at_the_end_of_each_word() {
    let style = crate::style::ColorChoice::Always
        .style(&crate::Context::new("/"), &crate::Output::discarded());
    assert_eq!(
        markdown("**a b**", 80, style),
        "\u{1b}[1ma\u{1b}[0m \u{1b}[1mb\u{1b}[0m\n"
    );
}
