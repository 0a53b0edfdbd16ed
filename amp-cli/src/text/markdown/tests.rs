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
fn a_single_line_break_stays() {
    assert_eq!(plain("one\ntwo\n\n- a\n  b", 80), "one\ntwo\n\n• a\n  b\n");
}

#[test]
fn what_only_looks_like_emphasis_stays_as_it_stands() {
    for text in [
        "edit __init__.py and __main__",
        "src/*.rs, tests/*.rs",
        "2*3*4",
        "snake_case and _private",
        "a __dunder__ method",
        "~/a and ~5~",
    ] {
        assert_eq!(plain(text, 80), format!("{text}\n"));
    }
    assert_eq!(
        plain("~~old~~ *new*, **bold**.", 80),
        "~~old~~ new, bold.\n"
    );
}

#[test]
fn lists_keep_their_own_numbers() {
    let text = "3. three\n7. seven\n7. again";
    assert_eq!(plain(text, 80), format!("{text}\n"));
}

const TABLE: &str = "\
| option | meaning | default |
|---|---|---|
| `--timeout` | how long a run may take in all before it is stopped | none |
| `--idle-timeout` | the longest silence | 1h |
";

#[test]
fn a_table_wraps_in_its_cells_where_it_is_too_wide() {
    let text = plain(TABLE, 60);
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_table_that_cannot_stand_side_by_side_stands_row_by_row() {
    let text = plain(TABLE, 30);
    assert!(
        text.lines().all(|line| line.chars().count() <= 30),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn no_word_of_a_table_is_lost_or_cut_in_any_width() {
    for width in 1..100 {
        let text = plain(TABLE, width);
        for word in TABLE
            .split(['|', ' ', '\n', '-'])
            .filter(|word| !word.is_empty())
        {
            assert!(text.contains(word), "{width}: no {word} in {text}");
        }
    }
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
