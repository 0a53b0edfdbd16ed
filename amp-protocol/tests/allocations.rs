//! What decoding allocates, counted by an allocator of its own and so in a test of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use amp_protocol::{Decoded, decode_line};

/// Counts the bytes that are asked for; what is given back does not count.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller promises what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Decodes a line and returns how many bytes were asked for.
fn allocated_for(line: &str) -> usize {
    let before = ALLOCATED.load(Ordering::Relaxed);
    let decoded = decode_line(line.as_bytes());
    let allocated = ALLOCATED.load(Ordering::Relaxed) - before;
    assert!(
        !matches!(decoded, Decoded::Unrecognised(_)),
        "the line is a user message"
    );
    allocated
}

/// A user message of tool results within one another, with text in the innermost.
fn nested(levels: usize, innermost: usize) -> String {
    let open = r#"{"tool_use_id":"a","content":["#.repeat(levels);
    let text = "x".repeat(innermost);
    let close = r#"],"type":"tool_result"}"#.repeat(levels);
    format!(
        r#"{{"message":{{"content":[{open}{{"text":"{text}","type":"text"}}{close}]}},"type":"user"}}"#
    )
}

// One test, for tests run at the same time would count for one another.
#[test]
fn decoding_allocates_a_few_times_the_line_however_it_nests() {
    for (levels, innermost) in [
        (0, 1 << 20),
        (1, 1 << 20),
        (61, 1 << 20),
        (61, 1 << 10),
        (1200, 0),
        (100_000, 0),
    ] {
        let line = nested(levels, innermost);
        let allocated = allocated_for(&line);
        assert!(
            allocated <= 8 * line.len() + 64 * 1024,
            "{allocated} bytes for a line of {} with {levels} levels",
            line.len()
        );
    }
}
