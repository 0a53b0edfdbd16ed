//! The fuzzer's check on its seeds, on inputs that once broke it, and on random bytes.

#[path = "../../fuzz/promises.rs"]
mod checked;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn check_folder(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder);
    let mut checked = 0;
    for entry in fs::read_dir(&folder).expect("the folder exists") {
        let path = entry.expect("the folder can be listed").path();
        checked::check(&fs::read(&path).expect("the input can be read"));
        checked += 1;
    }
    checked
}

#[test]
fn seeds_hold_what_is_promised() {
    assert!(check_folder("seeds/stream") > 10);
}

#[test]
fn inputs_that_once_broke_a_promise_hold_it() {
    assert!(check_folder("regressions/stream") > 0);
}

proptest! {
    #[test]
    fn any_bytes_hold_what_is_promised(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        checked::check(&bytes);
    }

    #[test]
    fn a_damaged_seed_holds_what_is_promised(
        seed in prop::sample::select(seeds()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = seed;
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        checked::check(&bytes);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/stream");
    let entries = fs::read_dir(folder).expect("the folder exists");
    entries
        .map(|entry| fs::read(entry.expect("listed").path()).expect("read"))
        .collect()
}
