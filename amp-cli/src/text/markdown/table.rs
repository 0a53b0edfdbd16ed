//! Markdown tables as aligned columns.

use anstyle::Style as Ansi;

use crate::style::Style;
use crate::text::{Span, columns, wrap};

/// The columns between two columns of a table.
const GAP: usize = 2;

/// Collects the cells of a table.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<Vec<Span>>>,
    row: Vec<Vec<Span>>,
}

impl Table {
    pub(super) fn push_cell(&mut self, cell: Vec<Span>) {
        self.row.push(cell);
    }

    pub(super) fn end_row(&mut self) {
        self.rows.push(std::mem::take(&mut self.row));
    }

    /// Returns the lines of the table in at most `room` columns where its words allow that: side by
    /// side with the head bold above a rule, or where that is too narrow, row by row.
    pub(super) fn lines(&self, room: usize, style: Style) -> Vec<String> {
        match self.widths(room) {
            Some(widths) => self.side_by_side(&widths, style),
            None => self.row_by_row(room, style),
        }
    }

    fn side_by_side(&self, widths: &[usize], style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<Vec<(String, usize)>> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| wrapped(cell, index == 0, *width, style))
                .collect();
            for number in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let mut line = String::new();
                let mut due = 0;
                for (cell, width) in cells.iter().zip(widths) {
                    let mut used = 0;
                    if let Some((text, columns)) = cell.get(number).filter(|part| part.1 > 0) {
                        line.push_str(&" ".repeat(std::mem::take(&mut due)));
                        line.push_str(text);
                        used = *columns;
                    }
                    due += width - used + GAP;
                }
                lines.push(line);
            }
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(style.dim(rule.join(&" ".repeat(GAP))).to_string());
            }
        }
        lines
    }

    /// Returns each row as a paragraph, with the head of the column before each of its cells.
    fn row_by_row(&self, room: usize, style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        let (head, rows) = self
            .rows
            .split_first()
            .map_or((&[] as &[_], &[] as &[_]), |(head, rows)| {
                (head.as_slice(), rows)
            });
        for row in rows {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let mut spans = head
                    .get(column)
                    .map(|head| looking(head, true))
                    .unwrap_or_default();
                if !spans.is_empty() {
                    spans.push(Span::new(": ", Ansi::new()));
                }
                spans.extend(cell.iter().cloned());
                let indented = wrap(&spans, room.saturating_sub(GAP).max(1), style);
                let indented = indented.into_iter().enumerate();
                lines.extend(indented.map(|(index, line)| match index {
                    0 => line,
                    _ => format!("{}{line}", " ".repeat(GAP)),
                }));
            }
        }
        if rows.is_empty() {
            lines.extend(
                head.iter()
                    .flat_map(|cell| wrap(&looking(cell, true), room, style)),
            );
        }
        lines
    }

    /// Returns how wide each column is: as wide as its text, or where there is no room for that, as
    /// much of it as the others leave; `None` where a word would be wider than its column.
    fn widths(&self, room: usize) -> Option<Vec<usize>> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |measure: fn(&[Span]) -> usize| -> Vec<usize> {
            let column = |column| self.rows.iter().filter_map(move |row| row.get(column));
            (0..count)
                .map(|index| column(index).map(|cell| measure(cell)).max().unwrap_or(0))
                .collect()
        };
        let wanted = widest(|cell| cell.iter().map(Span::columns).sum());
        let mut widths = widest(|cell| {
            let words = wrap(cell, 1, Style::default());
            words.iter().map(|word| columns(word)).max().unwrap_or(0)
        });
        let gaps = GAP * count.saturating_sub(1);
        let mut left = room.checked_sub(widths.iter().sum::<usize>() + gaps)?;
        while left > 0 {
            // A column more for the narrowest of those that want it.
            let wanting = widths
                .iter_mut()
                .zip(&wanted)
                .filter(|(width, wanted)| **width < **wanted);
            let Some((width, _)) = wanting.min_by_key(|(width, _)| **width) else {
                break;
            };
            *width += 1;
            left -= 1;
        }
        Some(widths)
    }
}

/// Returns the lines of a cell, each with the columns it takes without its looks.
fn wrapped(cell: &[Span], head: bool, width: usize, style: Style) -> Vec<(String, usize)> {
    let plain = wrap(cell, width, Style::default());
    let lines = wrap(&looking(cell, head), width, style).into_iter();
    lines.zip(plain.iter().map(|line| columns(line))).collect()
}

/// Returns a cell as it looks in the head of the table or below.
fn looking(cell: &[Span], head: bool) -> Vec<Span> {
    let mut spans = cell.to_vec();
    for span in spans.iter_mut().filter(|_| head) {
        span.look = span.look.bold();
    }
    spans
}
