//! The screen that a cast leaves, as runs of text with one look.

use vt100::{Cell, Color, Parser};

use super::cast::Cast;

/// Represents neighbouring cells that look the same.
#[derive(Debug, PartialEq)]
pub(super) struct Run {
    /// The column of the first cell.
    pub(super) column: usize,
    /// The columns that the text takes.
    pub(super) columns: usize,
    pub(super) text: String,
    pub(super) look: Look,
}

/// How cells look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// One of the sixteen colours of a terminal.
    pub(super) color: Option<u8>,
    pub(super) bold: bool,
    pub(super) dim: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
}

/// Represents a screen without the empty lines around it.
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) lines: Vec<Vec<Run>>,
}

/// Plays a cast to its end.
pub(super) fn last_screen(cast: &Cast) -> Screen {
    let cells = |count: u16| count.try_into().unwrap_or(std::num::NonZeroU16::MIN);
    let mut parser = Parser::new(cells(cast.rows), cells(cast.columns), 0);
    for event in &cast.events {
        parser.process(event.text.as_bytes());
    }
    let screen = parser.screen();
    let mut lines: Vec<Vec<Run>> = (0..cast.rows)
        .map(|row| {
            let cells = (0..cast.columns).filter_map(|column| screen.cell(row, column));
            runs(cells)
        })
        .collect();
    let last = lines.iter().rposition(|line| !line.is_empty());
    lines.truncate(last.map_or(0, |last| last + 1));
    let first = lines.iter().position(|line| !line.is_empty());
    lines.drain(..first.unwrap_or(0));
    Screen {
        columns: cast.columns.into(),
        lines,
    }
}

/// Joins the cells of a line, without the blanks between them.
fn runs<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in cells.enumerate() {
        if cell.is_wide_continuation() || !cell.has_contents() || cell.contents() == " " {
            continue;
        }
        let columns = if cell.is_wide() { 2 } else { 1 };
        let look = look_of(cell);
        match runs.last_mut() {
            // One blank between words of one look belongs to the text.
            Some(run) if run.look == look && column <= run.column + run.columns + 1 => {
                if column > run.column + run.columns {
                    run.text.push(' ');
                }
                run.text.push_str(cell.contents());
                run.columns = column + columns - run.column;
            }
            _ => runs.push(Run {
                column,
                columns,
                text: cell.contents().to_owned(),
                look,
            }),
        }
    }
    runs
}

fn look_of(cell: &Cell) -> Look {
    Look {
        color: match cell.fgcolor() {
            Color::Idx(index @ 0..16) => Some(index),
            _ => None,
        },
        bold: cell.bold(),
        dim: cell.dim(),
        italic: cell.italic(),
        underline: cell.underline(),
    }
}
