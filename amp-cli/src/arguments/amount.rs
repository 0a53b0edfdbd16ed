//! How much may be used of something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Represents a cap such as `20`, `200k`, `1.5M` or `none`; units are powers of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(
    /// The most; nothing is limited without.
    pub(crate) Option<u64>,
);

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => formatter.write_str("none"),
            Some(most) => most.fmt(formatter),
        }
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let wrong = || format!("`{text}` is no number such as `20` or `200k`, nor `none`");
        let (digits, unit) = match text.strip_suffix(['k', 'K']) {
            Some(digits) => (digits, 1000),
            None => match text.strip_suffix(['m', 'M']) {
                Some(digits) => (digits, 1_000_000),
                None => (text, 1),
            },
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if !format!("{whole}{part}")
            .bytes()
            .all(|one| one.is_ascii_digit())
        {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        // Digits beyond those of the unit make no whole number.
        let part = match part {
            "" if !digits.contains('.') => 0,
            part => {
                let scale = 10_u64.checked_pow(u32::try_from(part.len()).map_err(|_| wrong())?);
                let scale = scale.filter(|scale| unit % scale == 0).ok_or_else(wrong)?;
                part.parse::<u64>().map_err(|_| wrong())? * (unit / scale)
            }
        };
        let most = whole
            .checked_mul(unit)
            .and_then(|whole| whole.checked_add(part));
        most.map(|most| Self(Some(most))).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number, or a text such as `200k` or `none`")]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(most) => Ok(Self(Some(most))),
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn amounts_are_read_with_and_without_a_unit() {
        let amounts = ["0", "20", "200k", "1.5M", "2.250K", "none"].map(str::parse);
        let expected = [
            Some(0),
            Some(20),
            Some(200_000),
            Some(1_500_000),
            Some(2250),
            None,
        ];
        assert_eq!(amounts, expected.map(|most| Ok(Amount(most))));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let wrong = [
            "",
            "k",
            "-1",
            "+1",
            "1.5",
            "1.2345k",
            "1.k",
            ".5k",
            "1.2.3k",
            "1e3",
            "5 apples",
            "99999999999999999999",
            "99999999999999999999M",
        ];
        for text in wrong {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
        }
    }
}
