//! What a user of `ampctl` sees, from the outside.

mod help;
mod support;
