//! Upkeep commands of the workspace, run as `cargo xtask COMMAND`.

fn main() {}
