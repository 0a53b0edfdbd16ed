//! Colours, and when to use them.

use std::ffi::OsString;
use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style as Ansi};

use crate::context::{Context, Output};

/// What the manual says about colours, moving lines and widths.
///
/// This is the one place where the precedence is written down; `Settings::color_or_flag` and
/// [`ColorChoice::style`], [`may_animate`](crate::screen::may_animate) and
/// [`Terminal::columns`](crate::Terminal) do what it says. Its lines fit a manual page.
pub(crate) const ON_A_TERMINAL: &str = "\
On a terminal:
  Colours: the first that is set decides of --color, AMPCTL_COLOR,
  the project file and the user file. For `auto`, which is the default,
  NO_COLOR switches them off; else CLICOLOR_FORCE (other than 0)
  switches them on, in a pipe too; else CLICOLOR=0 or TERM=dumb
  switches them off; else a terminal has them, and a pipe has none.

  Movement: bars, spinners and the status line are drawn on a terminal,
  unless --no-progress, --quiet, AMPCTL_PROGRESS=false, TERM=dumb or CI
  (other than 0 or false) says not to.

  Width: the terminal's own, also after it was resized. COLUMNS makes
  it narrower, and stands for it where nothing else tells a width.
";

/// Says when colours are used; `auto` means on a terminal that has them and whose user wants them.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Deserialize,
    serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    /// Returns what the flag says among arguments that make no sense otherwise.
    pub(crate) fn named_in(arguments: &[OsString]) -> Option<Self> {
        let words = arguments.iter().map(|argument| argument.to_str());
        let words = words.take_while(|word| *word != Some("--"));
        let mut follows = false;
        let values = words.filter_map(|word| {
            let is_value = std::mem::replace(&mut follows, word == Some("--color"));
            word?.strip_prefix("--color=").or(word.filter(|_| is_value))
        });
        let choices = values.filter_map(|value| clap::ValueEnum::from_str(value, false).ok());
        choices.last()
    }

    /// Decides for one output, as [`ON_A_TERMINAL`] says.
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

    /// Paints a line that was added to a file.
    pub(crate) fn added<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Paints a line that was deleted from a file.
    pub(crate) fn deleted<T: Display>(self, text: T) -> Painted<T> {
        self.paint(AnsiColor::Red.on_default(), text)
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
