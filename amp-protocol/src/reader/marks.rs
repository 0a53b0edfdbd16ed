//! Where a string may end or stop being plain text, found for a whole block of text at once.

/// How many bytes are looked at in one step: as many as a word has bits.
const BLOCK: usize = u64::BITS as usize;

/// The quotes, backslashes and control characters of the block that was looked at last.
pub(super) struct Marks {
    /// Where the block begins.
    start: usize,
    /// One bit for each byte, the first byte's lowest.
    bits: u64,
}

impl Marks {
    /// Returns the marks of no block yet.
    pub(super) fn new() -> Self {
        Self {
            start: usize::MAX,
            bits: 0,
        }
    }

    /// Returns where the first of them at `position` or behind it stands.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8], position: usize) -> Option<usize> {
        let start = position - position % BLOCK;
        if start != self.start {
            self.look(text, start)?;
        }
        let ahead = self.bits >> (position % BLOCK);
        if ahead != 0 {
            return Some(position + ahead.trailing_zeros() as usize);
        }
        self.next_block(text)
    }

    fn next_block(&mut self, text: &[u8]) -> Option<usize> {
        loop {
            self.look(text, self.start + BLOCK)?;
            if self.bits != 0 {
                return Some(self.start + self.bits.trailing_zeros() as usize);
            }
        }
    }

    /// Looks at the block that begins at `start`, if the text is that long.
    #[inline(always)]
    fn look(&mut self, text: &[u8], start: usize) -> Option<()> {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        self.start = start;
        self.bits = match rest.first_chunk() {
            Some(block) => bits(block),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                bits(&block)
            }
        };
        Some(())
    }
}

/// Sets a bit for each quote, backslash or control character.
///
/// On its own, the loop over the bytes becomes a few vector instructions.
#[inline(never)]
fn bits(block: &[u8; BLOCK]) -> u64 {
    let mut marks = *block;
    for (mark, bit) in marks.iter_mut().zip(BIT_OF_WORD) {
        *mark = if is_special(*mark) { bit } else { 0 };
    }
    let (words, _) = marks.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    transpose(words.fold(0, |all, word| all | word))
}

/// For each byte of the block, a bit that tells which of its words the byte belongs to.
const BIT_OF_WORD: [u8; BLOCK] = {
    let mut bits = [0; BLOCK];
    let mut position = 0;
    while position < BLOCK {
        bits[position] = 1 << (position / size_of::<u64>());
        position += 1;
    }
    bits
};

/// Swaps rows and columns of the eight by eight bits: bit `r` of byte `c` and bit `c` of byte `r`.
///
/// Squares of one, two and four bits are swapped along the diagonal (Warren, Hacker's Delight,
/// 7-3).
fn transpose(bits: u64) -> u64 {
    let swap = |bits: u64, distance: u32, square: u64| {
        let change = (bits ^ bits >> distance) & square;
        bits ^ change ^ change << distance
    };
    let bits = swap(bits, 7, 0x00aa_00aa_00aa_00aa);
    let bits = swap(bits, 14, 0x0000_cccc_0000_cccc);
    swap(bits, 28, 0x0000_0000_f0f0_f0f0)
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

#[cfg(test)]
mod tests {
    use super::{Marks, is_special};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_search_byte_by_byte_finds(
            text in prop::collection::vec(prop_oneof![9 => any::<u8>(), 1 => Just(b'"')], 0..300),
            positions in prop::collection::vec(0..300_usize, 1..20),
        ) {
            let mut marks = Marks::new();
            for position in positions {
                let mut positions = position..text.len();
                let expected = positions.find(|at| is_special(text[*at]));
                prop_assert_eq!(marks.next(&text, position), expected);
            }
        }
    }
}
