//! What a finished command tells the shell.

/// Represents the exit code of an `ampctl` command.
///
/// The numbers are a promise to scripts: they are listed in `ampctl --help`, in the manual page and
/// in the README, all from [`ExitCode::meaning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitCode {
    /// The command did what was asked.
    Done = 0,
    /// The agent ended its turn with an error, or the command failed at its work.
    Failed = 1,
    /// The arguments or the configuration make no sense.
    Usage = 2,
    /// No usable credentials were found.
    Credentials = 3,
    /// No usable Amp executable was found or could be installed.
    NoUsableAmp = 4,
    /// The agent ended without reporting a result.
    NoResult = 5,
    /// The permission rules do not allow a safe start.
    Refused = 6,
    /// Tool calls were refused, and that was to count as a failure.
    CallsRefused = 7,
    /// The agent's answer does not fit the schema that was asked for.
    UnfitAnswer = 8,
    /// The agent wanted more than it may have.
    Capped = 9,
    /// The check of the agent's work failed.
    CheckFailed = 10,
    /// The agent was done without a word.
    NoAnswer = 11,
    /// The answer was cut off.
    CutOff = 12,
    /// The model refused to answer.
    ModelRefused = 13,
    /// The agent asked for an approval that nobody could give.
    NobodyToAsk = 14,
    /// A batch was paused: started again, it goes on with what is left.
    Paused = 75,
    /// A deadline passed.
    TimedOut = 124,
    /// The user, or a signal, stopped the command.
    Interrupted = 130,
}

impl ExitCode {
    /// Every exit code in ascending order.
    pub const ALL: [Self; 18] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Credentials,
        Self::NoUsableAmp,
        Self::NoResult,
        Self::Refused,
        Self::CallsRefused,
        Self::UnfitAnswer,
        Self::Capped,
        Self::CheckFailed,
        Self::NoAnswer,
        Self::CutOff,
        Self::ModelRefused,
        Self::NobodyToAsk,
        Self::Paused,
        Self::TimedOut,
        Self::Interrupted,
    ];

    /// Returns the number the shell sees.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Returns the name used in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Credentials => "credentials",
            Self::NoUsableAmp => "no_usable_amp",
            Self::NoResult => "no_result",
            Self::Refused => "refused",
            Self::CallsRefused => "calls_refused",
            Self::UnfitAnswer => "unfit_answer",
            Self::Capped => "capped",
            Self::CheckFailed => "check_failed",
            Self::NoAnswer => "no_answer",
            Self::CutOff => "cut_off",
            Self::ModelRefused => "model_refused",
            Self::NobodyToAsk => "nobody_to_ask",
            Self::Paused => "paused",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the line that explains this code in the help text and the manual.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "the agent reported a failure, or the command could not do its work",
            Self::Usage => "wrong arguments or configuration",
            Self::Credentials => "credentials are missing or were rejected",
            Self::NoUsableAmp => "no usable Amp executable",
            Self::NoResult => "the agent exited without a result",
            Self::Refused => "permission settings or the sandbox do not allow a safe start",
            Self::CallsRefused => "tool calls were refused, which was to count as a failure",
            Self::UnfitAnswer => "the answer does not fit the schema that was asked for",
            Self::Capped => "the agent wanted more tokens, tool calls or messages than it may have",
            Self::CheckFailed => "the check of the work failed",
            Self::NoAnswer => "the agent was done without a word",
            Self::CutOff => "the answer was cut off",
            Self::ModelRefused => "the model refused to answer",
            Self::NobodyToAsk => "the agent asked for an approval that nobody could give",
            Self::Paused => "a batch was paused: start it again to go on",
            Self::TimedOut => "a deadline passed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.number().into()
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn numbers_match_the_documented_table() {
        let numbers = ExitCode::ALL.map(ExitCode::number);
        assert_eq!(
            numbers,
            [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 75, 124, 130
            ]
        );
    }

    #[test]
    fn every_code_has_its_own_name_and_meaning() {
        for (index, code) in ExitCode::ALL.iter().enumerate() {
            for other in &ExitCode::ALL[index + 1..] {
                assert_ne!(code.name(), other.name());
                assert_ne!(code.meaning(), other.meaning());
            }
        }
    }
}
