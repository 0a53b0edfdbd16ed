//! Sizes and counts as short words.

/// Writes a number of bytes with a binary unit: `512 B`, `1.5 KiB`, `106.0 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1_024 => return format!("{count} B"),
        1_024..1_048_576 => (10, "KiB"),
        1_048_576..1_073_741_824 => (20, "MiB"),
        _ => (30, "GiB"),
    };
    let tenths = (u128::from(count) * 10) >> unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// Writes a number of things: `no sessions`, `1 session`, `2 sessions`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    match count {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_at_powers_of_1024() {
        let texts = [0, 1023, 1536, 111_149_056, 5_368_709_120].map(bytes);
        assert_eq!(texts, ["0 B", "1023 B", "1.5 KiB", "106.0 MiB", "5.0 GiB"]);
    }
}
