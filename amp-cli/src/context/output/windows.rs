//! Plain writes: a console has no reader that stalls.

use std::io::{Stderr, Stdout};

use super::Output;
use crate::context::Requests;

pub(super) fn standard_output(stream: Stdout, _: Requests) -> Output {
    Output::new(stream)
}

pub(super) fn standard_error(stream: Stderr, _: Requests) -> Output {
    Output::new(stream)
}
