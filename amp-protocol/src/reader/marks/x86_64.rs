//! Marks by SSE2, which every processor of this architecture has.

use safe_arch::{
    bitor_m128i, bitxor_m128i, cmp_eq_mask_i8_m128i, load_unaligned_m128i, m128i, min_u8_m128i,
    move_mask_i8_m128i, set_splat_i8_m128i,
};

use super::BLOCK;

/// Sets a bit for each quote, backslash or control character.
#[inline(always)]
pub(super) fn bits(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks();
    let masks = parts.iter().map(|part| mask(load_unaligned_m128i(part)));
    masks
        .rev()
        .fold(0, |bits, mask| bits << u16::BITS | u64::from(mask))
}

/// Does the same for a quarter of the block.
#[inline(always)]
fn mask(part: m128i) -> u16 {
    // Only a quote becomes a space by this, and control characters stay what they are.
    let flipped = bitxor_m128i(part, set_splat_i8_m128i(0x02));
    let is_quote_or_control =
        cmp_eq_mask_i8_m128i(flipped, min_u8_m128i(flipped, set_splat_i8_m128i(0x20)));
    let is_backslash = cmp_eq_mask_i8_m128i(part, set_splat_i8_m128i(b'\\'.cast_signed()));
    move_mask_i8_m128i(bitor_m128i(is_quote_or_control, is_backslash)) as u16
}
