//! What a terminal shows of what was written to it.

use std::num::NonZeroU16;

use vt100::{Callbacks, Parser};

/// How many lines are kept above the screen.
const SCROLLBACK: usize = 500;

/// The mode in which a terminal breaks lines that are too long (DECAWM).
const BREAKS_LINES: &[u16] = &[7];

/// A terminal of `vt100`, which always breaks lines, with the mode that drops their ends instead.
pub(crate) struct Emulator {
    parser: Parser<Modes>,
    is_in_sequence: bool,
}

#[derive(Default)]
struct Modes {
    drops_ends: bool,
}

impl Callbacks for Modes {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        intermediate: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        if intermediate == Some(b'?') && parameters.contains(&BREAKS_LINES) {
            self.drops_ends = end == 'l';
        }
    }
}

impl Emulator {
    /// Returns a blank screen of `rows` by `columns`.
    pub(crate) fn new((rows, columns): (u16, u16)) -> Self {
        let modes = Modes::default();
        let parser = Parser::new_with_callbacks(cells(rows), cells(columns), SCROLLBACK, modes);
        Self {
            parser,
            is_in_sequence: false,
        }
    }

    /// Takes what a program wrote.
    pub(crate) fn process(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // By the first byte of a character; those of four bytes are emoji here, and wide.
            let columns = match byte {
                0x20..0x7F | 0xC0..0xF0 => 1,
                0xF0.. => 2,
                _ => 0,
            };
            if columns > 0 && !self.is_in_sequence {
                self.stay_in_the_row(columns);
            }
            self.is_in_sequence = match byte {
                0x1B => true,
                b'[' => self.is_in_sequence,
                _ => self.is_in_sequence && !(0x40..=0x7E).contains(byte),
            };
            self.parser.process(&[*byte]);
        }
    }

    /// Puts the cursor of a full row onto its last cells, where ends are dropped.
    fn stay_in_the_row(&mut self, columns: u16) {
        let (_, width) = self.parser.screen().size();
        let (_, column) = self.parser.screen().cursor_position();
        let last = width.get().saturating_sub(columns);
        if self.parser.callbacks().drops_ends && column > last {
            self.parser
                .process(format!("\x1b[{}G", last + 1).as_bytes());
        }
    }

    /// Changes the size as terminals do that cut lines which have become too long.
    pub(crate) fn resize(&mut self, (rows, columns): (u16, u16)) {
        let screen = self.parser.screen_mut();
        screen.set_size(cells(rows), cells(columns));
    }

    /// Changes the size as terminals do that break lines which have become too long; the cursor stays
    /// at its character.
    pub(crate) fn reflow(&mut self, size: (u16, u16)) {
        let (_, columns) = size;
        let old = self.parser.screen();
        let (_, width) = old.size();
        let (cursor_row, cursor_column) = old.cursor_position();
        let above = usize::from(cursor_row);
        let lines: Vec<String> = old.rows(0, width.get()).collect();
        let height = |line: &String| line.chars().count().max(1).div_ceil(columns.into());
        let row =
            lines[..above].iter().map(height).sum::<usize>() + usize::from(cursor_column / columns);
        let used = lines.iter().rposition(|line| !line.is_empty());
        let used = &lines[..used.map_or(0, |last| last + 1)];
        let column = cursor_column % columns;
        *self = Self::new(size);
        self.process(used.join("\r\n").as_bytes());
        self.process(format!("\x1b[{};{}H", row + 1, column + 1).as_bytes());
    }

    /// Returns the rows that hold anything; a line that was broken is several.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let (_, width) = screen.size();
        let rows = screen.rows(0, width.get());
        let rows = rows.map(|row| row.trim_end().to_owned());
        rows.filter(|row| !row.is_empty()).collect()
    }

    /// Returns the lines, without trailing spaces; one that was broken is whole again.
    pub(crate) fn text(&self) -> String {
        let contents = self.parser.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        format!("{}\n", lines.join("\n").trim_end())
    }
}

fn cells(count: u16) -> NonZeroU16 {
    count.try_into().expect("a terminal of some size")
}
