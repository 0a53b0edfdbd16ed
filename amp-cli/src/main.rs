//! The `ampctl` binary: hands over to the library.

fn main() {}
