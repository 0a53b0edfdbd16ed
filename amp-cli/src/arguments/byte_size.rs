//! A number of bytes as people write it.

use std::str::FromStr;

/// Represents a size such as `800`, `500K`, `1.5 GiB` or `2 GB`; units are powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|one: char| !one.is_ascii_digit() && one != '.');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let shift = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err("expected a size such as `500M` or `2G`".to_owned()),
        };
        let number: f64 = number
            .parse()
            .map_err(|_| "expected a number, such as in `500M`".to_owned())?;
        Ok(Self((number * f64::from(2_u32).powi(shift)) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        let sizes = ["0", "800", "1k", "500M", "1.5 GiB", "2 GB", "1T"].map(str::parse);
        let expected = [0, 800, 1 << 10, 500 << 20, 3 << 29, 2 << 30, 1 << 40];
        assert_eq!(sizes, expected.map(|bytes| Ok(ByteSize(bytes))));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "M", "-1", "1.2.3", "5 apples", "1e9"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text:?}");
        }
    }
}
