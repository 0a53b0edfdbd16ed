//! Which tasks of a file belong to a shard.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// How tasks are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    /// By their places in the file: the shards differ by one task at most.
    Slice,
    /// By their ids: a task stays in its shard when the file grows.
    Hash,
}

/// Represents one of several parts of a batch, such as `3/8` or `hash:3/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) scheme: Scheme,
    /// From 1.
    number: u64,
    total: u64,
}

impl Shard {
    /// The only one.
    pub(crate) const WHOLE: Self = Self {
        scheme: Scheme::Slice,
        number: 1,
        total: 1,
    };

    /// Returns one of so many, counted from 1; `None` when there is no such shard.
    pub(crate) fn new(scheme: Scheme, number: u64, total: u64) -> Option<Self> {
        (1..=total).contains(&number).then_some(Self {
            scheme,
            number,
            total,
        })
    }

    /// Returns how many there are.
    pub(crate) fn total(self) -> u64 {
        self.total
    }

    /// Tells whether a task is in it, by its place in the file, from 0, and its id.
    pub(crate) fn has(self, place: usize, id: &str) -> bool {
        let position = match self.scheme {
            Scheme::Slice => place as u64,
            Scheme::Hash => {
                let hash = Sha256::digest(id);
                let first = hash.first_chunk().copied().unwrap_or_default();
                u64::from_be_bytes(first)
            }
        };
        position % self.total == self.number - 1
    }

    /// Returns what its files are called, such as `3-of-8`.
    pub(crate) fn file_name(self) -> String {
        let scheme = match self.scheme {
            Scheme::Slice => "",
            Scheme::Hash => "hash-",
        };
        format!("{scheme}{}-of-{}", self.number, self.total)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Slice => "",
            Scheme::Hash => "hash:",
        };
        write!(formatter, "{scheme}{}/{}", self.number, self.total)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, numbers) = match text.split_once(':') {
            None | Some(("slice", _)) => (Scheme::Slice, text.trim_start_matches("slice:")),
            Some(("hash", numbers)) => (Scheme::Hash, numbers),
            Some((other, _)) => return Err(format!("`{other}` is neither `slice` nor `hash`")),
        };
        let both = numbers
            .split_once('/')
            .and_then(|(number, total)| Some((number.parse().ok()?, total.parse().ok()?)));
        let (number, total) = both.ok_or("write it like 3/8, the third of eight")?;
        Self::new(scheme, number, total)
            .ok_or_else(|| format!("there is no shard {number} of {total}; the first is 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Scheme, Shard};

    #[test]
    fn shards_are_disjoint_and_complete_for_every_number_of_them() {
        let ids: Vec<String> = (0..200).map(|number| format!("task-{number}")).collect();
        for scheme in [Scheme::Slice, Scheme::Hash] {
            for total in 1..40 {
                for (place, id) in ids.iter().enumerate() {
                    let shards = (1..=total).map(|number| Shard::new(scheme, number, total));
                    let holders = shards.flatten().filter(|shard| shard.has(place, id));
                    assert_eq!(holders.count(), 1, "{scheme:?} {id} of {total}");
                }
            }
        }
    }

    #[test]
    fn slices_differ_by_one_task_at_most() {
        for total in 1..40 {
            let size = |number| {
                let shard = Shard::new(Scheme::Slice, number, total).expect("a shard");
                (0..200).filter(|place| shard.has(*place, "")).count()
            };
            let sizes: Vec<usize> = (1..=total).map(size).collect();
            let (least, most) = (sizes.iter().min(), sizes.iter().max());
            assert!(most.unwrap() - least.unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn a_hash_keeps_a_task_in_its_shard_when_the_file_grows() {
        let shard: Shard = "hash:3/8".parse().expect("a shard");
        for id in ["a", "b", "c", "d", "e"] {
            assert_eq!(shard.has(0, id), shard.has(77, id));
        }
        // What it is may never change: other releases go on with it.
        let all = "abcdefghijklmnopqrstuvwxyz".chars();
        let own: String = all.filter(|id| shard.has(0, &id.to_string())).collect();
        assert_eq!(own, "abcefi");
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in [
            "", "3", "0/8", "9/8", "1/0", "-1/8", "3/8/9", "hash:", "md5:1/2", "1/2 ",
        ] {
            assert!(text.parse::<Shard>().is_err(), "{text:?}");
        }
        for text in ["3/8", "hash:3/8"] {
            assert_eq!(text.parse::<Shard>().expect(text).to_string(), text);
        }
        let slice: Shard = "slice:1/2".parse().expect("a shard");
        assert_eq!(
            (slice.to_string(), slice.file_name()),
            ("1/2".into(), "1-of-2".into())
        );
    }
}
