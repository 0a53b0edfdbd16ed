//! Markdown tables as aligned columns.

use crate::style::Style;
use crate::text::Span;

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

    /// Returns the lines of the table, the head bold above a rule.
    pub(super) fn lines(&self, style: Style) -> Vec<String> {
        let widths = self.widths();
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                for span in cell {
                    let look = if index == 0 {
                        span.look.bold()
                    } else {
                        span.look
                    };
                    line.push_str(&style.paint(look, &span.text).to_string());
                }
                line.push_str(&" ".repeat(width - columns(cell)));
            }
            lines.push(line.trim_end().to_owned());
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(style.dim(rule.join("  ")).to_string());
            }
        }
        lines
    }

    fn widths(&self) -> Vec<usize> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        (0..count)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| columns(cell)).max().unwrap_or(0)
            })
            .collect()
    }
}

fn columns(cell: &[Span]) -> usize {
    cell.iter().map(Span::columns).sum()
}
