//! The screen that a cast leaves, as lines of styled text.

use std::fmt::Write;

use anstyle::{Ansi256Color, Color, Effects, Style};
use vt100::{Cell, Parser};

use super::cast::Cast;

/// The colour of dim text: half as bright, as pictures draw it, is too dark to read on black.
const DIM: Ansi256Color = Ansi256Color(245);

/// Plays a cast to its end and returns its last screen without the empty lines around it.
pub(super) fn last_screen(cast: &Cast) -> String {
    let cells = |count: u16| count.try_into().unwrap_or(std::num::NonZeroU16::MIN);
    let mut parser = Parser::new(cells(cast.rows), cells(cast.columns), 0);
    for event in &cast.events {
        parser.process(event.text.as_bytes());
    }
    let screen = parser.screen();
    let lines: Vec<String> = (0..cast.rows)
        .map(|row| {
            let cells = (0..cast.columns).filter_map(|column| screen.cell(row, column));
            line(&cells.collect::<Vec<_>>())
        })
        .collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// Returns the text of cells with the escape sequences of their looks, without the blanks behind.
fn line(cells: &[&Cell]) -> String {
    let is_blank = |cell: &&Cell| !cell.has_contents() || cell.contents() == " ";
    let length = cells.iter().rposition(|cell| !is_blank(cell));
    let mut text = String::new();
    let mut look = Style::new();
    for cell in &cells[..length.map_or(0, |last| last + 1)] {
        if cell.is_wide_continuation() {
            continue;
        }
        let next = look_of(cell);
        if next != look {
            // Writing to a text cannot fail.
            let _ = write!(text, "{look:#}{next}");
            look = next;
        }
        text.push_str(if cell.has_contents() {
            cell.contents()
        } else {
            " "
        });
    }
    let _ = write!(text, "{look:#}");
    text
}

fn look_of(cell: &Cell) -> Style {
    let color = match cell.fgcolor() {
        vt100::Color::Idx(index) => Some(Color::Ansi256(Ansi256Color(index))),
        _ if cell.dim() => Some(Color::Ansi256(DIM)),
        _ => None,
    };
    let effects = [
        (cell.bold(), Effects::BOLD),
        (cell.italic(), Effects::ITALIC),
        (cell.underline(), Effects::UNDERLINE),
    ];
    let set = effects.into_iter().filter(|(is_set, _)| *is_set);
    let effects = set.fold(Effects::new(), |all, (_, effect)| all | effect);
    Style::new().fg_color(color).effects(effects)
}
