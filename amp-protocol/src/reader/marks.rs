//! Where a string may end or stop being plain text, found for a whole block of text at once.

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(not(target_arch = "x86_64"))]
use portable::bits;
#[cfg(target_arch = "x86_64")]
use x86_64::bits;

/// How many bytes are looked at in one step: as many as a word has bits.
const BLOCK: usize = u64::BITS as usize;

/// The quotes, backslashes and control characters of the block that was looked at last.
#[derive(Clone, Copy)]
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
        loop {
            self.look(text, self.start + BLOCK)?;
            if self.bits != 0 {
                return Some(self.start + self.bits.trailing_zeros() as usize);
            }
        }
    }

    /// Does the same with little code where it is asked for, for strings that are short.
    #[inline(always)]
    pub(super) fn next_near(&mut self, text: &[u8], position: usize) -> Option<usize> {
        let offset = position % BLOCK;
        let ahead = self.bits >> offset;
        if position - offset == self.start && ahead != 0 {
            return Some(position + ahead.trailing_zeros() as usize);
        }
        self.next_far(text, position)
    }

    #[inline(never)]
    fn next_far(&mut self, text: &[u8], position: usize) -> Option<usize> {
        self.next(text, position)
    }

    /// Looks at the block that begins at `start`, if the text is that long.
    #[inline(always)]
    fn look(&mut self, text: &[u8], start: usize) -> Option<()> {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        self.start = start;
        self.bits = match rest.first_chunk() {
            Some(block) => bits(block),
            None => bits_of_end(rest),
        };
        Some(())
    }
}

/// Looks at a text that is shorter than a block.
#[inline(never)]
fn bits_of_end(rest: &[u8]) -> u64 {
    let mut block = [b' '; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    bits(&block)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Marks, bits, portable};
    use proptest::prelude::*;

    fn is_special(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..b' ')
    }

    #[test]
    fn each_byte_has_its_own_bit() {
        for (position, byte) in (0..BLOCK).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)))
        {
            let mut block = [b' '; BLOCK];
            block[position] = byte;
            let expected = u64::from(is_special(byte)) << position;
            assert_eq!(bits(&block), expected, "{byte} at {position}");
            assert_eq!(portable::bits(&block), expected, "{byte} at {position}");
        }
    }

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
                let mut near = marks;
                prop_assert_eq!(near.next_near(&text, position), expected);
                prop_assert_eq!(marks.next(&text, position), expected);
            }
        }

        #[test]
        fn every_processor_finds_the_same(block in any::<[[u8; 32]; 2]>()) {
            let block = block.as_flattened().first_chunk().expect("two halves");
            prop_assert_eq!(bits(block), portable::bits(block));
        }
    }
}
