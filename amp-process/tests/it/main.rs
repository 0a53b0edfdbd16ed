//! Real processes only: every fault of a program that is driven, one behaviour a test.

mod life;
mod support;
