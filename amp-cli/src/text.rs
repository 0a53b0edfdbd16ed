//! Text for a terminal: safe, wrapped, measured.

mod age;
pub(crate) mod duration;
mod ends;
mod markdown;
mod safe;
pub(crate) mod size;
mod status_line;
mod wrap;

pub(crate) use self::age::ago;
pub(crate) use self::duration::{clock, days_old, elapsed};
pub(crate) use self::ends::ends;
pub(crate) use self::markdown::markdown;
pub(crate) use self::safe::{one_line, safe};
pub(crate) use self::size::{bytes, counted, tokens};
pub(crate) use self::status_line::StatusLine;
pub(crate) use self::wrap::{Span, columns, cut, fit, fit_path, wrap, wrap_hard, wrap_plain};
