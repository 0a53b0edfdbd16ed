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

/// Writes a number of tokens, rounded when it is large: `9999`, `12.3k`, `2.5M`.
pub(crate) fn tokens(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}.{}k", count / 1_000, count / 100 % 10),
        _ => format!("{}.{}M", count / 1_000_000, count / 100_000 % 10),
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

    #[test]
    fn tokens_are_rounded_when_they_grow() {
        let texts = [0, 9_999, 12_345, 2_500_000].map(tokens);
        assert_eq!(texts, ["0", "9999", "12.3k", "2.5M"]);
    }
}
