//! The fuzzer's check on its seeds and on damaged copies of them.

#[path = "../../../fuzz/promises.rs"]
mod checked;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/rules");
    let entries = fs::read_dir(folder).expect("the folder exists");
    entries
        .map(|entry| fs::read(entry.expect("listed").path()).expect("read"))
        .collect()
}

#[test]
fn seeds_hold_what_is_promised() {
    let seeds = seeds();
    assert!(seeds.len() >= 8, "{}", seeds.len());
    for seed in seeds {
        checked::check(&seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_hold_what_is_promised(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        checked::check(&bytes);
    }

    #[test]
    fn a_damaged_seed_holds_what_is_promised(
        seed in prop::sample::select(seeds()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = seed;
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        checked::check(&bytes);
    }
}
