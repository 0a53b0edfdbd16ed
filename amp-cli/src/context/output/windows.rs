//! Plain writes: a console has no reader that stalls.

use std::io::{Stderr, Stdout};

use super::Output;
use crate::context::EndRequest;

pub(super) fn standard_output(stream: Stdout, _: EndRequest) -> Output {
    Output::new(stream)
}

pub(super) fn standard_error(stream: Stderr, _: EndRequest) -> Output {
    Output::new(stream)
}
