//! Marks on any processor: the loop over the bytes becomes a few vector instructions.

use super::BLOCK;

/// Sets a bit for each quote, backslash or control character.
#[inline(never)]
pub(super) fn bits(block: &[u8; BLOCK]) -> u64 {
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
