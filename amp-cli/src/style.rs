//! Colours, and when to use them.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style as Ansi};

use crate::context::{Context, Output};

/// Says when colours are used; `auto` means on a terminal that has them and whose user wants them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Decides for one output.
    ///
    /// `NO_COLOR` (any value) switches off, `CLICOLOR_FORCE` (other than `0`) switches on, in this
    /// order; an explicit choice outranks both.
    pub(crate) fn style(self, context: &Context, output: &Output) -> Style {
        let colored = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if context.variable("NO_COLOR").is_some() => false,
            Self::Auto if context.variable("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            Self::Auto => {
                output.terminal().is_some()
                    && context.variable("TERM").is_none_or(|term| term != "dumb")
                    && context
                        .variable("CLICOLOR")
                        .is_none_or(|value| value != "0")
            }
        };
        Style { colored }
    }
}

/// Paints text by what it means, or leaves it alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    colored: bool,
}

impl Style {
    pub(crate) fn is_colored(self) -> bool {
        self.colored
    }

    pub(crate) fn error<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    pub(crate) fn warning<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Yellow.on_default().bold(), text)
    }

    pub(crate) fn success<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default().bold(), text)
    }

    pub(crate) fn command<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    pub(crate) fn strong<T: Display>(self, text: T) -> Painted<T> {
        self.paint(Ansi::new().bold(), text)
    }

    pub(crate) fn dim<T: Display>(self, text: T) -> Painted<T> {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// Paints with any look.
    pub(crate) fn paint<T: Display>(self, look: Ansi, text: T) -> Painted<T> {
        Painted {
            look: if self.colored { look } else { Ansi::new() },
            text,
        }
    }
}

/// Represents text with a look; both are written by `Display`.
pub(crate) struct Painted<T> {
    look: Ansi,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}{}{}",
            self.look.render(),
            self.text,
            self.look.render_reset()
        )
    }
}
